//! Fields of Protocol Buffers messages, and of those that gRPC carries.

use ir::spec::ArgType;
use ir::types::SampleType::Bin;
use state::sample::Arg;
use state::{Stream, Value};

use super::{bytes_of, text_arg};
use crate::checks;
use crate::row::{Converter, Example};

const FIELD: &[ArgType] = &[ArgType::PbField, ArgType::Str];

/// Fields: 1 is 150, 2 a message with a text in 3, 4 a float of -2.5, 5 a double of 1e3,
/// 6 a zigzag -3.
const MESSAGE: &str = "08960112051a03616263250000\
                       20c0290000000000408f403005";

pub const ROWS: &[Converter] = &[
    Converter::new("protobuf", Bin, Bin, "A field of a Protocol Buffers message, by its path", protobuf)
        .args(1, FIELD)
        .check(checks::protobuf_type)
        .examples(&[
            Example::hex(MESSAGE, &["1", "int32"], "150"),
            Example::hex(MESSAGE, &["1"], "9601"),
            Example::hex(MESSAGE, &["2.3"], "abc"),
            Example::hex(MESSAGE, &["4", "float"], "4294967294"),
            Example::hex(MESSAGE, &["5", "double"], "1000"),
            Example::hex(MESSAGE, &["6", "sint32"], "-3"),
            Example::hex_none(MESSAGE, &["1", "fixed32"]),
            Example::hex_none(MESSAGE, &["7"]),
            Example::hex_none("0896", &["1", "int32"]),
        ]),
    Converter::new("ungrpc", Bin, Bin, "A field of one of the messages of a gRPC body", ungrpc)
        .args(1, FIELD)
        .check(checks::protobuf_type)
        .examples(&[
            Example::hex("0000000003089601", &["1", "uint64"], "150"),
            Example::hex("000000000210010000000003089601", &["1", "uint64"], "150"),
            Example::hex_none("0000000004089601", &["1", "uint64"]),
        ]),
];

/// How a field is written.
#[derive(Clone, Copy)]
enum Wire<'a> {
    /// A number of seven bits a byte: its bytes.
    Varint(&'a [u8]),
    Eight([u8; 8]),
    Block(&'a [u8]),
    Four([u8; 4]),
}

/// What is still to be read of a message.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// At most ten bytes. Behind the end stands an empty one, which is 0.
    fn varint_bytes(&mut self) -> Option<&'a [u8]> {
        const LONGEST: usize = 10;
        let last = self.0.iter().take(LONGEST).position(|byte| byte & 0x80 == 0);
        match last {
            Some(last) => self.take(last + 1),
            None if self.0.is_empty() => Some(b""),
            None => None,
        }
    }

    /// The number and the content of the next field.
    fn field(&mut self) -> Option<(u32, Wire<'a>)> {
        let key = varint(self.varint_bytes()?);
        let wire = match key & 7 {
            0 => Wire::Varint(self.varint_bytes()?),
            1 => Wire::Eight(self.take(8)?.try_into().ok()?),
            2 => {
                let length = varint(self.varint_bytes()?);
                Wire::Block(self.take(usize::try_from(length).ok()?)?)
            }
            5 => Wire::Four(self.take(4)?.try_into().ok()?),
            _ => return None,
        };
        Some(((key >> 3) as u32, wire))
    }
}

fn varint(bytes: &[u8]) -> u64 {
    let add = |number, (at, byte): (u32, &u8)| number | u64::from(byte & 0x7f) << (7 * at);
    (0..).zip(bytes).fold(0, add)
}

/// The whole part. HAProxy keeps floats in unsigned integers, as the processor converts them.
fn whole(number: f64) -> u64 {
    const TOO_LARGE: f64 = 18_446_744_073_709_551_616.0;
    match number {
        _ if number >= TOO_LARGE => 0,
        _ if number >= TOO_LARGE / 2.0 => number as u64,
        _ if number >= -TOO_LARGE / 2.0 => number as i64 as u64,
        _ => 1 << 63,
    }
}

impl<'a> Wire<'a> {
    /// The value as a type of the language; `None` where the types do not fit. Without a type
    /// it is the bytes.
    fn value(self, stream: &'a Stream, kind: Option<&[u8]>) -> Option<Value<'a>> {
        let number = match (self, kind) {
            (Self::Varint(bytes) | Self::Block(bytes), None) => return Some(Value::Bin(bytes)),
            (Self::Eight(bytes), None) => return Some(Value::Bin(stream.arena.alloc(bytes))),
            (Self::Four(bytes), None) => return Some(Value::Bin(stream.arena.alloc(bytes))),
            (Self::Varint(bytes), Some(b"int32" | b"uint32" | b"int64" | b"uint64" | b"bool" | b"enum")) => {
                varint(bytes) as i64
            }
            (Self::Varint(bytes), Some(b"sint32" | b"sint64")) => {
                let zigzag = varint(bytes);
                (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64)
            }
            (Self::Eight(bytes), Some(b"fixed64" | b"sfixed64")) => i64::from_le_bytes(bytes),
            (Self::Eight(bytes), Some(b"double")) => whole(f64::from_le_bytes(bytes)) as i64,
            (Self::Four(bytes), Some(b"fixed32")) => i64::from(u32::from_le_bytes(bytes)),
            (Self::Four(bytes), Some(b"sfixed32")) => i64::from(i32::from_le_bytes(bytes)),
            (Self::Four(bytes), Some(b"float")) => {
                i64::from(whole(f64::from(f32::from_le_bytes(bytes))) as u32)
            }
            _ => return None,
        };
        Some(Value::Sint(number))
    }
}

/// A number of a path; one that is left out is 0.
fn step(digits: &[u8]) -> u32 {
    let add =
        |number: u32, digit: &u8| number.wrapping_mul(10).wrapping_add(u32::from(digit.wrapping_sub(b'0')));
    digits.iter().fold(0, add)
}

/// The first field of that path. Where a message on the way has no such field, no later one of
/// its number is looked into.
fn look_up<'a>(stream: &'a Stream, args: &[Arg], message: &'a [u8]) -> Option<Value<'a>> {
    let mut path = text_arg(args, 0)?.split(|byte| *byte == b'.').map(step).peekable();
    let mut reader = Reader(message);
    let mut wanted = path.next()?;
    while !reader.0.is_empty() {
        let (number, wire) = reader.field()?;
        if number != wanted {
            continue;
        }
        match (path.next(), wire) {
            (None, wire) => return wire.value(stream, text_arg(args, 1)),
            (Some(next), Wire::Block(inner)) => (wanted, reader) = (next, Reader(inner)),
            _ => return None,
        }
    }
    None
}

fn protobuf<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    look_up(stream, args, bytes_of(value)?)
}

/// In front of each message stand a byte that tells whether it is compressed, which is not
/// looked at, and its length in four.
fn ungrpc<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let mut reader = Reader(bytes_of(value)?);
    while reader.0.len() > 5 {
        let header = reader.take(5)?;
        let length = u32::from_be_bytes(header[1..].try_into().ok()?);
        let message = reader.take(usize::try_from(length).ok()?)?;
        if let Some(value) = look_up(stream, args, message) {
            return Some(value);
        }
    }
    None
}
