//! Options with words of their own: logs, forwarded addresses, redispatching. How servers are
//! checked is in `checks`.

use ir::config::{ForwardFor, LogPreset, Redispatch, RestrictNames};
use syntax::{Modifier, Word};

use super::log::warn_overridden;
use super::options::{is_negated, option_name};
use super::{DFL, DFLB, DLB};
use crate::context::Context;
use crate::draft::{Forwarded, Kind};
use crate::fail::{Checked, Fail};
use crate::keyword::{Keyword, MANY, Set, warn_side};
use crate::line::Line;

/// Told, and true, when only a backend may say this.
fn lacks_backend(c: &mut Context<'_>, line: &Line<'_>) -> bool {
    let lacks = !c.px.kind.takes_backend();
    if lacks {
        warn_side(c, line, "");
    }
    lacks
}

fn redispatch(c: &mut Context<'_>, line: &Line<'_>) {
    let interval = match (line.modifier, line.arg(0)) {
        (Modifier::None, Some(word)) => crate::numbers::wrapped(&word.text),
        // Without a value only the last retry goes to another server.
        (Modifier::None, None) => -1,
        _ => 0,
    };
    c.px.proxy.redispatch = Redispatch(interval);
}

fn log_preset(c: &mut Context<'_>, line: &Line<'_>) {
    if is_negated(c, line) {
        return;
    }
    let name = option_name(line);
    let clf = name != "httpslog" && line.arg(0).is_some_and(|word| word.is("clf"));
    if name != "httpslog" {
        if let Some(word) = line.arg(0).filter(|_| !clf) {
            let text = format!("keyword '{name}' only supports option 'clf'.");
            return c.alert("unknown-keyword", word.span, text);
        }
        if let Some(fail) = line.too_many(0, 1) {
            return c.fail(fail);
        }
    }
    if c.px.kind == Kind::Backend {
        let text = format!("backend '{}' : 'option {name}' directive is ignored in backends.", c.px.name());
        c.warn("wrong-side", line.span, text);
    }
    let shown = format!("option {name}{}", if clf { " clf" } else { "" });
    warn_overridden(c, line, &shown);
    c.px.log_format = None;
    c.px.log_option = Some(line.span);
    c.px.proxy.log_preset = match (name.as_str(), clf) {
        ("httplog", false) => LogPreset::Httplog,
        ("httplog", true) => LogPreset::Clf,
        ("httpslog", _) => LogPreset::Httpslog,
        (_, true) => LogPreset::TcpClf,
        _ => LogPreset::Tcplog,
    };
}

fn tcpka(c: &mut Context<'_>, line: &Line<'_>) {
    if is_negated(c, line) {
        return;
    }
    if let Some(fail) = line.too_many(0, 0) {
        return c.fail(fail);
    }
    let kind = c.px.kind;
    let options = &mut c.px.proxy.options;
    options.clitcpka |= kind.takes_frontend();
    options.srvtcpka |= kind.takes_backend();
}

/// `forwardfor` and `originalto`, whose words are the same but one.
fn header(c: &mut Context<'_>, line: &Line<'_>) {
    if is_negated(c, line) {
        return;
    }
    let is_source = option_name(line) == "forwardfor";
    match header_words(line, is_source) {
        Ok(done) if is_source => c.px.proxy.forwardfor = Some(done),
        Ok(done) => {
            c.px.http_only.originalto = true;
            c.px.proxy.originalto = Some(done);
        }
        Err(fail) => c.fail(fail),
    }
}

fn header_words(line: &Line<'_>, is_source: bool) -> Checked<ForwardFor> {
    let fail = |word: &Word, text: String| Fail::new("bad-argument", word.span, text);
    let header = if is_source { "x-forwarded-for" } else { "x-original-to" };
    let mut done = ForwardFor { header: header.into(), except: None, if_none: false };
    let mut words = line.args.iter();
    while let Some(word) = words.next() {
        let option = format!("'{} {}'", line.keyword(), word.lossy());
        match word.text.as_slice() {
            b"except" => {
                let except = words.next().and_then(|word| base::net::Network::parse(&word.text));
                let wrong = || fail(word, format!("{option} expects <address>[/mask] as argument."));
                done.except = Some(except.ok_or_else(wrong)?);
            }
            b"header" => {
                let wrong = || fail(word, format!("{option} expects <header_name> as argument."));
                done.header = words.next().ok_or_else(wrong)?.text.to_ascii_lowercase();
            }
            b"if-none" if is_source => done.if_none = true,
            _ => {
                let known =
                    if is_source { "'except', 'header' and 'if-none'" } else { "'except' and 'header'" };
                let text = format!("'{}' only supports optional values: {known}.", line.keyword());
                return Err(fail(word, text));
            }
        }
    }
    Ok(done)
}

/// `option forwarded`: RFC 7239. Its expressions are read when the mode is known.
fn forwarded(c: &mut Context<'_>, line: &Line<'_>) {
    match line.modifier {
        Modifier::Default => drop(is_negated(c, line)),
        Modifier::No => c.px.forwarded = None,
        Modifier::None => {
            if !c.px.kind.takes_backend() {
                let text =
                    format!("'option forwarded' ignored because {} has no backend capability.", c.px.title());
                return c.warn("wrong-side", line.span, text);
            }
            match forwarded_words(c, line) {
                Ok(done) => c.px.forwarded = Some(done),
                Err((fail, true)) => c.alert_tight(fail.code, fail.span, fail.message),
                Err((fail, false)) => c.fail(fail),
            }
        }
    }
}

/// The error comes with whether its message stands close behind the place.
fn forwarded_words(c: &mut Context<'_>, line: &Line<'_>) -> Result<Forwarded, (Fail, bool)> {
    const KNOWN: [&str; 11] = [
        "proto",
        "host",
        "host-expr",
        "by",
        "by-expr",
        "for",
        "for-expr",
        "by_port",
        "by_port-expr",
        "for_port",
        "for_port-expr",
    ];
    let mut given = Vec::new();
    let mut words = line.args.iter();
    while let Some(word) = words.next() {
        let Some(known) = KNOWN.iter().find(|known| word.is(known)) else {
            let text = "'option forwarded' only supports optional values: 'proto', 'host', 'host-expr', 'by', \
                        'by-expr', 'by_port', 'by_port-expr', 'for', 'for-expr', 'for_port' and 'for_port-expr'.";
            return Err((Fail::new("unknown-keyword", word.span, text), false));
        };
        let expr = if known.ends_with("-expr") { words.next().cloned() } else { None };
        if expr.is_none() && known.ends_with("-expr") {
            let text = format!("'{known}' expects <expr> as argument.");
            return Err((Fail::new("missing-argument", word.span, text), true));
        }
        given.push((*known, expr));
    }
    let has =
        |name: &str| given.iter().any(|(known, _)| known.strip_suffix("-expr").unwrap_or(known) == name);
    for (node, port) in [("by", "by_port"), ("for", "for_port")] {
        if has(port) && !has(node) {
            // HAProxy names the expression in any case.
            let text = format!(
                "'option forwarded' : '{port}-expr' will be ignored because both '{node}' and '{node}-expr' are \
                 unset"
            );
            c.warn("ignored-option", line.span, text);
        }
    }
    Ok(Forwarded { span: line.span, words: given })
}

fn restrict_names(c: &mut Context<'_>, line: &Line<'_>) {
    const EXPECTED: &str =
        "option 'http-restrict-req-hdr-names' expects 'preserve', 'reject' or 'delete' option.";
    if is_negated(c, line) {
        return;
    }
    match (line.lossy(0).as_str(), line.arg(1)) {
        (_, Some(extra)) => {
            let text = format!("'option' cannot handle unexpected argument '{}'.", extra.lossy());
            c.alert("extra-argument", extra.span, text);
        }
        ("preserve", None) => c.px.proxy.restrict_names = RestrictNames::Preserve,
        ("reject", None) => c.px.proxy.restrict_names = RestrictNames::Reject,
        ("delete", None) => c.px.proxy.restrict_names = RestrictNames::Delete,
        ("", None) => c.alert("missing-argument", line.span, format!("missing parameter. {EXPECTED}")),
        (other, None) => {
            c.alert("bad-argument", line.span, format!("invalid parameter '{other}'. {EXPECTED}"));
        }
    }
}

fn small_buffers(c: &mut Context<'_>, line: &Line<'_>) {
    let is_known = |word: &Word| ["queue", "l7-retries", "check"].iter().any(|known| word.is(known));
    if let Some(word) = line.args.iter().find(|word| !is_known(word)) {
        let text = format!(
            "invalid parameter '{}'. option 'use-small-buffers' expects 'queue', 'l7-retries' or 'check' value.",
            word.lossy()
        );
        c.alert("bad-argument", word.span, text);
    }
}

fn accept_invalid(c: &mut Context<'_>, line: &Line<'_>) {
    let name = option_name(line);
    if is_negated(c, line) {
        return;
    }
    if let Some(fail) = line.too_many(0, 0) {
        return c.fail(fail);
    }
    let is_request = name.ends_with("request");
    let has_side = if is_request { c.px.kind.takes_frontend() } else { c.px.kind.takes_backend() };
    if !has_side {
        return warn_side(c, line, "");
    }
    let way = if is_request { "request" } else { "response" };
    let text = format!(
        "option '{name}' is deprecated. please use 'option accept-unsafe-violations-in-http-{way}' if absolutely \
         needed."
    );
    c.warn_tight("deprecated", line.span, text);
    super::options::accept_violations(c, is_request);
}

const fn row(
    name: &'static str,
    doc: &'static str,
    sections: ir::spec::Sections,
    usage: &'static str,
    set: fn(&mut Context<'_>, &Line<'_>),
) -> Keyword {
    Keyword::new(name, doc, sections, usage, MANY, Set::Line(set)).own_side()
}

pub const ROWS: &[Keyword] = &[
    row("option redispatch", "Retries on another server.", DLB, "[<interval>]", |c, line| {
        if !lacks_backend(c, line) {
            redispatch(c, line);
        }
    })
    .with_no(),
    row("option httplog", "The log line for HTTP.", DFL, "[clf]", log_preset),
    row("option tcplog", "The log line for TCP.", DFL, "[clf]", log_preset),
    row("option httpslog", "The log line for HTTPS.", DFL, "", log_preset).hidden(),
    row("option tcpka", "TCP keep-alive on both sides.", DFLB, "", tcpka),
    row(
        "option forwardfor",
        "Adds the client's address as a header.",
        DFLB,
        "[except <network>] [header <name>] [if-none]",
        header,
    ),
    row(
        "option originalto",
        "Adds the destination's address as a header.",
        DFLB,
        "[except <network>] [header <name>]",
        header,
    )
    .hidden(),
    row(
        "option forwarded",
        "Adds a Forwarded header.",
        DLB,
        "[proto] [host | host-expr <expr>] [by …] [by_port …] [for …] [for_port …]",
        forwarded,
    )
    .with_no(),
    row(
        "option http-restrict-req-hdr-names",
        "What happens to odd header names.",
        DFLB,
        "{ preserve | delete | reject }",
        restrict_names,
    )
    .hidden(),
    row(
        "option use-small-buffers",
        "Uses small buffers while waiting.",
        DLB,
        "[queue] [l7-retries] [check]",
        |c, line| {
            if !lacks_backend(c, line) {
                small_buffers(c, line);
            }
        },
    )
    .parsed()
    .hidden()
    .with_no(),
    row("option accept-invalid-http-request", "Deprecated.", DFL, "", accept_invalid)
        .replaced_by("option accept-unsafe-violations-in-http-request")
        .hidden(),
    row("option accept-invalid-http-response", "Deprecated.", DLB, "", accept_invalid)
        .replaced_by("option accept-unsafe-violations-in-http-response")
        .hidden(),
];
