//! Lines with tables of their own: `bind`, `server` and their defaults.

use diag::{Diagnostic, Place};

use super::{DFLB, DLB, FL, LB};
use crate::context::Context;
use crate::draft::Kind;
use crate::keyword::{Keyword, MANY, Set};
use crate::keywords::{bind, server};
use crate::line::Line;

fn bind_line(c: &mut Context<'_>, line: &Line<'_>) {
    match c.px.kind {
        Kind::Defaults => {
            let text = "'bind' not allowed in 'defaults' section.";
            c.alert("not-in-defaults", line.span, text);
        }
        Kind::Backend => {
            let text = format!("'bind' ignored because {} has no frontend capability.", c.px.title());
            c.warn("wrong-side", line.span, text);
        }
        Kind::Frontend | Kind::Listen => bind::line(c, line),
    }
}

fn server_line(c: &mut Context<'_>, line: &Line<'_>) {
    if c.px.kind == Kind::Defaults {
        let text = format!("'{}' not allowed in 'defaults' section.", line.keyword());
        c.push(Diagnostic::error("not-in-defaults", line.span, text).at(Place::Line));
    } else if has_backend(c, line) {
        server::line(c, line);
    }
}

fn default_server(c: &mut Context<'_>, line: &Line<'_>) {
    if c.px.kind == Kind::Defaults || has_backend(c, line) {
        server::default_line(c, line);
    }
}

fn has_backend(c: &mut Context<'_>, line: &Line<'_>) -> bool {
    if c.px.kind.is_backend() {
        return true;
    }
    let text =
        format!("'{}' not allowed because {} has no backend capability.", line.keyword(), c.px.title());
    c.push(Diagnostic::error("wrong-side", line.span, text).at(Place::LineParsing));
    false
}

/// These lines tell in their own words where they may not stand, so that every section takes
/// their rows.
pub const ROWS: &[Keyword] = &[
    Keyword::new(
        "bind",
        "Where the frontend listens.",
        DFLB,
        "[<address>]:<port_range> [, ...] [param*]",
        MANY,
        Set::Line(bind_line),
    )
    .meant_for(FL),
    Keyword::new(
        "server",
        "A server of the backend.",
        DFLB,
        "<name> <address>[:[port]] [param*]",
        MANY,
        Set::Line(server_line),
    )
    .meant_for(LB),
    Keyword::new(
        "server-template",
        "Several servers of one description.",
        DFLB,
        "<prefix> <num | range> <fqdn>[:<port>] [params*]",
        MANY,
        Set::Line(server_line),
    )
    .meant_for(LB),
    Keyword::new(
        "default-server",
        "What servers start from.",
        DLB.or(super::F),
        "[param*]",
        MANY,
        Set::Line(default_server),
    )
    .meant_for(DLB),
];
