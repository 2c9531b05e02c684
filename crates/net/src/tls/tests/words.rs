//! Words of lines that change what the two sides tell each other: signature algorithms of clients, names
//! of authorities, tickets.

use super::*;

/// Copies one direction, and gives what went by.
async fn tap(mut from: tokio::net::tcp::OwnedReadHalf, mut to: tokio::net::tcp::OwnedWriteHalf) -> Vec<u8> {
    let (mut seen, mut room) = (Vec::new(), [0; 4096]);
    while let Ok(len @ 1..) = from.read(&mut room).await {
        seen.extend_from_slice(&room[..len]);
        if to.write_all(&room[..len]).await.is_err() {
            break;
        }
    }
    seen
}

/// What the client and the server say in a handshake of TLS 1.2, which hides nothing of this.
async fn said(bind: &TlsBind, line: &TlsServer) -> (Vec<u8>, Vec<u8>) {
    let up_to_12 = TlsVersions { max: Some(TlsVersion::Tls12), ..TlsVersions::default() };
    let client = client(&TlsServer { versions: up_to_12, ..line.clone() });
    let server = ServerContext::new(bind, &Tune::default(), everything()).unwrap();
    let ((ours, near), (far, theirs)) = (sockets().await, sockets().await);
    let (near_read, near_write) = near.into_split();
    let (far_read, far_write) = far.into_split();
    let taps = async { tokio::join!(tap(near_read, far_write), tap(far_read, near_write)) };
    let handshake = async {
        let mut never = |_: &mut Context<'_>| Poll::Pending;
        let (server, client) = tokio::join!(
            server.accept(Socket::tcp(theirs), &mut never),
            client.connect(Socket::tcp(ours), Ask::default())
        );
        drop((server, client));
    };
    tokio::join!(taps, handshake).0
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn clients_sign_as_they_are_asked() {
    let ca = make(ec_key(), &["ca"], None);
    let ca_file = TempFile::new(&ca.certificate_pem());
    let (made, known) = (make(ec_key(), &["a.example"], None), make(ec_key(), &["client"], Some(&ca)));
    let list = |list: &str| Some(list.as_bytes().to_vec());
    for (asked, used, fine) in [
        (None, None, true),
        (list("ECDSA+SHA256"), None, true),
        (list("RSA+SHA256"), None, false),
        (None, list("ECDSA+SHA256:ECDSA+SHA384"), true),
        (None, list("RSA+SHA256"), false),
    ] {
        let line = TlsBind {
            verify: Verify::Required,
            ca_file: Some(ca_file.bytes()),
            client_sigalgs: asked.clone(),
            ..bind(vec![entry(&made, &[])])
        };
        let with = TlsServer { crt: Some(known.source()), client_sigalgs: used.clone(), ..no_verify() };
        let (server, _) = shake(&line, &client(&with), None).await;
        assert_eq!(server.is_ok(), fine, "{asked:?} {used:?}");
    }
}

#[tokio::test]
async fn authorities_are_named_unless_a_line_forbids_it() {
    let ca = make(ec_key(), &["the-authority"], None);
    let ca_file = TempFile::new(&ca.certificate_pem());
    let made = make(ec_key(), &["a.example"], None);
    for (on_line, on_entry, named) in [(false, false, true), (true, false, false), (false, true, false)] {
        let line = TlsBind {
            verify: Verify::Optional,
            ca_file: Some(ca_file.bytes()),
            no_ca_names: on_line,
            ..bind(vec![CertEntry { no_ca_names: on_entry, ..entry(&made, &[]) }])
        };
        let (_, down) = said(&line, &no_verify()).await;
        assert_eq!(has(&down, b"the-authority"), named, "{on_line} {on_entry}");
    }
}

#[tokio::test]
async fn tickets_are_asked_for_unless_a_line_forbids_it() {
    /// The extension for them, empty.
    const TICKET: [u8; 4] = [0, 35, 0, 0];
    let made = make(ec_key(), &["a.example"], None);
    for no_tls_tickets in [false, true] {
        let (up, _) =
            said(&bind(vec![entry(&made, &[])]), &TlsServer { no_tls_tickets, ..no_verify() }).await;
        assert_eq!(has(&up, &TICKET), !no_tls_tickets);
    }
}

#[tokio::test]
async fn sessions_go_from_process_to_process_with_the_same_keys() {
    let made = make(ec_key(), &["a.example"], None);
    let up_to_12 = TlsVersions { max: Some(TlsVersion::Tls12), ..TlsVersions::default() };
    let file = |first: u8, len: usize| {
        let key = |at: u8| openssl::base64::encode_block(&vec![at; len]) + "\n";
        Some((first..first + 3).map(key).collect::<String>().into_bytes())
    };
    for (versions, one, other, resumed) in [
        (TlsVersions::default(), file(1, 48), file(1, 48), true),
        (TlsVersions::default(), file(1, 80), file(1, 80), true),
        (TlsVersions::default(), file(1, 80), file(2, 80), true),
        (TlsVersions::default(), file(2, 80), file(1, 80), true),
        (TlsVersions::default(), file(1, 80), file(4, 80), false),
        (TlsVersions::default(), None, None, false),
        (up_to_12, file(1, 80), file(1, 80), true),
        (up_to_12, file(1, 80), file(4, 80), false),
    ] {
        let server = |ticket_keys: &Option<Vec<u8>>| {
            let line = TlsBind { ticket_keys: ticket_keys.clone(), ..bind(vec![entry(&made, &[])]) };
            ServerContext::new(&line, &Tune { ssl_cachesize: 0, ..Tune::default() }, everything()).unwrap()
        };
        let context = client(&TlsServer { versions, ..no_verify() });
        let (first, ours) = shake_with(&server(&one), &context, Some("a.example"), None).await;
        let (mut first, mut ours) = (Io::Tls(first.unwrap()), Io::Tls(ours.unwrap()));
        first.write_all(b"x").await.unwrap();
        assert_eq!(ours.read(&mut [0; 8]).await.unwrap(), 1);
        let session = ours.tls().unwrap().session().unwrap();
        drop((first, ours));
        let (second, _) = shake_with(&server(&other), &context, Some("a.example"), Some(&session)).await;
        assert_eq!(second.unwrap().facts().unwrap().resumed, resumed, "{versions:?} {one:?} {other:?}");
    }
}
