//! `healthcheck` sections. HAProxy stops reading at their mistakes.

use diag::{Effect, Place};
use ir::config::Healthcheck;
use ir::spec::{Section, Sections};

use crate::context::Context;
use crate::keyword::{Keyword, MANY, Set};
use crate::line::Line;
use crate::section;

const HERE: Sections = Sections::one(Section::Healthcheck);
const TYPES: [&str; 9] = [
    "tcp-check",
    "httpchk",
    "ssl-hello-chk",
    "smtpchk",
    "pgsql-check",
    "redis-check",
    "mysql-check",
    "ldap-check",
    "spop-check",
];

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
    let (name, place) = (name.text.clone(), line.place());
    c.config.healthchecks.push(Healthcheck { name, kind: None, place });
    true
}

pub fn close(_: &mut Context<'_>) {}

fn kind(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = line.arg(0) else {
        return c.abort("missing-argument", line.span, "'type' expects a healthcheck type.");
    };
    let Some(section) = c.config.healthchecks.last_mut() else { return };
    if section.kind.is_some() {
        return c.abort("same-keyword", line.span, "healthcheck type already defined.");
    }
    if !TYPES.iter().any(|known| word.is(known)) {
        let text = format!(
            "unknown healthcheck type '{}' (expects 'tcp-check', 'httpchk', 'ssl-hello-chk', 'smtpchk', \
             'pgsql-check', 'redis-check', 'mysql-check', 'ldap-check', 'spop-check').",
            word.lossy()
        );
        return c.abort("unknown-type", word.span, text);
    }
    section.kind = Some(word.text.clone());
}

pub const ROWS: &[Keyword] = &[
    Keyword::new("type", "The kind of check.", HERE, "<name> [<params>]", MANY, Set::Line(kind)).parsed(),
    Keyword::new("tcp-check", "A step of a TCP check.", HERE, "<step> [param*]", MANY, Set::Nothing).parsed(),
    Keyword::new("http-check", "A step of an HTTP check.", HERE, "<step> [param*]", MANY, Set::Nothing)
        .parsed(),
];
