//! Secrets of TLS 1.3 connections, in hexadecimal, for tools that decrypt captured traffic (manual,
//! `tune.ssl.keylog`).

use ir::types::SampleType::Str;
use state::sample::Fetched;
use state::tls::{Secret, TlsFacts};
use state::{Missing, Needs, TlsParts, Value};

use super::super::at;
use super::{client, server};
use crate::row::{Example, Fetch};

const NONE: &[Example] = &[Example::none("", &[])];
const OF_CLIENT: Needs = Needs::client(TlsParts::SECRETS);
const OF_SERVER: Needs = Needs::server(TlsParts::SECRETS);

const fn row(name: &'static str, doc: &'static str, needs: Needs, run: state::sample::FetchFn) -> Fetch {
    Fetch::new(name, Str, at::SESSION, doc, run).needs(needs).examples(NONE)
}

pub const ROWS: &[Fetch] = &[
    row("ssl_bc_client_early_traffic_secret", "Of early data sent to the server", OF_SERVER, |s, _, _| {
        secret(server(s)?, Secret::ClientEarlyTraffic)
    }),
    row(
        "ssl_bc_client_handshake_traffic_secret",
        "Of the handshake's messages to the server",
        OF_SERVER,
        |s, _, _| secret(server(s)?, Secret::ClientHandshakeTraffic),
    ),
    row("ssl_bc_client_traffic_secret_0", "Of the data sent to the server", OF_SERVER, |s, _, _| {
        secret(server(s)?, Secret::ClientTraffic)
    }),
    row(
        "ssl_bc_early_exporter_secret",
        "Of keys that are exported from early data to the server",
        OF_SERVER,
        |s, _, _| secret(server(s)?, Secret::EarlyExporter),
    ),
    row(
        "ssl_bc_exporter_secret",
        "Of keys that are exported from the server connection",
        OF_SERVER,
        |s, _, _| secret(server(s)?, Secret::Exporter),
    ),
    row(
        "ssl_bc_server_handshake_traffic_secret",
        "Of the handshake's messages from the server",
        OF_SERVER,
        |s, _, _| secret(server(s)?, Secret::ServerHandshakeTraffic),
    ),
    row("ssl_bc_server_traffic_secret_0", "Of the data that the server sends", OF_SERVER, |s, _, _| {
        secret(server(s)?, Secret::ServerTraffic)
    }),
    row("ssl_fc_client_early_traffic_secret", "Of early data that the client sends", OF_CLIENT, |s, _, _| {
        secret(client(s)?, Secret::ClientEarlyTraffic)
    }),
    row(
        "ssl_fc_client_handshake_traffic_secret",
        "Of the handshake's messages from the client",
        OF_CLIENT,
        |s, _, _| secret(client(s)?, Secret::ClientHandshakeTraffic),
    ),
    row("ssl_fc_client_traffic_secret_0", "Of the data that the client sends", OF_CLIENT, |s, _, _| {
        secret(client(s)?, Secret::ClientTraffic)
    }),
    row(
        "ssl_fc_early_exporter_secret",
        "Of keys that are exported from the client's early data",
        OF_CLIENT,
        |s, _, _| secret(client(s)?, Secret::EarlyExporter),
    ),
    row(
        "ssl_fc_exporter_secret",
        "Of keys that are exported from the client connection",
        OF_CLIENT,
        |s, _, _| secret(client(s)?, Secret::Exporter),
    ),
    row(
        "ssl_fc_server_handshake_traffic_secret",
        "Of the handshake's messages to the client",
        OF_CLIENT,
        |s, _, _| secret(client(s)?, Secret::ServerHandshakeTraffic),
    ),
    row("ssl_fc_server_traffic_secret_0", "Of the data sent to the client", OF_CLIENT, |s, _, _| {
        secret(client(s)?, Secret::ServerTraffic)
    }),
];

fn secret(facts: &TlsFacts, secret: Secret) -> Fetched<'_> {
    let found = facts.secrets.as_ref().and_then(|secrets| secrets.get(secret));
    found.map(|text| Value::Str(text.as_bytes())).ok_or(Missing::Absent)
}
