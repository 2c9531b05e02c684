//! How much a proxy takes, and what it does again: connections, rates, retries, reuse, TCP
//! keep-alive.

use base::time::{TimeError, Unit};
use ir::config::{HttpReuse, retry};
use ir::spec::Sections;
use syntax::Word;

use super::{DFL, DLB, Side, has_side, only_in_backends};
use crate::context::Context;
use crate::draft::Kind;
use crate::fail::{Checked, Fail};
use crate::keyword::{Keyword, MANY, ONE, Set};
use crate::line::Line;
use crate::numbers;

fn u32_of(n: i64) -> u32 {
    u32::try_from(n).unwrap_or(0)
}

fn retry_on(c: &mut Context<'_>, line: &Line<'_>) {
    if line.args.is_empty() {
        let text = "'retry-on' needs at least one keyword to specify when to retry";
        return c.alert("missing-argument", line.span, text);
    }
    if !only_in_backends(c, line, "") {
        return;
    }
    let mut events = 0;
    for word in line.args {
        match event(word, line) {
            Ok(event) => events |= event,
            Err(text) => return c.alert("bad-event", word.span, text),
        }
    }
    c.px.proxy.retry_on = events;
}

fn event(word: &Word, line: &Line<'_>) -> Result<u32, String> {
    Ok(match word.lossy().as_ref() {
        "none" if line.args.len() == 1 => 0,
        "none" => return Err("'retry-on' 'none' keyword only usable alone".to_owned()),
        "conn-failure" => retry::CONN_FAILURE,
        "empty-response" => retry::EMPTY_RESPONSE,
        "response-timeout" => retry::RESPONSE_TIMEOUT,
        "junk-response" => retry::JUNK_RESPONSE,
        "0rtt-rejected" => retry::ZERO_RTT_REJECTED,
        "all-retryable-errors" => retry::ALL_RETRYABLE,
        other => {
            let known = retry::STATUSES.iter().find(|(status, _)| status.to_string() == other);
            let (_, event) = known.ok_or_else(|| format!("'retry-on': unknown keyword '{other}'"))?;
            *event
        }
    })
}

fn http_reuse(c: &mut Context<'_>, line: &Line<'_>) {
    c.px.proxy.http_reuse = match line.lossy(0).as_str() {
        "never" => HttpReuse::Never,
        "safe" => HttpReuse::Safe,
        "aggressive" => HttpReuse::Aggressive,
        "always" => HttpReuse::Always,
        _ => {
            let text = "'http-reuse' only supports 'never', 'safe', 'aggressive', 'always'.";
            return c.alert("bad-reuse", line.span, text);
        }
    };
    if let Some(fail) = line.too_many(1, 0) {
        c.fail(fail);
    }
}

/// A number in any base of C's; the message names the first byte that belongs to none.
fn number(word: &Word, keyword: &str) -> Checked<i64> {
    let (value, rest) = numbers::strtol(&word.text, true);
    match rest.first() {
        None => Ok(value),
        Some(at) => {
            let at = char::from(*at);
            let text =
                format!("'{keyword}' : unexpected character '{at}' in integer value '{}'", word.lossy());
            Err(Fail::new("bad-number", word.span, text))
        }
    }
}

fn rate_limit(c: &mut Context<'_>, line: &Line<'_>) {
    if !line.arg(0).is_some_and(|word| word.is("sessions")) {
        let text = format!("'rate-limit' only supports 'sessions' (got '{}')", line.lossy(0));
        return c.alert("unknown-keyword", line.span, text);
    }
    let Some(word) = line.arg(1) else {
        let text = "'rate-limit sessions' expects expects an integer value (in sessions/second)";
        return c.alert("missing-argument", line.span, text);
    };
    let rate = match number(word, "rate-limit sessions") {
        Ok(rate) => rate as u32,
        Err(fail) => return c.fail(fail),
    };
    let is_second = c.px.kind != Kind::Defaults && c.px.proxy.session_limit != c.px.inherited.session_limit;
    if has_side(c, line, "rate-limit sessions", Side::Frontend) && is_second {
        c.warn("overwritten", line.span, "overwriting rate-limit sessions which was already specified");
    }
    c.px.proxy.session_limit = rate;
}

fn keep_alive_queue(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = line.arg(0) else {
        let text = "'max-keep-alive-queue' expects expects an integer value (or -1 to disable)";
        return c.alert("missing-argument", line.span, text);
    };
    match number(word, "max-keep-alive-queue") {
        Ok(number) => {
            c.px.proxy.max_keep_alive_queue = u32_of(number.saturating_add(1));
            has_side(c, line, "max-keep-alive-queue", Side::Backend);
        }
        Err(fail) => c.fail(fail),
    }
}

/// `clitcpka-…` and `srvtcpka-…`: the keyword's first letters name the side.
fn keep_alive(c: &mut Context<'_>, line: &Line<'_>) {
    let keyword = line.keyword();
    let Some(word) = line.arg(0) else {
        return c.alert("missing-argument", line.span, format!("'{keyword}' expects an integer value"));
    };
    let value = if keyword.ends_with("-cnt") {
        match number(word, &keyword) {
            Ok(count) => count as i32,
            Err(fail) => return c.fail(fail),
        }
    } else {
        match numbers::parse_time(c, word, Unit::S) {
            Ok(seconds) => i32::try_from(seconds).unwrap_or(i32::MAX),
            Err(error) => return c.alert("bad-time", word.span, bad_time(word, &keyword, error)),
        }
    };
    let is_client = keyword.starts_with("cli");
    has_side(c, line, &keyword, if is_client { Side::Frontend } else { Side::Backend });
    let proxy = &mut c.px.proxy;
    let probes = if is_client { &mut proxy.client_probes } else { &mut proxy.server_probes };
    match keyword.rsplit('-').next() {
        Some("cnt") => probes.count = value,
        Some("idle") => probes.idle = value,
        _ => probes.interval = value,
    }
}

fn bad_time(word: &Word, keyword: &str, error: TimeError) -> String {
    match error {
        TimeError::Over => {
            format!(
                "timer overflow in argument '{}' to '{keyword}' {}",
                word.lossy(),
                numbers::limit(Unit::Ms)
            )
        }
        TimeError::Unexpected(at) => {
            let at = numbers::character(&word.text, at);
            format!("unexpected character '{at}' in argument to <{keyword}>.\n")
        }
    }
}

const fn tcp_keep_alive(
    name: &'static str,
    doc: &'static str,
    sections: Sections,
    usage: &'static str,
) -> Keyword {
    Keyword::new(name, doc, sections, usage, MANY, Set::Line(keep_alive)).own_side().listed()
}

pub const ROWS: &[Keyword] = &[
    Keyword::new(
        "maxconn",
        "The greatest number of connections of the frontend.",
        DFL,
        "<conns>",
        ONE,
        Set::Lenient(|c, n| c.px.proxy.maxconn = Some(u32_of(n)).filter(|n| *n > 0)),
    )
    .side_hint(" Maybe you want 'fullconn' instead ?"),
    Keyword::new(
        "backlog",
        "Connections that wait to be accepted.",
        DFL,
        "<conns>",
        ONE,
        Set::Lenient(|c, n| c.px.proxy.backlog = Some(u32_of(n))),
    ),
    Keyword::new(
        "fullconn",
        "The load at which servers reach their maxconn.",
        DLB,
        "<conns>",
        ONE,
        Set::Lenient(|c, n| c.px.proxy.fullconn = Some(u32_of(n))),
    )
    .side_hint(" Maybe you want 'maxconn' instead ?"),
    Keyword::new(
        "retries",
        "Connection attempts after the first.",
        DLB,
        "<value>",
        ONE,
        Set::Lenient(|c, n| c.px.proxy.retries = u32_of(n)),
    )
    .missing("'{}' expects an integer argument (dispatch counts for one)."),
    Keyword::new(
        "retry-on",
        "When a request is tried again.",
        DLB,
        "[space-delimited list of keywords]",
        MANY,
        Set::Line(retry_on),
    )
    .own_side()
    .listed(),
    Keyword::new(
        "http-reuse",
        "When idle server connections are used again.",
        DLB,
        "{ never | safe | aggressive | always }",
        MANY,
        Set::Line(http_reuse),
    ),
    Keyword::new("rate-limit", "Sessions a second.", DFL, "sessions <rate>", MANY, Set::Line(rate_limit))
        .own_side()
        .listed(),
    Keyword::new(
        "max-keep-alive-queue",
        "The queue above which a kept server is not waited for.",
        DLB,
        "<value>",
        MANY,
        Set::Line(keep_alive_queue),
    )
    .own_side()
    .listed(),
    Keyword::new(
        "max-session-srv-conns",
        "Server connections kept for a client.",
        DFL,
        "<number>",
        (1, usize::MAX),
        Set::Word(|c, text| c.px.proxy.max_session_srv_conns = u32_of(numbers::wrapped(&text).into())),
    )
    .missing("'{}' expects a number. Got no argument"),
    tcp_keep_alive("clitcpka-cnt", "Keep-alive probes towards clients.", DFL, "<count>"),
    tcp_keep_alive("clitcpka-idle", "Idle time before probes towards clients.", DFL, "<timeout>"),
    tcp_keep_alive("clitcpka-intvl", "Time between probes towards clients.", DFL, "<timeout>"),
    tcp_keep_alive("srvtcpka-cnt", "Keep-alive probes towards servers.", DLB, "<count>"),
    tcp_keep_alive("srvtcpka-idle", "Idle time before probes towards servers.", DLB, "<timeout>"),
    tcp_keep_alive("srvtcpka-intvl", "Time between probes towards servers.", DLB, "<timeout>"),
];
