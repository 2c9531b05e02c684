//! Takes the facts of a connection from the library, after its handshake or where that failed.

use std::sync::{Arc, OnceLock};

use openssl::error::ErrorStack;
use openssl::ex_data::Index;
use openssl::ssl::{NameType, SslContext, SslContextBuilder, SslRef};
use openssl::x509::{X509Ref, X509VerifyResult};
use state::TlsParts;
use state::tls::{Chain, Keys, Shown, TlsError, TlsFacts, Verified};

use super::ffi;
use super::notes::{Kept, Notes};

/// The size of a hello's random bytes.
const RANDOM: usize = 32;
/// A session's key, at most (OpenSSL's TLS13_MAX_RESUMPTION_PSK_LENGTH).
const KEY: usize = 256;

/// The facts, with the parts that are kept. Uses up the notes.
pub(super) fn facts(ssl: &SslRef, kept: Kept, notes: &mut Notes) -> TlsFacts {
    let parts = kept.parts;
    let peer = ssl.peer_certificate();
    let bits = ssl.current_cipher().map(|cipher| cipher.bits());
    let bits = bits.map_or((0, 0), |bits| (bits.secret, bits.algorithm));
    let result = u32::try_from(ssl.verify_result().as_raw()).unwrap_or(u32::MAX);
    let wants_peer = parts.has(TlsParts::PEER);
    let done = ssl.is_init_finished();
    let peer_der = if wants_peer { peer.as_ref().and_then(|peer| peer.to_der().ok()) } else { None };
    // HAProxy shows who was refused to clients' logs, and not which server was.
    let refused_peer = notes.refused_peer.take().filter(|_| ssl.is_server());
    TlsFacts {
        done,
        version: ssl.version_str(),
        cipher: ssl.current_cipher().map_or("(NONE)", |cipher| cipher.name()),
        key_bits: (u16::try_from(bits.0).unwrap_or(0), u16::try_from(bits.1).unwrap_or(0)),
        curve: ffi::negotiated_group(ssl).and_then(|group| group.short_name().ok()).unwrap_or_default(),
        alpn: ssl.selected_alpn_protocol().unwrap_or_default().into(),
        sni: ssl.servername_raw(NameType::HOST_NAME).map(Into::into),
        resumed: ssl.session_reused(),
        has_peer: peer.is_some() || refused_peer.is_some(),
        verified: Verified { result, ..notes.verified },
        shown: shown_index().and_then(|index| ssl.ssl_context().ex_data(index)).cloned(),
        error: None,
        peer: peer_der.or(refused_peer.filter(|_| wants_peer)).map(Vec::into_boxed_slice),
        chain: if parts.has(TlsParts::CHAIN) { chain(ssl, done) } else { None },
        keys: parts.has(TlsParts::KEYS).then(|| keys(ssl)),
        hello: notes.hello.take(),
        secrets: notes.secrets.take().filter(|_| done),
    }
}

/// Identity and keys of the session as it is now: with TLS 1.3 a server's first bytes change it.
pub(super) fn keys(ssl: &SslRef) -> Box<Keys> {
    let filled = |fill: &dyn Fn(&mut [u8]) -> usize| {
        let mut bytes = [0; KEY];
        let len = fill(&mut bytes).min(KEY);
        Box::from(&bytes[..len])
    };
    let random = |fill: &dyn Fn(&mut [u8]) -> usize| filled(&|bytes| fill(&mut bytes[..RANDOM]));
    let session = ssl.session();
    Box::new(Keys {
        session_id: session.map_or(Box::default(), |session| session.id().into()),
        session_key: session.map_or(Box::default(), |session| filled(&|bytes| session.master_key(bytes))),
        client_random: random(&|bytes| ssl.client_random(bytes)),
        server_random: random(&|bytes| ssl.server_random(bytes)),
        finished: if !ssl.is_init_finished() {
            Box::default()
        } else if ssl.session_reused() {
            filled(&|bytes| ssl.finished(bytes))
        } else {
            filled(&|bytes| ssl.peer_finished(bytes))
        },
    })
}

fn chain(ssl: &SslRef, done: bool) -> Option<Box<Chain>> {
    let mut sent = Vec::new();
    for certificate in ssl.peer_cert_chain().filter(|_| done).into_iter().flatten() {
        sent.extend(certificate.to_der().ok()?);
    }
    let is_root = |certificate: &&X509Ref| certificate.issued(certificate) == X509VerifyResult::OK;
    let verified = ssl.verified_chain();
    let root = verified.and_then(|chain| chain.iter().find(is_root).or_else(|| chain.iter().last()));
    let root = root.and_then(|root| root.to_der().ok()).map(Vec::into_boxed_slice);
    (!sent.is_empty() || root.is_some()).then(|| Box::new(Chain { sent: sent.into(), root }))
}

/// The oldest error, the cause of those after it, in OpenSSL's form.
pub(super) fn error(errors: &ErrorStack) -> Option<Box<TlsError>> {
    const REASON: u64 = 0x7f_ffff;
    let error = errors.errors().first()?;
    let code = error.code();
    let library = error.library().unwrap_or_default();
    let text = match error.reason() {
        Some(reason) => format!("error:{code:08X}:{library}::{reason}"),
        None => format!("error:{code:08X}:{library}::reason({})", code & REASON),
    };
    Some(Box::new(TlsError { code, text: text.into() }))
}

/// Where contexts keep the certificate that they show.
fn shown_index() -> Option<Index<SslContext, Arc<Shown>>> {
    static INDEX: OnceLock<Option<Index<SslContext, Arc<Shown>>>> = OnceLock::new();
    *INDEX.get_or_init(|| SslContext::new_ex_index().ok())
}

/// Leaves the certificate that a context shows for the facts of its connections.
pub(super) fn show(context: &mut SslContextBuilder, name: &[u8], certificate: &X509Ref) {
    if let (Some(index), Ok(der)) = (shown_index(), certificate.to_der()) {
        context.set_ex_data(index, Arc::new(Shown { name: name.into(), der: der.into() }));
    }
}
