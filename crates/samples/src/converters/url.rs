//! Percent-encoding (RFC 3986, section 2.1).

use ir::spec::ArgType;
use ir::types::SampleType::Str;
use state::sample::Arg;
use state::{Stream, Value};

use super::{below_buffer, int_arg, text_of};
use crate::checks;
use crate::room::Room;
use crate::row::{Converter, Example};

pub const ROWS: &[Converter] = &[
    Converter::new(
        "url_dec",
        Str,
        Str,
        "Decodes percent-encoding; a plus is a space in the query string, with 1 everywhere",
        url_dec,
    )
    .args(0, &[ArgType::Sint])
    .examples(&[
        Example::new("a%20b+c", &[], "a b+c"),
        Example::new("a+b", &["1"], "a b"),
        Example::new("/a+b?c+d", &[], "/a+b?c d"),
        Example::new("/a+b?c+d", &["1"], "/a b?c d"),
        Example::none("%4", &[]),
        Example::none("%4x", &[]),
        Example::new("%41", &[], "A"),
    ]),
    Converter::new("url_enc", Str, Str, "Percent-encodes for a query string", url_enc)
        .args(1, &[ArgType::Str])
        .check(checks::url_enc)
        .examples(&[Example::new("a b/ü~", &["query"], "a%20b%2F%C3%BC~")]),
];

/// A broken escape has no value.
fn url_dec<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let text = below_buffer(stream, text_of(value)?)?;
    let mut in_query = int_arg(args, 0).unwrap_or(0) != 0;
    let mut room = Room::new(&stream.arena, text.len());
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        rest = after;
        match (*byte, after) {
            (b'%', [high, low, behind @ ..]) => {
                room.push(base::bytes::hex_digit(*high)? << 4 | base::bytes::hex_digit(*low)?);
                rest = behind;
            }
            (b'%', _) => return None,
            (b'+', _) if in_query => room.push(b' '),
            (b'?', _) => {
                in_query = true;
                room.push(b'?');
            }
            (byte, _) => room.push(byte),
        }
    }
    Some(Value::Str(room.finish()))
}

fn url_enc<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let text = text_of(value)?;
    let mut room = Room::new(&stream.arena, text.len() * 3);
    for &byte in text {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            room.push(byte);
        } else {
            room.extend(&[b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
    }
    below_buffer(stream, room.finish()).map(Value::Str)
}
