//! Heads of requests and responses: a state machine that looks at each byte once, whatever the
//! portions in which they arrive. What the fields mean is in `fields`, what follows from them in
//! `framing`.

use super::chars::{TARGET, is_blank, is_token, is_version, trim};
use super::error::{BodyError, ParseError, Reason};
use super::fields::{Facts, Known};
use super::framing;
use super::plain::{STATUS_LINE_START, plain_field, plain_request_line, plain_status_line};
use super::scan::lower_token;
use crate::message::{Head, Span};
use std::ops::Range;

/// What a head may use up. One value per frontend or backend.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a whole head as it comes.
    pub max_head: usize,
    /// Bytes of a whole head as HAProxy keeps it.
    pub max_kept: usize,
    /// `tune.http.maxhdr`; HAProxy counts the end of the head as one of them.
    pub max_fields: usize,
    /// `option accept-unsafe-violations-in-http-request` (or `-response`).
    pub accept_unsafe: bool,
    /// `h1-do-not-close-on-insecure-transfer-encoding`
    pub keep_insecure_te: bool,
    /// `h1-accept-payload-with-any-method`
    pub any_method_payload: bool,
}

impl Default for Limits {
    /// HAProxy's defaults.
    fn default() -> Self {
        Self {
            max_fields: 101,
            accept_unsafe: false,
            keep_insecure_te: false,
            any_method_payload: false,
            ..Self::of_buffer(16384, 1024)
        }
    }
}

impl Limits {
    /// What follows from `tune.bufsize` and `tune.maxrewrite`: of a buffer, HAProxy's form of a message
    /// takes some bytes for itself.
    pub const fn of_buffer(bufsize: usize, maxrewrite: usize) -> Self {
        Self {
            max_head: bufsize.saturating_sub(56),
            max_kept: bufsize.saturating_sub(maxrewrite).saturating_sub(40),
            max_fields: usize::MAX,
            accept_unsafe: false,
            keep_insecure_te: false,
            any_method_payload: false,
        }
    }
}

/// Where a parser stands in a head that is not complete yet. `Default` is the start of a head.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    state: State,
    /// The next byte to look at.
    at: usize,
    /// Start of the element that `at` is in.
    mark: usize,
    /// Method; version of a response.
    pub(super) first: Range<usize>,
    /// Target; status of a response.
    pub(super) second: Range<usize>,
    /// Version; reason of a response.
    pub(super) third: Range<usize>,
    name: Range<usize>,
    value: Range<usize>,
    pub(super) facts: Facts,
}

impl Progress {
    /// Whether nothing but empty lines came yet: a client may leave here without an error.
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Start | State::StartLf)
    }
}

/// The longest field name HAProxy takes.
pub(super) const MAX_NAME: usize = 255;

/// What the next byte belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    /// Empty lines before the message.
    #[default]
    Start,
    StartLf,
    Method,
    TargetGap,
    Target,
    VersionGap,
    Version,
    /// The LF of an HTTP/0.9 request.
    SimpleLf,
    ResponseVersion,
    StatusGap,
    Status,
    ReasonGap,
    Reason,
    LineLf,
    FirstField,
    Name,
    ValueGap,
    Value,
    ValueLf,
    ValueNext,
    LastLf,
    Done,
}

/// The outcome of a parser that found no error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// Append more bytes to the head and call again with the same [`Progress`].
    NeedMore,
    /// The head is complete. Bytes behind `head_len` belong to the body or to the next message:
    /// move them out and truncate the head's buffer to `head_len` before you edit the head.
    Done { head_len: usize },
    /// An HTTP/2 client with prior knowledge: hand all received bytes to the HTTP/2 mux.
    Http2Preface,
}

/// Parses a request from the bytes in `head`, to which the caller appends what it receives.
/// Call it with the same `progress` until the head is done, then reset both for the next one.
///
/// # Errors
/// The status HAProxy would answer; the connection is to be closed after it.
pub fn parse_request(
    head: &mut Head,
    progress: &mut Progress,
    limits: &Limits,
) -> Result<Parsed, ParseError> {
    if !run(head, progress, limits, false)? {
        return Ok(Parsed::NeedMore);
    }
    framing::finish_request(head, progress, limits)
}

/// Parses a response (1xx heads too: reset and call again for the next one) to a request of
/// `request_method`.
///
/// # Errors
/// Always with status 502.
pub fn parse_response(
    head: &mut Head,
    progress: &mut Progress,
    limits: &Limits,
    request_method: &[u8],
) -> Result<Parsed, ParseError> {
    let parsed = if run(head, progress, limits, true)? {
        framing::finish_response(head, progress, limits, request_method)
    } else {
        Ok(Parsed::NeedMore)
    };
    parsed.map_err(|error| ParseError { status: 502, ..error })
}

/// Reads a raw trailer section (from `Piece::End`) that the caller copied into the empty buffer
/// of `into`, which then holds the fields and no start line. [`Body`](super::Body) has bounded it.
///
/// # Errors
/// A malformed field, one that contradicts the framing, or more than `max_fields`.
pub fn parse_trailers(into: &mut Head, max_fields: usize) -> Result<(), BodyError> {
    let limits = &Limits { max_head: usize::MAX, max_fields, ..Limits::default() };
    let mut progress = Progress { state: State::FirstField, ..Progress::default() };
    match run(into, &mut progress, limits, false) {
        Ok(true) if progress.facts.transfer_encoding && !progress.facts.chunked => Err(BodyError::Trailer),
        Ok(true) => Ok(()),
        _ => Err(BodyError::Trailer),
    }
}

/// Reads up to the end of the head or of the received bytes; whether it was the head's.
fn run(
    head: &mut Head,
    progress: &mut Progress,
    limits: &Limits,
    response: bool,
) -> Result<bool, ParseError> {
    // The bytes stand apart while fields are declared over them.
    let mut bytes = std::mem::take(head.bytes_mut());
    let end = bytes.len().min(limits.max_head);
    let mut reader = Reader { bytes: &mut bytes[..end], head, progress, limits, response };
    let result = reader.read();
    *head.bytes_mut() = bytes;
    match result {
        Ok(false) if end == limits.max_head => Err(progress.too_large(response)),
        Ok(done) => Ok(done),
        Err(reason) => Err(ParseError { status: if response { 502 } else { 400 }, at: progress.at, reason }),
    }
}

impl Progress {
    /// Bytes of the complete head.
    pub(super) fn head_len(&self) -> usize {
        self.at
    }

    fn too_large(&self, response: bool) -> ParseError {
        let status = match self.state {
            _ if response => 502,
            state if state < State::FirstField => 414,
            _ => 431,
        };
        ParseError { status, at: self.at, reason: Reason::TooLarge }
    }

    /// Goes to `state` behind the byte looked at.
    fn take(&mut self, state: State) {
        self.at += 1;
        self.state = state;
    }

    /// Ends the element that is being read before the byte looked at, and starts the next.
    fn cut(&mut self) -> Range<usize> {
        std::mem::replace(&mut self.mark, self.at)..self.at
    }
}

/// A run of the state machine over the bytes that are there.
struct Reader<'a> {
    bytes: &'a mut [u8],
    head: &'a mut Head,
    progress: &'a mut Progress,
    limits: &'a Limits,
    response: bool,
}

impl Reader<'_> {
    /// `true` at the end of the head, `false` where more bytes are needed.
    fn read(&mut self) -> Result<bool, Reason> {
        while self.progress.at < self.bytes.len() {
            if self.progress.state == State::Start {
                self.plain_start_line();
            }
            if self.progress.state == State::FirstField {
                self.plain_fields()?;
            }
            match self.progress.state {
                State::Done => return Ok(true),
                state if state >= State::FirstField => self.fields()?,
                state if state >= State::ResponseVersion => self.status_line()?,
                _ => self.request_line()?,
            }
        }
        Ok(self.progress.state == State::Done)
    }

    /// Reads a start line that is all there and as it usually is.
    fn plain_start_line(&mut self) {
        let start = self.progress.at;
        let progress = &mut *self.progress;
        if self.response {
            let Some(end) = plain_status_line(self.bytes, start) else { return };
            progress.first = start..start + 8;
            progress.second = start + 9..start + 12;
            progress.third = start + STATUS_LINE_START..end;
            progress.at = end + 2;
        } else {
            let Some([method, target, end]) = plain_request_line(self.bytes, start) else { return };
            progress.first = start..method;
            progress.second = method + 1..target;
            progress.third = target + 1..end - 2;
            progress.at = end;
        }
        progress.state = State::FirstField;
    }

    /// Moves on to the first byte for which `inside` does not hold, and returns it.
    fn skip(&mut self, inside: impl Fn(u8) -> bool) -> Option<u8> {
        let progress = &mut *self.progress;
        let rest = &self.bytes[progress.at..];
        let len = rest.iter().position(|byte| !inside(*byte));
        progress.at += len.unwrap_or(rest.len());
        len.map(|len| rest[len])
    }

    fn request_line(&mut self) -> Result<(), Reason> {
        let state = self.progress.state;
        let byte = match state {
            State::Method => self.skip(is_token),
            State::TargetGap | State::VersionGap => self.skip(is_blank),
            State::Target => self.skip_target(),
            State::Version => self.skip(is_version),
            _ => Some(self.bytes[self.progress.at]),
        };
        let Some(byte) = byte else { return Ok(()) };
        let progress = &mut *self.progress;
        match (state, byte) {
            (State::Start, b'\r') => progress.take(State::StartLf),
            (State::Start | State::StartLf, b'\n') => progress.take(State::Start),
            (State::Start, _) if is_token(byte) => {
                progress.mark = progress.at;
                progress.state = if self.response { State::ResponseVersion } else { State::Method };
            }
            (State::Start, _) => return Err(Reason::Start),
            (State::StartLf, _) => return Err(Reason::LineEnd),
            (State::Method, b' ' | b'\t') => {
                progress.first = progress.cut();
                progress.take(State::TargetGap);
            }
            (State::Method, _) => return Err(Reason::Method),
            (State::TargetGap, b'\r' | b'\n') => return Err(Reason::Version),
            (State::TargetGap, _) => {
                progress.mark = progress.at;
                progress.state = State::Target;
            }
            (State::Target, b' ' | b'\t') => {
                progress.second = progress.cut();
                progress.take(State::VersionGap);
            }
            (State::Target, b'\r' | b'\n') => {
                progress.second = progress.cut();
                return self.simple_request();
            }
            (State::Target, _) => return Err(Reason::Target),
            (State::VersionGap, b'\r' | b'\n') => return self.simple_request(),
            (State::VersionGap, _) => {
                progress.mark = progress.at;
                progress.state = State::Version;
            }
            (State::Version, _) => {
                progress.third = progress.cut();
                return self.end_of_line(byte, Reason::Version);
            }
            (State::SimpleLf, b'\n') => progress.take(State::Done),
            _ => return Err(Reason::LineEnd),
        }
        Ok(())
    }

    fn skip_target(&mut self) -> Option<u8> {
        let lenient = self.limits.accept_unsafe;
        self.skip(|byte| TARGET[byte as usize] || lenient && (byte == b'#' || byte >= 0x80))
    }

    /// HTTP/0.9: a GET without a version, taken only where violations are.
    fn simple_request(&mut self) -> Result<(), Reason> {
        let progress = &mut *self.progress;
        if !self.limits.accept_unsafe || &self.bytes[progress.first.clone()] != b"GET" {
            return Err(Reason::Version);
        }
        progress.third = 0..0;
        progress.state = State::SimpleLf;
        if self.bytes[progress.at] == b'\r' {
            progress.at += 1;
        }
        Ok(())
    }

    fn status_line(&mut self) -> Result<(), Reason> {
        let state = self.progress.state;
        let byte = match state {
            State::ResponseVersion => self.skip(is_version),
            State::StatusGap | State::ReasonGap => self.skip(is_blank),
            State::Status => self.skip(|byte| byte.is_ascii_digit()),
            State::Reason => self.skip(|byte| byte != b'\r' && byte != b'\n'),
            _ => Some(self.bytes[self.progress.at]),
        };
        let Some(byte) = byte else { return Ok(()) };
        let progress = &mut *self.progress;
        match (state, byte) {
            (State::ResponseVersion, b' ' | b'\t') => {
                progress.first = progress.cut();
                progress.take(State::StatusGap);
            }
            (State::ResponseVersion, _) => return Err(Reason::Version),
            (State::StatusGap, b'0'..=b'9') => {
                progress.mark = progress.at;
                progress.state = State::Status;
            }
            (State::StatusGap, _) => return Err(Reason::Status),
            (State::Status, b' ' | b'\t') => {
                progress.second = progress.cut();
                progress.take(State::ReasonGap);
            }
            (State::Status, _) => {
                progress.second = progress.cut();
                return self.end_of_line(byte, Reason::Status);
            }
            (State::ReasonGap, _) => {
                progress.mark = progress.at;
                progress.state = State::Reason;
            }
            (State::Reason, _) => {
                progress.third = progress.cut();
                return self.end_of_line(byte, Reason::LineEnd);
            }
            (State::LineLf, b'\n') => progress.take(State::FirstField),
            _ => return Err(Reason::LineEnd),
        }
        Ok(())
    }

    /// CR LF or LF must end the start line here.
    fn end_of_line(&mut self, byte: u8, otherwise: Reason) -> Result<(), Reason> {
        match byte {
            b'\r' => self.progress.take(State::LineLf),
            b'\n' => self.progress.take(State::FirstField),
            _ => return Err(otherwise),
        }
        Ok(())
    }

    /// The fields up to the end of the head. One loop with its place in local variables, because
    /// most of a head's bytes go through it.
    fn fields(&mut self) -> Result<(), Reason> {
        let (mut at, mut state) = (self.progress.at, self.progress.state);
        let mut result = Ok(());
        while let Some(&byte) = self.bytes.get(at) {
            let progress = &mut *self.progress;
            let next = match (state, byte) {
                (State::FirstField, b'\r') => Ok(State::LastLf),
                (State::FirstField, b'\n') | (State::LastLf, b'\n') => Ok(State::Done),
                (State::FirstField, _) => {
                    (progress.mark, state) = (at, State::Name);
                    continue;
                }
                (State::Name, b':') if at > progress.mark => {
                    progress.name = progress.mark..at;
                    Ok(State::ValueGap)
                }
                (State::Name, _) => {
                    let len = lower_token(&mut self.bytes[at..]);
                    at += len;
                    if len > 0 {
                        continue;
                    }
                    // Where violations are accepted, the field is dropped at its end.
                    let passes = self.limits.accept_unsafe && !matches!(byte, b':' | b'\n');
                    if passes { Ok(State::Name) } else { Err(Reason::FieldName) }
                }
                (State::ValueGap, b' ' | b'\t') => Ok(State::ValueGap),
                (State::ValueGap, _) => {
                    progress.value = at..at;
                    state = State::Value;
                    continue;
                }
                (State::Value, _) => {
                    at = memchr::memchr3(b'\r', b'\n', 0, &self.bytes[at..])
                        .map_or(self.bytes.len(), |len| at + len);
                    progress.value.end = at;
                    match self.bytes.get(at) {
                        None => continue,
                        Some(b'\r') => Ok(State::ValueLf),
                        Some(b'\n') => Ok(State::ValueNext),
                        Some(_) if self.limits.accept_unsafe => {
                            progress.facts.violates = true;
                            Ok(State::Value)
                        }
                        Some(_) => Err(Reason::FieldValue),
                    }
                }
                (State::ValueLf, b'\n') => Ok(State::ValueNext),
                // A continuation line (obs-fold, RFC 9112, section 5.2): spaces for the line end.
                (State::ValueNext, b' ' | b'\t') => {
                    self.bytes[progress.value.end..at].fill(b' ');
                    Ok(State::Value)
                }
                (State::ValueNext, _) => {
                    state = State::FirstField;
                    result = self.field();
                    break;
                }
                _ => Err(Reason::LineEnd),
            };
            match next {
                Ok(next) => (at, state) = (at + 1, next),
                Err(reason) => {
                    result = Err(reason);
                    break;
                }
            }
            if state == State::Done {
                break;
            }
        }
        (self.progress.at, self.progress.state) = (at, state);
        result
    }

    /// Declares the fields from the current place on that are as they usually are, and takes the
    /// end of the head if it follows.
    #[inline(never)] // the registers are for this loop
    fn plain_fields(&mut self) -> Result<(), Reason> {
        let mut at = self.progress.at;
        let mut result = Ok(());
        while let Some(plain) = plain_field(&mut self.bytes[at..]) {
            let value = at + plain.value.start..at + plain.value.end;
            let name = at..at + plain.name;
            at += plain.len;
            result = self.declare(name, value, plain.known);
            if result.is_err() {
                break;
            }
        }
        if result.is_ok() && self.bytes[at..].starts_with(b"\r\n") {
            at += 2;
            self.progress.state = State::Done;
        }
        self.progress.at = at;
        result
    }

    /// Declares the field that has just been read.
    fn field(&mut self) -> Result<(), Reason> {
        let (name, value) = (self.progress.name.clone(), self.progress.value.clone());
        let bytes = &self.bytes[name.clone()];
        if self.limits.accept_unsafe && !bytes.iter().all(|byte| is_token(*byte)) {
            self.progress.facts.violates = true;
            return Ok(());
        }
        self.progress.facts.long_name |= name.len() > MAX_NAME;
        let known = Known::of(bytes);
        self.declare(name, trim(self.bytes, value), known)
    }

    #[inline(always)]
    fn declare(
        &mut self,
        name: Range<usize>,
        mut value: Range<usize>,
        known: Option<Known>,
    ) -> Result<(), Reason> {
        if let Some(known) = known {
            let kind = (self.response, self.limits.accept_unsafe);
            match self.progress.facts.note(kind, self.bytes, known, value)? {
                Some(kept) => value = kept,
                None => return Ok(()),
            }
        }
        if self.head.field_count() + 1 >= self.limits.max_fields {
            return Err(Reason::TooManyFields);
        }
        self.head.push_spans(Span::new(name), Span::new(value));
        Ok(())
    }
}
