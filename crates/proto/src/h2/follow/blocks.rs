//! Header blocks: requests and trailers, whole or in parts.

use super::{Begun, By, Follower, Output, Step, Work};
use crate::h2::frame::{
    CONTINUATION, Code, END_HEADERS, END_STREAM, Frame, HEADER, HEADERS, PRIORITIZED, number,
};
use crate::h2::{hpack, request};
use crate::message::Head;

/// What the crate gets instead of a header block: `:method: GET`, `:scheme: http`, `:path: /`.
const PLACEHOLDER: [u8; 3] = [0x82, 0x86, 0x84];
/// What trailers may take up in the frame that goes to the crate, in bytes.
pub const MAX_TRAILERS: usize = 16 * 1024;

/// A header block that came in parts.
#[derive(Debug)]
pub struct Block {
    frame: Frame,
    bytes: Vec<u8>,
    /// Bytes of padding and priority are not counted.
    fragments: u32,
}

impl Follower {
    /// The first frame of a header block, without padding.
    pub(super) fn headers(
        &mut self,
        frame: Frame,
        part: &[u8],
        work: &mut Work,
        out: &mut Output<'_>,
    ) -> (usize, Step) {
        let used = HEADER + frame.length;
        if frame.has(END_HEADERS) {
            return (used, self.whole_block(frame, part, 0, work, out));
        }
        self.block = Some(Box::new(Block { frame, bytes: part.to_vec(), fragments: 0 }));
        (used, Step::Next)
    }

    /// The frame behind a part of a header block.
    pub(super) fn continuation(
        &mut self,
        frame: Frame,
        payload: &[u8],
        work: &mut Work,
        out: &mut Output<'_>,
    ) -> (usize, Step) {
        let Some(mut block) = self.block.take() else { return (0, Step::Next) };
        let code = if frame.kind != CONTINUATION || frame.stream != block.frame.stream {
            Some(Code::Protocol)
        } else if frame.length > self.limits.buffer {
            Some(Code::FrameSize)
        } else if block.bytes.len() + HEADER + frame.length > self.limits.buffer {
            Some(Code::Internal)
        } else {
            None
        };
        if let Some(code) = code {
            return (0, self.broken_block(&block.frame, code, out));
        }
        if payload.len() < frame.length {
            self.block = Some(block);
            return (0, Step::More);
        }
        let used = HEADER + frame.length;
        block.bytes.extend_from_slice(&payload[..frame.length]);
        block.fragments += 1;
        if !frame.has(END_HEADERS) {
            self.block = Some(block);
            return (used, Step::Next);
        }
        (used, self.whole_block(block.frame, &block.bytes, block.fragments, work, out))
    }

    /// The end of the connection for a header block that cannot be read.
    fn broken_block(&mut self, frame: &Frame, code: Code, out: &mut Output<'_>) -> Step {
        if frame.stream > self.highest {
            self.highest = frame.stream;
            self.faults.requests += 1;
            self.faults.errors += 1;
        }
        self.end_logged(code, out).1
    }

    fn whole_block(
        &mut self,
        frame: Frame,
        mut block: &[u8],
        fragments: u32,
        work: &mut Work,
        out: &mut Output<'_>,
    ) -> Step {
        if frame.has(PRIORITIZED) {
            let Some(rest) = block.get(5..) else { return self.broken_block(&frame, Code::FrameSize, out) };
            if number(block, 0) == frame.stream {
                return self.broken_block(&frame, Code::Protocol, out);
            }
            block = rest;
        }
        if self.decoder.decode(block, self.limits.most, &mut work.fields).is_err() {
            return self.broken_block(&frame, Code::Compression, out);
        }
        let step = if frame.stream > self.highest {
            self.open(&frame, work, out)
        } else {
            self.trailers(&frame, work, out)
        };
        // Many small parts cost more than they bring.
        let worth = (block.len() / 1024) as u32;
        if fragments > 4 && fragments > worth && step != Step::End {
            return self.glitch(fragments.div_ceil(16), out).unwrap_or(step);
        }
        step
    }

    /// A request.
    fn open(&mut self, frame: &Frame, work: &mut Work, out: &mut Output<'_>) -> Step {
        let (stream, ended) = (frame.stream, frame.has(END_STREAM));
        self.highest = stream;
        self.opened = self.opened.saturating_add(1);
        let request = request::request(&work.fields, ended, &self.limits.rules, &mut work.head);
        let code = match request {
            Err(_) => Some(Code::Protocol),
            Ok(_) if self.streams.len() >= self.limits.streams as usize => Some(Code::RefusedStream),
            Ok(_) => None,
        };
        let step = match (request, code) {
            (Ok(request), None) => {
                let windows = (self.stream_window, self.stream_room);
                self.streams.open(stream, ended, request.length, windows);
                if !ended {
                    self.receiving = stream;
                }
                let flags = END_HEADERS | if ended { END_STREAM } else { 0 };
                Frame { length: PLACEHOLDER.len(), kind: HEADERS, flags, stream }.write(out.codec);
                out.codec.extend_from_slice(&PLACEHOLDER);
                Step::Request(Begun { stream, ended, request })
            }
            (_, code) => {
                self.faults.stream += 1;
                self.faults.requests += 1;
                self.faults.errors += 1;
                let end = self.glitch(1, out);
                let step = self.reset(stream, code.unwrap_or(Code::Protocol), By::Frames, out);
                end.unwrap_or(step)
            }
        };
        if self.limits.total > 0 && self.opened >= self.limits.total && step != Step::End {
            self.renew(out);
        }
        step
    }

    fn trailers(&mut self, frame: &Frame, work: &mut Work, out: &mut Output<'_>) -> Step {
        if !frame.has(END_STREAM) {
            return self.end_logged(Code::Protocol, out).1;
        }
        // The crate gets them in one frame.
        let fine = request::trailers(&work.fields, self.limits.rules.max_fields, &mut work.head).is_ok()
            && work.head.bytes().len() + 8 * work.head.field_count() < MAX_TRAILERS;
        if !fine || !self.streams.receive(frame.stream, 0, true) {
            self.faults.stream += 1;
            self.faults.errors += 1;
            let end = self.glitch(1, out);
            let by = if fine { By::Frames } else { By::Message };
            let step = self.reset(frame.stream, Code::Protocol, by, out);
            return end.unwrap_or(step);
        }
        write_trailers(&work.head, frame.stream, out.codec);
        Step::Next
    }
}

/// Appends trailers as literal fields.
pub fn write_trailers(head: &Head, stream: u32, out: &mut Vec<u8>) {
    let start = out.len();
    let frame = Frame { length: 0, kind: HEADERS, flags: END_HEADERS | END_STREAM, stream };
    frame.write(out);
    for (name, value) in head.fields() {
        out.push(0);
        hpack::write_text(name, out);
        hpack::write_text(value, out);
    }
    let length = out.len() - start - HEADER;
    out[start..start + 3].copy_from_slice(&(length as u32).to_be_bytes()[1..]);
}
