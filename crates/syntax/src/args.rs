//! Arguments in parentheses: the second level of quotes (manual, 2.2). Left out: their types,
//! which the row they are for knows.

use crate::{Arg, ArgsEnd, Call};

/// Arguments as read, with offsets in the source.
pub(crate) struct Args {
    pub args: Vec<RawArg>,
    pub end: ArgsEnd,
    /// After the closing parenthesis.
    pub after: usize,
}

pub(crate) struct RawArg {
    pub text: Vec<u8>,
    /// See [`Arg::offset`].
    pub offset: usize,
    /// The argument without its comma, as written.
    pub start: usize,
    pub len: usize,
}

/// Reads from an opening parenthesis at `open`; without one there are no arguments.
pub(crate) fn parse(source: &[u8], open: usize) -> Args {
    if source.get(open) != Some(&b'(') {
        return Args { args: Vec::new(), end: ArgsEnd::None, after: open };
    }
    let mut args = Vec::new();
    let mut offset = open + 1;
    let mut start = offset;
    loop {
        let (text, stop) = argument(source, start);
        let (at, end) = match stop {
            Stop::At(at) => (at, source.get(at).copied()),
            Stop::Backslash(at) => (at, None),
        };
        args.push(RawArg { text, offset, start, len: at - start });
        let (after, end) = match (stop, end) {
            (Stop::Backslash(at), _) => (source.len(), ArgsEnd::Backslash(at)),
            (_, None) => (source.len(), ArgsEnd::Open),
            (_, Some(b')')) => (at + 1, ArgsEnd::Closed),
            (_, Some(_)) => {
                (offset, start) = (at, at + 1);
                continue;
            }
        };
        return Args { args, end, after };
    }
}

enum Stop {
    /// The offset of a comma, a parenthesis or the end.
    At(usize),
    /// A backslash is the last byte.
    Backslash(usize),
}

fn argument(source: &[u8], mut at: usize) -> (Vec<u8>, Stop) {
    let mut text = Vec::new();
    let mut quote = None;
    while let Some(byte) = source.get(at).copied() {
        match byte {
            b'"' | b'\'' if quote.is_none() => quote = Some(byte),
            _ if quote == Some(byte) => quote = None,
            b'\\' if quote != Some(b'\'') => {
                let Some(next) = source.get(at + 1).copied() else {
                    return (text, Stop::Backslash(at));
                };
                let escaped = match next {
                    b'\\' | b' ' | b'"' | b'\'' => Some(next),
                    b'r' => Some(b'\r'),
                    b'n' => Some(b'\n'),
                    b't' => Some(b'\t'),
                    // A lone backslash; what follows keeps its own meaning.
                    _ => None,
                };
                at += usize::from(escaped.is_some());
                text.push(escaped.unwrap_or(b'\\'));
            }
            b',' | b')' if quote.is_none() => break,
            _ => text.push(byte),
        }
        at += 1;
    }
    (text, Stop::At(at))
}

/// What is wrong with how a call's arguments end, when its row takes at most `max` of them:
/// HAProxy's words, and the offset in the source. Comes after the types of the first `max` and
/// their least number were checked. `type_name` is the last argument's type, as in `string`.
pub fn end_error(call: &Call, max: usize, type_name: &str) -> Option<(String, usize)> {
    let only_empty = matches!(call.args.as_slice(), [arg] if arg.text.is_empty());
    if call.end == ArgsEnd::Closed && max == 0 && only_empty {
        return None;
    }
    if let Some(extra) = call.args.get(max) {
        let rest = &call.source[extra.offset.min(call.source.len())..];
        return Some((expected_before(rest), extra.offset));
    }
    match call.end {
        ArgsEnd::None | ArgsEnd::Closed => None,
        ArgsEnd::Open => Some((expected_before(b""), call.source.len())),
        ArgsEnd::Backslash(at) => {
            let read = call.args.last().map_or(&b""[..], |arg: &Arg| &arg.text);
            let message = format!(
                "failed to parse '\\' after '{}' as type '{type_name}' at position {}",
                String::from_utf8_lossy(read),
                call.args.len(),
            );
            Some((message, at))
        }
    }
}

fn expected_before(rest: &[u8]) -> String {
    if rest.is_empty() {
        return "expected ')'".to_owned();
    }
    format!("expected ')' before '{}'", String::from_utf8_lossy(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expected: &[&str], end: ArgsEnd, after: usize) {
        let got = parse(source.as_bytes(), 0);
        let args: Vec<_> = got.args.iter().map(|a| String::from_utf8_lossy(&a.text)).collect();
        assert_eq!(args, expected, "{source}");
        assert_eq!((got.end, got.after), (end, after), "{source}");
    }

    #[test]
    fn quotes() {
        check("x", &[], ArgsEnd::None, 0);
        check("()", &[""], ArgsEnd::Closed, 2);
        check("(a,b),c", &["a", "b"], ArgsEnd::Closed, 5);
        check("(a,)", &["a", ""], ArgsEnd::Closed, 4);
        check("( a, b)", &[" a", " b"], ArgsEnd::Closed, 7);
        check("((foo|bar),blah)", &["(foo|bar"], ArgsEnd::Closed, 10);
        check("(\"(foo|bar)\",blah,g)]", &["(foo|bar)", "blah", "g"], ArgsEnd::Closed, 20);
        check("('a,b)',c)", &["a,b)", "c"], ArgsEnd::Closed, 10);
        check("(a\"b'c\"d)", &["ab'cd"], ArgsEnd::Closed, 9);
        check(r"(\'foo\')", &["'foo'"], ArgsEnd::Closed, 9);
        check(r#"("my/\1\n\\\"")"#, &["my/\\1\n\\\""], ArgsEnd::Closed, 15);
        check(r"('\n\\')", &[r"\n\\"], ArgsEnd::Closed, 8);
        check(r"(a\,b)", &["a\\", "b"], ArgsEnd::Closed, 6);
    }

    #[test]
    fn open() {
        check("(", &[""], ArgsEnd::Open, 1);
        check("(a,b", &["a", "b"], ArgsEnd::Open, 4);
        check("('a)", &["a)"], ArgsEnd::Open, 4);
        check("(a\\", &["a"], ArgsEnd::Backslash(2), 3);
    }
}
