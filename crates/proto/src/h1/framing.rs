//! What follows from a complete head: its version, how the body ends, what happens to the
//! connection (RFC 9112, sections 6 and 9), and the checks that need the whole head.

use super::chars::{TARGET, list};
use super::error::{ParseError, Reason};
use super::fields::{Facts, drop_elements};
use super::parse::{Limits, Parsed, Progress};
use super::{HTTP2_PREFACE, target};
use crate::message::{Flags, Framing, Head, Span, Version};
use std::ops::Range;

/// Whether the sender of this head keeps the connection open after the message, as far as the
/// head tells (RFC 9112, section 9.3).
pub fn keeps_alive(head: &Head) -> bool {
    let flags = head.flags;
    !flags.close
        && !flags.must_close
        && (flags.keep_alive || head.version > Version::Http10)
        && !matches!(head.framing, Framing::UntilClose | Framing::Tunnel)
}

/// Whether a response with status 101 tells what it switches to.
pub fn switches(head: &Head) -> bool {
    head.get_all(b"connection").any(|value| list(value).any(|token| token.eq_ignore_ascii_case(b"upgrade")))
}

fn error(status: u16, at: usize, reason: Reason) -> ParseError {
    ParseError { status, at, reason }
}

pub(super) fn finish_request(
    head: &mut Head,
    progress: &Progress,
    limits: &Limits,
) -> Result<Parsed, ParseError> {
    let facts = &progress.facts;
    let head_len = progress.head_len();
    if head.bytes()[..head_len] == HTTP2_PREFACE[..18] {
        return Ok(Parsed::Http2Preface);
    }
    let version_at = progress.third.clone();
    let usual = &head.bytes()[version_at.clone()] == b"HTTP/1.1";
    let version = if usual { Some(Version::Http11) } else { parse_version(head, version_at.clone(), limits) };
    let Some(version) = version else { return Err(error(400, version_at.start, Reason::Version)) };
    let target_at = progress.second.clone();
    head.set_request_spans(Span::new(progress.first.clone()), Span::new(target_at.clone()), version);
    if !usual {
        note_odd_version(head, version_at);
    }
    let method = head.method();
    if method == b"PRI" {
        return Err(error(400, progress.first.start, Reason::Method)); // reserved for HTTP/2
    }
    let connect = method == b"CONNECT";
    let mut violates = limits.accept_unsafe && !head.target().iter().all(|byte| TARGET[*byte as usize]);
    let mut agrees = true;
    let only_path = !connect && head.target().starts_with(b"/");
    if !only_path && let Err(refused) = target::check(method, head.target(), facts.host(head.bytes())) {
        if !(refused.avoidable && limits.accept_unsafe) {
            return Err(error(400, target_at.start, refused.reason));
        }
        (violates, agrees) = (true, false);
    }
    if facts.transfer_encoding && !facts.chunked {
        return Err(error(400, head_len, Reason::TransferEncoding));
    }
    if !fits(head, head_len, limits) {
        return Err(error(431, head_len, Reason::TooLarge));
    }
    if facts.long_name {
        return Err(error(400, head_len, Reason::FieldName));
    }
    let has_body = facts.chunked || facts.length.is_some_and(|length| length > 0);
    if has_body
        && version == Version::Http10
        && !limits.any_method_payload
        && matches!(method, b"GET" | b"HEAD" | b"DELETE")
    {
        return Err(error(413, head_len, Reason::UnexpectedBody));
    }
    if facts.other_coding {
        return Err(error(422, head_len, Reason::TransferEncoding));
    }
    set_flags(head, facts, limits);
    clean_upgrade(head, facts);
    if head.flags.upgrade && facts.websocket && !facts.websocket_key {
        if !limits.accept_unsafe {
            return Err(error(400, head_len, Reason::WebSocketKey));
        }
        violates = true;
    }
    head.flags.violates |= violates;
    head.framing = declared(facts, Framing::None);
    if connect {
        remove_length(head);
    }
    if !only_path && (agrees || !connect) {
        target::normalize(head, target_at);
    }
    Ok(Parsed::Done { head_len })
}

pub(super) fn finish_response(
    head: &mut Head,
    progress: &Progress,
    limits: &Limits,
    request_method: &[u8],
) -> Result<Parsed, ParseError> {
    let facts = &progress.facts;
    let head_len = progress.head_len();
    let version_at = progress.first.clone();
    let usual = &head.bytes()[version_at.clone()] == b"HTTP/1.1";
    let version = if usual { Some(Version::Http11) } else { parse_version(head, version_at.clone(), limits) };
    let Some(version) = version else { return Err(error(502, version_at.start, Reason::Version)) };
    let digits = &head.bytes()[progress.second.clone()];
    let Some(status) = parse_status(digits, limits.accept_unsafe) else {
        return Err(error(502, progress.second.start, Reason::Status));
    };
    let usual_status = matches!(digits, [b'1'..=b'9', _, _]);
    head.set_response_spans(status, Span::new(progress.third.clone()), version);
    if !usual_status {
        head.set_status_digits(progress.second.len());
    }
    if !usual {
        note_odd_version(head, version_at);
    }
    if !fits(head, head_len, limits) {
        return Err(error(502, head_len, Reason::TooLarge));
    }
    if facts.long_name {
        return Err(error(502, head_len, Reason::FieldName));
    }
    if facts.other_coding || facts.transfer_encoding && !facts.chunked {
        return Err(error(502, head_len, Reason::TransferEncoding));
    }
    set_flags(head, facts, limits);
    let tunnel = status == 101 || request_method == b"CONNECT" && (200..300).contains(&status);
    let handshake = status == 101 && facts.connection_upgrade && facts.websocket;
    let lacks_key = handshake && !facts.websocket_key;
    if lacks_key && !limits.accept_unsafe {
        return Err(error(502, head_len, Reason::WebSocketKey));
    }
    head.flags.violates |= lacks_key || progress.second.len() > 3;
    if tunnel || (100..200).contains(&status) || status == 204 {
        remove_length(head);
    }
    head.framing = if tunnel {
        Framing::Tunnel
    } else if (100..200).contains(&status) || status == 204 || status == 304 || request_method == b"HEAD" {
        Framing::None
    } else {
        declared(facts, Framing::UntilClose)
    };
    Ok(Parsed::Done { head_len })
}

/// What a line, the start line and the end of a head take of HAProxy's form of it beside their text.
const LINE: usize = 8;
const KEPT_START: usize = LINE + 20;
const KEPT_END: usize = LINE + 1;

/// Whether the head as HAProxy keeps it has room: it has a few bytes more for each line than the head
/// as it came, of `head_len` bytes, so that most need not be measured.
fn fits(head: &Head, head_len: usize, limits: &Limits) -> bool {
    head_len + LINE * head.field_count() + KEPT_START + KEPT_END <= limits.max_kept
        || kept(head) <= limits.max_kept
}

/// Bytes of the head as HAProxy keeps it.
#[cold]
fn kept(head: &Head) -> usize {
    let status = if head.method().is_empty() { "200".len() } else { 0 };
    let start = KEPT_START + head.method().len() + head.target().len() + head.version_text().len() + status;
    let fields: usize = head.fields().map(|(name, value)| LINE + name.len() + value.len()).sum();
    start + fields + KEPT_END
}

/// `HTTP/` digit `.` digit, or where violations are accepted anything. What is as long and has at least
/// a 1 at the place of each digit counts as 1.1, so versions that are not known yet.
///
/// A request of HTTP/0.9 has none, and only gets here where it is accepted.
#[cold]
fn parse_version(head: &Head, text: Range<usize>, limits: &Limits) -> Option<Version> {
    let text = &head.bytes()[text];
    match text {
        [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => {}
        _ if limits.accept_unsafe => {}
        _ => return None,
    }
    Some(match text {
        [_, _, _, _, _, major, _, minor] if *major > b'1' || *major == b'1' && *minor >= b'1' => {
            Version::Http11
        }
        _ => Version::Http10,
    })
}

/// Keeps the text of an unusual version: logs show it, and below 1.1 it is passed on.
#[cold]
fn note_odd_version(head: &mut Head, text: Range<usize>) {
    if !text.is_empty() && &head.bytes()[text.clone()] != b"HTTP/1.0" {
        head.set_odd_version(Span::new(text));
    }
}

/// One to three digits, or where violations are accepted what fits in 16 bits.
fn parse_status(digits: &[u8], lenient: bool) -> Option<u16> {
    if let [b'1'..=b'9', _, _] = digits {
        return Some(digits.iter().fold(0, |status, digit| status * 10 + u16::from(digit - b'0')));
    }
    if digits.len() > 3 && !lenient {
        return None;
    }
    let add = |status: u16, digit: &u8| status.checked_mul(10)?.checked_add(u16::from(digit - b'0'));
    digits.iter().try_fold(0, add)
}

fn declared(facts: &Facts, otherwise: Framing) -> Framing {
    match facts.length {
        _ if facts.chunked => Framing::Chunked,
        Some(length) => Framing::Length(length),
        None => otherwise,
    }
}

/// Sets the flags. `transfer-encoding` beside `content-length` or in HTTP/1.0 smells of
/// smuggling: the length goes, and so does the connection (RFC 9112, section 6.1).
fn set_flags(head: &mut Head, facts: &Facts, limits: &Limits) {
    let both = facts.transfer_encoding && facts.length.is_some();
    if both {
        head.remove(b"content-length");
    }
    let old = head.version == Version::Http10;
    head.flags = Flags {
        close: facts.close,
        keep_alive: facts.keep_alive,
        upgrade: facts.connection_upgrade && facts.upgrade,
        websocket: facts.connection_upgrade && facts.websocket,
        expect_continue: facts.expect_continue && !old,
        violates: facts.violates,
        must_close: if both { !limits.keep_insecure_te } else { facts.transfer_encoding && old },
    };
}

/// `upgrade` and `connection: upgrade` mean nothing without each other: what is alone goes.
fn clean_upgrade(head: &mut Head, facts: &Facts) {
    if facts.upgrade && !facts.connection_upgrade {
        head.remove(b"upgrade");
    } else if facts.connection_upgrade && !facts.upgrade {
        for index in 0..head.field_count() {
            if head.field(index).0 == b"connection" {
                let Range { start, end } = head.value_range(index);
                let value = &mut head.bytes_mut()[start..end];
                let len = drop_elements(value, |token| token.eq_ignore_ascii_case(b"upgrade"));
                head.set_value_span(index, Span::new(start..start + len));
            }
        }
        head.retain(|name, value| name != b"connection" || !value.is_empty());
    }
}

/// Removes the fields that tell a body's length, and the framing, of a message that has none.
fn remove_length(head: &mut Head) {
    head.retain(|name, _| !matches!(name, b"content-length" | b"transfer-encoding"));
    head.framing = Framing::None;
}
