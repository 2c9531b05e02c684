//! Texts as they stand inside of a JSON string (RFC 8259, section 7).

use ir::spec::ArgType;
use ir::types::SampleType::Str;
use state::sample::Arg;
use state::{Stream, Value};

use super::{text_arg, text_of};
use crate::checks;
use crate::room::Room;
use crate::row::{Converter, Example};

pub const ROWS: &[Converter] = &[Converter::new("json", Str, Str, "The text escaped for JSON", json)
    .args(1, &[ArgType::Str])
    .check(checks::json_encoding)
    .examples(&[
        Example::new("a\"/\\\n\u{1}", &["ascii"], "a\\\"\\/\\\\\\n\\u0001"),
        Example::new("é", &["ascii"], "\\u00c3\\u00a9"),
        Example::new("é", &["utf8s"], "\\u00e9"),
        Example::hex("61e962", &["utf8s"], "ab"),
        Example::hex_none("61e962", &["utf8"]),
        Example::hex_none("61e962", &["utf8p"]),
        Example::hex("61c1a9", &["utf8p"], "ai"),
        Example::hex("61e962", &["utf8ps"], "ab"),
        Example::none("😀", &["utf8"]),
        Example::new("a😀", &["utf8s"], "a"),
    ])];

/// Why a character cannot be taken.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    /// It has more bytes than it needs.
    Long,
    /// Half of a pair, or no character.
    Range,
    /// A byte that does not belong there.
    Sequence,
}

/// The character at the start of `text`, what is wrong with it, and how many bytes it takes.
fn decode(text: &[u8]) -> (u32, Option<Fault>, usize) {
    let [first, rest @ ..] = text else { return (0, None, 1) };
    let (more, bits) = match first {
        0..0x80 => return (u32::from(*first), None, 1),
        0xc0..0xe0 => (1, first & 0x1f),
        0xe0..0xf0 => (2, first & 0x0f),
        0xf0..0xf8 => (3, first & 0x07),
        0xf8..0xfc => (4, first & 0x03),
        0xfc..0xfe => (5, first & 0x01),
        _ => return (u32::from(*first), Some(Fault::Sequence), 1),
    };
    let Some(rest) = rest.get(..more) else { return (u32::from(*first), Some(Fault::Sequence), 1) };
    let mut character = u32::from(bits);
    for (at, byte) in rest.iter().enumerate() {
        if byte & 0xc0 != 0x80 {
            return (character, Some(Fault::Sequence), at + 1);
        }
        character = character << 6 | u32::from(byte & 0x3f);
    }
    let needed = match character {
        0..0x80 => 1,
        0x80..0x800 => 2,
        0x800..0x1_0000 => 3,
        0x1_0000..0x20_0000 => 4,
        _ => more + 1,
    };
    let fault = match character {
        0xd800..0xe000 | 0xfffe..=0xffff => Some(Fault::Range),
        _ => (more + 1 > needed).then_some(Fault::Long),
    };
    (character, fault, more + 1)
}

/// Escapes the slash too, and everything outside of ASCII. The argument says how the input is
/// encoded: `utf8` refuses what is wrong, with a `p` not what is too long, and with an `s`
/// leaves out what would be refused. Characters above 65535 are always wrong.
fn json<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let text = text_of(value)?;
    let (is_unicode, is_permissive, is_silent) = match text_arg(args, 0).unwrap_or(b"") {
        b"utf8" => (true, false, false),
        b"utf8s" => (true, false, true),
        b"utf8p" => (true, true, false),
        b"utf8ps" => (true, true, true),
        _ => (false, false, false),
    };
    let mut room = Room::new(&stream.arena, text.len() * 6);
    let mut rest = text;
    while let [first, ..] = rest {
        let (character, fault, length) = if is_unicode { decode(rest) } else { (u32::from(*first), None, 1) };
        rest = &rest[length..];
        let is_tolerated = fault.is_none() || (is_permissive && fault == Some(Fault::Long));
        match u16::try_from(character) {
            Ok(unit) if is_tolerated => escape(unit, &mut room),
            _ if is_silent => {}
            _ => return None,
        }
    }
    super::within_buffer(stream, room.finish()).map(Value::Str)
}

fn escape(unit: u16, room: &mut Room) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let short = match unit {
        0x22 => b'"',
        0x5c => b'\\',
        0x2f => b'/',
        0x08 => b'b',
        0x0c => b'f',
        0x0a => b'n',
        0x0d => b'r',
        0x09 => b't',
        0x20..0x7f => return room.push(unit as u8),
        _ => {
            room.extend(b"\\u");
            return [12, 8, 4, 0].iter().for_each(|shift| room.push(DIGITS[usize::from(unit >> shift & 15)]));
        }
    };
    room.extend(&[b'\\', short]);
}
