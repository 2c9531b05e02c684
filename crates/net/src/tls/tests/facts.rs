//! What handshakes leave of themselves, on both sides.

use state::TlsParts;
use state::tls::{List, Secret, TlsFacts};

use super::*;

fn of(side: &Result<Box<Tls>, HandshakeError>) -> &TlsFacts {
    side.as_ref().expect("a connection").facts().expect("facts")
}

/// A line that verifies clients against an authority, and a client that it signed.
fn verifying() -> (TempFile, TlsBind, Made, Made) {
    let ca = make(ec_key(), &["ca"], None);
    let shown = make(ec_key(), &["a.example"], None);
    let known = make(ec_key(), &["known"], Some(&ca));
    let file = TempFile::new(&ca.certificate_pem());
    let line =
        TlsBind { verify: Verify::Required, ca_file: Some(file.bytes()), ..bind(vec![entry(&shown, &[])]) };
    (file, line, shown, known)
}

#[tokio::test]
async fn both_sides_know_the_same() {
    let (_file, line, shown, known) = verifying();
    let with = TlsServer { crt: Some(known.source()), ..no_verify() };
    let (server, ours) = shake(&line, &client(&with), Some("a.example")).await;
    let (server, client) = (of(&server), of(&ours));
    assert_eq!((server.done, client.done), (true, true));
    assert_eq!((server.curve, server.key_bits), ("X25519", (256, 256)));
    assert_eq!((server.curve, server.key_bits), (client.curve, client.key_bits));
    assert_eq!(client.sni.as_deref(), Some(&b"a.example"[..]));
    assert_eq!(server.peer.as_deref(), Some(&*known.certificate.to_der().unwrap()));
    assert_eq!(client.peer.as_deref(), Some(&*shown.certificate.to_der().unwrap()));
    let (root, name) = (server.chain.as_ref().unwrap().root.clone(), server.shown.as_ref().unwrap());
    let root = X509::from_der(&root.unwrap()).unwrap();
    assert_eq!(root.subject_name().entries().next().unwrap().data().as_slice(), b"ca");
    assert_eq!((&*name.name, &*name.der), (&b"made.pem"[..], &*shown.certificate.to_der().unwrap()));
    // A server's chain begins with its own certificate, a client's above it.
    assert!(server.chain.as_ref().unwrap().sent.is_empty());
    assert_eq!(client.chain.as_ref().unwrap().sent.as_ref(), client.peer.as_deref().unwrap());
    let (theirs, our_keys) = (server.keys.as_ref().unwrap(), client.keys.as_ref().unwrap());
    assert_eq!(theirs.client_random, our_keys.client_random);
    assert_eq!(theirs.server_random, our_keys.server_random);
    assert_eq!((theirs.client_random.len(), theirs.session_id.len(), theirs.finished.len()), (32, 32, 48));
    let hello = server.hello.as_ref().unwrap();
    assert_eq!((hello.version, hello.list(List::Versions)), (0x303, &[3, 4, 3, 3][..]));
    assert!(client.hello.is_none());
    let secret =
        |facts: &TlsFacts| facts.secrets.as_ref().unwrap().get(Secret::ClientTraffic).map(str::to_owned);
    assert_eq!(secret(server).unwrap().len(), 96);
    assert_eq!(secret(server), secret(client));
}

#[tokio::test]
async fn what_is_not_wanted_is_not_kept() {
    let made = make(ec_key(), &["a.example"], None);
    let server =
        ServerContext::new(&bind(vec![entry(&made, &[])]), &Tune::default(), Kept::default()).unwrap();
    let context = ClientContext::new(&no_verify(), Verify::Required, None, Kept::default()).unwrap();
    let (theirs, ours) = shake_with(&server, &context, None, None).await;
    assert!(ours.unwrap().facts().is_none());
    let facts = of(&theirs);
    assert!(facts.shown.is_none() && facts.peer.is_none() && facts.chain.is_none());
    assert!(facts.keys.is_none() && facts.hello.is_none() && facts.secrets.is_none());
    assert_eq!(facts.version, "TLSv1.3");
    // The settings must allow what the fetches want.
    let wants = TlsParts::HELLO.with(TlsParts::SECRETS);
    let server = ServerContext::new(
        &bind(vec![entry(&made, &[])]),
        &Tune::default(),
        Kept::new(wants, &Tune::default()),
    );
    let (theirs, _) = shake_with(&server.unwrap(), &context, None, None).await;
    assert!(of(&theirs).hello.is_none() && of(&theirs).secrets.is_none());
}

#[tokio::test]
async fn keys_of_a_server_change_with_its_tickets() {
    let made = make(ec_key(), &["a.example"], None);
    let (server, ours) = shake(&bind(vec![entry(&made, &[])]), &client(&no_verify()), None).await;
    let (mut server, mut ours) = (Io::Tls(server.unwrap()), Io::Tls(ours.unwrap()));
    let id = |io: &Io| io.tls().unwrap().facts().unwrap().keys.as_ref().unwrap().session_id.len();
    assert_eq!((id(&server), id(&ours)), (32, 0));
    server.write_all(b"x").await.unwrap();
    assert_eq!(ours.read(&mut [0; 8]).await.unwrap(), 1);
    ours.tls_mut().unwrap().renew_keys();
    assert_eq!(id(&ours), 32);
}

/// A client's side of a handshake, for which the server has the given facts.
async fn refused(line: &TlsBind, with: &TlsServer) -> (HandshakeError, Arc<TlsFacts>) {
    let server = ServerContext::new(line, &Tune::default(), everything()).unwrap();
    let context = client(with);
    let (ours, theirs) = sockets().await;
    let mut never = |_: &mut Context<'_>| Poll::Pending;
    let (outcome, _) = tokio::join!(
        server.accept(Socket::tcp(theirs), &mut never),
        context.connect(Socket::tcp(ours), Ask::default())
    );
    let failed = outcome.unwrap_err();
    (failed.error, failed.facts.unwrap())
}

#[tokio::test]
async fn failures_leave_facts() {
    let (_file, line, _, _) = verifying();
    let stranger = make(ec_key(), &["stranger"], None);
    let unknown = make(ec_key(), &["unknown"], Some(&stranger));
    let (error, facts) = refused(&line, &TlsServer { crt: Some(unknown.source()), ..no_verify() }).await;
    assert_eq!(error, HandshakeError::Certificate(20));
    let told = facts.error.as_ref().unwrap();
    let text = "error:0A000086:SSL routines::certificate verify failed";
    assert_eq!((told.code, &*told.text), (0x0a00_0086, text));
    assert_eq!((facts.verified.error, facts.verified.ca_error, facts.done), (20, 0, false));
    assert_eq!(facts.peer.as_deref(), Some(&*unknown.certificate.to_der().unwrap()));
    assert!(facts.secrets.is_none() && facts.keys.as_ref().unwrap().finished.is_empty());
    let (error, facts) = refused(&line, &no_verify()).await;
    assert_eq!(error, HandshakeError::Failure(Some("peer did not return a certificate")));
    assert_eq!((facts.verified.done, facts.peer.is_none()), (false, true));
}
