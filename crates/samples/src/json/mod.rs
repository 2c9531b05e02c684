//! Finds a value in JSON by a path as `$.a.b[0]`, where a backslash takes a dot or a bracket of a key
//! for what it is. The text is read from its start and only as far as needed: what stands behind the
//! value may be wrong. What is taken for JSON, and what for a path, is what HAProxy's reader takes.
//!
//! Left out: all values of an array, or of keys that are not known.

pub mod number;
mod reader;

use bumpalo::Bump;

use crate::room::Room;
use reader::{Piece, Reader, Token};

/// A value, as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// The text from the number on, and how many bytes of it are the number.
    Number(&'a [u8], usize),
    Bool(bool),
    Null,
    /// What stands between the quotes.
    Str(&'a [u8]),
    Array(&'a [u8]),
    Object(&'a [u8]),
}

/// The value at `path`.
pub fn find<'a>(json: &'a [u8], path: &[u8]) -> Option<Found<'a>> {
    let mut search = Search::new(path.strip_prefix(b"$")?);
    Reader::new(json).find_map(|piece| search.meet(json, &piece).err())?
}

/// The text at `path`, without its escapes.
pub fn text<'a>(json: &[u8], path: &[u8], arena: &'a Bump) -> Option<&'a [u8]> {
    match find(json, path)? {
        Found::Str(raw) => unescape(raw, arena),
        _ => None,
    }
}

/// A text without its escapes, of which only those of a byte each are known.
pub fn unescape<'a>(raw: &[u8], arena: &'a Bump) -> Option<&'a [u8]> {
    let mut room = Room::new(arena, raw.len());
    let mut rest = raw;
    while let [byte, behind @ ..] = rest {
        let (byte, behind) = match (byte, behind) {
            (b'\\', [b'u', digits @ ..]) if digits.len() >= 4 => {
                let (code, behind) = digits.split_at(4);
                let [b'0', b'0', high, low] = code else { return None };
                (nibble(*high) << 4 | nibble(*low), behind)
            }
            (b'\\', [letter, behind @ ..]) => (escaped(*letter)?, behind),
            (byte, behind) => (*byte, behind),
        };
        room.push(byte);
        rest = behind;
    }
    Some(room.finish())
}

fn escaped(letter: u8) -> Option<u8> {
    Some(match letter {
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'\\' | b'"' => letter,
        _ => return None,
    })
}

/// The value of a hexadecimal digit. What is none gives a number too, as it does for HAProxy.
fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'A'..=b'F' => digit - b'7',
        _ => digit.wrapping_sub(b'W'),
    }
}

/// How far a path was followed.
struct Search<'p> {
    /// The part of the path that is not met yet.
    rest: &'p [u8],
    /// Objects and arrays around the place.
    depth: usize,
    /// Steps of the path that were met.
    met: usize,
    /// Elements of an array that were passed, and how many the path wants to pass.
    passed: i64,
    wanted: i64,
    /// Where the object or array at the path's end begins.
    start: Option<usize>,
}

/// The search is over.
type Over<'a> = Result<(), Option<Found<'a>>>;

impl<'p> Search<'p> {
    fn new(rest: &'p [u8]) -> Self {
        Self { rest, depth: 0, met: 0, passed: 0, wanted: 0, start: None }
    }

    /// Whether the place is where the whole path leads.
    fn is_there(&self) -> bool {
        self.rest.is_empty() && self.depth == self.met
    }

    fn meet<'a>(&mut self, json: &'a [u8], piece: &Piece) -> Over<'a> {
        let text = &json[piece.start..piece.end];
        match piece.token {
            Token::Open(bracket) => {
                if bracket == b'[' && self.depth == self.met && self.rest.first() == Some(&b'[') {
                    self.enter_array()?;
                }
                if self.is_there() {
                    self.start = Some(piece.start);
                }
                self.depth += 1;
            }
            Token::Comma if self.depth == self.met + 1 => {
                self.passed += 1;
                if self.passed == self.wanted {
                    let end = memchr::memchr(b']', self.rest).ok_or(None)?;
                    self.step(end + 1);
                }
            }
            Token::Key => self.meet_key(&text[1..text.len() - 1])?,
            Token::Close(bracket) => {
                self.depth -= 1;
                if let Some(start) = self.start.filter(|_| self.is_there()) {
                    let text = &json[start..piece.end];
                    return Err(Some(match bracket {
                        b'[' => Found::Array(text),
                        _ => Found::Object(text),
                    }));
                }
            }
            Token::Value(kind) if self.is_there() => {
                return Err(Some(match kind {
                    b'"' => Found::Str(&text[1..text.len() - 1]),
                    b't' | b'f' => Found::Bool(kind == b't'),
                    b'n' => Found::Null,
                    _ => Found::Number(&json[piece.start..], text.len()),
                }));
            }
            Token::Comma | Token::Colon | Token::Value(_) => {}
        }
        Ok(())
    }

    /// A step of the path was met; its text is so long.
    fn step(&mut self, len: usize) {
        self.rest = &self.rest[len..];
        self.met += 1;
    }

    /// The path wants an element of the array that begins here.
    fn enter_array<'a>(&mut self) -> Over<'a> {
        self.passed = 0;
        self.wanted = number::read(&self.rest[1..]).0 as i64;
        if self.wanted == 0 {
            const FIRST: usize = "[0]".len();
            if self.rest.len() < FIRST {
                return Err(None);
            }
            self.step(FIRST);
        }
        Ok(())
    }

    fn meet_key<'a>(&mut self, key: &[u8]) -> Over<'a> {
        if self.depth == self.met + 1
            && let Some(path) = self.rest.strip_prefix(b".")
            && let Some(len) = begins(path, key)
        {
            self.step(1 + len);
            Ok(())
        } else if self.depth == self.met {
            // The object around the last step has no such key behind it.
            Err(None)
        } else {
            Ok(())
        }
    }
}

/// The length of the path's first name where it is `key`.
fn begins(path: &[u8], key: &[u8]) -> Option<usize> {
    let mut at = 0;
    let mut key = key.iter();
    while let Some(byte) = path.get(at).filter(|byte| !matches!(byte, b'.' | b'[')) {
        at += usize::from(*byte == b'\\');
        if key.next() != Some(path.get(at)?) {
            return None;
        }
        at += 1;
    }
    key.next().is_none().then_some(at)
}

#[cfg(test)]
mod tests;
