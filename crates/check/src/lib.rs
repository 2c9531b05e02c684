//! From the words of a configuration to the checked configuration: names become ids, arguments
//! are counted, typed and bounded, and everything wrong is told in HAProxy's words.
//!
//! The keywords stand in `keywords/<section>/<family>.rs`, a row each; what the registry brings
//! (fetches, converters, actions, ACL aliases) is only data here. Left out: running anything,
//! and every access to files, names and libraries, which goes through [`Loader`].

mod acl;
mod action;
mod address;
mod args;
mod cert_words;
mod certs;
mod cond;
mod conflicts;
mod context;
mod crtlist;
mod draft;
mod errorpage;
mod expr;
mod fail;
mod given;
mod hint;
mod inherit;
mod keyword;
mod keywords;
mod line;
mod loader;
mod logformat;
mod numbers;
mod patterns;
mod places;
mod post;
mod process;
mod registry;
mod section;
mod seen;
mod variables;

use diag::{Diagnostic, Effect, FileId, Place, SourceMap, Span};
use ir::config::Config;
use syntax::Reader;

pub use context::Context;
pub use keyword::{Keyword, Set};
pub use keywords::all as keywords;
pub use keywords::bind::{
    BindKeyword, keywords as bind_keywords, socket_keywords as bind_socket_keywords,
    tls_keywords as bind_tls_keywords,
};
pub use keywords::server::{ServerKeyword, keywords as server_keywords};
pub use line::Line;
pub use loader::{Loader, LuaMap, LuaNames, PathKind, RingFault, TlsList};
pub use registry::Registry;
pub use section::of as section_of;

/// The code of the warnings about what is accepted and not executed yet.
pub const NOT_EXECUTED: &str = "not-executed";

/// HAProxy gives up on a configuration after this many lines with errors.
const MAX_FATAL_LINES: usize = 50;

/// What checking gives.
#[derive(Debug)]
pub struct Outcome {
    /// Only worth using when [`Outcome::is_usable`].
    pub config: Config,
    /// Told while the files are read, in order. HAProxy prints them with the context `config`.
    pub reading: Vec<Diagnostic>,
    /// Told after the last line was read. HAProxy prints them without a context.
    pub checking: Vec<Diagnostic>,
    /// What HAProxy only looks at when it starts, and not with `-c`.
    pub starting: Vec<Diagnostic>,
}

impl Outcome {
    /// Whether the configuration may run.
    pub fn is_usable(&self) -> bool {
        !self.diagnostics().any(Diagnostic::is_fatal)
    }

    /// Everything there is to tell, in HAProxy's order.
    pub fn diagnostics(&self) -> impl Iterator<Item = &Diagnostic> {
        self.reading.iter().chain(&self.checking)
    }

    /// How many warnings there are, for `zero-warning`. That something is not executed yet is
    /// this program's own warning, which no configuration can avoid: it does not count.
    pub fn warnings(&self) -> usize {
        let counts = |d: &&Diagnostic| d.severity == diag::Severity::Warning && d.code != NOT_EXECUTED;
        self.diagnostics().filter(counts).count()
    }
}

/// Reads and checks all files of `sources`, in their order.
pub fn check(registry: &mut Registry, loader: &mut dyn Loader, sources: &SourceMap) -> Outcome {
    let mut context = Context::new(registry, loader, sources);
    let files = (0..).map(FileId).map_while(|id| sources.get(id).map(|file| (id, file)));
    for (id, file) in files {
        context.config.files.push(file.name.clone());
        read_file(&mut context, id, &file.name, file.text());
    }
    let told = std::mem::take(&mut context.diags);
    let mut reading = std::mem::take(&mut context.early);
    // HAProxy goes through the files a second time only if the first time gave no error.
    if !is_refused(&reading) {
        reading.extend(told);
    }
    let refused = is_refused(&reading);
    if refused && !is_ended(&reading) {
        reading.push(Diagnostic::post_error("fatal", "Fatal errors found in configuration."));
    }
    if !refused {
        post::run(&mut context);
    }
    let checking = std::mem::take(&mut context.diags);
    let starting = std::mem::take(&mut context.starting);
    Outcome { config: context.finish(), reading, checking, starting }
}

fn is_refused(told: &[Diagnostic]) -> bool {
    told.iter().any(Diagnostic::is_fatal)
}

fn is_ended(told: &[Diagnostic]) -> bool {
    told.iter().any(|told| told.effect == Effect::Abort)
}

/// Checks one file line by line. Behind an error that ends the reading, only what is told early
/// is of interest.
fn read_file(c: &mut Context, id: FileId, name: &str, text: &[u8]) {
    if is_ended(&c.early) {
        return;
    }
    let (first, first_early) = (c.diags.len(), c.early.len());
    c.follow(name);
    let mut reader = Reader::new(id, name, text);
    let mut ended = is_ended(&c.diags) || is_refused(&c.early);
    let (mut lines, mut early_lines) = (0, 0);
    loop {
        let (before, before_early) = (c.diags.len(), c.early.len());
        if ended && c.section != Some(ir::spec::Section::Global) {
            reader.skip_plain(section::is_early);
        }
        let line = c.read_line(&mut reader);
        if ended {
            c.diags.truncate(before);
        } else {
            ended = c.ends_since(before) || count_empty(c, before, &mut lines);
        }
        let before = c.diags.len();
        match &line {
            Some(line) if line.refused => section::refused(c, line),
            Some(line) if ended => section::early(c, line),
            Some(line) => section::line(c, line),
            None if ended => {}
            None => section::close(c),
        }
        lines += usize::from(is_refused(&c.diags[before..]));
        early_lines += usize::from(is_refused(&c.early[before_early..]));
        ended |= is_ended(&c.diags[before..]) || early_lines > 0;
        let Some(line) = line else { break };
        if is_ended(&c.early[before_early..]) {
            break;
        }
        if early_lines >= MAX_FATAL_LINES {
            c.early.push(too_many(early_lines, line.span));
            break;
        }
        if lines >= MAX_FATAL_LINES && !ended {
            c.diags.push(too_many(lines, line.span));
            ended = true;
        }
    }
    let message = format!("Error(s) found in configuration file : {name}");
    for (told, first) in [(&mut c.diags, first), (&mut c.early, first_early)] {
        if is_refused(&told[first..]) {
            told.push(Diagnostic::post_error("refused-file", message.clone()));
        }
    }
}

/// Counts the lines with empty arguments that were told since `before`; whether they are too many.
fn count_empty(c: &mut Context, before: usize, lines: &mut usize) -> bool {
    for at in before..c.diags.len() {
        if c.diags[at].code != syntax::EMPTY_ARGUMENT {
            continue;
        }
        *lines += 1;
        if *lines >= MAX_FATAL_LINES {
            let last = c.diags[at].span.unwrap_or_default();
            let has_hint = c.diags.get(at + 1).is_some_and(|next| next.code == "similar-variable");
            c.diags.truncate(at + 1 + usize::from(has_hint));
            c.diags.push(too_many(*lines, last));
            return true;
        }
    }
    false
}

fn too_many(lines: usize, last: Span) -> Diagnostic {
    let next = Span { line: last.line + 1, ..last };
    let message = format!("too many fatal errors ({lines}), stopping now.");
    Diagnostic::error("too-many-errors", next, message).at(Place::ParsingTight)
}
