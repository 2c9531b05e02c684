//! `crt-store` sections: certificates that `bind` lines and crt-lists name as `@store/alias`.
//! HAProxy stops reading at any mistake.

use ir::Bytes;
use ir::config::CertSource;
use ir::spec::{Section, Sections};

use crate::cert_words::{self, CertWords, Source};
use crate::certs::{self, trial::Beside};
use crate::context::Context;
use crate::keyword::{Keyword, MANY, Set};
use crate::line::Line;

const HERE: Sections = Sections::one(Section::CrtStore);
/// The section at hand.
#[derive(Clone, Debug, Default)]
pub struct Store {
    name: Bytes,
    crt_base: Option<Bytes>,
    key_base: Option<Bytes>,
    loaded: bool,
}

pub fn open(c: &mut Context<'_>, line: &Line<'_>) -> bool {
    if let Some(extra) = line.arg(1) {
        c.abort("extra-argument", extra.span, "'crt-store' section only supports a <name> argument.");
        return false;
    }
    c.part.store = Store {
        name: line.arg(0).map(|word| word.text.clone()).unwrap_or_default(),
        crt_base: c.crt_base.clone(),
        key_base: c.key_base.clone(),
        loaded: false,
    };
    true
}

/// `crt-base`, `key-base`
fn base(c: &mut Context<'_>, line: &Line<'_>) {
    let keyword = line.keyword();
    let again = format!("parsing [{}] : '{keyword}'", c.at(line.span));
    let Some(path) = line.arg(0) else {
        return c.abort("missing-argument", line.span, format!("{again} requires a <path> argument."));
    };
    if c.part.store.loaded {
        let text =
            format!("{again} can't be used after a load line, use it at the beginning of the section.");
        return c.abort("late-base", line.span, text);
    }
    let path = Some(path.text.clone());
    match keyword == "crt-base" {
        true => c.part.store.crt_base = path,
        false => c.part.store.key_base = path,
    }
}

fn load(c: &mut Context<'_>, line: &Line<'_>) {
    let start = format!("parsing [{}] :", c.at(line.span));
    let result = words(line, &start).and_then(|(words, warnings)| {
        for warning in warnings {
            c.warn("repeated", line.span, warning);
        }
        certificate(c, line, &words, &start)
    });
    if let Err(message) = result {
        c.abort("bad-load", line.span, message);
    }
}

fn words(line: &Line<'_>, start: &str) -> Result<(CertWords, Vec<String>), String> {
    let mut words = CertWords::of(Source::CrtStore);
    let mut warnings = Vec::new();
    for pair in line.args.chunks(2) {
        let value: &[u8] = pair.get(1).map_or(b"", |word| &word.text);
        match words.take(&pair[0], value, start) {
            Some(warning) => warnings.extend(warning?),
            None => {
                let word = pair[0].lossy();
                return Err(format!(
                    "{start} 'load {word}' in section 'crt-store': unknown keyword '{word}'."
                ));
            }
        }
    }
    Ok((words, warnings))
}

/// Reads the files of a line and keeps the certificate under its name.
fn certificate(c: &mut Context<'_>, line: &Line<'_>, load: &CertWords, start: &str) -> Result<(), String> {
    let start = format!("{start} 'load' in section 'crt-store':");
    let crt = load.text("crt").ok_or_else(|| format!("{start} mandatory 'crt' parameter not found."))?;
    c.part.store.loaded = true;
    let name = name_of(c, load, crt);
    let unread = |message: String, value: &[u8]| {
        format!("{message} '{}' cannot be read or parsed.", String::from_utf8_lossy(value))
    };
    let pem = pem(c, line, load, crt).map_err(|message| unread(message, crt))?;
    let mut pem = pem;
    let (mut beside, mut told) = (Beside::default(), String::new());
    for word in ["key", "ocsp", "issuer", "sctl"] {
        let Some(value) = load.text(word) else { continue };
        // The key of an ACME certificate is made when it is missing.
        if word == "key" && load.text("acme").is_some() {
            continue;
        }
        let store = &c.part.store;
        let base = if word == "key" { &store.key_base } else { &store.crt_base };
        let path = certs::below(base.as_deref(), value);
        let Some(content) = cert_words::file(c, word, value, &path, &mut told) else { return Err(told) };
        match word {
            "key" => pem = [pem.as_slice(), b"\n", content.as_slice()].concat(),
            "ocsp" => beside.has_response = true,
            "issuer" => beside.issuer = Some(content),
            _ => {}
        }
    }
    if let Some(section) = load.text("acme") {
        let at = c.at(line.span);
        c.acme_uses.entry(section.to_vec()).or_insert((line.span, at));
    }
    if c.certificates.contains_key(&name) {
        let shown = String::from_utf8_lossy(&name);
        return Err(format!("{start} store '{shown}' was already defined."));
    }
    load.warn_parsed(c, line.span);
    c.cert_words.insert(name.clone(), load.clone());
    c.beside.insert(name.clone(), beside);
    c.certificates.insert(name.clone(), CertSource { path: name, pem });
    Ok(())
}

/// The name under which the certificate is known.
fn name_of(c: &Context<'_>, load: &CertWords, crt: &[u8]) -> Bytes {
    let store = c.part.store.name.as_slice();
    match load.text("alias") {
        Some(alias) => [b"@", store, b"/", alias].concat(),
        None if store.is_empty() => certs::below(c.crt_base.as_deref(), crt),
        None if crt.starts_with(b"/") => [b"@", store, crt].concat(),
        None => [b"@", store, b"/", crt].concat(),
    }
}

/// The certificate with its key. The error is HAProxy's.
fn pem(c: &mut Context<'_>, line: &Line<'_>, load: &CertWords, crt: &[u8]) -> Result<Bytes, String> {
    let path = certs::below(c.part.store.crt_base.as_deref(), crt);
    let shown = String::from_utf8_lossy(&path).into_owned();
    if load.is_on("generate-dummy") {
        return generated(c, load);
    }
    if ["keytype", "bits", "curves"].iter().any(|word| load.text(word).is_some()) {
        return Err(
            "keyword 'keytype', 'bits' and 'curves' require 'generate-dummy' set to 'on'\n".to_owned()
        );
    }
    let has_file = c.path_kind(&path).is_ok();
    if load.text("acme").is_some() && !has_file {
        let text = format!(
            "No certificate available for '{shown}', generating a temporary key pair before getting the ACME \
             certificate"
        );
        let told = diag::Diagnostic::notice("temporary-certificate", line.span, text);
        c.push(told.at(diag::Place::Nowhere));
        return c.loader.temporary_certificate();
    }
    let pem = c.read_file(&path).map_err(|_| format!("cannot open the file '{shown}'.\n"))?;
    // The key may follow in a file of its own.
    if let Err(message) = c.loader.check_certificate(&path, &pem)
        && message.starts_with("unable to load")
    {
        return Err(format!("{message}\n"));
    }
    Ok(pem)
}

fn generated(c: &mut Context<'_>, load: &CertWords) -> Result<Bytes, String> {
    match load.text("keytype") {
        Some(b"ECDSA") if load.text("curves").is_some_and(|curve| !super::acme::is_curve(curve)) => {
            Err(format!(
                "unsupported curves '{}'.",
                String::from_utf8_lossy(load.text("curves").unwrap_or_default())
            ))
        }
        None | Some(b"RSA" | b"ECDSA") => c.loader.temporary_certificate(),
        Some(_) => Err("keyword 'keytype' requires either 'RSA' or 'ECDSA'.".to_owned()),
    }
}

pub const ROWS: &[Keyword] = &[
    Keyword::new("crt-base", "Where the section's certificates are.", HERE, "<dir>", MANY, Set::Line(base)),
    Keyword::new("key-base", "Where the section's keys are.", HERE, "<dir>", MANY, Set::Line(base)),
    Keyword::new("load", "A certificate.", HERE, "crt <file> [param*]", MANY, Set::Line(load)),
];
