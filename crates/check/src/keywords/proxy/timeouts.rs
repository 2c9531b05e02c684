//! `timeout …`.

use base::time::{TimeError, Unit};
use ir::config::Timeouts;

use super::{DFL, DFLB, DLB, Side, has_side};
use crate::context::Context;
use crate::draft::Kind;
use crate::keyword::{Keyword, MANY, Set};
use crate::line::Line;

/// Which field of the timeouts a row sets.
type Field = fn(&mut Timeouts) -> &mut Option<u64>;

/// A time below this without a unit is probably meant in seconds.
const SUSPICIOUS: u64 = 100;

const NAMES: [(&str, Side, Field); 12] = [
    ("client", Side::Frontend, |t| &mut t.client),
    ("client-fin", Side::Frontend, |t| &mut t.client_fin),
    ("client-hs", Side::Frontend, |t| &mut t.client_hs),
    ("connect", Side::Backend, |t| &mut t.connect),
    ("server", Side::Backend, |t| &mut t.server),
    ("server-fin", Side::Backend, |t| &mut t.server_fin),
    ("http-request", Side::Any, |t| &mut t.http_request),
    ("http-keep-alive", Side::Any, |t| &mut t.http_keep_alive),
    ("queue", Side::Backend, |t| &mut t.queue),
    ("tunnel", Side::Backend, |t| &mut t.tunnel),
    ("tarpit", Side::Any, |t| &mut t.tarpit),
    ("check", Side::Backend, |t| &mut t.check),
];

fn set(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(name) = line.name.get(1).map(|word| word.lossy().into_owned()) else { return };
    let Some((_, side, field)) = NAMES.iter().find(|(known, ..)| *known == name) else { return };
    let Some(word) = line.arg(0) else {
        let text = format!("'timeout {name}' expects an integer value (in milliseconds)");
        return c.alert("missing-argument", line.span, text);
    };
    let value = match crate::numbers::parse_time(c, word, Unit::Ms) {
        Ok(value) => value,
        Err(error) => return c.alert("bad-time", word.span, message(error, &word.text, &name)),
    };
    if let Some(extra) = line.arg(1) {
        let text = format!(
            "'timeout {name}' : unexpected extra argument '{}' after value '{}'.",
            extra.lossy(),
            word.lossy()
        );
        return c.alert("extra-argument", extra.span, text);
    }
    warn(c, line, &name, *side, value, *field);
    // 0 is for ever.
    *field(&mut c.px.proxy.timeouts) = Some(value).filter(|ms| *ms > 0);
}

/// One warning: HAProxy keeps the last of these.
fn warn(c: &mut Context<'_>, line: &Line<'_>, name: &str, side: Side, value: u64, field: Field) {
    if !has_side(c, line, &format!("'timeout {name}'"), side) {
        return;
    }
    let mut inherited = c.px.inherited.timeouts;
    if c.px.kind != Kind::Defaults && field(&mut c.px.proxy.timeouts) != field(&mut inherited) {
        let text = format!("overwriting 'timeout {name}' which was already specified");
        return c.warn("overwritten", line.span, text);
    }
    let is_bare = line.arg(0).is_some_and(|word| word.text.iter().all(u8::is_ascii_digit));
    if is_bare && value > 0 && value < SUSPICIOUS {
        let text = format!(
            "'timeout {name} {value}' in {} is suspiciously small for a value in milliseconds. \
             Please use an explicit unit ('{value}ms') if that was the intent.",
            c.px.title()
        );
        c.warn("small-timeout", line.span, text);
    }
}

fn message(error: TimeError, text: &[u8], name: &str) -> String {
    match error {
        TimeError::Over => format!(
            "timer overflow in argument '{}' to 'timeout {name}' (maximum value is 2147483647 ms or ~24.8 days)",
            String::from_utf8_lossy(text)
        ),
        TimeError::Unexpected(at) => {
            format!("unexpected character '{}' in 'timeout {name}'", crate::numbers::character(text, at))
        }
    }
}

fn unknown(c: &mut Context<'_>, line: &Line<'_>) {
    if let Some(text) = super::removed::old_timeout_advice(&line.lossy(0)) {
        return c.alert("removed", line.span, text);
    }
    let text = format!(
        "'timeout' supports 'client', 'server', 'connect', 'check', 'queue', 'handshake', 'http-keep-alive', \
         'http-request', 'tunnel', 'tarpit', 'client-fin' and 'server-fin' (got '{}')",
        line.lossy(0)
    );
    c.alert("unknown-timeout", line.span, text);
}

/// HAProxy warns in its own words when the section has not the right side, so that every section
/// takes the row.
const fn row(name: &'static str, doc: &'static str) -> Keyword {
    Keyword::new(name, doc, DFLB, "<timeout>", MANY, Set::Line(set)).listed()
}

pub const ROWS: &[Keyword] = &[
    row("timeout client", "How long a client may be silent.").meant_for(DFL),
    row("timeout client-fin", "How long a half-closed client may be silent.").meant_for(DFL),
    row("timeout client-hs", "How long a TLS handshake may take.").meant_for(DFL),
    row("timeout connect", "How long connecting to a server may take.").meant_for(DLB),
    row("timeout server", "How long a server may be silent.").meant_for(DLB),
    row("timeout server-fin", "How long a half-closed server may be silent.").meant_for(DLB),
    row("timeout http-request", "How long a request's head may take."),
    row("timeout http-keep-alive", "How long the next request may take to begin."),
    row("timeout queue", "How long a request waits for a server.").meant_for(DLB),
    row("timeout tunnel", "How long a tunnel may be silent.").meant_for(DLB),
    row("timeout tarpit", "How long a tarpitted client waits."),
    row("timeout check", "How long a check may take to answer.").meant_for(DLB).parsed(),
    Keyword::new(
        "timeout",
        "Any other name is refused.",
        DFLB,
        "<event> <timeout>",
        MANY,
        Set::Line(unknown),
    ),
];
