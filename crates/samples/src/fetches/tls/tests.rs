//! The rows of this folder over facts of both sides.

use std::rc::Rc;
use std::sync::Arc;

use state::link::ServerLink;
use state::sample::{Arg, Cursor, Fetched};
use state::tls::{Chain, Hello, Keys, Secrets, Shown, TlsError, TlsFacts, Verified};
use state::{Missing, Stream, TlsParts, Value, testing};

fn facts() -> TlsFacts {
    let mut secrets = Secrets::default();
    secrets.take_line("EXPORTER_SECRET 00 0a0b");
    TlsFacts {
        done: true,
        version: "TLSv1.3",
        cipher: "TLS_AES_128_GCM_SHA256",
        key_bits: (112, 168),
        curve: "X25519",
        alpn: Box::from(*b"h2"),
        sni: Some(Box::from(*b"a.example")),
        resumed: true,
        has_peer: true,
        verified: Verified { done: true, result: 10, error: 10, ca_error: 20, ca_depth: 2 },
        shown: Some(Arc::new(Shown { name: Box::from(*b"a.pem"), der: Box::from(*b"shown") })),
        error: Some(Box::new(TlsError { code: 0x0a00_0086, text: "error:0A000086".into() })),
        peer: Some(Box::from(*b"peer")),
        chain: Some(Box::new(Chain { sent: Box::from(*b"chain"), root: None })),
        keys: Some(Box::new(Keys {
            session_id: Box::from(*b"id"),
            session_key: Box::from(*b"key"),
            client_random: Box::from(*b"client"),
            server_random: Box::from(*b"server"),
            finished: Box::default(),
        })),
        hello: Hello::read(HELLO, 100).map(Box::new),
        secrets: Some(Box::new(secrets)),
    }
}

/// Two ciphers behind GREASE, no session, and an extension with two versions, one of them GREASE.
const HELLO: &[u8] = b"\x01\x00\x00\x38\x03\x03................................\x00\
    \x00\x06\x0a\x0a\x13\x01\x13\x02\x01\x00\x00\x09\x00\x2b\x00\x05\x04\x1a\x1a\x03\x04";

fn stream(client: Option<TlsFacts>, server: Option<TlsFacts>) -> Stream {
    let mut stream = testing::stream("");
    Rc::get_mut(&mut stream.session).expect("one session").tls = client.map(Arc::new);
    stream.server_link = Some(ServerLink { tls: server.map(Arc::new), ..ServerLink::default() });
    stream
}

#[track_caller]
fn check(stream: &Stream, name: &str, args: &[Arg], expected: Fetched) {
    let row = crate::fetches::rows().find(|row| row.spec.name == name).expect("a row");
    // Values borrow from the stream alone; the arguments live as long.
    let value =
        (row.run)(stream, stream.arena.alloc_slice_fill_iter(args.iter().map(copy)), &mut Cursor::default());
    assert_eq!(value, expected, "{name}");
}

fn copy(arg: &Arg) -> Arg {
    match arg {
        Arg::Sint(number) => Arg::Sint(*number),
        _ => Arg::Stop,
    }
}

#[test]
fn client_side() {
    let stream = stream(Some(facts()), None);
    let text = |name, expected: &str| check(&stream, name, &[], Ok(Value::Str(expected.as_bytes())));
    let bytes = |name, expected: &str| check(&stream, name, &[], Ok(Value::Bin(expected.as_bytes())));
    let number = |name, expected| check(&stream, name, &[], Ok(Value::Sint(expected)));
    let truth = |name, expected| check(&stream, name, &[], Ok(Value::Bool(expected)));
    number("ssl_c_ca_err", 20);
    number("ssl_c_ca_err_depth", 2);
    bytes("ssl_c_chain_der", "chain");
    bytes("ssl_c_der", "peer");
    number("ssl_c_err", 10);
    truth("ssl_c_used", true);
    number("ssl_c_verify", 10);
    bytes("ssl_f_der", "shown");
    truth("ssl_fc", true);
    number("ssl_fc_alg_keysize", 168);
    text("ssl_fc_alpn", "h2");
    text("ssl_fc_cipher", "TLS_AES_128_GCM_SHA256");
    bytes("ssl_fc_client_random", "client");
    text("ssl_fc_crtname", "a.pem");
    text("ssl_fc_curve", "X25519");
    truth("ssl_fc_early_rcvd", false);
    number("ssl_fc_err", 0x0a00_0086);
    text("ssl_fc_err_str", "error:0A000086");
    truth("ssl_fc_has_crt", true);
    truth("ssl_fc_has_early", false);
    truth("ssl_fc_has_sni", true);
    truth("ssl_fc_is_resumed", true);
    text("ssl_fc_protocol", "TLSv1.3");
    bytes("ssl_fc_server_random", "server");
    bytes("ssl_fc_session_id", "id");
    bytes("ssl_fc_session_key", "key");
    text("ssl_fc_sni", "a.example");
    check(&stream, "ssl_fc_unique_id", &[], Err(Missing::Absent));
    number("ssl_fc_use_keysize", 112);
    text("ssl_fc_exporter_secret", "0a0b");
    check(&stream, "ssl_fc_early_exporter_secret", &[], Err(Missing::Absent));
    truth("ssl_bc", false);
    truth("ssl_bc_is_resumed", false);
    check(&stream, "ssl_bc_cipher", &[], Err(Missing::Absent));
}

#[test]
fn rows_say_what_they_need() {
    for row in crate::fetches::rows() {
        let (name, needs) = (row.spec.name, row.needs);
        let of_server = name.starts_with("ssl_bc") || name.starts_with("ssl_s_");
        assert_eq!(needs.server_tls != TlsParts::NONE, of_server && name != "ssl_bc_npn", "{name}");
    }
}

#[test]
fn hello() {
    let stream = stream(Some(facts()), None);
    let bytes =
        |name, filter, expected: &[u8]| check(&stream, name, &[Arg::Sint(filter)], Ok(Value::Bin(expected)));
    bytes("ssl_fc_cipherlist_bin", 0, b"\x0a\x0a\x13\x01\x13\x02");
    bytes("ssl_fc_cipherlist_bin", 1, b"\x13\x01\x13\x02");
    bytes("ssl_fc_cipherlist_hex", 1, b"13011302");
    bytes("ssl_fc_extlist_bin", 0, b"\x00\x2b");
    bytes("ssl_fc_supported_versions_bin", 0, b"\x1a\x1a\x03\x04");
    bytes("ssl_fc_supported_versions_bin", 1, b"\x03\x04");
    bytes("ssl_fc_eclist_bin", 0, b"");
    check(&stream, "ssl_fc_protocol_hello_id", &[], Ok(Value::Sint(771)));
}

#[test]
fn server_side() {
    let stream = stream(None, Some(facts()));
    let number = |name, expected| check(&stream, name, &[], Ok(Value::Sint(expected)));
    let truth = |name, expected| check(&stream, name, &[], Ok(Value::Bool(expected)));
    truth("ssl_bc", true);
    truth("ssl_bc_is_resumed", true);
    number("ssl_bc_alg_keysize", 168);
    number("ssl_bc_use_keysize", 112);
    number("ssl_bc_err", 0x0a00_0086);
    check(&stream, "ssl_bc_curve", &[], Ok(Value::Str(b"X25519")));
    check(&stream, "ssl_bc_sni", &[], Ok(Value::Str(b"a.example")));
    check(&stream, "ssl_bc_session_id", &[], Ok(Value::Bin(b"id")));
    check(&stream, "ssl_bc_exporter_secret", &[], Ok(Value::Str(b"0a0b")));
    check(&stream, "ssl_s_der", &[], Ok(Value::Bin(b"peer")));
    check(&stream, "ssl_s_chain_der", &[], Ok(Value::Bin(b"chain")));
    truth("ssl_fc", false);
    check(&stream, "ssl_c_used", &[], Err(Missing::Absent));
}
