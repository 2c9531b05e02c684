//! The pieces of a JSON text, one after the other.

use super::number;

/// How deep objects and arrays may stand in each other.
const DEEPEST: u32 = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// With its bracket, `{` or `[`; an end has that of its beginning.
    Open(u8),
    Close(u8),
    Key,
    Colon,
    Comma,
    /// With its first letter.
    Value(u8),
}

/// A token and where it stands.
pub struct Piece {
    pub token: Token,
    pub start: usize,
    pub end: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    Value,
    Key,
    Colon,
    CommaOrEnd,
    Nothing,
}

/// Ends behind the first value, and in front of what is wrong. A comma may stand in front of an end.
pub struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    expected: Expected,
    depth: u32,
    /// A bit for each level, from the lowest on: 1 is an object.
    objects: u32,
}

impl<'a> Reader<'a> {
    pub fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, expected: Expected::Value, depth: 0, objects: 0 }
    }

    /// Whether the innermost of what is open is an object, when something is.
    fn in_object(&self) -> Option<bool> {
        let level = self.depth.checked_sub(1)?;
        Some(self.objects >> level & 1 == 1)
    }

    fn open(&mut self, bracket: u8) -> Option<Token> {
        if self.depth == DEEPEST {
            return None;
        }
        let bit = 1 << self.depth;
        let is_object = bracket == b'{';
        self.objects = if is_object { self.objects | bit } else { self.objects & !bit };
        self.depth += 1;
        self.expected = if is_object { Expected::Key } else { Expected::Value };
        Some(Token::Open(bracket))
    }

    fn close(&mut self, bracket: u8) -> Option<Token> {
        let is_object = self.in_object()?;
        if is_object != (bracket == b'}') {
            return None;
        }
        self.depth -= 1;
        self.after_value();
        Some(Token::Close(if is_object { b'{' } else { b'[' }))
    }

    fn after_value(&mut self) {
        self.expected = if self.depth == 0 { Expected::Nothing } else { Expected::CommaOrEnd };
    }

    /// A value that begins with this byte, with its length.
    fn value(&mut self, first: u8) -> Option<(Token, usize)> {
        let rest = &self.text[self.at..];
        let len = match first {
            b'{' | b'[' => return Some((self.open(first)?, 1)),
            b']' => return Some((self.close(first)?, 1)),
            b't' if rest.starts_with(b"true") => 4,
            b'n' if rest.starts_with(b"null") => 4,
            b'f' if rest.starts_with(b"false") => 5,
            // May be nothing, as of `1.`: then the same byte comes again and is wrong.
            b'-' | b'0'..=b'9' => number::read(rest).1,
            b'"' => string(rest)?,
            _ => return None,
        };
        self.after_value();
        Some((Token::Value(first), len))
    }

    fn token(&mut self, first: u8) -> Option<(Token, usize)> {
        match (self.expected, first) {
            (Expected::Value, _) => self.value(first),
            (Expected::Key, b'"') => {
                self.expected = Expected::Colon;
                Some((Token::Key, string(&self.text[self.at..])?))
            }
            (Expected::Colon, b':') => {
                self.expected = Expected::Value;
                Some((Token::Colon, 1))
            }
            (Expected::CommaOrEnd, b',') => {
                self.expected = if self.in_object()? { Expected::Key } else { Expected::Value };
                Some((Token::Comma, 1))
            }
            (Expected::Key, b'}') | (Expected::CommaOrEnd, b']' | b'}') => Some((self.close(first)?, 1)),
            _ => None,
        }
    }
}

impl Iterator for Reader<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        let is_space = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        let start = self.at + self.text[self.at..].iter().take_while(is_space).count();
        self.at = start;
        let (token, len) = self.token(*self.text.get(start)?)?;
        self.at = start + len;
        Some(Piece { token, start, end: self.at })
    }
}

/// The length of a string with its quotes.
fn string(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match text.get(at)? {
            b'"' => return Some(at + 1),
            0 => return None,
            b'\\' if matches!(text.get(at + 1), Some(b'\\' | b'"')) => at += 2,
            _ => at += 1,
        }
    }
}
