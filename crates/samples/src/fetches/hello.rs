//! The TLS hello in the buffered bytes of a TCP connection, without terminating TLS (manual,
//! section 7.3.5; RFC 8446, section 4.1.2). Left out: what only fingerprints need.

use ir::types::SampleType::{Bool, Sint, Str};
use state::sample::{Arg, Cursor, Fetched};
use state::{Missing, Stream, Value};

use super::payload::buffer;
use super::{at, not_there};
use crate::row::Fetch;

pub const ROWS: &[Fetch] = &[
    Fetch::new("rep_ssl_hello_type", Sint, at::RESPONSE_BUFFER, "Same as `res.ssl_hello_type`", hello_type),
    Fetch::new(
        "req.ssl_alpn",
        Str,
        at::REQUEST_BUFFER,
        "The protocols that a TLS client offers, joined by commas",
        alpn,
    ),
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
    Fetch::new("req.ssl_sni", Str, at::REQUEST_BUFFER, "The server name that a TLS client asks for", sni),
    Fetch::new(
        "req.ssl_ver",
        Sint,
        at::REQUEST_BUFFER,
        "The TLS version of the record and the hello",
        version,
    ),
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

const HANDSHAKE_RECORD: u8 = 22;
const SERVER_NAME: u16 = 0;
const SUPPORTED_GROUPS: u16 = 10;
const ALPN: u16 = 16;

/// A reader over bytes of which more may come.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(taken)
    }

    /// A big-endian number of `size` bytes.
    fn number(&mut self, size: usize) -> Option<usize> {
        Some(self.take(size)?.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    }

    /// Bytes behind their length.
    fn vector(&mut self, size: usize) -> Option<&'a [u8]> {
        let len = self.number(size)?;
        self.take(len)
    }
}

/// The content of the first record and its version, once the record is whole.
fn record(stream: &Stream) -> Result<(&[u8], usize), Missing> {
    let bytes = buffer(stream);
    let mut reader = Reader { rest: bytes };
    let kind = *bytes.first().ok_or_else(|| not_there(stream))?;
    if kind != HANDSHAKE_RECORD {
        return Err(Missing::Absent);
    }
    let mut read = || {
        reader.take(1)?;
        Some((reader.number(2)?, reader.number(2)?))
    };
    let (version, len) = read().ok_or_else(|| not_there(stream))?;
    if version < 0x300 || len < 4 || len + 5 > stream.plan.config.global.tune.bufsize {
        return Err(Missing::Absent);
    }
    Ok((reader.take(len).ok_or_else(|| not_there(stream))?, version))
}

fn hello_type<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let (content, _) = record(stream)?;
    Ok(Value::Sint(i64::from(content[0])))
}

/// The version and the extensions of a client's hello.
fn client_hello(content: &[u8]) -> Option<(usize, &[u8])> {
    let mut reader = Reader { rest: content };
    if reader.number(1)? != 1 {
        return None;
    }
    let mut hello = Reader { rest: reader.vector(3)? };
    let version = hello.number(2)?;
    hello.take(32)?;
    hello.vector(1)?;
    hello.vector(2)?;
    hello.vector(1)?;
    Some((version, hello.vector(2).unwrap_or(b"")))
}

fn extension(stream: &Stream, wanted: u16) -> Result<&[u8], Missing> {
    let (content, _) = record(stream)?;
    let (_, extensions) = client_hello(content).ok_or(Missing::Absent)?;
    let mut reader = Reader { rest: extensions };
    while let (Some(kind), Some(data)) = (reader.number(2), reader.vector(2)) {
        if kind == usize::from(wanted) {
            return Ok(data);
        }
    }
    Err(Missing::Absent)
}

fn sni<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let mut list = Reader { rest: extension(stream, SERVER_NAME)? };
    let mut names = Reader { rest: list.vector(2).ok_or(Missing::Absent)? };
    // RFC 6066: the only type of name is 0, a host name.
    while let (Some(kind), Some(name)) = (names.number(1), names.vector(2)) {
        if kind == 0 {
            return Ok(Value::Str(name));
        }
    }
    Err(Missing::Absent)
}

fn alpn<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let mut list = Reader { rest: extension(stream, ALPN)? };
    let mut names = Reader { rest: list.vector(2).ok_or(Missing::Absent)? };
    let mut room = crate::room::Room::new(&stream.arena, names.rest.len());
    let mut first = true;
    while let Some(name) = names.vector(1) {
        if !first {
            room.push(b',');
        }
        first = false;
        room.extend(name);
    }
    Ok(Value::Str(room.finish()))
}

fn has_curves<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    extension(stream, SUPPORTED_GROUPS).map(|_| Value::Bool(true))
}

/// Major and minor number, 16 bits each, of the greater of both versions.
fn version<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let (content, outer) = record(stream)?;
    let inner = client_hello(content).map_or(outer, |(version, _)| version);
    let version = outer.max(inner);
    Ok(Value::Sint(((version >> 8) << 16 | version & 0xff) as i64))
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

    fn check(run: FetchFn, bytes: &[u8], expected: Fetched) {
        let mut stream = state::testing::stream("");
        stream.phase = RuleSet::TcpContent;
        stream.req_body.bytes.extend_from_slice(bytes);
        stream.req_body.complete = false;
        assert_eq!(run(&stream, &[], &mut Cursor::default()), expected);
    }

    #[test]
    fn fields() {
        let hello = hello();
        check(sni, &hello, Ok(Value::Str(b"example.com")));
        check(alpn, &hello, Ok(Value::Str(b"h2,http/1.1")));
        check(has_curves, &hello, Ok(Value::Bool(true)));
        check(hello_type, &hello, Ok(Value::Sint(1)));
        check(version, &hello, Ok(Value::Sint(3 << 16 | 3)));
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
            let mut stream = state::testing::stream("");
            stream.req_body.bytes = broken;
            let _ = sni(&stream, &[], &mut Cursor::default());
            let _ = alpn(&stream, &[], &mut Cursor::default());
        }
    }
}
