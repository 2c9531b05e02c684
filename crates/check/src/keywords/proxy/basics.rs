//! What a proxy is: mode, identity, limits, retries.

use ir::Bytes;
use ir::config::{HttpReuse, Mode, retry};
use syntax::Word;

use super::{DFL, DFLB, DLB, FLB};
use crate::context::Context;
use crate::keyword::{Keyword, MANY, NONE, ONE, SOME, Set};
use crate::line::Line;

const MAX: i64 = i32::MAX as i64;

fn mode(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = line.arg(0) else { return };
    let mode = match word.lossy().as_ref() {
        "tcp" => Mode::Tcp,
        "http" => Mode::Http,
        "log" => Mode::Log,
        "spop" => Mode::Spop,
        "haterm" => Mode::Haterm,
        "health" => {
            let text =
                "'mode health' doesn't exist anymore. Please use 'http-request return status 200' instead.";
            return c.alert("removed", word.span, text);
        }
        other => return c.alert("bad-mode", word.span, format!("unknown proxy mode '{other}'.")),
    };
    let kind = c.px.kind;
    let defaults = kind == crate::draft::Kind::Defaults;
    if mode == Mode::Haterm && !kind.is_frontend() && !defaults {
        let text = "mode haterm is only applicable on proxies with frontend capability.";
        return c.alert("bad-mode", word.span, text);
    }
    if matches!(mode, Mode::Log | Mode::Spop) && !kind.is_backend() && !defaults {
        let text = format!("mode {} is only applicable on proxies with backend capability.", word.lossy());
        return c.alert("bad-mode", word.span, text);
    }
    if !matches!(mode, Mode::Tcp | Mode::Http) {
        c.warn_parsed("mode log, spop and haterm", word.span);
    }
    c.px.proxy.mode = mode;
}

fn id(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = line.arg(0) else { return };
    let value = crate::numbers::lenient(&word.text);
    let Some(value) = u32::try_from(value).ok().filter(|id| *id > 0) else {
        return c.alert_tight("out-of-range", word.span, "custom id has to be > 0.");
    };
    if let Some(other) = c.seen.ids.get(&value).map(|index| &c.drafts[*index]) {
        let text = format!(
            "{} {} reuses same custom id as {} {} (declared at {}).",
            c.px.kind.type_name(),
            c.px.name(),
            other.kind.type_name(),
            other.name(),
            c.at(other.header)
        );
        return c.alert_tight("same-id", word.span, text);
    }
    c.px.proxy.id = value;
    c.px.has_id = true;
}

fn description(c: &mut Context<'_>, text: Bytes) {
    c.px.proxy.description = Some(text);
}

fn u32_of(n: i64) -> u32 {
    u32::try_from(n).unwrap_or(0)
}

fn retry_on(c: &mut Context<'_>, line: &Line<'_>) {
    let mut events = 0;
    for word in line.args {
        let event = match word.lossy().as_ref() {
            "none" if line.args.len() == 1 => 0,
            "none" => {
                return c.alert("bad-event", word.span, "'retry-on' 'none' keyword only usable alone");
            }
            "conn-failure" => retry::CONN_FAILURE,
            "empty-response" => retry::EMPTY_RESPONSE,
            "response-timeout" => retry::RESPONSE_TIMEOUT,
            "junk-response" => retry::JUNK_RESPONSE,
            "0rtt-rejected" => retry::ZERO_RTT_REJECTED,
            "all-retryable-errors" => retry::ALL_RETRYABLE,
            _ => match status(word) {
                Some(event) => event,
                None => {
                    let text = format!("'retry-on': unknown keyword '{}'", word.lossy());
                    return c.alert("bad-event", word.span, text);
                }
            },
        };
        events |= event;
    }
    c.px.proxy.retry_on = events;
}

fn status(word: &Word) -> Option<u32> {
    let status = base::bytes::parse_u64(&word.text)?;
    retry::STATUSES.iter().find(|(known, _)| u64::from(*known) == status).map(|(_, event)| *event)
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
}

fn source(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = line.arg(0) else { return };
    match crate::address::resolved(c, &word.text, word, &base::addr::Rules::CONNECT) {
        Ok(addresses) => c.px.proxy.source = addresses.into_iter().next(),
        Err(fail) => {
            return c.alert(fail.code, fail.span, format!("'source {}' : {}", word.lossy(), fail.message));
        }
    }
    for pair in line.args[1..].chunks(2) {
        match (pair[0].lossy().as_ref(), pair.get(1)) {
            ("usesrc", Some(_)) => c.warn_parsed("usesrc", pair[0].span),
            ("interface", Some(_)) => c.warn_parsed("source … interface", pair[0].span),
            ("usesrc", None) => {
                let text = "'usesrc' expects <addr>[:<port>], 'client', or 'clientip' as argument.";
                return c.alert("missing-argument", line.span, text);
            }
            ("interface", None) => {
                return c.alert("missing-argument", line.span, "'source' : missing interface name.");
            }
            _ => {
                let text = "'source' only supports optional keywords 'interface' and 'usesrc'.";
                return c.alert("unknown-keyword", pair[0].span, text);
            }
        }
    }
}

pub const ROWS: &[Keyword] = &[
    Keyword::new(
        "mode",
        "What the proxy understands of the traffic.",
        DFLB,
        "{ tcp|http|log|spop|haterm }",
        ONE,
        Set::Line(mode),
    )
    .missing("unknown proxy mode ''."),
    Keyword::new("id", "The number of the proxy in statistics.", FLB, "<value>", ONE, Set::Line(id))
        .missing("'{}' expects an integer argument.")
        .tight(),
    Keyword::new("description", "A text for statistics.", FLB, "<text>", SOME, Set::Text(description))
        .missing("'{}' expects a string argument.")
        .tight(),
    Keyword::new("guid", "A name that stays the same over reloads.", FLB, "<string>", ONE, Set::Nothing)
        .listed()
        .missing("'{}' : expects an argument")
        .parsed(),
    Keyword::new(
        "disabled",
        "Does not start the proxy.",
        DFLB,
        "",
        NONE,
        Set::Flag(|c| c.px.proxy.disabled = true),
    ),
    Keyword::new("enabled", "Starts the proxy.", DFLB, "", NONE, Set::Flag(|c| c.px.proxy.disabled = false)),
    Keyword::new(
        "maxconn",
        "The greatest number of connections of the frontend.",
        DFL,
        "<conns>",
        ONE,
        Set::Int(0, MAX, |c, n| c.px.proxy.maxconn = Some(u32_of(n)).filter(|n| *n > 0)),
    )
    .side_hint(" Maybe you want 'fullconn' instead ?"),
    Keyword::new(
        "backlog",
        "Connections that wait to be accepted.",
        DFL,
        "<conns>",
        ONE,
        Set::Int(0, MAX, |c, n| c.px.proxy.backlog = Some(u32_of(n))),
    ),
    Keyword::new(
        "fullconn",
        "The load at which servers reach their maxconn.",
        DLB,
        "<conns>",
        ONE,
        Set::Int(0, MAX, |c, n| c.px.proxy.fullconn = Some(u32_of(n))),
    )
    .side_hint(" Maybe you want 'maxconn' instead ?"),
    Keyword::new(
        "retries",
        "Connection attempts after the first.",
        DLB,
        "<value>",
        ONE,
        Set::Int(0, MAX, |c, n| c.px.proxy.retries = u32_of(n)),
    )
    .missing("'{}' expects an integer argument (dispatch counts for one)."),
    Keyword::new(
        "retry-on",
        "When a request is tried again.",
        DLB,
        "[space-delimited list of keywords]",
        SOME,
        Set::Line(retry_on),
    )
    .listed()
    .missing("'{}' needs at least one keyword to specify when to retry"),
    Keyword::new(
        "http-reuse",
        "When idle server connections are used again.",
        DLB,
        "{ never | safe | aggressive | always }",
        ONE,
        Set::Line(http_reuse),
    )
    .missing("'{}' only supports 'never', 'safe', 'aggressive', 'always'."),
    Keyword::new(
        "source",
        "The address to connect from.",
        DLB,
        "<addr>[:<port>] [usesrc …] [interface <name>]",
        MANY,
        Set::Line(source),
    ),
];
