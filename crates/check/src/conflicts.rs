//! Conditions whose ACLs have no value where they are evaluated: a warning, once a rule.

use diag::Span;
use ir::expr::{Acl, AclTest, Cond};
use ir::spec::{FetchSpec, RuleSet};

use crate::context::Context;
use crate::places::Place;

/// Warns about the condition of a rule. Rules of TCP name themselves.
pub fn of_rule(c: &mut Context<'_>, cond: Option<&Cond>, set: RuleSet, span: Span) {
    let Some(cond) = cond else { return };
    let place = Place::of_rules(set, c.px.kind.is_frontend(), c.px.kind.is_backend());
    let rule = crate::action::keyword_of(set);
    if rule.starts_with("http") {
        return of_condition(c, cond, place, span);
    }
    let Some(conflict) = find(c, cond, place) else { return };
    let text = match conflict.never {
        true => conflict.never_matches(&format!(" in '{rule}'"), place),
        false => conflict.involves("keyword", place),
    };
    c.warn("acl-conflict", span, text);
}

/// Warns about a condition of anything else.
pub fn of_condition(c: &mut Context<'_>, cond: &Cond, place: Place, span: Span) {
    if let Some(text) = quoted(c, cond, place) {
        c.warn("acl-conflict", span, format!("'{text}."));
    }
}

/// The same for `stick` lines, whose message ends below.
pub fn of_stick(c: &mut Context<'_>, cond: &Cond, place: Place, span: Span) {
    if let Some(text) = quoted(c, cond, place) {
        c.warn("acl-conflict", span, format!("'{text}.\n'"));
    }
}

/// What is wrong with a condition.
pub fn quoted(c: &Context<'_>, cond: &Cond, place: Place) -> Option<String> {
    let conflict = find(c, cond, place)?;
    Some(match conflict.never {
        true => conflict.never_matches("", place),
        false => conflict.involves("keywords", place),
    })
}

/// An ACL and the first of its keywords that has no value.
struct Conflict {
    acl: String,
    keyword: String,
    /// None of its keywords has a value.
    never: bool,
}

impl Conflict {
    fn never_matches(&self, rule: &str, place: Place) -> String {
        let Self { acl, keyword, .. } = self;
        let place = place.name();
        match acl.is_empty() {
            true => format!(
                "anonymous acl will never match{rule} because it uses keyword '{keyword}' which is incompatible \
                 with '{place}'"
            ),
            false => format!(
                "acl '{acl}' will never match{rule} because it only involves keywords that are incompatible with \
                 '{place}'"
            ),
        }
    }

    fn involves(&self, keywords: &str, place: Place) -> String {
        let Self { acl, keyword, .. } = self;
        let place = place.name();
        match acl.is_empty() {
            true => {
                format!("anonymous acl involves keyword '{keyword}' which is incompatible with '{place}'")
            }
            false => {
                format!("acl '{acl}' involves {keywords} '{keyword}' which is incompatible with '{place}'")
            }
        }
    }
}

/// The first ACL that can never match, else the first that has a keyword without a value.
fn find(c: &Context<'_>, cond: &Cond, place: Place) -> Option<Conflict> {
    let acls = || cond.any.iter().flatten().filter_map(|term| c.px.proxy.acls.get(term.acl.index()));
    let lacks = |test: &&AclTest| fetch(c, test).is_some_and(|spec| !place.allows(spec.contexts));
    let conflict = |acl: &Acl, test: &AclTest, never| Conflict {
        acl: String::from_utf8_lossy(&acl.name).into_owned(),
        keyword: keyword(c, test),
        never,
    };
    let never = acls().find(|acl| acl.tests.iter().all(|test| lacks(&test)));
    if let Some(acl) = never {
        return acl.tests.first().map(|test| conflict(acl, test, true));
    }
    acls().find_map(|acl| acl.tests.iter().find(lacks).map(|test| conflict(acl, test, false)))
}

fn fetch(c: &Context<'_>, test: &AclTest) -> Option<&'static FetchSpec> {
    c.registry.fetches().get(test.expr.fetch.index()).copied()
}

/// The name of the test's alias, or of its fetch behind converters.
fn keyword(c: &Context<'_>, test: &AclTest) -> String {
    let written = test.expr.text.iter().take_while(|byte| syntax::sample::is_name_byte(**byte));
    let written: Vec<u8> = written.copied().collect();
    let spec = fetch(c, test).map_or("", |spec| spec.name);
    match test.expr.converters.is_empty() {
        true => String::from_utf8_lossy(&written).into_owned(),
        false => spec.to_owned(),
    }
}
