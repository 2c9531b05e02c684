//! Checked expressions: samples, ACLs, conditions, log-formats and rules. Ids name the rows;
//! the plan turns them into functions.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::Bytes;
use crate::id::*;
use crate::types::SampleType;

/// A checked argument of a fetch or converter.
#[derive(Clone, Debug, PartialEq)]
pub enum Arg {
    /// Left out.
    Stop,
    Sint(i64),
    Str(Bytes),
    Ipv4(Ipv4Addr),
    Ipv6(Ipv6Addr),
    /// A network mask.
    Mask4(Ipv4Addr),
    Mask6(Ipv6Addr),
    /// Milliseconds.
    Time(i64),
    /// Bytes.
    Size(i64),
    Proxy(ProxyId),
    Server(ProxyId, ServerId),
    Table(TableId),
    Userlist(UserlistId),
    Var(Var),
    Regex(Bytes, bool),
    Map(Bytes),
    /// The name of an ACL, behind a `!` where it is negated.
    Acl(Bytes),
}

/// A variable with its scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Var {
    pub scope: VarScope,
    pub id: VarId,
}

/// How long a variable lives (manual, section 2.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VarScope {
    Proc,
    Sess,
    Txn,
    Req,
    Res,
    Check,
    /// Of the stream that a stream works for, as `ptxn`: there is none, so nothing is kept.
    Parent,
}

impl VarScope {
    /// The words in front of variables' names, in the order in which they are dumped.
    pub const WORDS: [(&'static str, Self); 6] = [
        ("sess", Self::Sess),
        ("txn", Self::Txn),
        ("req", Self::Req),
        ("res", Self::Res),
        ("proc", Self::Proc),
        ("check", Self::Check),
    ];

    /// Splits `scope.name`. None where the scope is not known or the name is empty.
    pub fn split(text: &[u8]) -> Option<(Self, &[u8])> {
        let dot = text.iter().position(|byte| *byte == b'.')?;
        let (word, name) = (&text[..dot], &text[dot + 1..]);
        let of_this = Self::WORDS.iter().find(|(one, _)| one.as_bytes() == word).map(|(_, scope)| *scope);
        let of_parent = matches!(word, b"psess" | b"ptxn" | b"preq" | b"pres").then_some(Self::Parent);
        let scope = of_this.or(of_parent)?;
        (!name.is_empty()).then_some((scope, name))
    }
}

/// A sample expression: a fetch and its converters.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub fetch: FetchId,
    pub args: Vec<Arg>,
    pub converters: Vec<(ConverterId, Vec<Arg>)>,
    /// The type the whole expression gives.
    pub out: SampleType,
    /// As it was written, for messages and dumps.
    pub text: Bytes,
}

/// How a pattern is compared (manual, section 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchMethod {
    Found,
    Bool,
    Int,
    Ip,
    Bin,
    Len,
    Str,
    Beg,
    End,
    Sub,
    Dir,
    Dom,
    Reg,
}

/// One line of an ACL: an expression and the patterns it is compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct AclTest {
    pub expr: Expr,
    pub method: MatchMethod,
    /// `-i`
    pub ignore_case: bool,
    /// `-n`: names of hosts are no addresses.
    pub no_dns: bool,
    /// Numbers are versions: `3.1`.
    pub dotted: bool,
    /// The patterns on the line.
    pub list: PatternListId,
    /// The files of `-f`, one pattern a line.
    pub files: Vec<PatternFile>,
}

/// A file of patterns, read as the flags in front of it say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PatternFile {
    pub list: PatternListId,
    pub ignore_case: bool,
    pub no_dns: bool,
}

/// A named ACL: several lines of one name are ORed.
#[derive(Clone, Debug, PartialEq)]
pub struct Acl {
    /// Empty for an anonymous ACL.
    pub name: Bytes,
    pub tests: Vec<AclTest>,
}

/// A condition: `if` or `unless` over an OR of ANDs (manual, section 7.2).
#[derive(Clone, Debug, PartialEq)]
pub struct Cond {
    pub unless: bool,
    pub any: Vec<Vec<CondTerm>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CondTerm {
    pub acl: AclId,
    pub negated: bool,
}

/// A log-format string (manual, section 8.2.6).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct LogFormat {
    pub nodes: Vec<FormatNode>,
    /// `%{+json}o`: the whole is one map of the items that have a name.
    pub encoding: Option<Encoding>,
    /// `%{+bin}o`: the map is raw bytes, not hexadecimal digits.
    pub binary: bool,
    pub text: Bytes,
}

#[derive(Clone, Debug, PartialEq)]
pub enum FormatNode {
    Text(Bytes),
    /// Spaces where they only separate: one, or none behind another one.
    Space,
    /// A `%alias`: its name without the percent sign.
    Alias {
        name: &'static str,
        /// `%(key)`; empty without one.
        key: Bytes,
        flags: FormatFlags,
    },
    Expr {
        expr: Expr,
        key: Bytes,
        flags: FormatFlags,
    },
}

/// How structured data is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Json,
    /// RFC 8949.
    Cbor,
}

/// `%(:type)`: the type that an item of structured data is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormatCast {
    Str,
    Sint,
    Bool,
    /// The bytes as they are, whatever encoding there is.
    Raw,
}

/// `%{+Q}`, `%{+X}`, `%{+E}`, `%{+M}` and what else decides how an item is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct FormatFlags {
    /// `+Q`: in double quotes
    pub quote: bool,
    /// `+X`: hexadecimal
    pub hex: bool,
    /// `+E`: escape `"`, `]` and `\`
    pub escape: bool,
    /// `+M`: mandatory: `-` where there is no value
    pub mandatory: bool,
    /// `+json` or `+cbor`
    pub encoding: Option<Encoding>,
    /// `+bin` of the whole: binary samples stay as they are.
    pub binary: bool,
    /// A part of an HTTP message: what no header value may hold is percent-encoded in samples.
    pub http: bool,
    pub cast: Option<FormatCast>,
}

/// A checked argument of an action.
#[derive(Clone, Debug, PartialEq)]
pub enum ActionValue {
    Str(Bytes),
    Fmt(LogFormat),
    Expr(Expr),
    Int(i64),
    /// Milliseconds.
    Time(i64),
    Regex {
        source: Bytes,
        ignore_case: bool,
    },
    Service(ServiceId),
    File(Bytes),
    Var(Var),
    /// The stick table of that name; empty: that of the rule's proxy.
    Table(Bytes),
}

/// A rule: an action, its arguments, its condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    pub action: ActionId,
    /// The positional arguments, the parenthesised one first.
    pub args: Vec<ActionValue>,
    /// `(index into the spec's options, its values)`, as written.
    pub options: Vec<(usize, Vec<ActionValue>)>,
    pub cond: Option<Cond>,
    pub place: Place,
}

/// Where something was written: the file's index and the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Place {
    pub file: u32,
    pub line: u32,
}

/// An address of the configuration once it is resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    Ip(IpAddr, u16),
    /// A path of a UNIX socket.
    Unix(Bytes),
    /// A name in Linux' abstract namespace; `true` for `abnsz@`.
    Abstract(Bytes, bool),
    /// An inherited file descriptor.
    Fd(i32),
}
