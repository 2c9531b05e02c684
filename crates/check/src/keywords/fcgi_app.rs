//! `fcgi-app` sections. Their tests and conditions are read into the proxy at hand.

use diag::{Diagnostic, Effect, Place};
use ir::config::{FcgiApp, FcgiParam};
use ir::expr::Cond;
use ir::spec::{Section, Sections};
use syntax::{Modifier, Word};

use super::proxy::{log, routing};
use crate::context::Context;
use crate::keyword::{Keyword, MANY, Set};
use crate::line::Line;
use crate::section;

const HERE: Sections = Sections::one(Section::FcgiApp);

pub fn open(c: &mut Context<'_>, line: &Line<'_>) -> bool {
    let Some(name) = line.arg(0) else {
        c.alert_tight("missing-name", line.span, "'fcgi-app' expects <name> as argument.");
        return true;
    };
    if c.has_extra(line, 1, Effect::Fatal)
        || section::refuse_name(c, line, name, Place::ParsingTight, Effect::Fatal)
    {
        return true;
    }
    for place in section::declare(c, Section::FcgiApp, &name.text, line).into_iter().rev() {
        section::same_name(c, line, "fcgi-app section", "another one", place);
    }
    c.warn_parsed("fcgi-app", line.span);
    let (name, place) = (name.text.clone(), line.place());
    c.config.fcgi_apps.push(FcgiApp { name, place, max_reqs: 1, ..FcgiApp::default() });
    true
}

/// Moves what the lines gave into the section.
pub fn close(c: &mut Context<'_>) {
    let proxy = std::mem::take(&mut c.px.proxy);
    if let Some(app) = c.config.fcgi_apps.last_mut() {
        app.acls = proxy.acls;
        app.logs = proxy.logs;
    }
}

fn log_stderr(c: &mut Context<'_>, line: &Line<'_>) {
    let before = c.px.proxy.logs.len();
    log::log(c, line);
    let Some(app) = c.config.fcgi_apps.last() else { return };
    let new = c.px.proxy.logs.iter().skip(before);
    c.fcgi_logs.extend(new.map(|target| (app.name.clone(), line.span, target.transport.clone())));
}

fn current<'c>(c: &'c mut Context<'_>) -> Option<&'c mut FcgiApp> {
    c.config.fcgi_apps.last_mut()
}

/// The only argument of a line.
fn only<'l>(c: &mut Context<'_>, line: &Line<'l>, what: &str) -> Option<&'l Word> {
    let Some(word) = line.arg(0) else {
        let text = format!("'{}' expects <{what}> as argument.", line.keyword());
        c.alert("missing-argument", line.span, text);
        return None;
    };
    if let Some(extra) = line.arg(1) {
        let keyword = format!("{} {}", line.keyword(), word.lossy());
        let text = format!("'{keyword}' cannot handle unexpected argument '{}'.", extra.lossy());
        c.alert("extra-argument", extra.span, text);
        return None;
    }
    Some(word)
}

fn docroot(c: &mut Context<'_>, line: &Line<'_>) {
    let word = only(c, line, "path");
    if let (Some(word), Some(app)) = (word, current(c)) {
        app.docroot = Some(word.text.clone());
    }
}

fn index(c: &mut Context<'_>, line: &Line<'_>) {
    let word = only(c, line, "filename");
    if let (Some(word), Some(app)) = (word, current(c)) {
        app.index = Some(word.text.clone());
    }
}

fn path_info(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = only(c, line, "regex") else { return };
    if let Err(message) = c.loader.check_regex(&word.text, false) {
        return c.alert("bad-regex", word.span, format!("'{}' : {message}.", word.lossy()));
    }
    if let Some(app) = current(c) {
        app.path_info = Some(word.text.clone());
    }
}

/// The condition that ends a line. None at all is one; an error was told.
fn condition(c: &mut Context<'_>, line: &Line<'_>, at: usize) -> Result<Option<Cond>, ()> {
    let words = &line.args[at..];
    let Some(first) = words.first() else { return Ok(None) };
    let checked = match crate::line::starts_condition(first) {
        true => crate::cond::check(c, words).map_err(|fail| (fail.code, fail.message)),
        // HAProxy prints an empty text for any other word.
        false => Err(("unknown-keyword", "(null)".to_owned())),
    };
    checked.map(Some).map_err(|(code, message)| {
        c.alert(code, first.span, format!("'{}' : {message}.", line.lossy(0)));
    })
}

fn set_param(c: &mut Context<'_>, line: &Line<'_>) {
    let (Some(name), Some(value)) = (line.arg(0), line.arg(1)) else {
        let text = "'set-param' expects <name> and <value> as arguments.";
        return c.alert("missing-argument", line.span, text);
    };
    let Ok(cond) = condition(c, line, 2) else { return };
    if let Some(app) = current(c) {
        app.params.push(FcgiParam { name: name.text.clone(), value: value.text.clone(), cond });
    }
}

fn pass_header(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(name) = line.arg(0) else {
        return c.alert("missing-argument", line.span, "'pass-header' expects <name> as arguments.");
    };
    let Ok(cond) = condition(c, line, 1) else { return };
    if let Some(app) = current(c) {
        app.pass_headers.push((name.text.clone(), cond));
    }
}

/// `keep-conn`, `get-values`, `mpxs-conns`
fn flag(c: &mut Context<'_>, line: &Line<'_>) {
    if c.has_extra(line, 0, Effect::Fatal) || line.modifier == Modifier::Default {
        return;
    }
    let set = line.modifier == Modifier::None;
    let Some(app) = current(c) else { return };
    match line.name[1].lossy().as_ref() {
        "keep-conn" => app.no_keep_conn = !set,
        "get-values" => app.get_values = set,
        _ => app.mpxs_conns = set,
    }
}

fn max_reqs(c: &mut Context<'_>, line: &Line<'_>) {
    if line.modifier != Modifier::None {
        let text = "negation/default is not supported for option 'max-reqs'.";
        return c.alert_tight("no-negation", line.span, text);
    }
    let Some(word) = line.arg(0) else {
        let text = "option 'max-reqs' expects an integer argument.";
        return c.alert_tight("missing-argument", line.span, text);
    };
    if c.has_extra(line, 1, Effect::Fatal) {
        return;
    }
    // HAProxy keeps the low half of the number.
    let value = crate::numbers::lenient(&word.text).rem_euclid(1 << 32);
    match current(c).filter(|_| value != 0) {
        Some(app) => app.max_reqs = value,
        None => {
            let text = "option 'max-reqs' expects a strictly positive integer argument.";
            c.alert_tight("out-of-range", word.span, text);
        }
    }
}

/// `option` with a name that no row has.
fn option(c: &mut Context<'_>, line: &Line<'_>) {
    match line.arg(0) {
        Some(name) => c.alert("unknown-option", name.span, format!("unknown option '{}'.", name.lossy())),
        None => c.push(
            Diagnostic::error("missing-argument", line.span, "'option' expects an option name.")
                .at(Place::ParsingTight),
        ),
    }
}

const fn row(
    name: &'static str,
    usage: &'static str,
    doc: &'static str,
    set: fn(&mut Context<'_>, &Line<'_>),
) -> Keyword {
    Keyword::new(name, doc, HERE, usage, MANY, Set::Line(set)).parsed()
}

pub const ROWS: &[Keyword] = &[
    row("docroot", "<path>", "The directory of the application's files.", docroot),
    row("index", "<script-name>", "The file of a path that ends with a slash.", index),
    row("path-info", "<regex>", "How a path is split into script and rest.", path_info),
    row("acl", "<aclname> <criterion> [flags] <value>", "Names a test.", routing::acl),
    row("set-param", "<name> <fmt> [ { if | unless } <condition> ]", "Sets a parameter.", set_param),
    row("pass-header", "<name> [ { if | unless } <condition> ]", "Passes a header on.", pass_header),
    row(
        "log-stderr",
        "global | <target> … <facility> [<level>]",
        "Where the application's errors are logged.",
        log_stderr,
    ),
    row("option keep-conn", "", "Keeps connections open.", flag).with_no(),
    row("option get-values", "", "Asks the application for its limits.", flag).with_no(),
    row("option mpxs-conns", "", "Sends requests side by side.", flag).with_no(),
    row("option max-reqs", "<reqs>", "How many requests a connection carries at a time.", max_reqs),
    Keyword::new("option", "An option that no other row knows.", HERE, "<name>", MANY, Set::Line(option))
        .with_no()
        .hidden(),
];
