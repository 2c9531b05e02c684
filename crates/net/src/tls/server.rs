//! The TLS side of a `bind` line: one library context for each certificate, and one before them
//! whose ClientHello callback chooses.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use ir::config::{CertEntry, TlsBind, TlsVersion, TlsVersions, Tune, Verify};
use openssl::bn::BigNum;
use openssl::dh::Dh;
use openssl::error::ErrorStack;
use openssl::pkey::Params;
use openssl::ssl::{
    AlpnError, ClientHelloResponse, Ssl, SslAlert, SslContext, SslContextBuilder, SslMode, SslOptions,
    SslRef, SslSessionCacheMode, SslVerifyMode, SslVersion,
};
use openssl::stack::Stack;
use state::TlsParts;
use tokio_openssl::SslStream;

use super::error::{ContextError, Failed, HandshakeError};
use super::forge::Forge;
use super::names::Names;
use super::notes::{Kept, Notes};
use super::pace::Pace;
use super::pem::{Pem, has_foreign_key};
use super::settings::{self, Authorities, Settings};
use super::tickets::TicketKeys;
use super::{Tls, facts, ffi, hello};
use crate::socket::Socket;

/// Certificates, names and settings of a `bind … ssl` line. Shared by all threads; a context
/// that is replaced lives on in the connections that it made.
pub struct ServerContext {
    first: SslContext,
    kept: Kept,
    warnings: Vec<String>,
}

/// Says when a handshake takes too long.
pub type Expired<'a> = dyn FnMut(&mut Context<'_>) -> Poll<()> + 'a;

/// What the ClientHello callback chooses from.
struct Choice {
    names: Names,
    certificates: Vec<Certificate>,
    strict: bool,
    tls13: bool,
    /// Makes certificates, and what clients of theirs must show. As in HAProxy no authority of clients is
    /// known there: who shows a certificate is refused.
    forge: Option<(Forge, SslVerifyMode)>,
}

/// A certificate's context, and what a switch of contexts does not carry over.
struct Certificate {
    context: SslContext,
    verify: SslVerifyMode,
    bounds: (Option<SslVersion>, Option<SslVersion>),
}

impl ServerContext {
    /// Loads everything the line names. `ca_file` and the like are read here. Connections keep what
    /// `kept` says, beside their [base](state::TlsParts::BASE).
    ///
    /// # Errors
    /// The first thing that is wrong, in HAProxy's words.
    pub fn new(bind: &TlsBind, tune: &Tune, kept: Kept) -> Result<Self, ContextError> {
        let mut warnings = Vec::new();
        let mut choice = Choice {
            names: Names::default(),
            certificates: Vec::new(),
            strict: bind.strict_sni,
            tls13: bind.versions.max.is_none_or(|max| max >= TlsVersion::Tls13),
            forge: None,
        };
        let mut keys = Vec::new();
        let tickets = bind.ticket_keys.as_deref().map(TicketKeys::new).transpose()?.map(Arc::new);
        for (index, entry) in bind.certs.iter().enumerate() {
            // A crt-list may name the key of another certificate, which has none then.
            if (index > 0 && !entry.answers()) || has_foreign_key(&entry.source.pem) {
                continue;
            }
            let path = String::from_utf8_lossy(&entry.source.path);
            let mut pem = Pem::load(&path, &entry.source.pem).map_err(ContextError::Certificate)?;
            if kept.skip_root {
                pem.skip_root();
            }
            if entry.sni.is_empty() {
                let names = pem.names();
                choice.names.add(pem.key_type(), names.iter().map(|name| (name.as_bytes(), false)));
            } else {
                let filters = entry.sni.iter().map(|filter| (filter.name.as_slice(), filter.negated));
                choice.names.add(pem.key_type(), filters);
            }
            let whole = Whole { bind, tune, kept, tickets: tickets.as_ref() };
            choice.certificates.push(certificate(whole, entry, &pem, &mut warnings)?);
            if bind.signer.is_some() {
                keys.push(pem.key);
            }
        }
        if bind.certs.is_empty() && !bind.strict_sni {
            return Err(ContextError::Setting("no SSL certificate specified".to_string()));
        }
        if let Some(signer) = &bind.signer
            && let Some(default) = choice.names.choose(None, hello::Signatures::ALL, false)
        {
            let forge = Forge::new(signer, keys.swap_remove(default), bind.verify, tune, kept);
            let verify = settings::verify_mode(bind.verify);
            choice.forge = Some((forge.map_err(ContextError::Certificate)?, verify));
        }
        choice.strict |= choice.certificates.is_empty();
        let mut first = settings::builder(line_settings(bind, tune), options(bind))?;
        session_cache(&mut first, bind.verify, line_authorities(bind), tune)?;
        // A connection keeps the verify callback of the context it began with.
        settings::verify(&mut first, Verify::None, ignored_errors(bind))?;
        first.set_client_hello_callback(move |ssl, alert| choose(&choice, ssl, alert));
        // Without it the library would not keep the name for `ssl_fc_sni`.
        first.set_servername_callback(|_, _| Ok(()));
        seal(&mut first, tickets.as_ref())?;
        kept.listen(&mut first);
        Ok(Self { first: first.build(), kept, warnings })
    }

    /// What the library refused without harm, as HAProxy warns of it.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The handshake with a client, until `expired` says that it takes too long.
    ///
    /// # Errors
    /// See [`HandshakeError`]. An alert has been sent where one is due; the socket is closed.
    pub async fn accept(&self, socket: Socket, expired: &mut Expired<'_>) -> Result<Box<Tls>, Failed> {
        let failed = |_: ErrorStack| HandshakeError::Failure(None);
        let ssl = Ssl::new(&self.first).map_err(failed)?;
        let mut stream = SslStream::new(ssl, socket).map_err(failed)?;
        let mut notes = Notes::default();
        let outcome = std::future::poll_fn(|cx| {
            let step = notes.during(|| Pin::new(&mut stream).poll_accept(cx));
            if step.is_pending() && expired(cx).is_ready() {
                return Poll::Ready(Err(Failed::late(stream.ssl(), self.kept, &mut notes)));
            }
            step.map_err(|error| Failed::new(stream.ssl(), &error, self.kept, &mut notes))
        });
        match outcome.await {
            Ok(()) => {
                let facts = facts::facts(stream.ssl(), self.kept, &mut notes);
                Ok(Box::new(Tls {
                    stream,
                    facts: Some(Arc::new(facts)),
                    held: None,
                    pace: Pace::new(self.kept.limits),
                }))
            }
            Err(failed) => {
                stream.get_ref().end_with_unread_input();
                Err(failed)
            }
        }
    }
}

impl std::fmt::Debug for ServerContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerContext").finish_non_exhaustive()
    }
}

/// The ClientHello callback: switches to the context of the certificate that fits.
fn choose(
    choice: &Choice,
    ssl: &mut SslRef,
    alert: &mut SslAlert,
) -> Result<ClientHelloResponse, ErrorStack> {
    let refuse = |alert: &mut SslAlert, with| {
        *alert = with;
        Err(ErrorStack::get())
    };
    let extension = ffi::client_hello_extension(ssl, hello::SERVER_NAME);
    let Ok(name) = extension.map(hello::server_name).transpose() else {
        return refuse(alert, SslAlert::DECODE_ERROR);
    };
    let algorithms = ffi::client_hello_extension(ssl, hello::SIGNATURE_ALGORITHMS);
    let ciphers = ssl.client_hello_ciphers().unwrap_or_default();
    let Ok(client) = hello::signatures(algorithms, ciphers, choice.tls13) else {
        return refuse(alert, SslAlert::DECODE_ERROR);
    };
    let mut lower = [0; 255];
    let name = name.map(|name| {
        let lower = &mut lower[..name.len()];
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        &*lower
    });
    if let (Some((forge, verify)), Some(name)) = (&choice.forge, name)
        && choice.names.choose(Some(name), client, true).is_none()
        && let Some(context) = forge.context(name)
    {
        ssl.set_verify(*verify);
        ssl.set_ssl_context(&context)?;
        return Ok(ClientHelloResponse::SUCCESS);
    }
    let Some(index) = choice.names.choose(name, client, choice.strict) else {
        return refuse(alert, SslAlert::UNRECOGNIZED_NAME);
    };
    let chosen = &choice.certificates[index];
    ssl.set_verify(chosen.verify);
    ssl.set_min_proto_version(chosen.bounds.0)?;
    ssl.set_max_proto_version(chosen.bounds.1)?;
    ssl.set_ssl_context(&chosen.context)?;
    Ok(ClientHelloResponse::SUCCESS)
}

/// What the contexts of a line share.
#[derive(Clone, Copy)]
struct Whole<'a> {
    bind: &'a TlsBind,
    tune: &'a Tune,
    kept: Kept,
    tickets: Option<&'a Arc<TicketKeys>>,
}

/// `tls-ticket-keys`
fn seal(context: &mut SslContextBuilder, keys: Option<&Arc<TicketKeys>>) -> Result<(), ContextError> {
    let failed = |_| ContextError::Setting("unable to set callback for TLS ticket validation".to_string());
    keys.map_or(Ok(()), |keys| ffi::set_ticket_keys(context, keys)).map_err(failed)
}

/// The context of one certificate.
fn certificate(
    Whole { bind, tune, kept, tickets }: Whole<'_>,
    entry: &CertEntry,
    pem: &Pem,
    warnings: &mut Vec<String>,
) -> Result<Certificate, ContextError> {
    let path = String::from_utf8_lossy(&entry.source.path);
    let failed = |what: &str, path: &str, e: &ErrorStack| {
        let reason = super::error::first_reason(e).unwrap_or("unknown error");
        ContextError::Certificate(format!("unable to load {what} into SSL Context '{path}': {reason}."))
    };
    let line = line_settings(bind, tune);
    let of_entry = Settings {
        versions: entry.versions.map_or(line.versions, |own| TlsVersions {
            min: own.min.or(line.versions.min),
            max: own.max.or(line.versions.max),
            off: 0,
        }),
        ciphers: entry.ciphers.as_deref().or(line.ciphers),
        ciphersuites: entry.ciphersuites.as_deref().or(line.ciphersuites),
        curves: either(&entry.curves, &bind.curves).or(either(&entry.ecdhe, &bind.ecdhe)),
        sigalgs: entry.sigalgs.as_deref().or(line.sigalgs),
        client_sigalgs: entry.client_sigalgs.as_deref().or(line.client_sigalgs),
        ..line
    };
    let mut context = settings::builder(of_entry, options(bind))?;
    context.set_certificate(&pem.leaf).map_err(|e| failed("SSL certificate", &path, &e))?;
    context.set_private_key(&pem.key).map_err(|e| failed("SSL private key", &path, &e))?;
    for above in &pem.chain {
        context.add_extra_chain_cert(above.clone()).map_err(|e| failed("chain certificate", &path, &e))?;
    }
    set_dh(&mut context, bind, tune, &path, warnings)?;
    let verify = entry.verify.unwrap_or(bind.verify);
    let line = line_authorities(bind);
    let authorities = Authorities {
        ca_file: entry.ca_file.as_deref().or(line.ca_file),
        ca_verify_file: entry.ca_verify_file.as_deref().or(line.ca_verify_file),
        crl_file: entry.crl_file.as_deref().or(line.crl_file),
        ..line
    };
    client_verification(&mut context, verify, authorities, !entry.no_ca_names && !bind.no_ca_names)?;
    session_cache(&mut context, verify, authorities, tune)?;
    set_alpn(&mut context, entry.alpn.as_ref().or(bind.alpn.as_ref()))?;
    seal(&mut context, tickets)?;
    kept.listen(&mut context);
    if kept.parts.has(TlsParts::SHOWN) {
        facts::show(&mut context, &entry.source.path, &pem.leaf);
    }
    let bounds = settings::bounds(of_entry.versions)?;
    Ok(Certificate { context: context.build(), verify: settings::verify_mode(verify), bounds })
}

/// What is said there, else here.
fn either<'a>(there: &'a Option<Vec<u8>>, here: &'a Option<Vec<u8>>) -> Option<&'a [u8]> {
    there.as_deref().or(here.as_deref())
}

fn line_settings<'a>(bind: &'a TlsBind, tune: &Tune) -> Settings<'a> {
    Settings {
        versions: bind.versions,
        ciphers: bind.ciphers.as_deref(),
        ciphersuites: bind.ciphersuites.as_deref(),
        curves: either(&bind.curves, &bind.ecdhe),
        sigalgs: bind.sigalgs.as_deref(),
        client_sigalgs: bind.client_sigalgs.as_deref(),
        level: tune.ssl_security_level,
    }
}

fn options(bind: &TlsBind) -> SslOptions {
    let mut options = SslOptions::NO_RENEGOTIATION
        | SslOptions::SINGLE_DH_USE
        | SslOptions::SINGLE_ECDH_USE
        | SslOptions::NO_SESSION_RESUMPTION_ON_RENEGOTIATION
        | SslOptions::PRIORITIZE_CHACHA;
    if !bind.prefer_client_ciphers {
        options |= SslOptions::CIPHER_SERVER_PREFERENCE;
    }
    if bind.no_tls_tickets {
        options |= SslOptions::NO_TICKET;
    }
    options
}

/// `tune.ssl.cachesize` and `tune.ssl.lifetime`.
fn session_cache(
    context: &mut SslContextBuilder,
    verify: Verify,
    Authorities { ca_file, ca_verify_file, .. }: Authorities<'_>,
    tune: &Tune,
) -> Result<(), ContextError> {
    let failed = |_| ContextError::Setting("unable to set the SSL session context".to_string());
    // A session is only good where the client would be verified alike.
    let id = openssl::sha::sha256(format!("{verify:?} {ca_file:?} {ca_verify_file:?}").as_bytes());
    context.set_session_id_context(&id).map_err(failed)?;
    ffi::set_session_timeout(context, tune.ssl_lifetime / 1000);
    match i32::try_from(tune.ssl_cachesize).unwrap_or(i32::MAX) {
        0 => {
            context.set_session_cache_mode(SslSessionCacheMode::OFF);
        }
        size => {
            context.set_session_cache_mode(SslSessionCacheMode::SERVER);
            context.set_session_cache_size(size);
        }
    }
    Ok(())
}

fn line_authorities(bind: &TlsBind) -> Authorities<'_> {
    Authorities {
        ca_file: bind.ca_file.as_deref(),
        ca_verify_file: bind.ca_verify_file.as_deref(),
        crl_file: bind.crl_file.as_deref(),
        ..ignored_errors(bind)
    }
}

/// `ca-ignore-err` and `crt-ignore-err`, which only a whole line has.
fn ignored_errors(bind: &TlsBind) -> Authorities<'_> {
    Authorities { ca_ignore: &bind.ca_ignore_err, crt_ignore: &bind.crt_ignore_err, ..Authorities::default() }
}

/// Turns on the verification of client certificates; `names`: clients are told the authorities.
fn client_verification(
    context: &mut SslContextBuilder,
    verify: Verify,
    authorities: Authorities<'_>,
    names: bool,
) -> Result<(), ContextError> {
    if verify == Verify::None {
        // The library would look in each handshake for a chain, in a store that is empty.
        context.set_mode(SslMode::NO_AUTO_CHAIN);
        return Ok(());
    }
    if authorities.ca_file.or(authorities.ca_verify_file).is_none() {
        return Err(ContextError::Setting("verify is enabled but no CA file specified".to_string()));
    }
    let authorities = settings::verify(context, verify, authorities)?;
    if !names {
        return Ok(());
    }
    let failed = |_: ErrorStack| ContextError::Setting("unable to set the client CA list".to_string());
    let mut names = Stack::new().map_err(failed)?;
    for authority in &authorities {
        names.push(authority.subject_name().to_owned().map_err(failed)?).map_err(failed)?;
    }
    context.set_client_ca_list(names);
    Ok(())
}

/// ALPN by our order of preference; without a common protocol the handshake goes on without one.
fn set_alpn(context: &mut SslContextBuilder, protocols: Option<&Vec<Vec<u8>>>) -> Result<(), ContextError> {
    let default = || vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let ours: Arc<[Vec<u8>]> = protocols.cloned().unwrap_or_else(default).into();
    // The names must fit the wire form, though the library never gets it on this side.
    settings::alpn_wire(&ours)?;
    context.set_alpn_select_callback(move |_, client| {
        let common = ours.iter().find_map(|name| settings::alpn_names(client).find(|theirs| theirs == name));
        common.ok_or(AlpnError::NOACK)
    });
    Ok(())
}

/// Diffie-Hellman parameters: `ssl-dh-param-file`, else a known group of
/// `tune.ssl.default-dh-param` bits.
fn set_dh(
    context: &mut SslContextBuilder,
    bind: &TlsBind,
    tune: &Tune,
    path: &str,
    warnings: &mut Vec<String>,
) -> Result<(), ContextError> {
    let parameters = match &bind.dh_param_file {
        Some(file) => {
            let shown = String::from_utf8_lossy(file);
            let bad = || ContextError::Setting(format!("unable to load DH parameters from file '{shown}'"));
            let file: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(file.as_slice());
            let pem = std::fs::read(file).map_err(|_| bad())?;
            Dh::params_from_pem(&pem).map_err(|_| bad())?
        }
        None => {
            let group = known_group(tune.ssl_default_dh_param);
            group.map_err(|_| ContextError::Setting("unable to make DH parameters".to_string()))?
        }
    };
    if context.set_tmp_dh(&parameters).is_err() {
        warnings.push(format!(
            "unable to load default {} bits DH parameter for certificate '{path}', DH ciphers won't be available.",
            tune.ssl_default_dh_param
        ));
    }
    Ok(())
}

/// The known group of at most so many bits (RFC 2409, RFC 3526).
fn known_group(bits: u32) -> Result<Dh<Params>, ErrorStack> {
    let prime = match bits {
        8192.. => BigNum::get_rfc3526_prime_8192(),
        4096.. => BigNum::get_rfc3526_prime_4096(),
        3072.. => BigNum::get_rfc3526_prime_3072(),
        2048.. => BigNum::get_rfc3526_prime_2048(),
        _ => BigNum::get_rfc2409_prime_1024(),
    };
    Dh::from_pqg(prime?, None, BigNum::from_u32(2)?)
}
