//! Header fields of requests and responses (manual, section 7.3.6). A value is an element of a
//! comma list, except for the `fhdr` fetches, which give whole lines.

use std::net::{IpAddr, Ipv6Addr};

use base::varint;
use ir::spec::ArgType;
use ir::types::SampleType::{Addr, Bin, Sint, Str};
use proto::message::Head;
use state::sample::{Arg, Cursor, Fetched};
use state::{Missing, Stream, Value};

use super::{at, leading_int, message, request, response};
use crate::checks;
use crate::room::Room;
use crate::row::{Example, Fetch};

const NAMED: &[ArgType] = &[ArgType::Str, ArgType::Sint];
const NAME: &[ArgType] = &[ArgType::Str];

const REQ: &str = "GET / HTTP/1.1\nx-a: 1, 2\nx-a: \"3,4\"\nx-ip: nope, 192.0.2.5:80\n";
const RES: &str = "GET / HTTP/1.1\n---\nHTTP/1.1 200 OK\nx-b: 5, 6\n";

pub const ROWS: &[Fetch] = &[
    Fetch::new("hdr", Str, at::MESSAGE, "The last (or n-th) value of a header of the message at hand", hdr)
        .args(0, NAMED)
        .check(checks::header_occurrence)
        .examples(&[Example::new(REQ, &["x-a"], "\"3,4\""), Example::new(RES, &["x-b"], "6")]),
    Fetch::new("hdr_cnt", Sint, at::REQUEST, "Same as `req.hdr_cnt`", req_hdr_cnt)
        .args(0, NAME)
        .examples(&[Example::new(REQ, &["x-a"], "3")]),
    Fetch::new("hdr_ip", Addr, at::REQUEST, "Same as `req.hdr_ip`", req_hdr_ip)
        .args(0, NAMED)
        .check(checks::header_occurrence)
        .examples(&[Example::new(REQ, &["x-ip"], "192.0.2.5")]),
    Fetch::new("hdr_val", Sint, at::REQUEST, "Same as `req.hdr_val`", req_hdr_val)
        .args(0, NAMED)
        .check(checks::header_occurrence)
        .examples(&[Example::new(REQ, &["x-a", "2"], "2")]),
    Fetch::new("req.hdr", Str, at::REQUEST, "The last (or n-th) value of a request header", req_hdr)
        .args(0, NAMED)
        .check(checks::header_occurrence)
        .examples(&[
            Example::new(REQ, &["x-a", "1"], "1"),
            Example::new(REQ, &["X-A", "-2"], "2"),
            Example::none(REQ, &["x-a", "4"]),
            Example::none(REQ, &["x-none"]),
            Example::none(REQ, &[]),
        ]),
    Fetch::new("req.hdr_cnt", Sint, at::REQUEST, "The number of values of a request header", req_hdr_cnt)
        .args(0, NAME)
        .examples(&[Example::new(REQ, &["x-none"], "0"), Example::new(REQ, &[], "5")]),
    Fetch::new("req.hdr_ip", Addr, at::REQUEST, "A request header's value as an address", req_hdr_ip)
        .args(0, NAMED)
        .check(checks::header_occurrence)
        .examples(&[Example::none(REQ, &["x-ip", "1"])]),
    Fetch::new("req.hdr_names", Str, at::REQUEST, "The names of all request headers", req_hdr_names)
        .args(0, NAME)
        .examples(&[Example::new(REQ, &[], "x-a,x-a,x-ip"), Example::new(REQ, &[";"], "x-a;x-a;x-ip")]),
    Fetch::new("req.hdr_val", Sint, at::REQUEST, "A request header's value as a number", req_hdr_val)
        .args(0, NAMED)
        .check(checks::header_occurrence)
        .examples(&[Example::new(REQ, &["x-a", "1"], "1")]),
    Fetch::new("req.fhdr", Str, at::REQUEST, "The last (or n-th) whole line of a request header", req_fhdr)
        .args(0, NAMED)
        .check(checks::header_occurrence)
        .examples(&[Example::new(REQ, &["x-a", "1"], "1, 2")]),
    Fetch::new("req.fhdr_cnt", Sint, at::REQUEST, "The number of lines of a request header", req_fhdr_cnt)
        .args(0, NAME)
        .examples(&[Example::new(REQ, &["x-a"], "2")]),
    Fetch::new("req.hdrs", Bin, at::REQUEST, "All request headers as they are sent", req_hdrs)
        .examples(&[Example::new("GET / HTTP/1.1\na: b\n", &[], "a: b\r\n\r\n")]),
    Fetch::new("req.hdrs_bin", Bin, at::REQUEST, "All request headers behind their lengths", req_hdrs_bin)
        .examples(&[Example::new("GET / HTTP/1.1\na: b\n", &[], "016101620000")]),
    Fetch::new("res.hdr", Str, at::RESPONSE, "The last (or n-th) value of a response header", res_hdr)
        .args(0, NAMED)
        .check(checks::header_occurrence)
        .examples(&[Example::new(RES, &["x-b"], "6"), Example::none(REQ, &["x-b"])]),
    Fetch::new("res.hdr_cnt", Sint, at::RESPONSE, "The number of values of a response header", res_hdr_cnt)
        .args(0, NAME)
        .examples(&[Example::new(RES, &["x-b"], "2")]),
    Fetch::new("res.hdr_ip", Addr, at::RESPONSE, "A response header's value as an address", res_hdr_ip)
        .args(0, NAMED)
        .check(checks::header_occurrence),
    Fetch::new("res.hdr_names", Str, at::RESPONSE, "The names of all response headers", res_hdr_names)
        .args(0, NAME)
        .examples(&[Example::new(RES, &[], "x-b")]),
    Fetch::new("res.hdr_val", Sint, at::RESPONSE, "A response header's value as a number", res_hdr_val)
        .args(0, NAMED)
        .check(checks::header_occurrence)
        .examples(&[Example::new(RES, &["x-b", "1"], "5")]),
    Fetch::new("res.fhdr", Str, at::RESPONSE, "The last (or n-th) whole line of a response header", res_fhdr)
        .args(0, NAMED)
        .check(checks::header_occurrence)
        .examples(&[Example::new(RES, &["x-b"], "5, 6")]),
    Fetch::new("res.fhdr_cnt", Sint, at::RESPONSE, "The number of lines of a response header", res_fhdr_cnt)
        .args(0, NAME)
        .examples(&[Example::new(RES, &["x-b"], "1")]),
    Fetch::new("res.hdrs", Bin, at::RESPONSE, "All response headers as they are sent", res_hdrs)
        .examples(&[Example::new(RES, &[], "x-b: 5, 6\r\n\r\n")]),
    Fetch::new("res.hdrs_bin", Bin, at::RESPONSE, "All response headers behind their lengths", res_hdrs_bin)
        .examples(&[Example::new(RES, &[], "03782d6204352c20360000")]),
    Fetch::new("shdr", Str, at::RESPONSE, "Same as `res.hdr`", res_hdr)
        .args(0, NAMED)
        .check(checks::header_occurrence),
    Fetch::new("shdr_cnt", Sint, at::RESPONSE, "Same as `res.hdr_cnt`", res_hdr_cnt).args(0, NAME),
    Fetch::new("shdr_ip", Addr, at::RESPONSE, "Same as `res.hdr_ip`", res_hdr_ip)
        .args(0, NAMED)
        .check(checks::header_occurrence),
    Fetch::new("shdr_val", Sint, at::RESPONSE, "Same as `res.hdr_val`", res_hdr_val)
        .args(0, NAMED)
        .check(checks::header_occurrence),
];

/// The elements of the comma list of all fields of that name.
pub(super) fn values<'a>(head: &'a Head, name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    lines(head, name).flat_map(|line| Elements { rest: Some(line) })
}

/// The whole values of the fields of that name, in any case, or of all where it is empty.
fn lines<'a>(head: &'a Head, name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    // What came from outside has no white space around it, what a rule wrote may have.
    head.fields()
        .filter(move |(have, _)| name.is_empty() || have.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim_ascii())
}

/// Splits a value at the commas that stand outside of quotes.
struct Elements<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        // Most values have neither.
        let comma = memchr::memchr2(b',', b'"', rest).and_then(|at| match rest[at] {
            b',' => Some(at),
            _ => unquoted_comma(&rest[at..]).map(|comma| at + comma),
        });
        self.rest = comma.map(|at| &rest[at + 1..]);
        Some(rest[..comma.unwrap_or(rest.len())].trim_ascii())
    }
}

fn unquoted_comma(text: &[u8]) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    text.iter().position(|byte| {
        let found = *byte == b',' && !quoted;
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
        found
    })
}

/// The next value of a set. The cursor holds the number of the field in its upper half, and in the
/// lower one where the rest of that field's value begins.
fn next_value<'a>(head: &'a Head, name: &[u8], cursor: &mut Cursor) -> Option<&'a [u8]> {
    let (field, offset) = (cursor.at >> 32, cursor.at & u32::MAX as usize);
    let fields = head.fields().enumerate().skip(field);
    let mut named = fields.filter(|(_, (have, _))| name.is_empty() || have.eq_ignore_ascii_case(name));
    let found = named.next().map(|(index, (_, value))| {
        let value = value.trim_ascii();
        let rest = if index == field { value.get(offset..) } else { None };
        let mut elements = Elements { rest: rest.or(Some(value)) };
        let element = elements.next();
        cursor.at = match elements.rest {
            Some(rest) => index << 32 | (value.len() - rest.len()),
            None => (index + 1) << 32,
        };
        element
    });
    cursor.more = found.is_some();
    found.flatten()
}

/// Of the values that `all` gives, the one that the arguments ask for, or the cursor's next.
fn choose<'a, I: Iterator<Item = &'a [u8]>>(
    all: impl Fn() -> I,
    args: &[Arg],
    cursor: &mut Cursor,
) -> Result<&'a [u8], Missing> {
    let value = match args.get(1) {
        Some(Arg::Sint(number @ 1..)) => all().nth(*number as usize - 1),
        Some(Arg::Sint(number)) if *number < 0 => {
            let place = all().count().checked_sub(number.unsigned_abs() as usize);
            place.and_then(|place| all().nth(place))
        }
        _ if cursor.iterate => {
            let value = all().nth(cursor.at);
            cursor.at += 1;
            cursor.more = value.is_some();
            value
        }
        _ => all().last(),
    };
    value.ok_or(Missing::Absent)
}

fn name(args: &[Arg]) -> Result<&[u8], Missing> {
    match args.first() {
        Some(Arg::Str(name)) => Ok(name),
        _ => Err(Missing::Absent),
    }
}

/// One element of the comma lists of the named fields.
fn value<'a>(head: &'a Head, args: &'a [Arg], cursor: &mut Cursor) -> Result<&'a [u8], Missing> {
    let name = name(args)?;
    let is_numbered = matches!(args.get(1), Some(Arg::Sint(number)) if *number != 0);
    match cursor.iterate && !is_numbered {
        true => next_value(head, name, cursor).ok_or(Missing::Absent),
        false => choose(|| values(head, name), args, cursor),
    }
}

fn element<'a>(head: &'a Head, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    value(head, args, cursor).map(Value::Str)
}

fn line<'a>(head: &'a Head, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    let name = name(args)?;
    choose(|| lines(head, name), args, cursor).map(Value::Str)
}

/// Without a name all values count.
fn count<'a, I: Iterator>(args: &'a [Arg], named: impl Fn(&'a [u8]) -> I) -> Fetched<'a> {
    let count = named(name(args).unwrap_or(b"")).count();
    Ok(Value::Sint(i64::try_from(count).unwrap_or(i64::MAX)))
}

fn number<'a>(head: &'a Head, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    value(head, args, cursor).map(|text| Value::Sint(leading_int(text)))
}

/// Values that are no address are passed over in a set of values.
fn address<'a>(head: &'a Head, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    loop {
        let text = value(head, args, cursor)?;
        match parse_address(text) {
            Some(address) => return Ok(address.into()),
            None if cursor.more => {}
            None => return Err(Missing::Absent),
        }
    }
}

/// `1.2.3.4`, `1.2.3.4:80`, `2001:db8::1`, `[2001:db8::1]`.
fn parse_address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?;
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    if let Some(inner) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        return inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    let (address, port) = text.split_once(':')?;
    port.parse::<u16>().ok()?;
    address.parse().ok().map(IpAddr::V4)
}

fn names<'a>(stream: &'a Stream, head: &'a Head, args: &'a [Arg]) -> Fetched<'a> {
    let separator = match args.first() {
        Some(Arg::Str(text)) => &text[..text.len().min(1)],
        _ => b",",
    };
    let size = head.fields().map(|(name, _)| name.len() + 1).sum();
    let mut room = Room::new(&stream.arena, size);
    for (index, (name, _)) in head.fields().enumerate() {
        if index > 0 {
            room.extend(separator);
        }
        room.extend(name);
    }
    Ok(Value::Str(room.finish()))
}

fn block<'a>(stream: &'a Stream, head: &'a Head) -> Fetched<'a> {
    let size = head.fields().map(|(name, value)| name.len() + value.len() + 4).sum::<usize>() + 2;
    let mut room = Room::new(&stream.arena, size);
    for (name, value) in head.fields() {
        for part in [name, b": ", value, b"\r\n"] {
            room.extend(part);
        }
    }
    room.extend(b"\r\n");
    Ok(Value::Str(room.finish()))
}

/// Names and values behind their lengths; two empty ones end them.
fn binary_block<'a>(stream: &'a Stream, head: &'a Head) -> Fetched<'a> {
    let most = |(name, value): (&[u8], &[u8])| name.len() + value.len() + 2 * varint::MOST;
    let mut room = Room::new(&stream.arena, head.fields().map(most).sum::<usize>() + 2);
    for (name, value) in head.fields() {
        for part in [name, value] {
            varint::write(part.len() as u64, |byte| room.push(byte));
            room.extend(part);
        }
    }
    room.extend(&[0, 0]);
    Ok(Value::Bin(room.finish()))
}

fn hdr<'a>(stream: &'a Stream, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    element(message(stream)?, args, cursor)
}

fn req_hdr<'a>(stream: &'a Stream, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    element(request(stream)?, args, cursor)
}

fn req_hdr_cnt<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let head = request(stream)?;
    count(args, |name| values(head, name))
}

fn req_hdr_ip<'a>(stream: &'a Stream, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    address(request(stream)?, args, cursor)
}

fn req_hdr_val<'a>(stream: &'a Stream, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    number(request(stream)?, args, cursor)
}

fn req_hdr_names<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    names(stream, request(stream)?, args)
}

fn req_fhdr<'a>(stream: &'a Stream, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    line(request(stream)?, args, cursor)
}

fn req_fhdr_cnt<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let head = request(stream)?;
    count(args, |name| lines(head, name))
}

fn req_hdrs<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    block(stream, request(stream)?)
}

fn req_hdrs_bin<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    binary_block(stream, request(stream)?)
}

fn res_hdrs_bin<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    binary_block(stream, response(stream)?)
}

fn res_hdr<'a>(stream: &'a Stream, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    element(response(stream)?, args, cursor)
}

fn res_hdr_cnt<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let head = response(stream)?;
    count(args, |name| values(head, name))
}

fn res_hdr_ip<'a>(stream: &'a Stream, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    address(response(stream)?, args, cursor)
}

fn res_hdr_val<'a>(stream: &'a Stream, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    number(response(stream)?, args, cursor)
}

fn res_hdr_names<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    names(stream, response(stream)?, args)
}

fn res_fhdr<'a>(stream: &'a Stream, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    line(response(stream)?, args, cursor)
}

fn res_fhdr_cnt<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let head = response(stream)?;
    count(args, |name| lines(head, name))
}

fn res_hdrs<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    block(stream, response(stream)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements() {
        let check = |line: &str, expected: &[&str]| {
            let got: Vec<_> = Elements { rest: Some(line.as_bytes()) }.map(String::from_utf8_lossy).collect();
            assert_eq!(got, expected, "{line}");
        };
        check("a, b ,c", &["a", "b", "c"]);
        check("", &[""]);
        check("a,", &["a", ""]);
        check(r#""a,\",b",c"#, &[r#""a,\",b""#, "c"]);
    }

    #[test]
    fn iteration() {
        let check = |input: &str, expected: &[&str]| {
            let stream = state::testing::stream(input);
            let args = [Arg::Str(b"x-a"[..].into())];
            let mut cursor = Cursor { iterate: true, ..Cursor::default() };
            let mut seen = Vec::new();
            while let Ok(Value::Str(value)) = req_hdr(&stream, &args, &mut cursor) {
                seen.push(String::from_utf8_lossy(value));
            }
            assert_eq!(seen, expected, "{input}");
            assert!(!cursor.more);
        };
        check(REQ, &["1", "2", "\"3,4\""]);
        check("GET / HTTP/1.1\nx-b: 1\nX-A: a,,\nx-b: 2,3\nx-a:\nx-a: b\n", &["a", "", "", "", "b"]);
        check("GET / HTTP/1.1\nx-b: 1\n", &[]);
    }

    #[test]
    fn addresses() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(
                parse_address(text.as_bytes()).map(|ip| ip.to_string()).as_deref(),
                expected,
                "{text}"
            );
        };
        check("1.2.3.4", Some("1.2.3.4"));
        check("1.2.3.4:80", Some("1.2.3.4"));
        check("1.2.3.4:80x", None);
        check("::1", Some("::1"));
        check("[::1]", Some("::1"));
        check("[2001:db8:c001:c01a:ffff:ffff:20:ffff]", Some("2001:db8:c001:c01a:ffff:ffff:20:ffff"));
        check("[::1]:80", None);
    }
}
