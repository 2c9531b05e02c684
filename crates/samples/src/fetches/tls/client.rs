//! TLS of the client connection.

use ir::types::SampleType::{Bin, Bool, Sint, Str};
use state::tls::{TlsFacts, Verified};
use state::{Missing, Needs, Stream, TlsParts, Value};

use super::super::at;
use super::{bytes, client, error, error_text, key_bits, keys, sni, text};
use crate::row::{Example, Fetch};

const NONE: &[Example] = &[Example::none("", &[])];
const FALSE: &[Example] = &[Example::new("", &[], "0")];
const KEYS: Needs = Needs::client(TlsParts::KEYS);

pub const ROWS: &[Fetch] = &[
    Fetch::new(
        "ssl_c_ca_err",
        Sint,
        at::SESSION,
        "The first error above the client's certificate, also an ignored one; 0 is none",
        |s, _, _| verified(s, |verified| verified.ca_error),
    )
    .examples(NONE),
    Fetch::new("ssl_c_ca_err_depth", Sint, at::SESSION, "How far above that error was", |s, _, _| {
        verified(s, |verified| verified.ca_depth)
    })
    .examples(NONE),
    Fetch::new(
        "ssl_c_chain_der",
        Bin,
        at::SESSION,
        "The certificates that the client sent with its own, DER",
        |s, _, _| bytes(client(s)?.chain.as_ref().map(|chain| &*chain.sent)),
    )
    .needs(Needs::client(TlsParts::CHAIN))
    .examples(NONE),
    Fetch::new("ssl_c_der", Bin, at::SESSION, "The client's certificate, DER", |s, _, _| {
        bytes(client(s)?.peer.as_deref())
    })
    .needs(Needs::client(TlsParts::PEER))
    .examples(NONE),
    Fetch::new(
        "ssl_c_err",
        Sint,
        at::SESSION,
        "The first error about the client's certificate, also an ignored one; 0 is none",
        |s, _, _| verified(s, |verified| verified.error),
    )
    .examples(NONE),
    Fetch::new(
        "ssl_c_used",
        Bool,
        at::SESSION,
        "Whether the client has a certificate, shown now or when the resumed session began",
        |s, _, _| Ok(Value::Bool(client(s)?.has_peer)),
    )
    .examples(NONE),
    Fetch::new(
        "ssl_c_verify",
        Sint,
        at::SESSION,
        "The result of the certificate's check; 0 is success",
        |s, _, _| done(s).map(|facts| Value::Sint(i64::from(facts.verified.result))),
    )
    .examples(NONE),
    Fetch::new("ssl_f_der", Bin, at::SESSION, "The certificate shown to the client, DER", |s, _, _| {
        bytes(client(s)?.shown.as_ref().map(|shown| &*shown.der))
    })
    .needs(Needs::client(TlsParts::SHOWN))
    .examples(NONE),
    Fetch::new("ssl_fc", Bool, at::SESSION, "Whether the client connection is over TLS", |s, _, _| {
        Ok(Value::Bool(s.session.tls.is_some()))
    })
    .examples(FALSE),
    Fetch::new("ssl_fc_alg_keysize", Sint, at::SESSION, "The bits of the cipher's key", |s, _, _| {
        key_bits(client(s)?, |(_, all)| all)
    })
    .examples(NONE),
    Fetch::new("ssl_fc_alpn", Str, at::SESSION, "The protocol that ALPN negotiated", |s, _, _| {
        text(&client(s)?.alpn)
    })
    .examples(NONE),
    Fetch::new("ssl_fc_cipher", Str, at::SESSION, "The cipher's name", |s, _, _| {
        text(client(s)?.cipher.as_bytes())
    })
    .examples(NONE),
    Fetch::new(
        "ssl_fc_client_random",
        Bin,
        at::SESSION,
        "The random bytes of the client's hello",
        |s, _, _| keys(client(s)?, |keys| &keys.client_random),
    )
    .needs(KEYS)
    .examples(NONE),
    Fetch::new(
        "ssl_fc_crtname",
        Str,
        at::SESSION,
        "The file of the certificate shown to the client",
        |s, _, _| text(client(s)?.shown.as_ref().map_or(b"", |shown| &shown.name)),
    )
    .needs(Needs::client(TlsParts::SHOWN))
    .examples(NONE),
    Fetch::new("ssl_fc_curve", Str, at::SESSION, "The group of the key exchange", |s, _, _| {
        text(client(s)?.curve.as_bytes())
    })
    .examples(NONE),
    Fetch::new(
        "ssl_fc_early_rcvd",
        Bool,
        at::SESSION,
        "Whether data came before the handshake was done: never here",
        never,
    )
    .examples(NONE),
    Fetch::new(
        "ssl_fc_err",
        Sint,
        at::SESSION,
        "The TLS library's number of what ended the handshake; 0 is nothing",
        |s, _, _| error(client(s)?),
    )
    .examples(NONE),
    Fetch::new("ssl_fc_err_str", Str, at::SESSION, "The text of `ssl_fc_err`", |s, _, _| {
        error_text(client(s)?)
    })
    .examples(NONE),
    Fetch::new(
        "ssl_fc_has_crt",
        Bool,
        at::SESSION,
        "Whether a certificate came in this handshake",
        |s, _, _| done(s).map(|facts| Value::Bool(facts.verified.done)),
    )
    .examples(NONE),
    Fetch::new(
        "ssl_fc_has_early",
        Bool,
        at::SESSION,
        "Whether the request came before the handshake was done: never here",
        never,
    )
    .examples(NONE),
    Fetch::new("ssl_fc_has_sni", Bool, at::SESSION, "Whether the client named a server", |s, _, _| {
        Ok(Value::Bool(client(s).is_ok_and(|facts| facts.sni.is_some())))
    })
    .examples(FALSE),
    Fetch::new("ssl_fc_is_resumed", Bool, at::SESSION, "Whether the TLS session was resumed", |s, _, _| {
        Ok(Value::Bool(client(s).is_ok_and(|facts| facts.resumed)))
    })
    .examples(FALSE),
    Fetch::new(
        "ssl_fc_npn",
        Str,
        at::SESSION,
        "The protocol that NPN negotiated: none, as clients use ALPN now",
        |_, _, _| Err(Missing::Absent),
    )
    .examples(NONE),
    Fetch::new("ssl_fc_protocol", Str, at::SESSION, "The TLS version, as `TLSv1.3`", |s, _, _| {
        text(client(s)?.version.as_bytes())
    })
    .examples(NONE),
    Fetch::new(
        "ssl_fc_server_random",
        Bin,
        at::SESSION,
        "The random bytes of the hello that answered the client's",
        |s, _, _| keys(client(s)?, |keys| &keys.server_random),
    )
    .needs(KEYS)
    .examples(NONE),
    Fetch::new("ssl_fc_session_id", Bin, at::SESSION, "The TLS session's identity", |s, _, _| {
        keys(client(s)?, |keys| &keys.session_id)
    })
    .needs(KEYS)
    .examples(NONE),
    Fetch::new("ssl_fc_session_key", Bin, at::SESSION, "The TLS session's master key", |s, _, _| {
        keys(client(s)?, |keys| &keys.session_key)
    })
    .needs(KEYS)
    .examples(NONE),
    Fetch::new("ssl_fc_sni", Str, at::SESSION, "The server name that the client asked for", |s, _, _| {
        sni(client(s)?)
    })
    .examples(NONE),
    Fetch::new(
        "ssl_fc_unique_id",
        Bin,
        at::SESSION,
        "The Finished message that makes `tls-unique`",
        |s, _, _| keys(client(s)?, |keys| &keys.finished),
    )
    .needs(KEYS)
    .examples(NONE),
    Fetch::new("ssl_fc_use_keysize", Sint, at::SESSION, "The used bits of the cipher's key", |s, _, _| {
        key_bits(client(s)?, |(used, _)| used)
    })
    .examples(NONE),
];

/// What is known only once the handshake was completed.
fn done(stream: &Stream) -> Result<&TlsFacts, Missing> {
    client(stream).and_then(|facts| if facts.done { Ok(facts) } else { Err(Missing::Absent) })
}

fn verified(stream: &Stream, which: fn(Verified) -> u32) -> state::Fetched<'_> {
    Ok(Value::Sint(i64::from(which(client(stream)?.verified))))
}

/// TLS 1.3's early data is not taken.
fn never<'a>(
    stream: &'a Stream,
    _: &'a [state::sample::Arg],
    _: &mut state::sample::Cursor,
) -> state::Fetched<'a> {
    client(stream).map(|_| Value::Bool(false))
}
