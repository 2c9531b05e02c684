//! The TLS hello in the buffered bytes of a TCP connection, without terminating TLS (manual,
//! section 7.3.5; RFC 8446, section 4.1.2), read as HAProxy reads it: what is broken is no hello.

use ir::config::Mode;
use ir::types::SampleType::{Bin, Bool, Sint, Str};
use state::sample::{Arg, Cursor, Fetched};
use state::{Missing, Stream, Value};

use super::payload::buffer;
use super::{at, not_there};
use crate::room::Room;
use crate::row::Fetch;

pub const ROWS: &[Fetch] = &[
    Fetch::new("rep_ssl_hello_type", Sint, at::RESPONSE_BUFFER, "Same as `res.ssl_hello_type`", hello_type),
    Fetch::new(
        "req.ssl_alpn",
        Str,
        at::REQUEST_BUFFER,
        "The protocols that a TLS client offers: the first, or in a condition any",
        alpn,
    ),
    Fetch::new("req.ssl_cipherlist", Bin, at::HELLO, "The ciphers that a TLS client offers", ciphers),
    Fetch::new(
        "req.ssl_ec_ext",
        Bool,
        at::REQUEST_BUFFER,
        "Whether a TLS client names its curves",
        has_curves,
    ),
    Fetch::new(
        "req.ssl_hello_type",
        Sint,
        at::REQUEST_BUFFER,
        "The type of the hello: 1 for a TLS client's",
        hello_type,
    ),
    Fetch::new(
        "req.ssl_keyshare_groups",
        Bin,
        at::HELLO,
        "The groups that a TLS client sends key shares of",
        key_shares,
    ),
    Fetch::new(
        "req.ssl_sigalgs",
        Bin,
        at::HELLO,
        "The signature algorithms that a TLS client knows",
        |s, _, _| numbers(s, SIGNATURES, 2).map(Value::Bin),
    ),
    Fetch::new("req.ssl_sni", Str, at::REQUEST_BUFFER, "The server name that a TLS client asks for", sni),
    Fetch::new(
        "req.ssl_st_ext",
        Sint,
        at::REQUEST_BUFFER,
        "1 where a TLS client knows session tickets, 2 where it sends one, else 0",
        ticket,
    ),
    Fetch::new(
        "req.ssl_supported_groups",
        Bin,
        at::HELLO,
        "The groups for key exchange that a TLS client knows",
        |s, _, _| numbers(s, GROUPS, 2).map(Value::Bin),
    ),
    Fetch::new("req.ssl_ver", Sint, at::REQUEST_BUFFER, "The TLS version that the hello names", version),
    Fetch::new("req_ssl_hello_type", Sint, at::REQUEST_BUFFER, "Same as `req.ssl_hello_type`", hello_type),
    Fetch::new("req_ssl_sni", Str, at::REQUEST_BUFFER, "Same as `req.ssl_sni`", sni),
    Fetch::new("req_ssl_ver", Sint, at::REQUEST_BUFFER, "Same as `req.ssl_ver`", version),
    Fetch::new(
        "res.ssl_hello_type",
        Sint,
        at::RESPONSE_BUFFER,
        "The type of the hello: 2 for a TLS server's",
        hello_type,
    ),
];

/// Types of extensions.
const SERVER_NAME: usize = 0;
const GROUPS: usize = 10;
const SIGNATURES: usize = 13;
const ALPN: usize = 16;
const SESSION_TICKET: usize = 35;
const KEY_SHARE: usize = 51;

/// The shortest rest of a ClientHello that can have extensions, behind its own length.
const SHORTEST: usize = 45;

/// A big-endian number of two bytes; 0 where there are fewer.
fn number(bytes: &[u8]) -> usize {
    bytes.first_chunk().map_or(0, |number| usize::from(u16::from_be_bytes(*number)))
}

/// The length of a handshake message, of three bytes.
fn long_number(bytes: &[u8]) -> usize {
    bytes.first_chunk().map_or(0, |[high, middle, low]| usize::from(*high) << 16 | number(&[*middle, *low]))
}

/// The bytes of the buffer; HTTP has none.
fn raw(stream: &Stream) -> Result<&[u8], Missing> {
    let mode = stream.plan.settings(stream.session.frontend).mode;
    let is_http = mode == Mode::Http || !stream.req.is_empty();
    if is_http { Err(Missing::Absent) } else { Ok(buffer(stream)) }
}

/// At least so many bytes, once they are there.
fn at_least<'a>(stream: &Stream, bytes: &'a [u8], len: usize) -> Result<&'a [u8], Missing> {
    if bytes.len() < len { Err(not_there(stream)) } else { Ok(bytes) }
}

/// A ClientHello from its list of ciphers on, once it is whole.
fn client_hello(stream: &Stream) -> Result<&[u8], Missing> {
    let fits = |fits: bool| if fits { Ok(()) } else { Err(Missing::Absent) };
    let bytes = at_least(stream, raw(stream)?, 1)?;
    fits(bytes[0] == 22)?;
    fits(at_least(stream, bytes, 3)?[1] >= 3)?;
    let len = number(&at_least(stream, bytes, 5)?[3..]);
    fits(len >= 4 + SHORTEST)?;
    let message = at_least(stream, &bytes[5..], len)?;
    let len = long_number(&message[1..]);
    fits(message[0] == 1 && len >= SHORTEST)?;
    let body = &at_least(stream, &message[4..], len)?[..len];
    let session = usize::from(body[34]);
    fits(body[0] >= 3 && body[1] >= 1 && session <= 32)?;
    let rest = body.get(35 + session..).unwrap_or_default();
    fits(rest.len() >= 4 && (2..=rest.len() - 2).contains(&number(rest)))?;
    Ok(rest)
}

fn ciphers<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let rest = client_hello(stream)?;
    Ok(Value::Bin(&rest[2..2 + number(rest)]))
}

/// An extension's content, and everything from there on, at whose end HAProxy sees that of a list.
#[derive(Clone, Copy)]
struct Extension<'a> {
    content: &'a [u8],
    after: &'a [u8],
}

/// The wanted extension; `None`: the hello has no such.
fn find_extension(stream: &Stream, wanted: usize) -> Result<Option<Extension<'_>>, Missing> {
    let rest = client_hello(stream)?;
    let rest = &rest[2 + number(rest)..];
    let methods = rest.first().map_or(0, |len| usize::from(*len));
    let rest = rest.get(1 + methods..).filter(|rest| methods > 0 && rest.len() >= 2);
    let rest = rest.ok_or(Missing::Absent)?;
    let mut rest = rest[2..].get(..number(rest)).ok_or(Missing::Absent)?;
    while let Some((header, after)) = rest.split_first_chunk::<4>() {
        let content = after.get(..number(&header[2..])).ok_or(Missing::Absent)?;
        if number(header) == wanted {
            return Ok(Some(Extension { content, after }));
        }
        rest = &after[content.len()..];
    }
    Ok(None)
}

fn extension(stream: &Stream, wanted: usize) -> Result<Extension<'_>, Missing> {
    find_extension(stream, wanted)?.ok_or(Missing::Absent)
}

/// The list of an extension that is nothing but a list, of at least so many bytes.
fn numbers(stream: &Stream, wanted: usize, least: usize) -> Result<&[u8], Missing> {
    let Extension { content, after } = extension(stream, wanted)?;
    let list = after.get(2..).and_then(|list| list.get(..number(after)));
    list.filter(|list| content.len() >= 2 && list.len() >= least).ok_or(Missing::Absent)
}

fn hello_type<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let bytes = at_least(stream, raw(stream)?, 1)?;
    if !is_record(bytes[0]) {
        return Err(Missing::Absent);
    }
    let bytes = at_least(stream, bytes, 9)?;
    if bytes[1] < 3 || number(&bytes[3..]) < 4 {
        return Err(Missing::Absent);
    }
    at_least(stream, bytes, 9 + long_number(&bytes[6..]))?;
    Ok(Value::Sint(i64::from(bytes[5])))
}

/// Whether a record of SSL 3.0 or later can begin so.
fn is_record(byte: u8) -> bool {
    matches!(byte, 20..=23 | 255)
}

fn sni<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    // RFC 6066: the only type of name is 0, a host name.
    let name = match numbers(stream, SERVER_NAME, 4)? {
        [0, name @ ..] => name.get(2..).and_then(|rest| rest.get(..number(name))),
        _ => None,
    };
    name.map(Value::Str).ok_or(Missing::Absent)
}

fn alpn<'a>(stream: &'a Stream, _: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    let content = extension(stream, ALPN)?.content;
    let at = cursor.at.max(2);
    let name = content.get(at..).and_then(|rest| rest.split_first());
    let name = name.and_then(|(len, rest)| rest.get(..usize::from(*len))).ok_or(Missing::Absent)?;
    cursor.at = at + 1 + name.len();
    cursor.more = cursor.iterate && cursor.at < content.len();
    Ok(Value::Str(name))
}

fn has_curves<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    extension(stream, GROUPS).map(|_| Value::Bool(true))
}

fn ticket<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let found = find_extension(stream, SESSION_TICKET)?;
    Ok(Value::Sint(found.map_or(0, |ticket| if ticket.content.is_empty() { 1 } else { 2 })))
}

fn key_shares<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let mut shares = numbers(stream, KEY_SHARE, 4)?;
    let mut groups = Room::new(&stream.arena, shares.len() / 2);
    while let Some((header, rest)) = shares.split_first_chunk::<4>() {
        groups.extend(&header[..2]);
        shares = rest.get(number(&header[2..])..).unwrap_or_default();
    }
    Ok(Value::Bin(groups.finish()))
}

/// Major and minor number, 16 bits each.
fn version<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let bytes = at_least(stream, raw(stream)?, 1)?;
    let (version, rest, len) = if is_record(bytes[0]) {
        let bytes = at_least(stream, bytes, 11)?;
        let len = number(&bytes[3..]);
        if bytes[1] < 3 || !(6..=(1 << 14) + 2048).contains(&len) {
            return Err(Missing::Absent);
        }
        (&bytes[9..11], &bytes[5..], len)
    } else {
        old_hello(stream, bytes)?
    };
    // As much of a long message as the buffer can take.
    let tune = &stream.plan.config.global.tune;
    at_least(stream, rest, len.min(tune.bufsize.saturating_sub(tune.maxrewrite)))?;
    Ok(Value::Sint(i64::from(version[0]) << 16 | i64::from(version[1])))
}

/// The hello of SSL 2.0, which later clients sent as well: the version, and what follows its lengths
/// with the bytes that are due there.
fn old_hello<'a>(stream: &Stream, bytes: &'a [u8]) -> Result<(&'a [u8], &'a [u8], usize), Missing> {
    let header = if bytes[0] & 0x80 == 0 { 3 } else { 2 };
    let start = at_least(stream, bytes, header + 1)?;
    let (mask, padding) = if header == 3 { (0x3fff, usize::from(start[2])) } else { (0x7fff, 0) };
    if start[header] != 1 {
        return Err(Missing::Absent);
    }
    let body = at_least(stream, &bytes[header + 1..], 8)?;
    let [ciphers, session, challenge] = [2, 4, 6].map(|at| number(&body[at..]));
    let lists = ciphers + session + challenge;
    let sound = ciphers % 3 == 0
        && matches!(session, 0 | 16)
        && (16..=32).contains(&challenge)
        && number(start) & mask == 9 + lists;
    if sound { Ok((&body[..2], &body[8..], lists + padding)) } else { Err(Missing::Absent) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ir::spec::RuleSet;
    use state::sample::FetchFn;

    /// A hello with a server name, curves and two protocols.
    fn hello() -> Vec<u8> {
        let vector = |size: usize, content: &[u8]| {
            let mut out = content.len().to_be_bytes()[8 - size..].to_vec();
            out.extend_from_slice(content);
            out
        };
        let name = vector(2, &[&[0][..], &vector(2, b"example.com")].concat());
        let protocols = vector(2, &[vector(1, b"h2"), vector(1, b"http/1.1")].concat());
        let extensions = [
            [&[0, 0][..], &vector(2, &name)].concat(),
            [&[0, 10][..], &vector(2, &[0, 2, 0, 29])].concat(),
            [&[0, 16][..], &vector(2, &protocols)].concat(),
            [&[0, 13][..], &vector(2, &[0, 4, 4, 3, 8, 4])].concat(),
            [&[0, 51][..], &vector(2, &[0, 10, 0, 29, 0, 1, 7, 0, 23, 0, 1, 8])].concat(),
            [&[0, 35][..], &vector(2, b"")].concat(),
        ]
        .concat();
        let body = [
            &[3, 3][..],
            &[7; 32],
            &vector(1, b""),
            &vector(2, &[0x13, 1]),
            &vector(1, &[0]),
            &vector(2, &extensions),
        ]
        .concat();
        let handshake = [&[1][..], &vector(3, &body)].concat();
        [&[22, 3, 1][..], &vector(2, &handshake)].concat()
    }

    fn stream(bytes: &[u8]) -> Stream {
        let mut config = state::testing::config();
        config.proxies[0].mode = Mode::Tcp;
        let mut stream = state::testing::stream_of(config, &Default::default(), "");
        stream.phase = RuleSet::TcpContent;
        stream.req_body.bytes.extend_from_slice(bytes);
        stream.req_body.complete = false;
        stream
    }

    #[track_caller]
    fn check(run: FetchFn, bytes: &[u8], expected: Fetched) {
        assert_eq!(run(&stream(bytes), &[], &mut Cursor::default()), expected);
    }

    #[test]
    fn fields() {
        let hello = hello();
        check(sni, &hello, Ok(Value::Str(b"example.com")));
        check(alpn, &hello, Ok(Value::Str(b"h2")));
        check(ciphers, &hello, Ok(Value::Bin(&[0x13, 1])));
        check(|s, _, _| numbers(s, SIGNATURES, 2).map(Value::Bin), &hello, Ok(Value::Bin(&[4, 3, 8, 4])));
        check(|s, _, _| numbers(s, GROUPS, 2).map(Value::Bin), &hello, Ok(Value::Bin(&[0, 29])));
        check(key_shares, &hello, Ok(Value::Bin(&[0, 29, 0, 23])));
        check(ticket, &hello, Ok(Value::Sint(1)));
        check(has_curves, &hello, Ok(Value::Bool(true)));
        check(hello_type, &hello, Ok(Value::Sint(1)));
        check(version, &hello, Ok(Value::Sint(3 << 16 | 3)));
    }

    #[test]
    fn any_protocol_meets_a_condition() {
        let stream = stream(&hello());
        let mut cursor = Cursor { iterate: true, ..Cursor::default() };
        let mut next = || {
            cursor.more = false;
            (alpn(&stream, &[], &mut cursor), cursor.more)
        };
        assert_eq!(next(), (Ok(Value::Str(b"h2")), true));
        assert_eq!(next(), (Ok(Value::Str(b"http/1.1")), false));
    }

    #[test]
    fn versions() {
        let old = |lengths: [u8; 6], rest: usize| {
            let lists = [&[1, 3, 1][..], &lengths, &vec![0; rest]].concat();
            [&[0x80, 9 + 3 + 16][..], &lists].concat()
        };
        let lengths = [0, 3, 0, 0, 0, 16];
        check(version, &old(lengths, 19), Ok(Value::Sint(3 << 16 | 1)));
        check(version, &old(lengths, 18), Err(Missing::NotYet));
        check(version, &old([0, 3, 0, 0, 0, 15], 19), Err(Missing::Absent));
        // The hello's version counts, not the record's.
        let mut newer = hello();
        newer[1..3].copy_from_slice(&[3, 4]);
        check(version, &newer, Ok(Value::Sint(3 << 16 | 3)));
    }

    #[test]
    fn http_has_no_hello() {
        let mut stream = state::testing::stream("");
        stream.req_body.bytes = hello();
        assert_eq!(sni(&stream, &[], &mut Cursor::default()), Err(Missing::Absent));
    }

    #[test]
    fn every_cut_waits() {
        let hello = hello();
        for len in 0..hello.len() {
            check(sni, &hello[..len], Err(Missing::NotYet));
        }
    }

    #[test]
    fn other_protocols() {
        check(sni, b"GET / HTTP/1.1\r\n", Err(Missing::Absent));
        check(hello_type, b"SSH-2.0", Err(Missing::Absent));
        // Broken lengths inside a whole record.
        check(sni, b"\x16\x03\x01\x00\x05\x01\xff\xff\xff\xff", Err(Missing::Absent));
    }

    #[test]
    fn broken_bytes_do_no_harm() {
        let hello = hello();
        for at in 5..hello.len() {
            let mut broken = hello.clone();
            broken[at] ^= 0xff;
            let stream = stream(&broken);
            for run in [sni, alpn, ciphers, key_shares, ticket, hello_type, version] as [FetchFn; 7] {
                let _ = run(&stream, &[], &mut Cursor::default());
            }
        }
    }
}
