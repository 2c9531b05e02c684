//! Sections: their headers, and which rows their lines are looked up in.

use std::collections::BTreeSet;

use diag::{Diagnostic, Place, Span};
use ir::config::Userlist;
use ir::spec::Section;
use syntax::{Modifier, Word};

use crate::context::Context;
use crate::draft::{Draft, Kind};
use crate::{inherit, keyword};

const SECTIONS: [(&str, Section); 19] = [
    ("global", Section::Global),
    ("defaults", Section::Defaults),
    ("frontend", Section::Frontend),
    ("listen", Section::Listen),
    ("backend", Section::Backend),
    ("peers", Section::Peers),
    ("resolvers", Section::Resolvers),
    ("userlist", Section::Userlist),
    ("mailers", Section::Mailers),
    ("cache", Section::Cache),
    ("ring", Section::Ring),
    ("log-forward", Section::LogForward),
    ("log-profile", Section::LogProfile),
    ("http-errors", Section::HttpErrors),
    ("fcgi-app", Section::FcgiApp),
    ("crt-store", Section::CrtStore),
    ("traces", Section::Traces),
    ("acme", Section::Acme),
    ("healthcheck", Section::Healthcheck),
];

/// The keywords that `no` and `default` may stand in front of.
const NEGATABLE: [&str; 7] = [
    "option",
    "log",
    "busy-polling",
    "set-dumpable",
    "strict-limits",
    "insecure-fork-wanted",
    "numa-cpu-mapping",
];

/// The section that a keyword opens.
pub fn of(keyword: &[u8]) -> Option<Section> {
    SECTIONS.iter().find(|(name, _)| name.as_bytes() == keyword).map(|(_, section)| *section)
}

/// Checks one line of a file.
pub fn line(c: &mut Context<'_>, line: &syntax::Line) {
    let (modifier, words) = line.modifier();
    let is_negatable = |word: &Word| NEGATABLE.iter().any(|name| word.is(name));
    if modifier != Modifier::None && !words.first().is_some_and(is_negatable) {
        let text = "negation/default currently supported only for options, log, busy-polling, set-dumpable, \
                    strict-limits, insecure-fork-wanted and numa-cpu-mapping.";
        // Told with the words of the lines, before anything else.
        let told = Diagnostic::error("no-negation", line.span, text).at(Place::ParsingTight);
        c.early.push(told);
    }
    let Some(first) = words.first() else { return };
    if let Some(section) = of(&first.text) {
        close(c);
        open(c, section, words, line.span);
        return;
    }
    let Some(section) = c.section else {
        let text = format!("unknown keyword '{}' out of section.", first.lossy());
        c.alert_tight("no-section", first.span, text);
        return;
    };
    match keyword::find(words, |sections| keyword::is_for(section, sections)) {
        Some(row) => keyword::apply(c, row, words, modifier),
        None => {
            let name = c.section_name.clone();
            keyword::unknown(c, section, &name, words);
        }
    }
}

/// Ends the section at hand.
pub fn close(c: &mut Context<'_>) {
    let draft = std::mem::take(&mut c.px);
    c.seen.servers.clear();
    match c.section {
        Some(Section::Defaults) => {
            let index = c.defaults.len();
            if !draft.proxy.name.is_empty() {
                c.seen.defaults.insert(draft.proxy.name.clone(), index);
            }
            c.defaults.push(draft);
            c.last_defaults = Some(index);
        }
        Some(Section::Frontend | Section::Listen | Section::Backend) => {
            let index = c.drafts.len();
            c.seen.proxies.entry(draft.proxy.name.clone()).or_insert(index);
            if draft.has_id {
                c.seen.ids.entry(draft.proxy.id).or_insert(index);
            }
            c.drafts.push(draft);
        }
        Some(Section::Userlist) => close_userlist(c),
        _ => {}
    }
    c.section = None;
}

/// Groups name users that may stand below them.
fn close_userlist(c: &mut Context<'_>) {
    let mut list = std::mem::take(&mut c.userlist);
    let known = std::mem::take(&mut c.seen.users);
    for (group, users) in std::mem::take(&mut c.group_users) {
        let members: BTreeSet<usize> = users.iter().filter_map(|user| known.get(user).copied()).collect();
        for member in members {
            list.users[member].groups.push(group.clone());
        }
    }
    c.config.userlists.push(list);
}

fn open(c: &mut Context<'_>, section: Section, words: &[Word], span: Span) {
    c.section_name = words[0].lossy().into_owned();
    match section {
        Section::Global => {
            if let Some(extra) = words.get(1) {
                let text = format!("'global' cannot handle unexpected argument '{}'.", extra.lossy());
                c.alert("extra-argument", extra.span, text);
            }
        }
        Section::Defaults | Section::Frontend | Section::Listen | Section::Backend => {
            if !open_proxy(c, section, words, span) {
                return;
            }
        }
        Section::Userlist => {
            if !open_userlist(c, words, span) {
                return;
            }
        }
        _ => open_other(c, section, words, span),
    }
    c.section = Some(section);
}

/// Opens a proxy section; false when the file cannot say which.
fn open_proxy(c: &mut Context<'_>, section: Section, words: &[Word], span: Span) -> bool {
    let Some(kind) = Kind::of(section) else { return false };
    let header = &words[0];
    let name = words.get(1);
    if kind != Kind::Defaults {
        let Some(name) = name else {
            c.alert("missing-name", span, format!("'{}' expects an <id> argument", header.lossy()));
            return false;
        };
        refuse_characters(c, name, kind);
        refuse_same_name(c, name, kind, span);
        if words.get(2).is_some_and(|word| !word.is("from") || words.len() < 4) {
            if kind.is_frontend() {
                let text = "please use the 'bind' keyword for listening addresses.";
                c.alert("address-in-header", words[2].span, text);
            }
        } else if let Some(extra) = words.get(4) {
            let text = format!("'{}' cannot handle unexpected argument '{}'.", header.lossy(), extra.lossy());
            c.alert("extra-argument", extra.span, text);
        }
    }
    // `defaults from other` has no name.
    let (name, from) = match (name, words.get(2), words.get(3)) {
        (Some(first), Some(base), None) if kind == Kind::Defaults && first.is("from") => (None, Some(base)),
        (name, Some(from), Some(base)) if from.is("from") => (name, Some(base)),
        (name, ..) => (name, None),
    };
    let base = match from {
        Some(base) => match named_defaults(c, base, kind, name, span) {
            Some(index) => Some(index),
            None => return false,
        },
        None if kind == Kind::Defaults => None,
        None => c.last_defaults,
    };
    note_use(c, base, from.is_some(), span);
    c.px = match base.and_then(|index| c.defaults.get(index)) {
        Some(defaults) => inherit::from_defaults(defaults, kind),
        None => inherit::fresh(kind),
    };
    c.px.proxy.name = name.map(|word| word.text.clone()).unwrap_or_default();
    c.px.proxy.place = crate::line::place(span);
    c.px.header = span;
    true
}

/// The defaults that a header names.
fn named_defaults(
    c: &mut Context<'_>,
    base: &Word,
    kind: Kind,
    name: Option<&Word>,
    span: Span,
) -> Option<usize> {
    let found = c.seen.defaults.get(&base.text).copied();
    if found.is_none() {
        let text = format!(
            "defaults section '{}' not found for {} '{}'.",
            base.lossy(),
            kind.name(),
            name.map_or_else(String::new, |name| name.lossy().into_owned())
        );
        c.push(Diagnostic::error("unknown-defaults", span, text).with_effect(diag::Effect::Abort));
    }
    found
}

/// Warns when defaults are taken both by name and as the last ones.
fn note_use(c: &mut Context<'_>, base: Option<usize>, explicit: bool, span: Span) {
    let Some(defaults) = base.and_then(|index| c.defaults.get_mut(index)) else { return };
    defaults.explicit_use |= explicit;
    defaults.implicit_use |= !explicit;
    if !(defaults.explicit_use && defaults.implicit_use) {
        return;
    }
    let (name, header) = (defaults.name(), defaults.header);
    let text = format!(
        "defaults section '{name}' (declared at {}) is explicitly referenced by another proxy and implicitly \
         used here. To avoid any ambiguity don't mix both usage. Add a last defaults section not explicitly \
         used or always use explicit references.",
        c.at(header)
    );
    c.warn("ambiguous-defaults", span, text);
}

fn refuse_characters(c: &mut Context<'_>, name: &Word, kind: Kind) {
    if let Some(bad) = bad_character(&name.text) {
        let text =
            format!("character '{bad}' is not permitted in '{}' name '{}'.", kind.name(), name.lossy());
        c.alert("bad-name", name.span, text);
    }
}

/// The first character that a name may not have.
pub fn bad_character(name: &[u8]) -> Option<char> {
    name.iter().find(|byte| !syntax::sample::is_name_byte(**byte)).map(|byte| char::from(*byte))
}

fn refuse_same_name(c: &mut Context<'_>, name: &Word, kind: Kind, span: Span) {
    let sides = |draft: &Draft| {
        (draft.kind.is_frontend() && kind.is_frontend()) || (draft.kind.is_backend() && kind.is_backend())
    };
    let proxy = c.seen.proxies.get(&name.text).map(|index| &c.drafts[*index]);
    let defaults = || c.seen.defaults.get(&name.text).map(|index| &c.defaults[*index]);
    let Some(other) = proxy.or_else(defaults) else { return };
    let (other_kind, header, shares_side) = (other.kind.type_name(), other.header, sides(other));
    let start = format!(
        "Parsing [{}]: {} '{}' has the same name as {other_kind} '{}' declared at {}.",
        c.at(span),
        kind.name(),
        name.lossy(),
        name.lossy(),
        c.at(header)
    );
    if shares_side {
        c.alert_bare("same-name", span, start.clone());
    }
    let text = format!("{start} This is no longer supported as of 3.3. Please rename one or the other.");
    c.alert_bare("same-name", span, text);
}

fn open_userlist(c: &mut Context<'_>, words: &[Word], span: Span) -> bool {
    let Some(name) = words.get(1) else {
        c.alert_tight("missing-name", span, "'userlist' expects <name> as arguments.");
        return false;
    };
    if let Some(bad) = bad_character(&name.text) {
        let text = format!("character '{bad}' is not permitted in 'userlist' name '{}'.", name.lossy());
        c.alert_tight("bad-name", name.span, text);
    }
    if c.config.userlists.iter().any(|list| list.name == name.text) {
        c.warn_tight("same-name", span, format!("ignoring duplicated userlist '{}'.", name.lossy()));
    }
    c.userlist = Userlist { name: name.text.clone(), ..Userlist::default() };
    true
}

/// Sections whose lines are accepted and not executed yet.
fn open_other(c: &mut Context<'_>, section: Section, words: &[Word], span: Span) {
    if section == Section::Acme && !c.experimental {
        let text =
            "section 'acme' is experimental, must be allowed via a global 'expose-experimental-directives'";
        c.push(Diagnostic::error("experimental", span, text).at(Place::ParsingTight));
        return;
    }
    let name = SECTIONS.iter().find(|(_, known)| *known == section).map_or("", |(name, _)| name);
    let needs_name = !matches!(section, Section::CrtStore | Section::Traces);
    if needs_name && words.len() < 2 {
        c.alert("missing-name", span, format!("missing name for {name} section."));
    }
    c.warn_parsed(name, span);
}
