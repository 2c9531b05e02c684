//! Converters of binary values.

use ir::spec::ArgType;
use ir::types::SampleType::{Bin, Bool, Sint, Str};
use state::sample::Arg;
use state::{Stream, Value};

use super::{bytes_of, int_arg, operand, text_arg, text_of, variable_arg, within_buffer};
use crate::checks;
use crate::room::Room;
use crate::row::{Converter, Example};

const NUMBERS: &[ArgType] = &[ArgType::Str, ArgType::Sint, ArgType::Sint];

pub const ROWS: &[Converter] = &[
    Converter::new("base2", Bin, Str, "As digits 0 and 1", base2)
        .examples(&[Example::new("a!", &[], "0110000100100001"), Example::new("", &[], "")]),
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
            Example::new("abc", &["", "0"], "616263"),
            Example::new("abc", &["", "-1"], "616263"),
            Example::new("", &[":", "2"], ""),
        ]),
    Converter::new("bytes", Bin, Bin, "A part, by offset and length", part)
        .args(1, &[ArgType::Str, ArgType::Str])
        .check(checks::bytes)
        .examples(&[
            Example::new("abcdef", &["2"], "cdef"),
            Example::new("abcdef", &["2", "3"], "cde"),
            Example::new("abc", &["1", "9"], "bc"),
            Example::new("abc", &["4"], ""),
            Example::new("abcdef", &["txn.3"], "def"),
            Example::none("abc", &["txn.-1"]),
            Example::none("abc", &["txn.none"]),
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
    Converter::new("hex2i", Str, Sint, "A hexadecimal number", hex2i).examples(&[
        Example::new("fF", &[], "255"),
        Example::new("", &[], "0"),
        Example::new("1ffffffffffffffff", &[], "-1"),
        Example::none("x", &[]),
    ]),
    Converter::new("htonl", Sint, Bin, "A number as four bytes, big-endian", htonl)
        .examples(&[Example::new("1633837924", &[], "abcd")]),
    Converter::new("le2dec", Bin, Str, "Chunks as little-endian decimal numbers", le2dec)
        .args(1, NUMBERS)
        .check(checks::decimal_chunks)
        .examples(&[Example::new("abc", &[":", "2"], "25185:99")]),
    Converter::new("secure_memcmp", Bin, Bool, "Compares with a variable in constant time", secure_memcmp)
        .args(1, &[ArgType::Var])
        .check(checks::compared_variable)
        .examples(&[
            Example::new("abc", &["txn.abc"], "1"),
            Example::new("abd", &["txn.abc"], "0"),
            Example::new("ab", &["txn.abc"], "0"),
            Example::none("a", &["txn.none"]),
        ]),
];

pub(crate) fn push_hex(byte: u8, room: &mut Room) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    room.extend(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
}

fn hex<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let bytes = bytes_of(value)?;
    let mut room = Room::new(&stream.arena, bytes.len() * 2);
    bytes.iter().for_each(|byte| push_hex(*byte, &mut room));
    within_buffer(stream, room.finish()).map(Value::Str)
}

fn base2<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let bytes = bytes_of(value)?;
    let mut room = Room::new(&stream.arena, bytes.len() * 8);
    for byte in bytes {
        (0..8).rev().for_each(|bit| room.push(b'0' + (byte >> bit & 1)));
    }
    within_buffer(stream, room.finish()).map(Value::Str)
}

/// Of a long number the last 16 digits count.
fn hex2i<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let digits = text_of(value)?;
    let number = digits
        .iter()
        .try_fold(0u64, |number, digit| Some(number << 4 | u64::from(base::bytes::hex_digit(*digit)?)));
    number.map(|number| Value::Sint(number as i64))
}

fn htonl<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let Value::Sint(number) = value else { return None };
    Some(Value::Bin(stream.arena.alloc((number as u32).to_be_bytes())))
}

/// What is not there yet may still come, and then there is no value; at the end of the data it
/// is an empty one.
fn part<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let bytes = bytes_of(value)?;
    let wanted = |index| operand(stream, args, index).and_then(|number| usize::try_from(number).ok());
    let may_change = stream.may_change.replace(false);
    let start = wanted(0)?;
    let length = match args.get(1) {
        _ if start >= bytes.len() => None,
        None | Some(Arg::Stop) => Some(bytes.len() - start),
        Some(_) => Some(wanted(1)?),
    };
    stream.may_change.set(may_change);
    match length.filter(|length| *length <= bytes.len() - start) {
        Some(length) => Some(Value::Bin(&bytes[start..start + length])),
        None if stream.is_final() => Some(Value::Bin(bytes.get(start..).unwrap_or(b""))),
        None => None,
    }
}

fn has_ctl<'a>(_: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    // A bit a control character; the last one is DEL's.
    let wanted: u64 = match text_arg(args, 0) {
        None | Some(b"") => 0x1_ffff_fdff,
        Some(b"any") => 0x1_ffff_ffff,
        Some(b"http") => 0x2401,
        Some(text) => base::bytes::leading_c_number(text).0 as u64,
    };
    let is_wanted = |byte: &u8| match byte {
        0..32 => wanted >> byte & 1 == 1,
        127 => wanted >> 32 & 1 == 1,
        _ => false,
    };
    Some(Value::Bool(bytes_of(value)?.iter().any(is_wanted)))
}

/// The time does not tell where the values differ.
fn secure_memcmp<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let other = variable_arg(stream, args, 0)?.cast(Bin, &stream.arena)?;
    let (this, other) = (bytes_of(value)?, bytes_of(other)?);
    let differing = this.iter().zip(other).fold(0u8, |bits, (a, b)| bits | (a ^ b));
    Some(Value::Bool(this.len() == other.len() && std::hint::black_box(differing) == 0))
}

/// How the chunks of a value are written.
struct Chunks<'a> {
    separator: &'a [u8],
    size: usize,
    /// A shorter rest is left out.
    whole: bool,
}

impl<'a> Chunks<'a> {
    /// Without a size it is one chunk.
    fn new(args: &'a [Arg], bytes: &[u8]) -> Self {
        // HAProxy counts in 32 bits.
        let size = int_arg(args, 1).unwrap_or(0) as i32;
        let size = usize::try_from(size).ok().filter(|size| *size > 0);
        Self {
            separator: text_arg(args, 0).unwrap_or(b""),
            size: size.unwrap_or(bytes.len().max(1)),
            whole: int_arg(args, 2).unwrap_or(0) != 0,
        }
    }

    /// As many chunks as a buffer holds, with `spare` bytes left. One takes at most `longest` and is
    /// tried where there is room for `least`.
    fn write<'s>(
        &self,
        stream: &'s Stream,
        bytes: &[u8],
        (least, longest, spare): (usize, usize, usize),
        write: impl Fn(&[u8], &mut Room),
    ) -> &'s [u8] {
        let limit = stream.plan.config.global.tune.bufsize;
        let count = bytes.len().div_ceil(self.size);
        let each = longest + self.separator.len();
        let mut room = Room::new(&stream.arena, count.saturating_mul(each).min(limit + each));
        for chunk in bytes.chunks(self.size).filter(|chunk| !self.whole || chunk.len() == self.size) {
            let separator = if room.filled() > 0 { self.separator } else { b"" };
            let start = room.filled();
            if start + least + separator.len() > limit {
                break;
            }
            room.extend(separator);
            write(chunk, &mut room);
            if room.filled() + spare > limit {
                room.truncate(start);
                break;
            }
        }
        room.finish()
    }
}

/// Numbers in decimal.
fn decimals<'a>(
    stream: &'a Stream,
    args: &'a [Arg],
    value: Value<'a>,
    number: fn(&[u8]) -> u64,
) -> Option<Value<'a>> {
    const DIGITS: usize = 20;
    let bytes = bytes_of(value)?;
    let text = Chunks::new(args, bytes).write(stream, bytes, (2, DIGITS, 1), |chunk, room| {
        room.decimal(number(chunk));
    });
    Some(Value::Str(text))
}

fn be2dec<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    decimals(stream, args, value, |chunk| chunk.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

fn le2dec<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    decimals(stream, args, value, |chunk| {
        chunk.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
    })
}

fn be2hex<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let bytes = bytes_of(value)?;
    let chunks = Chunks::new(args, bytes);
    // A size that is too large for 32 bits.
    let is_too_large = int_arg(args, 1).is_some_and(|size| size > 0 && size as i32 <= 0);
    if is_too_large {
        return None;
    }
    let each = chunks.size.saturating_mul(2);
    if each.saturating_add(chunks.separator.len()) > stream.plan.config.global.tune.bufsize {
        return None;
    }
    let text = chunks.write(stream, bytes, (each, each, 0), |chunk, room| {
        chunk.iter().for_each(|byte| push_hex(*byte, room));
    });
    Some(Value::Str(text))
}
