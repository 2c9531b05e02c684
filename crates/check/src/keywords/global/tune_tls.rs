//! `tune.ssl.*`, and the updates of OCSP responses.

use base::addr::{Address, Endpoint, Host, Rules};
use base::time::Unit;
use ir::spec::Sections;

use crate::context::Context;
use crate::keyword::{Keyword, MANY, NONE, ONE, OPTIONAL, Set};
use crate::line::Line;
use crate::numbers;

use super::tune::{EITHER, INTEGER, POSITIVE, POSITIVE_NUMBER, needed, u32_of, usize_of};

const HERE: Sections = Sections::GLOBAL;

const fn row(
    name: &'static str,
    doc: &'static str,
    usage: &'static str,
    set: fn(&mut Context<'_>, &Line<'_>),
) -> Keyword {
    Keyword::new(name, doc, HERE, usage, MANY, Set::Line(set)).parsed()
}

const fn hello_size(name: &'static str, doc: &'static str) -> Keyword {
    Keyword::new(name, doc, HERE, "<number>", MANY, Set::Line(capture))
}

fn default_dh_param(c: &mut Context<'_>, line: &Line<'_>) {
    let bits = line.arg(0).map_or(0, |word| i64::from(numbers::wrapped(&word.text)));
    // HAProxy takes a negative number for a large one.
    match u32::try_from(bits) {
        Ok(refused @ ..1024) => {
            // HAProxy keeps what it refuses.
            c.global().tune.ssl_default_dh_param = refused;
            c.alert("out-of-range", line.span, numbers::fill("'{}' expects a value >= 1024.", line, 0));
        }
        bits => c.global().tune.ssl_default_dh_param = bits.unwrap_or(2048),
    }
}

/// The first OpenSSL that compresses certificates.
const COMPRESSES: u32 = 0x3020_0000;

fn certificate_compression(c: &mut Context<'_>, line: &Line<'_>) {
    let template = match (c.loader.openssl_version(), line.args) {
        (Some(..COMPRESSES), _) => {
            "'{}' is not supported by your TLS library. It is known to work only with OpenSSL >= 3.2.0."
        }
        (_, [_, extra, ..]) => {
            let text = format!("'{}' cannot handle unexpected argument '{}'.", line.keyword(), extra.lossy());
            return c.alert("extra-argument", extra.span, text);
        }
        (_, [word]) if word.is("auto") || word.is("off") => return,
        _ => "'{}' expects either 'auto' or 'off' but got '{v}'.",
    };
    c.alert("bad-value", line.span, numbers::fill(template, line, 0));
}

/// Reserves memory, which only works once.
fn capture(c: &mut Context<'_>, line: &Line<'_>) {
    let keyword = line.keyword();
    if line.name[0].is("tune.ssl.capture-cipherlist-size") {
        let text = format!(
            "'{keyword}' is deprecated and will be removed in version 2.7. Please use \
             'tune.ssl.capture-buffer-size' instead."
        );
        c.warn_tight("deprecated", line.span, text);
    }
    let text = match line.args {
        [_, extra, ..] => {
            format!("'{keyword}' cannot handle unexpected argument '{}'.", extra.lossy())
        }
        [] => format!("'{keyword}' expects an integer argument."),
        [size] if numbers::wrapped(&size.text) < 0 => numbers::fill(POSITIVE_NUMBER, line, 0),
        [size] if c.process.given.insert("tune.ssl.capture-buffer-size") => {
            c.global().tune.ssl_capture_buffer_size =
                usize::try_from(numbers::wrapped(&size.text)).unwrap_or(0);
            return;
        }
        _ => format!("'{keyword}' is already configured."),
    };
    c.alert("bad-value", line.span, text);
}

/// The two times between updates, in seconds.
fn delay(c: &mut Context<'_>, line: &Line<'_>) {
    let (least, most) = c.process.ocsp_delays;
    let value = line.arg(0).map(|word| i64::from(numbers::wrapped(&word.text)));
    let is_most = line.name[0].lossy().ends_with("maxdelay");
    let template = match value {
        None => "'{}' expects an integer argument.",
        Some(..0) => POSITIVE_NUMBER,
        Some(value) if is_most && value < least => {
            "'{}' can not be lower than tune.ssl.ocsp-update.mindelay."
        }
        Some(value) if !is_most && value > most => {
            "'{}' can not be higher than tune.ssl.ocsp-update.maxdelay."
        }
        Some(value) => {
            c.process.ocsp_delays = if is_most { (least, value) } else { (value, most) };
            return;
        }
    };
    c.alert("bad-value", line.span, numbers::fill(template, line, 0));
}

fn on_off(c: &mut Context<'_>, line: &Line<'_>) {
    if !matches!(line.lossy(0).as_str(), "on" | "off") {
        c.warn("bad-value", line.span, format!("'{}' : expecting <on|off>", line.keyword()));
    }
}

fn ocsp_mode(c: &mut Context<'_>, line: &Line<'_>) {
    on_off(c, line);
    c.process.ocsp_updates = line.arg(0).is_some_and(|word| word.is("on"));
}

/// An address; HAProxy resolves no names here.
fn http_proxy(c: &mut Context<'_>, line: &Line<'_>) {
    let (why, code) = match line.arg(0) {
        None => {
            let why = "'' resolves to an empty address (environment variable missing?)";
            (why.to_owned(), "missing-argument")
        }
        Some(word) => match crate::address::parse(c, &word.text, word, &Rules::CONNECT) {
            Ok(Address { endpoint: Endpoint::Ip { host: Host::Name { name, .. }, .. }, .. }) => {
                let name = String::from_utf8_lossy(&name).into_owned();
                (format!("invalid address: '{name}' in '{}'", word.lossy()), "bad-address")
            }
            Ok(_) => return,
            Err(fail) => (fail.message, fail.code),
        },
    };
    c.alert_bare(code, line.span, format!("ocsp-update: Failed to parse destination address in {why}"));
    c.alert(code, line.span, "(null)");
}

pub const ROWS: &[Keyword] = &[
    Keyword::new(
        "tune.ssl.default-dh-param",
        "Bits of the Diffie-Hellman parameters.",
        HERE,
        "<number>",
        ONE,
        Set::Line(default_dh_param),
    )
    .missing(INTEGER),
    needed("tune.ssl.cachesize", "TLS sessions that are kept.", POSITIVE, POSITIVE_NUMBER, |c, n| {
        c.global().tune.ssl_cachesize = u32_of(n)
    }),
    Keyword::new(
        "tune.ssl.lifetime",
        "How long TLS sessions are kept.",
        HERE,
        "<timeout>",
        ONE,
        Set::Time(Unit::S, |c, s| c.global().tune.ssl_lifetime = s.saturating_mul(1000)),
    )
    .missing("'{}' expects ssl sessions <lifetime> in seconds as argument.")
    .range("timer overflow in argument '{v}' to <{}> (maximum value is 2147483647 s or ~68 years)."),
    needed("maxsslconn", "TLS connections at a time.", POSITIVE, POSITIVE_NUMBER, |c, n| {
        c.global().max_tls_connections = u32_of(n)
    }),
    needed(
        "tune.ssl.maxrecord",
        "The largest TLS record at the start.",
        POSITIVE,
        POSITIVE_NUMBER,
        |c, n| c.global().tune.ssl_maxrecord = usize_of(n),
    ),
    needed("tune.ssl.hard-maxrecord", "The largest TLS record.", POSITIVE, POSITIVE_NUMBER, |c, n| {
        c.global().tune.ssl_hard_maxrecord = usize_of(n)
    }),
    needed(
        "tune.ssl.ssl-ctx-cache-size",
        "Generated certificates that are kept.",
        POSITIVE,
        POSITIVE_NUMBER,
        |c, n| c.global().tune.ssl_ctx_cache_size = usize_of(n),
    ),
    hello_size("tune.ssl.capture-buffer-size", "How many bytes of a client hello are kept."),
    hello_size("tune.ssl.capture-cipherlist-size", "Same as `tune.ssl.capture-buffer-size`."),
    row(
        "tune.ssl.certificate-compression",
        "Whether certificates are compressed.",
        "{ auto | off }",
        certificate_compression,
    ),
    // The cache is that of one process, here as there.
    Keyword::new(
        "tune.ssl.force-private-cache",
        "Does not share TLS sessions.",
        HERE,
        "",
        NONE,
        Set::Nothing,
    ),
    Keyword::new(
        "tune.ssl.keylog",
        "Keeps the secrets of TLS 1.3 for the `…_secret` fetches.",
        HERE,
        "{ on | off }",
        OPTIONAL,
        Set::Choice(&["on", "off"], |c, index| c.global().tune.ssl_keylog = index == 0),
    )
    .range(EITHER),
    needed(
        "tune.ssl.keyupdate-rate-limit",
        "Key updates a second.",
        POSITIVE,
        "'{}' expects a positive number.",
        |c, n| c.global().tune.ssl_keyupdate_rate = u32_of(n),
    )
    .missing("'{}' expects a number (KeyUpdates/s, 0 to disable)."),
    row("tune.ssl.ocsp-update.maxdelay", "The longest time between OCSP updates.", "<number>", delay),
    row("tune.ssl.ocsp-update.mindelay", "The shortest time between OCSP updates.", "<number>", delay),
    row("ocsp-update.maxdelay", "The longest time between OCSP updates.", "<number>", delay),
    row("ocsp-update.mindelay", "The shortest time between OCSP updates.", "<number>", delay),
    row("ocsp-update.disable", "Does not update OCSP responses.", "[on|off]", on_off),
    row("ocsp-update.mode", "Whether OCSP responses are updated.", "[on|off]", ocsp_mode),
    Keyword::new(
        "ocsp-update.httpproxy",
        "The proxy for OCSP updates.",
        HERE,
        "<address>[:port]",
        OPTIONAL,
        Set::Line(http_proxy),
    )
    .parsed(),
];
