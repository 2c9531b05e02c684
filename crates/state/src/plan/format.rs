//! Log-format strings in their runnable form (manual, section 8.2.6). They make log lines, and
//! also header values, URIs and bodies: the purpose decides how values are written.

use ir::expr::FormatFlags;

use super::Expr;
use crate::sample::Value;
use crate::stream::Stream;

/// Writes what a `%alias` stands for.
pub type AliasFn = fn(&Stream, &FormatFlags, &mut Vec<u8>);

/// What a format makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A log line: runs of spaces are merged, a missing value is `-`.
    Log,
    /// A part of an HTTP message: control characters of values are percent-encoded.
    Http,
    /// Anything else: values as they are.
    Raw,
}

/// A compiled log-format.
#[derive(Debug)]
pub struct Format {
    pub(super) nodes: Vec<Node>,
    pub(super) purpose: Purpose,
    /// As it was written.
    pub text: Box<[u8]>,
}

pub(super) enum Node {
    Text(Box<[u8]>),
    /// A run of spaces of a log line or a unique id; it is left out behind another one.
    Space,
    Alias(AliasFn, FormatFlags),
    Expr(Expr, FormatFlags),
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({})", String::from_utf8_lossy(text)),
            Self::Space => write!(f, "Space"),
            Self::Alias(_, flags) => write!(f, "Alias({flags:?})"),
            Self::Expr(expr, flags) => write!(f, "{expr:?}({flags:?})"),
        }
    }
}

impl Format {
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Appends what the format gives for `stream`.
    pub fn write(&self, stream: &Stream, out: &mut Vec<u8>) {
        self.write_as(self.purpose, stream, out);
    }

    /// The same, for another purpose than the one of the place where the format stands.
    pub fn write_as(&self, purpose: Purpose, stream: &Stream, out: &mut Vec<u8>) {
        let mut after_space = true;
        for node in &self.nodes {
            let start = out.len();
            match node {
                Node::Space if after_space => continue,
                Node::Space => {
                    out.push(b' ');
                    after_space = true;
                    continue;
                }
                Node::Text(text) => out.extend_from_slice(text),
                Node::Alias(write, flags) => write(stream, flags, out),
                Node::Expr(expr, flags) => {
                    let value = expr.eval(stream).ok();
                    match purpose {
                        Purpose::Http => encode(value_text(value, stream), out),
                        Purpose::Log | Purpose::Raw => write_text(value_text(value, stream), flags, out),
                    }
                }
            }
            // An alias that gives nothing leaves no space of its own.
            after_space &= out.len() == start && matches!(node, Node::Alias(..));
        }
    }
}

fn value_text<'a>(value: Option<Value<'a>>, stream: &'a Stream) -> &'a [u8] {
    value.map_or(b"", |value| value.to_text(&stream.arena))
}

/// Appends text with the flags `+Q`, `+E` and `+M`.
pub fn write_text(text: &[u8], flags: &FormatFlags, out: &mut Vec<u8>) {
    if text.is_empty() && flags.mandatory && !flags.quote {
        out.push(b'-');
        return;
    }
    if flags.quote {
        out.push(b'"');
    }
    if flags.escape {
        for &byte in text {
            if matches!(byte, b'"' | b']' | b'\\') {
                out.push(b'\\');
            }
            out.push(byte);
        }
    } else {
        out.extend_from_slice(text);
    }
    if flags.quote {
        out.push(b'"');
    }
}

/// Percent-encodes what no header value may hold: control characters but the tab.
fn encode(text: &[u8], out: &mut Vec<u8>) {
    for &byte in text {
        if matches!(byte, 0..=8 | 10..=31 | 127) {
            push_hex(b'%', byte, out);
        } else {
            out.push(byte);
        }
    }
}

/// Appends the mark and the byte as two upper-case hexadecimal digits.
pub fn push_hex(mark: u8, byte: u8, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.extend_from_slice(&[mark, DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags() {
        let check = |text: &str, flags: FormatFlags, expected: &str| {
            let mut out = Vec::new();
            write_text(text.as_bytes(), &flags, &mut out);
            assert_eq!(out, expected.as_bytes(), "{text} {flags:?}");
        };
        let none = FormatFlags::default();
        check("", none, "");
        check("a\"]\\\n", none, "a\"]\\\n");
        check("", FormatFlags { mandatory: true, ..none }, "-");
        check("", FormatFlags { mandatory: true, quote: true, ..none }, "\"\"");
        check("a", FormatFlags { quote: true, ..none }, "\"a\"");
        check("a\"]\\", FormatFlags { escape: true, ..none }, "a\\\"\\]\\\\");
    }

    #[test]
    fn encoding() {
        let mut out = Vec::new();
        encode(b"a\tb\r\n\x7f\xe9%", &mut out);
        assert_eq!(out, b"a\tb%0D%0A%7F\xe9%");
    }
}
