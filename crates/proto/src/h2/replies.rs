//! Follows the frames that a server sends, before the `h2` crate sees them, and those that are sent to it: the
//! counterpart of [`super::Follower`] on the other side of the proxy. It checks what HAProxy 3.5 checks, in
//! its order, and answers as it does.
//!
//! Header blocks are decoded here and only here. The crate gets a block in their place that has the status and
//! nothing else; the heads wait here for the streams that take them.
//!
//! Left out: the windows of what is received, which the crate enforces, and whether a body has the length
//! that was announced, since that depends on the request.

use std::collections::VecDeque;
use std::ops::Range;

use super::follow::{Output, RESET_FOR_FRAMES, RESET_FOR_MESSAGE, Rest};
use super::frame::{
    self, ACK, CONTINUATION, Code, DATA, END_STREAM, FIRST_WINDOW, Frame, GOAWAY, HEADER, HEADERS,
    MAX_STREAM, PADDED, PING, PRIORITY, RST_STREAM, SETTINGS, WINDOW_UPDATE, number,
};
use super::hpack::{Decoder, Fields, Most};
use super::sent::Sent;
use super::streams::{Ended, Streams};
use crate::message::Head;
use crate::wear::Wear;

mod blocks;
mod settings;

use blocks::Block;

/// Streams that were reset for a fault of which that is still known.
const REFUSED: usize = 16;
/// Heads whose memory is kept for the next ones.
const SPARE: usize = 4;

/// What a server may use up, as the configuration has it.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// `tune.bufsize`: the largest frame and the largest header block.
    pub buffer: usize,
    /// `tune.h2.header-table-size`
    pub table: usize,
    /// What a header block may give.
    pub most: Most,
    /// Of a head: its fields with the status line, and its bytes as HAProxy stores it.
    pub head: (usize, usize),
    /// Streams at a time.
    pub streams: u32,
    /// `tune.h2.be.glitches-threshold`; 0 for no limit.
    pub glitches: u32,
}

/// What comes after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// More bytes are needed.
    More,
    /// The next step.
    Step,
    /// The same; the bytes used go to the crate as they are.
    Pass,
    /// The end of the connection; what is to be said is written.
    End,
}

/// What a stream finds that wants its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    Head,
    /// What came behind it is no message.
    Broken,
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Settings,
    Frames,
    /// An error ended it.
    Over,
}

/// See the module.
#[derive(Debug)]
pub struct Replies {
    bounds: Bounds,
    phase: Phase,
    rest: Rest,
    block: Option<Box<Block>>,
    decoder: Decoder,
    streams: Streams,
    /// The highest stream that was opened.
    highest: u32,
    /// The last stream that the server's last GOAWAY left room for.
    last: Option<u32>,
    glitches: u32,
    /// The thread works little: faults do not end the connection.
    calm: bool,
    /// The server was told that its faults are too many.
    told: bool,
    sent: Sent,
    /// What the server takes over all streams, and at first on each.
    window: i64,
    stream_window: i64,
    /// Streams that the server must not hear of but by their reset.
    withheld: Vec<u32>,
    /// Streams that we reset last for what the server sent.
    refused: VecDeque<u32>,
    /// Heads that wait for their streams; `None`: it turned out that there is no message behind it.
    heads: VecDeque<(u32, Option<Head>)>,
    spare: Vec<Head>,
}

impl Replies {
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            phase: Phase::Settings,
            rest: Rest::Skip(0),
            block: None,
            decoder: Decoder::new(bounds.table),
            streams: Streams::default(),
            highest: 0,
            last: None,
            glitches: 0,
            calm: false,
            told: false,
            sent: Sent::default(),
            window: FIRST_WINDOW,
            stream_window: FIRST_WINDOW,
            withheld: Vec::new(),
            refused: VecDeque::new(),
            heads: VecDeque::new(),
            spare: Vec::new(),
        }
    }

    /// Whether the thread works so little that faults do not end the connection.
    pub fn set_calm(&mut self, calm: bool) {
        self.calm = calm;
    }

    /// Small faults of the server's so far.
    pub fn glitches(&self) -> u32 {
        self.glitches
    }

    /// Counts faults that were found elsewhere.
    pub fn count_glitches(&mut self, count: u32) {
        self.glitches += count;
    }

    /// What the faults mean for the connection.
    pub fn wear(&self) -> Wear {
        Wear::of(self.glitches, self.bounds.glitches).spare(self.calm)
    }

    /// Whether the server's first SETTINGS came.
    pub fn is_settled(&self) -> bool {
        self.phase != Phase::Settings
    }

    /// Takes the next head of a stream, which the crate has told of.
    pub fn take(&mut self, stream: u32, head: &mut Head) -> Taken {
        let at = self.heads.iter().position(|(owner, _)| *owner == stream);
        match at.and_then(|at| self.heads.remove(at)) {
            Some((_, Some(mut taken))) => {
                std::mem::swap(head, &mut taken);
                self.recycle(taken);
                Taken::Head
            }
            Some((_, None)) => Taken::Broken,
            None => Taken::Nothing,
        }
    }

    /// The message of a stream is none: its head is of no use to who has not taken it.
    fn spoil(&mut self, stream: u32) {
        if let Some((_, head)) = self.heads.iter_mut().rfind(|(owner, _)| *owner == stream)
            && let Some(head) = head.take_if(|head| head.status() >= 200)
        {
            self.recycle(head);
        }
    }

    /// A stream takes no more heads.
    pub fn forget(&mut self, stream: u32) {
        while let Some(at) = self.heads.iter().position(|(owner, _)| *owner == stream) {
            if let Some((_, Some(head))) = self.heads.remove(at) {
                self.recycle(head);
            }
        }
    }

    fn recycle(&mut self, head: Head) {
        if self.spare.len() < SPARE {
            self.spare.push(head);
        }
    }

    /// The server is not to see the head of a stream that was not sent yet.
    pub fn withhold(&mut self, stream: u32) {
        self.withheld.push(stream);
    }

    /// The bytes of those that are to be sent next that are left out instead.
    pub fn left_out(&self, next: &[u8]) -> Option<Range<usize>> {
        if self.withheld.is_empty() {
            return None;
        }
        self.sent.find_headers(next, |stream| self.withheld.contains(&stream))
    }

    /// Bytes of the crate's current frame that are still to be written: frames of our own must wait for them.
    pub fn unsent(&self) -> usize {
        self.sent.left()
    }

    /// Notes bytes of the crate's that were sent or left out.
    pub fn sent(&mut self, bytes: &[u8]) {
        let Self { streams, highest, window, stream_window, withheld, .. } = self;
        self.sent.follow(bytes, |frame, _| match frame.kind {
            HEADERS | DATA => {
                if frame.kind == DATA {
                    *window -= frame.length as i64;
                    streams.sent(frame.stream, frame.length as i64);
                } else if frame.stream > *highest {
                    *highest = frame.stream;
                    streams.open(frame.stream, false, None, (*stream_window, 0));
                    withheld.retain(|stream| *stream != frame.stream);
                }
                if frame.has(END_STREAM) {
                    streams.answered(frame.stream);
                }
            }
            RST_STREAM => {
                streams.remove(frame.stream);
            }
            _ => {}
        });
    }

    /// Looks at the next bytes. Returns how many were used: at most `room` of them where they pass.
    pub fn step(
        &mut self,
        input: &[u8],
        room: usize,
        fields: &mut Fields,
        out: &mut Output<'_>,
    ) -> (usize, Next) {
        if self.phase == Phase::Over {
            return (0, Next::End);
        }
        if self.wear() == Wear::Over {
            return (0, self.close(Code::EnhanceYourCalm, out));
        }
        match self.rest.take(input.len(), room) {
            Some((0, _)) => return (0, Next::More),
            Some((count, passes)) => return (count, if passes { Next::Pass } else { Next::Step }),
            None => {}
        }
        let Some(frame) = Frame::first(input) else { return (0, Next::More) };
        let payload = &input[HEADER..];
        match self.phase {
            Phase::Settings if frame.stream != 0 || frame.kind != SETTINGS || frame.has(ACK) => {
                (0, self.hang_up())
            }
            Phase::Settings if frame.length > self.bounds.buffer => (0, self.hang_up()),
            _ if self.block.is_some() => self.continuation(frame, payload, fields, out),
            _ => self.frame(frame, payload, fields, out),
        }
    }

    /// The end of a connection that never was one of HTTP/2: nothing is said.
    fn hang_up(&mut self) -> Next {
        self.glitches += 1;
        self.phase = Phase::Over;
        Next::End
    }

    /// The end of the connection with a GOAWAY, for no small fault.
    fn close(&mut self, code: Code, out: &mut Output<'_>) -> Next {
        self.phase = Phase::Over;
        frame::write_goaway(out.peer, self.highest, code);
        Next::End
    }

    /// The same for one.
    fn end(&mut self, code: Code, out: &mut Output<'_>) -> Next {
        self.glitches += 1;
        self.close(code, out)
    }

    /// Counts a fault that does not end the connection; `Some` where it was one too many.
    fn glitch(&mut self, count: u32, out: &mut Output<'_>) -> Option<Next> {
        self.glitches += count;
        let wear = self.wear();
        if wear != Wear::Fine && !std::mem::replace(&mut self.told, true) {
            let last = self.highest.saturating_add(self.bounds.streams.saturating_mul(2)).min(MAX_STREAM);
            frame::write_goaway(out.peer, last, Code::NoError);
        }
        (wear == Wear::Over).then(|| self.close(Code::EnhanceYourCalm, out))
    }

    /// Resets a stream for its frames or, `message`, for what they say.
    fn reset(&mut self, stream: u32, code: Code, message: bool, out: &mut Output<'_>) {
        frame::write_reset(out.peer, stream, code as u32);
        if self.streams.remove(stream) {
            if self.refused.len() == REFUSED {
                self.refused.pop_front();
            }
            self.refused.push_back(stream);
            let code = if message { RESET_FOR_MESSAGE } else { RESET_FOR_FRAMES };
            frame::write_reset(out.codec, stream, code);
        }
    }

    /// A frame that is not inside of a header block.
    fn frame(
        &mut self,
        frame: Frame,
        payload: &[u8],
        fields: &mut Fields,
        out: &mut Output<'_>,
    ) -> (usize, Next) {
        if frame.length > self.bounds.buffer {
            return (0, self.end(Code::FrameSize, out));
        }
        let padded = frame.has(PADDED) && matches!(frame.kind, DATA | HEADERS);
        let (mut length, mut padding) = (frame.length, 0);
        if padded {
            if frame.length == 0 {
                return (0, self.end(Code::FrameSize, out));
            }
            let Some(first) = payload.first() else { return (0, Next::More) };
            (length, padding) = (frame.length - 1, usize::from(*first));
            if padding > length {
                return (0, self.end(Code::Protocol, out));
            }
        }
        if let Err(code) = frame.check(length) {
            return (0, self.end(code, out));
        }
        if frame.stream != 0
            && let Some(verdict) = self.check_state(&frame, out)
        {
            return verdict;
        }
        match frame.kind {
            DATA => self.data(&frame, out),
            HEADERS if payload.len() < frame.length => (0, Next::More),
            HEADERS => {
                let part = &payload[usize::from(padded)..frame.length - padding];
                self.headers(frame, part, fields, out)
            }
            CONTINUATION => (0, self.end(Code::Protocol, out)),
            PRIORITY | RST_STREAM | SETTINGS | PING | GOAWAY | WINDOW_UPDATE => {
                if payload.len() < frame.length {
                    return (0, Next::More);
                }
                self.control(&frame, &payload[..frame.length], out)
            }
            _ => {
                self.rest = Rest::Skip(HEADER + frame.length);
                (0, Next::Step)
            }
        }
    }

    /// What may come on a stream in the state it is in. `None`: the frame is fine.
    fn check_state(&mut self, frame: &Frame, out: &mut Output<'_>) -> Option<(usize, Next)> {
        if frame.stream > self.highest {
            return Some((0, self.end(Code::Protocol, out)));
        }
        let of_block = matches!(frame.kind, HEADERS | CONTINUATION);
        match self.streams.ended(frame.stream) {
            Ended::No => None,
            _ if matches!(frame.kind, WINDOW_UPDATE | RST_STREAM | PRIORITY) => None,
            Ended::ByPeer if of_block => Some((0, self.end(Code::Protocol, out))),
            // It has a part in the table of fields.
            Ended::Whole if of_block => None,
            // It may have been on its way when we reset the stream for another fault.
            Ended::Whole if self.refused.contains(&frame.stream) => {
                Some(self.leave_out(frame, Code::StreamClosed, out))
            }
            Ended::ByPeer | Ended::Whole => Some(self.reject(frame, Code::StreamClosed, out)),
        }
    }

    /// Resets the frame's stream for a small fault.
    fn reject(&mut self, frame: &Frame, code: Code, out: &mut Output<'_>) -> (usize, Next) {
        match self.glitch(1, out) {
            Some(end) => (0, end),
            None => self.leave_out(frame, code, out),
        }
    }

    /// Resets the frame's stream and leaves the frame out.
    fn leave_out(&mut self, frame: &Frame, code: Code, out: &mut Output<'_>) -> (usize, Next) {
        if frame.kind == DATA {
            frame::write_window(out.peer, 0, frame.length);
        }
        self.reset(frame.stream, code, false, out);
        self.rest = Rest::Skip(frame.length);
        (HEADER, Next::Step)
    }

    fn data(&mut self, frame: &Frame, out: &mut Output<'_>) -> (usize, Next) {
        if !self.streams.has_begun(frame.stream) {
            return self.reject(frame, Code::Protocol, out);
        }
        self.streams.receive(frame.stream, 0, frame.has(END_STREAM));
        self.rest = Rest::Pass(HEADER + frame.length);
        (0, Next::Step)
    }

    /// A frame that is neither DATA nor of a header block, all of it.
    fn control(&mut self, frame: &Frame, payload: &[u8], out: &mut Output<'_>) -> (usize, Next) {
        let used = HEADER + frame.length;
        let passes = match frame.kind {
            SETTINGS => match self.settings(frame, payload, out) {
                Ok(passes) => passes,
                Err(end) => return (0, end),
            },
            WINDOW_UPDATE => match self.window_update(frame, number(payload, 0) & MAX_STREAM, out) {
                Ok(passes) => passes,
                Err(next) => return (if next == Next::End { 0 } else { used }, next),
            },
            RST_STREAM => self.streams.remove(frame.stream),
            PRIORITY if number(payload, 0) & MAX_STREAM == frame.stream => {
                return (0, self.end(Code::Protocol, out));
            }
            // The crate takes one that leaves more room than the one before amiss.
            GOAWAY => {
                let last = number(payload, 0) & MAX_STREAM;
                let narrows = self.last.is_none_or(|before| last <= before);
                self.last = Some(self.last.unwrap_or(last).min(last));
                narrows
            }
            PING if frame.has(ACK) => true,
            PING => {
                frame::write_pong(out.peer, payload);
                false
            }
            _ => false,
        };
        if passes {
            self.rest = Rest::Pass(used);
            return (0, Next::Step);
        }
        (used, Next::Step)
    }
}

#[cfg(test)]
mod tests;
