//! The value that `option forwarded` gives (RFC 7239): what each part may say is held against the
//! grammar, so that a server can trust it.

use std::net::IpAddr;

use state::ends::{End, Endpoint};
use state::plan::{Forwarded, ForwardedPart};
use state::{Stream, Value};

use crate::converters::rfc7239::{self, Name, Reader};

/// Writes the value.
pub fn write(stream: &Stream, settings: &Forwarded, out: &mut Vec<u8>) {
    let start = |name: &[u8], out: &mut Vec<u8>| {
        if !out.is_empty() {
            out.push(b';');
        }
        out.extend_from_slice(name);
    };
    if settings.proto {
        start(b"proto=http", out);
        if stream.session.tls.is_some() {
            out.push(b's');
        }
    }
    if !matches!(settings.host, ForwardedPart::None) {
        start(b"host=\"", out);
        host(stream, &settings.host, out);
        out.push(b'"');
    }
    for (name, end, part, port) in [
        (&b"by="[..], End::Dst, &settings.by, &settings.by_port),
        (b"for=", End::Src, &settings.client, &settings.client_port),
    ] {
        if !matches!(part, ForwardedPart::None) {
            start(name, out);
            node(stream, end, part, port, out);
        }
    }
}

/// A host that can stand in quotes, or nothing.
fn host(stream: &Stream, part: &ForwardedPart, out: &mut Vec<u8>) {
    let text = match part {
        ForwardedPart::None => None,
        ForwardedPart::Own => stream.req.get(b"host"),
        ForwardedPart::Expr(expr) => expr.eval(stream).ok().map(|value| value.to_text(&stream.arena)),
    };
    let mut reader = Reader(text.unwrap_or_default());
    if reader.host(true).is_some() && reader.0.is_empty() {
        out.extend_from_slice(text.unwrap_or_default());
    }
}

fn node(stream: &Stream, end: End, part: &ForwardedPart, port: &ForwardedPart, out: &mut Vec<u8>) {
    let has_port = !matches!(port, ForwardedPart::None);
    if has_port {
        out.push(b'"');
    }
    let before = out.len();
    let address = match stream.end(end) {
        Endpoint::Ip(address) => Some(address),
        Endpoint::Unix(_) => None,
    };
    match part {
        ForwardedPart::Expr(expr) => {
            if let Ok(value) = expr.eval(stream) {
                node_name(stream, value, has_port, out);
            }
        }
        _ => {
            if let Some(address) = address {
                write_ip(address.ip(), has_port, out);
            }
        }
    }
    if out.len() == before {
        out.extend_from_slice(b"unknown");
    }
    if !has_port {
        return;
    }
    out.push(b':');
    let before = out.len();
    match port {
        ForwardedPart::Expr(expr) => {
            if let Ok(value) = expr.eval(stream) {
                node_port(value.to_text(&stream.arena), out);
            }
        }
        _ => {
            if let Some(address) = address {
                let port = Value::Sint(i64::from(address.port()));
                out.extend_from_slice(port.to_text(&stream.arena));
            }
        }
    }
    if out.len() == before {
        out.pop();
    }
    out.push(b'"');
}

/// Addresses of version 6 stand in quotes, which may be there already.
fn write_ip(address: IpAddr, quoted: bool, out: &mut Vec<u8>) {
    use std::io::Write;
    // Writing to memory cannot fail.
    let _ = match address {
        IpAddr::V4(address) => write!(out, "{address}"),
        IpAddr::V6(address) if quoted => write!(out, "[{address}]"),
        IpAddr::V6(address) => write!(out, "\"[{address}]\""),
    };
}

/// A name as the grammar has it, or an identifier that lacks its underscore.
fn node_name(stream: &Stream, value: Value<'_>, quoted: bool, out: &mut Vec<u8>) {
    if let Value::Ipv6(address) = value {
        return write_ip(address.into(), quoted, out);
    }
    let text = value.to_text(&stream.arena);
    let mut reader = Reader(text);
    match reader.name(true) {
        Some(Name::Address(address @ IpAddr::V6(_))) if reader.0.is_empty() => write_ip(address, quoted, out),
        Some(_) if reader.0.is_empty() => out.extend_from_slice(text),
        _ => identifier(text, out),
    }
}

fn node_port(text: &[u8], out: &mut Vec<u8>) {
    let mut reader = Reader(text);
    if reader.port().is_some() && reader.0.is_empty() {
        out.extend_from_slice(text);
    } else {
        identifier(text, out);
    }
}

fn identifier(text: &[u8], out: &mut Vec<u8>) {
    if !text.is_empty() && text.iter().all(rfc7239::is_identifier) {
        out.push(b'_');
        out.extend_from_slice(text);
    }
}

/// Whether all elements that a request has are understood, so that another one may stand behind
/// them.
pub fn is_trusted(stream: &Stream) -> bool {
    let mut values = stream.req.get_all(b"forwarded").flat_map(|value| value.split(|byte| *byte == b','));
    values.all(|element| rfc7239::Forwarded::read(element.trim_ascii()).is_some())
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use state::testing;

    /// The value for a client at an address, to a host.
    fn check(client: &str, host: &str, parts: [bool; 6], expected: &str) {
        let mut stream = testing::stream(&format!("GET / HTTP/1.1\nhost: {host}"));
        let address: SocketAddr = client.parse().expect("an address");
        stream.change_end(End::Src, |end| *end = Endpoint::Ip(address));
        let part = |on: bool| if on { ForwardedPart::Own } else { ForwardedPart::None };
        let [proto, host, by, by_port, client, client_port] = parts;
        let settings = Forwarded {
            proto,
            host: part(host),
            by: part(by),
            by_port: part(by_port),
            client: part(client),
            client_port: part(client_port),
        };
        let mut out = Vec::new();
        write(&stream, &settings, &mut out);
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn parts() {
        let (client, port) =
            ([false, false, false, false, true, false], [false, false, false, false, true, true]);
        check("192.0.2.1:7", "a", client, "for=192.0.2.1");
        check("192.0.2.1:7", "a", port, "for=\"192.0.2.1:7\"");
        check("[2001:db8::1]:7", "a", client, "for=\"[2001:db8::1]\"");
        check("[2001:db8::1]:7", "a", port, "for=\"[2001:db8::1]:7\"");
        let host = [true, true, false, false, false, false];
        check("192.0.2.1:7", "a.example:80", host, "proto=http;host=\"a.example:80\"");
        check("192.0.2.1:7", "a b", host, "proto=http;host=\"\"");
        check("192.0.2.1:7", "[::1]:80", host, "proto=http;host=\"[::1]:80\"");
    }

    #[test]
    fn names() {
        let check = |text: &str, expected: &str| {
            let stream = testing::stream("GET / HTTP/1.1");
            let mut out = Vec::new();
            node_name(&stream, Value::Str(text.as_bytes()), false, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), expected, "{text}");
        };
        check("192.0.2.1", "192.0.2.1");
        check("[::1]", "\"[::1]\"");
        check("unknown", "unknown");
        check("_x", "_x");
        check("x", "_x");
        check("a b", "");
        check("192.0.2.1:80", "");
    }
}
