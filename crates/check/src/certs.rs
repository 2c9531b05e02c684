//! Certificates of `crt`: a file, or a directory of them. They are read, joined with their key,
//! and parsed while the configuration is checked.

pub mod trial;

use diag::Diagnostic;
use ir::Bytes;
use ir::config::{CertEntry, CertSource};
use syntax::Word;

use crate::cert_words::{self, CertWords};
use crate::context::Context;
use crate::fail::{Checked, Fail};
use crate::loader::PathKind;
use trial::Beside;

/// What stands beside certificates in a directory and is no certificate.
const EXTRA: [&[u8]; 4] = [b".issuer", b".ocsp", b".sctl", b".key"];

/// What follows the names of the certificates of a bundle.
const KEY_TYPES: [&[u8]; 3] = [b".dsa", b".ecdsa", b".rsa"];

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
        Err(text) => {
            // HAProxy names it from where `default-path` leads.
            let (path, shown) = (String::from_utf8_lossy(&path), String::from_utf8_lossy(&shown));
            let text = text.replacen(&*path, &shown, 1);
            (None, vec![Diagnostic::error("no-file", word.span, text)])
        }
        Ok(count) => {
            c.authorities.insert(path.clone());
            let text = format!("ca-file: 0 CA were loaded from '{}'", String::from_utf8_lossy(&shown));
            let told = (count == 0).then(|| Diagnostic::warning("no-ca-file", word.span, text));
            (Some(path), told.into_iter().collect())
        }
    }
}

/// The certificates that a `crt` names, and what HAProxy warns of them.
pub fn load(c: &mut Context<'_>, word: &Word) -> Checked<(Vec<CertEntry>, String)> {
    let path = below(c.crt_base.as_deref(), &word.text);
    let mut told = String::new();
    match named(c, &path, &mut told) {
        Some(sources) => Ok((sources.into_iter().map(entry).collect(), told)),
        None => Err(Fail::new("bad-certificate", word.span, told)),
    }
}

fn named(c: &mut Context<'_>, path: &[u8], told: &mut String) -> Option<Vec<CertSource>> {
    if is_known(c, path) {
        if let Some(why) = words_of(c, path).difference(&CertWords::default(), c.process.ocsp_updates) {
            let shown = String::from_utf8_lossy(path);
            *told = format!("Can't load '{shown}', is already defined with incompatible parameters:\n {why}");
            return None;
        }
        return tried(c, path, told).map(|source| vec![source]);
    }
    match c.path_kind(path) {
        Ok(PathKind::File) => {
            whole(c, path, told)?;
            tried(c, path, told).map(|source| vec![source])
        }
        Ok(PathKind::Directory) => directory(c, path, told),
        Err(error) => bundle(c, path, &error, told),
    }
}

/// The one certificate of a server's `crt`.
pub fn load_one(c: &mut Context<'_>, word: &Word) -> Checked<CertSource> {
    let path = below(c.crt_base.as_deref(), &word.text);
    let mut told = String::new();
    if !is_known(c, &path) {
        match c.path_kind(&path) {
            Ok(PathKind::File) => drop(whole(c, &path, &mut told)),
            other => {
                let error = other.err().unwrap_or_else(|| "Success".into());
                let path = String::from_utf8_lossy(&path);
                told = format!("unable to stat SSL certificate from file '{path}' : {error}.");
            }
        }
    }
    let is_usable = told.is_empty() && trial::of_server(c, &path, &mut told);
    match c.certificates.get(&path) {
        Some(source) if is_usable => Ok(source.clone()),
        _ => Err(Fail::new("bad-certificate", word.span, told.trim_end().to_owned())),
    }
}

/// Whether a certificate was read under that name, be it in vain.
pub fn is_known(c: &Context<'_>, path: &[u8]) -> bool {
    c.certificates.contains_key(path) || c.cert_words.contains_key(path)
}

/// What is said of the files of a certificate that was read.
pub fn words_of(c: &Context<'_>, path: &[u8]) -> CertWords {
    c.cert_words.get(path).cloned().unwrap_or_default()
}

/// A certificate that was read, if it can be put into a context.
fn tried(c: &mut Context<'_>, path: &[u8], told: &mut String) -> Option<CertSource> {
    trial::run(c, path, told).then(|| c.certificates.get(path).cloned()).flatten()
}

/// All certificates of a directory, by name.
fn directory(c: &mut Context<'_>, path: &[u8], told: &mut String) -> Option<Vec<CertSource>> {
    let shown = String::from_utf8_lossy(path).trim_end_matches('/').to_owned();
    let listed = c.loader.list_dir(&c.path(path));
    let mut names =
        listed.map_err(|error| *told = format!("unable to scan directory '{shown}' : {error}.\n")).ok()?;
    names.retain(|name| match name.iter().rposition(|byte| *byte == b'.') {
        Some(dot) => !name.starts_with(b".") && !EXTRA.contains(&&name[dot..]),
        None => true,
    });
    names.sort();
    let (mut files, mut is_whole) = (Vec::new(), true);
    for name in names {
        let file = [shown.as_bytes(), b"/", &name].concat();
        match c.path_kind(&file) {
            Ok(PathKind::Directory) => continue,
            Ok(PathKind::File) => {}
            Err(error) => {
                let file = String::from_utf8_lossy(&file);
                told.push_str(&format!("unable to stat SSL certificate from file '{file}' : {error}.\n"));
                is_whole = false;
                continue;
            }
        }
        if !is_known(c, &file) {
            whole(c, &file, told)?;
        }
        files.push(file);
    }
    let mut sources = Vec::new();
    for file in files.iter().filter(|_| is_whole) {
        let Some(source) = tried(c, file, told) else {
            // HAProxy reads it like a crt-list, whose line has no number here.
            *told = format!("error processing line 0 in file '{shown}' : {told}");
            return None;
        };
        sources.push(source);
    }
    is_whole.then_some(sources)
}

/// `site.pem` that stands for `site.pem.rsa` and `site.pem.ecdsa`.
fn bundle(c: &mut Context<'_>, path: &[u8], error: &str, told: &mut String) -> Option<Vec<CertSource>> {
    let (mut sources, mut found, mut is_whole) = (Vec::new(), false, true);
    for file in bundled(c, path) {
        found = true;
        let read = is_known(c, &file) || whole(c, &file, told).is_some();
        let source = if read { tried(c, &file, told) } else { None };
        is_whole &= source.is_some();
        sources.extend(source);
    }
    if !found {
        let path = String::from_utf8_lossy(path);
        told.push_str(&format!("unable to stat SSL certificate from file '{path}' : {error}.\n"));
    }
    (found && is_whole).then_some(sources)
}

/// The files of a bundle that are there.
pub fn bundled(c: &Context<'_>, path: &[u8]) -> Vec<Bytes> {
    let files = KEY_TYPES.iter().filter(|_| !c.process.no_bundles).map(|kind| [path, kind].concat());
    files.filter(|file| is_known(c, file) || c.path_kind(file).is_ok()).collect()
}

/// Reads a certificate with what lies beside it, and keeps it; `None` with the reason in `told`.
pub fn whole(c: &mut Context<'_>, path: &[u8], told: &mut String) -> Option<()> {
    let shown = String::from_utf8_lossy(path).into_owned();
    let mut pem =
        c.read_file(path).map_err(|_| told.push_str(&format!("cannot open the file '{shown}'.\n"))).ok()?;
    let mut words = CertWords::default();
    let stem = path.strip_suffix(b".crt").filter(|_| c.process.drops_extension).unwrap_or(path);
    if let Err(text) = cert_words::is_certificate(c, path, &pem) {
        told.push_str(&format!("{text}\n"));
        return None;
    }
    words.set("key", path.to_vec());
    if !has_key(&pem) {
        if c.process.no_keys {
            told.push_str(&format!("No Private Key found in '{}'.\n", String::from_utf8_lossy(stem)));
            return None;
        }
        let file = [stem, b".key"].concat();
        let key = c.read_file(&file).ok().filter(|key| has_key(key));
        let Some(key) = key else {
            told.push_str(&format!("No Private Key found in '{}'.\n", String::from_utf8_lossy(&file)));
            return None;
        };
        if !pem.ends_with(b"\n") {
            pem.push(b'\n');
        }
        pem.extend_from_slice(&key);
        words.set("key", file);
    }
    if let Err(text) = c.loader.check_certificate(path, &pem) {
        told.push_str(&format!("{text}\n"));
        return None;
    }
    let beside = extra_files(c, stem, &pem, &mut words, told)?;
    c.beside.insert(path.to_vec(), beside);
    c.cert_words.insert(path.to_vec(), words);
    c.certificates.insert(path.to_vec(), CertSource { path: path.to_vec(), pem });
    Some(())
}

/// Looks at the timestamps, the OCSP response and the issuer beside a certificate.
fn extra_files(
    c: &Context<'_>,
    stem: &[u8],
    pem: &[u8],
    words: &mut CertWords,
    told: &mut String,
) -> Option<Beside> {
    let mut beside = Beside::default();
    if !c.process.no_sctls {
        let file = [stem, b".sctl"].concat();
        if c.read_file(&file).is_ok_and(|content| !cert_words::is_sct_list(&content)) {
            let file = String::from_utf8_lossy(&file);
            told.push_str(&format!(" '{file}.sctl' is present but cannot be read or parsed'.\n"));
            return None;
        }
        words.set("sctl", file);
    }
    if !c.process.no_responses {
        let file = [stem, b".ocsp"].concat();
        beside.has_response = c.path_kind(&file).is_ok();
        words.set("ocsp", file);
    }
    if beside.has_response && !c.process.no_issuers {
        let file = [stem, b".issuer"].concat();
        if let Ok(issuer) = c.read_file(&file) {
            let shown = String::from_utf8_lossy(&file);
            if cert_words::is_certificate(c, &file, &issuer).is_err() {
                told.push_str(&format!("'{shown}' cannot be read or parsed'.\n"));
                return None;
            }
            if !c.loader.has_issuer(&[pem, b"\n", &issuer].concat(), None) {
                told.push_str(&format!(" '{shown}' is not an issuer'.\n"));
                return None;
            }
            beside.issuer = Some(issuer);
        }
        words.set("issuer", file);
    }
    Some(beside)
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
        no_ca_names: false,
        crl_file: None,
    }
}
