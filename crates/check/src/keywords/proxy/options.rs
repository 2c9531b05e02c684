//! `option …`: the switches. Options with words, and those that are gone, have files of their own.

use diag::{Diagnostic, Place};
use ir::config::Options;
use ir::spec::Sections;
use syntax::Modifier;

use super::{DFL, DFLB, DLB};
use crate::context::Context;
use crate::draft::Draft;
use crate::keyword::{Keyword, MANY, NONE, Set};
use crate::line::Line;

/// A switch that the data path reads.
const fn switch(
    name: &'static str,
    doc: &'static str,
    sections: Sections,
    set: fn(&mut Context<'_>, bool),
) -> Keyword {
    Keyword::new(name, doc, sections, "", NONE, Set::Switch(set)).listed().skipped()
}

/// A switch that has its effect in other sections only.
const fn without_effect(name: &'static str, doc: &'static str) -> Keyword {
    switch(name, doc, DFL, |_, _| {}).unlisted().hidden()
}

fn options<'c>(c: &'c mut Context<'_>) -> &'c mut Options {
    &mut c.px.proxy.options
}

/// What `option accept-unsafe-violations-in-http-…` does.
pub fn accept_violations(c: &mut Context<'_>, is_request: bool) {
    if is_request {
        c.px.http_only.note("option accept-unsafe-violations-in-http-request", true);
        options(c).accept_unsafe_violations_in_http_request = true;
    } else {
        c.px.http_only.note("option accept-unsafe-violations-in-http-response", true);
        options(c).accept_unsafe_violations_in_http_response = true;
    }
}

/// The options of a proxy that need `mode http`, in the order in which they are told.
pub fn http_options(draft: &Draft) -> impl Iterator<Item = &'static str> {
    let has_side = |row: &Keyword| {
        let sections = row.spec.sections;
        let is_one = |section| Sections::one(section).0 & sections.0 != 0;
        (draft.kind.is_frontend() && is_one(ir::spec::Section::Frontend))
            || (draft.kind.is_backend() && is_one(ir::spec::Section::Backend))
    };
    let is_noted = |row: &&Keyword| draft.http_only.options.contains(&row.spec.name) && has_side(row);
    let names = ROWS.iter().filter(is_noted).map(|row| row.spec.name);
    names.collect::<Vec<_>>().into_iter()
}

/// The word behind `option`.
pub fn option_name(line: &Line<'_>) -> String {
    line.name.get(1).or(line.arg(0)).map_or_else(String::new, |word| word.lossy().into_owned())
}

/// True when the line is negated, which is told.
pub fn is_negated(c: &mut Context<'_>, line: &Line<'_>) -> bool {
    if line.modifier == Modifier::None {
        return false;
    }
    let text = format!("negation/default is not supported for option '{}'.", option_name(line));
    c.alert_tight("no-negation", line.span, text);
    true
}

/// The three connection modes exclude each other: the last one counts.
fn connection_mode(c: &mut Context<'_>, line: &Line<'_>, pick: fn(&mut Options) -> &mut bool) {
    if let Some(fail) = line.too_many(0, 0) {
        return c.fail(fail);
    }
    match line.modifier {
        Modifier::Default => drop(is_negated(c, line)),
        Modifier::No => *pick(options(c)) = false,
        Modifier::None => {
            let options = options(c);
            options.httpclose = false;
            options.http_server_close = false;
            options.http_keep_alive = false;
            *pick(options) = true;
        }
    }
}

/// Tells of an option that is not known. One that stands in a section without its side is not
/// found either, and then suggests itself.
pub fn unknown(c: &mut Context<'_>, line: &Line<'_>) {
    /// HAProxy's list has one wrong name.
    const MISNAMED: &str = "original-to";
    let name = option_name(line);
    if name.is_empty() {
        return c.alert_tight("missing-argument", line.span, "'option' expects an option name.");
    }
    if is_negated(c, line) {
        return;
    }
    let rows = super::TABLES.iter().copied().flatten().filter(|row| !row.hidden);
    let names = rows.filter_map(|row| row.spec.name.strip_prefix("option ")).chain([MISNAMED]);
    let best = crate::hint::best(name.as_bytes(), names);
    let text = match best {
        Some(best) => format!("unknown option '{name}'; did you mean '{best}' maybe ?"),
        None => format!("unknown option '{name}'."),
    };
    c.push(Diagnostic::error("unknown-option", line.span, text).at(Place::Parsing));
    if let Some(word) = line.name.get(1).or(line.arg(0)) {
        c.suggest(word.span, best);
    }
}

pub const ROWS: &[Keyword] = &[
    switch("option abortonclose", "Drops requests whose client left.", DFLB, |c, on| {
        options(c).abortonclose = Some(on)
    }),
    switch("option allbackups", "Uses all backup servers at once.", DLB, |c, on| options(c).allbackups = on),
    switch("option checkcache", "Refuses responses that a cache would leak.", DLB, |c, on| {
        options(c).checkcache = on
    })
    .http(),
    switch("option clitcpka", "TCP keep-alive towards clients.", DFL, |c, on| options(c).clitcpka = on),
    switch("option contstats", "Counts while a stream runs.", DFL, |c, on| options(c).contstats = on)
        .parsed(),
    switch("option dontlognull", "Does not log connections without data.", DFL, |c, on| {
        options(c).dontlognull = on
    }),
    switch("option http-buffer-request", "Waits for a request's body.", DFLB, |c, on| {
        options(c).http_buffer_request = on
    })
    .http(),
    switch("option http-drop-request-trailers", "Drops requests' trailers.", DLB, |c, on| {
        options(c).http_drop_request_trailers = on
    })
    .http(),
    switch("option http-drop-response-trailers", "Drops responses' trailers.", DFL, |c, on| {
        options(c).http_drop_response_trailers = on
    })
    .http(),
    switch(
        "option http-ignore-probes",
        "Does not log connections that end before a request.",
        DFL,
        |c, on| options(c).http_ignore_probes = on,
    )
    .http(),
    switch("option idle-close-on-response", "Closes idle clients with their next response.", DFL, |c, on| {
        options(c).idle_close_on_response = on
    })
    .http(),
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
    })
    .parsed(),
    switch("option socket-stats", "Counts by socket.", DFL, |c, on| options(c).socket_stats = on).parsed(),
    switch("option tcp-smart-accept", "Saves a packet when accepting.", DFL, |c, on| {
        options(c).tcp_smart_accept = Some(on)
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
    switch(
        "option http-pretend-keepalive",
        "Closes server connections but does not say so.",
        DLB,
        |c, on| options(c).http_pretend_keepalive = on,
    )
    .http(),
    // Every piece always is.
    switch("option http-no-delay", "Sends every piece at once.", DFLB, |c, on| options(c).http_no_delay = on)
        .http(),
    switch("option h1-case-adjust-bogus-client", "Writes header names in another case.", DFL, |c, on| {
        options(c).h1_case_adjust_bogus_client = on
    }),
    switch("option h1-case-adjust-bogus-server", "Writes header names in another case.", DLB, |c, on| {
        options(c).h1_case_adjust_bogus_server = on
    }),
    switch("option disable-h2-upgrade", "Does not take HTTP/2 by its preface.", DFL, |c, on| {
        options(c).disable_h2_upgrade = on
    })
    .http(),
    without_effect("option assume-rfc6587-ntf", "Assumes non-transparent framing, in log-forward sections."),
    without_effect("option dont-parse-log", "Forwards logs as they are, in log-forward sections."),
    Keyword::new(
        "option httpclose",
        "Closes both sides after each response.",
        DFLB,
        "",
        MANY,
        Set::Line(|c, line| connection_mode(c, line, |o| &mut o.httpclose)),
    )
    .with_no(),
    Keyword::new(
        "option http-server-close",
        "Closes servers after each response.",
        DFLB,
        "",
        MANY,
        Set::Line(|c, line| connection_mode(c, line, |o| &mut o.http_server_close)),
    )
    .with_no(),
    Keyword::new(
        "option http-keep-alive",
        "Keeps both sides.",
        DFLB,
        "",
        MANY,
        Set::Line(|c, line| connection_mode(c, line, |o| &mut o.http_keep_alive)),
    )
    .with_no(),
    Keyword::new("option", "Any other name is refused.", DFLB, "<name>", MANY, Set::Line(unknown)).with_no(),
];
