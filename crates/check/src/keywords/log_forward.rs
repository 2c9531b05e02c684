//! `log-forward` sections: frontends that take logs. Their lines are read into the proxy at hand,
//! as those of other frontends.

use base::addr::Rules;
use base::time::TimeError;
use diag::{Diagnostic, Effect, Place};
use ir::config::LogForward;
use ir::spec::{Section, Sections, Support};
use syntax::Modifier;

use super::{bind, proxy};
use crate::context::Context;
use crate::draft::Kind;
use crate::keyword::{Keyword, MANY, Set};
use crate::line::Line;
use crate::{address, inherit, numbers, section};

const HERE: Sections = Sections::one(Section::LogForward);
const DEFAULT_MAXCONN: i64 = 10;

pub fn open(c: &mut Context<'_>, line: &Line<'_>) -> bool {
    let Some(name) = section::name(c, line) else { return false };
    if c.has_extra(line, 1, Effect::Fatal) {
        return true;
    }
    if section::refuse_name(c, line, name, Place::Parsing, Effect::Abort) {
        return false;
    }
    refuse_same_name(c, line, &name.text);
    c.px = inherit::fresh(Kind::Frontend);
    c.px.proxy.name.clone_from(&name.text);
    let (name, place) = (name.text.clone(), line.place());
    c.config.log_forwards.push(LogForward { name, maxconn: DEFAULT_MAXCONN, place, ..LogForward::default() });
    true
}

fn refuse_same_name(c: &mut Context<'_>, line: &Line<'_>, name: &[u8]) {
    let shown = String::from_utf8_lossy(name).into_owned();
    let at = c.at(line.span);
    if let Some(place) = section::declare(c, Section::LogForward, name, line).first().copied() {
        return section::same_name(c, line, "log-forward section", "another log-forward section", place);
    }
    if let Some(other) = c.seen.proxies.get(name).map(|index| &c.drafts[*index]) {
        let text = format!(
            "Parsing [{at}]: log forward section '{shown}' has the same name as {} '{shown}' declared at {}.",
            other.kind.type_name(),
            c.at(other.header)
        );
        return c.alert_bare("same-name", line.span, text);
    }
    if let Some(other) = c.seen.defaults.get(name).map(|index| &c.defaults[*index]) {
        let text = format!(
            "Parsing [{at}]: log-forward section '{shown}' has the same name as defaults '{shown}' declared at {}. \
             This is dangerous and will not be supported anymore in version 3.3.",
            c.at(other.header)
        );
        c.warn_bare("same-name", line.span, text);
    }
}

/// Moves what the lines gave into the section.
pub fn close(c: &mut Context<'_>) {
    let mut draft = std::mem::take(&mut c.px);
    // HAProxy's messages do not know the addresses of these lines.
    draft.bind_lines.iter_mut().for_each(|line| line.text = b"(null)".to_vec());
    if let Some(section) = c.config.log_forwards.last_mut() {
        section.binds.clone_from(&draft.proxy.binds);
        section.logs.clone_from(&draft.proxy.logs);
        section.timeout_client = draft.proxy.timeouts.client;
    }
    c.log_forwards.push(draft);
}

fn number(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = line.arg(0) else {
        let text = format!("'{}' expects an integer argument.", line.keyword());
        return c.alert("missing-argument", line.span, text);
    };
    if let Some(section) = c.config.log_forwards.last_mut() {
        let value = numbers::lenient(&word.text);
        match line.name[0].is("maxconn") {
            true => section.maxconn = value,
            false => section.backlog = value,
        }
    }
    c.has_extra(line, 1, Effect::Fatal);
}

/// Lines of datagram sockets understand the words of `bind`, with messages of their own.
fn dgram_bind(c: &mut Context<'_>, line: &Line<'_>) {
    let prefix = c.unix_prefix.clone();
    let rules = Rules { unix_prefix: &prefix, ..Rules::DGRAM_BIND };
    let empty = syntax::Word { text: Vec::new(), span: line.span, verbatim: None };
    let word = line.arg(0).unwrap_or(&empty);
    let mut addresses = Vec::new();
    for text in word.text.split(|byte| *byte == b',').filter(|text| !text.is_empty()) {
        match address::resolved(c, text, word, &rules) {
            Ok(all) => addresses.extend(all),
            Err(fail) => {
                let text = format!("'dgram-bind {}' : {}", word.lossy(), fail.message);
                return c.alert(fail.code, fail.span, text);
            }
        }
    }
    let mut draft = bind::BindDraft::new(c, line);
    let mut at = 1;
    while let Some(word) = line.arg(at) {
        let Some(row) = bind::keywords().find(|row| word.is(row.name)) else {
            let best = crate::hint::best(&word.text, bind::keywords().map(|row| row.name));
            let hint = best.map_or_else(|| ".".to_owned(), |best| crate::hint::suffix(Some(best)));
            let text = format!("unknown keyword '{}' in 'log-forward' section{hint}", word.lossy());
            c.alert("unknown-keyword", word.span, text);
            return c.suggest(word.span, best);
        };
        if let Err(fail) = bind::set(c, row, &mut draft, &line.args[at..]) {
            return c.alert(fail.code, fail.span, fail.message);
        }
        if row.support == Support::Parsed {
            c.warn_parsed(row.name, word.span);
        }
        at += 1 + row.args;
    }
    if let Some(section) = c.config.log_forwards.last_mut() {
        let binds = addresses.into_iter().map(|address| ir::config::Bind { address, ..draft.bind.clone() });
        section.datagram_binds.extend(binds);
    }
}

fn timeout(c: &mut Context<'_>, line: &Line<'_>) {
    if !line.arg(0).is_some_and(|word| word.is("client")) {
        let text = format!("unknown keyword 'timeout {}' in log-forward section.", line.lossy(0));
        return c.alert("unknown-keyword", line.span, text);
    }
    let Some(word) = line.arg(1) else {
        return c.alert("missing-argument", line.span, "missing timeout client value.");
    };
    match numbers::parse_time(c, word, base::time::Unit::Ms) {
        Ok(value) => c.px.proxy.timeouts.client = Some(value).filter(|value| *value > 0),
        Err(error) => {
            let text = match error {
                TimeError::Over => format!(
                    "timeout : timer overflow in argument '{}' to 'timeout client' \
                     (maximum value is 2147483647 ms or ~24.8 days)",
                    word.lossy()
                ),
                TimeError::Unexpected(at) => {
                    let character = numbers::character(&word.text, at);
                    format!("timeout : unexpected character '{character}' in 'timeout client'")
                }
            };
            c.alert("bad-time", word.span, text);
        }
    }
}

/// `option dont-parse-log`, `option assume-rfc6587-ntf`
fn flag(c: &mut Context<'_>, line: &Line<'_>) {
    let option = line.name[1].lossy().into_owned();
    if let Some(extra) = line.arg(0) {
        let text = format!("'option {option}' cannot handle unexpected argument '{}'.", extra.lossy());
        return c.alert("extra-argument", extra.span, text);
    }
    let Some(section) = c.config.log_forwards.last_mut() else { return };
    let set = line.modifier == Modifier::None;
    match option.as_str() {
        "dont-parse-log" => section.dont_parse_log = set,
        _ => section.assume_rfc6587_ntf = set,
    }
}

fn host(c: &mut Context<'_>, line: &Line<'_>) {
    let known = |word: &&syntax::Word| ["replace", "fill", "keep", "append"].iter().any(|mode| word.is(mode));
    let Some(mode) = line.arg(0).filter(known) else {
        return c.abort("bad-option", line.span, "option 'host' expects {replace|fill|keep|append}.");
    };
    if let Some(section) = c.config.log_forwards.last_mut() {
        section.host = (line.modifier == Modifier::None).then(|| mode.text.clone());
    }
}

/// `option` with a name that no row has.
fn option(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(name) = line.arg(0) else {
        let told = Diagnostic::error("missing-argument", line.span, "'option' expects an option name.");
        return c.push(told.at(Place::ParsingTight));
    };
    let text = format!("unknown option '{}' in log-forward section.", name.lossy());
    c.abort("unknown-option", name.span, text);
}

const fn row(
    name: &'static str,
    usage: &'static str,
    doc: &'static str,
    set: fn(&mut Context<'_>, &Line<'_>),
) -> Keyword {
    Keyword::new(name, doc, HERE, usage, MANY, Set::Line(set))
}

pub const ROWS: &[Keyword] = &[
    row("bind", "<address> [param*]", "Where logs come in over streams.", bind::section_line),
    row("dgram-bind", "<address> [param*]", "Where logs come in over datagrams.", dgram_bind),
    row("log", "<target> … <facility> [<level>]", "Where logs go.", proxy::log::log).with_no(),
    row("maxconn", "<conns>", "How many clients are connected at a time.", number),
    row("backlog", "<conns>", "How many connections wait to be accepted.", number),
    row("timeout", "client <time>", "How long a client may be silent.", timeout),
    row("option dont-parse-log", "", "Passes messages on as they come.", flag).with_no(),
    row("option assume-rfc6587-ntf", "", "Messages on streams end with a line end.", flag).with_no(),
    row("option host", "{ replace | fill | keep | append }", "How the host name is set.", host).with_no(),
    Keyword::new("option", "An option that no other row knows.", HERE, "<name>", MANY, Set::Line(option))
        .with_no()
        .hidden(),
];
