//! Heads and chunks to bytes, appended to the caller's buffer. Names are in lower case, in the
//! order of the head; `connection` says what the caller decided and only where the peer would
//! assume otherwise.

use super::chars::list;
use super::fields::is_http2_upgrade;
use super::reason::reason_phrase;
use crate::message::{Framing, Head, Version};

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
    for part in [head.method(), b" ", head.target(), version_at_line_end(head.version)] {
        out.extend_from_slice(part);
    }
    let written = write_fields(head, out, false);
    let persistence = written.persistence(head, how.persistence);
    if !written.upgrade && head.framing != Framing::Tunnel {
        match (persistence, head.version) {
            (Persistence::KeepAlive, Version::Http10) => out.extend_from_slice(KEEP_ALIVE),
            (Persistence::Close, Version::Http11 | Version::Http2) => out.extend_from_slice(CLOSE),
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
    out.extend_from_slice(if head.version == Version::Http10 { b"HTTP/1.0 " } else { b"HTTP/1.1 " });
    write_decimal(out, u64::from(head.status()));
    out.push(b' ');
    let reason = head.reason();
    out.extend_from_slice(if reason.is_empty() { reason_phrase(head.status()).as_bytes() } else { reason });
    out.extend_from_slice(b"\r\n");
    let written = write_fields(head, out, true);
    let interim = (100..200).contains(&head.status());
    if interim {
        written.finish(head, out);
        return how.persistence;
    }
    let mut persistence = written.persistence(head, how.persistence);
    if head.framing == Framing::UntilClose {
        persistence = Persistence::Close;
    }
    if !written.upgrade && head.framing != Framing::Tunnel {
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

const KEEP_ALIVE: &[u8] = b"connection: keep-alive\r\n";
const CLOSE: &[u8] = b"connection: close\r\n";
const CHUNKED: &[u8] = b"transfer-encoding: chunked\r\n";

const fn version_at_line_end(version: Version) -> &'static [u8] {
    match version {
        Version::Http10 => b" HTTP/1.0\r\n",
        Version::Http11 | Version::Http2 => b" HTTP/1.1\r\n",
    }
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
}

impl Written {
    fn persistence(&self, head: &Head, asked: Persistence) -> Persistence {
        let old_chunked = head.version == Version::Http10 && head.framing == Framing::Chunked;
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

fn write_fields(head: &Head, out: &mut Vec<u8>, response: bool) -> Written {
    let mut written = Written::default();
    // An answer to HEAD or a 304 tells the length of a body that is not there.
    let tells = response && head.framing == Framing::None && head.status() >= 200 && head.status() != 204;
    for (name, value) in head.fields() {
        match name {
            b"content-length" => match head.framing {
                Framing::Length(length) if !written.framing => {
                    write_length(out, length);
                    written.framing = true;
                }
                _ if tells => write_field(out, name, value),
                _ => {}
            },
            b"transfer-encoding" => {
                if tells || head.framing == Framing::Chunked && !written.framing {
                    out.extend_from_slice(CHUNKED);
                    written.framing = true;
                }
            }
            b"connection" => {
                written.close |= list(value).any(|token| token.eq_ignore_ascii_case(b"close"));
                written.upgrade |= list(value).any(|token| token.eq_ignore_ascii_case(b"upgrade"));
                write_list(out, name, value, |token| {
                    !token.eq_ignore_ascii_case(b"close") && !token.eq_ignore_ascii_case(b"keep-alive")
                });
            }
            b"upgrade" => write_list(out, name, value, |token| !is_http2_upgrade(token)),
            b"te" => {
                if list(value).any(|token| token.eq_ignore_ascii_case(b"trailers")) {
                    write_field(out, name, b"trailers");
                }
            }
            _ => write_field(out, name, value),
        }
    }
    written
}

fn write_field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// A field whose value is a list: verbatim if all elements are kept, not at all if none is.
fn write_list(out: &mut Vec<u8>, name: &[u8], value: &[u8], keep: impl Fn(&[u8]) -> bool) {
    if list(value).all(&keep) {
        return write_field(out, name, value);
    }
    for (index, element) in list(value).filter(|element| keep(element)).enumerate() {
        let (before, between): (&[u8], &[u8]) = if index == 0 { (name, b": ") } else { (b"", b",") };
        for part in [before, between, element] {
            out.extend_from_slice(part);
        }
    }
    if list(value).any(keep) {
        out.extend_from_slice(b"\r\n");
    }
}

fn write_length(out: &mut Vec<u8>, length: u64) {
    out.extend_from_slice(b"content-length: ");
    write_decimal(out, length);
    out.extend_from_slice(b"\r\n");
}

fn write_decimal(out: &mut Vec<u8>, number: u64) {
    write_digits(out, number, 10);
}

fn write_digits(out: &mut Vec<u8>, mut number: u64, base: u64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b"0123456789ABCDEF"[(number % base) as usize];
        number /= base;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

/// Appends `len` in hexadecimal and CR LF; the data and CR LF follow. `len` is not 0.
pub fn write_chunk_header(out: &mut Vec<u8>, len: usize) {
    debug_assert!(len > 0);
    write_digits(out, len as u64, 16);
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
    for (name, value) in trailers.fields() {
        write_field(out, name, value);
    }
    out.extend_from_slice(b"\r\n");
}
