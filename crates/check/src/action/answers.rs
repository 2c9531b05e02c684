//! The options of `return`, `deny` and `tarpit`: what the answer is made of.

use ir::expr::ActionValue;
use ir::spec::{ActionSpec, RuleSet};
use syntax::Word;

use super::Action;
use crate::context::Context;
use crate::fail::{Checked, Fail};

fn keywords_of(action: &Action) -> Vec<&'static str> {
    action.options.iter().map(|(index, _)| action.spec.options[*index].keyword).collect()
}

/// The options that say what an answer's body is.
const BODIES: [&str; 7] =
    ["string", "lf-string", "file", "lf-file", "errorfile", "errorfiles", "default-errorfiles"];

/// The options of `return`, `deny` and `tarpit`: one body, of a type, for a status that has one.
pub fn check(c: &mut Context<'_>, action: &Action, words: &[Word]) -> Checked<()> {
    let name = &words[0];
    warn_headers(c, action, name);
    let fail = |message: String| Err(Fail::new("bad-answer", name.span, message));
    let option = |keyword: &str| action.option(keyword);
    let keywords = keywords_of(action);
    let mut bodies = keywords.iter().copied().filter(|keyword| BODIES.contains(keyword));
    let body = bodies.next();
    if let (Some(first), Some(second)) = (body, bodies.next()) {
        return fail(format!("unexpected '{second}' argument, '{first}' already defined"));
    }
    let status = match option("status").or(option("deny_status")) {
        Some(ActionValue::Int(status)) => Some(*status),
        _ => None,
    };
    let kind = match option("content-type") {
        Some(ActionValue::Str(kind)) => Some(String::from_utf8_lossy(kind).into_owned()),
        _ => None,
    };
    let bodyless = matches!(status, Some(204 | 304));
    let is_format = matches!(body, Some("lf-string" | "lf-file"));
    let empty = match body.and_then(option) {
        Some(ActionValue::Str(text) | ActionValue::File(text)) => text.is_empty(),
        _ => false,
    };
    let only_status = matches!(keywords[..], ["deny_status"]);
    let body = body.or(only_status.then_some("default-errorfiles"));
    let mut ignored = |what: String| c.warn("ignored", name.span, what);
    match body {
        None => {
            if let Some(kind) = kind {
                ignored(format!(
                    "content-type '{kind}' ignored by the http reply because neither errorfile nor payload defined."
                ));
            }
        }
        Some(page @ ("errorfile" | "errorfiles" | "default-errorfiles")) => {
            if let Some(status) = status.filter(|_| page != "errorfile")
                && !crate::keywords::has_error_page(status)
            {
                return fail(format!(
                    "status code '{status}' not handled by default with '{page}' argument."
                ));
            }
            if let Some(kind) = kind {
                ignored(format!(
                    "content-type '{kind}' ignored by the http reply when used with an errorfile."
                ));
            }
            if action.has("hdr") {
                ignored("hdr parameters ignored by the http reply when used with an errorfile.".into());
            }
        }
        Some(_) if bodyless && (is_format || !empty) => {
            return fail(format!("No body expected for {} responses", status.unwrap_or(0)));
        }
        Some(_) if is_format && kind.is_none() => {
            return fail("a content type must be defined with a log-format payload".into());
        }
        Some(_) if kind.is_none() && !empty => {
            return fail("a content type must be defined when non-empty payload is configured".into());
        }
        Some(_) => {
            if let Some(kind) = kind.filter(|_| empty && !is_format) {
                ignored(format!(
                    "content-type '{kind}' ignored by the http reply when used with an empty payload."
                ));
            }
        }
    }
    Ok(())
}

/// Whether an answer has this field of its own.
pub fn is_own_field(name: &[u8]) -> bool {
    let own: [&[u8]; 3] = [b"content-length", b"transfer-encoding", b"content-type"];
    own.iter().any(|own| name.eq_ignore_ascii_case(own))
}

/// Warns of the fields that the answer has of its own.
fn warn_headers(c: &mut Context<'_>, action: &Action, name: &Word) {
    for (index, values) in &action.options {
        if action.spec.options[*index].keyword != "hdr" {
            continue;
        }
        if let Some(ActionValue::Str(header)) = values.first()
            && is_own_field(header)
        {
            let text =
                format!("header '{}' always ignored by the http reply.", String::from_utf8_lossy(header));
            c.warn("ignored", name.span, text);
        }
    }
}

/// Puts the pages of `http-errors` sections in the place of their names. A section without the
/// page leaves the name: the answer is empty then.
pub fn fill_in_pages(c: &mut Context<'_>) {
    let actions = c.registry.actions();
    let sections = &c.config.http_errors;
    let page = |name: &[u8], status: i64| {
        let section = sections.iter().find(|section| section.name == name)?;
        section.pages.iter().find(|page| i64::from(page.status) == status).map(|page| page.response.clone())
    };
    let proxies = c.config.proxies.iter_mut();
    let by_set = proxies.flat_map(|proxy| RuleSet::ALL.into_iter().zip(&mut proxy.rules));
    for (set, rule) in by_set.flat_map(|(set, rules)| rules.iter_mut().map(move |rule| (set, rule))) {
        let Some(spec) = actions.get(rule.action.index()).copied() else { continue };
        let is_named =
            |index: &usize| spec.options.get(*index).is_some_and(|option| option.keyword == "errorfiles");
        if !rule.options.iter().any(|(index, _)| is_named(index)) {
            continue;
        }
        let status = status_of(spec, &rule.options, set);
        let named = rule.options.iter_mut().filter(|(index, _)| is_named(index));
        for value in named.flat_map(|(_, values)| values) {
            if let ActionValue::Str(name) = value
                && let Some(page) = page(name, status)
            {
                *value = ActionValue::File(page);
            }
        }
    }
}

/// The status of the answer.
pub fn status(action: &Action, set: RuleSet) -> i64 {
    status_of(action.spec, &action.options, set)
}

fn status_of(spec: &ActionSpec, options: &[(usize, Vec<ActionValue>)], set: RuleSet) -> i64 {
    let given = |keyword: &str| {
        let found = options.iter().rfind(|(index, _)| spec.options[*index].keyword == keyword);
        found.and_then(|(_, values)| values.first())
    };
    match given("status").or(given("deny_status")) {
        Some(ActionValue::Int(status)) => *status,
        _ => match spec.name {
            "return" => 200,
            "tarpit" => 500,
            _ if set == RuleSet::HttpResponse => 502,
            _ => 403,
        },
    }
}
