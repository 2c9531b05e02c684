//! TLS of the server connection. A connection that is used again keeps the facts of its handshake.

use ir::types::SampleType::{Bin, Bool, Sint, Str};
use state::{Missing, Needs, TlsParts, Value};

use super::super::at;
use super::{bytes, error, error_text, key_bits, keys, server, sni, text};
use crate::row::{Example, Fetch};

const NONE: &[Example] = &[Example::none("", &[])];
const FALSE: &[Example] = &[Example::new("", &[], "0")];
const BASE: Needs = Needs::server(TlsParts::BASE);
const KEYS: Needs = Needs::server(TlsParts::BASE.with(TlsParts::KEYS));

pub const ROWS: &[Fetch] = &[
    Fetch::new("ssl_bc", Bool, at::SERVER_CONN, "Whether the server connection is over TLS", |s, _, _| {
        Ok(Value::Bool(server(s).is_ok()))
    })
    .needs(BASE)
    .examples(FALSE),
    Fetch::new("ssl_bc_alg_keysize", Sint, at::SERVER_CONN, "The bits of the cipher's key", |s, _, _| {
        key_bits(server(s)?, |(_, all)| all)
    })
    .needs(BASE)
    .examples(NONE),
    Fetch::new("ssl_bc_alpn", Str, at::SERVER_CONN, "The protocol that ALPN negotiated", |s, _, _| {
        text(&server(s)?.alpn)
    })
    .needs(BASE)
    .examples(NONE),
    Fetch::new("ssl_bc_cipher", Str, at::SERVER_CONN, "The cipher's name", |s, _, _| {
        text(server(s)?.cipher.as_bytes())
    })
    .needs(BASE)
    .examples(NONE),
    Fetch::new(
        "ssl_bc_client_random",
        Bin,
        at::SERVER_CONN,
        "The random bytes of the hello sent to the server",
        |s, _, _| keys(server(s)?, |keys| &keys.client_random),
    )
    .needs(KEYS)
    .examples(NONE),
    Fetch::new("ssl_bc_curve", Str, at::SERVER_CONN, "The group of the key exchange", |s, _, _| {
        text(server(s)?.curve.as_bytes())
    })
    .needs(BASE)
    .examples(NONE),
    Fetch::new(
        "ssl_bc_err",
        Sint,
        at::SERVER_CONN,
        "The TLS library's number of what ended the handshake; 0 is nothing",
        |s, _, _| error(server(s)?),
    )
    .needs(BASE)
    .examples(NONE),
    Fetch::new("ssl_bc_err_str", Str, at::SERVER_CONN, "The text of `ssl_bc_err`", |s, _, _| {
        error_text(server(s)?)
    })
    .needs(BASE)
    .examples(NONE),
    Fetch::new(
        "ssl_bc_is_resumed",
        Bool,
        at::SERVER_CONN,
        "Whether the TLS session was resumed",
        |s, _, _| Ok(Value::Bool(server(s).is_ok_and(|facts| facts.resumed))),
    )
    .needs(BASE)
    .examples(FALSE),
    Fetch::new(
        "ssl_bc_npn",
        Str,
        at::SERVER_CONN,
        "The protocol that NPN negotiated: none, as servers use ALPN now",
        |_, _, _| Err(Missing::Absent),
    )
    .examples(NONE),
    Fetch::new("ssl_bc_protocol", Str, at::SERVER_CONN, "The TLS version, as `TLSv1.3`", |s, _, _| {
        text(server(s)?.version.as_bytes())
    })
    .needs(BASE)
    .examples(NONE),
    Fetch::new(
        "ssl_bc_server_random",
        Bin,
        at::SERVER_CONN,
        "The random bytes of the server's hello",
        |s, _, _| keys(server(s)?, |keys| &keys.server_random),
    )
    .needs(KEYS)
    .examples(NONE),
    Fetch::new("ssl_bc_session_id", Bin, at::SERVER_CONN, "The TLS session's identity", |s, _, _| {
        keys(server(s)?, |keys| &keys.session_id)
    })
    .needs(KEYS)
    .examples(NONE),
    Fetch::new("ssl_bc_session_key", Bin, at::SERVER_CONN, "The TLS session's master key", |s, _, _| {
        keys(server(s)?, |keys| &keys.session_key)
    })
    .needs(KEYS)
    .examples(NONE),
    Fetch::new("ssl_bc_sni", Str, at::SERVER_CONN, "The server name that was asked for", |s, _, _| {
        sni(server(s)?)
    })
    .needs(BASE)
    .examples(NONE),
    Fetch::new(
        "ssl_bc_unique_id",
        Bin,
        at::SERVER_CONN,
        "The Finished message that makes `tls-unique`",
        |s, _, _| keys(server(s)?, |keys| &keys.finished),
    )
    .needs(KEYS)
    .examples(NONE),
    Fetch::new(
        "ssl_bc_use_keysize",
        Sint,
        at::SERVER_CONN,
        "The used bits of the cipher's key",
        |s, _, _| key_bits(server(s)?, |(used, _)| used),
    )
    .needs(BASE)
    .examples(NONE),
    Fetch::new(
        "ssl_s_chain_der",
        Bin,
        at::SESSION,
        "The server's certificate and those that it sent with it, DER",
        |s, _, _| bytes(server(s)?.chain.as_ref().map(|chain| &*chain.sent)),
    )
    .needs(Needs::server(TlsParts::CHAIN))
    .examples(NONE),
    Fetch::new("ssl_s_der", Bin, at::SESSION, "The server's certificate, DER", |s, _, _| {
        bytes(server(s)?.peer.as_deref())
    })
    .needs(Needs::server(TlsParts::PEER))
    .examples(NONE),
];
