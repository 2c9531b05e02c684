//! A proxy while its lines are read: the checked proxy, and what only the end of the
//! configuration can resolve.

use std::collections::HashMap;

use diag::Span;
use ir::Bytes;
use ir::config::{Acme, Cache, ErrorFile, Proxy, Ring, Server};
use ir::expr::{Cond, Expr, Rule};
use ir::id::AclId;
use ir::spec::{RuleSet, Section};
use ir::types::SampleType;
use syntax::Word;

use crate::keywords::bind::BindLine;
use crate::keywords::server::ServerMore;

/// Which of the four proxy sections it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Defaults,
    Frontend,
    Backend,
    Listen,
}

impl Kind {
    pub fn of(section: Section) -> Option<Self> {
        match section {
            Section::Defaults => Some(Self::Defaults),
            Section::Frontend => Some(Self::Frontend),
            Section::Backend => Some(Self::Backend),
            Section::Listen => Some(Self::Listen),
            _ => None,
        }
    }

    /// The keyword of its section.
    pub fn name(self) -> &'static str {
        match self {
            Self::Defaults => "defaults",
            Self::Frontend => "frontend",
            Self::Backend => "backend",
            Self::Listen => "listen",
        }
    }

    /// As messages name a proxy of that kind.
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Listen => "proxy",
            other => other.name(),
        }
    }

    pub fn is_frontend(self) -> bool {
        matches!(self, Self::Frontend | Self::Listen)
    }

    pub fn is_backend(self) -> bool {
        matches!(self, Self::Backend | Self::Listen)
    }

    /// Whether what belongs to frontends may be said here: defaults say it for others.
    pub fn takes_frontend(self) -> bool {
        self != Self::Backend
    }

    pub fn takes_backend(self) -> bool {
        self != Self::Frontend
    }
}

/// A proxy section under construction.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub proxy: Proxy,
    pub kind: Kind,
    /// The header's line.
    pub header: Span,
    /// Named ACLs of this section; those of its defaults are not visible here.
    pub acl_names: HashMap<Bytes, AclId>,
    pub default_backend: Option<Word>,
    /// `use_backend` lines in order.
    pub switches: Vec<PendingSwitch>,
    /// `use-server` lines in order.
    pub use_servers: Vec<(Word, Option<Cond>)>,
    /// `redirect` lines: they run after all `http-request` rules.
    pub redirects: Vec<Rule>,
    /// How many there were, once they stand among the others.
    pub redirect_lines: usize,
    pub log_format: Option<Word>,
    /// Where `option httplog` and the like were given.
    pub log_option: Option<Span>,
    pub log_format_sd: Option<Word>,
    pub error_log_format: Option<Word>,
    pub unique_id_format: Option<Word>,
    /// What the checks want to know of each `bind` line.
    pub bind_lines: Vec<BindLine>,
    /// A TCP frontend with an HTTP backend: its streams become HTTP.
    pub upgrades: bool,
    /// `ssl-f-use` gives the binds their certificates.
    pub has_certificates: bool,
    /// Its lines.
    pub certificates: Vec<crate::crtlist::inline::Inline>,
    /// What the checks want to know of each server.
    pub servers: Vec<ServerMore>,
    /// What `default-server` says, by name.
    pub default_servers: HashMap<Bytes, (Server, ServerMore)>,
    /// The expression of `balance hash`.
    pub balance_hash: Option<Word>,
    /// `log global` was given: the global targets are added.
    pub log_global: bool,
    /// Names that other sections or later lines define.
    pub unresolved: Vec<Unresolved>,
    /// How many of these a defaults section gave.
    pub inherited_names: usize,
    /// What rules name, by their set: checked at the end.
    pub pending: Vec<(RuleSet, usize, PendingRule)>,
    /// How many rules of each set came from defaults.
    pub inherited_rules: [usize; RuleSet::COUNT],
    /// `tcp-check` and `http-check` lines.
    pub steps: Steps,
    /// `filter` lines.
    pub filters: Vec<Filter>,
    /// `stick` lines.
    pub sticks: Vec<PendingStick>,
    /// `compression` lines make filters of their own.
    pub has_compression: bool,
    /// `filter-sequence` lines: the way, and names of filters.
    pub filter_sequences: Vec<(String, Vec<Bytes>)>,
    /// HTTP-only lines, for the warnings about `mode tcp`.
    pub http_only: HttpOnly,
    /// Which kinds of rules were given here, for warnings about their order.
    pub placed: u16,
    /// Rule sets ([`ir::spec::RuleSet::bit`]) that ended with a final rule without a condition.
    pub finals: u16,
    /// `id` was given.
    pub has_id: bool,
    /// What `stats` lines say.
    pub stats: Option<Stats>,
    /// The header of `source … usesrc hdr_ip`.
    pub source_header: Option<Bytes>,
    /// What the section's defaults said, to tell what is said twice.
    pub inherited: Inherited,
    /// `email-alert`
    pub mail: Option<Mail>,
    /// `persist rdp-cookie`
    pub rdp_persistence: bool,
    pub checks: Checks,
    pub log_ignored: LogIgnored,
    pub error_lines: Vec<ErrorLine>,
    /// `use-fcgi-app`
    pub fcgi_app: Option<Word>,
    pub forwarded: Option<Forwarded>,
    /// `load-server-state-from-file global`
    pub needs_state_file: bool,
    /// For defaults: a proxy named it with `from`, or took it as the last one.
    pub explicit_use: bool,
    /// For defaults with rules: the kind of the first section that took them.
    pub used_as: Option<Kind>,
    pub implicit_use: bool,
    /// For defaults: the header of those of the same name in front of them.
    pub replaced: Option<Span>,
}

impl Draft {
    /// Notes that a cache is used: it is a filter. A line for it takes the place of a rule's.
    pub fn use_cache(&mut self, name: &[u8], implicit: bool, place: Span) {
        let is_it =
            |filter: &Filter| matches!(&filter.kind, FilterKind::Cache { name: other, .. } if other == name);
        let found = self.filters.iter().position(is_it);
        match (found, implicit) {
            (Some(_), true) => return,
            (Some(index), false) => drop(self.filters.remove(index)),
            (None, _) => {}
        }
        self.filters.push(Filter { kind: FilterKind::Cache { name: name.to_vec(), implicit }, place });
    }

    pub fn name(&self) -> String {
        String::from_utf8_lossy(&self.proxy.name).into_owned()
    }

    /// Notes what the rule that comes next in a set names.
    pub fn note(&mut self, set: RuleSet, pending: PendingRule) {
        self.pending.push((set, self.proxy.rules[set as usize].len(), pending));
    }

    /// `frontend 'http'`
    pub fn title(&self) -> String {
        format!("{} '{}'", self.kind.type_name(), self.name())
    }
}

/// Sections that are only taken when they are complete, while their lines are read.
#[derive(Clone, Debug, Default)]
pub struct Part {
    pub cache: Option<Cache>,
    pub ring: Option<Ring>,
    pub acme: Option<Acme>,
    /// The header of a proxy section was so wrong that there is no proxy.
    pub no_proxy: bool,
    pub store: crate::keywords::crt_store::Store,
    pub peers: crate::keywords::peers::PeersDraft,
}

/// A `use_backend` line; its name is resolved at the end.
#[derive(Clone, Debug)]
pub struct PendingSwitch {
    pub target: Word,
    pub cond: Option<Cond>,
}

/// A `filter` line.
#[derive(Clone, Debug)]
pub struct Filter {
    pub kind: FilterKind,
    pub place: Span,
}

/// What a filter is, as far as other lines name it.
#[derive(Clone, Debug)]
pub enum FilterKind {
    Bandwidth {
        name: Bytes,
        /// It has a table, the proxy's own without a name, of which the key is the expression's.
        table: Option<(Option<Bytes>, SampleType)>,
        is_input: bool,
    },
    Cache {
        name: Bytes,
        /// A rule named the cache; no `filter` line did.
        implicit: bool,
    },
    Compression(&'static str),
    Fcgi(Bytes),
    Spoe {
        name: Bytes,
        groups: Vec<Bytes>,
        backend: Bytes,
        /// The agent's name, and where it was declared.
        agent: String,
        at: String,
    },
    /// One of a Lua file: `lua.name`.
    Lua(String),
    Trace,
}

/// What a rule names, or needs of the proxy.
#[derive(Clone, Debug)]
pub enum PendingRule {
    /// The table of a `track-sc` rule: the proxy's own without a name.
    Table {
        name: Option<Bytes>,
        /// The type of the key.
        out: SampleType,
        counter: i64,
        /// The key only comes with the request, and comes with its contents at all.
        late: bool,
        contents: bool,
    },
    Resolvers(Bytes),
    /// A slot of captured headers.
    Slot(i64),
    /// The filter of `set-bandwidth-limit`, and whether the rule has a limit, a period.
    Limit(Bytes, bool, bool),
    /// The engine and the group of `send-spoe-group`.
    Group(Bytes, Bytes),
    /// The log profile of `do-log`.
    Profile(Bytes),
    /// The section and the status of `errorfiles`.
    Errors(Bytes, i64),
    /// `use-large-buffer`
    LargeBuffer(Span),
    /// `attach-srv`, and whether the rule names the connection.
    Attach(Bytes, bool),
    /// A `capture` whose sample only comes with the request.
    LateCapture,
}

/// A `stick` line; its table is found at the end.
#[derive(Clone, Debug)]
pub struct PendingStick {
    pub name: Option<Bytes>,
    pub expr: Expr,
    pub matches: bool,
    pub stores: bool,
    pub on_response: bool,
    pub cond: Option<Cond>,
    pub span: Span,
}

/// An argument that names something of another section.
#[derive(Clone, Debug)]
pub struct Unresolved {
    pub kind: ir::spec::ArgType,
    pub name: Bytes,
    pub span: Span,
    /// Its position, from 1.
    pub position: usize,
    /// The fetch of the expression.
    pub owner: &'static str,
    /// The converter, when it is one's argument.
    pub converter: Option<&'static str>,
    pub usage: Usage,
}

/// The statistics page of a proxy.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// It is the defaults'.
    pub inherited: bool,
    pub has_realm: bool,
    /// Of `stats auth`.
    pub users: std::collections::HashSet<String>,
    /// There are `stats http-request` rules.
    pub has_rules: bool,
    /// The last of them has no condition.
    pub rules_end: bool,
}

/// See [`Draft::inherited`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Inherited {
    pub timeouts: ir::config::Timeouts,
    pub session_limit: u32,
}

/// `option forwarded`: its words, each with the expression behind it where it takes one.
#[derive(Clone, Debug)]
pub struct Forwarded {
    pub span: Span,
    pub words: Vec<(&'static str, Option<Word>)>,
}

/// Lines that `mode log` ignores.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogIgnored {
    pub name_header: bool,
    pub cookie_key: bool,
    pub steps: bool,
}

/// A line about error pages. Of those about a status the last one counts.
#[derive(Clone, Debug)]
pub enum ErrorLine {
    Page(ErrorFile),
    /// The reply of this number in the proxy.
    Reply(u16, usize),
    /// No page of the proxy's own.
    Default(u16),
    Section(ErrorSection),
}

/// An `http-errors` section that a proxy takes pages of.
#[derive(Clone, Debug)]
pub struct ErrorSection {
    pub name: Word,
    /// Those that are asked for; without any, all that are there.
    pub statuses: Vec<u16>,
}

/// What `email-alert` lines give.
#[derive(Clone, Debug, Default)]
pub struct Mail {
    pub has_from: bool,
    pub has_to: bool,
    pub mailers: Option<Bytes>,
}

/// How servers are checked, as far as lines depend on each other.
#[derive(Clone, Debug, Default)]
pub struct Checks {
    /// `option external-check` is the last of the checks.
    pub external: bool,
    /// The last of the checks, as its option is called.
    pub method: &'static str,
    /// `external-check command`
    pub command: Option<Bytes>,
    /// `external-check path` was given.
    pub has_path: bool,
}

/// The steps of a proxy's own checks.
#[derive(Clone, Debug, Default)]
pub struct Steps {
    pub tcp: Vec<Step>,
    pub http: Vec<Step>,
    /// There are steps of a check that does not run.
    pub unused_tcp: bool,
    pub unused_http: bool,
    /// The number of the next step of HTTP's, from 0.
    pub next_http: usize,
    /// `option httpchk` gave the first request, which the first `send` takes over.
    pub implicit_send: bool,
    /// `connect ssl`
    pub tls: bool,
}

/// What a step of a check does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Whether it says to which port.
    Connect(bool),
    Send,
    Expect,
    Other,
}

/// Which statements that need HTTP were used.
#[derive(Clone, Debug, Default)]
pub struct HttpOnly {
    /// Rows of options.
    pub options: Vec<&'static str>,
    pub originalto: bool,
    pub capture: bool,
    pub cookie: bool,
}

impl HttpOnly {
    /// Notes that an option was switched.
    pub fn note(&mut self, option: &'static str, on: bool) {
        self.options.retain(|known| *known != option);
        if on {
            self.options.push(option);
        }
    }
}

/// What an expression is part of, for the messages about names that do not resolve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Usage {
    #[default]
    Configuration,
    Acl,
    Rule(ir::spec::RuleSet),
    Log,
    LogSd,
    UniqueId,
    UseBackend,
    Balance,
    Server,
    Stick,
}

impl Usage {
    /// What the keyword is, and where it stands.
    pub fn words(self) -> (&'static str, &'static str) {
        let place = match self {
            Self::Acl => return ("ACL keyword", "in"),
            Self::Configuration => "in configuration expression in",
            Self::Log => "in log-format string in",
            Self::LogSd => "in log-format-sd string in",
            Self::UniqueId => "in unique-id-format string in",
            Self::UseBackend => "in use_backend expression in",
            Self::Balance => "in use-server or balance expression in",
            Self::Server => "in server directive in",
            Self::Stick => "in stick rule in",
            Self::Rule(RuleSet::HttpRequest) => "in http-request expression in",
            Self::Rule(RuleSet::HttpResponse | RuleSet::HttpAfterResponse) => "in http-response response in",
            Self::Rule(RuleSet::QuicInitial | RuleSet::TcpConnection) => {
                "in tcp-request connection expression in"
            }
            Self::Rule(RuleSet::TcpSession) => "in tcp-request session expression in",
            Self::Rule(RuleSet::TcpContent) => "in tcp-request content expression in",
            Self::Rule(RuleSet::TcpResponse) => "in tcp-response content expression in",
        };
        ("sample fetch keyword", place)
    }
}
