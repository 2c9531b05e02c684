//! Converters of binary values.

use ir::spec::ArgType;
use ir::types::SampleType::{Bin, Bool, Sint, Str};
use state::sample::Arg;
use state::{Stream, Value};

use super::{int_arg, text_arg};
use crate::checks;
use crate::room::Room;
use crate::row::{Converter, Example};

const NUMBERS: &[ArgType] = &[ArgType::Str, ArgType::Sint, ArgType::Sint];

pub const ROWS: &[Converter] = &[
    Converter::new("be2dec", Bin, Str, "Chunks as big-endian decimal numbers", be2dec)
        .args(1, NUMBERS)
        .check(checks::decimal_chunks)
        .examples(&[
            Example::new("abc", &[":", "2"], "24930:99"),
            Example::new("abc", &["-", "2", "1"], "24930"),
        ]),
    Converter::new("be2hex", Bin, Str, "Chunks in hexadecimal", be2hex)
        .args(1, NUMBERS)
        .check(checks::hex_chunks)
        .examples(&[
            Example::new("abc", &[":", "1"], "61:62:63"),
            Example::new("abc", &["", "2", "1"], "6162"),
        ]),
    Converter::new("bytes", Bin, Bin, "A part, by offset and length", part)
        .args(1, &[ArgType::Str, ArgType::Str])
        .check(checks::bytes)
        .examples(&[
            Example::new("abcdef", &["2"], "cdef"),
            Example::new("abcdef", &["2", "3"], "cde"),
            Example::new("abc", &["1", "9"], "bc"),
            Example::none("abc", &["4"]),
        ]),
    Converter::new("has_ctl", Bin, Bool, "Whether there are control characters", has_ctl)
        .args(0, &[ArgType::Str])
        .check(checks::control_characters)
        .examples(&[
            Example::new("a\nb", &[], "1"),
            Example::new("a\tb", &[], "0"),
            Example::new("a\tb", &["any"], "1"),
            Example::new("a\x01b", &["http"], "0"),
            Example::new("a\x7fb", &["0x100000000"], "1"),
        ]),
    Converter::new("hex", Bin, Str, "In hexadecimal, upper case", hex).examples(&[Example::new(
        "a\n",
        &[],
        "610A",
    )]),
    Converter::new("hex2i", Str, Sint, "A hexadecimal number", hex2i)
        .examples(&[Example::new("fF", &[], "255"), Example::none("x", &[])]),
    Converter::new("htonl", Sint, Bin, "A number as four bytes, big-endian", htonl)
        .examples(&[Example::new("1633837924", &[], "abcd")]),
    Converter::new("le2dec", Bin, Str, "Chunks as little-endian decimal numbers", le2dec)
        .args(1, NUMBERS)
        .check(checks::decimal_chunks)
        .examples(&[Example::new("abc", &[":", "2"], "25185:99")]),
    Converter::new("secure_memcmp", Bin, Bool, "Compares with a variable in constant time", secure_memcmp)
        .args(1, &[ArgType::Var])
        .check(checks::compared_variable)
        .examples(&[Example::none("a", &["txn.none"])]),
];

fn bin(value: Value<'_>) -> Option<&[u8]> {
    match value {
        Value::Bin(bytes) | Value::Str(bytes) => Some(bytes),
        _ => None,
    }
}

fn push_hex(byte: u8, room: &mut Room) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    room.extend(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
}

fn hex<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let bytes = bin(value)?;
    let mut room = Room::new(&stream.arena, bytes.len() * 2);
    bytes.iter().for_each(|byte| push_hex(*byte, &mut room));
    Some(Value::Str(room.finish()))
}

fn hex2i<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    Some(Value::Sint(base::bytes::parse_hex(bin(value)?)? as i64))
}

fn htonl<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let Value::Sint(number) = value else { return None };
    Some(Value::Bin(stream.arena.alloc((number as u32).to_be_bytes())))
}

fn part<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let number = |index| {
        let text = text_arg(args, index)?;
        let number =
            base::bytes::parse_i64(text).or_else(|| match super::variable_arg(stream, args, index)? {
                Value::Sint(number) => Some(number),
                _ => None,
            })?;
        usize::try_from(number).ok()
    };
    let rest = bin(value)?.get(number(0)?..)?;
    match args.get(1) {
        None | Some(Arg::Stop) => Some(Value::Bin(rest)),
        Some(_) => Some(Value::Bin(&rest[..number(1)?.min(rest.len())])),
    }
}

fn has_ctl<'a>(_: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    // A bit a control character; the last one is DEL's.
    let wanted: u64 = match text_arg(args, 0) {
        None | Some(b"") => 0x1_ffff_fdff,
        Some(b"any") => 0x1_ffff_ffff,
        Some(b"http") => 0x2401,
        Some(text) => match text.strip_prefix(b"0x") {
            Some(digits) => base::bytes::parse_hex(digits)?,
            None => base::bytes::parse_u64(text)?,
        },
    };
    let is_wanted = |byte: &u8| match byte {
        0..32 => wanted >> byte & 1 == 1,
        127 => wanted >> 32 & 1 == 1,
        _ => false,
    };
    Some(Value::Bool(bin(value)?.iter().any(is_wanted)))
}

/// The time does not tell where the values differ.
fn secure_memcmp<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let other = super::variable_arg(stream, args, 0)?.cast(Bin, &stream.arena)?;
    let (this, other) = (bin(value)?, bin(other)?);
    let differing = this.iter().zip(other).fold(0u8, |bits, (a, b)| bits | (a ^ b));
    Some(Value::Bool(this.len() == other.len() && std::hint::black_box(differing) == 0))
}

/// The chunks of a value with the separator between; `whole` leaves a shorter rest out.
fn chunks<'a>(
    stream: &'a Stream,
    args: &[Arg],
    value: Value<'a>,
    sizes: std::ops::RangeInclusive<usize>,
    write: impl Fn(&[u8], &mut Room),
) -> Option<Value<'a>> {
    let separator = text_arg(args, 0).unwrap_or(b"");
    let size = usize::try_from(int_arg(args, 1).unwrap_or(1)).ok().filter(|size| sizes.contains(size))?;
    let whole = int_arg(args, 2).unwrap_or(0) != 0;
    let bytes = bin(value)?;
    let mut room =
        Room::new(&stream.arena, bytes.len().div_ceil(size) * (20 + separator.len()) + bytes.len() * 2);
    for (index, chunk) in bytes.chunks(size).filter(|chunk| !whole || chunk.len() == size).enumerate() {
        if index > 0 {
            room.extend(separator);
        }
        write(chunk, &mut room);
    }
    Some(Value::Str(room.finish()))
}

fn decimal(number: u64, room: &mut Room) {
    let mut out = Vec::with_capacity(20);
    base::bytes::write_dec(&mut out, number);
    room.extend(&out);
}

fn be2dec<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    chunks(stream, args, value, 1..=8, |chunk, room| {
        decimal(chunk.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)), room);
    })
}

fn le2dec<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    chunks(stream, args, value, 1..=8, |chunk, room| {
        decimal(chunk.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)), room);
    })
}

fn be2hex<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    chunks(stream, args, value, 1..=usize::MAX, |chunk, room| chunk.iter().for_each(|b| push_hex(*b, room)))
}
