//! What keeps a client with its server, or lets it go: persistence by the protocol, exceptions
//! from it, and the servers' states over a restart.

use super::{DLB, FL, LB};
use crate::conflicts;
use crate::context::Context;
use crate::draft::Kind;
use crate::fail::Fail;
use crate::keyword::{Keyword, MANY, Set};
use crate::line::{Line, starts_condition};
use crate::places::Place;

fn persist(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = line.arg(0) else {
        return c.alert("missing-argument", line.span, "missing persist method.");
    };
    let Some(rest) = word.text.strip_prefix(b"rdp-cookie") else {
        return c.alert("unknown-keyword", word.span, "unknown persist method.");
    };
    let mut cookie = b"msts".to_vec();
    let has_name = match rest {
        [] => true,
        [b'(', name @ ..] => {
            if let Some(fail) = line.too_many(0, 1) {
                return c.fail(fail);
            }
            let end = name.iter().position(|byte| *byte == b')').unwrap_or(0);
            cookie = name[..end].to_vec();
            end > 0
        }
        _ => false,
    };
    c.px.rdp_persistence = true;
    c.px.proxy.rdp_cookie = Some(cookie);
    if !has_name {
        let text = "persist rdp-cookie(name)' requires an rdp cookie name.";
        c.alert("missing-argument", word.span, text);
    }
}

/// `force-persist` and `ignore-persist`.
fn exception(c: &mut Context<'_>, line: &Line<'_>) {
    let keyword = line.keyword();
    if !line.arg(0).is_some_and(starts_condition) {
        let text = format!("'{keyword}' requires either 'if' or 'unless' followed by a condition.");
        return c.alert("missing-condition", line.span, text);
    }
    match crate::cond::check(c, line.args) {
        Ok(cond) => {
            conflicts::of_condition(c, &cond, Place::BE_REQ_CNT, line.span);
            c.px.proxy.persist_rules.push((keyword == "force-persist", cond));
        }
        Err(fail) => {
            c.fail(fail.wrap(|why| format!("error detected while parsing a '{keyword}' rule : {why}.")));
        }
    }
}

fn force_switch(c: &mut Context<'_>, line: &Line<'_>) {
    let keyword = line.keyword();
    let text = match c.px.kind {
        Kind::Defaults => "not allowed in 'defaults' section.",
        Kind::Backend => "only available in frontend or listen section.",
        _ if !line.arg(0).is_some_and(starts_condition) => {
            "requires either 'if' or 'unless' followed by a condition."
        }
        _ => {
            let told = crate::cond::check(c, line.args).and_then(|cond| {
                match conflicts::quoted(c, &cond, Place::FE_REQ_CNT) {
                    Some(why) => Err(Fail::new("acl-conflict", line.span, why)),
                    None => {
                        c.px.proxy.force_switch.push(cond);
                        Ok(())
                    }
                }
            });
            return match told {
                Ok(()) => {}
                Err(fail) => c.fail(fail.wrap(|why| format!("'{keyword}' : {why}."))),
            };
        }
    };
    c.alert("bad-place", line.span, format!("'{keyword}' {text}"));
}

fn load_state(c: &mut Context<'_>, line: &Line<'_>) {
    match line.lossy(0).as_str() {
        "global" => c.px.needs_state_file = true,
        "local" | "none" => c.px.needs_state_file = false,
        other => {
            let text =
                format!("'load-server-state-from-file' expects 'global', 'local' or 'none'. Got '{other}'");
            c.alert("unknown-keyword", line.span, text);
        }
    }
}

fn name_header(c: &mut Context<'_>, line: &Line<'_>) {
    const REFUSED: [&str; 4] = ["host", "content-length", "transfer-encoding", "connection"];
    let Some(word) = line.arg(0) else {
        return c.alert("missing-argument", line.span, "'http-send-name-header' requires a header string.");
    };
    let name = word.lossy();
    if REFUSED.iter().any(|refused| name.eq_ignore_ascii_case(refused)) {
        let text = format!("'{name}' cannot be used as header name for 'http-send-name-header' directive.");
        return c.alert("bad-name", word.span, text);
    }
    c.px.log_ignored.name_header = true;
    c.px.proxy.send_name_header = Some(word.text.to_ascii_lowercase());
}

const fn row(
    name: &'static str,
    doc: &'static str,
    sections: ir::spec::Sections,
    usage: &'static str,
    set: fn(&mut Context<'_>, &Line<'_>),
) -> Keyword {
    Keyword::new(name, doc, sections, usage, MANY, Set::Line(set))
}

pub const ROWS: &[Keyword] = &[
    row("persist", "Persistence by the protocol.", DLB, "rdp-cookie[(<name>)]", persist).own_side(),
    row("force-persist", "Uses servers that are down.", LB, "{ if | unless } <condition>", exception),
    row("ignore-persist", "Ignores persistence.", LB, "{ if | unless } <condition>", exception),
    row(
        "force-be-switch",
        "Switches to backends that are not published.",
        FL,
        "{ if | unless } <condition>",
        force_switch,
    )
    .own_side()
    .listed(),
    row(
        "load-server-state-from-file",
        "Where servers' states come from.",
        DLB,
        "{ global | local | none }",
        load_state,
    )
    .parsed(),
    Keyword::new(
        "server-state-file-name",
        "The file of servers' states.",
        DLB,
        "[ { use-backend-name | <file> } ]",
        crate::keyword::OPTIONAL,
        Set::Nothing,
    )
    .parsed(),
    row("http-send-name-header", "Tells the server its name.", DLB, "<header>", name_header),
];
