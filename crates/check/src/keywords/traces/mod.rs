//! `traces` sections: checked, not executed yet. The lists that incomplete lines are answered with
//! show what the lines above set; left out are which sources run, and what an event stands for.

mod sources;

use std::collections::HashMap;

use diag::{Diagnostic, Effect};
use ir::spec::{Section, Sections};
use syntax::Word;

use crate::context::Context;
use crate::keyword::{Keyword, MANY, Set};
use crate::line::Line;

use sources::{SOURCES, Source, VERBOSITIES};

/// What the lines said of each source, by its name.
pub type TraceStates = HashMap<&'static str, TraceState>;

/// What the lines said of one source.
#[derive(Clone, Debug, Default)]
pub struct TraceState {
    sink: Option<Vec<u8>>,
    level: Option<Vec<u8>>,
    verbosity: Option<Vec<u8>>,
    lock: Option<Vec<u8>>,
}

/// What there is to say about a line.
enum Told {
    Refused(String),
    /// An incomplete line is answered with what can stand there.
    Listed(String),
    Noted(String),
}

const COMMANDS: &[(&str, &str)] = &[
    ("event", "list/enable/disable source-specific event reporting"),
    ("level", "list/set trace reporting level"),
    ("lock", "automatic lock on thread/connection/stream/..."),
    ("follow", "passively follow another source's locked pointer (e.g. session)"),
    ("pause", "pause and automatically restart after a specific event"),
    ("sink", "list/set event sinks"),
    ("start", "start immediately or after a specific event"),
    ("stop", "stop immediately or after a specific event"),
    ("verbosity", "list/set trace output verbosity"),
];

const LEVELS: &[(&str, &str)] = &[
    ("error", "report errors"),
    ("user", "also information useful to the end user"),
    ("proto", "also protocol-level updates"),
    ("state", "also report internal state changes"),
    ("data", "also report data transfers"),
    ("developer", "also report information useful only to the developer"),
];

const SINKS: &[(&str, &str)] = &[
    ("none", "no sink"),
    ("stdout", "standard output (fd#1)"),
    ("stderr", "standard output (fd#2)"),
    ("buf0", "in-memory ring buffer"),
    ("dpapi", "DPAPI ring buffer"),
];

/// Opens a section.
pub fn open(c: &mut Context<'_>, line: &Line<'_>) -> bool {
    c.has_extra(line, 0, Effect::Fatal);
    c.warn_parsed("traces", line.span);
    true
}

fn trace(c: &mut Context<'_>, line: &Line<'_>) {
    let Err(told) = check(&mut c.traces, line.args) else { return };
    c.push(match told {
        Told::Refused(text) => Diagnostic::error("bad-trace", line.span, text),
        Told::Listed(text) => Diagnostic::warning("incomplete-trace", line.span, format!("'trace': {text}")),
        Told::Noted(text) => Diagnostic::notice("traces-stopped", line.span, format!("'trace': {text}")),
    });
}

fn check(states: &mut TraceStates, args: &[Word]) -> Result<(), Told> {
    let Some((name, rest)) = args.split_first() else {
        let head = "Supported trace sources and states (.=stopped, w=waiting, R=running) :\n \
                    [.] 0          : not a source, will immediately stop all traces\n \
                    [.] all        : all sources below, only for 'sink', 'level' and 'follow'\n";
        return Err(Told::Listed(format!("{head}{}", all_sources())));
    };
    if name.is("0") {
        return Err(Told::Noted("All traces now stopped".to_owned()));
    }
    let source = match name.is("all") {
        true => None,
        false => Some(find(name)?),
    };
    if rest.is_empty() {
        let lines = COMMANDS.iter().map(|(name, what)| format!("  {name:<9} : {what}\n"));
        return Err(Told::Listed(format!("Supported commands:\n{}", lines.collect::<String>())));
    }
    rest.chunks(2).try_for_each(|pair| {
        statement(states, source, &pair[0], pair.get(1))?;
        note(states, source, &pair[0], pair.get(1));
        Ok(())
    })
}

/// Keeps what a statement set.
fn note(states: &mut TraceStates, source: Option<&'static Source>, word: &Word, value: Option<&Word>) {
    let sources = source.map_or(SOURCES, std::slice::from_ref);
    for source in sources {
        let state = states.entry(source.name).or_default();
        let field = match word.text.as_slice() {
            b"sink" => &mut state.sink,
            b"level" => &mut state.level,
            b"verbosity" => &mut state.verbosity,
            b"lock" => &mut state.lock,
            _ => return,
        };
        *field = value.map(|value| value.text.clone());
    }
}

fn find(name: &Word) -> Result<&'static Source, Told> {
    let found = SOURCES.iter().find(|source| name.is(source.name));
    found.ok_or_else(|| Told::Refused(format!("No such trace source '{}'", name.lossy())))
}

fn all_sources() -> String {
    SOURCES.iter().map(|source| format!(" [.] {:<10} : {}\n", source.name, source.title)).collect()
}

/// `word value`; `source` is none for all of them.
fn statement(
    states: &TraceStates,
    source: Option<&Source>,
    word: &Word,
    value: Option<&Word>,
) -> Result<(), Told> {
    let state = source.and_then(|source| states.get(source.name)).cloned().unwrap_or_default();
    match (word.text.as_slice(), source) {
        (b"follow", _) => follow(source, value),
        (b"sink", _) => sink(&state, source, value),
        (b"level", _) => level(&state, source, value),
        (_, None) => Err(Told::Refused(format!("'{}' not applicable to meta-source 'all'", word.lossy()))),
        (b"event", Some(source)) => event(source, value, false),
        (b"pause" | b"start" | b"stop", Some(source)) => event(source, value, true),
        (b"lock", Some(source)) => lock(&state, source, value),
        (b"verbosity", Some(source)) => verbosity(&state, source, value),
        _ => Err(Told::Refused(format!("Unknown trace keyword '{}'", word.lossy()))),
    }
}

fn follow(source: Option<&Source>, value: Option<&Word>) -> Result<(), Told> {
    match value {
        Some(none) if none.is("none") => Ok(()),
        Some(name) => find(name).map(|_| ()),
        None => {
            let head = source.map_or("", |_| "Not currently following any other source.\n");
            Err(Told::Listed(format!(
                "{head}Please specify another source to follow, among the following ones:\n \
                 [.] none       : follow no other source\n{}",
                all_sources()
            )))
        }
    }
}

/// Any name is one: a sink may be declared further below.
fn sink(state: &TraceState, source: Option<&Source>, value: Option<&Word>) -> Result<(), Told> {
    match value {
        Some(_) => Ok(()),
        None => Err(Told::Listed(format!(
            "Supported sinks for source {} (*=current):\n{}(forward-declared sinks are not displayed here!)\n",
            name_of(source),
            marked(SINKS, Some(set(&state.sink, "none")))
        ))),
    }
}

fn level(state: &TraceState, source: Option<&Source>, value: Option<&Word>) -> Result<(), Told> {
    if value.is_some_and(|value| LEVELS.iter().any(|(name, _)| value.is(name))) {
        return Ok(());
    }
    let list = format!(
        "Supported trace levels for source {}:\n{}",
        name_of(source),
        marked(LEVELS, source.map(|_| set(&state.level, "user")))
    );
    Err(refused_or_listed(value, "trace level", list))
}

fn verbosity(state: &TraceState, source: &Source, value: Option<&Word>) -> Result<(), Told> {
    let mut known = vec![("quiet", "only report basic information with no decoding")];
    match source.details {
        [] => known.push(("default", "report extra information when available")),
        details => known.extend(VERBOSITIES.into_iter().zip(details.iter().copied())),
    }
    if value.is_some_and(|value| known.iter().any(|(name, _)| value.is(name))) {
        return Ok(());
    }
    let marked = marked(&known, Some(set(&state.verbosity, known[1].0)));
    let list = format!("Supported trace verbosities for source {}:\n{marked}", source.name);
    Err(refused_or_listed(value, "verbosity level", list))
}

fn event(source: &Source, value: Option<&Word>, changes_state: bool) -> Result<(), Told> {
    let value = value.map_or_else(String::new, |word| word.lossy().into_owned());
    let name = value.trim_start_matches(['!', '-', '+']);
    let mut general = vec![("none", "disable all event types"), ("any", "enable all event types")];
    if changes_state {
        general.insert(0, ("now", "don't wait for events, immediately change the state"));
    }
    if name.is_empty() {
        let general = general.iter().map(|(name, what)| format!("  - {name:<12} : {what}\n"));
        let mark = if changes_state { '-' } else { '+' };
        let events = source.events().map(|name| format!("  {mark} {name}\n"));
        return Err(Told::Listed(format!(
            "Supported events for source {} (+=enabled, -=disabled):\n{}",
            source.name,
            general.chain(events).collect::<String>()
        )));
    }
    match general.iter().any(|(known, _)| *known == name) || source.events().any(|known| known == name) {
        true => Ok(()),
        false => Err(Told::Refused(format!("No such trace event '{name}'"))),
    }
}

fn lock(state: &TraceState, source: &Source, value: Option<&Word>) -> Result<(), Told> {
    let Some(value) = value else {
        let current = set(&state.lock, "nothing");
        let mark = |name: &str| if name == current { '*' } else { ' ' };
        let general = source.locks.iter().chain(&["thread"]).map(|name| match *name {
            "nothing" => format!("  {} nothing    : do not lock on anything\n", mark("nothing")),
            name => format!("  {} {name:<10} : lock on the {name} that started the trace\n", mark(name)),
        });
        let own =
            source.own_locks.iter().map(|(name, what)| format!("  {} {name:<10} : {what}\n", mark(name)));
        return Err(Told::Listed(format!(
            "Supported lock-on criteria for source {}:\n{}",
            source.name,
            general.chain(own).collect::<String>()
        )));
    };
    // The list names it otherwise than the line.
    let listed = |name: &str| if name == "applet" { "appctx" } else { name }.as_bytes() == value.text;
    let is_known = value.is("thread")
        || source.locks.iter().any(|name| listed(name))
        || source.own_locks.iter().any(|(name, _)| value.is(name));
    match is_known {
        true => Ok(()),
        false => Err(Told::Refused(format!("Unsupported lock-on criterion '{}'", value.lossy()))),
    }
}

fn name_of(source: Option<&Source>) -> &'static str {
    source.map_or("all", |source| source.name)
}

/// What a line set, or what there is without one.
fn set<'s>(value: &'s Option<Vec<u8>>, usual: &'s str) -> &'s str {
    value.as_deref().and_then(|value| std::str::from_utf8(value).ok()).unwrap_or(usual)
}

/// The lines of a list, with a star at the current value.
fn marked(list: &[(&str, &str)], current: Option<&str>) -> String {
    let mark = |name| if Some(name) == current { '*' } else { ' ' };
    list.iter().map(|(name, what)| format!("  {} {name:<10} : {what}\n", mark(*name))).collect()
}

/// A value that is not known is refused, none is only answered with the list.
fn refused_or_listed(value: Option<&Word>, what: &str, list: String) -> Told {
    match value {
        Some(value) => Told::Refused(format!("No such {what} '{}'. {list}", value.lossy())),
        None => Told::Listed(list),
    }
}

pub const ROWS: &[Keyword] = &[Keyword::new(
    "trace",
    "What is traced, and where to.",
    Sections::one(Section::Traces),
    "<source> [param*]",
    MANY,
    Set::Line(trace),
)
.parsed()];
