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
mod verify_errors;

use diag::{Diagnostic, Effect, FileId, SourceMap};
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
pub use loader::{Loader, LuaNames, PathKind, TlsList};
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
        if read_file(&mut context, id, &file.name, file.text()) {
            break;
        }
    }
    let told = std::mem::take(&mut context.diags);
    context.diags = std::mem::take(&mut context.early);
    // What is told early is all that HAProxy tells then.
    let refused_early = context.diags.iter().any(Diagnostic::is_fatal);
    let decisive = if refused_early { &context.diags } else { &told };
    let ended = decisive.iter().any(|d| matches!(d.effect, Effect::Final | Effect::Abort));
    context.diags.extend(told);
    let refused = context.diags.iter().any(Diagnostic::is_fatal);
    if refused && !ended {
        context.diags.push(Diagnostic::post_error("fatal", "Fatal errors found in configuration."));
    }
    let reading = std::mem::take(&mut context.diags);
    if !refused {
        post::run(&mut context);
    }
    let checking = std::mem::take(&mut context.diags);
    Outcome { config: context.finish(), reading, checking }
}

/// HAProxy reads the words of all lines before it checks any: what is wrong with those behind a
/// line that ends the checking is told too.
fn read_rest(c: &mut Context, reader: &mut Reader) {
    let told = c.diags.len();
    while let Some(line) = c.read_line(reader) {
        section::negation(c, &line);
    }
    c.diags.truncate(told);
}

/// Checks one file line by line; true when nothing more must be read.
fn read_file(c: &mut Context, id: FileId, name: &str, text: &[u8]) -> bool {
    let (first, first_early) = (c.diags.len(), c.early.len());
    c.follow(name);
    let mut reader = Reader::new(id, name, text);
    let mut fatal_lines = 0;
    loop {
        let (before, before_early) = (c.diags.len(), c.early.len());
        let line = c.read_line(&mut reader);
        if let Some(line) = &line {
            section::line(c, line);
        }
        let told = || c.diags[before..].iter().chain(&c.early[before_early..]);
        fatal_lines += usize::from(told().any(Diagnostic::is_fatal));
        let Some(line) = line else {
            section::close(c);
            break;
        };
        if told().any(|d| d.effect == Effect::Abort) {
            read_rest(c, &mut reader);
            break;
        }
        if fatal_lines >= MAX_FATAL_LINES {
            let next = diag::Span { line: line.span.line + 1, ..line.span };
            let message = format!("too many fatal errors ({fatal_lines}), stopping now.");
            c.diags.push(Diagnostic::error("too-many-errors", next, message).at(diag::Place::ParsingTight));
            break;
        }
    }
    let told = || c.diags[first..].iter().chain(&c.early[first_early..]);
    if !told().any(Diagnostic::is_fatal) {
        return false;
    }
    let abort = told().any(|d| d.effect == Effect::Abort);
    let message = format!("Error(s) found in configuration file : {name}");
    c.diags.push(Diagnostic::post_error("refused-file", message));
    abort
}
