//! `option …`.

use diag::{Diagnostic, Place};
use ir::config::{ForwardFor, LogPreset, Mode, Options, Redispatch};
use ir::spec::Sections;
use syntax::{Modifier, Word};

use super::{DFL, DFLB, DLB};
use crate::context::Context;
use crate::draft::Kind;
use crate::keyword::{Keyword, MANY, NONE, OPTIONAL, Set};
use crate::line::Line;

/// A switch that the data path reads.
const fn switch(
    name: &'static str,
    doc: &'static str,
    sections: Sections,
    set: fn(&mut Context<'_>, bool),
) -> Keyword {
    Keyword::new(name, doc, sections, "", NONE, Set::Switch(set)).listed()
}

/// A switch that nothing reads yet.
const fn parsed(name: &'static str, doc: &'static str, sections: Sections) -> Keyword {
    Keyword::new(name, doc, sections, "", NONE, Set::Switch(|_, _| {})).parsed().listed()
}

/// An option with arguments, that cannot be negated, and that nothing executes yet.
const fn check(name: &'static str, doc: &'static str, usage: &'static str) -> Keyword {
    Keyword::new(name, doc, DLB, usage, MANY, Set::Line(no_negation)).parsed()
}

fn options<'c>(c: &'c mut Context<'_>) -> &'c mut Options {
    &mut c.px.proxy.options
}

/// True when the line is negated, which is told.
fn is_negated(c: &mut Context<'_>, line: &Line<'_>) -> bool {
    if line.modifier == Modifier::None {
        return false;
    }
    let name = line.name.get(1).map_or_else(String::new, |word| word.lossy().into_owned());
    c.alert_tight(
        "no-negation",
        line.span,
        format!("negation/default is not supported for option '{name}'."),
    );
    true
}

fn no_negation(c: &mut Context<'_>, line: &Line<'_>) {
    is_negated(c, line);
}

fn httpchk(c: &mut Context<'_>, line: &Line<'_>) {
    if is_negated(c, line) {
        return;
    }
    // `option httpchk METHOD URI VERSION` once took headers and a body behind the version.
    let version = line.args.get(2).map_or(b"".as_slice(), |word| &word.text);
    if version.iter().any(|byte| matches!(byte, b'\r' | b'\n')) {
        let text = "'option httpchk' : hiding headers or body at the end of the version string is unsupported.\
                    Use 'http-check send' directive instead..";
        c.alert("removed", line.span, text);
    }
}

/// The three connection modes exclude each other: the last one counts.
fn connection_mode(c: &mut Context<'_>, on: bool, pick: fn(&mut Options) -> &mut bool) {
    let options = options(c);
    if on {
        options.httpclose = false;
        options.http_server_close = false;
        options.http_keep_alive = false;
        *pick(options) = true;
    } else {
        *pick(options) = false;
    }
}

fn redispatch(c: &mut Context<'_>, line: &Line<'_>) {
    if line.modifier != Modifier::None {
        c.px.proxy.redispatch = Redispatch(0);
        return;
    }
    // Without a value only the last retry goes to another server.
    let interval = line.arg(0).map_or(Some(-1), |word| base::bytes::parse_i64(&word.text));
    match interval.and_then(|interval| i32::try_from(interval).ok()) {
        Some(interval) => c.px.proxy.redispatch = Redispatch(interval),
        None => {
            let text = format!("'option redispatch' expects an integer argument (got '{}').", line.lossy(0));
            c.alert("bad-number", line.span, text);
        }
    }
}

fn log_preset(c: &mut Context<'_>, line: &Line<'_>) {
    if is_negated(c, line) {
        return;
    }
    let name = line.name.get(1).map_or_else(String::new, |word| word.lossy().into_owned());
    let clf = line.arg(0).is_some_and(|word| word.is("clf"));
    if let Some(word) = line.arg(0).filter(|_| !clf) {
        let text = format!("keyword '{name}' only supports option 'clf'.");
        return c.alert("unknown-keyword", word.span, text);
    }
    if c.px.kind == Kind::Backend {
        let text = format!("backend '{}' : 'option {name}' directive is ignored in backends.", c.px.name());
        return c.warn("wrong-side", line.span, text);
    }
    let shown = format!("option {name}{}", if clf { " clf" } else { "" });
    super::log::warn_overridden(c, line, &shown);
    c.px.log_format = None;
    c.px.log_option = Some(line.span);
    c.px.proxy.log_preset = match (name.as_str(), clf) {
        ("httplog", false) => LogPreset::Httplog,
        ("httplog", true) => LogPreset::Clf,
        ("httpslog", _) => LogPreset::Httpslog,
        ("tcplog", true) => {
            c.warn_parsed("option tcplog clf", line.span);
            LogPreset::Tcplog
        }
        _ => LogPreset::Tcplog,
    };
}

fn forwardfor(c: &mut Context<'_>, line: &Line<'_>) {
    if line.modifier != Modifier::None {
        c.px.proxy.forwardfor = None;
        return;
    }
    let mut done = ForwardFor { header: b"x-forwarded-for".to_vec(), except: None, if_none: false };
    let mut words = line.args.iter();
    while let Some(word) = words.next() {
        match word.lossy().as_ref() {
            "except" => match words.next().and_then(network) {
                Some(except) => done.except = Some(except),
                None => {
                    let text = "'option forwardfor except' expects <address>[/mask] as argument.";
                    return c.alert("bad-network", word.span, text);
                }
            },
            "header" => match words.next() {
                Some(name) => done.header = name.text.to_ascii_lowercase(),
                None => {
                    let text = "'option forwardfor header' expects <header_name> as argument.";
                    return c.alert("missing-argument", word.span, text);
                }
            },
            "if-none" => done.if_none = true,
            _ => {
                let text =
                    "'option forwardfor' only supports optional values: 'except', 'header' and 'if-none'.";
                return c.alert("unknown-keyword", word.span, text);
            }
        }
    }
    c.px.proxy.forwardfor = Some(done);
    c.px.http_only.forwardfor = true;
}

fn network(word: &Word) -> Option<(std::net::IpAddr, u8)> {
    match base::net::Network::parse(&word.text)? {
        base::net::Network::V4 { address, mask } => {
            let prefix = mask.to_bits().leading_ones();
            let contiguous = base::net::mask4(u8::try_from(prefix).ok()?) == mask;
            contiguous.then_some((address.into(), u8::try_from(prefix).ok()?))
        }
        base::net::Network::V6 { address, prefix } => Some((address.into(), prefix)),
    }
}

fn tcpka(c: &mut Context<'_>, line: &Line<'_>) {
    if is_negated(c, line) {
        return;
    }
    let kind = c.px.kind;
    options(c).clitcpka |= kind != Kind::Backend;
    options(c).srvtcpka |= kind != Kind::Frontend;
}

fn accept_invalid(c: &mut Context<'_>, line: &Line<'_>) {
    if is_negated(c, line) {
        return;
    }
    let is_request = line.name.get(1).is_some_and(|word| word.is("accept-invalid-http-request"));
    let way = if is_request { "request" } else { "response" };
    let text = format!(
        "option 'accept-invalid-http-{way}' is deprecated. please use \
         'option accept-unsafe-violations-in-http-{way}' if absolutely needed."
    );
    c.warn_tight("deprecated", line.span, text);
    if is_request {
        options(c).accept_unsafe_violations_in_http_request = true;
    } else {
        options(c).accept_unsafe_violations_in_http_response = true;
    }
}

fn restrict_names(c: &mut Context<'_>, line: &Line<'_>) {
    match line.lossy(0).as_str() {
        "preserve" | "reject" | "delete" => {}
        "" => {
            let text = "missing parameter. option 'http-restrict-req-hdr-names' expects 'preserve', 'reject' or \
                        'delete' option.";
            c.alert("missing-argument", line.span, text);
        }
        other => {
            let text = format!(
                "invalid parameter '{other}'. option 'http-restrict-req-hdr-names' expects 'preserve', 'reject' \
                 or 'delete' option."
            );
            c.alert("bad-argument", line.span, text);
        }
    }
}

fn removed(c: &mut Context<'_>, line: &Line<'_>) {
    let name = line.name.get(1).map_or_else(String::new, |word| word.lossy().into_owned());
    let text = match name.as_str() {
        "forceclose" => {
            "is not supported any more since HAProxy 2.0, please just remove it, or use 'option httpclose' if \
             absolutely needed."
        }
        "http-tunnel" => {
            "is not supported any more since HAProxy 2.1, please just remove it, it shouldn't be needed."
        }
        _ => {
            "is not supported any more since HAProxy 2.5. This option stopped working in HAProxy 1.9 and usually \
             had nasty side effects. It can be more reliably implemented with combinations of \
             'http-request set-dst' and 'http-request set-uri', and even 'http-request do-resolve' if DNS \
             resolution is desired."
        }
    };
    c.alert_tight("removed", line.span, format!("option '{name}' {text}"));
}

fn transparent(c: &mut Context<'_>, line: &Line<'_>) {
    c.alert_tight("removed", line.span, "support for option 'transparent' was removed in version 3.5.");
}

/// An option that no row has.
fn unknown(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = line.arg(0) else {
        return c.alert_tight("missing-argument", line.span, "'option' expects an option name.");
    };
    let names = ROWS.iter().filter_map(|row| row.spec.name.strip_prefix("option "));
    let best = crate::hint::best(&word.text, names);
    let text = match best {
        Some(best) => format!("unknown option '{}'; did you mean '{best}' maybe ?", word.lossy()),
        None => format!("unknown option '{}'.", word.lossy()),
    };
    c.push(Diagnostic::error("unknown-option", word.span, text).at(Place::Parsing));
}

/// Whether an option is for HTTP only, for the warnings about other modes.
pub fn http_options(options: &Options, mode: Mode) -> Vec<&'static str> {
    if mode == Mode::Http {
        return Vec::new();
    }
    let all = [
        ("http-buffer-request", options.http_buffer_request),
        ("http-ignore-probes", options.http_ignore_probes),
        ("prefer-last-server", options.prefer_last_server),
        ("accept-unsafe-violations-in-http-request", options.accept_unsafe_violations_in_http_request),
        ("accept-unsafe-violations-in-http-response", options.accept_unsafe_violations_in_http_response),
        ("http-use-proxy-header", options.http_use_proxy_header),
        ("http-no-delay", options.http_no_delay),
    ];
    all.into_iter().filter(|(_, on)| *on).map(|(name, _)| name).collect()
}

pub const ROWS: &[Keyword] = &[
    switch("option abortonclose", "Drops requests whose client left.", DFLB, |c, on| {
        options(c).abortonclose = Some(on)
    }),
    switch("option allbackups", "Uses all backup servers at once.", DLB, |c, on| options(c).allbackups = on),
    parsed("option checkcache", "Refuses responses that a cache would leak.", DLB).http(),
    switch("option clitcpka", "TCP keep-alive towards clients.", DFL, |c, on| options(c).clitcpka = on),
    switch("option contstats", "Counts while a stream runs.", DFL, |c, on| options(c).contstats = on),
    switch("option dontlognull", "Does not log connections without data.", DFL, |c, on| {
        options(c).dontlognull = on
    }),
    switch("option http-buffer-request", "Waits for a request's body.", DFLB, |c, on| {
        options(c).http_buffer_request = on
    })
    .http(),
    parsed("option http-drop-request-trailers", "Drops requests' trailers.", DLB).http(),
    parsed("option http-drop-response-trailers", "Drops responses' trailers.", DFL).http(),
    switch(
        "option http-ignore-probes",
        "Does not log connections that end before a request.",
        DFL,
        |c, on| options(c).http_ignore_probes = on,
    )
    .http(),
    parsed("option idle-close-on-response", "Closes idle clients with their next response.", DFL).http(),
    switch("option prefer-last-server", "Keeps to the server of a connection.", DLB, |c, on| {
        options(c).prefer_last_server = on
    })
    .http(),
    switch("option logasap", "Logs when the response begins.", DFL, |c, on| options(c).logasap = on),
    switch("option nolinger", "Closes without waiting for data to arrive.", DFLB, |c, on| {
        options(c).nolinger = on
    }),
    switch("option persist", "Keeps to a server that is down.", DLB, |c, on| options(c).persist = on),
    switch("option srvtcpka", "TCP keep-alive towards servers.", DLB, |c, on| options(c).srvtcpka = on),
    switch("option splice-request", "Splices requests.", DFLB, |c, on| options(c).splice_request = on),
    switch("option splice-response", "Splices responses.", DFLB, |c, on| options(c).splice_response = on),
    switch("option splice-auto", "Splices where it pays.", DFLB, |c, on| options(c).splice_auto = on),
    switch("option accept-unsafe-violations-in-http-request", "Accepts malformed requests.", DFL, |c, on| {
        options(c).accept_unsafe_violations_in_http_request = on
    })
    .http(),
    switch(
        "option accept-unsafe-violations-in-http-response",
        "Accepts malformed responses.",
        DLB,
        |c, on| options(c).accept_unsafe_violations_in_http_response = on,
    )
    .http(),
    switch("option dontlog-normal", "Logs only what went wrong.", DFL, |c, on| {
        options(c).dontlog_normal = on
    }),
    switch("option log-separate-errors", "Logs errors at a higher level.", DFL, |c, on| {
        options(c).log_separate_errors = on
    }),
    switch("option log-health-checks", "Logs every check's result.", DLB, |c, on| {
        options(c).log_health_checks = on
    }),
    switch("option socket-stats", "Counts by socket.", DFL, |c, on| options(c).socket_stats = on),
    switch("option tcp-smart-accept", "Saves a packet when accepting.", DFL, |c, on| {
        options(c).tcp_smart_accept = on
    }),
    switch("option tcp-smart-connect", "Saves a packet when connecting.", DLB, |c, on| {
        options(c).tcp_smart_connect = on
    }),
    switch("option independent-streams", "Each side has its own timeout.", DFLB, |c, on| {
        options(c).independent_streams = on
    }),
    switch("option http-use-proxy-header", "Uses Proxy-Connection.", DFL, |c, on| {
        options(c).http_use_proxy_header = on
    })
    .http(),
    parsed("option http-pretend-keepalive", "Closes server connections but does not say so.", DLB).http(),
    switch("option http-no-delay", "Sends every piece at once.", DFLB, |c, on| options(c).http_no_delay = on)
        .http(),
    parsed("option h1-case-adjust-bogus-client", "Writes header names in another case.", DFL),
    parsed("option h1-case-adjust-bogus-server", "Writes header names in another case.", DLB),
    parsed("option disable-h2-upgrade", "Does not take HTTP/2 by its preface.", DFL).http(),
    parsed("option assume-rfc6587-ntf", "Assumes non-transparent framing.", DFL).unlisted(),
    parsed("option dont-parse-log", "Forwards logs as they are.", DFL).unlisted(),
    switch("option httpclose", "Closes both sides after each response.", DFLB, |c, on| {
        connection_mode(c, on, |o| &mut o.httpclose)
    })
    .unlisted(),
    switch("option http-server-close", "Closes servers after each response.", DFLB, |c, on| {
        connection_mode(c, on, |o| &mut o.http_server_close)
    })
    .unlisted(),
    switch("option http-keep-alive", "Keeps both sides.", DFLB, |c, on| {
        connection_mode(c, on, |o| &mut o.http_keep_alive)
    })
    .unlisted(),
    Keyword::new(
        "option redispatch",
        "Retries on another server.",
        DLB,
        "[<interval>]",
        OPTIONAL,
        Set::Line(redispatch),
    )
    .with_no(),
    Keyword::new("option httplog", "The log line for HTTP.", DFLB, "[clf]", OPTIONAL, Set::Line(log_preset)),
    Keyword::new("option tcplog", "The log line for TCP.", DFLB, "[clf]", OPTIONAL, Set::Line(log_preset)),
    Keyword::new("option tcpka", "TCP keep-alive on both sides.", DFLB, "", NONE, Set::Line(tcpka)),
    Keyword::new(
        "option httpchk",
        "Checks servers by HTTP.",
        DLB,
        "[<method>] [<uri>] [<version>]",
        MANY,
        Set::Line(httpchk),
    )
    .parsed(),
    check("option ssl-hello-chk", "Checks servers by an SSLv3 hello.", ""),
    check("option smtpchk", "Checks servers by SMTP.", "[<hello> <domain>]"),
    check("option pgsql-check", "Checks PostgreSQL servers.", "user <username>"),
    check("option redis-check", "Checks Redis servers.", ""),
    check("option mysql-check", "Checks MySQL servers.", "[user <username>] [pre-41 | post-41]"),
    check("option ldap-check", "Checks LDAP servers.", ""),
    check("option spop-check", "Checks SPOP agents.", ""),
    check("option tcp-check", "Checks servers by tcp-check rules.", ""),
    check("option external-check", "Checks servers by a program.", ""),
    Keyword::new(
        "option forwardfor",
        "Adds the client's address as a header.",
        DFLB,
        "[except <network>] [header <name>] [if-none]",
        MANY,
        Set::Line(forwardfor),
    )
    .with_no(),
    Keyword::new("option httpslog", "The log line for HTTPS.", DFLB, "", NONE, Set::Line(log_preset)),
    Keyword::new(
        "option originalto",
        "Adds the destination's address as a header.",
        DFLB,
        "[except <network>] [header <name>]",
        MANY,
        Set::Nothing,
    )
    .parsed()
    .with_no(),
    Keyword::new(
        "option forwarded",
        "Adds a Forwarded header.",
        DLB,
        "[proto] [host …] [by …] [for …]",
        MANY,
        Set::Nothing,
    )
    .parsed()
    .with_no(),
    Keyword::new(
        "option http-restrict-req-hdr-names",
        "What happens to odd header names.",
        DFLB,
        "{ preserve | delete | reject }",
        OPTIONAL,
        Set::Line(restrict_names),
    )
    .parsed(),
    Keyword::new(
        "option use-small-buffers",
        "Uses small buffers while waiting.",
        DLB,
        "[queue] [l7-retries] [check]",
        MANY,
        Set::Nothing,
    )
    .parsed()
    .with_no(),
    Keyword::new(
        "option accept-invalid-http-request",
        "Deprecated.",
        DFL,
        "",
        NONE,
        Set::Line(accept_invalid),
    ),
    Keyword::new(
        "option accept-invalid-http-response",
        "Deprecated.",
        DLB,
        "",
        NONE,
        Set::Line(accept_invalid),
    ),
    Keyword::new("option forceclose", "Removed in 2.0.", DFLB, "", MANY, Set::Line(removed)).removed(),
    Keyword::new("option http-tunnel", "Removed in 2.1.", DFLB, "", MANY, Set::Line(removed)).removed(),
    Keyword::new("option http_proxy", "Removed in 2.5.", DFLB, "", MANY, Set::Line(removed)).removed(),
    Keyword::new("option transparent", "Removed in 3.5.", DFLB, "", MANY, Set::Line(transparent))
        .removed()
        .listed(),
    Keyword::new("option", "Any other name is refused.", DFLB, "<name>", MANY, Set::Line(unknown)).with_no(),
];
