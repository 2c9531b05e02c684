//! Sections: their headers, and which rows their lines are looked up in.

mod proxies;

use std::collections::BTreeSet;

use diag::{Diagnostic, Effect, Place, Span};
use ir::Bytes;
use ir::config::Userlist;
use ir::spec::Section;
use syntax::{Modifier, Word};

use crate::context::Context;
use crate::draft::{Draft, Kind};
use crate::keyword;
use crate::keywords as k;
use crate::line::Line;

/// A section: the keyword that opens it, and what is particular to it.
struct Header {
    name: &'static str,
    section: Section,
    /// Checks the header; false when it cannot say which section it opens.
    open: fn(&mut Context<'_>, &Line<'_>) -> bool,
    /// Checks what only the whole section can tell.
    close: fn(&mut Context<'_>),
    unknown: Unknown,
}

/// How a section tells that it does not know a keyword.
#[derive(Clone, Copy)]
enum Unknown {
    /// With the nearest known one.
    Hint(Place, Effect),
    Plain(Place, Effect),
    /// `unknown keyword 'x' in log-forward section.`
    Bare,
    /// `unknown statement 'x'.`
    Statement,
    /// The section takes it without a word.
    Taken,
}

const USUAL: Unknown = Unknown::Hint(Place::Parsing, Effect::Fatal);
const PLAIN: Unknown = Unknown::Plain(Place::Parsing, Effect::Fatal);

impl Header {
    const fn new(
        name: &'static str,
        section: Section,
        open: fn(&mut Context<'_>, &Line<'_>) -> bool,
        unknown: Unknown,
    ) -> Self {
        Self { name, section, open, close: |_| (), unknown }
    }

    const fn close(self, close: fn(&mut Context<'_>)) -> Self {
        Self { close, ..self }
    }
}

const HEADERS: &[Header] = &[
    Header::new("global", Section::Global, open_global, USUAL),
    Header::new("defaults", Section::Defaults, proxies::open, USUAL).close(close_defaults),
    Header::new("frontend", Section::Frontend, proxies::open, USUAL).close(close_proxy),
    Header::new("listen", Section::Listen, proxies::open, USUAL).close(close_proxy),
    Header::new("backend", Section::Backend, proxies::open, USUAL).close(close_proxy),
    Header::new("peers", Section::Peers, k::peers::open, PLAIN).close(k::peers::close),
    Header::new("resolvers", Section::Resolvers, k::resolvers::open, PLAIN),
    Header::new(
        "userlist",
        Section::Userlist,
        open_userlist,
        Unknown::Hint(Place::ParsingTight, Effect::Fatal),
    )
    .close(close_userlist),
    Header::new("mailers", Section::Mailers, k::mailers::open, PLAIN),
    Header::new("cache", Section::Cache, k::cache::open, PLAIN).close(k::cache::close),
    Header::new("ring", Section::Ring, k::ring::open, Unknown::Statement).close(k::ring::close),
    Header::new("log-forward", Section::LogForward, k::log_forward::open, Unknown::Bare)
        .close(k::log_forward::close),
    Header::new("log-profile", Section::LogProfile, k::log_profile::open, Unknown::Bare),
    Header::new("http-errors", Section::HttpErrors, k::http_errors::open, PLAIN),
    Header::new(
        "fcgi-app",
        Section::FcgiApp,
        k::fcgi_app::open,
        Unknown::Plain(Place::ParsingTight, Effect::Fatal),
    )
    .close(k::fcgi_app::close),
    Header::new(
        "crt-store",
        Section::CrtStore,
        k::crt_store::open,
        Unknown::Hint(Place::Parsing, Effect::Abort),
    ),
    Header::new("traces", Section::Traces, k::traces::open, USUAL),
    Header::new("acme", Section::Acme, k::acme::open, Unknown::Hint(Place::Parsing, Effect::Abort))
        .close(k::acme::close),
    Header::new(
        "healthcheck",
        Section::Healthcheck,
        k::healthcheck::open,
        Unknown::Plain(Place::Parsing, Effect::Abort),
    )
    .close(k::healthcheck::close),
    Header::new("namespace_list", Section::NamespaceList, |_, _| true, Unknown::Taken),
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

fn header(keyword: &[u8]) -> Option<&'static Header> {
    HEADERS.iter().find(|header| header.name.as_bytes() == keyword)
}

/// The section that a keyword opens.
pub fn of(keyword: &[u8]) -> Option<Section> {
    header(keyword).map(|header| header.section)
}

/// Tells about `no` and `default` in front of what they cannot stand.
fn negation(c: &mut Context<'_>, line: &syntax::Line) {
    let (modifier, words) = line.modifier();
    let is_negatable = |word: &Word| NEGATABLE.iter().any(|name| word.is(name));
    if modifier != Modifier::None && !words.first().is_some_and(is_negatable) {
        let text = "negation/default currently supported only for options, log, busy-polling, set-dumpable, \
                    strict-limits, insecure-fork-wanted and numa-cpu-mapping.";
        // Told with the words of the lines, before anything else.
        let told = Diagnostic::error("no-negation", line.span, text).at(Place::ParsingTight);
        c.early.push(told);
    }
}

/// Checks one line of a file.
pub fn line(c: &mut Context<'_>, line: &syntax::Line) {
    negation(c, line);
    let (modifier, words) = line.modifier();
    let Some(first) = words.first() else { return };
    let is_known = |header: &&Header| !c.forgets_sections || Kind::of(header.section).is_some();
    if let Some(header) = header(&first.text).filter(is_known) {
        close(c);
        if !c.is_aborted() {
            let (name, args) = words.split_at(1);
            open(c, header, &Line { name, args, modifier, span: line.span });
        }
        return;
    }
    if c.part.no_proxy && c.section.is_some_and(|section| Kind::of(section).is_some()) {
        return c.alert("no-section", line.span, "'listen' or 'defaults' expected.");
    }
    let Some(section) = c.section else {
        let text = format!("unknown keyword '{}' out of section.", first.lossy());
        c.alert_tight("no-section", first.span, text);
        return;
    };
    match keyword::find(words, |sections| keyword::is_for(section, sections)) {
        Some(row) => keyword::apply(c, row, words, modifier),
        None => unknown(c, section, first),
    }
}

/// Whether a line outside of `global` that starts with the word may be of interest behind the end of
/// the checking.
pub fn is_early(first: &[u8]) -> bool {
    matches!(first, b"no" | b"default") || header(first).is_some()
}

/// Looks for what is told early in a line behind the end of the checking.
pub fn early(c: &mut Context<'_>, line: &syntax::Line) {
    negation(c, line);
    let (modifier, words) = line.modifier();
    let Some(first) = words.first() else { return };
    if let Some(header) = header(&first.text) {
        c.section = Some(header.section);
        note_place(c, header, line.span);
        if header.section == Section::Global {
            let (name, args) = words.split_at(1);
            open_global(c, &Line { name, args, modifier, span: line.span });
        }
        return;
    }
    let is_global = |sections| keyword::is_for(Section::Global, sections);
    let row = keyword::find(words, is_global).filter(|row| row.early && c.section == Some(Section::Global));
    if let Some(row) = row {
        keyword::apply(c, row, words, modifier);
    }
}

/// Looks for the same in a line that an empty word ends: it opens no section.
pub fn refused(c: &mut Context<'_>, line: &syntax::Line) {
    if line.words.first().is_some_and(|word| header(&word.text).is_none()) {
        early(c, line);
    }
}

/// Ends the section at hand.
pub fn close(c: &mut Context<'_>) {
    if let Some(header) = HEADERS.iter().find(|header| Some(header.section) == c.section) {
        (header.close)(c);
    }
    c.px = Draft::default();
    c.seen.servers.clear();
    c.seen.binds.clear();
    c.seen.server_ids.clear();
    c.section = None;
}

fn open(c: &mut Context<'_>, header: &Header, line: &Line<'_>) {
    if !c.forgets_sections {
        c.section_name = header.name.to_owned();
    }
    note_place(c, header, line.span);
    if (header.open)(c, line) {
        c.section = Some(header.section);
    }
}

/// Doubts a `global` section behind others. HAProxy does so each time it goes through the files.
fn note_place(c: &mut Context<'_>, header: &Header, span: Span) {
    if header.section == Section::Global && c.process.past_global {
        let text = "global section detected after a non-global one, the prevalence of their statements is unspecified";
        let told = Diagnostic::remark("bad-place", span, text);
        c.early.push(told.clone());
        c.push(told);
    }
    c.process.past_global |= header.section != Section::Global;
}

/// Tells about a keyword that no row has.
fn unknown(c: &mut Context<'_>, section: Section, word: &Word) {
    let Some(header) = HEADERS.iter().find(|header| header.section == section) else { return };
    let shown = word.lossy();
    let nearest = keyword::nearest(section, &word.text);
    let name = match (section, nearest) {
        // As HAProxy has it.
        (Section::Global | Section::Traces, None) => "global".to_owned(),
        (Section::Userlist | Section::Mailers | Section::Cache | Section::FcgiApp, _) => {
            header.name.to_owned()
        }
        _ => c.section_name.clone(),
    };
    let (text, place, effect) = match header.unknown {
        Unknown::Taken => return,
        Unknown::Hint(place, effect) => {
            let hint = crate::hint::suffix(nearest);
            (format!("unknown keyword '{shown}' in '{name}' section{hint}"), place, effect)
        }
        Unknown::Plain(place, effect) => {
            (format!("unknown keyword '{shown}' in '{name}' section"), place, effect)
        }
        Unknown::Bare => {
            (format!("unknown keyword '{shown}' in {name} section."), Place::Parsing, Effect::Abort)
        }
        Unknown::Statement => (format!("unknown statement '{shown}'."), Place::Parsing, Effect::Fatal),
    };
    c.push(Diagnostic::error("unknown-keyword", word.span, text).at(place).with_effect(effect));
    c.suggest(word.span, nearest);
}

fn open_global(c: &mut Context<'_>, line: &Line<'_>) -> bool {
    if let Some(extra) = line.arg(0) {
        let text = format!("'global' cannot handle unexpected argument '{}'.", extra.lossy());
        c.early.push(Diagnostic::error("extra-argument", extra.span, text));
    }
    true
}

fn close_defaults(c: &mut Context<'_>) {
    let (draft, index) = (std::mem::take(&mut c.px), c.defaults.len());
    if !draft.proxy.name.is_empty() {
        c.seen.defaults.insert(draft.proxy.name.clone(), index);
    }
    c.defaults.push(draft);
    c.last_defaults = Some(index);
}

fn close_proxy(c: &mut Context<'_>) {
    if c.part.no_proxy {
        return;
    }
    crate::crtlist::inline::close(c);
    let (draft, index) = (std::mem::take(&mut c.px), c.drafts.len());
    c.seen.proxies.entry(draft.proxy.name.clone()).or_insert(index);
    if draft.has_id {
        c.seen.ids.entry(draft.proxy.id).or_insert(index);
    }
    c.drafts.push(draft);
}

/// Groups name users that may stand below them.
fn close_userlist(c: &mut Context<'_>) {
    let mut list = std::mem::take(&mut c.userlist);
    let known = std::mem::take(&mut c.seen.users);
    c.userlist_faults.extend(unknown_name(&list, &c.group_users));
    for (group, users) in std::mem::take(&mut c.group_users) {
        let members: BTreeSet<usize> = users.iter().filter_map(|user| known.get(user).copied()).collect();
        for member in members {
            list.users[member].groups.push(group.clone());
        }
    }
    c.seen.userlists.insert(list.name.clone());
    c.config.userlists.push(list);
}

/// The first name that the list does not have; HAProxy looks at the last users and groups first.
fn unknown_name(list: &Userlist, groups: &[(Bytes, Vec<Bytes>)]) -> Option<String> {
    let known_groups: BTreeSet<&Bytes> = list.groups.iter().collect();
    let known_users: BTreeSet<&Bytes> = list.users.iter().map(|user| &user.name).collect();
    let users = list.users.iter().rev().flat_map(|user| user.groups.iter().map(move |group| (group, user)));
    let mut groupless = users.filter(|(group, _)| !known_groups.contains(group));
    let shown = |what: &str, name: &[u8], kind: &str, owner: &[u8]| {
        let [list, name, owner] = [&list.name, name, owner].map(String::from_utf8_lossy);
        format!("userlist '{list}': no such {what} '{name}' specified in {kind} '{owner}'")
    };
    if let Some((group, user)) = groupless.next() {
        return Some(shown("group", group, "user", &user.name));
    }
    let members = groups.iter().rev().flat_map(|(group, users)| users.iter().map(move |user| (user, group)));
    let mut unknown = members.filter(|(user, _)| !known_users.contains(user));
    unknown.next().map(|(user, group)| shown("user", user, "group", group))
}

/// The first character that a name may not have.
pub fn bad_character(name: &[u8]) -> Option<char> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b':' | b'_' | b'-');
    name.iter().find(|byte| !is_allowed(**byte)).map(|byte| char::from(*byte))
}

fn open_userlist(c: &mut Context<'_>, line: &Line<'_>) -> bool {
    let Some(name) = line.arg(0) else {
        c.alert_tight("missing-name", line.span, "'userlist' expects <name> as arguments.");
        return true;
    };
    if c.has_extra(line, 1, Effect::Fatal) || refuse_name(c, line, name, Place::ParsingTight, Effect::Fatal) {
        return true;
    }
    if c.seen.userlists.contains(&name.text) {
        c.warn_tight("same-name", name.span, format!("ignoring duplicated userlist '{}'.", name.lossy()));
        // Its lines go on with the last list.
        c.userlist = c.config.userlists.pop().unwrap_or_default();
        let users = c.userlist.users.iter().enumerate();
        c.seen.users = users.map(|(index, user)| (user.name.clone(), index)).collect();
        return true;
    }
    c.userlist = Userlist { name: name.text.clone(), ..Userlist::default() };
    true
}

/// The name of a header that must have one; reading stops at one without.
pub fn name<'l>(c: &mut Context<'_>, line: &Line<'l>) -> Option<&'l Word> {
    if line.args.is_empty() {
        let text = format!("missing name for {} section.", line.keyword());
        c.abort("missing-name", line.span, text);
    }
    line.arg(0)
}

/// Tells about a character that a section's name may not have.
pub fn refuse_name(c: &mut Context<'_>, line: &Line<'_>, name: &Word, place: Place, effect: Effect) -> bool {
    let bad = bad_character(&name.text);
    if let Some(bad) = bad {
        let text =
            format!("character '{bad}' is not permitted in '{}' name '{}'.", line.keyword(), name.lossy());
        c.push(Diagnostic::error("bad-name", name.span, text).at(place).with_effect(effect));
    }
    bad.is_some()
}

/// Notes the name of a section, and gives the places of others of that name, the first one first.
pub fn declare(c: &mut Context<'_>, section: Section, name: &[u8], line: &Line<'_>) -> Vec<ir::expr::Place> {
    let places = c.seen.sections.entry((section, name.to_vec())).or_default();
    let others = places.clone();
    places.push(line.place());
    others
}

/// Tells about a name that other sections have. `what` and `other` are the words for both.
pub fn same_name(c: &mut Context<'_>, line: &Line<'_>, what: &str, other: &str, place: ir::expr::Place) {
    let text = format!(
        "Parsing [{}]: {what} '{}' has the same name as {other} declared at {}.",
        c.at(line.span),
        line.lossy(0),
        c.at_place(place)
    );
    c.alert_bare("same-name", line.span, text);
}
