//! Follows the frames that a client sends, before the `h2` crate sees them, and those that are sent to it.
//! It checks what HAProxy 3.5 checks, in its order, and answers as it does: with a GOAWAY or RST_STREAM of
//! its own, or by leaving a frame out. What passes is what the crate has nothing to say about.
//!
//! Header blocks are decoded here and only here, straight into the one message. The crate gets a block of
//! three bytes in their place, `GET /`, so that each is decoded once, no second list of fields is made of
//! it, and one bad field costs its stream and not the connection. Trailers, which are rare, are written anew.
//!
//! Left out: the windows of what is received, and how much of it is kept, which the crate enforces.

use super::frame::{
    self, ACK, CONTINUATION, Code, DATA, END_STREAM, FIRST_WINDOW, Frame, HEADER, HEADERS, MAX_STREAM,
    PADDED, PRIORITY, RST_STREAM, SETTINGS, WINDOW_UPDATE,
};
use super::hpack::{Decoder, Fields, Most};
use super::request::{Request, Rules};
use super::sent::Sent;
use super::streams::{Ended, Streams};
use crate::h1::HTTP2_PREFACE;
use crate::message::Head;
use crate::wear::Wear;

mod blocks;
mod control;
mod endings;

use blocks::Block;
pub(super) use blocks::{MAX_TRAILERS, write_trailers};
pub(super) use control::write_settings;

/// The code of a reset that tells the crate that we reset the stream for its frames.
pub const RESET_FOR_FRAMES: u32 = 0xffff_fff0;
/// The same for a message that is none.
pub const RESET_FOR_MESSAGE: u32 = 0xffff_fff1;

/// The PING behind the first GOAWAY when the process stops.
const FAREWELL: [u8; 8] = *b"farewell";
/// The PING that shows whether an idle client is still there.
const PROBE: [u8; 8] = *b"are you?";

/// What a connection may use up, as the configuration has it.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// `tune.bufsize`: the largest frame and the largest header block.
    pub buffer: usize,
    /// `tune.h2.header-table-size`
    pub table: usize,
    /// What a header block may give.
    pub most: Most,
    pub rules: Rules,
    /// Streams at a time.
    pub streams: u32,
    /// The window of a stream that is announced, in bytes.
    pub window: u32,
    /// That of one with a body, which is no smaller.
    pub body_window: u32,
    /// `tune.h2.fe.max-total-streams`; 0 for no limit.
    pub total: u32,
    /// `tune.h2.fe.glitches-threshold`; 0 for no limit.
    pub glitches: u32,
}

/// Memory that all connections of a thread use in turn.
#[derive(Debug, Default)]
pub struct Work {
    pub fields: Fields,
    /// The request of the last step that gave one.
    pub head: Head,
}

/// Where a step writes.
pub struct Output<'a> {
    /// Frames of our own, for the peer.
    pub peer: &'a mut Vec<u8>,
    /// Frames in place of the peer's, for the crate.
    pub codec: &'a mut Vec<u8>,
}

/// A request whose head is in [`Work`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun {
    pub stream: u32,
    /// No body follows.
    pub ended: bool,
    pub request: Request,
}

/// How a stream was reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reset {
    pub stream: u32,
    /// Its message had ended.
    pub ended: bool,
    pub by: By,
}

/// Who reset a stream, or why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// With this code.
    Client(u32),
    /// Us, for its frames.
    Frames,
    /// Us, for its trailers.
    Message,
}

/// What a step found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// More bytes are needed.
    More,
    /// Go on.
    Next,
    /// The bytes used go to the crate as they are.
    Pass,
    /// The next frame must wait: it opens a stream while too many run, or its payload goes beyond a window.
    Wait,
    Request(Begun),
    /// A stream was reset.
    Reset(Reset),
    /// The connection is at its end; what is to be said is written.
    End,
}

/// What is to be logged and counted of what never became a stream. Cleared by whoever does it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Errors of the connection that are logged.
    pub connection: u32,
    /// Errors of a stream that are logged.
    pub stream: u32,
    /// Requests that count as such, and as errors.
    pub requests: u32,
    pub errors: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Preface,
    Settings,
    Frames,
    /// An error ended it.
    Over,
}

/// How much of our leaving the client knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Farewell {
    No,
    Told,
    /// It answered the PING behind the GOAWAY.
    Seen,
}

/// What becomes of the rest of the current frame, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    Pass(usize),
    Skip(usize),
}

impl Rest {
    /// Takes so much of it as is there, of what passes at most `room` bytes. How many those are and whether they
    /// pass; `None`: nothing is left of the frame.
    pub(super) fn take(&mut self, there: usize, room: usize) -> Option<(usize, bool)> {
        let (left, most, passes) = match self {
            Self::Pass(left) => (left, there.min(room), true),
            Self::Skip(left) => (left, there, false),
        };
        let count = most.min(*left);
        let is_left = *left > 0;
        *left -= count;
        is_left.then_some((count, passes))
    }
}

/// See the module.
#[derive(Debug)]
pub struct Follower {
    limits: Limits,
    phase: Phase,
    rest: Rest,
    block: Option<Box<Block>>,
    decoder: Decoder,
    streams: Streams,
    /// The highest stream that was opened.
    highest: u32,
    /// Streams that were opened.
    opened: u32,
    /// The last stream that a GOAWAY of either side left room for.
    last: Option<u32>,
    /// It was told to the client.
    told: bool,
    farewell: Farewell,
    /// The client answered a probe since that was asked last.
    present: bool,
    glitches: u32,
    /// The thread works little: faults do not end the connection.
    calm: bool,
    pub faults: Faults,
    sent: Sent,
    /// What the client takes over all streams.
    window: i64,
    /// What it takes at first on each stream.
    stream_window: i64,
    /// What it may send over all streams.
    room: i64,
    /// What it may send at first on each stream.
    stream_room: i64,
    /// It knows our SETTINGS.
    acknowledged: bool,
    /// The last stream that a body, or a tunnel, belongs to.
    receiving: u32,
}

impl Follower {
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            phase: Phase::Preface,
            rest: Rest::Skip(0),
            block: None,
            decoder: Decoder::new(limits.table),
            streams: Streams::default(),
            highest: 0,
            opened: 0,
            last: None,
            told: false,
            farewell: Farewell::No,
            present: false,
            glitches: 0,
            calm: false,
            faults: Faults::default(),
            sent: Sent::default(),
            window: FIRST_WINDOW,
            stream_window: FIRST_WINDOW,
            room: FIRST_WINDOW,
            stream_room: FIRST_WINDOW,
            acknowledged: false,
            receiving: 0,
        }
    }

    /// Whether the thread works so little that faults do not end the connection.
    pub fn set_calm(&mut self, calm: bool) {
        self.calm = calm;
    }

    /// Small faults of the client's so far.
    pub fn glitches(&self) -> u32 {
        self.glitches
    }

    /// Whether a frame or a header block has begun and is not complete, apart from bytes not used yet.
    pub fn is_amid(&self) -> bool {
        self.block.is_some()
    }

    /// Whether an error ended it, or the last goodbye.
    pub fn is_broken(&self) -> bool {
        self.phase == Phase::Over
    }

    /// Whether the connection has served its last stream.
    pub fn is_over(&self) -> bool {
        let reached = self.highest >= MAX_STREAM || self.last.is_some_and(|last| self.highest >= last);
        self.phase == Phase::Over || (reached && self.streams.is_empty())
    }

    /// Whether no stream is open.
    pub fn is_quiet(&self) -> bool {
        self.streams.is_empty()
    }

    /// Whether the client has sent all of a stream.
    pub fn has_ended(&self, stream: u32) -> bool {
        self.streams.ended(stream) != Ended::No
    }

    /// Puts the window that is announced into SETTINGS.
    pub fn announce(&self, frames: &mut [u8]) {
        let settings = frames.get_mut(HEADER..).unwrap_or_default().chunks_exact_mut(6);
        for setting in settings.filter(|setting| setting[..2] == [0, 4]) {
            setting[2..].copy_from_slice(&self.limits.window.to_be_bytes());
        }
    }

    /// Opens the rest of its window to the stream that is receiving a body, once the client knows what was
    /// announced. As in HAProxy, that waits for a frame of another stream or the end of the input.
    fn grant(&mut self, out: &mut Vec<u8>) {
        let stream = self.receiving;
        if stream > 0 && self.acknowledged && self.streams.grant(stream) {
            frame::write_window(out, stream, (self.limits.body_window - self.limits.window) as usize);
        }
    }

    /// Looks at the next bytes. Returns how many were used: at most `room` of them where they pass.
    /// `crowded`: no stream may be opened now.
    pub fn step(
        &mut self,
        input: &[u8],
        room: usize,
        crowded: bool,
        work: &mut Work,
        out: &mut Output<'_>,
    ) -> (usize, Step) {
        let step = self.advance(input, room, crowded, work, out);
        if step.1 == Step::More {
            self.grant(out.peer);
        }
        step
    }

    fn advance(
        &mut self,
        input: &[u8],
        room: usize,
        crowded: bool,
        work: &mut Work,
        out: &mut Output<'_>,
    ) -> (usize, Step) {
        match self.rest.take(input.len(), room) {
            Some((0, _)) => return (0, Step::More),
            Some((count, passes)) => return (count, if passes { Step::Pass } else { Step::Next }),
            None => {}
        }
        if self.phase == Phase::Preface {
            return (0, self.preface(input));
        }
        let Some(frame) = Frame::first(input) else { return (0, Step::More) };
        let payload = &input[HEADER..];
        match self.phase {
            Phase::Over => (0, Step::End),
            Phase::Settings if frame.stream != 0 || frame.kind != SETTINGS || frame.has(ACK) => {
                (0, self.hang_up())
            }
            Phase::Settings if frame.length > self.limits.buffer => (0, self.hang_up()),
            _ if self.block.is_some() => self.continuation(frame, payload, work, out),
            _ => self.frame(frame, payload, crowded, work, out),
        }
    }

    fn preface(&mut self, input: &[u8]) -> Step {
        // As in HAProxy, it is all there or not looked at.
        let Some(preface) = input.get(..HTTP2_PREFACE.len()) else { return Step::More };
        if preface != HTTP2_PREFACE {
            return self.hang_up();
        }
        self.phase = Phase::Settings;
        self.rest = Rest::Pass(preface.len());
        Step::Next
    }

    /// The end of a connection that never was one of HTTP/2: nothing is said.
    fn hang_up(&mut self) -> Step {
        self.glitches += 1;
        self.faults.connection += 1;
        self.phase = Phase::Over;
        Step::End
    }

    /// The end of the connection with a GOAWAY. Streams that are not answered end behind it; `exempt`: but for
    /// one, which the client was resetting.
    fn end_sparing(&mut self, code: Code, exempt: u32, out: &mut Output<'_>) -> Step {
        self.glitches += 1;
        self.phase = Phase::Over;
        frame::write_goaway(out.peer, self.last.unwrap_or(self.highest), code);
        for stream in self.streams.unanswered() {
            if stream != exempt {
                frame::write_reset(out.peer, stream, Code::NoError as u32);
            }
            frame::write_reset(out.codec, stream, RESET_FOR_FRAMES);
        }
        Step::End
    }

    fn end(&mut self, code: Code, out: &mut Output<'_>) -> Step {
        self.end_sparing(code, 0, out)
    }

    /// The same for a fault that is logged.
    fn end_logged(&mut self, code: Code, out: &mut Output<'_>) -> (usize, Step) {
        self.faults.connection += 1;
        (0, self.end(code, out))
    }

    /// The same for a fault that streams log where there are some.
    fn end_unless_told(&mut self, code: Code, out: &mut Output<'_>) -> (usize, Step) {
        self.faults.connection += u32::from(self.streams.is_empty());
        (0, self.end(code, out))
    }

    /// Counts a fault that does not end the connection; `Some` where it was one too many.
    fn glitch(&mut self, count: u32, out: &mut Output<'_>) -> Option<Step> {
        self.glitches += count;
        let wear = Wear::of(self.glitches, self.limits.glitches).spare(self.calm);
        if wear == Wear::Fine {
            return None;
        }
        self.renew(out);
        (wear == Wear::Over).then(|| {
            self.glitches -= 1;
            self.end(Code::EnhanceYourCalm, out)
        })
    }

    /// Resets a stream, whether the crate knows it or not.
    fn reset(&mut self, stream: u32, code: Code, by: By, out: &mut Output<'_>) -> Step {
        let ended = self.has_ended(stream);
        frame::write_reset(out.peer, stream, code as u32);
        if self.streams.remove(stream) {
            let code = if by == By::Message { RESET_FOR_MESSAGE } else { RESET_FOR_FRAMES };
            frame::write_reset(out.codec, stream, code);
        }
        Step::Reset(Reset { stream, ended, by })
    }

    /// A frame that is not inside of a header block.
    fn frame(
        &mut self,
        frame: Frame,
        payload: &[u8],
        crowded: bool,
        work: &mut Work,
        out: &mut Output<'_>,
    ) -> (usize, Step) {
        if frame.length > self.limits.buffer {
            return self.end_unless_told(Code::FrameSize, out);
        }
        if frame.stream != self.receiving {
            self.grant(out.peer);
        }
        let padded = frame.has(PADDED) && matches!(frame.kind, DATA | HEADERS);
        let (mut length, mut padding) = (frame.length, 0);
        if padded {
            if frame.length == 0 {
                return self.end_logged(Code::FrameSize, out);
            }
            let Some(first) = payload.first() else { return (0, Step::More) };
            (length, padding) = (frame.length - 1, usize::from(*first));
            if padding > length {
                return self.end_logged(Code::Protocol, out);
            }
        }
        if let Err(code) = frame.check(length) {
            self.faults.connection += 1;
            let exempt = if frame.kind == RST_STREAM { frame.stream } else { 0 };
            return (0, self.end_sparing(code, exempt, out));
        }
        if frame.stream != 0
            && let Some(verdict) = self.check_state(&frame, out)
        {
            return verdict;
        }
        match frame.kind {
            DATA => self.data(&frame, length - padding, out),
            HEADERS => {
                if payload.len() < frame.length {
                    return (0, Step::More);
                }
                if frame.stream > self.highest {
                    if frame.stream.is_multiple_of(2) {
                        return self.end_uncounted(Code::Protocol, out);
                    }
                    if crowded {
                        return (0, Step::Wait);
                    }
                    let most = self.limits.total.saturating_add(self.limits.streams);
                    if self.limits.total > 0 && self.opened >= most {
                        return self.end_uncounted(Code::EnhanceYourCalm, out);
                    }
                }
                let start = usize::from(padded);
                let part = &payload[start..frame.length - padding];
                self.headers(frame, part, work, out)
            }
            _ if !(SETTINGS..=WINDOW_UPDATE).contains(&frame.kind)
                && frame.kind > PRIORITY
                && frame.kind != RST_STREAM =>
            {
                self.rest = Rest::Skip(frame.length);
                (HEADER, Step::Next)
            }
            _ if payload.len() < frame.length => (0, Step::More),
            _ => self.control(&frame, &payload[..frame.length], out),
        }
    }

    /// The end of the connection where a request counts that was never read.
    fn end_uncounted(&mut self, code: Code, out: &mut Output<'_>) -> (usize, Step) {
        self.faults.requests += 1;
        self.faults.errors += 1;
        self.end_logged(code, out)
    }

    /// What may come on a stream in the state it is in. `None`: the frame is fine.
    fn check_state(&mut self, frame: &Frame, out: &mut Output<'_>) -> Option<(usize, Step)> {
        let exempt = matches!(frame.kind, WINDOW_UPDATE | RST_STREAM | PRIORITY);
        let of_block = matches!(frame.kind, HEADERS | CONTINUATION);
        if frame.stream > self.highest {
            let fine = matches!(frame.kind, HEADERS | PRIORITY);
            return (!fine).then(|| self.end_unless_told(Code::Protocol, out));
        }
        match self.streams.ended(frame.stream) {
            Ended::No if frame.kind == CONTINUATION => Some(self.end_logged(Code::Protocol, out)),
            Ended::No => None,
            _ if exempt => None,
            Ended::ByPeer if of_block => Some((0, self.end(Code::Protocol, out))),
            Ended::Whole if of_block => Some((0, self.end(Code::StreamClosed, out))),
            Ended::ByPeer | Ended::Whole => Some(self.reject(frame, Code::StreamClosed, out)),
        }
    }

    /// Resets the frame's stream and leaves the frame out.
    fn reject(&mut self, frame: &Frame, code: Code, out: &mut Output<'_>) -> (usize, Step) {
        let end = self.glitch(1, out);
        if frame.kind == DATA {
            frame::write_window(out.peer, 0, frame.length);
        }
        let step = self.reset(frame.stream, code, By::Frames, out);
        self.rest = Rest::Skip(frame.length);
        (HEADER, end.unwrap_or(step))
    }

    /// `count`: the bytes that are not padding.
    fn data(&mut self, frame: &Frame, count: usize, out: &mut Output<'_>) -> (usize, Step) {
        let ended = frame.has(END_STREAM);
        let size = frame.length as i64;
        let passes = count > 0 || ended;
        if passes && (self.room < size || self.streams.room(frame.stream).is_some_and(|room| *room < size)) {
            return (0, Step::Wait);
        }
        if !self.streams.receive(frame.stream, count as u64, ended) {
            return self.reject(frame, Code::Protocol, out);
        }
        if !passes {
            frame::write_window(out.peer, 0, frame.length);
            frame::write_window(out.peer, frame.stream, frame.length);
            self.rest = Rest::Skip(HEADER + frame.length);
        } else {
            self.room -= size;
            self.receiving = frame.stream;
            if let Some(room) = self.streams.room(frame.stream) {
                *room -= size;
            }
            self.rest = Rest::Pass(HEADER + frame.length);
        }
        (0, Step::Next)
    }

    /// A stream that its task had not begun when the client gave it up is suspicious. Writes to `out` what
    /// that leads to; `true` where it ends the connection.
    pub fn reset_early(&mut self, out: &mut Output<'_>) -> bool {
        self.glitch(1, out).is_some()
    }

    /// Bytes of the crate's current frame that are still to be written: frames of our own must wait for them.
    pub fn unsent(&self) -> usize {
        self.sent.left()
    }

    /// Notes bytes of the crate's that the socket took.
    pub fn sent(&mut self, bytes: &[u8]) {
        let (streams, window, room) = (&mut self.streams, &mut self.window, &mut self.room);
        self.sent.follow(bytes, |frame, more| match frame.kind {
            WINDOW_UPDATE if frame.stream == 0 => *room += i64::from(more),
            WINDOW_UPDATE => {
                if let Some(room) = streams.room(frame.stream) {
                    *room += i64::from(more);
                }
            }
            RST_STREAM => {
                streams.remove(frame.stream);
            }
            DATA | HEADERS => {
                if frame.kind == DATA {
                    *window -= frame.length as i64;
                    streams.sent(frame.stream, frame.length as i64);
                }
                if frame.kind == HEADERS {
                    streams.begun(frame.stream);
                }
                if frame.has(END_STREAM) {
                    streams.answered(frame.stream);
                }
            }
            _ => {}
        });
    }
}
