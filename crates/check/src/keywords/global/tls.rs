//! TLS of the whole process: where files are, and what `bind` and `server` lines start from.

use ir::config::{CONTENT_ALGORITHMS, KEY_ALGORITHMS, TlsVersion, TlsVersions};
use ir::spec::Sections;
use syntax::Word;

use crate::context::Context;
use crate::keyword::{Again, Keyword, MANY, ONE, OPTIONAL, SOME, Set};
use crate::keywords::bind::tls as bind_tls;
use crate::line::Line;
use crate::loader::PathKind;
use crate::numbers;

const HERE: Sections = Sections::GLOBAL;

fn bind_options(c: &mut Context<'_>, line: &Line<'_>) {
    let mut at = 0;
    while let Some(word) = line.arg(at) {
        let text = word.lossy();
        let mut tls = c.config.global.ssl_default_bind.clone();
        match text.as_ref() {
            "no-tls-tickets" => tls.no_tls_tickets = true,
            "tls-tickets" => tls.no_tls_tickets = false,
            "prefer-client-ciphers" => tls.prefer_client_ciphers = true,
            "strict-sni" => tls.strict_sni = true,
            "no-strict-sni" => tls.strict_sni = false,
            other => match version_option(c, line, other, &mut at, &mut tls.versions) {
                Ok(true) => {}
                Ok(false) => return unknown(c, line, other),
                Err(()) => return,
            },
        }
        c.config.global.ssl_default_bind = tls;
        at += 1;
    }
}

fn server_options(c: &mut Context<'_>, line: &Line<'_>) {
    let mut at = 0;
    while let Some(word) = line.arg(at) {
        let text = word.lossy();
        let mut versions = c.config.global.ssl_default_server.versions;
        let tls = &mut c.config.global.ssl_default_server;
        match text.as_ref() {
            "no-tls-tickets" => tls.no_tls_tickets = true,
            "renegotiate" => tls.no_renegotiation = false,
            "no-renegotiate" => tls.no_renegotiation = true,
            other => match version_option(c, line, other, &mut at, &mut versions) {
                Ok(true) => {}
                Ok(false) => return unknown(c, line, other),
                Err(()) => return,
            },
        }
        c.config.global.ssl_default_server.versions = versions;
        at += 1;
    }
}

fn unknown(c: &mut Context<'_>, line: &Line<'_>, option: &str) {
    let text = format!("unknown option '{option}' on global statement '{}'.", line.keyword());
    c.alert("unknown-option", line.span, text);
}

/// Whether the word is an option about versions; `at` moves over the value of one that has it.
fn version_option(
    c: &mut Context<'_>,
    line: &Line<'_>,
    option: &str,
    at: &mut usize,
    versions: &mut TlsVersions,
) -> Result<bool, ()> {
    if let Some(changed) = bind_tls::version_flag(option, *versions) {
        *versions = changed;
        return Ok(true);
    }
    if option != "ssl-min-ver" && option != "ssl-max-ver" {
        return Ok(false);
    }
    *at += 1;
    match line.arg(*at).map(|word| bind_tls::version(&word.text)) {
        Some(Some(version)) => set_bound(versions, option, version),
        Some(None) => {
            let text = format!(
                "'{}' : unknown ssl/tls version on global statement '{}'.",
                line.lossy(*at),
                line.keyword()
            );
            c.alert("bad-version", line.span, text);
            return Err(());
        }
        None => {
            let text =
                format!("'{option}' : missing the ssl/tls version on global statement '{}'.", line.keyword());
            c.alert("missing-argument", line.span, text);
            return Err(());
        }
    }
    Ok(true)
}

fn set_bound(versions: &mut TlsVersions, option: &str, version: TlsVersion) {
    if option == "ssl-min-ver" {
        versions.min = Some(version);
    } else {
        versions.max = Some(version);
    }
}

fn server_verify(c: &mut Context<'_>, line: &Line<'_>) {
    match line.lossy(0).as_str() {
        "none" => c.global().ssl_server_verify_none = true,
        "required" => c.global().ssl_server_verify_none = false,
        _ => {
            let text = "'ssl-server-verify' expects 'none' or 'required' as argument.";
            c.alert("bad-verify", line.span, text);
        }
    }
}

fn dh_param_file(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(file) = line.arg(0) else { return };
    let is_there = |pem: &Vec<u8>| base::bytes::find(pem, b"-----BEGIN DH PARAMETERS-----").is_some();
    if !c.read_file(&file.text).is_ok_and(|pem| is_there(&pem)) {
        let text =
            format!("'{}': unable to load DH parameters from file <{}>.", line.keyword(), file.lossy());
        return c.alert("bad-value", file.span, text);
    }
    c.global().ssl_default_bind.dh_param_file = Some(file.text.clone());
}

fn extra_files(c: &mut Context<'_>, line: &Line<'_>) {
    const KINDS: [&str; 5] = ["bundle", "sctl", "ocsp", "issuer", "key"];
    let is_alone = |word: &Word| word.is("none") || word.is("all");
    let known = |word: &Word| is_alone(word) || KINDS.iter().any(|kind| word.is(kind));
    // Words behind one that stands alone are not looked at.
    let read = line.args.iter().position(is_alone).map_or(line.args.len(), |at| at + 1);
    if line.args.is_empty() || !line.args[..read].iter().all(known) {
        let text = format!(
            "'{}' expects one or multiple arguments (none, all, bundle, sctl, ocsp, issuer).",
            line.keyword()
        );
        return c.alert("bad-value", line.span, text);
    }
    if line.args.len() > 1 && line.args.iter().any(is_alone) {
        let text = format!("'{}' 'none' and 'all' can be only used alone", line.keyword());
        return c.alert("bad-value", line.span, text);
    }
    let has = |kind: &str| line.args.iter().any(|word| word.is(kind) || word.is("all"));
    c.process.no_bundles = !has("bundle");
    c.process.no_keys = !has("key");
    c.process.no_sctls = !has("sctl");
    c.process.no_responses = !has("ocsp");
    c.process.no_issuers = !has("issuer");
}

fn issuers_chain_path(c: &mut Context<'_>, line: &Line<'_>) {
    let path = line.arg(0).map_or(b"".as_slice(), |word| &word.text);
    let text = match c.path_kind(path) {
        Ok(PathKind::Directory) => return,
        Ok(PathKind::File) => numbers::fill("global statement '{}': {v} is not a directory.\n", line, 0),
        Err(_) => numbers::fill("global statement '{}' expects a directory path as an argument.\n", line, 0),
    };
    c.alert("no-directory", line.span, text);
}

fn provider(c: &mut Context<'_>, line: &Line<'_>) {
    const KNOWN: [&str; 5] = ["default", "base", "null", "legacy", "fips"];
    let name = line.lossy(0);
    if !KNOWN.contains(&name.as_str()) {
        c.alert_bare("bad-value", line.span, format!("ssl-provider {name}: unknown provider"));
        c.alert("bad-value", line.span, "(null)");
    }
}

/// `name=value,-name,?name`, as the TLS library reads it.
fn property_query(c: &mut Context<'_>, line: &Line<'_>) {
    let is_name = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
    };
    let is_property = |text: &str| {
        let (name, value) = text.split_once('=').map_or((text, "x"), |(name, value)| (name, value.trim()));
        let name = name.trim().trim_start_matches(['-', '?']);
        is_name(name.trim_end_matches('!').trim()) && !value.is_empty()
    };
    if !line.lossy(0).split(',').all(is_property) {
        c.alert("bad-value", line.span, "(null)");
    }
}

fn passphrase(c: &mut Context<'_>, line: &Line<'_>) {
    if line.args.is_empty() {
        let text = "global statement '{}' expects a command line to a passphrase-providing tool \
                    (script/binary...) and its arguments.";
        c.warn("missing-argument", line.span, numbers::fill(text, line, 0));
    }
}

/// `A128KW:!dir`, `ALL`: gives the names that are left when all were taken away before.
fn token_names(c: &mut Context<'_>, line: &Line<'_>, known: &[&'static str]) -> Option<Vec<&'static str>> {
    let list = line.lossy(0);
    let mut left = Vec::new();
    for word in list.split_terminator(':') {
        let name = word.strip_prefix('!').unwrap_or(word);
        // HAProxy takes any beginning of `ALL` for it.
        if "ALL".starts_with(name) {
            left = known.to_vec();
        } else if let Some(name) = known.iter().find(|known| **known == name) {
            left.retain(|other| other != name);
            if !word.starts_with('!') {
                left.push(*name);
            }
        } else {
            c.alert("bad-value", line.span, format!("Unknown algorithm/encoding {name}\n"));
            return None;
        }
    }
    Some(left)
}

const CIPHERS: &str = "global statement '{}' expects a cipher suite as an argument.";
const CURVES: &str = "global statement '{}' expects a curves suite as an arguments.";
const SIGALGS: &str = "global statement '{}' expects signature algorithms as an arguments.";
const BASE: Again = Again::Refused("'{}' already specified.");
const OPTION: &str = "global statement '{}' expects an option as an argument.";
const DIRECTORY: &str = "global statement '{}' expects a directory path as an argument.";

const fn parsed(name: &'static str, doc: &'static str, usage: &'static str) -> Keyword {
    Keyword::new(name, doc, HERE, usage, SOME, Set::Nothing).parsed()
}

/// HAProxy does not count its words.
const fn flag(name: &'static str, doc: &'static str) -> Keyword {
    Keyword::new(name, doc, HERE, "", MANY, Set::Nothing).parsed()
}

pub const ROWS: &[Keyword] = &[
    Keyword::new(
        "crt-base",
        "Where relative certificates are.",
        HERE,
        "<dir>",
        ONE,
        Set::Word(|c, dir| c.crt_base = Some(dir)),
    )
    .again(BASE)
    .missing(DIRECTORY),
    Keyword::new(
        "ca-base",
        "Where relative authorities are.",
        HERE,
        "<dir>",
        ONE,
        Set::Word(|c, dir| c.ca_base = Some(dir)),
    )
    .again(BASE)
    .missing(DIRECTORY),
    Keyword::new(
        "key-base",
        "Where relative keys of a crt-store are.",
        HERE,
        "<dir>",
        ONE,
        Set::Word(|c, dir| c.key_base = Some(dir)),
    )
    .again(BASE)
    .missing(DIRECTORY),
    Keyword::new(
        "ssl-default-bind-ciphers",
        "Ciphers of bind lines, TLS 1.2 and below.",
        HERE,
        "<ciphers>",
        ONE,
        Set::Word(|c, list| c.global().ssl_default_bind.ciphers = Some(list)),
    )
    .missing(CIPHERS),
    Keyword::new(
        "ssl-default-bind-ciphersuites",
        "Ciphers of bind lines, TLS 1.3.",
        HERE,
        "<ciphersuites>",
        ONE,
        Set::Word(|c, list| c.global().ssl_default_bind.ciphersuites = Some(list)),
    )
    .missing(CIPHERS),
    Keyword::new(
        "ssl-default-bind-curves",
        "Curves of bind lines.",
        HERE,
        "<curves>",
        ONE,
        Set::Word(|c, list| c.global().ssl_default_bind.curves = Some(list)),
    )
    .missing(CURVES),
    Keyword::new(
        "ssl-default-bind-sigalgs",
        "Signature algorithms of bind lines.",
        HERE,
        "<sigalgs>",
        ONE,
        Set::Word(|c, list| c.global().ssl_default_bind.sigalgs = Some(list)),
    )
    .missing(CURVES),
    Keyword::new(
        "ssl-default-bind-client-sigalgs",
        "Signature algorithms of clients' certificates.",
        HERE,
        "<sigalgs>",
        ONE,
        Set::Word(|c, list| c.global().ssl_default_bind.client_sigalgs = Some(list)),
    )
    .missing(SIGALGS),
    Keyword::new(
        "ssl-default-bind-options",
        "Options of bind lines.",
        HERE,
        "[<option>]...",
        SOME,
        Set::Line(bind_options),
    )
    .missing(OPTION),
    Keyword::new(
        "ssl-default-server-ciphers",
        "Ciphers of servers, TLS 1.2 and below.",
        HERE,
        "<ciphers>",
        ONE,
        Set::Word(|c, list| c.global().ssl_default_server.ciphers = Some(list)),
    )
    .missing(CIPHERS),
    Keyword::new(
        "ssl-default-server-ciphersuites",
        "Ciphers of servers, TLS 1.3.",
        HERE,
        "<ciphersuites>",
        ONE,
        Set::Word(|c, list| c.global().ssl_default_server.ciphersuites = Some(list)),
    )
    .missing(CIPHERS),
    Keyword::new(
        "ssl-default-server-curves",
        "Curves of servers.",
        HERE,
        "<curves>",
        ONE,
        Set::Word(|c, list| c.global().ssl_default_server.curves = Some(list)),
    )
    .missing(CURVES),
    Keyword::new(
        "ssl-default-server-sigalgs",
        "Signature algorithms of servers.",
        HERE,
        "<sigalgs>",
        ONE,
        Set::Word(|c, list| c.global().ssl_default_server.sigalgs = Some(list)),
    )
    .missing(CURVES),
    Keyword::new(
        "ssl-default-server-client-sigalgs",
        "Signature algorithms of our certificates.",
        HERE,
        "<sigalgs>",
        ONE,
        Set::Word(|c, list| c.global().ssl_default_server.client_sigalgs = Some(list)),
    )
    .missing(SIGALGS),
    Keyword::new(
        "ssl-default-server-options",
        "Options of servers.",
        HERE,
        "[<option>]...",
        SOME,
        Set::Line(server_options),
    )
    .missing(OPTION),
    Keyword::new(
        "ssl-server-verify",
        "Whether servers are verified when a line does not say.",
        HERE,
        "[none|required]",
        ONE,
        Set::Line(server_verify),
    )
    .unlisted()
    .missing("'{}' expects an integer argument."),
    Keyword::new(
        "ssl-dh-param-file",
        "Diffie-Hellman parameters of bind lines.",
        HERE,
        "<file>",
        ONE,
        Set::Line(dh_param_file),
    )
    .missing("'{}' expects a file path as an argument."),
    Keyword::new(
        "ssl-load-extra-files",
        "Which files beside a certificate are loaded.",
        HERE,
        "<none|all|bundle|sctl|ocsp|issuer|key>*",
        MANY,
        Set::Line(extra_files),
    )
    .parsed(),
    Keyword::new(
        "ssl-load-extra-del-ext",
        "Replaces a certificate's extension to find its key.",
        HERE,
        "",
        MANY,
        Set::Flag(|c| c.process.drops_extension = true),
    )
    .parsed(),
    flag("ssl-mode-async", "Uses asynchronous TLS."),
    Keyword::new(
        "ssl-skip-self-issued-ca",
        "Does not send self-issued authorities.",
        HERE,
        "",
        MANY,
        Set::Line(|c, _| c.global().tune.ssl_skip_root = true),
    ),
    Keyword::new(
        "issuers-chain-path",
        "Where missing issuers are.",
        HERE,
        "<dir>",
        OPTIONAL,
        Set::Line(issuers_chain_path),
    )
    .parsed(),
    Keyword::new(
        "ssl-engine",
        "A TLS engine; the TLS library has none.",
        HERE,
        "<name> [algo <comma-separated list of algorithms>]",
        MANY,
        Set::Line(|c, line| {
            let text =
                "'ssl-engine' is not supported (built without USE_ENGINE or with -DOPENSSL_NO_ENGINE).";
            c.alert("not-built", line.span, text);
        }),
    ),
    Keyword::new(
        "ssl-propquery",
        "Which implementations TLS uses.",
        HERE,
        "<query>",
        SOME,
        Set::Line(property_query),
    )
    .parsed()
    .missing("global statement '{}' expects a property string as an argument."),
    Keyword::new("ssl-provider", "A TLS provider.", HERE, "<name>", SOME, Set::Line(provider))
        .missing("global statement '{}' expects a valid engine provider name as an argument.")
        .parsed(),
    parsed("ssl-provider-path", "Where TLS providers are.", "<path>").missing(DIRECTORY),
    Keyword::new(
        "ssl-security-level",
        "The TLS library's security level.",
        HERE,
        "<number>",
        SOME,
        Set::Int(0, 5, |c, level| {
            c.global().tune.ssl_security_level = u32::try_from(level).ok();
        }),
    )
    .missing("'{}' : missing value")
    .malformed("'{}' : expects an integer argument, found '{v}'")
    .range("'{}' : expects a value between 0 and 5")
    .null(),
    Keyword::new(
        "ssl-passphrase-cmd",
        "The program that gives keys' passphrases.",
        HERE,
        "<path> [args...]",
        MANY,
        Set::Line(passphrase),
    )
    .parsed(),
    Keyword::new(
        "jwt.decrypt_alg_list",
        "Algorithms of encrypted tokens.",
        HERE,
        "<list>",
        MANY,
        Set::Line(|c, line| c.config.tokens.key_algorithms = token_names(c, line, &KEY_ALGORITHMS)),
    ),
    Keyword::new(
        "jwt.decrypt_enc_list",
        "Encodings of encrypted tokens.",
        HERE,
        "<list>",
        MANY,
        Set::Line(|c, line| c.config.tokens.content_algorithms = token_names(c, line, &CONTENT_ALGORITHMS)),
    ),
];
