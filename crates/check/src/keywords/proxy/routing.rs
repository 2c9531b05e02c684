//! ACLs, and where a stream goes: backends and servers.

use syntax::Word;

use super::{DFL, DFLB, FL, LB};
use crate::conflicts;
use crate::context::Context;
use crate::draft::{Kind, PendingSwitch};
use crate::fail::Checked;
use crate::keyword::{Keyword, MANY, ONE, Set, warn_side};
use crate::keywords::proxy::rules::{Rank, note_rule};
use crate::line::{Line, starts_condition};
use crate::numbers::strtol;
use crate::places::Place;
use ir::config::Capture;
use ir::expr::Cond;

/// Names a test. Also a line of `fcgi-app` sections.
pub fn acl(c: &mut Context<'_>, line: &Line<'_>) {
    let Some((name, words)) = line.args.split_first() else {
        let text = "error detected while parsing ACL '' : missing fetch method in ACL expression ''.";
        return c.alert("missing-argument", line.span, text);
    };
    if let Some(bad) = crate::section::bad_character(&name.text) {
        let text = format!("character '{bad}' is not permitted in acl name '{}'.", name.lossy());
        return c.alert("bad-name", name.span, text);
    }
    if name.text.eq_ignore_ascii_case(b"or") {
        let text = format!(
            "acl name '{}' will never match. 'or' is used to express a logical disjunction within a condition.",
            name.lossy()
        );
        return c.alert("bad-name", name.span, text);
    }
    if let Err(fail) = crate::acl::add(c, &name.text, words, line.span) {
        let text = format!("error detected while parsing ACL '{}' : {}.", name.lossy(), fail.message);
        c.alert(fail.code, fail.span, text);
    }
}

fn default_backend(c: &mut Context<'_>, line: &Line<'_>) {
    c.px.default_backend = line.arg(0).cloned();
}

fn use_backend(c: &mut Context<'_>, line: &Line<'_>) {
    let Some((target, rest)) = line.args.split_first() else {
        return c.alert("missing-argument", line.span, "'use_backend' expects a backend name.");
    };
    let cond = match switching_condition(c, rest, Place::FE_SET_BCK, line) {
        Ok(cond) => cond,
        Err(()) => return,
    };
    note_rule(c, line, Rank::UseBackend, "use_backend");
    c.px.switches.push(PendingSwitch { target: target.clone(), cond });
}

/// The condition of a switching rule, whose messages `use_backend` and `use-server` share.
fn switching_condition(
    c: &mut Context<'_>,
    words: &[Word],
    place: Place,
    line: &Line<'_>,
) -> Result<Option<Cond>, ()> {
    let Some(first) = words.first() else { return Ok(None) };
    if !starts_condition(first) {
        let text = format!(
            "unexpected keyword '{}' after switching rule, only 'if' and 'unless' are allowed.",
            first.lossy()
        );
        c.alert("unexpected-word", first.span, text);
        return Err(());
    }
    match condition(c, words, place, line) {
        Ok(cond) => Ok(Some(cond)),
        Err(fail) => {
            let text = format!("error detected while parsing switching rule : {}.", fail.message);
            c.alert(fail.code, fail.span, text);
            Err(())
        }
    }
}

fn condition(c: &mut Context<'_>, words: &[Word], place: Place, line: &Line<'_>) -> Checked<Cond> {
    let cond = crate::cond::check(c, words)?;
    conflicts::of_condition(c, &cond, place, line.span);
    Ok(cond)
}

fn use_server(c: &mut Context<'_>, line: &Line<'_>) {
    let Some((target, rest)) = line.args.split_first() else {
        return c.alert("missing-argument", line.span, "'use-server' expects a server name.");
    };
    if !rest.first().is_some_and(starts_condition) {
        let text = "'use-server' requires either 'if' or 'unless' followed by a condition.";
        return c.alert("missing-condition", line.span, text);
    }
    if let Ok(cond) = switching_condition(c, rest, Place::BE_SET_SRV, line) {
        note_rule(c, line, Rank::UseServer, "use-server");
        c.px.use_servers.push((target.clone(), cond));
    }
}

fn monitor_uri(c: &mut Context<'_>, line: &Line<'_>) {
    c.px.proxy.monitor_uri = line.arg(0).map(|word| word.text.clone());
}

fn monitor(c: &mut Context<'_>, line: &Line<'_>) {
    if !line.arg(0).is_some_and(|word| word.is("fail")) {
        return c.alert("unknown-keyword", line.span, "'monitor' only supports 'fail'.");
    }
    let words = &line.args[1..];
    if !words.first().is_some_and(starts_condition) {
        let text = "'monitor fail' requires either 'if' or 'unless' followed by a condition.";
        return c.alert("missing-condition", line.span, text);
    }
    match crate::cond::check(c, words) {
        Ok(cond) => {
            note_rule(c, line, Rank::Monitor, "monitor fail");
            c.px.proxy.monitor_fail.push(cond);
        }
        Err(fail) => {
            let text = format!("error detected while parsing a 'monitor fail' condition : {}.", fail.message);
            c.alert(fail.code, fail.span, text);
        }
    }
}

fn monitor_net(c: &mut Context<'_>, line: &Line<'_>) {
    let text = format!(
        "'monitor-net' doesn't exist anymore. Please use 'http-request return status 200 if {{ src {} }}' instead.",
        line.lossy(0)
    );
    c.alert("removed", line.span, text);
}

fn capture(c: &mut Context<'_>, line: &Line<'_>) {
    if c.px.kind == Kind::Backend {
        warn_side(c, line, "");
    }
    let words: Vec<String> = line.args.iter().map(|word| word.lossy().into_owned()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let way = match words.as_slice() {
        ["cookie", ..] => Some("cookie"),
        [way @ ("request" | "response"), "header", ..] => Some(*way),
        _ => None,
    };
    if let Some(way) = way.filter(|_| c.px.kind == Kind::Defaults) {
        let text = format!("'capture {way}' not allowed in 'defaults' section.");
        return c.alert("not-in-defaults", line.span, text);
    }
    if let (Some(way), Some(extra)) = (way, words.get(5)) {
        let text = format!("'capture {way}' cannot handle unexpected argument '{extra}'.");
        return c.alert("extra-argument", line.span, text);
    }
    match words.as_slice() {
        // HAProxy does not look at the third word.
        ["cookie", name, _, len, ..] => {
            let capture = slot(name, len);
            c.px.proxy.capture_cookie = Some(Capture { name: name.as_bytes().to_vec(), ..capture });
        }
        ["request", "header", name, "len", len] => c.px.proxy.request_captures.push(slot(name, len)),
        ["response", "header", name, "len", len] => c.px.proxy.response_captures.push(slot(name, len)),
        ["cookie", ..] => {
            let text = "'capture' expects 'cookie' <cookie_name> 'len' <len>.";
            return c.alert("bad-capture", line.span, text);
        }
        [way @ ("request" | "response"), "header", ..] => {
            let text = format!("'capture {way}' expects 'header' <header_name> 'len' <len>.");
            return c.alert("bad-capture", line.span, text);
        }
        _ => {
            let text = "'capture' expects 'cookie' or 'request header' or 'response header'.";
            return c.alert("bad-capture", line.span, text);
        }
    }
    c.px.http_only.capture = true;
}

/// `declare capture`: a slot that only rules fill.
fn declare(c: &mut Context<'_>, line: &Line<'_>) {
    match c.px.kind {
        Kind::Defaults => {
            return c.alert("not-in-defaults", line.span, "'declare' not available in default section");
        }
        Kind::Backend => {
            let text = "'declare' only available in frontend or listen section";
            return c.alert("wrong-side", line.span, text);
        }
        Kind::Frontend | Kind::Listen => {}
    }
    let words: Vec<String> = line.args.iter().map(|word| word.lossy().into_owned()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let text = match words.as_slice() {
        ["capture", way @ ("request" | "response"), "len", len, ..] => {
            let (number, []) = strtol(len.as_bytes(), false) else {
                let text = format!("'declare capture': cannot parse the length '{len}'.");
                return c.alert("bad-capture", line.span, text);
            };
            if number > 0 {
                let slots = match *way {
                    "request" => &mut c.px.proxy.request_captures,
                    _ => &mut c.px.proxy.response_captures,
                };
                return slots.push(slot("", len));
            }
            "length must be > 0"
        }
        ["capture", "request" | "response", "len"] => {
            "'declare capture': 'len' requires a numeric value that represents the capture length"
        }
        ["capture", "request" | "response", ..] => "'declare capture' requires a capture length ('len')",
        ["capture", ..] => "'declare capture' requires a direction ('request' or 'response')",
        [other, ..] => {
            let text = format!("unknown declaration type '{other}' (supports 'capture')");
            return c.alert("bad-capture", line.span, text);
        }
        [] => "'declare' needs a second keyword that specify the type of declaration ('capture')",
    };
    c.alert("bad-capture", line.span, text);
}

fn slot(name: &str, len: &str) -> Capture {
    let len = crate::numbers::lenient(len.as_bytes());
    Capture { name: name.as_bytes().to_ascii_lowercase(), len: usize::try_from(len).unwrap_or(0) }
}

pub const ROWS: &[Keyword] = &[
    Keyword::new(
        "acl",
        "Names a test.",
        DFLB,
        "<aclname> <criterion> [flags] [operator] <value> ...",
        MANY,
        Set::Line(acl),
    )
    .named_defaults_only(),
    Keyword::new(
        "default_backend",
        "The backend when no rule chooses one.",
        DFL,
        "<backend>",
        ONE,
        Set::Line(default_backend),
    )
    .missing("'{}' expects a backend name."),
    Keyword::new(
        "use_backend",
        "Chooses a backend.",
        FL,
        "<backend> [{if | unless} <condition>]",
        MANY,
        Set::Line(use_backend),
    ),
    Keyword::new(
        "use-server",
        "Chooses a server.",
        LB,
        "<server> {if | unless} <condition>",
        MANY,
        Set::Line(use_server),
    ),
    Keyword::new(
        "monitor-uri",
        "The path that answers that the proxy lives.",
        DFL,
        "<uri>",
        ONE,
        Set::Line(monitor_uri),
    )
    .missing("'{}' expects an URI."),
    Keyword::new(
        "monitor",
        "When the monitor's path answers that it does not.",
        FL,
        "fail { if | unless } <condition>",
        MANY,
        Set::Line(monitor),
    ),
    Keyword::new("monitor-net", "Removed.", DFLB, "<network>", MANY, Set::Line(monitor_net)).removed(),
    Keyword::new(
        "capture",
        "Keeps a header or cookie for the log.",
        FL,
        "{ cookie <name> | request header <name> | response header <name> } len <length>",
        MANY,
        Set::Line(capture),
    )
    .own_side(),
    Keyword::new(
        "declare",
        "Reserves a slot for what rules capture.",
        FL,
        "capture { request | response } len <length>",
        MANY,
        Set::Line(declare),
    )
    .own_side()
    .listed(),
];
