//! Rules: `http-request` and its like, and `redirect`.

use diag::{Diagnostic, Place as MessagePlace};
use ir::expr::Rule;
use ir::spec::RuleSet;
use syntax::Word;

use super::{DFL, DFLB, DLB, FLB};
use crate::action::{self, Tail};
use crate::conflicts;
use crate::context::Context;
use crate::draft::Kind;
use crate::fail::{Checked, Fail};
use crate::keyword::{Keyword, MANY, Set};
use crate::line::Line;

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

/// Warns when the rule before ends the list.
fn warn_unreachable(c: &mut Context<'_>, line: &Line<'_>, set: RuleSet) {
    if c.px.finals & set.bit() != 0 {
        let text = format!(
            "previous '{}' action is final and has no condition attached, further entries are NOOP.",
            line.keyword()
        );
        c.warn_tight("unreachable-rule", line.span, text);
    }
}

/// Adds a rule.
fn push(c: &mut Context<'_>, set: RuleSet, rule: Rule, is_final: bool) {
    match is_final && rule.cond.is_none() {
        true => c.px.finals |= set.bit(),
        false => c.px.finals &= !set.bit(),
    }
    c.px.proxy.rules[set as usize].push(rule);
}

/// `http-request`, `http-response` and `http-after-response`.
fn http(c: &mut Context<'_>, line: &Line<'_>, set: RuleSet) {
    let before = c.diags.len();
    warn_unreachable(c, line, set);
    if let Some((rule, is_final)) = http_rule(c, line, set) {
        if set == RuleSet::HttpRequest {
            note_rule(c, line, Rank::HttpRequest, "http-request");
        }
        conflicts::of_rule(c, rule.cond.as_ref(), set, line.span);
        push(c, set, rule, is_final);
    }
    c.end_reading(before);
}

/// Reads such a rule, and whether it ends the list; what is wrong with it is told.
pub fn http_rule(c: &mut Context<'_>, line: &Line<'_>, set: RuleSet) -> Option<(Rule, bool)> {
    let keyword = line.keyword();
    let found = line.arg(0).and_then(|word| action::find(c, set, word));
    let Some((id, spec)) = found else {
        unknown_http(c, line, set);
        return None;
    };
    let name = line.lossy(0);
    if spec.name == "normalize-uri" && !c.experimental() {
        let text = "'normalize-uri' action is experimental, must be allowed via a global \
                    'expose-experimental-directives'";
        c.alert("experimental", line.span, text);
        return None;
    }
    let checked = match action::check(c, set, id, spec, line.args) {
        Ok(checked) => checked,
        Err(fail) => {
            let text = format!(
                "error detected in {} while parsing '{keyword} {name}' rule : {}.",
                c.px.title(),
                fail.message
            );
            c.alert(fail.code, fail.span, text);
            return None;
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
            c.alert_tight("unexpected-word", word.span, text);
            return None;
        }
        Err(fail) if spec.name == "redirect" => {
            let text = format!(
                "error detected in {} while parsing '{keyword} {name}' rule : error in condition: {}.",
                c.px.title(),
                fail.message
            );
            c.alert(fail.code, fail.span, text);
            return None;
        }
        Err(fail) => {
            let text =
                format!("error detected while parsing an '{keyword} {name}' condition : {}.", fail.message);
            c.alert(fail.code, fail.span, text);
            return None;
        }
    };
    let is_final = checked.ends_the_list();
    Some((checked.into_rule(cond, line.span), is_final))
}

fn unknown_http(c: &mut Context<'_>, line: &Line<'_>, set: RuleSet) {
    let word = line.lossy(0);
    let text = format!(
        "'{}' expects {}, but got '{word}'{}.{}",
        line.keyword(),
        action::listed(c, set),
        if word.is_empty() { " (missing argument)" } else { "" },
        did_you_mean(c, set, word.as_bytes()),
    );
    c.alert_tight("unknown-action", line.span, text);
    suggest(c, line, set);
}

/// Offers the nearest action in the place of one that the rule set does not have.
fn suggest(c: &mut Context<'_>, line: &Line<'_>, set: RuleSet) {
    if let Some(word) = line.arg(0).filter(|word| action::find(c, set, word).is_none()) {
        let best = action::suggestion(c, set, &word.text);
        c.suggest(word.span, best);
    }
}

fn did_you_mean(c: &Context<'_>, set: RuleSet, word: &[u8]) -> String {
    let best = action::suggestion(c, set, word);
    best.map_or_else(String::new, |best| format!(" Did you mean '{best}' maybe ?"))
}

/// `tcp-request` and `tcp-response` by their second word.
fn tcp(c: &mut Context<'_>, line: &Line<'_>, set: RuleSet, rank: Option<Rank>) {
    if !may_stand_here(c, line, set) {
        return;
    }
    match tcp_rule(c, line, set) {
        Ok(rule) => {
            if let Some(rank) = rank {
                note_rule(c, line, rank, &line.keyword());
            }
            if set == RuleSet::TcpResponse && !c.px.proxy.rules[RuleSet::HttpResponse as usize].is_empty() {
                let text = "a 'tcp-response content' rule placed after an 'http-response' rule will still be \
                            processed before.";
                c.warn("rule-order", line.span, text);
            }
            conflicts::of_rule(c, rule.cond.as_ref(), set, line.span);
            c.px.proxy.rules[set as usize].push(rule);
        }
        Err(fail) => {
            c.alert(fail.code, fail.span, fail.message);
            suggest(c, line, set);
        }
    }
}

/// `quic-initial`: told like HTTP rules, run before any connection.
fn quic(c: &mut Context<'_>, line: &Line<'_>) {
    http(c, line, RuleSet::QuicInitial);
}

fn may_stand_here(c: &mut Context<'_>, line: &Line<'_>, set: RuleSet) -> bool {
    let needs_frontend = matches!(set, RuleSet::TcpConnection | RuleSet::TcpSession);
    if c.px.kind == Kind::Backend && needs_frontend {
        let text =
            format!("{} is not allowed because backend {} is not a frontend", line.keyword(), c.px.name());
        c.alert("wrong-side", line.span, text);
        return false;
    }
    is_in_named_section(c, line, set == RuleSet::TcpResponse)
}

/// Whether the line stands where rules may: not in defaults without a name, and those for
/// responses not in frontends.
fn is_in_named_section(c: &mut Context<'_>, line: &Line<'_>, is_response: bool) -> bool {
    let is_nameless = c.px.kind == Kind::Defaults && c.px.proxy.name.is_empty();
    let text = match is_response {
        true if is_nameless || c.px.kind == Kind::Frontend => {
            format!(
                "{} is only allowed in 'backend' sections or 'defaults' section with a name",
                line.keyword()
            )
        }
        false if is_nameless => format!("{} is not allowed in anonymous 'defaults' sections", line.keyword()),
        _ => return true,
    };
    c.alert("not-in-defaults", line.span, text);
    false
}

fn tcp_rule(c: &mut Context<'_>, line: &Line<'_>, set: RuleSet) -> Checked<Rule> {
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
    Ok(checked.into_rule(cond, line.span))
}

/// A name that no action of the set has, or one of another set that HAProxy reads here too.
fn unknown_tcp(c: &Context<'_>, line: &Line<'_>, set: RuleSet) -> Fail {
    let (word, keyword, title) = (line.lossy(0), line.keyword(), c.px.title());
    let is_request = set != RuleSet::TcpResponse;
    if is_request && ["capture", "expect-proxy", "expect-netscaler-cip"].contains(&word.as_str()) {
        let text = match word.as_str() {
            "capture" if !c.px.kind.takes_frontend() => {
                format!("'{keyword} capture' : proxy '{}' has no frontend capability", c.px.name())
            }
            name if name != "capture" && !line.arg(1).is_some_and(|word| word.is("layer4")) => {
                format!("'{keyword} {name}' only supports 'layer4' in {title} (got '{}')", line.lossy(1))
            }
            name => format!("'{name} {}' is not allowed in '{keyword}' rules in {title}", line.lossy(1)),
        };
        return Fail::new("wrong-rule-set", line.span, text);
    }
    let first = match is_request {
        true => format!(
            "'accept', 'reject', 'capture', 'expect-proxy', 'expect-netscaler-cip', 'track-sc0' ... 'track-sc{}'",
            c.stick_counters - 1
        ),
        false => "'accept', 'close', 'reject'".to_owned(),
    };
    let text = format!(
        "'{keyword}' expects {first}, {} in {title} (got '{word}').{}{}",
        action::listed(c, set),
        did_you_mean(c, set, word.as_bytes()),
        if is_request { "\n" } else { "" },
    );
    Fail::new("unknown-action", line.span, text)
}

fn inspect_delay(c: &mut Context<'_>, line: &Line<'_>) {
    let is_request = line.name[0].is("tcp-request");
    if !is_in_named_section(c, line, !is_request) {
        return;
    }
    let parsed = line.arg(0).map(|word| (word, crate::numbers::parse_time(c, word, base::time::Unit::Ms)));
    let why = match parsed {
        Some((_, Ok(delay))) => return set_inspect_delay(c, line, delay),
        Some((word, Err(base::time::TimeError::Over))) => {
            format!(" (timer overflow in '{}', maximum value is 2147483647 ms or ~24.8 days)", word.lossy())
        }
        Some((word, Err(base::time::TimeError::Unexpected(at)))) => {
            format!(" (unexpected character '{}')", crate::numbers::character(&word.text, at))
        }
        None => String::new(),
    };
    let text =
        format!("'{}' expects a positive delay in milliseconds, in {}{why}", line.keyword(), c.px.title());
    c.alert("bad-time", line.span, text);
}

fn set_inspect_delay(c: &mut Context<'_>, line: &Line<'_>, delay: u64) {
    let title = c.px.title();
    let slot = match line.name[0].is("tcp-request") {
        true => &mut c.px.proxy.inspect_delay,
        false => &mut c.px.proxy.response_inspect_delay,
    };
    if slot.is_some_and(|before| before != 0) {
        let text = format!("ignoring {} (was already defined) in {title}", line.keyword());
        return c.warn("duplicate", line.span, text);
    }
    *slot = Some(delay);
}

fn unknown_tcp_request(c: &mut Context<'_>, line: &Line<'_>) {
    if line.args.is_empty() {
        let place = match c.px.kind {
            Kind::Defaults => "defaults section".to_owned(),
            _ => c.px.title(),
        };
        return c.alert(
            "missing-argument",
            line.span,
            format!("missing argument for 'tcp-request' in {place}"),
        );
    }
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
    if line.args.is_empty() {
        let text = format!("missing argument for 'tcp-response' in {}", c.px.title());
        return c.alert("missing-argument", line.span, text);
    }
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
            conflicts::of_rule(c, rule.cond.as_ref(), RuleSet::HttpRequest, line.span);
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
    )
    .meant_for(DFL),
    Keyword::new(
        "tcp-request session",
        "What happens to sessions.",
        DFLB,
        "<action> [{if | unless} <condition>]",
        MANY,
        Set::Line(|c, line| tcp(c, line, RuleSet::TcpSession, Some(Rank::TcpSession))),
    )
    .meant_for(DFL),
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
    )
    .own_side(),
    Keyword::new(
        "tcp-response inspect-delay",
        "How long a server's data is waited for.",
        DLB,
        "<timeout>",
        MANY,
        Set::Line(inspect_delay),
    )
    .own_side(),
    Keyword::new(
        "tcp-response",
        "Any other name is refused.",
        DLB,
        "",
        MANY,
        Set::Line(unknown_tcp_response),
    )
    .own_side()
    .listed(),
    Keyword::new(
        "quic-initial",
        "What happens to QUIC's first packets.",
        DFL,
        "<action> [ { if | unless } <condition> ]",
        MANY,
        Set::Line(quic),
    )
    .parsed(),
];
