//! Sample expressions: `fetch(args),converter(args),…` (manual, 2.2 and 7.1). Left out: which
//! fetches and converters there are.

use std::sync::Arc;

use diag::Span;
use nom::IResult;
use nom::bytes::complete::take_while;

use crate::{Arg, Call, Error, SampleExpr, Word, args};

/// Reads an expression that is one word, as in an ACL.
///
/// # Errors
/// When there is no name at all; later errors are in the value.
pub fn parse_word(word: &Word) -> Result<SampleExpr, Error> {
    let source = Source::of(word);
    source.expression(0, Follow::Nothing)
}

/// Reads an expression that may go on in the next words, as rules and `stick on` allow:
/// converters may stand in words of their own, for as long as `is_converter` knows them. Gives
/// the expression and the number of words it took.
///
/// # Errors
/// When there is no name at all; later errors are in the value.
pub fn parse_words(
    words: &[Word],
    is_converter: &dyn Fn(&[u8]) -> bool,
) -> Result<(SampleExpr, usize), Error> {
    let Some((first, rest)) = words.split_first() else {
        return Err(missing_fetch(Span::default()));
    };
    let mut expr = parse_word(first)?;
    let mut taken = 1;
    for word in rest {
        let source = Source::of(word);
        if expr.error.is_some() || !is_converter(source.name(0)) {
            break;
        }
        let (call, after) = source.call(0);
        expr.converters.push(call);
        source.converters(&mut expr, after, Follow::Nothing);
        taken += 1;
    }
    Ok((expr, taken))
}

/// Reads a name with arguments that stands alone, such as `set-var(txn.x)`. Gives the call and
/// the number of bytes of the word that it took.
pub fn parse_call(word: &Word) -> (Call, usize) {
    Source::of(word).call(0)
}

/// Whether HAProxy takes the byte in a name: of a proxy, a server, an ACL, a fetch, a converter.
pub fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+' | b':')
}

/// What may stand after an expression.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Follow {
    Nothing,
    /// Anything: the caller looks at it.
    Anything,
}

/// The text expressions are read from.
pub(crate) struct Source<'a> {
    word: &'a Word,
    text: Arc<[u8]>,
}

impl Source<'_> {
    pub fn of(word: &Word) -> Source<'_> {
        Source { word, text: Arc::from(word.text.as_slice()) }
    }

    /// Reads an expression at `start`.
    pub fn expression(&self, start: usize, follow: Follow) -> Result<SampleExpr, Error> {
        if self.name(start).is_empty() {
            return Err(missing_fetch(self.word.piece(start, 0)));
        }
        let (fetch, after) = self.call(start);
        let span = fetch.span;
        let mut expr = SampleExpr { fetch, converters: Vec::new(), start, end: after, span, error: None };
        expr.end = self.converters(&mut expr, after, follow);
        expr.span = self.word.piece(start, expr.end - start);
        Ok(expr)
    }

    /// Reads converters at `at`, where a call has just ended. Gives the place after them.
    fn converters(&self, expr: &mut SampleExpr, mut at: usize, follow: Follow) -> usize {
        while let Some(byte) = self.text.get(at) {
            if *byte != b',' {
                if follow == Follow::Nothing {
                    expr.error = Some(self.missing_comma(expr.converters.last(), at));
                }
                break;
            }
            at += self.text[at..].iter().take_while(|b| **b == b',').count();
            if at == self.text.len() {
                break;
            }
            let (call, after) = self.call(at);
            expr.converters.push(call);
            at = after;
        }
        at
    }

    fn missing_comma(&self, converter: Option<&Call>, at: usize) -> Error {
        let after = match converter {
            Some(call) => format!("converter '{}'", call.name_lossy()),
            None => "fetch keyword".to_owned(),
        };
        Error {
            code: "missing-comma",
            message: format!("missing comma after {after}"),
            span: self.word.piece(at, 1),
        }
    }

    fn name(&self, at: usize) -> &[u8] {
        name(&self.text[at..]).map_or(&[], |(_, name)| name)
    }

    fn call(&self, start: usize) -> (Call, usize) {
        let name = self.name(start);
        let read = args::parse(&self.text, start + name.len());
        let arg = |raw: args::RawArg| Arg {
            text: raw.text,
            offset: raw.offset,
            span: self.word.piece(raw.start, raw.len),
        };
        let call = Call {
            name: name.to_vec(),
            args: read.args.into_iter().map(arg).collect(),
            end: read.end,
            source: Arc::clone(&self.text),
            span: self.word.piece(start, read.after - start),
        };
        (call, read.after)
    }
}

fn name(text: &[u8]) -> IResult<&[u8], &[u8]> {
    take_while(is_name_byte)(text)
}

fn missing_fetch(span: Span) -> Error {
    Error { code: "missing-fetch", message: "missing fetch method".to_owned(), span }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ArgsEnd;
    use crate::testing::{show, word, words};

    fn check(text: &str, expected: &str) {
        let got = match parse_word(&word(text)) {
            Ok(expr) => show::expr(&expr),
            Err(error) => format!("! {}", error.message),
        };
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn one_word() {
        check("src", "src");
        check("hdr(host),lower", "hdr[host] lower");
        check("req.hdr(host,-1),field(1,:),lower()", "req.hdr[host|-1] field[1|:] lower[]");
        check("src,,lower,", "src lower");
        check("'path,regsub(\"(foo|bar)\",blah,g)'", "path regsub[(foo|bar)|blah|g]");
        check(
            "path,regsub((foo|bar),blah,g)",
            "path regsub[(foo|bar] blah g ! missing comma after converter 'g'",
        );
        check("src lower", "src ! missing comma after fetch keyword");
        check("src(1)x", "src[1] ! missing comma after fetch keyword");
        check("src,lower upper", "src lower ! missing comma after converter 'lower'");
        check("path, lower", "path  ! missing comma after converter ''");
        check("hdr(a", "hdr[a(");
        check("(a)", "! missing fetch method");
        check(",lower", "! missing fetch method");
    }

    #[test]
    fn several_words() {
        let check = |text: &str, expected: &str, taken| {
            let known = |name: &[u8]| matches!(name, b"lower" | b"field");
            let (expr, count) = parse_words(&words(text), &known).expect(text);
            assert_eq!((show::expr(&expr).as_str(), count), (expected, taken), "{text}");
        };
        check("src table x", "src", 1);
        check("hdr(a) lower if x", "hdr[a] lower", 2);
        check("hdr(a),lower field(1,:),lower lower upper", "hdr[a] lower field[1|:] lower lower", 3);
        check("hdr(a), lower x", "hdr[a] lower", 2);
        check("hdr(a)x lower", "hdr[a] ! missing comma after fetch keyword", 1);
        assert!(parse_words(&[], &|_| true).is_err());
    }

    #[test]
    fn calls() {
        let (call, taken) = parse_call(&word("set-var(txn.x,ifnotset)"));
        assert_eq!((show::call(&call).as_str(), taken), ("set-var[txn.x|ifnotset]", 23));
        let (call, taken) = parse_call(&word("deny"));
        assert_eq!((show::call(&call).as_str(), taken, call.end), ("deny", 4, ArgsEnd::None));
    }

    #[test]
    fn places() {
        let expr = parse_word(&word("hdr(host),field(1,:)")).expect("expression");
        let at = |span: Span| (span.col, span.len);
        assert_eq!(at(expr.fetch.span), (0, 9));
        assert_eq!(at(expr.fetch.args[0].span), (4, 4));
        assert_eq!(at(expr.converters[0].span), (10, 10));
        assert_eq!(at(expr.converters[0].args[1].span), (18, 1));
        assert_eq!(expr.converters[0].args[1].offset, 17);
        // In quotes the places move by one; behind an escape they are the word's.
        let quoted = parse_word(&word("'hdr(host)'")).expect("expression");
        assert_eq!(at(quoted.fetch.args[0].span), (5, 4));
        let escaped = parse_word(&word("hdr(ho\\ st)")).expect("expression");
        assert_eq!(at(escaped.fetch.args[0].span), (0, 11));
    }

    #[test]
    fn ends_of_arguments() {
        let check = |text: &str, max, expected: Option<(&str, usize)>| {
            let (call, _) = parse_call(&word(text));
            let got = args::end_error(&call, max, "string");
            assert_eq!(got.as_ref().map(|(m, at)| (m.as_str(), *at)), expected, "{text}");
        };
        check("src", 0, None);
        check("src()", 0, None);
        check("src(a)", 0, Some(("expected ')' before 'a)'", 4)));
        check("hdr(a)", 2, None);
        check("hdr(a,b,c),lower", 2, Some(("expected ')' before ',c),lower'", 7)));
        check("hdr(a", 2, Some(("expected ')'", 5)));
        check("src(", 0, Some(("expected ')'", 4)));
        check("'hdr(a\\'", 2, Some(("failed to parse '\\' after 'a' as type 'string' at position 1", 5)));
    }
}
