//! Error pages.

use ir::Bytes;
use ir::config::ErrorFile;
use syntax::Word;

use super::DFLB;
use crate::context::Context;
use crate::fail::{Checked, Fail};
use crate::keyword::{Keyword, MANY, Set};
use crate::line::Line;

/// The statuses that have an error page.
const STATUSES: [u16; 21] =
    [200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 414, 421, 422, 425, 429, 431, 500, 501, 502, 503, 504];

/// Whether a status has an error page.
pub fn has_error_page(status: i64) -> bool {
    u16::try_from(status).is_ok_and(|status| STATUSES.contains(&status))
}

fn status(word: &Word) -> Option<u16> {
    let status = crate::numbers::lenient(&word.text);
    u16::try_from(status).ok().filter(|_| has_error_page(status))
}

/// The code and the second word of a line with exactly these.
fn two<'a>(line: &Line<'a>, second: &str) -> Checked<(&'a Word, &'a Word)> {
    let keyword = line.keyword();
    let fail = |message: String| Fail::new("bad-error", line.span, message);
    let (Some(code), Some(value)) = (line.arg(0), line.arg(1)) else {
        return Err(fail(format!("{keyword} : expects <status_code> and <{second}> as arguments.\n")));
    };
    if line.args.len() > 2 {
        return Err(fail(format!("{keyword} : expects exactly two arguments.\n")));
    }
    Ok((code, value))
}

fn unhandled(keyword: &str, code: &Word) -> String {
    format!("{keyword} : status code '{}' not handled.", crate::numbers::lenient(&code.text))
}

fn store(c: &mut Context<'_>, status: u16, response: Bytes) {
    let errors = &mut c.px.proxy.errors;
    match errors.iter_mut().find(|error| error.status == status) {
        Some(error) => error.response = response,
        None => errors.push(ErrorFile { status, response }),
    }
}

fn errorfile(c: &mut Context<'_>, line: &Line<'_>) {
    let (code, path) = match two(line, "file") {
        Ok(done) => done,
        Err(fail) => return c.alert(fail.code, fail.span, fail.message),
    };
    match crate::errorpage::file(c, code, path) {
        Ok((status, response)) => store(c, status, response),
        Err(message) => c.alert("bad-error", line.span, format!("errorfile : {message}")),
    }
}

fn errorloc(c: &mut Context<'_>, line: &Line<'_>) {
    let (code, url) = match two(line, "url") {
        Ok(done) => done,
        Err(fail) => return c.alert(fail.code, fail.span, fail.message),
    };
    let Some(status) = status(code) else {
        return c.alert("bad-error", line.span, unhandled(&line.keyword(), code));
    };
    let (code, reason) = match line.name[0].is("errorloc303") {
        true => ("303", "See Other"),
        false => ("302", "Found"),
    };
    let head =
        format!("HTTP/1.1 {code} {reason}\r\nCache-Control: no-cache\r\nContent-length: 0\r\nLocation: ");
    store(c, status, [head.as_bytes(), &url.text, b"\r\n\r\n"].concat());
}

pub const ROWS: &[Keyword] = &[
    Keyword::new("errorfile", "The page of an error.", DFLB, "<code> <file>", MANY, Set::Line(errorfile))
        .listed(),
    Keyword::new("errorloc", "Where an error redirects to.", DFLB, "<code> <url>", MANY, Set::Line(errorloc))
        .listed(),
    Keyword::new(
        "errorloc302",
        "Where an error redirects to.",
        DFLB,
        "<code> <url>",
        MANY,
        Set::Line(errorloc),
    )
    .listed(),
    Keyword::new(
        "errorloc303",
        "Where an error redirects to, by GET.",
        DFLB,
        "<code> <url>",
        MANY,
        Set::Line(errorloc),
    )
    .listed(),
    Keyword::new(
        "errorfiles",
        "Takes pages of an http-errors section.",
        DFLB,
        "<name> [<code> ...]",
        MANY,
        Set::Nothing,
    )
    .listed()
    .parsed(),
    Keyword::new(
        "http-error",
        "The response to an error.",
        DFLB,
        "status <code> [content-type <type>] [ … ] [ hdr <name> <fmt> ]*",
        MANY,
        Set::Nothing,
    )
    .listed()
    .parsed(),
];
