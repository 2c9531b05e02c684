//! What both sides of TLS set up alike: versions, ciphers, authorities, buffers.

use std::fs;
use std::path::Path;

use ir::config::{TlsVersion, TlsVersions, Verify};
use openssl::error::ErrorStack;
use openssl::ssl::{
    SslContext, SslContextBuilder, SslMethod, SslMode, SslOptions, SslVerifyMode, SslVersion,
};
use openssl::x509::X509;
use openssl::x509::store::{X509Lookup, X509StoreBuilder};
use openssl::x509::verify::X509VerifyFlags;

use super::error::{ContextError, first_reason};
use super::ffi;
use super::notes::see_certificate;

/// The settings by reference, from whichever line they come.
#[derive(Clone, Copy, Default)]
pub struct Settings<'a> {
    pub versions: TlsVersions,
    pub ciphers: Option<&'a [u8]>,
    pub ciphersuites: Option<&'a [u8]>,
    pub curves: Option<&'a [u8]>,
    pub sigalgs: Option<&'a [u8]>,
    pub client_sigalgs: Option<&'a [u8]>,
    /// `ssl-security-level`; the library's own without one.
    pub level: Option<u32>,
}

/// A context with the settings, and with little memory for idle connections (hot-path rule 10).
pub fn builder(settings: Settings<'_>, options: SslOptions) -> Result<SslContextBuilder, ContextError> {
    let failed = |_: ErrorStack| ContextError::Setting("unable to allocate SSL context".to_string());
    let mut context = SslContext::builder(SslMethod::tls()).map_err(failed)?;
    context.set_options(
        options | SslOptions::ALL | SslOptions::NO_COMPRESSION | SslOptions::IGNORE_UNEXPECTED_EOF,
    );
    context.set_mode(
        SslMode::ENABLE_PARTIAL_WRITE | SslMode::ACCEPT_MOVING_WRITE_BUFFER | SslMode::RELEASE_BUFFERS,
    );
    context.set_read_ahead(true);
    if let Some(level) = settings.level {
        context.set_security_level(level);
    }
    let (min, max) = bounds(settings.versions)?;
    context.set_min_proto_version(min).map_err(failed)?;
    context.set_max_proto_version(max).map_err(failed)?;
    let set = |value: Option<&[u8]>, what: &str, apply: &mut dyn FnMut(&str) -> Result<(), ErrorStack>| {
        let Some(value) = value else { return Ok(()) };
        let shown = String::from_utf8_lossy(value).into_owned();
        match text(value) {
            Some(text) if apply(text).is_ok() => Ok(()),
            _ => Err(ContextError::Setting(format!("unable to set {what} to '{shown}'"))),
        }
    };
    set(settings.ciphers, "SSL cipher list", &mut |v| context.set_cipher_list(v))?;
    set(settings.ciphersuites, "TLS 1.3 cipher suites", &mut |v| context.set_ciphersuites(v))?;
    set(settings.curves, "SSL curves list", &mut |v| context.set_groups_list(v))?;
    set(settings.sigalgs, "SSL Signature Algorithm list", &mut |v| context.set_sigalgs_list(v))?;
    let what = "SSL Client Signature Algorithm list";
    set(settings.client_sigalgs, what, &mut |v| ffi::set_client_sigalgs(&mut context, v))?;
    Ok(context)
}

/// A list of names in the TLS library's language.
#[derive(Clone, Copy, Debug)]
pub enum List<'a> {
    /// TLS 1.2 and below.
    Ciphers(&'a [u8]),
    /// TLS 1.3.
    Ciphersuites(&'a [u8]),
    Curves(&'a [u8]),
    Sigalgs(&'a [u8]),
}

/// Whether the library understands a list: it judges one when a context is made of it.
pub fn is_valid_list(list: List<'_>) -> bool {
    let settings = match list {
        List::Ciphers(list) => Settings { ciphers: Some(list), ..Settings::default() },
        List::Ciphersuites(list) => Settings { ciphersuites: Some(list), ..Settings::default() },
        List::Curves(list) => Settings { curves: Some(list), ..Settings::default() },
        List::Sigalgs(list) => Settings { sigalgs: Some(list), ..Settings::default() },
    };
    builder(settings, SslOptions::empty()).is_ok()
}

/// The lowest and the highest version; TLS 1.2 at least where nothing is said (manual,
/// `ssl-min-ver`).
pub fn bounds(versions: TlsVersions) -> Result<(Option<SslVersion>, Option<SslVersion>), ContextError> {
    let lowest = versions.max.map_or(TlsVersion::Tls12, |max| max.min(TlsVersion::Tls12));
    let min = versions.min.unwrap_or(lowest);
    if versions.max.is_some_and(|max| max < min) {
        return Err(ContextError::Setting("all SSL/TLS versions are disabled".to_string()));
    }
    Ok((Some(version(min)), versions.max.map(version)))
}

fn version(version: TlsVersion) -> SslVersion {
    match version {
        TlsVersion::Sslv3 => SslVersion::SSL3,
        TlsVersion::Tls10 => SslVersion::TLS1,
        TlsVersion::Tls11 => SslVersion::TLS1_1,
        TlsVersion::Tls12 => SslVersion::TLS1_2,
        TlsVersion::Tls13 => SslVersion::TLS1_3,
    }
}

/// What to verify the other side's certificate with.
#[derive(Clone, Copy, Default)]
pub struct Authorities<'a> {
    /// A file, a directory, or `@system-ca`.
    pub ca_file: Option<&'a [u8]>,
    /// The same, for authorities that are not told to the other side.
    pub ca_verify_file: Option<&'a [u8]>,
    pub crl_file: Option<&'a [u8]>,
    /// X.509 error numbers, or `all`, that do not matter above the other side's certificate.
    pub ca_ignore: &'a [Vec<u8>],
    /// The same for the other side's own certificate.
    pub crt_ignore: &'a [Vec<u8>],
}

/// Loads the authorities and turns verification on; gives the certificates that the other side is
/// told.
pub fn verify(
    context: &mut SslContextBuilder,
    verify: Verify,
    authorities: Authorities<'_>,
) -> Result<Vec<X509>, ContextError> {
    let ignored = [Ignored::new(authorities.crt_ignore)?, Ignored::new(authorities.ca_ignore)?];
    context.set_verify_callback(verify_mode(verify), move |fine, store| {
        see_certificate(store, fine, |refused| ignored[usize::from(refused.depth > 0)].contains(refused.code))
    });
    let failed = |_: ErrorStack| ContextError::Setting("unable to allocate SSL context".to_string());
    if authorities.ca_file.or(authorities.ca_verify_file).is_none() {
        return Ok(Vec::new());
    }
    let mut store = X509StoreBuilder::new().map_err(failed)?;
    let mut add = |file: Option<&[u8]>| match file {
        Some(file) => add_authorities(&mut store, file),
        None => Ok(Vec::new()),
    };
    add(authorities.ca_verify_file)?;
    let certificates = add(authorities.ca_file)?;
    if let Some(crl_file) = authorities.crl_file {
        let shown = String::from_utf8_lossy(crl_file);
        let bad = |_: ErrorStack| ContextError::Setting(format!("unable to configure CRL file '{shown}'"));
        let (_, has_crl) = load_authorities(crl_file).map_err(ContextError::Setting)?;
        let path = path(crl_file);
        // Without a list, nobody can be verified.
        if has_crl && !path.is_dir() {
            let lookup = store.add_lookup(X509Lookup::file()).map_err(bad)?;
            lookup.load_crl_file(path, openssl::ssl::SslFiletype::PEM).map_err(bad)?;
        }
        store.set_flags(X509VerifyFlags::CRL_CHECK | X509VerifyFlags::CRL_CHECK_ALL).map_err(failed)?;
    }
    context.set_cert_store(store.build());
    Ok(certificates)
}

fn add_authorities(store: &mut X509StoreBuilder, file: &[u8]) -> Result<Vec<X509>, ContextError> {
    let failed = |_: ErrorStack| ContextError::Setting("unable to allocate SSL context".to_string());
    if file == b"@system-ca" {
        store.set_default_paths().map_err(failed)?;
        return Ok(Vec::new());
    }
    let certificates = load_authorities(file).map_err(ContextError::Setting)?.0;
    for certificate in &certificates {
        store.add_cert(certificate.clone()).map_err(failed)?;
    }
    Ok(certificates)
}

pub fn verify_mode(verify: Verify) -> SslVerifyMode {
    match verify {
        Verify::None => SslVerifyMode::NONE,
        Verify::Optional => SslVerifyMode::PEER,
        Verify::Required => SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT,
    }
}

/// `crt-ignore-err` and `ca-ignore-err`.
enum Ignored {
    All,
    Some(Vec<i32>),
}

impl Ignored {
    fn new(words: &[Vec<u8>]) -> Result<Self, ContextError> {
        let mut codes = Vec::new();
        for word in words {
            match text(word) {
                Some("all") => return Ok(Ignored::All),
                Some(number) if let Ok(code) = number.parse() => codes.push(code),
                Some(name) if let Some(code) = ir::verify_errors::code(name) => {
                    codes.push(i32::try_from(code).unwrap_or(i32::MAX));
                }
                _ => {
                    let shown = String::from_utf8_lossy(word);
                    return Err(ContextError::Setting(format!("unknown certificate error '{shown}'")));
                }
            }
        }
        Ok(Ignored::Some(codes))
    }

    fn contains(&self, code: i32) -> bool {
        match self {
            Ignored::All => true,
            Ignored::Some(codes) => codes.contains(&code),
        }
    }
}

/// Checks a `ca-file` or `crl-file` as `-c` does; gives how many certificates and lists there are.
///
/// # Errors
/// `Couldn't open the ca-file '/a.pem' (No such file or directory).`, to which HAProxy adds a
/// second alert: `'ca-file' : unable to load /a.pem`.
pub fn check_ca_file(file: &[u8]) -> Result<usize, String> {
    match file {
        b"@system-ca" => Ok(1),
        file => {
            load_authorities(file).map(|(certificates, has_crl)| certificates.len() + usize::from(has_crl))
        }
    }
}

/// What names of files in a directory of authorities end in.
const EXTENSIONS: [&str; 4] = ["pem", "crt", "cer", "crl"];

/// The certificates of a file, or of all files of a directory, where those that are no certificates
/// are left out; and whether there is a list of revocations.
fn load_authorities(file: &[u8]) -> Result<(Vec<X509>, bool), String> {
    let shown = String::from_utf8_lossy(file);
    let fail = |reason: &str| format!("Couldn't open the ca-file '{shown}' ({reason}).");
    let io = |e: std::io::Error| fail(&crate::listener::reason(&e));
    let path = path(file);
    let mut files = Vec::new();
    let is_dir = path.is_dir();
    if is_dir {
        for entry in fs::read_dir(path).map_err(io)? {
            files.push(entry.map_err(io)?.path());
        }
        let is_wanted = |file: &Path| {
            let extension = file.extension().and_then(std::ffi::OsStr::to_str);
            extension.is_some_and(|extension| EXTENSIONS.contains(&extension)) && file.is_file()
        };
        files.retain(|file| is_wanted(file));
        files.sort();
    } else {
        files.push(path.to_path_buf());
    }
    let mut certificates = Vec::new();
    let mut has_crl = false;
    for file in files {
        let pem = fs::read(file).map_err(io)?;
        has_crl |= openssl::x509::X509Crl::from_pem(&pem).is_ok();
        match X509::stack_from_pem(&pem) {
            Ok(read) => certificates.extend(read),
            Err(_) if is_dir => {}
            Err(error) => return Err(fail(first_reason(&error).unwrap_or(""))),
        }
    }
    if certificates.is_empty() && !has_crl && !is_dir {
        return Err(fail("no certificate or crl found"));
    }
    Ok((certificates, has_crl))
}

fn path(bytes: &[u8]) -> &Path {
    use std::os::unix::ffi::OsStrExt;
    Path::new(std::ffi::OsStr::from_bytes(bytes))
}

/// Text for the library, which takes C strings.
pub fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

/// Protocol names in ALPN's wire form (RFC 7301).
pub fn alpn_wire(protocols: &[Vec<u8>]) -> Result<Vec<u8>, ContextError> {
    let mut wire = Vec::new();
    for name in protocols {
        match u8::try_from(name.len()) {
            Ok(len) if len > 0 => {
                wire.push(len);
                wire.extend_from_slice(name);
            }
            _ => {
                let shown = String::from_utf8_lossy(name);
                return Err(ContextError::Setting(format!("unable to set the ALPN protocol '{shown}'")));
            }
        }
    }
    Ok(wire)
}

/// The names of a list in ALPN's wire form; ends at a malformed one.
pub fn alpn_names(wire: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = wire;
    std::iter::from_fn(move || {
        let (&len, after) = rest.split_first()?;
        let (name, after) = after.split_at_checked(len.into())?;
        rest = after;
        Some(name)
    })
}
