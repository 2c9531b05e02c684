//! What the TLS handshake of the client connection gave (manual, section 7.3.4). Left out:
//! certificates taken apart, and keys.

use ir::types::SampleType::{Bin, Bool, Sint, Str};
use state::sample::{Arg, Cursor, Fetched};
use state::session::TlsFacts;
use state::{Missing, Stream, Value};

use super::at;
use crate::row::{Example, Fetch};

pub const ROWS: &[Fetch] = &[
    Fetch::new("ssl_c_der", Bin, at::SESSION, "The client's certificate, DER", ssl_c_der)
        .examples(&[Example::none("", &[])]),
    Fetch::new("ssl_c_used", Bool, at::SESSION, "Whether the client showed a certificate", ssl_c_used)
        .examples(&[Example::new("", &[], "0")]),
    Fetch::new(
        "ssl_c_verify",
        Sint,
        at::SESSION,
        "The result of the certificate's check; 0 is success",
        ssl_c_verify,
    )
    .examples(&[Example::none("", &[])]),
    Fetch::new("ssl_fc", Bool, at::SESSION, "Whether the client connection is over TLS", ssl_fc)
        .examples(&[Example::new("", &[], "0")]),
    Fetch::new("ssl_fc_alpn", Str, at::SESSION, "The protocol that ALPN negotiated", ssl_fc_alpn)
        .examples(&[Example::none("", &[])]),
    Fetch::new("ssl_fc_cipher", Str, at::SESSION, "The cipher's name", ssl_fc_cipher),
    Fetch::new(
        "ssl_fc_has_crt",
        Bool,
        at::SESSION,
        "Whether a certificate came in this handshake",
        ssl_fc_has_crt,
    ),
    Fetch::new("ssl_fc_has_sni", Bool, at::SESSION, "Whether the client named a server", ssl_fc_has_sni),
    Fetch::new(
        "ssl_fc_is_resumed",
        Bool,
        at::SESSION,
        "Whether the TLS session was resumed",
        ssl_fc_is_resumed,
    ),
    Fetch::new("ssl_fc_protocol", Str, at::SESSION, "The TLS version, as `TLSv1.3`", ssl_fc_protocol),
    Fetch::new("ssl_fc_sni", Str, at::SESSION, "The server name that the client asked for", ssl_fc_sni)
        .examples(&[Example::none("", &[])]),
];

fn facts(stream: &Stream) -> Result<&TlsFacts, Missing> {
    stream.session.tls.as_deref().ok_or(Missing::Absent)
}

fn text(value: &[u8]) -> Fetched<'_> {
    if value.is_empty() { Err(Missing::Absent) } else { Ok(Value::Str(value)) }
}

fn ssl_fc<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Bool(stream.session.tls.is_some()))
}

fn ssl_fc_alpn<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    text(&facts(stream)?.alpn)
}

fn ssl_fc_cipher<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    text(facts(stream)?.cipher.as_bytes())
}

fn ssl_fc_protocol<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    text(facts(stream)?.version.as_bytes())
}

fn ssl_fc_sni<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    text(facts(stream)?.sni.as_deref().unwrap_or(b""))
}

fn ssl_fc_has_sni<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Bool(facts(stream).is_ok_and(|facts| facts.sni.is_some())))
}

fn ssl_fc_is_resumed<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Bool(facts(stream).is_ok_and(|facts| facts.resumed)))
}

fn ssl_fc_has_crt<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Bool(facts(stream).is_ok_and(|facts| facts.client_cert.is_some() && !facts.resumed)))
}

fn ssl_c_used<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Bool(facts(stream).is_ok_and(|facts| facts.client_cert.is_some())))
}

fn ssl_c_der<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    facts(stream)?.client_cert.as_deref().map(Value::Bin).ok_or(Missing::Absent)
}

fn ssl_c_verify<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Sint(i64::from(facts(stream)?.verify_result)))
}
