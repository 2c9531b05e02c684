//! Follows the frames that the crate sends, however they are cut.

use crate::h2::frame::{ACK, Frame, HEADER, SETTINGS};

/// See the module.
#[derive(Debug, Default)]
pub struct Sent {
    header: [u8; HEADER],
    /// Bytes of the header that went by.
    have: usize,
    /// Bytes of the payload that are to come.
    payload: usize,
    /// SETTINGS that the client has not answered.
    unanswered: u32,
}

impl Sent {
    /// Bytes that are missing to the end of the current frame, as far as is known; 0 between two frames.
    pub fn left(&self) -> usize {
        if self.have > 0 { HEADER - self.have } else { self.payload }
    }

    /// Notes an answer to SETTINGS; `false` where none was due.
    pub fn take_ack(&mut self) -> bool {
        let due = self.unanswered > 0;
        self.unanswered -= u32::from(due);
        due
    }

    /// Notes bytes; each frame's header is shown to `see`.
    pub fn follow(&mut self, mut bytes: &[u8], mut see: impl FnMut(&Frame)) {
        while !bytes.is_empty() {
            if self.payload > 0 {
                let count = self.payload.min(bytes.len());
                self.payload -= count;
                bytes = &bytes[count..];
                continue;
            }
            let (part, rest) = bytes.split_at((HEADER - self.have).min(bytes.len()));
            bytes = rest;
            self.header[self.have..self.have + part.len()].copy_from_slice(part);
            self.have += part.len();
            if self.have == HEADER {
                self.have = 0;
                let frame = Frame::parse(&self.header);
                self.payload = frame.length;
                self.unanswered += u32::from(frame.kind == SETTINGS && !frame.has(ACK));
                see(&frame);
            }
        }
    }
}
