//! Base64 in both alphabets (RFC 4648).

use bumpalo::Bump;
use ir::types::SampleType::{Bin, Str};
use state::sample::Arg;
use state::{Stream, Value};

use crate::room::Room;
use crate::row::{Converter, Example};

pub const ROWS: &[Converter] = &[
    Converter::new("b64dec", Str, Bin, "Decodes base64", b64dec).examples(&[
        Example::new("YWI=", &[], "ab"),
        Example::none("YWI", &[]),
        Example::none("Y!I=", &[]),
    ]),
    Converter::new("base64", Bin, Str, "Encodes in base64", base64)
        .examples(&[Example::new("ab", &[], "YWI="), Example::new("", &[], "")]),
    Converter::new("ub64dec", Str, Bin, "Decodes base64 in the alphabet of URLs", ub64dec)
        .examples(&[Example::new("YWI", &[], "ab"), Example::new("fn5-Pz8_", &[], "~~~???")]),
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

fn decode_digits<'a>(text: &[u8], alphabet: &[u8; 64], arena: &'a Bump) -> Option<&'a [u8]> {
    let mut room = Room::new(arena, text.len() * 3 / 4);
    for chunk in text.chunks(4) {
        if chunk.len() == 1 {
            return None;
        }
        let mut group = 0u32;
        for byte in chunk {
            group = group << 6 | digit(*byte, alphabet)?;
        }
        group <<= 6 * (4 - chunk.len());
        room.extend(&group.to_be_bytes()[1..chunk.len()]);
    }
    Some(room.finish())
}

/// Padded base64 in the standard alphabet.
pub fn decode<'a>(text: &[u8], arena: &'a Bump) -> Option<&'a [u8]> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let digits = text.strip_suffix(b"==").or(text.strip_suffix(b"=")).unwrap_or(text);
    decode_digits(digits, STANDARD, arena)
}

/// Padded base64 in the standard alphabet.
pub fn encode_standard<'a>(bytes: &[u8], arena: &'a Bump) -> &'a [u8] {
    encode(bytes, STANDARD, true, arena)
}

fn bytes(value: Value<'_>) -> Option<&[u8]> {
    match value {
        Value::Str(bytes) | Value::Bin(bytes) => Some(bytes),
        _ => None,
    }
}

fn b64dec<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    decode(bytes(value)?, &stream.arena).map(Value::Bin)
}

fn base64<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    Some(Value::Str(encode(bytes(value)?, STANDARD, true, &stream.arena)))
}

fn ub64dec<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let text = bytes(value)?;
    let digits = text.strip_suffix(b"==").or(text.strip_suffix(b"=")).unwrap_or(text);
    decode_digits(digits, URL, &stream.arena).map(Value::Bin)
}

fn ub64enc<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    Some(Value::Str(encode(bytes(value)?, URL, false, &stream.arena)))
}
