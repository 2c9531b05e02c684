//! The lines of a `spoe-message` section, and whether its arguments are there at its event.

use ir::Bytes;
use ir::expr::Expr;
use syntax::Word;

use super::super::filter::Args;
use super::super::routing;
use super::{Engine, place_of};
use crate::context::Context;
use crate::fail::Checked;
use crate::line::{Line, starts_condition};

const EVENTS: [&str; 8] = [
    "on-client-session",
    "on-server-session",
    "on-frontend-tcp-request",
    "on-backend-tcp-request",
    "on-tcp-response",
    "on-frontend-http-request",
    "on-backend-http-request",
    "on-http-response",
];

/// A message.
#[derive(Default)]
pub struct Message {
    pub name: Bytes,
    pub line: u32,
    event: Option<&'static str>,
    args: Vec<Expr>,
}

impl Message {
    pub fn new(name: Bytes, line: u32) -> Self {
        Self { name, line, ..Self::default() }
    }
}

pub fn line(c: &mut Context<'_>, engine: &mut Engine, line: &Line<'_>) {
    let Some(message) = engine.messages.last_mut() else { return };
    match line.keyword().as_str() {
        "args" => args(c, message, line),
        "acl" => routing::acl(c, line),
        "event" => event(c, message, line),
        // HAProxy takes any other word.
        _ => {}
    }
}

/// `args [<name>=]<expr> …`
fn args(c: &mut Context<'_>, message: &mut Message, line: &Line<'_>) {
    for word in line.args {
        let start = word.text.iter().position(|byte| *byte == b'=').map_or(0, |equals| equals + 1);
        let expr = Word { text: word.text[start..].to_vec(), span: word.span, verbatim: None };
        match crate::expr::words(c, std::slice::from_ref(&expr)) {
            Ok((expr, _)) => message.args.push(expr),
            Err(fail) => return c.alert(fail.code, fail.span, format!("'args': {}.", fail.message)),
        }
    }
}

fn event(c: &mut Context<'_>, message: &mut Message, line: &Line<'_>) {
    let Some(word) = line.arg(0) else {
        return c.alert("missing-argument", line.span, "missing event name.");
    };
    let Some(event) = EVENTS.iter().find(|event| word.is(event)) else {
        return c.alert("unknown-event", word.span, format!("unknown event '{}'.", word.lossy()));
    };
    message.event = Some(event);
    let rest = &line.args[1..];
    match rest.first() {
        Some(first) if starts_condition(first) => {
            if let Err(fail) = crate::cond::check(c, rest) {
                let text =
                    format!("error detected while parsing an 'event {event}' condition : {}.", fail.message);
                c.alert(fail.code, fail.span, text);
            }
        }
        Some(first) => {
            let text = format!(
                "'event {event}' expects either 'if' or 'unless' followed by a condition but found '{}'.",
                first.lossy()
            );
            c.alert_tight("unexpected-word", first.span, text);
        }
        None => {}
    }
}

/// Checks a message that the agent uses on its event.
pub fn check(c: &mut Context<'_>, args: &Args<'_>, message: &Message, file: &str) -> Checked<()> {
    let (front, back) = (c.px.kind.is_frontend(), c.px.kind.is_backend());
    let at = format!("{file}:{}", message.line);
    let name = String::from_utf8_lossy(&message.name);
    let is_front_event = |event: &str| event == "on-client-session" || event.starts_with("on-frontend-");
    let event = match message.event {
        Some(event) if is_front_event(event) && !front => {
            let text = format!("Proxy '{}': frontend event used on a backend proxy at {at}.", c.px.name());
            c.warn_bare("wrong-side", args.name.span, text);
            return Ok(());
        }
        Some(event) => event,
        None => {
            let text =
                format!("Proxy '{}': Ignore SPOE message '{name}' without event at {at}.", c.px.name());
            c.warn_bare("no-event", args.name.span, text);
            return Ok(());
        }
    };
    let place = place_of(event, front, back);
    let specs = message.args.iter().filter_map(|expr| c.registry.fetches().get(expr.fetch.index()));
    match specs.into_iter().find(|spec| !place.allows(spec.contexts)) {
        Some(spec) => args.fail(format!(
            "Ignore SPOE message '{name}' at {at}: some args extract information from '{}', none of which is \
             available here ('{}')",
            spec.uses.names(),
            place.name()
        )),
        None => Ok(()),
    }
}
