//! Base64 in both alphabets (RFC 4648).

use bumpalo::Bump;
use ir::types::SampleType::{Bin, Str};
use state::sample::Arg;
use state::{Stream, Value};

use super::{bytes_of, within_buffer};
use crate::room::Room;
use crate::row::{Converter, Example};

pub const ROWS: &[Converter] = &[
    Converter::new("b64dec", Str, Bin, "Decodes base64", b64dec).examples(&[
        Example::new("YWI=", &[], "ab"),
        Example::none("YWI", &[]),
        Example::none("Y!I=", &[]),
        Example::new("YQ==YWI=", &[], "aab"),
        Example::new("YWI=Y===", &[], "ab"),
        Example::none("YWI=====", &[]),
        Example::none("YQ=A", &[]),
    ]),
    Converter::new("base64", Bin, Str, "Encodes in base64", base64)
        .examples(&[Example::new("ab", &[], "YWI="), Example::new("", &[], "")]),
    Converter::new("ub64dec", Str, Bin, "Decodes base64 in the alphabet of URLs", ub64dec).examples(&[
        Example::new("YWI", &[], "ab"),
        Example::new("fn5-Pz8_", &[], "~~~???"),
        Example::new("YWI=", &[], "ab?"),
        Example::new("", &[], ""),
        Example::none("Y", &[]),
        Example::none("YW+", &[]),
    ]),
    Converter::new(
        "ub64enc",
        Bin,
        Str,
        "Encodes in base64 in the alphabet of URLs, without padding",
        ub64enc,
    )
    .examples(&[Example::new("ab", &[], "YWI"), Example::new("~~~???", &[], "fn5-Pz8_")]),
];

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn encode<'a>(bytes: &[u8], alphabet: &[u8; 64], padding: bool, arena: &'a Bump) -> &'a [u8] {
    let mut room = Room::new(arena, bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().fold(0u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for index in 0..4 {
            if index <= chunk.len() {
                room.push(alphabet[(group >> (18 - 6 * index) & 63) as usize]);
            } else if padding {
                room.push(b'=');
            }
        }
    }
    room.finish()
}

fn digit(byte: u8, alphabet: &[u8; 64]) -> Option<u32> {
    Some(match byte {
        b'A'..=b'Z' => u32::from(byte - b'A'),
        b'a'..=b'z' => u32::from(byte - b'a') + 26,
        b'0'..=b'9' => u32::from(byte - b'0') + 52,
        _ if byte == alphabet[62] => 62,
        _ if byte == alphabet[63] => 63,
        _ => return None,
    })
}

/// Up to four digits as the bytes they give whole, put to the front of three.
fn group(digits: impl ExactSizeIterator<Item = Option<u32>>) -> Option<[u8; 3]> {
    let missing = 4 - digits.len();
    let group = digits.into_iter().try_fold(0u32, |group, digit| Some(group << 6 | digit?))?;
    let [_, bytes @ ..] = (group << (6 * missing)).to_be_bytes();
    Some(bytes)
}

/// Base64 in the standard alphabet, in groups of four of which each may be padded.
pub fn decode<'a>(text: &[u8], arena: &'a Bump) -> Option<&'a [u8]> {
    let mut room = Room::new(arena, text.len() / 4 * 3);
    for chunk in text.chunks(4) {
        let padding = chunk.iter().rev().take_while(|byte| **byte == b'=').count();
        let digits = &chunk[..chunk.len() - padding];
        if chunk.len() < 4 || digits.is_empty() {
            return None;
        }
        let bytes = group(digits.iter().map(|byte| digit(*byte, STANDARD)))?;
        room.extend(&bytes[..digits.len() - 1]);
    }
    Some(room.finish())
}

/// Base64 in the alphabet of URLs without padding. An equals sign is a digit as `_` is, because it is
/// one for HAProxy.
pub fn decode_url<'a>(text: &[u8], arena: &'a Bump) -> Option<&'a [u8]> {
    let mut room = Room::new(arena, text.len().div_ceil(4) * 3);
    for chunk in text.chunks(4) {
        if chunk.len() == 1 {
            return None;
        }
        let value = |byte: &u8| if *byte == b'=' { Some(63) } else { digit(*byte, URL) };
        room.extend(&group(chunk.iter().map(value))?[..chunk.len() - 1]);
    }
    Some(room.finish())
}

/// Padded base64 in the standard alphabet.
pub fn encode_standard<'a>(bytes: &[u8], arena: &'a Bump) -> &'a [u8] {
    encode(bytes, STANDARD, true, arena)
}

fn b64dec<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    decode(bytes_of(value)?, &stream.arena).map(Value::Bin)
}

fn base64<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    within_buffer(stream, encode(bytes_of(value)?, STANDARD, true, &stream.arena)).map(Value::Str)
}

fn ub64dec<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    decode_url(bytes_of(value)?, &stream.arena).map(Value::Bin)
}

fn ub64enc<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    within_buffer(stream, encode(bytes_of(value)?, URL, false, &stream.arena)).map(Value::Str)
}
