//! The state of one run of the checker: what was read so far, where the line stands, and what
//! there is to tell.

use std::collections::{HashMap, HashSet};

use diag::{Diagnostic, Effect, Fix, Place, SourceMap, Span};
use ir::Bytes;
use ir::config::{Config, Global, LogTransport, StickTable, Userlist};
use ir::id::TableId;
use ir::spec::Section;
use syntax::{Facts, Host, Reader};

use crate::cert_words::CertWords;
use crate::draft::{Draft, Part, Usage};
use crate::keywords::peers::PeersDraft;
use crate::keywords::traces::TraceStates;
use crate::line::Line;
use crate::loader::{Loader, PathKind};
use crate::process::Process;
use crate::registry::Registry;
use crate::seen::Seen;

/// What `default-path` makes relative paths relative to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PathMode {
    #[default]
    Current,
    /// The directory of the file that is read.
    Config,
    /// The parent of that directory.
    Parent,
    /// The directory that `default-path` names.
    Origin,
}

/// What the functions of the rows work on.
pub struct Context<'a> {
    pub registry: &'a mut Registry,
    pub loader: &'a mut dyn Loader,
    pub sources: &'a SourceMap,
    pub config: Config,
    pub diags: Vec<Diagnostic>,
    /// What is told before everything else: see [`crate::keyword::Keyword::early`].
    pub early: Vec<Diagnostic>,
    /// What is only told when the process starts.
    pub starting: Vec<Diagnostic>,
    /// The section of the line; `None` above the first one.
    pub section: Option<Section>,
    /// The section's keyword as it was written.
    pub section_name: String,
    /// The proxy section of the line.
    pub px: Draft,
    /// The userlist of the line.
    pub userlist: Userlist,
    /// Its groups with their users: the users may stand below.
    pub group_users: Vec<(Bytes, Vec<Bytes>)>,
    /// What is wrong with the names in userlists: the first of each list, told at the end.
    pub userlist_faults: Vec<String>,
    /// The section of the line, when it is neither of these.
    pub part: Part,
    /// Finished peers sections.
    pub peers: Vec<PeersDraft>,
    /// The proxies of finished log-forward sections.
    pub log_forwards: Vec<Draft>,
    /// The proxies of finished rings.
    pub rings: Vec<Draft>,
    /// Where the log lines of fcgi-apps lead: the application, its line and the target.
    pub fcgi_logs: Vec<(Bytes, Span, LogTransport)>,
    /// What the lines of traces said of their sources.
    pub traces: TraceStates,
    /// The acme sections that certificates name, with the first line of each and how it is shown.
    pub acme_uses: HashMap<Bytes, (Span, String)>,
    /// The mailers that proxies name.
    pub used_mailers: HashSet<Bytes>,
    /// The health checks with a `connect ssl`.
    pub tls_healthchecks: HashSet<Bytes>,
    /// Error pages by the names of their files.
    pub error_pages: HashMap<Bytes, Bytes>,
    /// Finished proxies, in order.
    pub drafts: Vec<Draft>,
    /// Finished defaults, in order.
    pub defaults: Vec<Draft>,
    /// What was named so far.
    pub seen: Seen,
    /// The defaults that a proxy without `from` gets: an index into `defaults`.
    pub last_defaults: Option<usize>,
    /// What the expression at hand is part of.
    pub usage: Usage,
    pub exposes_experimental: bool,
    /// A file of SPOE could not be read: HAProxy knows no section any more but those of proxies, which
    /// it reads as lines of the proxy at hand.
    pub forgets_sections: bool,
    /// `tune.bufsize.large`
    pub has_large_buffers: bool,
    /// `tune.stick-counters`
    pub stick_counters: i64,
    /// `tune.lua.bool-sample-conversion` was given, or its absence was told.
    pub lua_bool_conversion: bool,
    /// `expose-deprecated-directives`
    pub deprecated: bool,
    /// `crt-base`, `ca-base`, `key-base`
    pub crt_base: Option<Bytes>,
    pub ca_base: Option<Bytes>,
    pub key_base: Option<Bytes>,
    /// `default-path`: what relative paths start from; empty for the current directory.
    pub base_path: Bytes,
    /// How `default-path` follows the files that are read.
    pub path_mode: PathMode,
    /// `unix-bind prefix`
    pub unix_prefix: Bytes,
    /// Variables by name.
    pub variable_ids: HashMap<Bytes, ir::id::VarId>,
    /// Certificates that were read: a file is often named several times.
    pub certificates: HashMap<Bytes, ir::config::CertSource>,
    /// What crt-stores and crt-lists say about their files.
    pub cert_words: HashMap<Bytes, CertWords>,
    /// What lies beside certificates, by their names.
    pub beside: HashMap<Bytes, crate::certs::trial::Beside>,
    /// Lists of certificates that were read.
    pub crt_lists: HashMap<Bytes, Vec<crate::crtlist::Entry>>,
    /// The names of those that tokens may use because a converter names them.
    pub token_certificates: HashSet<Bytes>,
    /// Files of patterns by path.
    pub pattern_files: HashMap<Bytes, crate::patterns::FileUse>,
    /// Numbers that `-u` gave to lists of patterns.
    pub pattern_ids: HashSet<i64>,
    pub process: Process,
    /// Files of authorities that were read.
    pub authorities: HashSet<Bytes>,
    /// Keywords that were told to be parsed only.
    told_parsed: HashSet<&'static str>,
}

impl<'a> Context<'a> {
    pub fn new(registry: &'a mut Registry, loader: &'a mut dyn Loader, sources: &'a SourceMap) -> Self {
        // `-dV` is the same as the keyword.
        let ssl_server_verify_none = loader.enabled(b"SERVER-SSL-VERIFY-NONE");
        let global = Global { strict_limits: true, ssl_server_verify_none, ..Global::default() };
        let config = Config { global, ..Config::default() };
        Self {
            registry,
            loader,
            sources,
            config,
            diags: Vec::new(),
            early: Vec::new(),
            starting: Vec::new(),
            section: None,
            section_name: String::new(),
            px: Draft::default(),
            userlist: Userlist::default(),
            group_users: Vec::new(),
            userlist_faults: Vec::new(),
            part: Part::default(),
            peers: Vec::new(),
            log_forwards: Vec::new(),
            rings: Vec::new(),
            fcgi_logs: Vec::new(),
            traces: TraceStates::default(),
            acme_uses: HashMap::new(),
            used_mailers: HashSet::new(),
            tls_healthchecks: HashSet::new(),
            error_pages: HashMap::new(),
            drafts: Vec::new(),
            defaults: Vec::new(),
            seen: Seen::default(),
            last_defaults: None,
            usage: Usage::default(),
            exposes_experimental: false,
            has_large_buffers: false,
            stick_counters: 3,
            lua_bool_conversion: false,
            forgets_sections: false,
            deprecated: false,
            crt_base: None,
            ca_base: None,
            key_base: None,
            base_path: Bytes::new(),
            path_mode: PathMode::default(),
            unix_prefix: Bytes::new(),
            variable_ids: HashMap::new(),
            certificates: HashMap::new(),
            cert_words: HashMap::new(),
            beside: HashMap::new(),
            crt_lists: HashMap::new(),
            token_certificates: HashSet::new(),
            pattern_files: HashMap::new(),
            pattern_ids: HashSet::new(),
            process: Process::default(),
            authorities: HashSet::new(),
            told_parsed: HashSet::new(),
        }
    }

    /// The next line of a file, with what there was to tell about reading it.
    pub fn read_line(&mut self, reader: &mut Reader<'_>) -> Option<syntax::Line> {
        let before = self.diags.len();
        let line = reader.next_line(&View(self.loader), &mut self.diags);
        // Some is told with the lines, unlike what is wrong with words and blocks.
        let late = [syntax::EMPTY_ARGUMENT, syntax::MESSAGE, syntax::UNKNOWN_DIRECTIVE];
        for told in self.diags.split_off(before) {
            let is_early = told.is_fatal() && !late.contains(&told.code);
            if is_early { &mut self.early } else { &mut self.diags }.push(told);
        }
        line
    }

    /// Whether reading ends at something that was told since `before`; what was told behind it is dropped.
    pub fn ends_since(&mut self, before: usize) -> bool {
        let ends = |told: &Diagnostic| told.effect == Effect::Abort || told.code == syntax::UNKNOWN_DIRECTIVE;
        let end = self.diags[before..].iter().position(ends);
        self.diags.truncate(end.map_or(self.diags.len(), |end| before + end + 1));
        end.is_some()
    }

    /// The stick table of that name, as far as tables were read.
    pub fn table(&self, name: &[u8]) -> Option<&StickTable> {
        self.seen.tables.get(name).and_then(|index| self.config.stick_tables.get(*index))
    }

    /// Adds a stick table.
    pub fn add_table(&mut self, table: StickTable) -> TableId {
        let index = self.config.stick_tables.len();
        self.seen.tables.entry(table.name.clone()).or_insert(index);
        self.config.stick_tables.push(table);
        TableId(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// A path with `default-path` in front of it when it is relative.
    pub fn path(&self, path: &[u8]) -> Bytes {
        match self.base_path.is_empty() || path.starts_with(b"/") {
            true => path.to_vec(),
            false => [self.base_path.as_slice(), b"/", path].concat(),
        }
    }

    /// What a path leads to. The error is the system's.
    pub fn path_kind(&self, path: &[u8]) -> Result<PathKind, String> {
        self.loader.path_kind(&self.path(path))
    }

    /// The content of a file. The error is the system's.
    pub fn read_file(&self, path: &[u8]) -> Result<Vec<u8>, String> {
        self.loader.read_file(&self.path(path))
    }

    /// Sets `default-path` for the file that is read.
    pub fn follow(&mut self, file: &str) {
        let file = file.as_bytes();
        let parent =
            |path: &[u8]| path.iter().rposition(|byte| *byte == b'/').map(|slash| path[..slash].to_vec());
        match self.path_mode {
            PathMode::Current => self.base_path.clear(),
            PathMode::Origin => {}
            PathMode::Config => self.base_path = parent(file).unwrap_or_default(),
            PathMode::Parent => {
                self.base_path = [parent(file).unwrap_or_else(|| b".".to_vec()), b"/..".to_vec()].concat();
            }
        }
    }

    /// Whether tokens may use a certificate.
    pub fn may_tokens_use(&self, certificate: &[u8]) -> bool {
        let words = self.cert_words.get(certificate);
        self.token_certificates.contains(certificate) || words.is_some_and(|words| words.is_on("jwt"))
    }

    /// The configuration, once everything is resolved into it.
    pub fn finish(mut self) -> Config {
        for (name, source) in std::mem::take(&mut self.certificates) {
            let pem = self.may_tokens_use(&name).then_some(source.pem);
            self.config.tokens.certificates.insert(name, pem);
        }
        self.config
    }

    pub fn global(&mut self) -> &mut Global {
        &mut self.config.global
    }

    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.diags.push(diagnostic);
    }

    /// `parsing [file:line] : message`
    pub fn alert(&mut self, code: &'static str, span: Span, message: impl Into<String>) {
        self.push(Diagnostic::error(code, span, message));
    }

    /// `parsing [file:line]: message`
    pub fn alert_tight(&mut self, code: &'static str, span: Span, message: impl Into<String>) {
        self.push(Diagnostic::error(code, span, message).at(Place::ParsingTight));
    }

    /// `parsing [file:line] : message`, and nothing more is read.
    pub fn abort(&mut self, code: &'static str, span: Span, message: impl Into<String>) {
        self.push(Diagnostic::error(code, span, message).with_effect(Effect::Abort));
    }

    /// `parsing [file:line]: message`, and nothing more is read.
    pub fn abort_tight(&mut self, code: &'static str, span: Span, message: impl Into<String>) {
        self.push(Diagnostic::error(code, span, message).at(Place::ParsingTight).with_effect(Effect::Abort));
    }

    /// Whether something was told that stops the reading.
    pub fn is_aborted(&self) -> bool {
        self.diags.last().is_some_and(|told| told.effect == Effect::Abort)
    }

    /// Tells about a word too many: whether there is one behind the first `most` arguments.
    pub fn has_extra(&mut self, line: &Line<'_>, most: usize, effect: Effect) -> bool {
        let Some(extra) = line.arg(most) else { return false };
        let text = format!("'{}' cannot handle unexpected argument '{}'.", line.keyword(), extra.lossy());
        self.push(Diagnostic::error("extra-argument", extra.span, text).with_effect(effect));
        true
    }

    /// Tells what is wrong with a piece of a line.
    pub fn fail(&mut self, fail: crate::fail::Fail) {
        self.alert(fail.code, fail.span, fail.message);
    }

    /// A message with a place of its own.
    pub fn alert_bare(&mut self, code: &'static str, span: Span, message: impl Into<String>) {
        self.push(Diagnostic::error(code, span, message).at(Place::Nowhere));
    }

    /// Makes the errors told since `before` those after which nothing more is read.
    pub fn end_reading(&mut self, before: usize) {
        for told in self.diags[before..].iter_mut().filter(|told| told.effect == Effect::Fatal) {
            told.effect = Effect::Abort;
        }
    }

    pub fn warn(&mut self, code: &'static str, span: Span, message: impl Into<String>) {
        self.push(Diagnostic::warning(code, span, message));
    }

    pub fn warn_tight(&mut self, code: &'static str, span: Span, message: impl Into<String>) {
        self.push(Diagnostic::warning(code, span, message).at(Place::ParsingTight));
    }

    pub fn warn_bare(&mut self, code: &'static str, span: Span, message: impl Into<String>) {
        self.push(Diagnostic::warning(code, span, message).at(Place::Nowhere));
    }

    /// Offers to write `best` at `span` as the fix of what was told last.
    pub fn suggest(&mut self, span: Span, best: Option<&str>) {
        if let (Some(last), Some(best)) = (self.diags.last_mut(), best) {
            last.fix = Some(Fix { span, replacement: best.to_owned() });
        }
    }

    /// Says once a run that something is accepted and not executed yet.
    pub fn warn_parsed(&mut self, name: &'static str, span: Span) {
        if self.told_parsed.insert(name) {
            self.warn(
                crate::NOT_EXECUTED,
                span,
                format!("'{name}' is accepted but not executed yet by hxproxy."),
            );
        }
    }

    /// Runs `work` with expressions told to be part of `usage`.
    pub fn within<T>(&mut self, usage: Usage, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.usage, usage);
        let done = work(self);
        self.usage = before;
        done
    }

    /// Whether experimental keywords may be used; the one that asks is one.
    pub fn experimental(&self) -> bool {
        self.process.uses_experimental.set(true);
        self.exposes_experimental
    }

    /// The name of a file.
    pub fn file(&self, span: Span) -> &str {
        self.sources.name(span.file)
    }

    /// `file:line`, as some messages name another place.
    pub fn at(&self, span: Span) -> String {
        format!("{}:{}", self.sources.name(span.file), span.line)
    }

    /// The same, for a place of the checked configuration.
    pub fn at_place(&self, place: ir::expr::Place) -> String {
        format!("{}:{}", self.sources.name(diag::FileId(place.file)), place.line)
    }

    /// The value of an environment variable, for addresses without quotes.
    pub fn variable(&self, name: &[u8]) -> Option<Vec<u8>> {
        self.loader.variable(name)
    }
}

/// The loader as the reader asks it.
struct View<'a>(&'a dyn Loader);

impl Facts for View<'_> {
    fn variable(&self, name: &[u8]) -> Option<Vec<u8>> {
        self.0.variable(name)
    }

    fn variable_names(&self) -> Vec<Vec<u8>> {
        self.0.variable_names()
    }

    fn feature(&self, name: &[u8]) -> bool {
        self.0.feature(name)
    }

    fn version(&self) -> &str {
        self.0.version()
    }

    fn openssl_version(&self) -> Option<u32> {
        self.0.openssl_version()
    }

    fn ssl_library(&self) -> &str {
        self.0.ssl_library()
    }

    fn awslc_api(&self) -> Option<u32> {
        self.0.awslc_api()
    }

    fn enabled(&self, option: &[u8]) -> bool {
        self.0.enabled(option)
    }

    fn fips_mode(&self) -> bool {
        self.0.fips_mode()
    }
}

impl Host for View<'_> {
    fn is_section(&self, keyword: &[u8]) -> bool {
        crate::section::of(keyword).is_some()
    }

    /// The environment is changed by the rows of `setenv` and its like.
    fn line(&mut self, _section: Option<&syntax::Line>, _line: &syntax::Line) {}
}
