//! Rules: `http-request` and its like, and `redirect`.

use diag::{Diagnostic, Place as MessagePlace, Span};
use ir::expr::{Cond, Rule};
use ir::spec::RuleSet;
use syntax::Word;

use super::{DFL, DFLB, DLB, FLB};
use crate::action::{self, Tail};
use crate::context::Context;
use crate::draft::Kind;
use crate::fail::{Checked, Fail};
use crate::keyword::{Keyword, MANY, Set};
use crate::line::Line;
use crate::places::Place;

/// The order in which kinds of rules run, whatever their order in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    TcpConnection,
    TcpSession,
    TcpContent,
    Monitor,
    HttpRequest,
    Redirect,
    UseBackend,
    UseServer,
}

const RANKS: [(Rank, &str); 8] = [
    (Rank::TcpConnection, "a 'tcp-request connection'"),
    (Rank::TcpSession, "a 'tcp-request session'"),
    (Rank::TcpContent, "a 'tcp-request content'"),
    (Rank::Monitor, "a 'monitor fail'"),
    (Rank::HttpRequest, "an 'http-request'"),
    (Rank::Redirect, "a 'redirect'"),
    (Rank::UseBackend, "a 'use_backend'"),
    (Rank::UseServer, "a 'use-server'"),
];

/// Notes that a rule was given, and warns when it runs before one above it.
pub fn note_rule(c: &mut Context<'_>, line: &Line<'_>, rank: Rank, shown: &str) {
    let later = RANKS.iter().find(|(other, _)| *other > rank && c.px.placed & (1 << *other as u16) != 0);
    if let Some((_, later)) = later
        && !matches!(rank, Rank::UseBackend | Rank::UseServer)
    {
        let text = format!("a '{shown}' rule placed after {later} rule will still be processed before.");
        c.warn("rule-order", line.span, text);
    }
    c.px.placed |= 1 << rank as u16;
}

/// Warns about ACLs of a condition that have no value where it is evaluated.
pub fn conflicts(c: &mut Context<'_>, cond: &Cond, place: Place, span: Span) {
    for term in cond.any.iter().flatten() {
        let Some(acl) = c.px.proxy.acls.get(term.acl.index()) else { continue };
        let spec = |test: &ir::expr::AclTest| c.registry.fetches().get(test.expr.fetch.index()).copied();
        let mut wrong = acl.tests.iter().filter_map(spec).filter(|spec| !place.allows(spec.contexts));
        let Some(first) = wrong.next() else { continue };
        let all = wrong.count() + 1 == acl.tests.len();
        let name = String::from_utf8_lossy(&acl.name);
        let text = match (acl.name.is_empty(), all) {
            (false, true) => format!(
                "acl '{name}' will never match because it only involves keywords that are incompatible with '{}'",
                place.name()
            ),
            (true, true) => format!(
                "anonymous acl will never match because it uses keyword '{}' which is incompatible with '{}'",
                first.name,
                place.name()
            ),
            (false, false) => format!(
                "acl '{name}' involves keywords '{}' which is incompatible with '{}'",
                first.name,
                place.name()
            ),
            (true, false) => format!(
                "anonymous acl involves keyword '{}' which is incompatible with '{}'",
                first.name,
                place.name()
            ),
        };
        c.warn("acl-conflict", span, format!("'{text}."));
        return;
    }
}

/// Adds a rule, and warns when one before it ends the list.
fn push(c: &mut Context<'_>, set: RuleSet, rule: Rule, is_final: bool, keyword: &str, span: Span) {
    if c.px.finals & set.bit() != 0 {
        let text = format!(
            "previous '{keyword}' action is final and has no condition attached, further entries are NOOP."
        );
        c.warn_tight("unreachable-rule", span, text);
        c.px.finals &= !set.bit();
    }
    if is_final && rule.cond.is_none() {
        c.px.finals |= set.bit();
    }
    c.px.proxy.rules[set as usize].push(rule);
}

fn check_conflicts(c: &mut Context<'_>, cond: Option<&Cond>, set: RuleSet, span: Span) {
    let kind = c.px.kind;
    if let Some(cond) = cond {
        conflicts(c, cond, Place::of_rules(set, kind.is_frontend(), kind.is_backend()), span);
    }
}

/// `http-request`, `http-response` and `http-after-response`.
fn http(c: &mut Context<'_>, line: &Line<'_>, set: RuleSet) {
    let before = c.diags.len();
    http_rule(c, line, set);
    c.finalize(before);
}

fn http_rule(c: &mut Context<'_>, line: &Line<'_>, set: RuleSet) {
    let keyword = line.keyword();
    let found = line.arg(0).and_then(|word| action::find(c, set, word));
    let Some((id, spec)) = found else { return unknown_http(c, line, set) };
    let name = line.lossy(0);
    let checked = match action::check(c, set, id, spec, line.args) {
        Ok(checked) => checked,
        Err(fail) => {
            let text = format!(
                "error detected in {} while parsing '{keyword} {name}' rule : {}.",
                c.px.title(),
                fail.message
            );
            return c.alert(fail.code, fail.span, text);
        }
    };
    let cond = match action::tail(c, &line.args[checked.taken..]) {
        Ok(Tail::None) => None,
        Ok(Tail::Cond(cond)) => Some(cond),
        Ok(Tail::Unexpected(word)) => {
            let text = format!(
                "'{keyword} {name}' expects either 'if' or 'unless' followed by a condition but found '{}'.",
                word.lossy()
            );
            return c.alert_tight("unexpected-word", word.span, text);
        }
        Err(fail) if spec.name == "redirect" => {
            let text = format!(
                "error detected in {} while parsing '{keyword} {name}' rule : error in condition: {}.",
                c.px.title(),
                fail.message
            );
            return c.alert(fail.code, fail.span, text);
        }
        Err(fail) => {
            let text =
                format!("error detected while parsing an '{keyword} {name}' condition : {}.", fail.message);
            return c.alert(fail.code, fail.span, text);
        }
    };
    if set == RuleSet::HttpRequest {
        note_rule(c, line, Rank::HttpRequest, "http-request");
    }
    check_conflicts(c, cond.as_ref(), set, line.span);
    let is_final = spec.is_final;
    push(c, set, checked.into_rule(cond, line.span), is_final, &keyword, line.span);
}

fn unknown_http(c: &mut Context<'_>, line: &Line<'_>, set: RuleSet) {
    let word = line.lossy(0);
    let names: Vec<&str> = c.registry.actions_in(set).map(|spec| spec.name).collect();
    let best = crate::hint::best(word.as_bytes(), names).filter(|_| !word.is_empty());
    let text = format!(
        "'{}' expects {}, but got '{word}'{}.{}",
        line.keyword(),
        action::listed(c, set),
        if word.is_empty() { " (missing argument)" } else { "" },
        best.map_or_else(String::new, |best| format!(" Did you mean '{best}' maybe ?")),
    );
    c.alert_tight("unknown-action", line.span, text);
}

/// `tcp-request` and `tcp-response` by their second word.
fn tcp(c: &mut Context<'_>, line: &Line<'_>, set: RuleSet, rank: Option<Rank>) {
    if !may_stand_here(c, line, set) {
        return;
    }
    match tcp_rule(c, line, set) {
        Ok((rule, is_final)) => {
            if let Some(rank) = rank {
                note_rule(c, line, rank, &line.keyword());
            }
            check_conflicts(c, rule.cond.as_ref(), set, line.span);
            c.px.finals &= !set.bit();
            push(c, set, rule, is_final, &line.keyword(), line.span);
        }
        Err(fail) => c.alert(fail.code, fail.span, fail.message),
    }
}

fn may_stand_here(c: &mut Context<'_>, line: &Line<'_>, set: RuleSet) -> bool {
    let needs_frontend = matches!(set, RuleSet::TcpConnection | RuleSet::TcpSession);
    if c.px.kind == Kind::Backend && needs_frontend {
        let text =
            format!("{} is not allowed because backend {} is not a frontend", line.keyword(), c.px.name());
        c.alert("wrong-side", line.span, text);
        return false;
    }
    if c.px.kind == Kind::Defaults && c.px.proxy.name.is_empty() {
        let text = format!("{} is not allowed in anonymous 'defaults' sections", line.keyword());
        c.alert("not-in-defaults", line.span, text);
        return false;
    }
    true
}

fn tcp_rule(c: &mut Context<'_>, line: &Line<'_>, set: RuleSet) -> Checked<(Rule, bool)> {
    let found = line.arg(0).and_then(|word| action::find(c, set, word));
    let Some((id, spec)) = found else { return Err(unknown_tcp(c, line, set)) };
    let checked = action::check(c, set, id, spec, line.args)?;
    let shown = format!("'{} {}'", line.keyword(), line.lossy(0));
    let title = c.px.title();
    let cond = match action::tail(c, &line.args[checked.taken..]) {
        Ok(Tail::None) => None,
        Ok(Tail::Cond(cond)) => Some(cond),
        Ok(Tail::Unexpected(word)) => {
            let text = format!("{shown} only accepts 'if' or 'unless', in {title} (got '{}')", word.lossy());
            return Err(Fail::new("unexpected-word", word.span, text));
        }
        Err(fail) => {
            let way = line.args.get(checked.taken).map_or_else(String::new, |word| word.lossy().into_owned());
            return Err(fail.wrap(|text| {
                format!("{shown} : error detected in {title} while parsing '{way}' condition : {text}")
            }));
        }
    };
    let is_final = spec.is_final;
    Ok((checked.into_rule(cond, line.span), is_final))
}

fn unknown_tcp(c: &Context<'_>, line: &Line<'_>, set: RuleSet) -> Fail {
    let word = line.lossy(0);
    let names: Vec<&str> = c.registry.actions_in(set).map(|spec| spec.name).collect();
    let best = crate::hint::best(word.as_bytes(), names);
    let text = format!(
        "'{}' expects {} in {} (got '{word}').{}",
        line.keyword(),
        action::listed(c, set),
        c.px.title(),
        best.map_or_else(String::new, |best| format!(" Did you mean '{best}' maybe ?")),
    );
    Fail::new("unknown-action", line.span, text)
}

fn inspect_delay(c: &mut Context<'_>, line: &Line<'_>) {
    let is_request = line.name[0].is("tcp-request");
    let Some(word) = line.arg(0) else {
        let text = format!("missing argument for '{}' in {}", line.name[0].lossy(), c.px.title());
        return c.alert("missing-argument", line.span, text);
    };
    match crate::numbers::parse_time(c, word, base::time::Unit::Ms) {
        Ok(delay) if is_request => c.px.proxy.inspect_delay = Some(delay),
        Ok(delay) => c.px.proxy.response_inspect_delay = Some(delay),
        Err(error) => {
            let why = match error {
                base::time::TimeError::Over => format!(
                    "timer overflow in '{}', maximum value is 2147483647 ms or ~24.8 days",
                    word.lossy()
                ),
                base::time::TimeError::Unexpected(at) => {
                    format!("unexpected character '{}'", crate::numbers::character(&word.text, at))
                }
            };
            let text = format!(
                "'{}' expects a positive delay in milliseconds, in {} ({why})",
                line.keyword(),
                c.px.title()
            );
            c.alert("bad-time", word.span, text);
        }
    }
}

fn unknown_tcp_request(c: &mut Context<'_>, line: &Line<'_>) {
    let place = match c.px.kind {
        Kind::Defaults => "defaults section".to_owned(),
        _ => c.px.title(),
    };
    let text = format!(
        "'tcp-request' expects 'inspect-delay', 'connection', or 'content' in {place} (got '{}')",
        line.lossy(0)
    );
    c.alert("unknown-keyword", line.span, text);
}

fn unknown_tcp_response(c: &mut Context<'_>, line: &Line<'_>) {
    let text = format!(
        "'tcp-response' expects 'inspect-delay' or 'content' in {} (got '{}')",
        c.px.title(),
        line.lossy(0)
    );
    c.alert("unknown-keyword", line.span, text);
}

/// The same action as `http-request redirect`; these rules run after all of `http-request`'s.
fn redirect(c: &mut Context<'_>, line: &Line<'_>) {
    match redirect_rule(c, line) {
        Ok(rule) => {
            note_rule(c, line, Rank::Redirect, "redirect");
            check_conflicts(c, rule.cond.as_ref(), RuleSet::HttpRequest, line.span);
            c.px.redirects.push(rule);
        }
        Err(fail) => {
            let text =
                format!("error detected in {} while parsing redirect rule : {}.", c.px.title(), fail.message);
            c.push(Diagnostic::error(fail.code, fail.span, text).at(MessagePlace::Parsing));
        }
    }
}

fn redirect_rule(c: &mut Context<'_>, line: &Line<'_>) -> Checked<Rule> {
    let name: Word = line.name[0].clone();
    let Some((id, spec)) = action::find(c, RuleSet::HttpRequest, &name) else {
        return Err(Fail::new("unknown-action", line.span, "redirect is not supported"));
    };
    let words: Vec<Word> = std::iter::once(name).chain(line.args.iter().cloned()).collect();
    let checked = action::check_plain(c, RuleSet::HttpRequest, id, spec, &words)?;
    let in_condition = |fail: Fail| fail.wrap(|text| format!("error in condition: {text}"));
    let cond = match action::tail(c, &words[checked.taken..]).map_err(in_condition)? {
        Tail::Cond(cond) => Some(cond),
        Tail::None | Tail::Unexpected(_) => None,
    };
    Ok(checked.into_rule(cond, line.span))
}

pub const ROWS: &[Keyword] = &[
    Keyword::new(
        "http-request",
        "What happens to requests.",
        DFLB,
        "<action> [options...] [ { if | unless } <condition> ]",
        MANY,
        Set::Line(|c, line| http(c, line, RuleSet::HttpRequest)),
    )
    .named_defaults_only(),
    Keyword::new(
        "http-response",
        "What happens to responses.",
        DFLB,
        "<action> [options...] [ { if | unless } <condition> ]",
        MANY,
        Set::Line(|c, line| http(c, line, RuleSet::HttpResponse)),
    )
    .named_defaults_only(),
    Keyword::new(
        "http-after-response",
        "What happens to all responses, our own too.",
        DFLB,
        "<action> [options...] [ { if | unless } <condition> ]",
        MANY,
        Set::Line(|c, line| http(c, line, RuleSet::HttpAfterResponse)),
    )
    .named_defaults_only(),
    Keyword::new(
        "redirect",
        "Answers with another place.",
        FLB,
        "{ location | prefix | scheme } <to> [code <code>] <option> [{if | unless} <condition>]",
        MANY,
        Set::Line(redirect),
    ),
    Keyword::new(
        "tcp-request connection",
        "What happens to connections.",
        DFLB,
        "<action> <options...> [ { if | unless } <condition> ]",
        MANY,
        Set::Line(|c, line| tcp(c, line, RuleSet::TcpConnection, Some(Rank::TcpConnection))),
    ),
    Keyword::new(
        "tcp-request session",
        "What happens to sessions.",
        DFLB,
        "<action> [{if | unless} <condition>]",
        MANY,
        Set::Line(|c, line| tcp(c, line, RuleSet::TcpSession, Some(Rank::TcpSession))),
    ),
    Keyword::new(
        "tcp-request content",
        "What happens to a client's data.",
        DFLB,
        "<action> [{if | unless} <condition>]",
        MANY,
        Set::Line(|c, line| tcp(c, line, RuleSet::TcpContent, Some(Rank::TcpContent))),
    ),
    Keyword::new(
        "tcp-request inspect-delay",
        "How long a client's data is waited for.",
        DFLB,
        "<timeout>",
        MANY,
        Set::Line(inspect_delay),
    ),
    Keyword::new("tcp-request", "Any other name is refused.", DFLB, "", MANY, Set::Line(unknown_tcp_request))
        .listed(),
    Keyword::new(
        "tcp-response content",
        "What happens to a server's data.",
        DLB,
        "<action> [{if | unless} <condition>]",
        MANY,
        Set::Line(|c, line| tcp(c, line, RuleSet::TcpResponse, None)),
    ),
    Keyword::new(
        "tcp-response inspect-delay",
        "How long a server's data is waited for.",
        DLB,
        "<timeout>",
        MANY,
        Set::Line(inspect_delay),
    ),
    Keyword::new(
        "tcp-response",
        "Any other name is refused.",
        DLB,
        "",
        MANY,
        Set::Line(unknown_tcp_response),
    )
    .listed(),
    Keyword::new(
        "quic-initial",
        "What happens to QUIC's first packets.",
        DFL,
        "<action> [ { if | unless } <condition> ]",
        MANY,
        Set::Nothing,
    )
    .parsed(),
];
