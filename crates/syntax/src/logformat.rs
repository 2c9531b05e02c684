//! Log-formats: text, `%alias`, `%[expression]`, `%(name:type){flags}` (manual, 8.2.6). Left
//! out: which aliases and flags there are.

use nom::IResult;
use nom::bytes::complete::{take_while, take_while1};

use crate::sample::{Follow, Source};
use crate::{Error, LogCast, LogFlag, LogFormat, LogNode, LogTag, SampleExpr, Word};

/// Reads a log-format. `merge_spaces` turns runs of spaces into separators, as `log-format`
/// itself does; other users of the language keep them.
pub fn parse(word: &Word, merge_spaces: bool) -> LogFormat {
    let mut reading =
        Reading { word, text: &word.text, source: Source::of(word), at: 0, merge_spaces, nodes: Vec::new() };
    let error = reading.run().err();
    LogFormat { nodes: reading.nodes, error }
}

struct Reading<'a> {
    word: &'a Word,
    text: &'a [u8],
    source: Source<'a>,
    at: usize,
    merge_spaces: bool,
    nodes: Vec<LogNode>,
}

impl Reading<'_> {
    fn run(&mut self) -> Result<(), Error> {
        while let Some(byte) = self.peek() {
            match byte {
                b'%' => self.item()?,
                b' ' if self.merge_spaces => {
                    self.at += 1;
                    if self.nodes.last() != Some(&LogNode::Separator) {
                        self.nodes.push(LogNode::Separator);
                    }
                }
                other => {
                    self.at += 1;
                    self.push_text(&[other]);
                }
            }
        }
        Ok(())
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn push_text(&mut self, text: &[u8]) {
        match self.nodes.last_mut() {
            Some(LogNode::Text(last)) => last.extend_from_slice(text),
            _ => self.nodes.push(LogNode::Text(text.to_vec())),
        }
    }

    /// What a percent sign starts.
    fn item(&mut self) -> Result<(), Error> {
        let start = self.at;
        self.at += 1;
        let mut tag = LogTag::default();
        if self.peek() == Some(b'(') {
            self.name(&mut tag)?;
        }
        match self.peek() {
            Some(b'{') => self.flags(&mut tag)?,
            Some(b'[') => return self.expression(tag),
            Some(b'a'..=b'z' | b'A'..=b'Z') => {}
            Some(b'%') => {
                self.at += 1;
                self.push_text(b"%");
                return Ok(());
            }
            Some(byte @ (b'0'..=b'9' | b' ' | b'\t')) => return Err(self.unexpected_alias(byte)),
            // HAProxy drops the percent sign in front of other bytes.
            Some(_) => return Ok(()),
            None => return Err(self.truncated(b"%", start)),
        }
        match self.peek() {
            Some(b'[') => self.expression(tag),
            Some(byte) if byte.is_ascii_alphanumeric() => {
                let (_, name) = alias(&self.text[self.at..]).unwrap_or((b"", b""));
                let name = name.to_vec();
                self.at += name.len();
                let span = self.word.piece(start, self.at - start);
                self.nodes.push(LogNode::Alias { tag, name, span });
                Ok(())
            }
            _ => {
                let arg = tag.arg.unwrap_or_default();
                let message = format!(
                    "parse argument modifier without alias name near '%{{{}}}'",
                    String::from_utf8_lossy(&arg)
                );
                Err(self.error("log-format-alias", message, start, self.at - start))
            }
        }
    }

    /// `(name)` or `(name:type)`
    fn name(&mut self, tag: &mut LogTag) -> Result<(), Error> {
        self.at += 1;
        let name = self.name_bytes();
        tag.name = (!name.is_empty()).then_some(name);
        if self.peek() == Some(b':') {
            self.at += 1;
            let type_at = self.at;
            let cast = self.name_bytes();
            self.close_name()?;
            tag.cast = Some(self.cast(&cast, type_at)?);
            return Ok(());
        }
        self.close_name()
    }

    fn name_bytes(&mut self) -> Vec<u8> {
        let (_, name) = custom_name(&self.text[self.at..]).unwrap_or((b"", b""));
        let name = name.to_vec();
        self.at += name.len();
        name
    }

    fn close_name(&mut self) -> Result<(), Error> {
        let message = match self.peek() {
            Some(b')') => {
                self.at += 1;
                return Ok(());
            }
            Some(byte) => format!(
                "invalid character in custom name near '{}' at position {} line : '{}'",
                String::from_utf8_lossy(&[byte]),
                self.at,
                self.word.lossy()
            ),
            // HAProxy prints the line's final zero byte, which ends its message.
            None => "invalid character in custom name near '".to_owned(),
        };
        Err(self.error("log-format-name", message, self.at, 1))
    }

    fn cast(&self, name: &[u8], at: usize) -> Result<LogCast, Error> {
        match name {
            b"str" => Ok(LogCast::Str),
            b"sint" => Ok(LogCast::Sint),
            b"bool" => Ok(LogCast::Bool),
            b"raw" => Ok(LogCast::Raw),
            other => {
                let message = format!(
                    "unexpected output type '{}' at position {at} line : '{}'. Supported types \
                     are: str, sint, bool, raw",
                    String::from_utf8_lossy(other),
                    self.word.lossy()
                );
                Err(self.error("log-format-type", message, at, other.len()))
            }
        }
    }

    /// `{+Q,-X}`
    fn flags(&mut self, tag: &mut LogTag) -> Result<(), Error> {
        let start = self.at + 1;
        let rest = &self.text[start..];
        let Some(end) = rest.iter().position(|b| *b == b'}') else {
            return Err(self.truncated(rest, start - 1));
        };
        let arg = &rest[..end];
        tag.flags = arg.split(|b| *b == b',').filter_map(flag).collect();
        tag.arg = Some(arg.to_vec());
        self.at = start + end + 1;
        Ok(())
    }

    /// `[expression]`
    fn expression(&mut self, tag: LogTag) -> Result<(), Error> {
        let start = self.at + 1;
        let rest = &self.text[start.min(self.text.len())..];
        let expr = self.source.expression(start, Follow::Anything).map_err(|error| Error {
            message: format!(
                "failed to parse sample expression <{}> : {}",
                String::from_utf8_lossy(rest),
                error.message
            ),
            ..error
        })?;
        self.at = expr.end;
        let closed = self.closing_bracket(&expr);
        self.nodes.push(LogNode::Expr { tag, expr });
        closed
    }

    fn closing_bracket(&mut self, expr: &SampleExpr) -> Result<(), Error> {
        let end = self.at;
        let text = String::from_utf8_lossy(&self.text[expr.start..end]);
        let message = match self.peek() {
            Some(b']') => {
                self.at += 1;
                return Ok(());
            }
            Some(byte @ b' '..=b'~') => {
                format!("expected ']' after '{text}', but found '{}'", char::from(byte))
            }
            _ => format!("missing ']' after '{text}'"),
        };
        Err(self.error("log-format-bracket", message, end, 1))
    }

    fn unexpected_alias(&self, byte: u8) -> Error {
        let message = format!(
            "unexpected alias name near '{}' at position {} line : '{}'. Maybe you want to write \
             a single '%', use the syntax '%%'",
            char::from(byte),
            self.at,
            self.word.lossy()
        );
        self.error("log-format-alias", message, self.at - 1, 2)
    }

    fn truncated(&self, after: &[u8], at: usize) -> Error {
        let message = format!("truncated line after '{}'", String::from_utf8_lossy(after));
        self.error("log-format-truncated", message, at, self.text.len() - at)
    }

    fn error(&self, code: &'static str, message: String, at: usize, len: usize) -> Error {
        Error { code, message, span: self.word.piece(at, len) }
    }
}

fn alias(text: &[u8]) -> IResult<&[u8], &[u8]> {
    take_while1(|b: u8| b.is_ascii_alphanumeric())(text)
}

fn custom_name(text: &[u8]) -> IResult<&[u8], &[u8]> {
    take_while(|b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))(text)
}

/// The flag in one item between commas: what follows its last sign.
fn flag(item: &[u8]) -> Option<LogFlag> {
    let sign = item.iter().rposition(|b| matches!(b, b'+' | b'-'))?;
    Some(LogFlag { on: item[sign] == b'+', name: item[sign + 1..].to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{show, word};

    fn node(node: &LogNode) -> String {
        match node {
            LogNode::Text(text) => format!("'{}'", String::from_utf8_lossy(text)),
            LogNode::Separator => "_".to_owned(),
            LogNode::Alias { tag, name, .. } => {
                format!("{}{}", show_tag(tag), String::from_utf8_lossy(name))
            }
            LogNode::Expr { tag, expr } => format!("{}[{}]", show_tag(tag), show::expr(expr)),
        }
    }

    fn show_tag(tag: &LogTag) -> String {
        let mut out = String::new();
        if let Some(name) = &tag.name {
            out += &format!("{}=", String::from_utf8_lossy(name));
        }
        if let Some(cast) = &tag.cast {
            out += &format!("{cast:?}:");
        }
        for flag in &tag.flags {
            out.push(if flag.on { '+' } else { '-' });
            out += &String::from_utf8_lossy(&flag.name);
        }
        out
    }

    fn check(text: &str, merge_spaces: bool, expected: &str) {
        let got = parse(&word(text), merge_spaces);
        let mut nodes: Vec<_> = got.nodes.iter().map(node).collect();
        nodes.extend(got.error.map(|error| format!("! {}", error.message)));
        assert_eq!(nodes.join(" "), expected, "{text}");
    }

    #[test]
    fn nodes() {
        let check = |text, expected| check(text, true, expected);
        check("%ci:%cp", "ci ':' cp");
        check("abc", "'abc'");
        check("%%ci 100%%", "'%ci' _ '100%'");
        check("%ci   [%tr]", "ci _ '[' tr ']'");
        check("%{+Q}o %{-Q}r", "+Qo _ -Qr");
        check("%{+Q,-X,E}ci", "+Q-Xci");
        check("%[src]", "[src]");
        check("%{+Q}[req.hdr(a),lower] x", "+Q[req.hdr[a] lower] _ 'x'");
        check("%(name)ci %(n-1:sint)[src] %()tr %(:str)tr", "name=ci _ n-1=Sint:[src] _ tr _ Str:tr");
        check("%(a)%", "'%'");
        check("%_ci %é", "'_ci' _ 'é'");
        check("%{x}1", "1");
        check("", "");
    }

    #[test]
    fn spaces_kept() {
        check("a  %ci b", false, "'a  ' ci ' b'");
    }

    #[test]
    fn errors() {
        let check = |text: &str, expected: &str| check(text, true, expected);
        let single = "Maybe you want to write a single '%', use the syntax '%%'";
        check("a%", "'a' ! truncated line after '%'");
        check("%()", "! truncated line after '%'");
        check("%{+Q", "! truncated line after '+Q'");
        check("%{", "! truncated line after ''");
        check("%1", &format!("! unexpected alias name near '1' at position 1 line : '%1'. {single}"));
        check("% x", &format!("! unexpected alias name near ' ' at position 1 line : '% x'. {single}"));
        check("%{+Q}", "! parse argument modifier without alias name near '%{+Q}'");
        check("%{+Q} x", "! parse argument modifier without alias name near '%{+Q}'");
        check("%{+Q}%", "! parse argument modifier without alias name near '%{+Q}'");
        check("%(a b)ci", "! invalid character in custom name near ' ' at position 3 line : '%(a b)ci'");
        check("%(a:b:c)ci", "! invalid character in custom name near ':' at position 5 line : '%(a:b:c)ci'");
        check("%(a", "! invalid character in custom name near '");
        check(
            "%(a:foo)ci",
            "! unexpected output type 'foo' at position 4 line : '%(a:foo)ci'. Supported types \
             are: str, sint, bool, raw",
        );
        check("%[src", "[src] ! missing ']' after 'src'");
        check("%[src}", "[src] ! expected ']' after 'src', but found '}'");
        check("%[src lower]", "[src] ! expected ']' after 'src', but found ' '");
        check("%[src,]", "[src ]");
        check("%[]", "! failed to parse sample expression <]> : missing fetch method");
        check("%[", "! failed to parse sample expression <> : missing fetch method");
    }

    #[test]
    fn places() {
        let got = parse(&word("'a %ci %[src]'"), true);
        let spans: Vec<_> = got
            .nodes
            .iter()
            .filter_map(|node| match node {
                LogNode::Alias { span, .. } => Some((span.col, span.len)),
                LogNode::Expr { expr, .. } => Some((expr.span.col, expr.span.len)),
                LogNode::Text(_) | LogNode::Separator => None,
            })
            .collect();
        assert_eq!(spans, [(3, 3), (9, 3)]);
    }
}
