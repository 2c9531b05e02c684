//! `stats`: the statistics page.

use base::time::{TimeError, Unit};
use ir::spec::RuleSet;

use super::DFLB;
use super::rules::http_rule;
use crate::conflicts;
use crate::context::Context;
use crate::draft::{Kind, Stats};
use crate::fail::{Checked, Fail};
use crate::keyword::{Keyword, MANY, Set};
use crate::line::{Line, starts_condition};

fn stats(c: &mut Context<'_>, line: &Line<'_>) {
    // A section that says anything about statistics takes over nothing from its defaults.
    if c.px.kind != Kind::Defaults && c.px.stats.as_ref().is_some_and(|stats| stats.inherited) {
        c.px.stats = None;
    }
    let told = match line.lossy(0).as_str() {
        "admin" => return admin(c, line),
        "http-request" => return http_request(c, line),
        "show-desc" => return show_desc(c, line),
        "refresh" => return refresh(c, line),
        "hide-version" => return,
        "uri" => needs(line, "'uri' needs an URI prefix."),
        "realm" => needs(line, "'realm' needs an realm name."),
        "auth" => needs(line, "'auth' needs a user:password account."),
        "scope" => needs(line, "'scope' needs a proxy name."),
        "enable" | "show-version" | "show-legends" | "show-modules" => Ok(()),
        "show-node" => return show_node(c, line),
        _ => return unknown(c, line),
    };
    match told {
        Ok(()) => set(c, line),
        Err(fail) => c.fail(fail),
    }
}

fn needs(line: &Line<'_>, message: &str) -> Checked<()> {
    match line.arg(1) {
        Some(_) => Ok(()),
        None => Err(Fail::new("missing-argument", line.span, message)),
    }
}

fn set(c: &mut Context<'_>, line: &Line<'_>) {
    let user = line.lossy(1).split(':').next().unwrap_or_default().to_owned();
    let stats = c.px.stats.get_or_insert_default();
    match line.lossy(0).as_str() {
        "realm" => stats.has_realm = true,
        "auth" if stats.users.contains(&user) => {
            let text = format!("uri auth: ignoring duplicated user '{user}'.");
            c.warn_bare("same-user", line.span, text);
        }
        "auth" => drop(stats.users.insert(user)),
        _ => {}
    }
}

fn unknown(c: &mut Context<'_>, line: &Line<'_>) {
    let (problem, word) = match line.arg(0) {
        None => ("missing keyword in", "stats".to_owned()),
        Some(word) => ("unknown stats parameter", word.lossy().into_owned()),
    };
    let text = format!(
        "{problem} '{word}', expects 'admin', 'uri', 'realm', 'auth', 'scope', 'enable', 'hide-version', \
         'show-node', 'show-desc' , 'show-legends' or 'show-version'."
    );
    c.alert_tight("unknown-keyword", line.span, text);
}

fn admin(c: &mut Context<'_>, line: &Line<'_>) {
    if c.px.kind == Kind::Defaults {
        let text = "'stats admin' not allowed in 'defaults' section.";
        return c.alert_tight("not-in-defaults", line.span, text);
    }
    c.px.stats.get_or_insert_default();
    let words = &line.args[1..];
    if !words.first().is_some_and(starts_condition) {
        let text = "'stats admin' requires either 'if' or 'unless' followed by a condition.";
        return c.alert("missing-condition", line.span, text);
    }
    match crate::cond::check(c, words) {
        Ok(cond) => conflicts::of_rule(c, Some(&cond), RuleSet::HttpRequest, line.span),
        Err(fail) => {
            c.fail(fail.wrap(|why| format!("error detected while parsing a 'stats admin' rule : {why}.")));
        }
    }
}

fn http_request(c: &mut Context<'_>, line: &Line<'_>) {
    if c.px.kind == Kind::Defaults {
        return c.alert_tight("not-in-defaults", line.span, "'stats' not allowed in 'defaults' section.");
    }
    if c.px.stats.get_or_insert_default().rules_end {
        let text = "previous 'stats' action has no condition attached, further entries are NOOP.";
        c.warn_tight("unreachable-rule", line.span, text);
    }
    let rule = Line { name: &line.args[..1], args: &line.args[1..], ..*line };
    let before = c.diags.len();
    let Some((rule, _)) = http_rule(c, &rule, RuleSet::HttpRequest) else { return c.end_reading(before) };
    conflicts::of_rule(c, rule.cond.as_ref(), RuleSet::HttpRequest, line.span);
    let stats = c.px.stats.get_or_insert_default();
    stats.has_rules = true;
    stats.rules_end = rule.cond.is_none();
}

fn show_node(c: &mut Context<'_>, line: &Line<'_>) {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
    let is_valid = line.arg(1).is_none_or(|word| word.text.iter().all(is_name));
    if is_valid {
        return set(c, line);
    }
    let text = "'stats show-node' invalid node name - should be a stringwith digits(0-9), letters(A-Z, a-z), \
                hyphen(-) or underscode(_).";
    c.alert_tight("bad-name", line.span, text);
}

fn show_desc(c: &mut Context<'_>, line: &Line<'_>) {
    if line.args.len() < 2 && c.config.global.description.is_none() {
        let text = "'show-desc' requires a parameter or 'desc' to be set in the global section.";
        return c.warn_tight("missing-argument", line.span, text);
    }
    set(c, line);
}

fn refresh(c: &mut Context<'_>, line: &Line<'_>) {
    let text = line.arg(1).map_or(b"".as_slice(), |word| &word.text);
    let message = match base::time::parse(text, Unit::S) {
        Ok(_) => return set(c, line),
        Err(TimeError::Over) => format!(
            "timer overflow in argument <{}> to stats refresh interval, maximum value is 2147483647 s (~68 years).",
            line.lossy(1)
        ),
        Err(TimeError::Unexpected(at)) => format!(
            "unexpected character '{}' in argument to stats refresh interval.",
            crate::numbers::character(text, at)
        ),
    };
    c.alert_tight("bad-time", line.span, message);
}

/// What only the whole section can tell.
pub fn is_contradictory(stats: &Stats) -> bool {
    stats.has_rules && (stats.has_realm || !stats.users.is_empty())
}

pub const ROWS: &[Keyword] =
    &[Keyword::new("stats", "The statistics page.", DFLB, "<parameter> …", MANY, Set::Line(stats)).parsed()];
