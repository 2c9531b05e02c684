//! Shows values while a configuration is written.

use ir::spec::ArgType;
use ir::types::SampleType::{Any, Same};
use state::live::Output;
use state::sample::Arg;
use state::{Stream, Value};

use super::text_arg;
use crate::checks;
use crate::row::{Converter, Example};

pub const ROWS: &[Converter] =
    &[Converter::new("debug", Any, Same, "Shows the value on standard output or error", debug)
        .args(0, &[ArgType::Str, ArgType::Str])
        .check(checks::debug)
        .examples(&[Example::new("a", &["prefix", "stderr"], "a"), Example::new("a", &[], "a")])];

/// The line as HAProxy writes it; what is not printable becomes a dot.
fn line(prefix: &[u8], value: Value, stream: &Stream) -> Vec<u8> {
    let kind: &[u8] = match value {
        Value::Bool(_) => b"bool",
        Value::Sint(_) => b"sint",
        Value::Ipv4(_) => b"ipv4",
        Value::Ipv6(_) => b"ipv6",
        Value::Str(_) => b"str",
        Value::Bin(_) => b"bin",
        Value::Meth(_) => b"meth",
    };
    let shown = |byte: &u8| if matches!(byte, b' '..=b'~') { *byte } else { b'.' };
    let mut line = [b"[debug] ", prefix, b": type=", kind, b" <"].concat();
    line.extend(value.to_text(&stream.arena).iter().map(shown));
    line.extend_from_slice(b">\n");
    line
}

/// Rings, which are meant where no output is named, are not there yet: the checker says so.
fn debug<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let output = match text_arg(args, 1) {
        Some(b"stdout") => Output::Stdout,
        Some(b"stderr") => Output::Stderr,
        _ => return Some(value),
    };
    let prefix = text_arg(args, 0).unwrap_or(b"");
    stream.plan.live.outputs.write(output, || line(prefix, value, stream));
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let check = |value: Value, expected: &str| {
            let line = line(b"p", value, &state::testing::stream(""));
            assert_eq!(String::from_utf8_lossy(&line), expected, "{value:?}");
        };
        check(Value::Str(b"/a\tb"), "[debug] p: type=str </a.b>\n");
        check(Value::Bin(b"a\0b"), "[debug] p: type=bin <a>\n");
        check(Value::Bool(true), "[debug] p: type=bool <1>\n");
        check(Value::Sint(-5), "[debug] p: type=sint <-5>\n");
        check(Value::Meth(b"GET"), "[debug] p: type=meth <GET>\n");
        check(Value::Ipv4([192, 0, 2, 1].into()), "[debug] p: type=ipv4 <192.0.2.1>\n");
        check(Value::Ipv6(1u128.into()), "[debug] p: type=ipv6 <::1>\n");
    }
}
