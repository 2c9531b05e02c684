//! Log-format strings in their runnable form (manual, section 8.2.6). They make log lines, and
//! also header values, URIs and bodies: the flags of each item say how it is written.

mod cbor;
mod item;
#[cfg(test)]
mod tests;

use ir::expr::{Encoding, FormatCast, FormatFlags};
use ir::types::SampleType;

pub use item::{Escape, Item};

use super::Expr;
use crate::sample::Value;
use crate::stream::Stream;

/// Writes what a `%alias` stands for.
pub type AliasFn = fn(&Stream, &mut Item<'_>);

/// A compiled log-format.
#[derive(Debug, Default)]
pub struct Format {
    pub(super) nodes: Vec<Node>,
    /// The whole is one map of the items that have a key.
    pub(super) encoding: Option<Encoding>,
    pub(super) binary: bool,
    /// As it was written.
    pub text: Box<[u8]>,
}

/// Items have a key, which may be empty, and flags.
pub(super) enum Node {
    Text(Box<[u8]>),
    /// Left out at the start and behind another one.
    Space,
    Alias(AliasFn, Box<[u8]>, FormatFlags),
    Expr(Expr, Box<[u8]>, FormatFlags),
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({})", String::from_utf8_lossy(text)),
            Self::Space => write!(f, "Space"),
            Self::Alias(_, _, flags) => write!(f, "Alias({flags:?})"),
            Self::Expr(expr, _, flags) => write!(f, "{expr:?}({flags:?})"),
        }
    }
}

impl Format {
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Appends what the format gives for `stream`.
    pub fn write(&self, stream: &Stream, out: &mut Vec<u8>) {
        match self.encoding {
            Some(encoding) => self.write_map(encoding, stream, out),
            None => self.write_line(stream, out),
        }
    }

    fn write_line(&self, stream: &Stream, out: &mut Vec<u8>) {
        let mut after_space = true;
        for node in &self.nodes {
            let start = out.len();
            match node {
                Node::Space if after_space => {}
                Node::Space => {
                    out.push(b' ');
                    after_space = true;
                }
                Node::Text(text) => {
                    out.extend_from_slice(text);
                    after_space = false;
                }
                Node::Alias(write, _, flags) => {
                    alias(*write, *flags, stream, out);
                    // An alias that gives nothing leaves no space of its own.
                    after_space &= out.len() == start;
                }
                Node::Expr(expr, _, flags) => {
                    sample(expr, *flags, stream, out);
                    after_space = false;
                }
            }
        }
    }

    /// Text and items without a key have no place in a map.
    fn write_map(&self, encoding: Encoding, stream: &Stream, out: &mut Vec<u8>) {
        let is_json = encoding == Encoding::Json;
        let cbor = |byte: u8, out: &mut Vec<u8>| cbor::byte(byte, self.binary, out);
        if is_json {
            out.push(b'{')
        } else {
            cbor(cbor::MAP, out)
        }
        let mut is_first = true;
        for node in &self.nodes {
            let (Node::Alias(_, key, _) | Node::Expr(_, key, _)) = node else { continue };
            if key.is_empty() {
                continue;
            }
            if is_json {
                out.extend_from_slice(if is_first { b"\"" } else { b", \"" });
                out.extend_from_slice(key);
                out.extend_from_slice(b"\": ");
            } else {
                cbor::text(key, self.binary, out);
            }
            is_first = false;
            match node {
                Node::Alias(write, _, flags) => alias(*write, *flags, stream, out),
                Node::Expr(expr, _, flags) => sample(expr, *flags, stream, out),
                Node::Text(_) | Node::Space => {}
            }
        }
        if is_json { out.push(b'}') } else { cbor(cbor::BREAK, out) }
    }
}

fn alias(write: AliasFn, flags: FormatFlags, stream: &Stream, out: &mut Vec<u8>) {
    let start = out.len();
    let mut item = Item::new(flags, out);
    write(stream, &mut item);
    item.end(start);
}

fn sample(expr: &Expr, mut flags: FormatFlags, stream: &Stream, out: &mut Vec<u8>) {
    let is_told = !(expr.of_stream && stream.is_only_session());
    let value = is_told.then(|| expr.eval(stream).ok()).flatten();
    let kind = written_as(value, &flags);
    if flags.encoding.is_some() && flags.cast == Some(FormatCast::Raw) {
        flags = FormatFlags::default();
    }
    let value = value.and_then(|value| value.cast(kind, &stream.arena));
    let start = out.len();
    let mut item = Item::new(flags, out);
    match value {
        Some(Value::Str(bytes) | Value::Bin(bytes)) if flags.http => item.percent_encoded(bytes),
        Some(Value::Bin(bytes)) => item.bytes(bytes),
        Some(Value::Sint(number)) => item.number(number),
        Some(Value::Bool(value)) => item.boolean(value),
        Some(Value::Str(text)) => item.text(text),
        _ if flags.http => {}
        _ => item.text(b""),
    }
    item.end(start);
}

/// The type that a sample is written as: a string, but where something knows more.
fn written_as(value: Option<Value<'_>>, flags: &FormatFlags) -> SampleType {
    let is_binary = matches!(value, Some(Value::Bin(_)));
    let Some(encoding) = flags.encoding else {
        return if is_binary && flags.binary && flags.cast != Some(FormatCast::Str) {
            SampleType::Bin
        } else {
            SampleType::Str
        };
    };
    match (flags.cast, value) {
        (Some(FormatCast::Raw), _) => SampleType::Bin,
        (Some(FormatCast::Str), _) => SampleType::Str,
        (Some(FormatCast::Sint), _) => SampleType::Sint,
        (Some(FormatCast::Bool), _) => SampleType::Bool,
        (None, Some(Value::Sint(_))) => SampleType::Sint,
        (None, Some(Value::Bool(_))) => SampleType::Bool,
        (None, Some(Value::Bin(_))) if encoding == Encoding::Cbor || flags.binary => SampleType::Bin,
        (None, _) => SampleType::Str,
    }
}
