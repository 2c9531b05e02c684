//! The TLS side of a `server` line.

use std::pin::Pin;
use std::sync::Arc;

use ir::config::{TlsServer, Verify};
use openssl::error::ErrorStack;
use openssl::ssl::{
    Error, NameType, Ssl, SslContext, SslContextBuilder, SslOptions, SslRef, SslSession, SslSessionCacheMode,
};
use openssl::x509::verify::X509CheckFlags;
use state::TlsParts;
use tokio_openssl::SslStream;

use super::error::{ContextError, Failed, HandshakeError};
use super::notes::{Kept, Notes};
use super::pace::Pace;
use super::pem::Pem;
use super::settings::{self, Authorities, Settings};
use super::{Tls, facts, ffi};
use crate::socket::Socket;

/// HAProxy's text, to the letter but for the full stop.
const NO_CA_FILE: &str = "verify is enabled by default but no CA file specified. If you're running on a \
    LAN where you're certain to trust the server's certificate, please set an explicit 'verify none' \
    statement on the 'server' line, or use 'ssl-server-verify none' in the global section to disable \
    server-side verifications by default";

/// X509_V_ERR_HOSTNAME_MISMATCH
const HOSTNAME_MISMATCH: i32 = 62;

/// Settings of a `server … ssl` line. Shared by all threads.
pub struct ClientContext {
    context: SslContext,
    verify: Verify,
    verifyhost: Option<String>,
    resumes: bool,
    kept: Kept,
}

/// A session to resume, taken with [`Tls::session`] from an earlier connection to the same
/// server, made by the same [`ClientContext`].
#[derive(Clone)]
pub struct ClientSession {
    pub(super) session: SslSession,
    /// The name that was asked for.
    pub(super) sni: Option<Box<[u8]>>,
}

/// What one handshake asks for.
#[derive(Clone, Copy, Default)]
pub struct Ask<'a> {
    /// What the `sni` expression gave.
    pub sni: Option<&'a [u8]>,
    /// A session of the same name makes the handshake shorter.
    pub session: Option<&'a ClientSession>,
    /// Protocols in ALPN's wire form, instead of those of the line.
    pub alpn: Option<&'a [u8]>,
}

impl ClientContext {
    /// Loads everything the line names. `verify_default` stands in where the line says nothing:
    /// required, unless `ssl-server-verify none`. `level` is `ssl-security-level`. Connections keep what
    /// `kept` says.
    ///
    /// # Errors
    /// The first thing that is wrong, in HAProxy's words.
    pub fn new(
        server: &TlsServer,
        verify_default: Verify,
        level: Option<u32>,
        kept: Kept,
    ) -> Result<Self, ContextError> {
        let settings = Settings {
            versions: server.versions,
            ciphers: server.ciphers.as_deref(),
            ciphersuites: server.ciphersuites.as_deref(),
            curves: server.curves.as_deref(),
            sigalgs: server.sigalgs.as_deref(),
            client_sigalgs: server.client_sigalgs.as_deref(),
            level,
        };
        let mut options = SslOptions::empty();
        options.set(SslOptions::NO_RENEGOTIATION, server.no_renegotiation);
        options.set(SslOptions::NO_TICKET, server.no_tls_tickets);
        let mut context = settings::builder(settings, options)?;
        context.set_session_cache_mode(SslSessionCacheMode::OFF);
        if let Some(source) = &server.crt {
            own_certificate(&mut context, source, kept.skip_root)?;
        }
        let verify = server.verify.unwrap_or(verify_default);
        if verify != Verify::None && server.ca_file.is_none() {
            return Err(ContextError::Setting(NO_CA_FILE.to_string()));
        }
        let authorities = Authorities {
            ca_file: server.ca_file.as_deref(),
            crl_file: server.crl_file.as_deref(),
            ..Authorities::default()
        };
        settings::verify(&mut context, verify, authorities)?;
        if let Some(alpn) = server.alpn.as_ref().filter(|alpn| !alpn.is_empty()) {
            let failed = |_| ContextError::Setting("unable to set the ALPN protocols".to_string());
            context.set_alpn_protos(&settings::alpn_wire(alpn)?).map_err(failed)?;
        }
        let verifyhost = match &server.verifyhost {
            Some(host) => match settings::text(host) {
                Some(text) => Some(text.to_string()),
                None => return Err(ContextError::Setting("unable to set the verified host".to_string())),
            },
            None => None,
        };
        kept.listen(&mut context);
        Ok(Self { context: context.build(), verify, verifyhost, resumes: !server.no_ssl_reuse, kept })
    }

    /// Whether sessions may be resumed: not with `no-ssl-reuse`.
    pub fn resumes(&self) -> bool {
        self.resumes
    }

    /// The handshake with a server. The caller limits the time and drops the future.
    ///
    /// # Errors
    /// See [`HandshakeError`]. The facts are there where some of them are kept.
    pub async fn connect(&self, socket: Socket, ask: Ask<'_>) -> Result<Box<Tls>, Failed> {
        let ssl = self.prepare(ask).map_err(|_| HandshakeError::Failure(None))?;
        let mut stream = SslStream::new(ssl, socket).map_err(|_| HandshakeError::Failure(None))?;
        let mut notes = Notes::default();
        let outcome = std::future::poll_fn(|cx| {
            let poll = notes.during(|| Pin::new(&mut stream).poll_connect(cx));
            poll.map_err(|error| self.failed(stream.ssl(), &error, &mut notes))
        });
        outcome.await?;
        let keeps = self.kept.parts != TlsParts::NONE;
        let facts = keeps.then(|| Arc::new(facts::facts(stream.ssl(), self.kept, &mut notes)));
        Ok(Box::new(Tls { stream, facts, held: None, pace: Pace::new(self.kept.limits) }))
    }

    fn failed(&self, ssl: &SslRef, error: &Error, notes: &mut Notes) -> Failed {
        let named = ssl.servername_raw(NameType::HOST_NAME).is_some();
        let Failed { error, facts } = Failed::new(ssl, error, self.kept, notes);
        let error = match error {
            HandshakeError::Certificate(HOSTNAME_MISMATCH) if named => HandshakeError::MismatchSni,
            HandshakeError::Certificate(HOSTNAME_MISMATCH) => HandshakeError::Mismatch,
            // HAProxy's words for these are about clients only.
            HandshakeError::Certificate(_) | HandshakeError::Ca(_) => {
                HandshakeError::Failure(Some("certificate verify failed"))
            }
            other => other,
        };
        Failed { error, facts: facts.filter(|_| self.kept.parts != TlsParts::NONE) }
    }

    /// One connection's state: the name to ask for, the name to expect, the session to resume.
    fn prepare(&self, Ask { sni, session, alpn }: Ask<'_>) -> Result<Ssl, ErrorStack> {
        let mut ssl = Ssl::new(&self.context)?;
        if let Some(wire) = alpn {
            ssl.set_alpn_protos(wire)?;
        }
        // A name that is no text cannot be in a certificate either.
        let sni = sni.and_then(settings::text).filter(|name| !name.is_empty());
        if let Some(name) = sni {
            ssl.set_hostname(name)?;
        }
        if self.verify != Verify::None
            && let Some(name) = sni.or(self.verifyhost.as_deref())
        {
            let expected = ssl.param_mut();
            expected.set_hostflags(X509CheckFlags::NO_PARTIAL_WILDCARDS);
            expected.set_host(name)?;
        }
        let fits = |session: &&ClientSession| session.sni.as_deref() == sni.map(str::as_bytes);
        if let Some(ClientSession { session, .. }) = session.filter(|_| self.resumes).filter(fits) {
            ffi::set_session(&mut ssl, session)?;
        }
        Ok(ssl)
    }
}

impl std::fmt::Debug for ClientContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientContext").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for ClientSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientSession")
    }
}

/// `crt` of a server line.
fn own_certificate(
    context: &mut SslContextBuilder,
    source: &ir::config::CertSource,
    skip_root: bool,
) -> Result<(), ContextError> {
    let path = String::from_utf8_lossy(&source.path);
    let mut pem = Pem::load(&path, &source.pem).map_err(ContextError::Certificate)?;
    if skip_root {
        pem.skip_root();
    }
    let failed = |_: ErrorStack| {
        ContextError::Certificate(format!("unable to load SSL certificate into SSL Context '{path}'."))
    };
    context.set_certificate(&pem.leaf).map_err(failed)?;
    context.set_private_key(&pem.key).map_err(failed)?;
    for above in pem.chain {
        context.add_extra_chain_cert(above).map_err(failed)?;
    }
    Ok(())
}
