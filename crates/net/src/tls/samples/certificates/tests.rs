//! Every part of a certificate with an odd name: repeated fields, two in one place, one without a
//! name, letters beyond ASCII, quotes, zero bytes. The values are those of HAProxy 3.5.

use std::rc::Rc;
use std::sync::Arc;

use openssl::x509::X509;
use state::link::ServerLink;
use state::sample::{Arg, Cursor};
use state::tls::{Chain, Shown, TlsFacts};
use state::{Stream, Value, testing};

use super::ROWS;

const LINE: &[u8] = "/C=DE/O=Büro, \"Q\" + Co/OU=First/OU=Second/OU=Third/CN=Jörg #1\
    /emailAddress=j@example.org/1.2.3.4.5=weird/title=pad\0"
    .as_bytes();
const RFC2253: &[u8] = b"title=pad\\00\\00,1.2.3.4.5=#0C057765697264,emailAddress=j@example.org\
    +CN=J\\C3\\B6rg #1,OU=Third,OU=Second,OU=First,O=B\\C3\\BCro\\, \\\"Q\\\" \\+ Co,C=DE";
const SAN: &[u8] = b"DNS:a.example, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1, \
    URI:http://x/y, DirName:C = UK, CN = Name";

/// A stream with the certificate on all sides.
fn stream() -> Stream {
    let der = X509::from_pem(include_bytes!("../odd.pem")).unwrap().to_der().unwrap().into_boxed_slice();
    let facts = Arc::new(TlsFacts {
        peer: Some(der.clone()),
        shown: Some(Arc::new(Shown { name: Box::default(), der: der.clone() })),
        chain: Some(Box::new(Chain { sent: Box::default(), root: Some(der) })),
        ..TlsFacts::default()
    });
    let mut stream = testing::stream("");
    Rc::get_mut(&mut stream.session).unwrap().tls = Some(facts.clone());
    stream.server_link = Some(ServerLink { tls: Some(facts), ..ServerLink::default() });
    stream
}

fn arg(text: &&str) -> Arg {
    match text.parse() {
        Ok(number) => Arg::Sint(number),
        Err(_) if text.is_empty() => Arg::Stop,
        Err(_) => Arg::Str(text.as_bytes().into()),
    }
}

/// Checks a part on each side that has it.
#[track_caller]
fn check(part: &str, args: &[&str], expected: Option<Value<'_>>) {
    let stream = stream();
    let args: Vec<_> = args.iter().map(arg).collect();
    let names = ["ssl_c_", "ssl_f_", "ssl_s_"].map(|side| format!("{side}{part}"));
    let rows: Vec<_> = ROWS.iter().filter(|row| names.iter().any(|name| name == row.spec.name)).collect();
    assert!(!rows.is_empty(), "{part}");
    for row in rows {
        let value = (row.run)(&stream, &args, &mut Cursor::default());
        assert_eq!(value.ok(), expected, "{} {args:?}", row.spec.name);
    }
}

#[test]
fn parts() {
    let sha1 = b"\x37\x40\x71\xdc\x4a\xa1\xcd\xa3\x66\x90\xd6\x12\x9b\xb8\x1c\xc2\x65\xdf\xa2\x1b";
    check("serial", &[], Some(Value::Bin(b"\xf1\xe2\xd3\xc4\xb5")));
    check("sha1", &[], Some(Value::Bin(sha1)));
    check("notafter", &[], Some(Value::Str(b"591006223506Z")));
    check("notbefore", &[], Some(Value::Str(b"240426073958Z")));
    check("sig_alg", &[], Some(Value::Str(b"ecdsa-with-SHA256")));
    check("key_alg", &[], Some(Value::Str(b"id-ecPublicKey")));
    check("version", &[], Some(Value::Sint(3)));
    check("san", &[], Some(Value::Str(SAN)));
    check("policies", &[], Some(Value::Str(b"1.2.3.4.5.6, 2.23.140.1.2.1")));
    check("policies", &["2.23.140.1.2.1"], Some(Value::Str(b"2.23.140.1.2.1")));
    check("policies", &["9.9"], None);
}

#[test]
fn names() {
    let field = |args: &[&str], expected: &str| check("s_dn", args, Some(Value::Str(expected.as_bytes())));
    check("s_dn", &[], Some(Value::Str(LINE)));
    check("r_dn", &[], Some(Value::Str(LINE)));
    check("s_dn", &["", "1", ""], Some(Value::Str(LINE)));
    check("s_dn", &["", "0", "rfc2253"], Some(Value::Str(RFC2253)));
    field(&["CN"], "Jörg #1");
    field(&["ou"], "First");
    field(&["OU", "2"], "Second");
    field(&["OU", "-1"], "Third");
    field(&["OU", "-2"], "Second");
    field(&["OU", "2", "rfc2253"], "Second");
    field(&["1.2.3.4.5"], "weird");
    check("s_dn", &["title"], Some(Value::Str(b"pad\0")));
    check("s_dn", &["OU", "9"], None);
    check("s_dn", &["OU", "0"], None);
    check("s_dn", &["L"], None);
    // A zero byte inside of a value.
    check("i_dn", &[], None);
    check("i_dn", &["CN"], None);
    check("i_dn", &["", "0", "rfc2253"], Some(Value::Str(b"CN=in\\00side")));
}
