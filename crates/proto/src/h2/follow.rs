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
    self, ACK, CONTINUATION, Code, DATA, END_HEADERS, END_STREAM, Frame, GOAWAY, HEADER, HEADERS, MAX_STREAM,
    PADDED, PING, PRIORITIZED, PRIORITY, RST_STREAM, SETTINGS, WINDOW_UPDATE, number,
};
use super::hpack::{self, Decoder, Fields, Most};
use super::request::{self, Request, Rules};
use crate::h1::HTTP2_PREFACE;
use crate::message::Head;

mod sent;
mod streams;

use sent::Sent;
use streams::{Ended, Streams};

/// The window before any SETTINGS (RFC 9113, section 6.9.2).
const FIRST_WINDOW: i64 = 65_535;
/// The largest window.
const MAX_WINDOW: i64 = (1 << 31) - 1;
/// What the crate gets instead of a header block: `:method: GET`, `:scheme: http`, `:path: /`.
const PLACEHOLDER: [u8; 3] = [0x82, 0x86, 0x84];

/// The PING behind the first GOAWAY when the process stops.
const FAREWELL: [u8; 8] = *b"farewell";
/// What trailers may take up in the frame that goes to the crate, in bytes.
const MAX_TRAILERS: usize = 16 * 1024;

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
    /// Frames of our own, for the client.
    pub client: &'a mut Vec<u8>,
    /// Frames in place of the client's, for the crate.
    pub server: &'a mut Vec<u8>,
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
    Client,
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
    /// The next frame opens a stream, which must wait until one that runs has ended.
    Crowded,
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

/// What becomes of the rest of the current frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    Pass(usize),
    Skip(usize),
}

/// A header block that came in parts.
#[derive(Debug)]
struct Block {
    frame: Frame,
    bytes: Vec<u8>,
    /// Bytes of padding and priority are not counted.
    fragments: u32,
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
    glitches: u32,
    pub faults: Faults,
    sent: Sent,
    /// What the client takes over all streams.
    window: i64,
    /// What it takes at first on each stream.
    stream_window: i64,
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
            glitches: 0,
            faults: Faults::default(),
            sent: Sent::default(),
            window: FIRST_WINDOW,
            stream_window: FIRST_WINDOW,
        }
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

    /// Whether any stream is open.
    pub fn has_streams(&self) -> bool {
        !self.streams.is_empty()
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
        match &mut self.rest {
            Rest::Pass(left @ 1..) => {
                let count = input.len().min(room).min(*left);
                *left -= count;
                return (count, if count == 0 { Step::More } else { Step::Pass });
            }
            Rest::Skip(left @ 1..) => {
                let count = input.len().min(*left);
                *left -= count;
                return (count, if count == 0 { Step::More } else { Step::Next });
            }
            Rest::Pass(0) | Rest::Skip(0) => {}
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
        let have = input.len().min(HTTP2_PREFACE.len());
        if input[..have] != HTTP2_PREFACE[..have] {
            return self.hang_up();
        }
        if have < HTTP2_PREFACE.len() {
            return Step::More;
        }
        self.phase = Phase::Settings;
        self.rest = Rest::Pass(have);
        Step::Next
    }

    /// The end of a connection that never was one of HTTP/2: nothing is said.
    fn hang_up(&mut self) -> Step {
        self.glitches += 1;
        self.faults.connection += 1;
        self.phase = Phase::Over;
        Step::End
    }

    /// The end of the connection with a GOAWAY.
    fn end(&mut self, code: Code, out: &mut Output<'_>) -> Step {
        self.glitches += 1;
        self.phase = Phase::Over;
        frame::write_goaway(out.client, self.last.unwrap_or(self.highest), code);
        Step::End
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
        let threshold = self.limits.glitches;
        if threshold == 0 || u64::from(self.glitches) < (u64::from(threshold) * 3 + 1) / 4 {
            return None;
        }
        self.renew(out);
        (self.glitches >= threshold).then(|| {
            self.phase = Phase::Over;
            frame::write_goaway(out.client, self.last.unwrap_or(self.highest), Code::EnhanceYourCalm);
            Step::End
        })
    }

    /// Tells the client to open no more streams than may be on their way.
    fn renew(&mut self, out: &mut Output<'_>) {
        let last = self.highest.saturating_add(2 * self.limits.streams).min(MAX_STREAM);
        if self.last.is_none_or(|told| told == 0 || told > last) {
            self.last = Some(last);
            self.told = true;
            frame::write_goaway(out.client, last, Code::NoError);
        }
    }

    /// Tells the client that the process stops: first to open no more streams, then, `finally`, which one was
    /// the last. Says whether the client has seen the first.
    pub fn goodbye(&mut self, finally: bool, out: &mut Vec<u8>) -> bool {
        if finally {
            self.phase = Phase::Over;
            frame::write_goaway(out, self.highest, Code::NoError);
        } else if self.farewell == Farewell::No {
            self.farewell = Farewell::Told;
            if !self.told {
                frame::write_goaway(out, *self.last.get_or_insert(MAX_STREAM), Code::NoError);
            }
            frame::write_ping(out, &FAREWELL);
        }
        self.farewell == Farewell::Seen
    }

    /// Resets a stream, whether the crate knows it or not.
    fn reset(&mut self, stream: u32, code: Code, by: By, out: &mut Output<'_>) -> Step {
        let ended = self.streams.ended(stream) != Ended::No;
        frame::write_reset(out.client, stream, code);
        if self.streams.remove(stream) {
            frame::write_reset(out.server, stream, code);
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
            return self.end_logged(code, out);
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
                        return (0, Step::Crowded);
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
            Ended::ByClient if of_block => Some((0, self.end(Code::Protocol, out))),
            Ended::Whole if of_block => Some((0, self.end(Code::StreamClosed, out))),
            Ended::ByClient | Ended::Whole => Some(self.reject(frame, Code::StreamClosed, out)),
        }
    }

    /// Resets the frame's stream and leaves the frame out.
    fn reject(&mut self, frame: &Frame, code: Code, out: &mut Output<'_>) -> (usize, Step) {
        let end = self.glitch(1, out);
        if frame.kind == DATA {
            frame::write_window(out.client, 0, frame.length);
        }
        let step = self.reset(frame.stream, code, By::Frames, out);
        self.rest = Rest::Skip(frame.length);
        (HEADER, end.unwrap_or(step))
    }

    /// `count`: the bytes that are not padding.
    fn data(&mut self, frame: &Frame, count: usize, out: &mut Output<'_>) -> (usize, Step) {
        let ended = frame.has(END_STREAM);
        if !self.streams.receive(frame.stream, count as u64, ended) {
            return self.reject(frame, Code::Protocol, out);
        }
        if count == 0 && !ended {
            frame::write_window(out.client, 0, frame.length);
            frame::write_window(out.client, frame.stream, frame.length);
            self.rest = Rest::Skip(HEADER + frame.length);
        } else {
            self.rest = Rest::Pass(HEADER + frame.length);
        }
        (0, Step::Next)
    }

    /// A frame that is neither DATA nor of a header block, all of it.
    fn control(&mut self, frame: &Frame, payload: &[u8], out: &mut Output<'_>) -> (usize, Step) {
        let used = HEADER + frame.length;
        let passes = match frame.kind {
            SETTINGS => {
                if let Err(end) = self.settings(frame, payload, out) {
                    return (0, end);
                }
                // The crate takes an answer that it did not wait for amiss.
                !frame.has(ACK) || self.sent.take_ack()
            }
            PING if frame.has(ACK) && payload == FAREWELL => {
                self.farewell = Farewell::Seen;
                false
            }
            PING => true,
            WINDOW_UPDATE => match self.window_update(frame, number(payload, 0) & MAX_STREAM, out) {
                Ok(passes) => passes,
                Err(step) => return if step == Step::End { (0, step) } else { (used, step) },
            },
            RST_STREAM => {
                let ended = self.streams.ended(frame.stream) != Ended::No;
                if self.streams.remove(frame.stream) {
                    frame.write(out.server);
                    out.server.extend_from_slice(payload);
                    return (used, Step::Reset(Reset { stream: frame.stream, ended, by: By::Client }));
                }
                false
            }
            PRIORITY if number(payload, 0) & MAX_STREAM == frame.stream => {
                return (0, self.end(Code::Protocol, out));
            }
            GOAWAY => {
                self.last.get_or_insert(number(payload, 0) & MAX_STREAM);
                false
            }
            _ => false,
        };
        if passes {
            self.rest = Rest::Pass(used);
            return (0, Step::Next);
        }
        (used, Step::Next)
    }

    fn settings(&mut self, frame: &Frame, payload: &[u8], out: &mut Output<'_>) -> Result<(), Step> {
        if frame.has(ACK) {
            return if frame.length == 0 { Ok(()) } else { Err(self.end_logged(Code::FrameSize, out).1) };
        }
        for setting in payload.chunks_exact(6) {
            let value = number(setting, 2);
            match u16::from_be_bytes([setting[0], setting[1]]) {
                2 if value > 1 => return Err(self.end_logged(Code::Protocol, out).1),
                4 if value > MAX_STREAM => return Err(self.end_logged(Code::FlowControl, out).1),
                4 => {
                    let window = i64::from(value);
                    if self.phase == Phase::Frames
                        && window < self.stream_window
                        && let Some(end) = self.glitch(1, out)
                    {
                        self.faults.connection += 1;
                        return Err(end);
                    }
                    self.streams.widen(window - self.stream_window);
                    self.stream_window = window;
                }
                5 if !(16_384..=16_777_215).contains(&value) => {
                    return Err(self.end_logged(Code::Protocol, out).1);
                }
                _ => {}
            }
        }
        self.phase = Phase::Frames;
        Ok(())
    }

    /// Whether the crate is to see the frame.
    fn window_update(&mut self, frame: &Frame, more: u32, out: &mut Output<'_>) -> Result<bool, Step> {
        if frame.stream == 0 {
            if more == 0 {
                return Err(self.end(Code::Protocol, out));
            }
            self.window += i64::from(more);
            return if self.window > MAX_WINDOW { Err(self.end(Code::FlowControl, out)) } else { Ok(true) };
        }
        let Some(window) = self.streams.window(frame.stream) else { return Ok(false) };
        *window += i64::from(more);
        let code = match more {
            0 => Code::Protocol,
            _ if *window > MAX_WINDOW => Code::FlowControl,
            _ => return Ok(true),
        };
        let end = self.glitch(1, out);
        let step = self.reset(frame.stream, code, By::Frames, out);
        Err(end.unwrap_or(step))
    }

    /// The first frame of a header block, without padding.
    fn headers(&mut self, frame: Frame, part: &[u8], work: &mut Work, out: &mut Output<'_>) -> (usize, Step) {
        let used = HEADER + frame.length;
        if frame.has(END_HEADERS) {
            return (used, self.whole_block(frame, part, 0, work, out));
        }
        self.block = Some(Box::new(Block { frame, bytes: part.to_vec(), fragments: 0 }));
        (used, Step::Next)
    }

    /// The frame behind a part of a header block.
    fn continuation(
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
                self.streams.open(stream, ended, request.length, self.stream_window);
                let flags = END_HEADERS | if ended { END_STREAM } else { 0 };
                Frame { length: PLACEHOLDER.len(), kind: HEADERS, flags, stream }.write(out.server);
                out.server.extend_from_slice(&PLACEHOLDER);
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
        let fine = request::trailers(&work.fields, &self.limits.rules, &mut work.head).is_ok();
        // Whatever was in the way, the crate takes one frame of them.
        let fits = work.head.bytes().len() + 8 * work.head.field_count() < MAX_TRAILERS;
        if !fine || !fits || !self.streams.receive(frame.stream, 0, true) {
            self.faults.stream += 1;
            self.faults.errors += 1;
            let end = self.glitch(1, out);
            let step = self.reset(frame.stream, Code::Protocol, By::Message, out);
            return end.unwrap_or(step);
        }
        write_trailers(&work.head, frame.stream, out.server);
        Step::Next
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
        let (streams, window) = (&mut self.streams, &mut self.window);
        self.sent.follow(bytes, |frame| match frame.kind {
            RST_STREAM => {
                streams.remove(frame.stream);
            }
            DATA | HEADERS => {
                if frame.kind == DATA {
                    *window -= frame.length as i64;
                    streams.sent(frame.stream, frame.length as i64);
                }
                if frame.has(END_STREAM) {
                    streams.answered(frame.stream);
                }
            }
            _ => {}
        });
    }
}

/// Appends trailers as literal fields.
fn write_trailers(head: &Head, stream: u32, out: &mut Vec<u8>) {
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
