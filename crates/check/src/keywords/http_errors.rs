//! `http-errors` sections.

use diag::{Diagnostic, Effect, Place};
use ir::config::{ErrorFile, HttpErrors};
use ir::spec::{Section, Sections};

use crate::context::Context;
use crate::keyword::{Keyword, MANY, Set};
use crate::line::Line;
use crate::{errorpage, section};

const HERE: Sections = Sections::one(Section::HttpErrors);

pub fn open(c: &mut Context<'_>, line: &Line<'_>) -> bool {
    let Some(name) = section::name(c, line) else { return false };
    section::refuse_name(c, line, name, Place::Parsing, Effect::Fatal);
    for place in section::declare(c, Section::HttpErrors, &name.text, line) {
        let text = format!(
            "http-errors section '{}' already exists (declared at {}).",
            name.lossy(),
            c.at_place(place)
        );
        c.push(Diagnostic::error("same-name", name.span, text).at(Place::ParsingTight));
    }
    c.config.http_errors.push(HttpErrors { name: name.text.clone(), pages: Vec::new(), place: line.place() });
    true
}

fn errorfile(c: &mut Context<'_>, line: &Line<'_>) {
    let (Some(code), Some(file)) = (line.arg(0), line.arg(1)) else {
        let text = "errorfile: expects <status_code> and <file> as arguments.";
        return c.alert("missing-argument", line.span, text);
    };
    match errorpage::file(c, code, file) {
        Ok((status, response)) => {
            let Some(section) = c.config.http_errors.last_mut() else { return };
            section.pages.retain(|page| page.status != status);
            section.pages.push(ErrorFile { status, response });
        }
        Err(message) => c.alert("bad-error", line.span, format!("errorfile : {message}")),
    }
}

pub const ROWS: &[Keyword] =
    &[Keyword::new("errorfile", "The page of an error.", HERE, "<code> <file>", MANY, Set::Line(errorfile))];
