//! What a row of the registry says: pure data that the checker, `-dK`, the hints and the
//! reference documentation read. The function of a row stands beside its spec where the
//! function's context is visible (`samples`, `actions`).

use crate::checks::ArgsCheck;
use crate::expr::MatchMethod;
use crate::sources::Sources;
use crate::types::SampleType;

/// Whether a row runs, or is only accepted and checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// Checked and executed.
    Full,
    /// Accepted and checked, not executed yet: using it prints one warning.
    Parsed,
    /// HAProxy had it once: it is refused, with advice.
    Removed,
}

impl Support {
    pub const ALL: [Self; 3] = [Self::Full, Self::Parsed, Self::Removed];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Parsed => "parsed",
            Self::Removed => "removed",
        }
    }
}

/// The sections of a configuration file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Section {
    Global,
    Defaults,
    Frontend,
    Listen,
    Backend,
    Peers,
    Resolvers,
    Userlist,
    Mailers,
    Cache,
    Ring,
    LogForward,
    LogProfile,
    HttpErrors,
    FcgiApp,
    CrtStore,
    Traces,
    Acme,
    Healthcheck,
    Program,
    NamespaceList,
}

impl Section {
    pub const ALL: [Self; 21] = [
        Self::Global,
        Self::Defaults,
        Self::Frontend,
        Self::Listen,
        Self::Backend,
        Self::Peers,
        Self::Resolvers,
        Self::Userlist,
        Self::Mailers,
        Self::Cache,
        Self::Ring,
        Self::LogForward,
        Self::LogProfile,
        Self::HttpErrors,
        Self::FcgiApp,
        Self::CrtStore,
        Self::Traces,
        Self::Acme,
        Self::Healthcheck,
        Self::NamespaceList,
        Self::Program,
    ];

    /// The keyword that opens it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Defaults => "defaults",
            Self::Frontend => "frontend",
            Self::Listen => "listen",
            Self::Backend => "backend",
            Self::Peers => "peers",
            Self::Resolvers => "resolvers",
            Self::Userlist => "userlist",
            Self::Mailers => "mailers",
            Self::Cache => "cache",
            Self::Ring => "ring",
            Self::LogForward => "log-forward",
            Self::LogProfile => "log-profile",
            Self::HttpErrors => "http-errors",
            Self::FcgiApp => "fcgi-app",
            Self::CrtStore => "crt-store",
            Self::Traces => "traces",
            Self::Acme => "acme",
            Self::Healthcheck => "healthcheck",
            Self::NamespaceList => "namespace_list",
            Self::Program => "program",
        }
    }
}

/// A set of sections a keyword is valid in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sections(pub u32);

impl Sections {
    pub const NONE: Self = Self(0);
    pub const GLOBAL: Self = Self::one(Section::Global);
    /// Defaults, frontend, listen, backend: `DFLB` in the manual's section 4.1.
    pub const PROXY: Self = Self(
        Self::one(Section::Defaults).0
            | Self::one(Section::Frontend).0
            | Self::one(Section::Listen).0
            | Self::one(Section::Backend).0,
    );

    /// The set of one section.
    pub const fn one(section: Section) -> Self {
        Self(1 << section as u32)
    }

    /// Both sets together.
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a section is in both.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub const fn contains(self, section: Section) -> bool {
        self.0 & (1 << section as u32) != 0
    }
}

/// The rule sets, in the order in which a stream meets them (manual, section 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RuleSet {
    QuicInitial,
    TcpConnection,
    TcpSession,
    TcpContent,
    HttpRequest,
    TcpResponse,
    HttpResponse,
    HttpAfterResponse,
}

impl RuleSet {
    pub const COUNT: usize = 8;
    pub const ALL: [Self; Self::COUNT] = [
        Self::QuicInitial,
        Self::TcpConnection,
        Self::TcpSession,
        Self::TcpContent,
        Self::HttpRequest,
        Self::TcpResponse,
        Self::HttpResponse,
        Self::HttpAfterResponse,
    ];

    /// As its lines begin.
    pub const fn name(self) -> &'static str {
        match self {
            Self::QuicInitial => "quic-initial",
            Self::TcpConnection => "tcp-request connection",
            Self::TcpSession => "tcp-request session",
            Self::TcpContent => "tcp-request content",
            Self::HttpRequest => "http-request",
            Self::TcpResponse => "tcp-response content",
            Self::HttpResponse => "http-response",
            Self::HttpAfterResponse => "http-after-response",
        }
    }

    /// This set's bit in [`ActionSpec::sets`].
    pub const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// Where a sample can be fetched: a bit a context of the manual's section 7.3, in the order
/// in which `-dKall` prints them (22 contexts).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contexts(pub u32);

impl Contexts {
    pub const COUNT: usize = 22;
    /// Everywhere.
    pub const ALL: Self = Self((1 << Self::COUNT) - 1);

    /// From `-dKall`'s drawing, such as `..YYYYYYYYY...........`.
    pub const fn new(drawing: &str) -> Self {
        let bytes = drawing.as_bytes();
        let (mut bits, mut at) = (0, 0);
        while at < bytes.len() {
            if bytes[at] == b'Y' {
                bits |= 1 << at;
            }
            at += 1;
        }
        Self(bits)
    }
}

/// The type of an argument of a fetch, converter or action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ArgType {
    /// `integer`
    Sint,
    /// `string`
    Str,
    Ipv4,
    Mask4,
    Ipv6,
    Mask6,
    /// `delay`, in the unit that the row says; stored in milliseconds.
    Time,
    /// `size`, in bytes
    Size,
    Frontend,
    Backend,
    Table,
    Server,
    Userlist,
    Map,
    Regex,
    /// A name of a variable with its scope, as `txn.name`.
    Var,
    PbField,
}

impl ArgType {
    /// The name that messages and `-dK` give the type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sint => "integer",
            Self::Str | Self::Map | Self::Var => "string",
            Self::Ipv4 => "IPv4 address",
            Self::Mask4 => "IPv4 mask",
            Self::Ipv6 => "IPv6 address",
            Self::Mask6 => "IPv6 mask",
            Self::Time => "delay",
            Self::Size => "size",
            Self::Frontend => "frontend",
            Self::Backend => "backend",
            Self::Table => "table",
            Self::Server => "server",
            Self::Userlist => "user list",
            Self::Regex => "regex",
            Self::PbField => "Protocol buffers field number",
        }
    }
}

/// The arguments of a fetch or converter: the types in order, and how many are required.
#[derive(Clone, Copy, Debug)]
pub struct ArgList {
    pub types: &'static [ArgType],
    pub required: usize,
}

impl ArgList {
    pub const NONE: Self = Self { types: &[], required: 0 };

    pub const fn new(required: usize, types: &'static [ArgType]) -> Self {
        Self { types, required }
    }
}

/// A sample fetch: its name, arguments, type, and where it is valid.
#[derive(Clone, Copy, Debug)]
pub struct FetchSpec {
    pub name: &'static str,
    pub doc: &'static str,
    pub args: ArgList,
    pub out: SampleType,
    pub uses: Sources,
    /// Where one of the sources is there.
    pub contexts: Contexts,
    /// What else the values of the arguments must be.
    pub check: Option<ArgsCheck>,
    pub support: Support,
}

/// A converter: its name, arguments, input and output types.
#[derive(Clone, Copy, Debug)]
pub struct ConverterSpec {
    pub name: &'static str,
    pub doc: &'static str,
    pub args: ArgList,
    pub input: SampleType,
    pub out: SampleType,
    /// What else the values of the arguments must be.
    pub check: Option<ArgsCheck>,
    /// The first argument is a map whose keys are compared like this.
    pub map: Option<MatchMethod>,
    pub support: Support,
}

/// An ACL keyword that stands for a fetch with a matching method (manual, section 7.1.6).
#[derive(Clone, Copy, Debug)]
pub struct AclAlias {
    pub name: &'static str,
    pub expr: &'static str,
    pub method: MatchMethod,
}

/// What a log alias needs to have a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogAliasNeed {
    Nothing,
    Http,
    Tls,
    /// A log line: it has no value in other log-formats.
    Log,
}

/// A log alias, the `%x` of log-formats (manual, section 8.2.6).
#[derive(Clone, Copy, Debug)]
pub struct LogAliasSpec {
    /// Without its percent sign.
    pub name: &'static str,
    pub doc: &'static str,
    pub needs: LogAliasNeed,
    pub support: Support,
}

/// How one argument of an action is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionArg {
    /// One literal word.
    Str,
    /// One word that is a log-format.
    Fmt,
    /// One word that is a sample expression.
    Expr,
    /// An unsigned number between the two bounds.
    Int(i64, i64),
    /// A delay in milliseconds by default.
    Time,
    /// A size in bytes.
    Size,
    /// A number as [`ActionArg::Int`], or a sample expression that gives one.
    IntOrExpr(i64, i64),
    /// A delay, or a sample expression that gives milliseconds.
    TimeOrExpr,
    /// A regular expression.
    Regex,
    /// The name of a service, `lua.…` or a built-in one.
    Service,
    /// A file whose whole content becomes the value.
    File,
    /// A file whose content is a log-format.
    FmtFile,
    /// A variable `scope.name`, out of the action's parenthesised name (`set-var(txn.x)`).
    Var,
}

/// One `keyword value` pair that may follow an action's positional arguments.
#[derive(Clone, Copy, Debug)]
pub struct ActionOption {
    pub keyword: &'static str,
    /// The values behind the keyword; empty for a flag.
    pub args: &'static [ActionArg],
    pub taken: OptionTaken,
}

/// Where and how often an option is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionTaken {
    /// Anywhere behind the arguments, also again.
    Always,
    /// As long as it was not given.
    Once,
    /// Before any other option.
    First,
}

impl ActionOption {
    /// One of which the last counts when it is given again.
    pub const fn new(keyword: &'static str, args: &'static [ActionArg]) -> Self {
        Self { keyword, args, taken: OptionTaken::Always }
    }

    pub const fn once(keyword: &'static str, args: &'static [ActionArg]) -> Self {
        Self { keyword, args, taken: OptionTaken::Once }
    }

    pub const fn first(keyword: &'static str, args: &'static [ActionArg]) -> Self {
        Self { keyword, args, taken: OptionTaken::First }
    }
}

/// An action: its name, the rule sets it belongs to, and how its arguments are written.
#[derive(Clone, Copy, Debug)]
pub struct ActionSpec {
    pub name: &'static str,
    pub doc: &'static str,
    /// Bits of [`RuleSet::bit`].
    pub sets: u16,
    /// What stands in parentheses behind the name, as in `set-var(name)`.
    pub paren: Option<ActionArg>,
    pub args: &'static [ActionArg],
    pub options: &'static [ActionOption],
    /// The rule list ends here when the action runs (`allow`, `deny`, `redirect` …).
    pub is_final: bool,
    /// The rule sets in which HAProxy reads it by hand, so that `-dK` leaves it out.
    pub unlisted: u16,
    pub support: Support,
}

/// A keyword of the configuration language.
#[derive(Clone, Copy, Debug)]
pub struct KeywordSpec {
    /// One to three words, as `timeout http-request` or `option httplog`.
    pub name: &'static str,
    pub doc: &'static str,
    /// Where it is known.
    pub sections: Sections,
    /// Where it has a meaning, as the manual's section 4.1 shows.
    pub meant_for: Sections,
    /// The arguments as the manual writes them, for messages and the reference pages.
    pub usage: &'static str,
    /// The least and the greatest number of words behind the name.
    pub arity: (usize, usize),
    /// Whether the `no` prefix is understood.
    pub no: bool,
    /// Whether it only has a meaning in `mode http`.
    pub http: bool,
    /// Whether `-dK` names it: HAProxy reads the others by hand.
    pub listed: bool,
    /// What to write instead of it, with the same arguments.
    pub successor: Option<&'static str>,
    pub support: Support,
}

impl KeywordSpec {
    /// The section of HAProxy's manual that describes it.
    pub fn manual(&self) -> &'static str {
        crate::manual::section(self.name, self.sections)
    }
}

/// A filter: what may stand behind the keyword `filter`.
#[derive(Clone, Copy, Debug)]
pub struct FilterSpec {
    pub name: &'static str,
    /// HAProxy's name of the family, such as `COMP`.
    pub family: &'static str,
    pub doc: &'static str,
    pub support: Support,
}

/// A service: what may stand behind `use-service`.
#[derive(Clone, Copy, Debug)]
pub struct ServiceSpec {
    pub name: &'static str,
    pub doc: &'static str,
    pub support: Support,
}

/// Whose command it is: the worker's socket, the master's, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandScope {
    Worker,
    Master,
    Both,
}

/// What must be switched on before a command is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandMode {
    Usual,
    /// `expert-mode on`
    Expert,
    /// `experimental-mode on`
    Experimental,
}

/// A command of the runtime API.
#[derive(Clone, Copy, Debug)]
pub struct CommandSpec {
    /// One to three words, as `show servers state`.
    pub name: &'static str,
    /// The arguments as the manual writes them.
    pub usage: &'static str,
    pub doc: &'static str,
    pub scope: CommandScope,
    pub mode: CommandMode,
    pub support: Support,
}
