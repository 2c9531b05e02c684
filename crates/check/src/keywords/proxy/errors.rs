//! Error pages.

use diag::Span;
use ir::Bytes;
use ir::config::{ErrorFile, ErrorReply};
use ir::expr::ActionValue;
use ir::spec::RuleSet;
use syntax::Word;

use super::DFLB;
use crate::action::Action;
use crate::context::Context;
use crate::draft::{ErrorLine, ErrorSection};
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

/// The code and the second word of a line with exactly these.
fn two<'a>(line: &Line<'a>, second: &str) -> Checked<(&'a Word, &'a Word)> {
    let keyword = line.keyword();
    let fail = |message: String| Fail::new("bad-error", line.span, message);
    let (Some(code), Some(value)) = (line.arg(0), line.arg(1)) else {
        return Err(fail(format!("{keyword} : expects <status_code> and <{second}> as arguments.\n")));
    };
    match line.args.len() {
        2 => Ok((code, value)),
        _ => Err(fail(format!("{keyword} : expects exactly two arguments.\n"))),
    }
}

/// A code that may have a page.
fn status(keyword: &str, code: &Word) -> Checked<u16> {
    let number = i64::from(crate::numbers::wrapped(&code.text));
    let known = u16::try_from(number).ok().filter(|_| has_error_page(number));
    known.ok_or_else(|| {
        Fail::new("unknown-status", code.span, format!("{keyword} : status code '{number}' not handled."))
    })
}

fn store(c: &mut Context<'_>, status: u16, response: Bytes) {
    c.px.error_lines.push(ErrorLine::Page(ErrorFile { status, response }));
}

fn errorfile(c: &mut Context<'_>, line: &Line<'_>) {
    let told = two(line, "file").and_then(|(code, path)| {
        let page = crate::errorpage::file(c, code, path);
        page.map_err(|why| Fail::new("bad-error", path.span, format!("errorfile : {why}")))
    });
    match told {
        Ok((status, response)) => store(c, status, response),
        Err(fail) => c.fail(fail),
    }
}

fn errorloc(c: &mut Context<'_>, line: &Line<'_>) {
    let keyword = line.keyword();
    let told = two(line, "url").and_then(|(code, url)| Ok((status(&keyword, code)?, url)));
    let (status, url) = match told {
        Ok(done) => done,
        Err(fail) => return c.fail(fail),
    };
    let (code, reason) = match line.name[0].is("errorloc303") {
        true => ("303", "See Other"),
        false => ("302", "Found"),
    };
    let head =
        format!("HTTP/1.1 {code} {reason}\r\nCache-Control: no-cache\r\nContent-length: 0\r\nLocation: ");
    store(c, status, [head.as_bytes(), &url.text, b"\r\n\r\n"].concat());
}

fn errorfiles(c: &mut Context<'_>, line: &Line<'_>) {
    let Some((name, codes)) = line.args.split_first() else {
        return c.alert("missing-argument", line.span, "errorfiles : expects <name> as argument.");
    };
    match codes.iter().map(|code| status("errorfiles", code)).collect() {
        Ok(statuses) => {
            let section = ErrorSection { name: name.clone(), statuses };
            c.px.error_lines.push(ErrorLine::Section(section));
        }
        Err(fail) => c.fail(fail),
    }
}

/// `http-error`: the options of the action `return`, with a status that has a page.
fn http_error(c: &mut Context<'_>, line: &Line<'_>) {
    let told = error_reply(c, line);
    if let Err(fail) = told {
        c.fail(fail);
    }
}

fn error_reply(c: &mut Context<'_>, line: &Line<'_>) -> Checked<()> {
    let fail = |text: &str| Fail::new("bad-error", line.span, text);
    let set = RuleSet::HttpRequest;
    let Some((id, spec)) = c.registry.action(b"return", set) else { return Ok(()) };
    let words: Vec<Word> = line.name.iter().chain(line.args).cloned().collect();
    let reply = crate::action::check(c, set, id, spec, &words);
    let reply = reply.map_err(|fail| fail.wrap(|why| format!("http-error : {why}")))?;
    let Some(ActionValue::Int(status)) = reply.option("status") else {
        if let Some(page) = ["errorfiles", "default-errorfiles"].iter().find(|option| reply.has(option)) {
            let text = format!("http-error : status code '0' not handled by default with '{page}' argument.");
            return Err(fail(&text));
        }
        return Err(fail("http-error : expects at least a <status> as arguments.\n"));
    };
    let status = *status;
    if !has_error_page(status) {
        return Err(fail(&format!("http-error: status code '{status}' not handled.")));
    }
    if let Some(extra) = words.get(reply.taken) {
        return Err(fail(&format!("http-error : unknown keyword '{}'.", extra.lossy())));
    }
    if let Ok(status) = u16::try_from(status) {
        keep_reply(c, status, reply, line.span);
    }
    Ok(())
}

/// Keeps what an `http-error` line says of a status.
fn keep_reply(c: &mut Context<'_>, status: u16, reply: Action, span: Span) {
    if let Some(ActionValue::Str(name)) = reply.option("errorfiles") {
        let name = Word { text: name.clone(), span, verbatim: None };
        let section = ErrorSection { name, statuses: vec![status] };
        return c.px.error_lines.push(ErrorLine::Section(section));
    }
    if let Some(ActionValue::File(page)) = reply.option("errorfile") {
        return store(c, status, page.clone());
    }
    if reply.has("default-errorfiles") {
        return c.px.error_lines.push(ErrorLine::Default(status));
    }
    let replies = &mut c.px.proxy.error_replies;
    c.px.error_lines.push(ErrorLine::Reply(status, replies.len()));
    replies.push(ErrorReply { status, rule: reply.into_rule(None, span) });
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
        Set::Line(errorfiles),
    )
    .listed(),
    Keyword::new(
        "http-error",
        "The response to an error.",
        DFLB,
        "status <code> [content-type <type>] [ … ] [ hdr <name> <fmt> ]*",
        MANY,
        Set::Line(http_error),
    )
    .listed(),
];
