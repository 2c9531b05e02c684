//! The body of a message: where it ends, and what is data in it. Chunked framing is
//!
//! ```text
//! size [blanks] [; extensions] CR LF  data CR LF   (repeated)
//! 0    [blanks] [; extensions] CR LF  trailer fields  CR LF
//! ```
//!
//! [`Body::scan`] follows it to forward the bytes as they are but for extensions, which nobody is to
//! understand differently; [`Body::next`] takes it off.
//! Trailers are checked for their syntax here; `parse_trailers` reads them, and only there is one
//! that contradicts the framing (a `content-length` that is no number) refused.

use super::chars::{is_blank, is_token};
use super::error::BodyError;
use crate::message::Framing;
use std::ops::Range;

/// Follows one body over its portions. It holds no bytes.
#[derive(Clone, Debug)]
pub struct Body {
    state: State,
    /// Bytes left of the length or of the chunk.
    left: u64,
    /// Bytes so far of the chunk's head or of the trailers, at most `max_line`.
    line: usize,
    max_line: usize,
    /// Trailer bytes that [`Self::next`] has looked at and left with the caller.
    held: usize,
    /// Payload bytes gone by.
    payload: u64,
    chunked: bool,
}

/// What the next byte belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Fixed,
    UntilClose,
    /// A chunk's size, before its first digit.
    FirstDigit,
    Size,
    SizeGap,
    Extension,
    Quoted,
    Escaped,
    ExtensionEnd,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    FirstTrailer,
    Name,
    Value,
    ValueLf,
    NextTrailer,
    LastLf,
    Done,
}

/// What [`Body::scan`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scan {
    /// Bytes that belong to the body, to be forwarded as they are.
    pub consumed: usize,
    /// Bytes of extensions behind them, not to be forwarded. Scan what follows.
    pub dropped: usize,
    /// The body ended with them.
    pub done: bool,
    /// Trailers follow: [`Body::next`] gives them.
    pub trailers: bool,
}

/// What [`Body::next`] found. Drop `consumed` bytes (after use of the range) before the next call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Payload at `range`; `consumed` is its end.
    Data { range: Range<usize>, consumed: usize },
    /// Nothing more to be had from these bytes: keep those behind `consumed` and append more.
    NeedMore { consumed: usize },
    /// The body is complete. `trailers` is the raw trailer section (empty for a body that is not
    /// chunked, else at least CR LF), for `parse_trailers`.
    End { trailers: Range<usize>, consumed: usize },
}

/// No chunk may be that long: beyond it, languages with floats for integers lose digits.
const MAX_CHUNK: u64 = 1 << 52;

impl Body {
    /// `max_line` bounds the trailer section, and each chunk's size line, in bytes.
    pub fn new(framing: Framing, max_line: usize) -> Self {
        let (state, left) = match framing {
            Framing::None | Framing::Length(0) => (State::Done, 0),
            Framing::Length(length) => (State::Fixed, length),
            Framing::Chunked => (State::FirstDigit, 0),
            Framing::UntilClose | Framing::Tunnel => (State::UntilClose, 0),
        };
        Self { state, left, line: 0, max_line, held: 0, payload: 0, chunked: framing == Framing::Chunked }
    }

    /// Whether the body is complete (at once for [`Framing::None`] and a length of 0; never for
    /// [`Framing::UntilClose`] and [`Framing::Tunnel`]).
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Bytes that surely follow as plain data (rest of the length or of the current chunk):
    /// what may be spliced. `u64::MAX` until close.
    pub fn remaining(&self) -> u64 {
        if self.state == State::UntilClose { u64::MAX } else { self.left.min(u64::MAX - 1) }
    }

    /// Whether it comes in chunks.
    pub fn is_chunked(&self) -> bool {
        self.chunked
    }

    /// Payload bytes gone by so far, without framing and trailers.
    pub fn payload(&self) -> u64 {
        self.payload
    }

    /// Counts `len` bytes, at most [`Self::remaining`], as gone by without having been seen.
    pub fn advance(&mut self, len: u64) {
        debug_assert!(len <= self.remaining());
        self.payload += len;
        if self.state == State::UntilClose {
            return;
        }
        self.left = self.left.saturating_sub(len);
        match self.state {
            State::Fixed if self.left == 0 => self.state = State::Done,
            State::Data if self.left == 0 => self.state = State::DataCr,
            _ => {}
        }
    }

    /// Follows the framing over `bytes`, chunk heads included, to forward them raw. All bytes are
    /// consumed unless the body ends among them, has an extension, or reaches trailers: those are for
    /// [`Self::next`], since their names are rewritten.
    ///
    /// # Errors
    /// Broken framing: none of `bytes` may be forwarded.
    pub fn scan(&mut self, bytes: &[u8]) -> Result<Scan, BodyError> {
        let began = self.in_extension();
        let mut at = self.walk(bytes, false)?;
        // The byte that an extension begins with belongs to it.
        let consumed = at - usize::from(self.in_extension() && !began);
        while at < bytes.len() && self.in_extension() {
            at += self.frame(&bytes[at..])?;
        }
        let trailers = self.state == State::FirstTrailer && at < bytes.len();
        Ok(Scan { consumed, dropped: at - consumed, done: self.is_done(), trailers })
    }

    /// Looks ahead: whether the framing over `bytes`, which come next, is sound as far as they go.
    ///
    /// # Errors
    /// Broken framing.
    pub fn check(&self, bytes: &[u8]) -> Result<(), BodyError> {
        self.clone().walk(bytes, true).map(|_| ())
    }

    /// Follows the framing over `bytes`; unless all is wanted, into the first extension or up to the first
    /// trailer.
    pub(super) fn walk(&mut self, bytes: &[u8], all: bool) -> Result<usize, BodyError> {
        let mut at = std::mem::take(&mut self.held).min(bytes.len());
        while at < bytes.len() && self.state != State::Done {
            let rest = &bytes[at..];
            let is_trailer = self.state == State::FirstTrailer && is_token(rest[0]);
            if !all && (is_trailer || self.in_extension()) {
                break;
            }
            at += match self.data(rest) {
                0 => self.frame(rest)?,
                len => len,
            };
        }
        Ok(at)
    }

    /// The next piece of payload in `bytes`, without the chunk framing.
    ///
    /// # Errors
    /// Broken framing.
    pub fn next(&mut self, bytes: &[u8]) -> Result<Piece, BodyError> {
        let mut at = std::mem::take(&mut self.held).min(bytes.len());
        let mut trailers = self.in_trailers().then_some(0);
        while at < bytes.len() && self.state != State::Done {
            let rest = &bytes[at..];
            let data = self.data(rest);
            if data > 0 {
                return Ok(Piece::Data { range: at..at + data, consumed: at + data });
            }
            at += self.frame(rest)?;
            if trailers.is_none() && self.in_trailers() {
                trailers = Some(at);
            }
        }
        let consumed = trailers.unwrap_or(at);
        if self.state == State::Done {
            return Ok(Piece::End { trailers: consumed..at, consumed: at });
        }
        self.held = at - consumed;
        Ok(Piece::NeedMore { consumed })
    }

    fn in_extension(&self) -> bool {
        matches!(self.state, State::SizeGap | State::Extension | State::Quoted | State::Escaped)
    }

    fn in_trailers(&self) -> bool {
        use State::*;
        matches!(self.state, FirstTrailer | Name | Value | ValueLf | NextTrailer | LastLf)
    }

    /// How many of `bytes` are payload; 0 where framing is next.
    fn data(&mut self, bytes: &[u8]) -> usize {
        match self.state {
            State::UntilClose => {
                self.payload += bytes.len() as u64;
                bytes.len()
            }
            State::Fixed | State::Data => {
                let len = self.left.min(bytes.len() as u64);
                self.advance(len);
                len as usize
            }
            _ => 0,
        }
    }

    /// Takes a run of framing bytes of one kind; `bytes` is not empty. Returns its length.
    fn frame(&mut self, bytes: &[u8]) -> Result<usize, BodyError> {
        let len = match self.state {
            State::FirstDigit | State::Size => self.size(bytes)?,
            State::SizeGap | State::Extension | State::Quoted | State::Escaped => self.extension(bytes)?,
            State::Name => self.name(bytes)?,
            State::Value => self.value(bytes)?,
            _ => {
                self.state = self.single(bytes[0])?;
                1
            }
        };
        self.line += len;
        if self.line > self.max_line {
            return Err(BodyError::TooLarge);
        }
        if matches!(self.state, State::Data | State::DataLf | State::FirstTrailer | State::FirstDigit) {
            self.line = 0;
        }
        Ok(len)
    }

    /// The states in which one byte decides.
    fn single(&self, byte: u8) -> Result<State, BodyError> {
        match (self.state, byte) {
            (State::ExtensionEnd, b'\r') => Ok(State::SizeLf),
            (State::SizeLf, b'\n') if self.left > 0 => Ok(State::Data),
            (State::SizeLf, b'\n') => Ok(State::FirstTrailer),
            (State::SizeLf, _) => Err(BodyError::ChunkExtension),
            (State::DataCr, b'\r') => Ok(State::DataLf),
            (State::DataLf, b'\n') => Ok(State::FirstDigit),
            (State::DataCr | State::DataLf, _) => Err(BodyError::ChunkEnd),
            (State::FirstTrailer | State::NextTrailer, b'\r') => Ok(State::LastLf),
            (State::FirstTrailer | State::NextTrailer | State::LastLf, b'\n') => Ok(State::Done),
            (State::NextTrailer, b' ' | b'\t') => Ok(State::Value),
            (State::FirstTrailer | State::NextTrailer, _) if is_token(byte) => Ok(State::Name),
            (State::ValueLf, b'\n') => Ok(State::NextTrailer),
            _ => Err(BodyError::Trailer),
        }
    }

    fn size(&mut self, bytes: &[u8]) -> Result<usize, BodyError> {
        for (at, byte) in bytes.iter().enumerate() {
            if let Some(digit) = (*byte as char).to_digit(16) {
                self.left = self.left << 4 | u64::from(digit);
                if self.left >= MAX_CHUNK {
                    return Err(BodyError::ChunkSize);
                }
                self.state = State::Size;
                continue;
            }
            self.state = match byte {
                _ if self.state == State::FirstDigit => return Err(BodyError::ChunkSize),
                b'\r' => State::SizeLf,
                b';' => State::Extension,
                b' ' | b'\t' => State::SizeGap,
                _ => return Err(BodyError::ChunkSize),
            };
            return Ok(at + 1);
        }
        Ok(bytes.len())
    }

    /// Extensions are passed over, but quotes in them must match, so that nobody behind takes
    /// another line end for the end of the line.
    fn extension(&mut self, bytes: &[u8]) -> Result<usize, BodyError> {
        for (at, byte) in bytes.iter().enumerate() {
            self.state = match (self.state, byte) {
                (State::SizeGap, b' ' | b'\t') => State::SizeGap,
                (State::SizeGap, b';') => State::Extension,
                (State::SizeGap | State::Extension, b'\r') => {
                    self.state = State::ExtensionEnd;
                    return Ok(at);
                }
                (State::SizeGap, _) => return Err(BodyError::ChunkSize),
                (_, byte) if byte.is_ascii_control() && !is_blank(*byte) => {
                    return Err(BodyError::ChunkExtension);
                }
                (State::Escaped, _) => State::Quoted,
                (State::Quoted, b'\\') => State::Escaped,
                (State::Quoted, b'"') => State::Extension,
                (State::Extension, b'\\') => return Err(BodyError::ChunkExtension),
                (State::Extension, b'"') => State::Quoted,
                (state, _) => state,
            };
        }
        Ok(bytes.len())
    }

    fn name(&mut self, bytes: &[u8]) -> Result<usize, BodyError> {
        let Some(end) = bytes.iter().position(|byte| !is_token(*byte)) else { return Ok(bytes.len()) };
        if bytes[end] != b':' {
            return Err(BodyError::Trailer);
        }
        self.state = State::Value;
        Ok(end + 1)
    }

    fn value(&mut self, bytes: &[u8]) -> Result<usize, BodyError> {
        let Some(end) = memchr::memchr3(b'\r', b'\n', 0, bytes) else { return Ok(bytes.len()) };
        self.state = match bytes[end] {
            b'\r' => State::ValueLf,
            b'\n' => State::NextTrailer,
            _ => return Err(BodyError::Trailer),
        };
        Ok(end + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Payload and raw trailers, taken off with `next` in portions of `step` bytes.
    fn decode(framing: Framing, input: &[u8], step: usize) -> Result<(Vec<u8>, Vec<u8>, usize), BodyError> {
        let mut body = Body::new(framing, 100);
        let (mut data, mut buffer, mut used) = (Vec::new(), Vec::new(), 0);
        let mut portions = input.chunks(step);
        loop {
            match body.next(&buffer)? {
                Piece::Data { range, consumed } => {
                    data.extend_from_slice(&buffer[range]);
                    buffer.drain(..consumed);
                    used += consumed;
                }
                Piece::NeedMore { consumed } => {
                    buffer.drain(..consumed);
                    used += consumed;
                    let Some(portion) = portions.next() else {
                        return Ok((data, b"incomplete".into(), used));
                    };
                    buffer.extend_from_slice(portion);
                }
                Piece::End { trailers, consumed } => {
                    return Ok((data, buffer[trailers].to_vec(), used + consumed));
                }
            }
        }
    }

    /// Bytes that are followed in portions of `step`, and whether the body ended.
    fn forward(framing: Framing, input: &[u8], step: usize) -> Result<(usize, bool), BodyError> {
        let mut body = Body::new(framing, 100);
        let mut total = 0;
        for portion in input.chunks(step) {
            let consumed = body.walk(portion, true)?;
            total += consumed;
            if body.is_done() {
                return Ok((total, true));
            }
            assert_eq!(consumed, portion.len());
        }
        Ok((total, body.is_done()))
    }

    #[test]
    fn chunked_bodies() {
        let check =
            |input: &str, expected: Result<(&str, &str), BodyError>| {
                let input = input.as_bytes();
                for step in 1..=input.len() {
                    let found = decode(Framing::Chunked, input, step);
                    let expected = expected
                        .map(|(data, trailers)| (data.as_bytes().to_vec(), trailers.as_bytes().to_vec()));
                    assert_eq!(
                        found.clone().map(|(data, trailers, _)| (data, trailers)),
                        expected,
                        "step {step}"
                    );
                    let whole = found.map(|(_, trailers, used)| {
                        if trailers == b"incomplete" { (input.len(), false) } else { (used, true) }
                    });
                    assert_eq!(forward(Framing::Chunked, input, step), whole, "step {step}");
                }
            };
        use BodyError::*;
        check("5\r\nhello\r\n0\r\n\r\nGET", Ok(("hello", "\r\n")));
        check("5\r\nhel", Ok(("hel", "incomplete")));
        check("2\r\nok\r\n3;a=b\r\nyes\r\n0\r\nX: 1\r\n\r\n", Ok(("okyes", "X: 1\r\n\r\n")));
        check("00000000000000005\r\nhello\r\n0\r\n\r\n", Ok(("hello", "\r\n")));
        check("5 \r\nhello\r\n0;x\r\n\n", Ok(("hello", "\n")));
        check("2 ; a\r\nok\r\n0\r\n\r\n", Ok(("ok", "\r\n")));
        check("2;a=\"b\\\"\"\r\nok\r\n0\r\n\r\n", Ok(("ok", "\r\n")));
        check("2\r\nok\r\n0\r\nX: 1\r\n 2\r\n\r\n", Ok(("ok", "X: 1\r\n 2\r\n\r\n")));
        check("0x5\r\nhello\r\n", Err(ChunkSize));
        check("-5\r\nhello\r\n", Err(ChunkSize));
        check("+5\r\nhello\r\n", Err(ChunkSize));
        check(" 5\r\nhello\r\n", Err(ChunkSize));
        check(";x\r\n", Err(ChunkSize));
        check("2 x\r\nok\r\n", Err(ChunkSize));
        check("2\nok\r\n", Err(ChunkSize));
        check("ZZ\r\n", Err(ChunkSize));
        check("FFFFFFFFFFFFFFFF\r\nhello", Err(ChunkSize));
        check("10000000000000\r\nok", Err(ChunkSize));
        check("fffffffffffff\r\nok", Ok(("ok", "incomplete")));
        check("5\rX\r\nhello", Err(ChunkExtension));
        check("5;a\nb\r\nhello", Err(ChunkExtension));
        check("2;\x7f\r\nok", Err(ChunkExtension));
        check("2;a=\"b\r\nok", Err(ChunkExtension));
        check("2;a=\\b\r\nok", Err(ChunkExtension));
        check("5\r\nhelloXX0\r\n\r\n", Err(ChunkEnd));
        check("2\r\nok\n0\r\n\r\n", Err(ChunkEnd));
        check("0\r\n: 3\r\n\r\n", Err(Trailer));
        check("0\r\n X: 1\r\n\r\n", Err(Trailer));
        check("0\r\nX : 1\r\n\r\n", Err(Trailer));
        check("0\r\nX: a\0\r\n\r\n", Err(Trailer));
        check("0\r\nX: a\rb\r\n\r\n", Err(Trailer));
        check(&format!("0\r\nX: {}\r\n\r\n", "a".repeat(100)), Err(TooLarge));
        check(&format!("5;{}\r\nhello\r\n", "a".repeat(100)), Err(TooLarge));
        check(&format!("5;{}\r\nhello\r\n0\r\n\r\n", "a".repeat(90)), Ok(("hello", "\r\n")));
    }

    #[test]
    fn other_framings() {
        let check = |framing, input: &str, expected: (usize, bool)| {
            for step in 1..=input.len() {
                assert_eq!(forward(framing, input.as_bytes(), step), Ok(expected), "{framing:?} {input:?}");
            }
            assert_eq!(
                Body::new(framing, 100).is_done(),
                matches!(framing, Framing::None | Framing::Length(0))
            );
        };
        check(Framing::Length(5), "helloGET", (5, true));
        check(Framing::Length(5), "hell", (4, false));
        check(Framing::UntilClose, "hello", (5, false));
        check(Framing::Tunnel, "hello", (5, false));
        check(Framing::None, "hello", (0, true));
        check(Framing::Length(0), "hello", (0, true));
    }

    #[test]
    fn trailers_end_what_is_forwarded_raw() {
        let check = |input: &str, raw: usize, payload: u64| {
            let mut body = Body::new(Framing::Chunked, 100);
            let scan = body.scan(input.as_bytes()).unwrap();
            assert_eq!((scan.consumed, body.payload()), (raw, payload), "{input:?}");
            assert_eq!((scan.done, scan.trailers), (raw == input.len(), raw < input.len()), "{input:?}");
            if scan.trailers {
                let end = body.next(&input.as_bytes()[raw..]);
                let len = input.len() - raw;
                assert_eq!(end, Ok(Piece::End { trailers: 0..len, consumed: len }), "{input:?}");
            }
        };
        check("2\r\nok\r\n0\r\n\r\n", 12, 2);
        check("2\r\nok\r\n0\r\nX: 1\r\n\r\n", 10, 2);
        check("0\r\nX: 1\r\nY: 2\r\n\r\n", 3, 0);
    }

    #[test]
    fn extensions_are_not_forwarded() {
        let check = |input: &str, expected: &str| {
            for step in 1..=input.len() {
                let mut body = Body::new(Framing::Chunked, 100);
                let mut raw = Vec::new();
                for mut portion in input.as_bytes().chunks(step) {
                    while !portion.is_empty() {
                        let scan = body.scan(portion).unwrap();
                        raw.extend_from_slice(&portion[..scan.consumed]);
                        portion = &portion[scan.consumed + scan.dropped..];
                    }
                }
                assert_eq!(String::from_utf8_lossy(&raw), expected, "step {step}");
                assert!(body.is_done());
            }
        };
        check("2;a=b\r\nok\r\n0;x\r\n\r\n", "2\r\nok\r\n0\r\n\r\n");
        check("2 \t; \"\\\"\" \r\nok\r\n0 \r\n\r\n", "2\r\nok\r\n0\r\n\r\n");
        check("2\r\no;\r\n0\r\n\r\n", "2\r\no;\r\n0\r\n\r\n");
    }

    #[test]
    fn spliced_data_is_counted() {
        let mut body = Body::new(Framing::Length(10), 100);
        assert_eq!(body.remaining(), 10);
        body.advance(7);
        assert_eq!(body.scan(b"abcdef"), Ok(Scan { consumed: 3, dropped: 0, done: true, trailers: false }));
        let mut body = Body::new(Framing::Chunked, 100);
        assert_eq!(body.remaining(), 0);
        assert_eq!(body.scan(b"a\r\n"), Ok(Scan { consumed: 3, dropped: 0, done: false, trailers: false }));
        assert_eq!(body.remaining(), 10);
        body.advance(10);
        assert_eq!(
            body.scan(b"\r\n0\r\n\r\nnext"),
            Ok(Scan { consumed: 7, dropped: 0, done: true, trailers: false })
        );
        assert_eq!(Body::new(Framing::UntilClose, 0).remaining(), u64::MAX);
    }
}
