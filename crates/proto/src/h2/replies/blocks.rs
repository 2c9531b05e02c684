//! Header blocks: interim and final responses, and trailers, whole or in parts.

use super::{Next, Replies};
use crate::h2::follow::{MAX_TRAILERS, Output, write_trailers};
use crate::h2::frame::{
    CONTINUATION, Code, END_HEADERS, END_STREAM, Frame, HEADER, HEADERS, PRIORITIZED, number, write_reset,
};
use crate::h2::hpack::Fields;
use crate::h2::streams::Ended;
use crate::h2::{request, response};

/// `:status` as a literal whose name is the table's.
const STATUS: [u8; 2] = [0x08, 3];

/// A header block that came in parts.
#[derive(Debug)]
pub struct Block {
    frame: Frame,
    bytes: Vec<u8>,
    fragments: u32,
}

impl Replies {
    /// The first frame of a header block, without padding.
    pub(super) fn headers(
        &mut self,
        frame: Frame,
        part: &[u8],
        fields: &mut Fields,
        out: &mut Output<'_>,
    ) -> (usize, Next) {
        let used = HEADER + frame.length;
        if frame.has(END_HEADERS) {
            return (used, self.whole_block(&frame, part, 0, fields, out));
        }
        self.block = Some(Box::new(Block { frame, bytes: part.to_vec(), fragments: 0 }));
        (used, Next::Step)
    }

    /// The frame behind a part of a header block.
    pub(super) fn continuation(
        &mut self,
        frame: Frame,
        payload: &[u8],
        fields: &mut Fields,
        out: &mut Output<'_>,
    ) -> (usize, Next) {
        let Some(mut block) = self.block.take() else { return (0, Next::Step) };
        if frame.kind != CONTINUATION || frame.stream != block.frame.stream {
            return (0, self.end(Code::Protocol, out));
        }
        if frame.length > self.bounds.buffer {
            return (0, self.end(Code::FrameSize, out));
        }
        if block.bytes.len() + HEADER + frame.length > self.bounds.buffer {
            return (0, self.close(Code::Internal, out));
        }
        if payload.len() < frame.length {
            self.block = Some(block);
            return (0, Next::More);
        }
        let used = HEADER + frame.length;
        block.bytes.extend_from_slice(&payload[..frame.length]);
        block.fragments += 1;
        if !frame.has(END_HEADERS) {
            self.block = Some(block);
            return (used, Next::Step);
        }
        (used, self.whole_block(&block.frame, &block.bytes, block.fragments, fields, out))
    }

    fn whole_block(
        &mut self,
        frame: &Frame,
        mut block: &[u8],
        fragments: u32,
        fields: &mut Fields,
        out: &mut Output<'_>,
    ) -> Next {
        if frame.has(PRIORITIZED) {
            let Some(rest) = block.get(5..) else { return self.end(Code::FrameSize, out) };
            if number(block, 0) == frame.stream {
                return self.end(Code::Protocol, out);
            }
            block = rest;
        }
        if self.decoder.decode(block, self.bounds.most, fields).is_err() {
            return self.end(Code::Compression, out);
        }
        let next = if self.streams.ended(frame.stream) == Ended::Whole {
            write_reset(out.peer, frame.stream, Code::StreamClosed as u32);
            Next::Step
        } else if self.streams.has_begun(frame.stream) {
            self.trailers(frame, fields, out)
        } else {
            self.response(frame, fields, out)
        };
        // Many small parts cost more than they bring.
        let worth = (block.len() / 1024) as u32;
        if fragments > 4 && fragments > worth && next != Next::End {
            return self.glitch(fragments.div_ceil(16), out).unwrap_or(next);
        }
        next
    }

    /// A stream whose message is none.
    fn refuse(&mut self, stream: u32, message: bool, out: &mut Output<'_>) -> Next {
        if let Some(end) = self.glitch(2, out) {
            return end;
        }
        if message {
            self.spoil(stream);
        }
        self.reset(stream, Code::Protocol, message, out);
        Next::Step
    }

    fn response(&mut self, frame: &Frame, fields: &Fields, out: &mut Output<'_>) -> Next {
        let mut head = self.spare.pop().unwrap_or_default();
        if response::response(fields, self.bounds.head, &mut head).is_err() {
            self.recycle(head);
            return self.refuse(frame.stream, true, out);
        }
        let (status, ended) = (head.status(), frame.has(END_STREAM));
        let interim = status < 200;
        self.heads.push_back((frame.stream, Some(head)));
        // One that ends with it is none; it is passed on all the same.
        let flags = END_HEADERS | if ended && !interim { END_STREAM } else { 0 };
        let length = STATUS.len() + 3;
        Frame { length, kind: HEADERS, flags, stream: frame.stream }.write(out.codec);
        out.codec.extend_from_slice(&STATUS);
        out.codec.extend([status / 100, status / 10 % 10, status % 10].map(|digit| b'0' + digit as u8));
        if interim && ended {
            return self.refuse(frame.stream, false, out);
        }
        if !interim {
            self.streams.begun(frame.stream);
            self.streams.receive(frame.stream, 0, ended);
        }
        Next::Step
    }

    fn trailers(&mut self, frame: &Frame, fields: &Fields, out: &mut Output<'_>) -> Next {
        if !frame.has(END_STREAM) {
            return self.end(Code::Protocol, out);
        }
        // The crate gets them in one frame.
        let mut head = self.spare.pop().unwrap_or_default();
        let fine = request::trailers(fields, self.bounds.head.0, &mut head).is_ok()
            && head.bytes().len() + 8 * head.field_count() < MAX_TRAILERS;
        if fine {
            self.streams.receive(frame.stream, 0, true);
            write_trailers(&head, frame.stream, out.codec);
        }
        self.recycle(head);
        if fine { Next::Step } else { self.refuse(frame.stream, true, out) }
    }
}
