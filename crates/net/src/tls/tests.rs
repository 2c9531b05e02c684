//! Real handshakes between our two sides, with certificates made on the spot.

mod facts;
mod words;

use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use ir::config::{
    CertEntry, CertSource, SniFilter, TlsBind, TlsServer, TlsVersion, TlsVersions, Tune, Verify,
};
use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509Name};
use state::Needs;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::io::{Idle, Io, Socket};

/// A certificate with its key.
struct Made {
    certificate: X509,
    key: PKey<Private>,
}

impl Made {
    fn certificate_pem(&self) -> Vec<u8> {
        self.certificate.to_pem().unwrap()
    }

    fn key_pem(&self) -> Vec<u8> {
        self.key.private_key_to_pem_pkcs8().unwrap()
    }

    fn pem(&self) -> Vec<u8> {
        [self.certificate_pem(), self.key_pem()].concat()
    }

    fn source(&self) -> CertSource {
        CertSource { path: b"made.pem".to_vec(), pem: self.pem() }
    }
}

fn ec_key() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

fn rsa_key() -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap()
}

/// Makes a certificate; the first name is its CN, the others are its subjectAltName.
fn make(key: PKey<Private>, names: &[&str], issuer: Option<&Made>) -> Made {
    let mut subject = X509Name::builder().unwrap();
    subject.append_entry_by_text("CN", names[0]).unwrap();
    let subject = subject.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    let mut serial = BigNum::new().unwrap();
    serial.rand(64, MsbOption::MAYBE_ZERO, false).unwrap();
    builder.set_serial_number(&serial.to_asn1_integer().unwrap()).unwrap();
    builder.set_subject_name(&subject).unwrap();
    builder.set_issuer_name(issuer.map_or(&subject, |ca| ca.certificate.subject_name())).unwrap();
    builder.set_pubkey(&key).unwrap();
    builder.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::days_from_now(30).unwrap()).unwrap();
    if issuer.is_none() {
        builder.append_extension(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
    }
    if names.len() > 1 {
        let mut alternative = SubjectAlternativeName::new();
        for name in &names[1..] {
            alternative.dns(name);
        }
        let context = builder.x509v3_context(None, None);
        let extension = alternative.build(&context).unwrap();
        builder.append_extension(extension).unwrap();
    }
    builder.sign(issuer.map_or(&key, |ca| &ca.key), MessageDigest::sha256()).unwrap();
    Made { certificate: builder.build(), key }
}

fn entry(made: &Made, sni: &[&str]) -> CertEntry {
    let filter = |name: &&str| SniFilter {
        name: name.trim_start_matches('!').as_bytes().to_vec(),
        negated: name.starts_with('!'),
    };
    CertEntry {
        source: made.source(),
        sni: sni.iter().map(filter).collect(),
        alpn: None,
        versions: None,
        ciphers: None,
        ciphersuites: None,
        ca_file: None,
        ca_verify_file: None,
        verify: None,
        curves: None,
        ecdhe: None,
        sigalgs: None,
        client_sigalgs: None,
        no_ca_names: false,
        crl_file: None,
    }
}

fn bind(certs: Vec<CertEntry>) -> TlsBind {
    TlsBind { certs, ..TlsBind::default() }
}

fn no_verify() -> TlsServer {
    TlsServer { verify: Some(Verify::None), ..TlsServer::default() }
}

/// All that can be kept.
fn everything() -> Kept {
    let tune = Tune { ssl_capture_buffer_size: 1000, ssl_keylog: true, ..Tune::default() };
    Kept::new(Needs::ALL.client_tls, &tune)
}

fn client(server: &TlsServer) -> ClientContext {
    ClientContext::new(server, Verify::Required, None, everything()).unwrap()
}

/// A file that is removed at the end.
struct TempFile(std::path::PathBuf);

impl TempFile {
    fn new(content: &[u8]) -> Self {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("net-tls-{}-{number}.pem", std::process::id()));
        std::fs::write(&path, content).unwrap();
        Self(path)
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.as_os_str().as_encoded_bytes().to_vec()
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

async fn sockets() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let (client, server) = tokio::join!(TcpStream::connect(address), listener.accept());
    let (client, server) = (client.unwrap(), server.unwrap().0);
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    (client, server)
}

type Outcome = (Result<Box<Tls>, HandshakeError>, Result<Box<Tls>, HandshakeError>);

/// A handshake between our two sides: (the server's outcome, the client's).
async fn shake(bind: &TlsBind, client: &ClientContext, sni: Option<&str>) -> Outcome {
    let server = ServerContext::new(bind, &Tune::default(), everything()).unwrap();
    shake_with(&server, client, sni, None).await
}

async fn shake_with(
    server: &ServerContext,
    client: &ClientContext,
    sni: Option<&str>,
    session: Option<&ClientSession>,
) -> Outcome {
    let (ours, theirs) = sockets().await;
    let mut never = |_: &mut Context<'_>| Poll::Pending;
    let both = async {
        tokio::join!(
            server.accept(Socket::tcp(theirs), &mut never),
            client.connect(Socket::tcp(ours), Ask { sni: sni.map(str::as_bytes), session, alpn: None })
        )
    };
    let (server, client) =
        tokio::time::timeout(Duration::from_secs(10), both).await.expect("a handshake that hangs");
    (server.map_err(|failed| failed.error), client.map_err(|failed| failed.error))
}

/// The CN of the certificate that a client got.
fn got(outcome: &Outcome) -> String {
    let tls = outcome.1.as_ref().expect("client");
    let certificate = X509::from_der(tls.facts().unwrap().peer.as_ref().unwrap()).unwrap();
    let name = certificate.subject_name().entries_by_nid(Nid::COMMONNAME).next().unwrap();
    name.data().to_string().unwrap()
}

#[tokio::test]
async fn the_certificate_goes_by_the_name() {
    let plain = make(ec_key(), &["one.example", "one.example", "www.one.example"], None);
    let wild = make(ec_key(), &["wild.example"], None);
    let filtered = bind(vec![entry(&plain, &[]), entry(&wild, &["*.two.example", "!no.two.example"])]);
    let any = client(&no_verify());
    let table = [
        (Some("one.example"), "one.example", true),
        (Some("WWW.One.example"), "one.example", true),
        (Some("a.two.example"), "wild.example", true),
        (Some("no.two.example"), "one.example", false),
        (Some("a.b.two.example"), "one.example", false),
        (Some("wild.example"), "one.example", false),
        (None, "one.example", false),
    ];
    for (sni, expected, also_strict) in table {
        let outcome = shake(&filtered, &any, sni).await;
        assert_eq!(got(&outcome), expected, "{sni:?}");
        assert_eq!(outcome.0.unwrap().facts().unwrap().sni.as_deref(), sni.map(str::as_bytes));
        let strict = TlsBind { strict_sni: true, ..filtered.clone() };
        let (server, client) = shake(&strict, &any, sni).await;
        assert_eq!(client.is_ok(), also_strict, "{sni:?} strict");
        if !also_strict {
            assert!(matches!(server, Err(HandshakeError::Failure(_))), "{server:?}");
            assert!(format!("{client:?}").contains("unrecognized name"), "{client:?}");
        }
    }
}

#[tokio::test]
async fn the_key_type_goes_by_the_client() {
    let rsa = make(rsa_key(), &["rsa", "same.example"], None);
    let ec = make(ec_key(), &["ec", "same.example"], None);
    let both = bind(vec![entry(&rsa, &[]), entry(&ec, &[])]);
    let tls12 = TlsVersions { max: Some(TlsVersion::Tls12), ..TlsVersions::default() };
    let only_rsa =
        TlsServer { ciphers: Some(b"ECDHE-RSA-AES128-GCM-SHA256".to_vec()), versions: tls12, ..no_verify() };
    assert_eq!(got(&shake(&both, &client(&no_verify()), Some("same.example")).await), "ec");
    assert_eq!(got(&shake(&both, &client(&only_rsa), Some("same.example")).await), "rsa");
}

#[tokio::test]
async fn alpn_and_versions() {
    let made = make(ec_key(), &["a.example"], None);
    let asks = |alpn: &[&str]| TlsServer {
        alpn: Some(alpn.iter().map(|name| name.as_bytes().to_vec()).collect()),
        ..no_verify()
    };
    let own_alpn = CertEntry { alpn: Some(vec![b"http/1.1".to_vec()]), ..entry(&made, &[]) };
    let table: [(CertEntry, &[&str], Option<&str>); 5] = [
        (entry(&made, &[]), &["http/1.1", "h2"], Some("h2")),
        (entry(&made, &[]), &["http/1.1"], Some("http/1.1")),
        (entry(&made, &[]), &["foo"], None),
        (entry(&made, &[]), &[], None),
        (own_alpn, &["h2", "http/1.1"], Some("http/1.1")),
    ];
    for (cert, asked, expected) in table {
        let (server, client) = shake(&bind(vec![cert]), &client(&asks(asked)), None).await;
        let (server, client) = (server.unwrap(), client.unwrap());
        let (server, client) = (server.facts().unwrap(), client.facts().unwrap());
        assert_eq!(&*server.alpn, expected.unwrap_or_default().as_bytes(), "{asked:?}");
        assert_eq!(client.alpn, server.alpn);
        assert_eq!((server.version, server.cipher), ("TLSv1.3", client.cipher));
    }
    // The crt-list's version binds more than the line's.
    let up_to_12 = TlsVersions { max: Some(TlsVersion::Tls12), ..TlsVersions::default() };
    let own = CertEntry { versions: Some(up_to_12), ..entry(&made, &[]) };
    let (server, _) = shake(&bind(vec![own]), &client(&no_verify()), None).await;
    assert_eq!(server.unwrap().facts().unwrap().version, "TLSv1.2");
    let only_13 = TlsVersions { min: Some(TlsVersion::Tls13), ..TlsVersions::default() };
    let line = TlsBind { versions: only_13, ..bind(vec![entry(&made, &[])]) };
    let old = TlsServer { versions: up_to_12, ..no_verify() };
    let (server, _) = shake(&line, &client(&old), None).await;
    assert_eq!(server.unwrap_err(), HandshakeError::Failure(Some("unsupported protocol")));
}

#[tokio::test]
async fn client_certificates() {
    let ca = make(ec_key(), &["ca"], None);
    let stranger = make(ec_key(), &["stranger"], None);
    let made = make(ec_key(), &["a.example"], None);
    let ca_file = TempFile::new(&ca.certificate_pem());
    let line = |verify, ignored: &[&str], is_told: bool| TlsBind {
        verify,
        ca_file: is_told.then(|| ca_file.bytes()),
        ca_verify_file: (!is_told).then(|| ca_file.bytes()),
        crt_ignore_err: ignored.iter().map(|word| word.as_bytes().to_vec()).collect(),
        ..bind(vec![entry(&made, &[])])
    };
    let known = make(ec_key(), &["known"], Some(&ca));
    let unknown = make(ec_key(), &["unknown"], Some(&stranger));
    let none = HandshakeError::Failure(Some("peer did not return a certificate"));
    let table = [
        (Verify::Required, &[][..], Some(&known), Ok(Some(0))),
        (Verify::Required, &[], Some(&unknown), Err(HandshakeError::Certificate(20))),
        (Verify::Required, &["all"], Some(&unknown), Ok(None)),
        (Verify::Required, &["20", "21"], Some(&unknown), Ok(None)),
        (
            Verify::Required,
            &["X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
            Some(&unknown),
            Ok(None),
        ),
        (Verify::Required, &[], None, Err(none)),
        (Verify::Optional, &[], None, Ok(Some(0))),
        (Verify::Optional, &[], Some(&unknown), Err(HandshakeError::Certificate(20))),
        (Verify::None, &[], Some(&unknown), Ok(Some(0))),
    ];
    let table = table.iter().flat_map(|row| [(true, row), (false, row)]);
    for (is_told, (verify, ignored, certificate, expected)) in table {
        let with = TlsServer { crt: certificate.map(Made::source), ..no_verify() };
        let (server, _) = shake(&line(*verify, ignored, is_told), &client(&with), None).await;
        match (server, expected) {
            (Ok(tls), Ok(result)) => {
                if let Some(result) = result {
                    assert_eq!(tls.facts().unwrap().verified.result, *result);
                }
                let presented = *verify != Verify::None && certificate.is_some();
                assert_eq!(tls.facts().unwrap().has_peer, presented);
            }
            (server, expected) => {
                let expected = (*expected).map(drop);
                assert_eq!(server.map(drop), expected, "{verify:?} {ignored:?}");
            }
        }
    }
}

#[tokio::test]
async fn servers_are_verified() {
    let ca = make(ec_key(), &["ca"], None);
    let ca_file = TempFile::new(&ca.certificate_pem());
    let inner = make(ec_key(), &["inner"], None);
    let good = make(ec_key(), &["good.example", "good.example"], Some(&ca));
    let checks = |host: Option<&str>| TlsServer {
        ca_file: Some(ca_file.bytes()),
        verifyhost: host.map(|host| host.as_bytes().to_vec()),
        ..TlsServer::default()
    };
    let untrusted = HandshakeError::Failure(Some("certificate verify failed"));
    let table = [
        (&good, None, None, None),
        (&good, None, Some("good.example"), None),
        (&good, Some("good.example"), None, None),
        (&good, None, Some("evil.example"), Some(HandshakeError::MismatchSni)),
        (&good, Some("evil.example"), None, Some(HandshakeError::Mismatch)),
        (&good, Some("evil.example"), Some("good.example"), None),
        (&inner, None, None, Some(untrusted)),
    ];
    for (made, host, sni, expected) in table {
        let (_, client) = shake(&bind(vec![entry(made, &[])]), &client(&checks(host)), sni).await;
        assert_eq!(client.err(), expected, "{host:?} {sni:?}");
    }
}

#[tokio::test]
async fn bytes_flow_and_the_end_is_seen() {
    let made = make(ec_key(), &["a.example"], None);
    for polite in [true, false] {
        let (server, client) = shake(&bind(vec![entry(&made, &[])]), &client(&no_verify()), None).await;
        let (mut server, mut client) = (Io::Tls(server.unwrap()), Io::Tls(client.unwrap()));
        client.write_all(b"hello").await.unwrap();
        let mut buf = [0; 64];
        assert_eq!(server.read(&mut buf).await.unwrap(), 5);
        let big = vec![b'x'; 300_000];
        let mut received = Vec::new();
        let (sent, read) = tokio::join!(
            async {
                server.write_all(&big).await?;
                if polite {
                    server.shutdown().await?;
                }
                drop(server);
                Ok::<_, std::io::Error>(())
            },
            client.read_to_end(&mut received)
        );
        sent.unwrap();
        assert_eq!((read.unwrap(), received == big), (300_000, true), "polite: {polite}");
    }
}

#[tokio::test]
async fn an_idle_connection_is_told_from_a_closed_one() {
    let made = make(ec_key(), &["a.example"], None);
    let (server, client) = shake(&bind(vec![entry(&made, &[])]), &client(&no_verify()), None).await;
    let (mut server, mut client) = (Io::Tls(server.unwrap()), Io::Tls(client.unwrap()));
    let settle = || tokio::time::sleep(Duration::from_millis(20));
    settle().await;
    // Two session tickets stand in the queue and are no data.
    assert_eq!(client.peek(), Idle::Quiet);
    server.write_all(b"x").await.unwrap();
    settle().await;
    assert_eq!(client.peek(), Idle::Data);
    assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 1);
    assert_eq!(client.peek(), Idle::Quiet);
    server.shutdown().await.unwrap();
    settle().await;
    assert_eq!(client.peek(), Idle::Closed);
}

#[tokio::test]
async fn sessions_are_resumed() {
    let made = make(ec_key(), &["a.example"], None);
    let up_to_12 = TlsVersions { max: Some(TlsVersion::Tls12), ..TlsVersions::default() };
    for (versions, tickets, reuse) in [
        (TlsVersions::default(), true, true),
        (up_to_12, true, true),
        (up_to_12, false, true),
        (TlsVersions::default(), false, true),
        (TlsVersions::default(), true, false),
    ] {
        let line = TlsBind { no_tls_tickets: !tickets, ..bind(vec![entry(&made, &[])]) };
        let server = ServerContext::new(&line, &Tune::default(), everything()).unwrap();
        let context = client(&TlsServer { versions, no_ssl_reuse: !reuse, ..no_verify() });
        let (first, ours) = shake_with(&server, &context, Some("a.example"), None).await;
        let (mut first, mut ours) = (Io::Tls(first.unwrap()), Io::Tls(ours.unwrap()));
        assert!(!ours.tls().unwrap().facts().unwrap().resumed);
        first.write_all(b"x").await.unwrap();
        assert_eq!(ours.read(&mut [0; 8]).await.unwrap(), 1);
        let session = ours.tls().unwrap().session().unwrap();
        // A connection that just ends, without close_notify, does not cost its session.
        drop((first, ours));
        let (second, ours) = shake_with(&server, &context, Some("a.example"), Some(&session)).await;
        let (second, ours) = (second.unwrap(), ours.unwrap());
        assert_eq!(
            (second.facts().unwrap().resumed, ours.facts().unwrap().resumed),
            (reuse, reuse),
            "{versions:?} {tickets}"
        );
        let (other, _) = shake_with(&server, &context, Some("b.example"), Some(&session)).await;
        assert!(!other.unwrap().facts().unwrap().resumed, "another name");
    }
}

#[tokio::test]
async fn broken_clients() {
    let made = make(rsa_key(), &["a.example"], None);
    let server = ServerContext::new(&bind(vec![entry(&made, &[])]), &Tune::default(), everything()).unwrap();
    let garbage = [&b"\x16\x03\x01\xff\xff"[..], &[0; 2000]].concat();
    let table: [(&[u8], bool, &str, &[u8]); 6] = [
        (b"", true, "Connection closed during SSL handshake", b""),
        (b"\x16\x03\x01\x02\x00", true, "Connection closed during SSL handshake", b""),
        (b"GET / HTTP/1.1\r\n\r\n", false, "SSL handshake failure", b""),
        (&garbage, false, "SSL handshake failure", b"\x02\x16"),
        (b"\x15\x03\x01\x00\x02\x02\x28", false, "SSL handshake failure", b"\x02\x0a"),
        (&[0x16, 3, 1, 0, 0].repeat(500), false, "SSL handshake failure", b"\x02\x0a"),
    ];
    for (sent, ends, message, answer) in table {
        let (mut ours, theirs) = sockets().await;
        let broken = async {
            ours.write_all(sent).await.unwrap();
            if ends {
                ours.shutdown().await.unwrap();
            }
            let mut received = Vec::new();
            ours.read_to_end(&mut received).await.expect("no reset");
            received
        };
        let mut never = |_: &mut Context<'_>| Poll::Pending;
        let (outcome, received) = tokio::join!(server.accept(Socket::tcp(theirs), &mut never), broken);
        let error = outcome.unwrap_err().error;
        assert_eq!(error.to_string(), message, "{error:?}");
        if !answer.is_empty() {
            assert_eq!((received[0], &received[5..]), (21, answer), "{error:?}");
        }
    }
}

#[tokio::test]
async fn a_stalled_client_waits_until_its_time_is_over() {
    let made = make(ec_key(), &["a.example"], None);
    let server = ServerContext::new(&bind(vec![entry(&made, &[])]), &Tune::default(), everything()).unwrap();
    let (mut ours, theirs) = sockets().await;
    ours.write_all(b"\x16\x03\x01\x02\x00").await.unwrap();
    let mut end = Box::pin(tokio::time::sleep(Duration::from_millis(50)));
    let stalled = server.accept(Socket::tcp(theirs), &mut |cx| end.as_mut().poll(cx)).await.unwrap_err();
    assert_eq!((stalled.error, stalled.facts.unwrap().cipher), (HandshakeError::Timeout, "(NONE)"));
    assert_eq!(ours.read(&mut [0; 8]).await.unwrap(), 0);
}

#[test]
fn pem_files() {
    let made = make(ec_key(), &["CN.example", "Alt.example", "*.alt.example"], None);
    let other = make(rsa_key(), &["other"], None);
    let (certificate, key) = (made.certificate_pem(), made.key_pem());
    let cut = [&key[..60], b"\n-----END PRIVATE KEY-----\n", &certificate].concat();
    let locked = other.key.private_key_to_pem_pkcs8_passphrase(openssl::symm::Cipher::aes_128_cbc(), b"x");
    let no_key = Err("No Private Key found in 'f.pem.key'.");
    let no_start = Err("unable to load certificate from file 'f.pem': no start line.");
    let table = [
        (made.pem(), Ok(())),
        ([&key[..], &certificate].concat(), Ok(())),
        ([&b"# text\n"[..], &certificate, &other.certificate_pem(), &key].concat(), Ok(())),
        (certificate.clone(), no_key),
        (cut, no_key),
        (
            [certificate.clone(), other.key_pem()].concat(),
            Err("inconsistencies between private key and certificate loaded 'f.pem'."),
        ),
        (
            [other.certificate_pem(), made.pem()].concat(),
            Err("inconsistencies between private key and certificate loaded 'f.pem'."),
        ),
        ([locked.unwrap(), other.certificate_pem()].concat(), no_key),
        (key.clone(), no_start),
        (b"hello".to_vec(), no_start),
        (Vec::new(), no_start),
    ];
    for (pem, expected) in table {
        let result = check_pem("f.pem", &pem);
        assert_eq!(result.as_ref().map_err(String::as_str).copied(), expected);
    }
    assert_eq!(
        certificate_names("f.pem", &certificate).unwrap(),
        ["alt.example", "*.alt.example", "cn.example"]
    );
}

#[test]
fn settings_that_are_wrong() {
    let made = make(ec_key(), &["a.example"], None);
    let good = || bind(vec![entry(&made, &[])]);
    let word = |text: &str| Some(text.as_bytes().to_vec());
    let versions = TlsVersions { min: Some(TlsVersion::Tls13), max: Some(TlsVersion::Tls12), off: 0 };
    let table = [
        (TlsBind { ciphers: word("NOPE"), ..good() }, "unable to set SSL cipher list to 'NOPE'"),
        (TlsBind { ciphers: word("A\0B"), ..good() }, "unable to set SSL cipher list to 'A\0B'"),
        (TlsBind { ciphersuites: word("NOPE"), ..good() }, "unable to set TLS 1.3 cipher suites to 'NOPE'"),
        (TlsBind { curves: word("NOPE"), ..good() }, "unable to set SSL curves list to 'NOPE'"),
        (TlsBind { sigalgs: word("NOPE"), ..good() }, "unable to set SSL Signature Algorithm list to 'NOPE'"),
        (TlsBind { verify: Verify::Required, ..good() }, "verify is enabled but no CA file specified"),
        (TlsBind { versions, ..good() }, "all SSL/TLS versions are disabled"),
        (bind(Vec::new()), "no SSL certificate specified"),
    ];
    for (line, expected) in table {
        let error = ServerContext::new(&line, &Tune::default(), everything()).unwrap_err();
        assert_eq!(error, ContextError::Setting(expected.to_string()));
    }
    let none = TlsBind { strict_sni: true, ..bind(Vec::new()) };
    assert!(ServerContext::new(&none, &Tune::default(), everything()).is_ok());
    let error =
        ClientContext::new(&TlsServer::default(), Verify::Required, None, Kept::default()).unwrap_err();
    assert!(error.to_string().starts_with("verify is enabled by default but no CA file specified. If"));
}

#[test]
fn ca_files() {
    let made = make(ec_key(), &["ca"], None);
    let (good, bad) = (TempFile::new(&made.certificate_pem()), TempFile::new(b"hello"));
    assert_eq!(check_ca_file(&good.bytes()), Ok(1));
    assert_eq!(check_ca_file(b"@system-ca"), Ok(1));
    let shown = bad.0.display();
    let expected = format!("Couldn't open the ca-file '{shown}' (no certificate or crl found).");
    assert_eq!(check_ca_file(&bad.bytes()), Err(expected));
    let expected = "Couldn't open the ca-file '/nope.pem' (No such file or directory).".to_string();
    assert_eq!(check_ca_file(b"/nope.pem"), Err(expected));
}
