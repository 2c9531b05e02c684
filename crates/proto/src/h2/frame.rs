//! Frame headers, the codes of errors, and the frames that the follower writes itself.

/// Length of a frame's header (RFC 9113, section 4.1), in bytes.
pub(super) const HEADER: usize = 9;

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const PRIORITY: u8 = 2;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PUSH_PROMISE: u8 = 5;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

pub(super) const END_STREAM: u8 = 1;
pub(super) const ACK: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;
pub(super) const PADDED: u8 = 8;
pub(super) const PRIORITIZED: u8 = 0x20;

/// The highest stream (RFC 9113, section 5.1.1).
pub(super) const MAX_STREAM: u32 = (1 << 31) - 1;
/// The window before any SETTINGS, in bytes (RFC 9113, section 6.9.2).
pub(super) const FIRST_WINDOW: i64 = 65_535;
/// The largest window, in bytes (RFC 9113, section 6.9.1).
const MAX_WINDOW: i64 = (1 << 31) - 1;

/// RFC 9113, section 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    NoError = 0,
    Protocol = 1,
    Internal = 2,
    FlowControl = 3,
    StreamClosed = 5,
    FrameSize = 6,
    RefusedStream = 7,
    Cancel = 8,
    Compression = 9,
    EnhanceYourCalm = 11,
}

/// The header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub length: usize,
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
}

impl Frame {
    pub fn parse(header: &[u8; HEADER]) -> Self {
        let [a, b, c, kind, flags, stream @ ..] = *header;
        Self {
            length: u32::from_be_bytes([0, a, b, c]) as usize,
            kind,
            flags,
            stream: u32::from_be_bytes(stream) & MAX_STREAM,
        }
    }

    /// The header at the start of `bytes`, where all of it is there.
    pub fn first(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(Self::parse)
    }

    pub fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// What HAProxy checks of every frame's header, whatever becomes of the frame; `length` is without the
    /// length of padding.
    pub fn check(&self, length: usize) -> Result<(), Code> {
        let stream = self.stream != 0;
        let (needs, least, most) = match self.kind {
            DATA | CONTINUATION => (Some(true), 0, usize::MAX),
            HEADERS => (Some(true), 1, usize::MAX),
            PRIORITY => (Some(true), 5, 5),
            RST_STREAM => (Some(true), 4, 4),
            SETTINGS => (Some(false), 0, usize::MAX),
            PUSH_PROMISE => return Err(Code::Protocol),
            PING => (Some(false), 8, 8),
            GOAWAY => (Some(false), 8, usize::MAX),
            WINDOW_UPDATE => (None, 4, 4),
            _ => return Ok(()),
        };
        if needs.is_some_and(|needs| needs != stream) {
            return Err(Code::Protocol);
        }
        if length < least || length > most || (self.kind == SETTINGS && !length.is_multiple_of(6)) {
            return Err(Code::FrameSize);
        }
        Ok(())
    }

    /// Appends the header.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.length as u32).to_be_bytes()[1..]);
        out.extend_from_slice(&[self.kind, self.flags]);
        out.extend_from_slice(&self.stream.to_be_bytes());
    }
}

/// The number at `at`, which is there.
pub(super) fn number(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |four| u32::from_be_bytes(*four))
}

pub(super) fn write_goaway(out: &mut Vec<u8>, last: u32, code: Code) {
    Frame { length: 8, kind: GOAWAY, flags: 0, stream: 0 }.write(out);
    out.extend_from_slice(&last.to_be_bytes());
    out.extend_from_slice(&(code as u32).to_be_bytes());
}

pub(super) fn write_ping(out: &mut Vec<u8>, payload: &[u8; 8]) {
    Frame { length: 8, kind: PING, flags: 0, stream: 0 }.write(out);
    out.extend_from_slice(payload);
}

/// Makes a window larger by what a WINDOW_UPDATE says; gives the code of what breaks the rules.
pub(super) fn widen(window: &mut i64, more: u32) -> Option<Code> {
    *window += i64::from(more);
    match more {
        0 => Some(Code::Protocol),
        _ => (*window > MAX_WINDOW).then_some(Code::FlowControl),
    }
}

/// The answer to a PING.
pub(super) fn write_pong(out: &mut Vec<u8>, payload: &[u8]) {
    Frame { length: payload.len(), kind: PING, flags: ACK, stream: 0 }.write(out);
    out.extend_from_slice(payload);
}

pub(super) fn write_reset(out: &mut Vec<u8>, stream: u32, code: u32) {
    Frame { length: 4, kind: RST_STREAM, flags: 0, stream }.write(out);
    out.extend_from_slice(&code.to_be_bytes());
}

pub(super) fn write_window(out: &mut Vec<u8>, stream: u32, more: usize) {
    if more > 0 {
        Frame { length: 4, kind: WINDOW_UPDATE, flags: 0, stream }.write(out);
        out.extend_from_slice(&(more as u32).to_be_bytes());
    }
}
