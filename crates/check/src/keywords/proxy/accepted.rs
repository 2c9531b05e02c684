//! Families that are accepted and not executed yet.

use ir::config::StickTable;

use super::{DFL, DFLB, DLB, FL, FLB, LB};
use crate::context::Context;
use crate::draft::Kind;
use crate::keyword::{Keyword, MANY, Set};
use crate::line::{Line, starts_condition};

fn cookie(c: &mut Context<'_>, line: &Line<'_>) {
    if line.args.is_empty() {
        return c.alert("missing-argument", line.span, "'cookie' expects <cookie_name> as argument.");
    }
    let mut words = line.args[1..].iter();
    while let Some(word) = words.next() {
        match word.lossy().as_ref() {
            "rewrite" | "indirect" | "insert" | "nocache" | "postonly" | "preserve" | "prefix"
            | "httponly" | "secure" | "dynamic" => {}
            "domain" | "maxidle" | "maxlife" | "attr" => {
                if words.next().is_none() {
                    let text = format!("'{}' expects <value> as argument.", word.lossy());
                    return c.alert_tight("missing-argument", word.span, text);
                }
            }
            _ => {
                let text = "'cookie' supports 'rewrite', 'insert', 'prefix', 'indirect', 'nocache', 'postonly', \
                            'domain', 'maxidle', 'dynamic', 'maxlife' and 'attr' options.";
                return c.alert("unknown-keyword", word.span, text);
            }
        }
    }
    let has = |name: &str| line.args[1..].iter().any(|word| word.is(name));
    let modes = [has("rewrite"), has("insert"), has("prefix")].iter().filter(|used| **used).count();
    if has("rewrite") && has("indirect") {
        c.alert("bad-cookie", line.span, "cookie 'rewrite' and 'indirect' modes are incompatible.");
    }
    if modes > 1 {
        c.alert("bad-cookie", line.span, "cookie 'rewrite', 'insert' and 'prefix' modes are incompatible.");
    }
    c.px.http_only.cookie = true;
}

fn stick_table(c: &mut Context<'_>, line: &Line<'_>) {
    let mut words = line.args.iter();
    while let Some(word) = words.next() {
        if !word.is("type") {
            continue;
        }
        let kind = words.next().map_or_else(String::new, |word| word.lossy().into_owned());
        if !matches!(kind.as_str(), "ip" | "ipv4" | "ipv6" | "integer" | "string" | "binary") {
            let text = format!("stick-table: unknown type '{kind}'.");
            return c.alert("bad-table", word.span, text);
        }
    }
    let words = line.args.iter().map(|word| word.text.clone()).collect();
    c.config.stick_tables.push(StickTable { name: c.px.proxy.name.clone(), words });
    let last = u32::try_from(c.config.stick_tables.len() - 1).unwrap_or(u32::MAX);
    c.px.proxy.stick_table = Some(ir::id::TableId(last));
}

/// `stick on`, `stick match`, `stick store-request`, `stick store-response`.
fn stick(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(way) = line.arg(0).filter(|word| {
        ["on", "match", "store", "store-request", "store-response"].iter().any(|way| word.is(way))
    }) else {
        return c.alert("unknown-keyword", line.span, "'stick' expects 'on', 'match', or 'store'.");
    };
    let words = &line.args[1..];
    if words.is_empty() {
        return c.alert("missing-argument", way.span, "'stick' expects a fetch method.");
    }
    let taken = match crate::expr::words(c, words) {
        Ok((_, taken)) => taken,
        Err(fail) => return c.alert(fail.code, fail.span, format!("'stick': {}", fail.message)),
    };
    let mut rest = &words[taken.min(words.len())..];
    if rest.first().is_some_and(|word| word.is("table")) {
        rest = rest.get(2..).unwrap_or_default();
    }
    match rest.first() {
        Some(word) if starts_condition(word) => {
            if let Err(fail) = crate::cond::check(c, rest) {
                let text =
                    format!("'stick': error detected while parsing sticking condition : {}.", fail.message);
                c.alert(fail.code, fail.span, text);
            }
        }
        Some(word) => {
            let text = format!("'stick': unknown keyword '{}'.", word.lossy());
            c.alert("unknown-keyword", word.span, text);
        }
        None => {}
    }
}

fn stats(c: &mut Context<'_>, line: &Line<'_>) {
    let what = line.lossy(0);
    let needs = |text: &str| line.args.len() < 2 && !text.is_empty();
    let missing = match what.as_str() {
        "uri" => "'uri' needs an URI prefix.",
        "realm" => "'realm' needs an realm name.",
        "auth" => "'auth' needs a user:password account.",
        "scope" => "'scope' needs a proxy name.",
        "admin" => return stats_admin(c, line),
        "refresh" => return stats_refresh(c, line),
        "http-request" | "enable" | "hide-version" | "show-version" | "show-legends" | "show-modules"
        | "show-node" | "show-desc" => "",
        _ => {
            let (problem, word) = match what.is_empty() {
                true => ("missing keyword in", "stats".to_owned()),
                false => ("unknown stats parameter", what),
            };
            let text = format!(
                "{problem} '{word}', expects 'admin', 'uri', 'realm', 'auth', 'scope', 'enable', 'hide-version', \
                 'show-node', 'show-desc' , 'show-legends' or 'show-version'."
            );
            return c.alert_tight("unknown-keyword", line.span, text);
        }
    };
    if needs(missing) {
        return c.alert("missing-argument", line.span, missing);
    }
    c.px.http_only.stats = true;
}

fn stats_admin(c: &mut Context<'_>, line: &Line<'_>) {
    if c.px.kind == Kind::Defaults {
        return c.alert_tight(
            "not-in-defaults",
            line.span,
            "'stats admin' not allowed in 'defaults' section.",
        );
    }
    let words = &line.args[1..];
    if !words.first().is_some_and(starts_condition) {
        let text = "'stats admin' requires either 'if' or 'unless' followed by a condition.";
        return c.alert("missing-condition", line.span, text);
    }
    if let Err(fail) = crate::cond::check(c, words) {
        let text = format!("error detected while parsing a 'stats admin' rule : {}.", fail.message);
        c.alert(fail.code, fail.span, text);
    }
    c.px.http_only.stats = true;
}

fn stats_refresh(c: &mut Context<'_>, line: &Line<'_>) {
    let text = line.arg(1).map_or(b"".as_slice(), |word| &word.text);
    let message = match base::time::parse(text, base::time::Unit::S) {
        Ok(_) => {
            c.px.http_only.stats = true;
            return;
        }
        Err(base::time::TimeError::Over) => format!(
            "timer overflow in argument <{}> to stats refresh interval, maximum value is 2147483647 s (~68 years).",
            line.lossy(1)
        ),
        Err(base::time::TimeError::Unexpected(at)) => format!(
            "unexpected character '{}' in argument to stats refresh interval.",
            crate::numbers::character(text, at)
        ),
    };
    c.alert_tight("bad-time", line.span, message);
}

fn compression(c: &mut Context<'_>, line: &Line<'_>) {
    const KNOWN: [&str; 10] = [
        "algo",
        "algo-req",
        "algo-res",
        "type",
        "type-req",
        "type-res",
        "offload",
        "direction",
        "minsize-req",
        "minsize-res",
    ];
    if !line.arg(0).is_some_and(|word| KNOWN.iter().any(|known| word.is(known))) {
        let text = "'compression' expects 'algo', 'type', 'direction' or 'offload'";
        c.alert("unknown-keyword", line.span, text);
    }
}

/// Accepted whole.
const fn parsed(
    name: &'static str,
    doc: &'static str,
    sections: ir::spec::Sections,
    usage: &'static str,
) -> Keyword {
    Keyword::new(name, doc, sections, usage, MANY, Set::Nothing).parsed()
}

pub const ROWS: &[Keyword] = &[
    Keyword::new(
        "cookie",
        "Persistence by a cookie.",
        DLB,
        "<name> [ rewrite | insert | prefix ] …",
        MANY,
        Set::Line(cookie),
    )
    .parsed(),
    Keyword::new(
        "stick-table",
        "A table of what clients did.",
        FLB,
        "type <type> size <size> …",
        MANY,
        Set::Line(stick_table),
    )
    .parsed(),
    Keyword::new(
        "stick",
        "Persistence by a table.",
        LB,
        "{ on | match | store-request | store-response } <pattern> …",
        MANY,
        Set::Line(stick),
    )
    .parsed(),
    Keyword::new("stats", "The statistics page.", DFLB, "<parameter> …", MANY, Set::Line(stats)).parsed(),
    Keyword::new(
        "compression",
        "Compresses responses.",
        DFLB,
        "{ algo | type | offload | direction } …",
        MANY,
        Set::Line(compression),
    )
    .listed()
    .parsed(),
    parsed("filter", "A filter.", FLB, "<name> [param*]").listed(),
    parsed("filter-sequence", "The order of filters.", FLB, "{ request | response } <name>[,...]").listed(),
    parsed("http-check", "A step of an HTTP check.", DLB, "<action> …").listed(),
    parsed("tcp-check", "A step of a TCP check.", DLB, "<action> …").listed(),
    parsed("external-check", "The program of external checks.", DLB, "{ command | path } <value>").listed(),
    parsed(
        "email-alert",
        "Mails about servers.",
        DFLB,
        "{ from | level | mailers | myhostname | to } <value>",
    ),
    parsed("dynamic-cookie-key", "The secret of dynamic cookies.", DLB, "<string>"),
    parsed("persist", "Persistence by the protocol.", DLB, "rdp-cookie[(<name>)]"),
    parsed("force-persist", "Uses servers that are down.", LB, "{ if | unless } <condition>"),
    parsed("ignore-persist", "Ignores persistence.", LB, "{ if | unless } <condition>"),
    parsed(
        "force-be-switch",
        "Switches to backends that are not published.",
        FL,
        "{ if | unless } <condition>",
    )
    .listed(),
    parsed("be-unpublished", "Hides the backend.", LB, "").listed(),
    parsed(
        "load-server-state-from-file",
        "Where servers' states come from.",
        DLB,
        "{ global | local | none }",
    ),
    parsed(
        "server-state-file-name",
        "The file of servers' states.",
        DLB,
        "[ { use-backend-name | <file> } ]",
    ),
    parsed("max-session-srv-conns", "Server connections kept for a client.", DFL, "<number>"),
    parsed("http-send-name-header", "Tells the server its name.", DLB, "[<header>]"),
    parsed("use-fcgi-app", "The FastCGI application of the backend.", LB, "<name>").listed(),
    parsed("clitcpka-cnt", "Keep-alive probes towards clients.", DFL, "<count>").listed(),
    parsed("clitcpka-idle", "Idle time before probes towards clients.", DFL, "<timeout>").listed(),
    parsed("clitcpka-intvl", "Time between probes towards clients.", DFL, "<timeout>").listed(),
    parsed("srvtcpka-cnt", "Keep-alive probes towards servers.", DLB, "<count>").listed(),
    parsed("srvtcpka-idle", "Idle time before probes towards servers.", DLB, "<timeout>").listed(),
    parsed("srvtcpka-intvl", "Time between probes towards servers.", DLB, "<timeout>").listed(),
    Keyword::new(
        "ssl-f-use",
        "A certificate of the frontend.",
        FL,
        "[<sslbindconf>...]",
        MANY,
        Set::Line(|c, _| c.px.has_certificates = true),
    )
    .listed()
    .parsed(),
    parsed("crt", "A certificate of the frontend.", FL, "<crt> …"),
];
