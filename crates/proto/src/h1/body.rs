//! The body of a message: where it ends, and what is data in it.

use super::error::BodyError;
use crate::message::{Framing, Head};
use std::ops::Range;

/// Follows one body. `Copy`-cheap: no buffer inside.
#[derive(Clone, Debug)]
pub struct Body {
    framing: Framing,
}

/// What [`Body::scan`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scan {
    /// Bytes that belong to the body, to be forwarded as they are.
    pub consumed: usize,
    /// The body ended with them.
    pub done: bool,
}

/// What [`Body::next`] found. Drop `consumed` bytes (behind use of the range) before the next call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Payload at `range`; `consumed` is its end.
    Data { range: Range<usize>, consumed: usize },
    /// Nothing more to be had from these bytes: keep those behind `consumed` and append more.
    NeedMore { consumed: usize },
    /// The body is complete. `trailers` is the raw trailer section (often empty), for
    /// [`parse_trailers`].
    End { trailers: Range<usize>, consumed: usize },
}

impl Body {
    /// `max_trailers` bounds the trailer section in bytes.
    pub fn new(framing: Framing, max_trailers: usize) -> Self {
        let _ = max_trailers;
        Self { framing }
    }

    /// Whether the body is complete (at once for [`Framing::None`] and a length of 0; never for
    /// [`Framing::UntilClose`] and [`Framing::Tunnel`]).
    pub fn is_done(&self) -> bool {
        unimplemented!("work in progress {:?}", self.framing)
    }

    /// Bytes that surely follow as plain data (rest of the length or of the current chunk):
    /// what may be spliced. `u64::MAX` until close.
    pub fn remaining(&self) -> u64 {
        unimplemented!("work in progress")
    }

    /// Counts `len` bytes of [`Self::remaining`] as gone by without having been seen (splice).
    pub fn advance(&mut self, len: u64) {
        let _ = len;
        unimplemented!("work in progress")
    }

    /// Follows the framing over `bytes`, chunk headers and trailers included, to forward them raw.
    ///
    /// # Errors
    /// Broken framing: nothing behind the last good byte may be forwarded.
    pub fn scan(&mut self, bytes: &[u8]) -> Result<Scan, BodyError> {
        let _ = bytes;
        unimplemented!("work in progress")
    }

    /// The next piece of payload in `bytes`, without the chunk framing.
    ///
    /// # Errors
    /// Broken framing.
    pub fn next(&mut self, bytes: &[u8]) -> Result<Piece, BodyError> {
        let _ = bytes;
        unimplemented!("work in progress")
    }
}

/// Reads a raw trailer section (from [`Piece::End`]) that the caller copied into `into`'s empty
/// buffer; `into` then holds the fields and no start line.
///
/// # Errors
/// A malformed field.
pub fn parse_trailers(into: &mut Head) -> Result<(), BodyError> {
    let _ = into;
    unimplemented!("work in progress")
}
