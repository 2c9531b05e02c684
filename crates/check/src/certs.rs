//! Certificates of `crt`: a file, or a directory of them. They are read, joined with their key,
//! and parsed while the configuration is checked.

use diag::Diagnostic;
use ir::Bytes;
use ir::config::{CertEntry, CertSource};
use syntax::Word;

use crate::context::Context;
use crate::fail::{Checked, Fail};
use crate::loader::PathKind;

/// What stands beside certificates in a directory and is no certificate.
const EXTRA: [&[u8]; 6] = [b".issuer", b".ocsp", b".sctl", b".key", b".dh", b".bak"];

/// What follows the names of the certificates of a bundle.
pub const KEY_TYPES: [&[u8]; 3] = [b".rsa", b".dsa", b".ecdsa"];

/// A path below a base directory, unless it is absolute.
pub fn below(base: Option<&[u8]>, path: &[u8]) -> Bytes {
    match base {
        Some(base) if !path.starts_with(b"/") && !path.starts_with(b"@") => [base, b"/", path].concat(),
        _ => path.to_vec(),
    }
}

/// A file of authorities or revocations, below `ca-base`, with what there is to tell about it; none
/// when it cannot be used.
pub fn authorities(c: &mut Context<'_>, word: &Word) -> (Option<Bytes>, Vec<Diagnostic>) {
    let shown = below(c.ca_base.as_deref(), &word.text);
    let path = if shown.starts_with(b"@") { shown.clone() } else { c.path(&shown) };
    if c.authorities.contains(&path) {
        return (Some(path), Vec::new());
    }
    match c.loader.check_authorities(&path) {
        Err(text) => (None, vec![Diagnostic::error("no-file", word.span, text)]),
        Ok(count) => {
            c.authorities.insert(path.clone());
            let text = format!("ca-file: 0 CA were loaded from '{}'", String::from_utf8_lossy(&shown));
            let told = (count == 0).then(|| Diagnostic::warning("no-ca-file", word.span, text));
            (Some(path), told.into_iter().collect())
        }
    }
}

/// The certificates that a `crt` names.
pub fn load(c: &mut Context<'_>, word: &Word) -> Checked<Vec<CertEntry>> {
    if let Some(known) = c.certificates.get(&word.text) {
        return Ok(vec![entry(known.clone())]);
    }
    let path = below(c.crt_base.as_deref(), &word.text);
    match c.path_kind(&path) {
        Ok(PathKind::File) => Ok(vec![entry(source(c, &path, word)?)]),
        Ok(PathKind::Directory) => directory(c, &path, word),
        Err(error) => bundle(c, &path, word, &error),
    }
}

/// The one certificate of a server's `crt`.
pub fn load_one(c: &mut Context<'_>, word: &Word) -> Checked<CertSource> {
    let path = below(c.crt_base.as_deref(), &word.text);
    match c.path_kind(&path) {
        Ok(PathKind::File) => source(c, &path, word),
        other => {
            let error = other.err().unwrap_or_else(|| "Success".into());
            let path = String::from_utf8_lossy(&path);
            let text = format!("unable to stat SSL certificate from file '{path}' : {error}.");
            Err(Fail::new("no-certificate", word.span, text))
        }
    }
}

/// All certificates of a directory, by name.
fn directory(c: &mut Context<'_>, path: &[u8], word: &Word) -> Checked<Vec<CertEntry>> {
    let mut names = c.loader.list_dir(&c.path(path)).map_err(|error| {
        let text = format!("unable to scan directory '{}' : {error}.", String::from_utf8_lossy(path));
        Fail::new("no-directory", word.span, text)
    })?;
    names.retain(|name| !name.starts_with(b".") && !EXTRA.iter().any(|extra| name.ends_with(extra)));
    names.sort();
    let mut certs = Vec::new();
    for name in names {
        let file = [path, b"/", &name].concat();
        if c.path_kind(&file) == Ok(PathKind::File) {
            certs.push(entry(source(c, &file, word)?));
        }
    }
    Ok(certs)
}

/// `site.pem` that stands for `site.pem.rsa` and `site.pem.ecdsa`.
fn bundle(c: &mut Context<'_>, path: &[u8], word: &Word, error: &str) -> Checked<Vec<CertEntry>> {
    let mut certs = Vec::new();
    for kind in KEY_TYPES.iter().filter(|_| !c.process.no_bundles).collect::<Vec<_>>() {
        let file = [path, kind].concat();
        if c.path_kind(&file).is_ok() {
            certs.push(entry(source(c, &file, word)?));
        }
    }
    if certs.is_empty() {
        let path = String::from_utf8_lossy(path);
        let text = format!("unable to stat SSL certificate from file '{path}' : {error}.");
        return Err(Fail::new("no-certificate", word.span, text));
    }
    Ok(certs)
}

/// What HAProxy says of a certificate when `tune.ssl.default-dh-param` is below what the security
/// level asks for; nothing otherwise.
pub fn weak_dh(c: &Context<'_>, source: &CertSource) -> String {
    const LEAST: u32 = 1024;
    let tune = &c.config.global.tune;
    let has_file = c.config.global.ssl_default_bind.dh_param_file.is_some();
    if !(1..=LEAST).contains(&tune.ssl_default_dh_param) || c.process.security_level < 2 || has_file {
        return String::new();
    }
    let path = String::from_utf8_lossy(&source.path);
    format!(
        "unable to load default {LEAST} bits DH parameter for certificate '{path}'.\n, DH ciphers won't be available.\n"
    )
}

/// One certificate with its key, read once.
pub fn source(c: &mut Context<'_>, path: &[u8], word: &Word) -> Checked<CertSource> {
    if let Some(known) = c.certificates.get(path) {
        return Ok(known.clone());
    }
    let shown = String::from_utf8_lossy(path).into_owned();
    let fail = |text: String| Fail::new("bad-certificate", word.span, text);
    let mut pem = c.read_file(path).map_err(|_| fail(format!("cannot open the file '{shown}'.")))?;
    if !has_key(&pem) {
        // Without a certificate, nobody looks for its key.
        c.loader.check_certificate(path, &pem).or_else(|text| {
            if text.starts_with("unable to load") { Err(fail(text)) } else { Ok(Vec::new()) }
        })?;
        if c.process.no_keys {
            return Err(fail(format!("No Private Key found in '{shown}'.")));
        }
        let key = [path, b".key"].concat();
        let key = c.read_file(&key).ok().filter(|key| has_key(key));
        let key = key.ok_or_else(|| fail(format!("No Private Key found in '{shown}.key'.")))?;
        if !pem.ends_with(b"\n") {
            pem.push(b'\n');
        }
        pem.extend_from_slice(&key);
    }
    c.loader.check_certificate(path, &pem).map_err(fail)?;
    let source = CertSource { path: path.to_vec(), pem };
    c.certificates.insert(path.to_vec(), source.clone());
    Ok(source)
}

/// Keeps the public key of a file for tokens; false where the file holds none.
pub fn keep_public_key(c: &mut Context<'_>, path: &[u8]) -> bool {
    if c.config.tokens.public_keys.contains_key(path) {
        return true;
    }
    let Some(pem) = c.read_file(path).ok().filter(|pem| c.loader.is_public_key(pem)) else { return false };
    c.config.tokens.public_keys.insert(path.to_vec(), pem);
    true
}

/// Lets tokens use the certificate of that name, or of that file, whose key may be missing. A file with
/// a public key alone is kept as that.
pub fn let_tokens_use(c: &mut Context<'_>, name: &[u8]) {
    if keep_public_key(c, name) {
        return;
    }
    if !c.certificates.contains_key(name) {
        let Ok(pem) = c.read_file(name) else { return };
        let checked = c.loader.check_certificate(name, &pem);
        if checked.is_err_and(|message| message.starts_with("unable to load")) {
            return;
        }
        c.certificates.insert(name.to_vec(), CertSource { path: name.to_vec(), pem });
    }
    c.token_certificates.insert(name.to_vec());
}

pub fn has_key(pem: &[u8]) -> bool {
    base::bytes::find(pem, b"PRIVATE KEY-----").is_some()
}

/// A certificate that answers for the names it holds.
pub fn entry(source: CertSource) -> CertEntry {
    CertEntry {
        source,
        sni: Vec::new(),
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
        crl_file: None,
    }
}
