//! Bytes of the connection in `mode tcp`, before any protocol is known (manual, section 7.3.5).

use ir::spec::ArgType;
use ir::types::SampleType::{Bin, Bool, Sint, Str};
use proto::h1;
use state::sample::{Arg, Cursor, Fetched};
use state::{Missing, Needs, Stream, Value};

use super::{at, is_tcp, not_there, request, response};
use crate::checks;
use crate::row::{Example, Fetch};

const AT_LEN: &[ArgType] = &[ArgType::Sint, ArgType::Sint];
const LV: &[ArgType] = &[ArgType::Sint, ArgType::Sint, ArgType::Str];
const NAME: &[ArgType] = &[ArgType::Str];

pub const ROWS: &[Fetch] = &[
    Fetch::new("payload", Bin, at::BUFFER, "Bytes at an offset of the buffer at hand", payload)
        .args(2, AT_LEN),
    Fetch::new("payload_lv", Bin, at::BUFFER, "Bytes behind a length in the buffer at hand", payload_lv)
        .args(2, LV)
        .check(checks::payload_lv),
    Fetch::new("rdp_cookie", Str, at::REQUEST_BUFFER, "Same as `req.rdp_cookie`", rdp_cookie).args(0, NAME),
    Fetch::new("rdp_cookie_cnt", Sint, at::REQUEST_BUFFER, "Same as `req.rdp_cookie_cnt`", rdp_cookie_cnt)
        .args(0, NAME),
    Fetch::new("req.len", Sint, at::REQUEST_BUFFER, "The number of bytes in the request buffer", len)
        .needs(Needs::REQUEST_BODY)
        .examples(&[Example::new("GET / HTTP/1.1\n\nabc", &[], "36")]),
    Fetch::new("req_len", Sint, at::REQUEST_BUFFER, "Same as `req.len`", len)
        .needs(Needs::REQUEST_BODY)
        .examples(&[Example::new("GET / HTTP/1.1\n\nabc", &[], "36")]),
    Fetch::new("req.payload", Bin, at::REQUEST_BUFFER, "Bytes at an offset of the request buffer", payload)
        .args(2, AT_LEN),
    Fetch::new(
        "req.payload_lv",
        Bin,
        at::REQUEST_BUFFER,
        "Bytes behind a length in the request buffer",
        payload_lv,
    )
    .args(2, LV)
    .check(checks::payload_lv),
    Fetch::new("req.rdp_cookie", Str, at::REQUEST_BUFFER, "A cookie of the RDP protocol", rdp_cookie)
        .args(0, NAME),
    Fetch::new(
        "req.rdp_cookie_cnt",
        Sint,
        at::REQUEST_BUFFER,
        "How often an RDP cookie is there",
        rdp_cookie_cnt,
    )
    .args(0, NAME),
    Fetch::new("res.len", Sint, at::RESPONSE_BUFFER, "The number of bytes in the response buffer", len)
        .needs(Needs::RESPONSE_BODY),
    Fetch::new("res.payload", Bin, at::RESPONSE_BUFFER, "Bytes at an offset of the response buffer", payload)
        .args(2, AT_LEN),
    Fetch::new(
        "res.payload_lv",
        Bin,
        at::RESPONSE_BUFFER,
        "Bytes behind a length in the response buffer",
        payload_lv,
    )
    .args(2, LV)
    .check(checks::payload_lv),
    Fetch::new("wait_end", Bool, at::INTERNAL, "True once the inspection of the content ends", wait_end),
];

/// The buffer of the phase. HTTP has messages instead.
pub(super) fn buffer(stream: &Stream) -> &[u8] {
    if !is_tcp(stream) {
        return &[];
    }
    if stream.in_response() { &stream.res_body.bytes } else { &stream.req_body.bytes }
}

/// Of HTTP, what the message counts for as far as it is buffered.
fn len<'a>(stream: &'a Stream, _: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    cursor.may_change = true;
    let len = match (!is_tcp(stream), stream.in_response()) {
        (false, _) => buffer(stream).len() as u64,
        (true, false) => h1::counted_request(request(stream)?) + stream.req_body.bytes.len() as u64,
        (true, true) => h1::counted_response(response(stream)?) + stream.res_body.bytes.len() as u64,
    };
    Ok(Value::Sint(i64::try_from(len).unwrap_or(i64::MAX)))
}

fn wait_end<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    if stream.is_final() { Ok(Value::Bool(true)) } else { Err(Missing::NotYet) }
}

fn unsigned(args: &[Arg], index: usize) -> Result<usize, Missing> {
    match args.get(index) {
        Some(Arg::Sint(number)) => usize::try_from(*number).map_err(|_| Missing::Absent),
        _ => Err(Missing::Absent),
    }
}

/// `len` bytes at `start`, which must fit into a buffer at all.
fn slice(stream: &Stream, start: usize, len: usize) -> Result<&[u8], Missing> {
    let end = start.checked_add(len).ok_or(Missing::Absent)?;
    if end > stream.plan.config.global.tune.bufsize {
        return Err(Missing::Absent);
    }
    buffer(stream).get(start..end).ok_or_else(|| not_there(stream))
}

/// A length of 0 means all that there is.
fn payload<'a>(stream: &'a Stream, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    let (start, len) = (unsigned(args, 0)?, unsigned(args, 1)?);
    if len == 0 {
        cursor.may_change = true;
        return buffer(stream).get(start..).map(Value::Bin).ok_or_else(|| not_there(stream));
    }
    slice(stream, start, len).map(Value::Bin)
}

fn payload_lv<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let (at, size) = (unsigned(args, 0)?, unsigned(args, 1)?);
    if size > 8 {
        return Err(Missing::Absent);
    }
    let length = slice(stream, at, size)?.iter().fold(0u64, |length, byte| length << 8 | u64::from(*byte));
    let length = usize::try_from(length).ok().filter(|length| *length > 0).ok_or(Missing::Absent)?;
    let behind = at + size;
    let start = match args.get(2) {
        Some(Arg::Str(text)) => {
            let offset = base::bytes::parse_i64(text).ok_or(Missing::Absent)?;
            let is_relative = matches!(text.first(), Some(b'+' | b'-'));
            // HAProxy 3.5 keeps the sign in the lowest bit, and reads an offset without one as if
            // it were so kept.
            let (is_relative, offset) =
                if is_relative { (true, offset) } else { (offset & 1 == 1, offset >> 1) };
            let from = if is_relative { behind } else { 0 };
            let offset = isize::try_from(offset).map_err(|_| Missing::Absent)?;
            from.checked_add_signed(offset).ok_or(Missing::Absent)?
        }
        _ => behind,
    };
    slice(stream, start, length).map(Value::Bin)
}

/// The RDP cookie `Cookie: name=value` of a connection request (MS-RDPBCGR, section 2.2.1.1).
fn cookie<'a>(stream: &'a Stream, args: &[Arg]) -> Result<&'a [u8], Missing> {
    const HEADER: usize = 11;
    let bytes = buffer(stream);
    let cookie = bytes.get(HEADER..).ok_or_else(|| not_there(stream))?;
    // Version 3 of TPKT, and a connection request.
    if bytes[0] != 3 || bytes[5] & 0xf0 != 0xe0 {
        return Err(Missing::Absent);
    }
    const PREFIX: &[u8] = b"Cookie: ";
    if cookie.len() <= PREFIX.len() {
        return Err(not_there(stream));
    }
    let cookie =
        cookie.get(..PREFIX.len()).filter(|start| start.eq_ignore_ascii_case(PREFIX)).map(|_| cookie);
    let pair = &cookie.ok_or(Missing::Absent)?[PREFIX.len()..];
    let end = memchr::memchr(b'\r', pair).ok_or_else(|| not_there(stream))?;
    let equals = memchr::memchr(b'=', &pair[..end]).ok_or(Missing::Absent)?;
    match args.first() {
        Some(Arg::Str(name)) if !name.eq_ignore_ascii_case(&pair[..equals]) => Err(Missing::Absent),
        _ => Ok(&pair[equals + 1..end]),
    }
}

fn rdp_cookie<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    cookie(stream, args).map(Value::Str)
}

fn rdp_cookie_cnt<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    match cookie(stream, args) {
        Ok(_) => Ok(Value::Sint(1)),
        Err(Missing::Absent) => Ok(Value::Sint(0)),
        Err(Missing::NotYet) => Err(Missing::NotYet),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ir::spec::RuleSet;
    use state::sample::FetchFn;
    use state::session::Mux;

    fn check(run: FetchFn, bytes: &[u8], args: Vec<Arg>, complete: bool, expected: Fetched) {
        let mut stream = state::testing::stream("");
        stream.phase = RuleSet::TcpContent;
        stream.session.mux.set(Mux::Tcp);
        stream.req_body.bytes.extend_from_slice(bytes);
        stream.req_body.complete = complete;
        assert_eq!(run(&stream, &args, &mut Cursor::default()), expected, "{args:?}");
    }

    #[test]
    fn slices() {
        let args = |a, b| vec![Arg::Sint(a), Arg::Sint(b)];
        check(payload, b"abcdef", args(1, 2), false, Ok(Value::Bin(b"bc")));
        check(payload, b"abcdef", args(1, 0), false, Ok(Value::Bin(b"bcdef")));
        check(payload, b"abc", args(1, 3), false, Err(Missing::NotYet));
        check(payload, b"abc", args(1, 3), true, Err(Missing::Absent));
        check(payload, b"abc", args(1, 1 << 30), false, Err(Missing::Absent));
        check(payload, b"abc", args(-1, 1), false, Err(Missing::Absent));
        check(payload_lv, b"\0\x02abcd", args(0, 2), false, Ok(Value::Bin(b"ab")));
        check(payload_lv, b"\0\x05abcd", args(0, 2), false, Err(Missing::NotYet));
        let relative = vec![Arg::Sint(0), Arg::Sint(1), Arg::Str(b"+1"[..].into())];
        check(payload_lv, b"\x02abcd", relative, false, Ok(Value::Bin(b"bc")));
        let lv = |offset: &str| vec![Arg::Sint(0), Arg::Sint(1), Arg::Str(offset.as_bytes().into())];
        check(payload_lv, b"\x02abcd", lv("0"), false, Ok(Value::Bin(b"\x02a")));
        check(payload_lv, b"\x02abcd", lv("4"), false, Ok(Value::Bin(b"bc")));
        check(payload_lv, b"\x02abcd", lv("3"), false, Ok(Value::Bin(b"bc")));
    }

    #[test]
    fn rdp() {
        let request = b"\x03\0\0\x2a\x25\xe0\0\0\0\0\0Cookie: mstshash=user\r\n";
        let name = |name: &[u8]| vec![Arg::Str(name.into())];
        check(rdp_cookie, request, name(b"mstshash"), false, Ok(Value::Str(b"user")));
        check(rdp_cookie, request, vec![], false, Ok(Value::Str(b"user")));
        check(rdp_cookie, request, name(b"other"), false, Err(Missing::Absent));
        check(rdp_cookie, &request[..30], vec![], false, Err(Missing::NotYet));
        check(rdp_cookie_cnt, b"GET / HTTP/1.1\r\n\r\n", vec![], false, Ok(Value::Sint(0)));
    }

    #[test]
    fn waiting() {
        check(wait_end, b"", vec![], false, Err(Missing::NotYet));
        check(wait_end, b"", vec![], true, Ok(Value::Bool(true)));
    }
}
