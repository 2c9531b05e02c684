//! The FIX protocol of financial exchanges: fields `tag=value`, each ended by a byte 1.

use ir::spec::ArgType;
use ir::types::SampleType::{Bin, Bool};
use state::sample::Arg;
use state::{Stream, Value};

use super::{Decision, bytes_of, text_arg};
use crate::checks;
use crate::row::{Converter, Example};

const LOGON: &str = "8=FIX.4.2\x019=5\x0135=A\x0110=178\x01";

pub const ROWS: &[Converter] = &[
    Converter::new("fix_is_valid", Bin, Bool, "Whether it is a FIX message", is_valid).examples(&[
        Example::new(LOGON, &[], "1"),
        Example::new("8=FIX.4.2\x019=5\x0135=A\x0110=179\x01", &[], "0"),
        Example::new("8=FIX.9.9\x019=5\x0135=A\x0110=178\x01", &[], "0"),
        Example::none("8=FIX.4.2\x019=5\x0135=A", &[]),
    ]),
    Converter::new("fix_tag_value", Bin, Bin, "A field of a FIX message, by its number or name", tag_value)
        .args(1, &[ArgType::Str])
        .check(checks::fix_tag)
        .examples(&[
            Example::new(LOGON, &["35"], "A"),
            Example::new(LOGON, &["msgtype"], "A"),
            Example::none(LOGON, &["49"]),
        ]),
];

const DELIMITER: u8 = 1;
/// No message is shorter.
const SHORTEST: usize = 26;

const BEGIN_STRING: u32 = 8;
const BODY_LENGTH: u32 = 9;
const CHECK_SUM: u32 = 10;
const MESSAGE_TYPE: u32 = 35;

/// The versions with their greatest tags. The last one stands for all of version 5.
const VERSIONS: [(&[u8], u32); 6] = [
    (b"FIX.4.0", 140),
    (b"FIX.4.1", 211),
    (b"FIX.4.2", 446),
    (b"FIX.4.3", 659),
    (b"FIX.4.4", 956),
    (b"FIXT.1.1", 1621),
];

/// Tags that those who speak the protocol may agree on, in all versions.
const USER_DEFINED: std::ops::RangeInclusive<u32> = 10_000..=19_999;

/// A field of a message.
struct Field<'a> {
    tag: &'a [u8],
    value: &'a [u8],
    /// With the delimiter.
    length: usize,
}

/// The field at the start of `rest`, of which the value may be empty. `More`: it is not
/// complete. `No`: it has no tag.
fn field(rest: &[u8]) -> Decision<Field<'_>> {
    let Some(equals) = memchr::memchr(b'=', rest) else { return Decision::More };
    let value = &rest[equals + 1..];
    match memchr::memchr(DELIMITER, value) {
        None => Decision::More,
        Some(_) if equals == 0 => Decision::No,
        Some(end) => {
            Decision::Yes(Field { tag: &rest[..equals], value: &value[..end], length: equals + end + 2 })
        }
    }
}

/// Digits alone; large numbers wrap as they do in 32 bits.
fn number(digits: &[u8]) -> Option<u32> {
    let add = |number: u32, digit: &u8| number.wrapping_mul(10).wrapping_add(u32::from(digit - b'0'));
    digits.iter().all(u8::is_ascii_digit).then(|| digits.iter().fold(0, add))
}

fn tag_number(tag: &[u8]) -> Option<u32> {
    number(tag).filter(|tag| *tag > 0)
}

fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

/// What was read of a message.
struct Message {
    greatest_tag: u32,
    body_length: u32,
    body_start: usize,
    sum: u8,
}

/// Whether a complete message has the right first three and last fields, tags of its version,
/// the length that it says and the right sum.
fn validate(bytes: &[u8]) -> Decision<()> {
    if bytes.len() < SHORTEST {
        return Decision::More;
    }
    let mut message = Message { greatest_tag: u32::MAX, body_length: 0, body_start: 0, sum: 0 };
    let mut at = 0;
    for count in 1.. {
        if at >= bytes.len() {
            break;
        }
        let field = match field(&bytes[at..]) {
            Decision::Yes(field) => field,
            Decision::More => return Decision::More,
            Decision::No => return Decision::No,
        };
        let next = at + field.length;
        let known = |tag: &u32| *tag <= message.greatest_tag || USER_DEFINED.contains(tag);
        let Some(tag) = tag_number(field.tag).filter(known) else { return Decision::No };
        let is_right = match (count, tag) {
            (1, BEGIN_STRING) => take_version(&mut message, field.value),
            (2, BODY_LENGTH) => {
                message.body_start = next;
                message.body_length = number(field.value).unwrap_or(0);
                message.body_length > 0
            }
            (1..=2, _) => false,
            (3, tag) => tag == MESSAGE_TYPE,
            (_, CHECK_SUM) => return is_last(&message, at, field.value),
            _ => true,
        };
        if !is_right {
            return Decision::No;
        }
        message.sum = message.sum.wrapping_add(sum(&bytes[at..next]));
        at = next;
    }
    if message.body_start > 0 { Decision::More } else { Decision::No }
}

fn take_version(message: &mut Message, version: &[u8]) -> bool {
    let found = VERSIONS.iter().find(|(name, _)| *name == version);
    message.greatest_tag = found.map_or(0, |(_, greatest)| *greatest);
    found.is_some()
}

/// Whether the sum at `at`, three digits, ends the message rightly.
fn is_last(message: &Message, at: usize, digits: &[u8]) -> Decision<()> {
    let length_is_right = u32::try_from(at - message.body_start) == Ok(message.body_length);
    let sum_is_right = digits.len() == 3 && number(digits) == Some(u32::from(message.sum));
    if length_is_right && sum_is_right { Decision::Yes(()) } else { Decision::No }
}

fn is_valid<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    validate(bytes_of(value)?).into_answer(stream)
}

fn wanted_tag(args: &[Arg]) -> Option<u32> {
    const NAMES: [(&[u8], u32); 6] = [
        (b"MsgType", MESSAGE_TYPE),
        (b"CheckSum", CHECK_SUM),
        (b"BodyLength", BODY_LENGTH),
        (b"TargetCompID", 56),
        (b"BeginString", BEGIN_STRING),
        (b"SenderCompID", 49),
    ];
    let tag = text_arg(args, 0)?;
    let named = || NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(tag)).map(|(_, tag)| *tag);
    tag_number(tag).or_else(named)
}

/// The first field of that tag in front of the sum. An empty one counts as not there yet.
fn find(bytes: &[u8], wanted: u32) -> Decision<&[u8]> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let field = match field(rest) {
            Decision::Yes(field) => field,
            Decision::More => return Decision::More,
            Decision::No => return Decision::No,
        };
        match tag_number(field.tag) {
            Some(tag) if tag == wanted && field.value.is_empty() => return Decision::More,
            Some(tag) if tag == wanted => return Decision::Yes(field.value),
            None | Some(CHECK_SUM) => return Decision::No,
            Some(_) => rest = &rest[field.length..],
        }
    }
    Decision::More
}

fn tag_value<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    find(bytes_of(value)?, wanted_tag(args)?).settle(stream).map(Value::Bin)
}
