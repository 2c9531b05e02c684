//! TLS of the whole process: where files are, and what `bind` and `server` lines start from.

use ir::config::{TlsVersion, TlsVersions};
use ir::spec::Sections;

use crate::context::Context;
use crate::keyword::{Keyword, MANY, NONE, ONE, SOME, Set};
use crate::keywords::bind::tls as bind_tls;
use crate::line::Line;

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
        match text.as_ref() {
            "no-tls-tickets" | "tls-tickets" | "renegotiate" | "no-renegotiate" => {
                c.warn_parsed("tickets and renegotiation towards servers", word.span);
            }
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

const CIPHERS: &str = "global statement '{}' expects a cipher suite as an argument.";
const CURVES: &str = "global statement '{}' expects a curves suite as an arguments.";
const SIGALGS: &str = "global statement '{}' expects signature algorithms as an arguments.";
const OPTION: &str = "global statement '{}' expects an option as an argument.";
const DIRECTORY: &str = "global statement '{}' expects a directory path as an argument.";

const fn parsed(name: &'static str, doc: &'static str, usage: &'static str) -> Keyword {
    Keyword::new(name, doc, HERE, usage, SOME, Set::Nothing).parsed()
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
    .missing(DIRECTORY),
    Keyword::new(
        "ca-base",
        "Where relative authorities are.",
        HERE,
        "<dir>",
        ONE,
        Set::Word(|c, dir| c.ca_base = Some(dir)),
    )
    .missing(DIRECTORY),
    Keyword::new(
        "key-base",
        "Where relative keys of a crt-store are.",
        HERE,
        "<dir>",
        ONE,
        Set::Word(|c, dir| c.key_base = Some(dir)),
    )
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
    .missing(SIGALGS),
    Keyword::new(
        "ssl-default-bind-client-sigalgs",
        "Signature algorithms of clients' certificates.",
        HERE,
        "<sigalgs>",
        ONE,
        Set::Nothing,
    )
    .missing(SIGALGS)
    .parsed(),
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
    Keyword::new("ssl-default-server-curves", "Curves of servers.", HERE, "<curves>", ONE, Set::Nothing)
        .missing(CURVES)
        .parsed(),
    Keyword::new(
        "ssl-default-server-sigalgs",
        "Signature algorithms of servers.",
        HERE,
        "<sigalgs>",
        ONE,
        Set::Nothing,
    )
    .missing(SIGALGS)
    .parsed(),
    Keyword::new(
        "ssl-default-server-client-sigalgs",
        "Signature algorithms of our certificates.",
        HERE,
        "<sigalgs>",
        ONE,
        Set::Nothing,
    )
    .missing(SIGALGS)
    .parsed(),
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
    .unlisted(),
    Keyword::new(
        "ssl-dh-param-file",
        "Diffie-Hellman parameters of bind lines.",
        HERE,
        "<file>",
        ONE,
        Set::Word(|c, file| c.global().ssl_default_bind.dh_param_file = Some(file)),
    )
    .missing("'{}' expects a file path as an argument."),
    Keyword::new(
        "ssl-load-extra-files",
        "Which files beside a certificate are loaded.",
        HERE,
        "<none|all|bundle|sctl|ocsp|issuer|key>*",
        MANY,
        Set::Nothing,
    )
    .parsed(),
    Keyword::new(
        "ssl-load-extra-del-ext",
        "Replaces a certificate's extension to find its key.",
        HERE,
        "",
        NONE,
        Set::Nothing,
    )
    .parsed(),
    Keyword::new("ssl-mode-async", "Uses asynchronous TLS.", HERE, "", NONE, Set::Nothing).parsed(),
    Keyword::new(
        "ssl-skip-self-issued-ca",
        "Does not send self-issued authorities.",
        HERE,
        "",
        NONE,
        Set::Nothing,
    )
    .parsed(),
    parsed("issuers-chain-path", "Where missing issuers are.", "<dir>"),
    parsed("ssl-engine", "A TLS engine.", "<name> [algo <comma-separated list of algorithms>]"),
    parsed("ssl-propquery", "Which implementations TLS uses.", "<query>"),
    parsed("ssl-provider", "A TLS provider.", "<name>"),
    parsed("ssl-provider-path", "Where TLS providers are.", "<path>"),
    parsed("ssl-security-level", "The TLS library's security level.", "<number>"),
    parsed("ssl-passphrase-cmd", "The program that gives keys' passphrases.", "<path> [args...]"),
    parsed("jwt.decrypt_alg_list", "Algorithms of encrypted tokens.", "<list>"),
    parsed("jwt.decrypt_enc_list", "Encodings of encrypted tokens.", "<list>"),
];
