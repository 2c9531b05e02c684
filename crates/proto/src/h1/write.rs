//! Heads and chunks to bytes, appended to the caller's buffer. Names are in lower case, in the
//! order of the head; `connection` says what the caller decided and only where the peer would
//! assume otherwise.

use super::chars::list;
use super::fields::{Known, is_http2_upgrade};
use super::reason::reason_phrase;
use crate::message::{Framing, Head, Version};
use std::ops::Range;

/// What happens to the connection after this message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persistence {
    KeepAlive,
    Close,
}

/// How a request is written towards a server.
#[derive(Clone, Copy, Debug)]
pub struct RequestOut {
    pub persistence: Persistence,
    /// `option http-pretend-keepalive`: the server is not told that its connection will be closed.
    pub pretend: bool,
}

/// How a response is written towards a client.
#[derive(Clone, Copy, Debug)]
pub struct ResponseOut {
    pub persistence: Persistence,
    /// The version of the client's request: an HTTP/1.0 client is told `connection: keep-alive`
    /// where the connection stays.
    pub client_version: Version,
}

/// Appends the request head: request line, fields, empty line. Returns what is to happen to the
/// server's connection: a `connection: close` in the head, or chunks in HTTP/1.0, turn
/// keep-alive into close.
pub fn write_request(head: &Head, out: &mut Vec<u8>, how: &RequestOut) -> Persistence {
    out.reserve(head.bytes().len() + 64);
    let mut lines = Lines::new(head, out);
    lines.request_line();
    let written = write_fields(lines, false);
    let persistence = written.persistence(head, how.persistence);
    if !written.upgrade && head.framing != Framing::Tunnel {
        match (persistence, head.version) {
            (Persistence::KeepAlive, Version::Http10) => out.extend_from_slice(KEEP_ALIVE),
            (Persistence::Close, Version::Http11 | Version::Http2) if !how.pretend => {
                out.extend_from_slice(CLOSE)
            }
            (Persistence::Close, Version::Http10) if how.pretend => out.extend_from_slice(KEEP_ALIVE),
            _ => {}
        }
    }
    written.finish(head, out);
    persistence
}

/// Appends the response head (a 1xx head too). Returns what is to happen to the client's
/// connection: a `connection: close` in the head, a body until close, or chunks in HTTP/1.0,
/// turn keep-alive into close.
pub fn write_response(head: &Head, out: &mut Vec<u8>, how: &ResponseOut) -> Persistence {
    out.reserve(head.bytes().len() + 64);
    let mut lines = Lines::new(head, out);
    lines.status_line();
    let written = write_fields(lines, true);
    let interim = (100..200).contains(&head.status());
    if interim {
        written.finish(head, out);
        return how.persistence;
    }
    let mut persistence = written.persistence(head, how.persistence);
    if head.framing == Framing::UntilClose {
        persistence = Persistence::Close;
    }
    // Below 200, the connection is not spoken of, even of a status that is none.
    if !written.upgrade && head.framing != Framing::Tunnel && head.status() >= 200 {
        let old = head.version == Version::Http10;
        match persistence {
            Persistence::KeepAlive if old || how.client_version == Version::Http10 => {
                out.extend_from_slice(KEEP_ALIVE);
            }
            Persistence::Close if !old => out.extend_from_slice(CLOSE),
            _ => {}
        }
    }
    written.finish(head, out);
    persistence
}

/// Appends the head of an answer that nobody's request asked for: all of it as it stands.
pub fn write_page(head: &Head, out: &mut Vec<u8>) {
    let mut lines = Lines::new(head, out);
    lines.status_line();
    for (name, value) in head.field_ranges() {
        lines.field(name, value);
    }
    lines.flush().extend_from_slice(b"\r\n");
}

const KEEP_ALIVE: &[u8] = b"connection: keep-alive\r\n";
const CLOSE: &[u8] = b"connection: close\r\n";
const CHUNKED: &[u8] = b"transfer-encoding: chunked\r\n";

const fn version_at_line_end(version: Version) -> &'static [u8] {
    match version {
        Version::Http10 => b" HTTP/1.0\r\n",
        Version::Http11 | Version::Http2 => b" HTTP/1.1\r\n",
    }
}

/// A version below 1.1 is passed on as it came, all others are 1.1.
fn version(head: &Head) -> &[u8] {
    if head.version == Version::Http10 { head.version_text() } else { b"HTTP/1.1" }
}

/// What [`write_fields`] met on its way.
#[derive(Default)]
struct Written {
    /// `connection: close`
    close: bool,
    /// `connection: upgrade`
    upgrade: bool,
    /// `content-length` or `transfer-encoding`, whichever the framing asks for.
    framing: bool,
    /// `transfer-encoding`, even of a body that is not there.
    coding: bool,
}

impl Written {
    fn persistence(&self, head: &Head, asked: Persistence) -> Persistence {
        let chunked = self.coding || head.flags.must_close || head.framing == Framing::Chunked;
        let old_chunked = head.version == Version::Http10 && chunked;
        if self.close || old_chunked { Persistence::Close } else { asked }
    }

    /// Adds the framing's field if the head had none, and the empty line.
    fn finish(&self, head: &Head, out: &mut Vec<u8>) {
        match head.framing {
            Framing::Length(length) if !self.framing => write_length(out, length),
            Framing::Chunked if !self.framing => out.extend_from_slice(CHUNKED),
            _ => {}
        }
        out.extend_from_slice(b"\r\n");
    }
}

fn write_fields(mut lines: Lines, response: bool) -> Written {
    let head = lines.head;
    let mut written = Written::default();
    // An answer to HEAD or a 304 tells the length of a body that is not there, and so does what a rule
    // made a 204: one that came as such has no length.
    let tells = response && head.framing == Framing::None && head.status() >= 200;
    let is_204 = response && head.status() == 204;
    for (name, value) in head.field_ranges() {
        let text = &head.bytes()[value.clone()];
        match Known::of(&head.bytes()[name.clone()]) {
            Some(Known::ContentLength) => match head.framing {
                Framing::Length(length) if !written.framing => {
                    let mut digits = [0; MOST_DIGITS];
                    let digits = decimal(&mut digits, length);
                    lines.field_of(name, value, digits);
                    written.framing = true;
                }
                _ if tells => lines.field(name, value),
                _ => {}
            },
            // Chunks that a 204 must not have: only the end of the connection is sure.
            Some(Known::TransferEncoding) if is_204 => (written.close, written.framing) = (true, true),
            Some(Known::TransferEncoding) => {
                // A rule may have set it beside the length.
                let tells_this = tells && head.get(b"content-length").is_none();
                if tells_this || head.framing == Framing::Chunked && !written.framing {
                    lines.field_of(name, value, b"chunked");
                    (written.framing, written.coding) = (true, true);
                }
            }
            Some(Known::Connection) => {
                written.close |= list(text).any(|token| token.eq_ignore_ascii_case(b"close"));
                written.upgrade |= list(text).any(|token| token.eq_ignore_ascii_case(b"upgrade"));
                lines.list(name, value, |token| {
                    !token.eq_ignore_ascii_case(b"close") && !token.eq_ignore_ascii_case(b"keep-alive")
                });
            }
            Some(Known::Upgrade) => lines.list(name, value, |token| !is_http2_upgrade(token)),
            Some(Known::Te) => {
                if list(text).any(|token| token.eq_ignore_ascii_case(b"trailers")) {
                    lines.field_of(name, value, b"trailers");
                }
            }
            _ => lines.field(name, value),
        }
    }
    lines.flush();
    written
}

/// Lines on their way from a head to the output. As long as they stand in the head's bytes one
/// behind the other just as they are to be written, they are only counted in: the usual head is
/// copied in one or two pieces.
struct Lines<'a> {
    head: &'a Head,
    out: &'a mut Vec<u8>,
    /// Lines in the head's bytes that are still to be copied.
    pending: Range<usize>,
}

impl<'a> Lines<'a> {
    fn new(head: &'a Head, out: &'a mut Vec<u8>) -> Self {
        Self { head, out, pending: 0..0 }
    }

    /// The output, with all that was pending.
    fn flush(&mut self) -> &mut Vec<u8> {
        self.out.extend_from_slice(&self.head.bytes()[std::mem::take(&mut self.pending)]);
        self.out
    }

    /// Takes a line that stands in the head's bytes.
    fn line(&mut self, line: Range<usize>) {
        if self.pending.end == line.start {
            self.pending.end = line.end;
        } else {
            self.flush();
            self.pending = line;
        }
    }

    /// Whether `text` stands at `at` in the head's bytes.
    fn has(&self, at: usize, text: &[u8]) -> bool {
        self.head.bytes().get(at..at + text.len()) == Some(text)
    }

    fn request_line(&mut self) {
        let (method, target) = (self.head.method_range(), self.head.target_range());
        let end = version_at_line_end(self.head.version);
        if method.end + 1 == target.start && self.has(method.end, b" ") && self.has(target.end, end) {
            return self.line(method.start..target.end + end.len());
        }
        for part in [self.head.method(), b" ", self.head.target(), b" ", version(self.head), b"\r\n"] {
            self.out.extend_from_slice(part);
        }
    }

    fn status_line(&mut self) {
        let (status, reason) = (self.head.status(), self.head.target_range());
        let mut start = *b"HTTP/1.1 200 ";
        if self.head.version == Version::Http10 {
            start[7] = b'0';
        }
        let mut digits = [0; MOST_DIGITS];
        let digits = decimal(&mut digits, u64::from(status));
        let zeros = &b"000"[..self.head.status_digits().saturating_sub(digits.len()).min(3)];
        if let [_, _, _] = digits {
            start[9..12].copy_from_slice(digits);
            let before = reason.start.checked_sub(start.len());
            if let Some(before) = before.filter(|before| self.has(*before, &start))
                && self.has(reason.end, b"\r\n")
                && !reason.is_empty()
            {
                return self.line(before..reason.end + 2);
            }
        }
        let reason = self.head.reason();
        let reason = if reason.is_empty() { reason_phrase(status).as_bytes() } else { reason };
        for part in [version(self.head), b" ", zeros, digits, b" ", reason, b"\r\n"] {
            self.out.extend_from_slice(part);
        }
    }

    #[inline(always)]
    fn field(&mut self, name: Range<usize>, value: Range<usize>) {
        let as_is = name.end + 2 == value.start && self.has(name.end, b": ") && self.has(value.end, b"\r\n");
        if as_is && self.pending.end == name.start {
            self.pending.end = value.end + 2;
        } else {
            self.apart(name, value, as_is);
        }
    }

    /// A field that does not follow on what is pending.
    #[inline(never)] // few fields get here
    fn apart(&mut self, name: Range<usize>, value: Range<usize>, as_is: bool) {
        let bytes = self.head.bytes();
        if as_is {
            self.line(name.start..value.end + 2);
        } else {
            write_field(self.flush(), &bytes[name], &bytes[value]);
        }
    }

    /// A field whose value may have to become `text`.
    fn field_of(&mut self, name: Range<usize>, value: Range<usize>, text: &[u8]) {
        let bytes = self.head.bytes();
        if &bytes[value.clone()] == text {
            return self.field(name, value);
        }
        write_field(self.flush(), &bytes[name], text);
    }

    /// A field whose value is a list: verbatim if all elements are kept, not at all if none is.
    /// An empty element at its end is none.
    fn list(&mut self, name: Range<usize>, value: Range<usize>, keep: impl Fn(&[u8]) -> bool) {
        let bytes = self.head.bytes();
        let text = &bytes[value.clone()];
        let text = text.strip_suffix(b",").unwrap_or(text);
        if text.is_empty() {
            return;
        }
        if list(text).all(&keep) {
            return self.field_of(name, value, text);
        }
        let out = self.flush();
        for (index, element) in list(text).filter(|element| keep(element)).enumerate() {
            let (before, between): (&[u8], &[u8]) =
                if index == 0 { (&bytes[name.clone()], b": ") } else { (b"", b",") };
            for part in [before, between, element] {
                out.extend_from_slice(part);
            }
        }
        if list(text).any(keep) {
            out.extend_from_slice(b"\r\n");
        }
    }
}

fn write_field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    for part in [name, b": ", value, b"\r\n"] {
        out.extend_from_slice(part);
    }
}

fn write_length(out: &mut Vec<u8>, length: u64) {
    write_field(out, b"content-length", decimal(&mut [0; MOST_DIGITS], length));
}

/// Digits of the largest number.
const MOST_DIGITS: usize = 20;

fn decimal(space: &mut [u8; MOST_DIGITS], number: u64) -> &[u8] {
    digits::<10>(space, number)
}

fn digits<const BASE: u64>(space: &mut [u8; MOST_DIGITS], mut number: u64) -> &[u8] {
    let mut start = space.len();
    while start > 0 {
        start -= 1;
        space[start] = b"0123456789ABCDEF"[(number % BASE) as usize];
        number /= BASE;
        if number == 0 {
            break;
        }
    }
    &space[start..]
}

/// Writes names of the fields in `head`, a whole head as it was written here, in another case:
/// `other` gives that of a name in lower case.
pub fn adjust_names<'a>(head: &mut [u8], other: impl Fn(&[u8]) -> Option<&'a [u8]>) {
    for line in head.split_mut(|byte| *byte == b'\n').skip(1) {
        let Some(colon) = memchr::memchr(b':', line) else { continue };
        let name = &mut line[..colon];
        if let Some(other) = other(name)
            && other.len() == name.len()
        {
            name.copy_from_slice(other);
        }
    }
}

/// Appends `len` in hexadecimal and CR LF; the data and CR LF follow. `len` is not 0.
pub fn write_chunk_header(out: &mut Vec<u8>, len: usize) {
    debug_assert!(len > 0);
    out.extend_from_slice(digits::<16>(&mut [0; MOST_DIGITS], len as u64));
    out.extend_from_slice(b"\r\n");
}

/// Appends the chunk of size 0, the fields of `trailers` if any, and the empty line.
pub fn write_last_chunk(out: &mut Vec<u8>, trailers: Option<&Head>) {
    out.extend_from_slice(b"0\r\n");
    match trailers {
        Some(trailers) => write_trailers(out, trailers),
        None => out.extend_from_slice(b"\r\n"),
    }
}

/// Appends what stands behind the chunk of size 0.
pub fn write_trailers(out: &mut Vec<u8>, trailers: &Head) {
    let mut lines = Lines::new(trailers, out);
    for (name, value) in trailers.field_ranges() {
        lines.field(name, value);
    }
    lines.flush().extend_from_slice(b"\r\n");
}
