//! `acme` sections. HAProxy stops reading at any mistake.

use base::time::{TimeError, Unit};
use diag::{Diagnostic, Effect, Place};
use ir::Bytes;
use ir::config::Acme;
use ir::spec::{Section, Sections};
use syntax::Word;

use crate::context::Context;
use crate::keyword::{Keyword, MANY, Set};
use crate::line::Line;
use crate::section;

const HERE: Sections = Sections::one(Section::Acme);
const CHALLENGES: [&str; 3] = ["http-01", "dns-01", "dns-persist-01"];
const MAC_ALGS: [(&str, usize); 3] = [("HS256", 32), ("HS384", 48), ("HS512", 64)];
const CURVES: [&str; 9] =
    ["P-256", "P-384", "P-521", "X25519", "X448", "prime256v1", "secp384r1", "secp521r1", "secp256r1"];

pub fn open(c: &mut Context<'_>, line: &Line<'_>) -> bool {
    if !c.experimental() {
        let text =
            "section 'acme' is experimental, must be allowed via a global 'expose-experimental-directives'";
        c.abort_tight("experimental", line.span, text);
        return false;
    }
    if c.has_extra(line, 1, Effect::Abort) {
        return false;
    }
    let Some(name) = line.arg(0) else {
        c.abort_tight("missing-name", line.span, "section 'acme' requires an ID argument.");
        return false;
    };
    if let Some(place) = section::declare(c, Section::Acme, &name.text, line).first().copied() {
        let text = format!("acme section '{}' already exists ({}).", name.lossy(), c.at_place(place));
        c.abort_tight("same-name", name.span, text);
        return false;
    }
    c.warn_parsed("acme", line.span);
    c.part.acme = Some(Acme { name: name.text.clone(), place: line.place(), ..Acme::default() });
    true
}

/// Checks what the section says as a whole, and makes the account's key when it has none.
pub fn close(c: &mut Context<'_>) {
    let Some(acme) = c.part.acme.take() else { return };
    if c.is_aborted() {
        return;
    }
    let stop = |c: &mut Context<'_>, text: String| {
        c.push(Diagnostic::post_error("bad-acme", text).with_effect(Effect::Abort));
    };
    if let Err(message) = external_account(c, &acme) {
        return stop(c, message);
    }
    let name = String::from_utf8_lossy(&acme.name).into_owned();
    if acme.directory.is_none() {
        return stop(c, format!("acme: No directory defined in ACME section '{name}'."));
    }
    let file = acme.account_key.clone().unwrap_or_else(|| [acme.name.as_slice(), b".account.key"].concat());
    let path = crate::certs::below(c.crt_base.as_deref(), &file);
    if let Err(message) = account_key(c, &acme, &name, &file, &path) {
        return stop(c, message);
    }
    c.config.acmes.push(acme);
}

fn account_key(c: &mut Context<'_>, acme: &Acme, name: &str, file: &[u8], path: &[u8]) -> Result<(), String> {
    let shown = String::from_utf8_lossy(path).into_owned();
    if c.path_kind(path).is_ok() {
        let key = c.read_file(path).unwrap_or_default();
        return match base::bytes::find(&key, b"PRIVATE KEY-----") {
            Some(_) => Ok(()),
            None => Err(format!("acme: '{shown}' is present but cannot be read or parsed.\n")),
        };
    }
    let text = format!("acme: generate account key '{shown}' for acme section '{name}'.");
    c.push(
        Diagnostic { span: None, ..Diagnostic::notice("account-key", diag::Span::default(), text) }
            .at(Place::Nowhere),
    );
    let bits = acme.key_is_rsa.then(|| acme.bits.unwrap_or(2048));
    let key = c.loader.create_key(bits, acme.curves.as_deref()).map_err(|error| format!("acme: {error}"))?;
    let path = c.path(path);
    c.loader.write_secret(&path, &key).map_err(|_| {
        let file = String::from_utf8_lossy(file);
        format!("acme: cannot create the file '{file}', check your permissions.")
    })
}

/// The external account's key and its name stand in files of one line.
fn external_account(c: &mut Context<'_>, acme: &Acme) -> Result<(), String> {
    let section = format!("acme: section '{}':", String::from_utf8_lossy(&acme.name));
    let (id, key) = match (&acme.eab_key_id, &acme.eab_mac_key) {
        (None, None) => return Ok(()),
        (Some(id), Some(key)) => (id, key),
        _ => {
            return Err(format!(
                "{section} EAB MAC key and key id are mutually dependent, specify both or neither."
            ));
        }
    };
    let text = first_line(c, id, &section, "key id")?;
    let is_usual = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if let Some(odd) = text.iter().find(|byte| !is_usual(byte)) {
        let text = format!("{section} EAB key id contains strange character '{}'.", char::from(*odd));
        c.push(Diagnostic::post_warning("odd-key-id", text));
    }
    let text = first_line(c, key, &section, "MAC key")?;
    if text.is_empty() {
        return Ok(());
    }
    if !text.iter().all(is_usual) || text.len() % 4 == 1 {
        return Err(format!("{section} failed to base64url decode EAB MAC key."));
    }
    let bytes = text.len() * 3 / 4;
    let alg = acme.eab_mac_alg.as_deref().unwrap_or(b"HS256");
    let needed = MAC_ALGS.iter().find(|(name, _)| name.as_bytes() == alg).map_or(0, |(_, bytes)| *bytes);
    if bytes < needed {
        return Err(format!(
            "{section} EAB mac key from '{}' is only {bytes} bytes long, but at least {needed} bytes is required \
             for the specified mac type.",
            String::from_utf8_lossy(key)
        ));
    }
    Ok(())
}

/// The first line of a file; an empty one is noticed.
fn first_line(c: &mut Context<'_>, file: &[u8], section: &str, what: &str) -> Result<Bytes, String> {
    let shown = String::from_utf8_lossy(file);
    let text = c
        .read_file(file)
        .map_err(|_| format!("{section} couldn't load EAB {what} from '{shown}', code -2."))?;
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default().to_vec();
    if line.is_empty() {
        let text = format!("{section} EAB {what} from '{shown}' is empty.");
        c.push(
            Diagnostic { span: None, ..Diagnostic::notice("empty-file", diag::Span::default(), text) }
                .at(Place::Nowhere),
        );
    }
    Ok(line)
}

/// The only argument of a line. `what` is it in the message when it is missing.
fn only<'l>(c: &mut Context<'_>, line: &Line<'l>, what: &str) -> Option<&'l Word> {
    let Some(word) = line.arg(0) else {
        let text = format!("keyword '{}' in 'acme' section requires {what}", line.keyword());
        c.abort_tight("missing-argument", line.span, text);
        return None;
    };
    (!c.has_extra(line, 1, Effect::Abort)).then_some(word)
}

/// The line's word into the field that the keyword names.
fn text(c: &mut Context<'_>, line: &Line<'_>) {
    let keyword = line.keyword();
    let what = if keyword == "account-key" { "a filename argument" } else { "an argument" };
    let Some(word) = only(c, line, what) else { return };
    let Some(acme) = c.part.acme.as_mut() else { return };
    let field = match keyword.as_str() {
        "directory" => &mut acme.directory,
        "contact" => &mut acme.contact,
        "account-key" => &mut acme.account_key,
        "eab-key-id" => &mut acme.eab_key_id,
        "eab-mac-key" => &mut acme.eab_mac_key,
        "map" => &mut acme.map,
        "acme-vars" => &mut acme.vars,
        _ => &mut acme.provider_name,
    };
    *field = Some(word.text.clone());
}

fn refuse(c: &mut Context<'_>, line: &Line<'_>, what: &str) {
    c.abort_tight("bad-value", line.span, format!("keyword '{}' in 'acme' {what}", line.keyword()));
}

fn mac_alg(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = only(c, line, "an argument") else { return };
    if !MAC_ALGS.iter().any(|(name, _)| word.is(name)) {
        return refuse(c, line, "must be one of the following: HS256, HS384, HS512");
    }
    if let Some(acme) = c.part.acme.as_mut() {
        acme.eab_mac_alg = Some(word.text.clone());
    }
}

const NOT_WITH_HTTP: &str = "section, \"http-01\" is not compatible with the \"challenge-ready\" option";

fn challenge(c: &mut Context<'_>, line: &Line<'_>) {
    let known = |word: &&Word| CHALLENGES.iter().any(|name| word.text.eq_ignore_ascii_case(name.as_bytes()));
    let Some(word) = line.arg(0).filter(known) else {
        return refuse(c, line, "must be one of the following: http-01, dns-01, dns-persist-01");
    };
    if c.has_extra(line, 1, Effect::Abort) {
        return;
    }
    let Some(acme) = c.part.acme.as_mut() else { return };
    let challenge = word.text.to_ascii_lowercase();
    let (is_ready, ready) = (acme.challenge_ready != 0, &mut acme.challenge_ready);
    match challenge.as_slice() {
        b"dns-01" if !is_ready => *ready = Acme::CLI,
        b"dns-persist-01" if !is_ready => *ready = Acme::DNS | Acme::DELAY,
        b"http-01" if is_ready => return refuse(c, line, NOT_WITH_HTTP),
        _ => {}
    }
    acme.challenge = Some(challenge);
}

fn challenge_ready(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = only(c, line, "an argument") else { return };
    let parts: Vec<&[u8]> = word.text.split(|byte| *byte == b',').filter(|part| !part.is_empty()).collect();
    let mut ready = 0;
    for part in &parts {
        ready |= match *part {
            b"cli" => Acme::CLI,
            b"dns" => Acme::DNS,
            b"delay" => Acme::DELAY,
            b"none" if parts.len() == 1 => 0,
            b"none" => return refuse(c, line, "can't combine 'none' with other keywords."),
            _ => {
                let text = "section requires parameter separated by commas: 'cli', 'dns' or 'none'";
                return refuse(c, line, text);
            }
        };
    }
    let Some(acme) = c.part.acme.as_mut() else { return };
    acme.challenge_ready = ready;
    if acme.challenge.as_deref().unwrap_or(b"http-01") == b"http-01" && ready != 0 {
        refuse(c, line, NOT_WITH_HTTP);
    }
}

fn profile(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = only(c, line, "an argument") else { return };
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if let Some(bad) = word.text.iter().find(|byte| !allowed(byte)) {
        let text = format!("section contains unauthorized character '{}'", char::from(*bad));
        return refuse(c, line, &text);
    }
    if let Some(acme) = c.part.acme.as_mut() {
        acme.profile = Some(word.text.clone());
    }
}

/// `dns-delay`, `dns-timeout`
fn time(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = only(c, line, "an argument") else { return };
    let keyword = line.keyword();
    let text = match crate::numbers::parse_time(c, word, Unit::S) {
        Ok(value) => {
            let Some(acme) = c.part.acme.as_mut() else { return };
            match keyword == "dns-delay" {
                true => acme.dns_delay = Some(value),
                false => acme.dns_timeout = Some(value),
            }
            return;
        }
        Err(TimeError::Over) => format!("timer overflow in argument <{}> to '{keyword}'", word.lossy()),
        Err(TimeError::Unexpected(at)) => {
            let character = crate::numbers::character(&word.text, at);
            format!("unexpected character '{character}' in argument to '{keyword}'")
        }
    };
    c.abort_tight("bad-time", word.span, text);
}

fn reuse_key(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = only(c, line, "an argument") else { return };
    match (c.part.acme.as_mut(), word.lossy().as_ref()) {
        (Some(acme), "on") => acme.reuse_key = true,
        (Some(acme), "off") => acme.reuse_key = false,
        _ => refuse(c, line, "section requires either the 'on' or 'off' parameter"),
    }
}

fn keytype(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = only(c, line, "an argument") else { return };
    match (c.part.acme.as_mut(), word.lossy().as_ref()) {
        (Some(acme), "RSA") => acme.key_is_rsa = true,
        (Some(acme), "ECDSA") => acme.key_is_rsa = false,
        _ => refuse(c, line, "section requires either 'RSA' or 'ECDSA' argument"),
    }
}

fn bits(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = line.arg(0) else {
        only(c, line, "an argument");
        return;
    };
    let Some(value) = base::bytes::parse_i64(&word.text) else {
        let text = format!("cannot parse 'bits' value '{}', an integer is expected.", word.lossy());
        return c.abort("bad-number", word.span, text);
    };
    if let Some(acme) = c.part.acme.as_mut() {
        acme.bits = Some(value);
    }
    c.has_extra(line, 1, Effect::Abort);
}

/// Whether it is the name of an elliptic curve.
pub fn is_curve(name: &[u8]) -> bool {
    CURVES.iter().any(|curve| curve.as_bytes() == name)
}

fn curves(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = only(c, line, "an argument") else { return };
    if !is_curve(&word.text) {
        return c.abort_tight("unknown-curve", word.span, format!("unsupported curves '{}'", word.lossy()));
    }
    if let Some(acme) = c.part.acme.as_mut() {
        acme.curves = Some(word.text.clone());
    }
}

const fn row(
    name: &'static str,
    usage: &'static str,
    doc: &'static str,
    set: fn(&mut Context<'_>, &Line<'_>),
) -> Keyword {
    Keyword::new(name, doc, HERE, usage, MANY, Set::Line(set)).parsed().null()
}

pub const ROWS: &[Keyword] = &[
    row("directory", "<url>", "Where the server's directory is.", text),
    row("contact", "<email>", "The account's address.", text),
    row("account-key", "<file>", "The file of the account's key.", text),
    row("challenge", "<type>", "How names are proved.", challenge),
    row("keytype", "{ RSA | ECDSA }", "The kind of the certificates' keys.", keytype),
    row("bits", "<number>", "The size of an RSA key.", bits),
    row("curves", "<curve>", "The curve of an ECDSA key.", curves),
    row("map", "<map>", "The map that holds the answers to challenges.", text),
    row("profile", "<name>", "The profile asked for.", profile),
    row("reuse-key", "{ on | off }", "Whether the key stays at a renewal.", reuse_key),
    row("challenge-ready", "<condition>[,<condition>]*", "When a challenge may be tried.", challenge_ready),
    row("dns-delay", "<time>", "How long a DNS record may take.", time),
    row("dns-timeout", "<time>", "How long a DNS record is waited for.", time),
    row("eab-key-id", "<file>", "The file of the external account's name.", text),
    row("eab-mac-key", "<file>", "The file of the external account's key.", text),
    row("eab-mac-alg", "<algorithm>", "The algorithm of the external account's key.", mac_alg),
    row("acme-vars", "<text>", "What tools that set DNS records get.", text),
    row("provider-name", "<name>", "The name of the DNS provider.", text),
];
