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
mod context;
mod crtlist;
mod draft;
mod expr;
mod fail;
mod hint;
mod inherit;
mod keyword;
mod keywords;
mod line;
mod loader;
mod logformat;
mod numbers;
mod places;
mod post;
mod registry;
mod section;
mod variables;

use diag::{Diagnostic, Effect, FileId, SourceMap};
use ir::config::Config;
use syntax::Reader;

pub use context::Context;
pub use keyword::{Keyword, Set};
pub use keywords::all as keywords;
pub use keywords::bind::{BindKeyword, keywords as bind_keywords};
pub use keywords::server::{ServerKeyword, keywords as server_keywords};
pub use line::Line;
pub use loader::{Loader, LuaNames, PathKind};
pub use registry::Registry;

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

    /// How many warnings there are, for `zero-warning`.
    pub fn warnings(&self) -> usize {
        self.diagnostics().filter(|d| d.severity == diag::Severity::Warning).count()
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
    section::close(&mut context);
    let refused = context.diags.iter().any(Diagnostic::is_fatal);
    let aborted = context.diags.iter().any(|d| d.effect == Effect::Abort);
    if refused && !aborted {
        context.diags.push(Diagnostic::post_error("fatal", "Fatal errors found in configuration."));
    }
    let reading = std::mem::take(&mut context.diags);
    if !refused {
        post::run(&mut context);
    }
    let checking = std::mem::take(&mut context.diags);
    Outcome { config: context.finish(), reading, checking }
}

/// Checks one file line by line; true when nothing more must be read.
fn read_file(c: &mut Context, id: FileId, name: &str, text: &[u8]) -> bool {
    let first = c.diags.len();
    let mut reader = Reader::new(id, name, text);
    let mut fatal_lines = 0;
    loop {
        let before = c.diags.len();
        let line = c.read_line(&mut reader);
        if let Some(line) = &line {
            section::line(c, line);
        }
        fatal_lines += usize::from(c.diags[before..].iter().any(Diagnostic::is_fatal));
        let Some(line) = line else { break };
        if c.diags[before..].iter().any(|d| d.effect == Effect::Abort) {
            break;
        }
        if fatal_lines >= MAX_FATAL_LINES {
            let message = format!("too many fatal errors ({fatal_lines}), stopping now.");
            c.diags
                .push(Diagnostic::error("too-many-errors", line.span, message).at(diag::Place::ParsingTight));
            break;
        }
    }
    let told = &c.diags[first..];
    if !told.iter().any(Diagnostic::is_fatal) {
        return false;
    }
    let abort = told.iter().any(|d| d.effect == Effect::Abort);
    let message = format!("Error(s) found in configuration file : {name}");
    c.diags.push(Diagnostic::post_error("refused-file", message));
    abort
}
