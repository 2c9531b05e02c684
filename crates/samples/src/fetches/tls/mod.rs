//! What TLS handshakes gave (manual, section 7.3.4), towards the client and towards the server.
//! Left out: what only the TLS library can take apart, as certificates; those rows stand beside it.

pub(super) mod client;
pub mod hello;
pub(super) mod secrets;
pub(super) mod server;

use state::sample::Fetched;
use state::tls::{Keys, TlsFacts};
use state::{Missing, Stream, Value};

/// Of the client connection.
fn client(stream: &Stream) -> Result<&TlsFacts, Missing> {
    stream.session.tls.as_deref().ok_or(Missing::Absent)
}

/// Of the server connection.
fn server(stream: &Stream) -> Result<&TlsFacts, Missing> {
    stream.server_link.as_ref().and_then(|link| link.tls.as_deref()).ok_or(Missing::Absent)
}

fn text(value: &[u8]) -> Fetched<'_> {
    if value.is_empty() { Err(Missing::Absent) } else { Ok(Value::Str(value)) }
}

fn bytes(value: Option<&[u8]>) -> Fetched<'_> {
    value.filter(|value| !value.is_empty()).map(Value::Bin).ok_or(Missing::Absent)
}

/// Of a set of bits; without a used one there is no cipher.
fn key_bits(facts: &TlsFacts, which: fn((u16, u16)) -> u16) -> Fetched<'_> {
    match facts.key_bits {
        (0, _) => Err(Missing::Absent),
        bits => Ok(Value::Sint(i64::from(which(bits)))),
    }
}

fn keys(facts: &TlsFacts, which: fn(&Keys) -> &[u8]) -> Fetched<'_> {
    bytes(facts.keys.as_deref().map(which))
}

fn sni(facts: &TlsFacts) -> Fetched<'_> {
    text(facts.sni.as_deref().unwrap_or_default())
}

fn error(facts: &TlsFacts) -> Fetched<'_> {
    let code = facts.error.as_ref().map_or(0, |error| error.code);
    Ok(Value::Sint(i64::try_from(code).unwrap_or(i64::MAX)))
}

fn error_text(facts: &TlsFacts) -> Fetched<'_> {
    text(facts.error.as_ref().map_or(b"", |error| error.text.as_bytes()))
}

#[cfg(test)]
mod tests;
