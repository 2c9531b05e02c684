//! `healthcheck` sections. HAProxy stops reading at their mistakes.

use diag::{Diagnostic, Effect, Place};
use ir::config::Healthcheck;
use ir::spec::{Section, Sections};

use super::proxy::{checks, steps};
use crate::context::Context;
use crate::keyword::{Keyword, MANY, Set};
use crate::line::Line;
use crate::section;

const HERE: Sections = Sections::one(Section::Healthcheck);

pub fn open(c: &mut Context<'_>, line: &Line<'_>) -> bool {
    let Some(name) = section::name(c, line) else { return false };
    if section::refuse_name(c, line, name, Place::Parsing, Effect::Abort) {
        return false;
    }
    if let Some(place) = section::declare(c, Section::Healthcheck, &name.text, line).first().copied() {
        let place = c.at_place(place);
        let text = format!("healthcheck section '{}' already defined at {place}.", name.lossy());
        c.abort("same-name", name.span, text);
        return false;
    }
    c.warn_parsed("healthcheck", line.span);
    c.px = crate::inherit::unnamed(crate::draft::Kind::Backend);
    let (name, place) = (name.text.clone(), line.place());
    c.config.healthchecks.push(Healthcheck { name, kind: None, place });
    true
}

/// Notes whether the check speaks TLS, and tells of steps that the section's kind leaves without effect.
pub fn close(c: &mut Context<'_>) {
    let Some(section) = c.config.healthchecks.last() else { return };
    if c.px.steps.tls {
        c.tls_healthchecks.insert(section.name.clone());
    }
    if section.kind.is_some() {
        return;
    }
    let start = format!(
        "parsing [{}] : healthcheck section '*healthcheck-{}' :",
        c.at_place(section.place),
        String::from_utf8_lossy(&section.name)
    );
    let unused = [(c.px.steps.unused_tcp, "tcp-check"), (c.px.steps.unused_http, "http-check")];
    for (unused, steps) in unused {
        if unused {
            let text = format!("{start} {steps} rules without 'type {steps}', so the rules are ignored.");
            c.push(Diagnostic::post_error("ignored", text).with_effect(Effect::None));
        }
    }
}

fn kind(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = line.arg(0) else {
        return c.abort("missing-argument", line.span, "'type' expects a healthcheck type.");
    };
    if c.config.healthchecks.last().is_some_and(|section| section.kind.is_some()) {
        return c.abort("same-keyword", line.span, "healthcheck type already defined.");
    }
    let name = word.lossy().into_owned();
    let unused = [
        (c.px.steps.unused_tcp, "tcp-check", "tcp-check"),
        (c.px.steps.unused_http, "httpchk", "http-check"),
    ];
    for (unused, own, steps) in unused {
        if unused && name != own {
            let text = format!("cannot set '{name}' type with '{steps}' rules");
            return c.abort("mixed-steps", word.span, text);
        }
    }
    match checks::read(c, &name, &Line { args: &line.args[1..], ..*line }) {
        None => {
            let text = format!(
                "unknown healthcheck type '{name}' (expects 'tcp-check', 'httpchk', 'ssl-hello-chk', 'smtpchk', \
                 'pgsql-check', 'redis-check', 'mysql-check', 'ldap-check', 'spop-check')."
            );
            return c.abort("unknown-type", word.span, text);
        }
        Some(Err(fail)) => {
            c.alert(fail.code, fail.span, fail.message.replacen("'option ", "'type ", 1));
        }
        Some(Ok(())) => {}
    }
    if let Some(section) = c.config.healthchecks.last_mut() {
        section.kind = Some(word.text.clone());
    }
}

/// `tcp-check`, `http-check`
fn step(c: &mut Context<'_>, line: &Line<'_>) {
    let is_tcp = line.name[0].is("tcp-check");
    let keyword = line.keyword();
    let kind = c.config.healthchecks.last().and_then(|section| section.kind.clone());
    let own: &[u8] = if is_tcp { b"tcp-check" } else { b"httpchk" };
    if let Some(kind) = kind.filter(|kind| kind != own) {
        let shown = shown(&kind);
        let text = format!("unable to configure '{keyword}' rule for '{shown}' healthcheck");
        return c.abort("mixed-steps", line.span, text);
    }
    if if is_tcp { c.px.steps.unused_http } else { c.px.steps.unused_tcp } {
        return c.abort("mixed-steps", line.span, "cannot mix 'tcp-check' and 'http-check' rules");
    }
    if let Err(fail) = steps::read(c, line) {
        c.abort(fail.code, fail.span, fail.message);
    }
}

/// A kind of check as messages name it.
fn shown(kind: &[u8]) -> &'static str {
    match kind {
        b"tcp-check" => "TCP",
        b"httpchk" => "HTTP",
        b"ssl-hello-chk" => "SSL3",
        b"smtpchk" => "SMTP",
        b"pgsql-check" => "PGSQL",
        b"redis-check" => "REDIS",
        b"mysql-check" => "MYSQL",
        b"ldap-check" => "LDAP",
        _ => "SPOP",
    }
}

pub const ROWS: &[Keyword] = &[
    Keyword::new("type", "The kind of check.", HERE, "<name> [<params>]", MANY, Set::Line(kind)).parsed(),
    Keyword::new("tcp-check", "A step of a TCP check.", HERE, "<step> [param*]", MANY, Set::Line(step))
        .parsed(),
    Keyword::new("http-check", "A step of an HTTP check.", HERE, "<step> [param*]", MANY, Set::Line(step))
        .parsed(),
];
