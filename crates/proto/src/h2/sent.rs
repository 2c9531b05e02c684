//! Follows the frames that the crate sends, however they are cut.

use std::ops::Range;

use crate::h2::frame::{ACK, Frame, HEADER, HEADERS, SETTINGS, WINDOW_UPDATE, number};

/// The payload of WINDOW_UPDATE, in bytes.
const INCREMENT: usize = 4;

/// See the module.
#[derive(Debug, Default)]
pub struct Sent {
    /// The header of the frame and, of a WINDOW_UPDATE, what follows.
    start: [u8; HEADER + INCREMENT],
    /// Bytes of it that went by.
    have: usize,
    /// Bytes of the payload that are to come, where they are of no interest.
    payload: usize,
    /// SETTINGS that the peer has not answered.
    unanswered: u32,
}

impl Sent {
    /// Bytes that are missing to the end of the current frame, as far as is known; 0 between two frames.
    pub fn left(&self) -> usize {
        match self.have {
            0 => self.payload,
            have => self.wanted() - have,
        }
    }

    /// How much of the start of a frame is wanted.
    fn wanted(&self) -> usize {
        let update = self.have >= HEADER && self.start[3] == WINDOW_UPDATE;
        HEADER + if update { INCREMENT } else { 0 }
    }

    /// Notes an answer to SETTINGS; `false` where none was due.
    pub fn take_ack(&mut self) -> bool {
        let due = self.unanswered > 0;
        self.unanswered -= u32::from(due);
        due
    }

    /// Where the first HEADERS of such a stream stand in the bytes that are to be sent next. Frames that are
    /// cut off are not looked at.
    pub fn find_headers(&self, next: &[u8], is_wanted: impl Fn(u32) -> bool) -> Option<Range<usize>> {
        let mut at = self.payload;
        if self.have > 0 {
            let mut start = self.start;
            start[self.have..].iter_mut().zip(next).for_each(|(place, byte)| *place = *byte);
            let frame = Frame::first(&start).filter(|_| self.have + next.len() >= HEADER)?;
            at = HEADER + frame.length - self.have;
        }
        while let Some(frame) = next.get(at..).and_then(Frame::first) {
            let end = at + HEADER + frame.length;
            if frame.kind == HEADERS && is_wanted(frame.stream) && end <= next.len() {
                return Some(at..end);
            }
            at = end;
        }
        None
    }

    /// Notes bytes; each frame's header is shown to `see`, with the number in a WINDOW_UPDATE.
    pub fn follow(&mut self, mut bytes: &[u8], mut see: impl FnMut(&Frame, u32)) {
        while !bytes.is_empty() {
            if self.payload > 0 {
                let count = self.payload.min(bytes.len());
                self.payload -= count;
                bytes = &bytes[count..];
                continue;
            }
            let (part, rest) = bytes.split_at((self.wanted() - self.have).min(bytes.len()));
            bytes = rest;
            self.start[self.have..self.have + part.len()].copy_from_slice(part);
            self.have += part.len();
            if self.have < self.wanted() {
                continue;
            }
            let Some(frame) = Frame::first(&self.start) else { continue };
            self.payload = frame.length.saturating_sub(self.have - HEADER);
            self.have = 0;
            self.unanswered += u32::from(frame.kind == SETTINGS && !frame.has(ACK));
            see(&frame, number(&self.start, HEADER));
        }
    }
}
