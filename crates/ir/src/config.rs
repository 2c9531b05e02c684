//! The checked configuration: plain data, linked by ids. The checker writes it, the plan and
//! the tools read it; nothing changes it afterwards.

mod bind;
mod global;
mod link;
mod log;
mod proxy;
mod sections;
mod server;
mod status;
mod tokens;

pub use bind::{
    Bind, CertEntry, CertSource, ReverseBind, Shards, SniFilter, TlsBind, TlsVersion, TlsVersions, Verify,
};
pub use global::{
    CloseSpread, DatagramBuffers, Global, H2Clients, H2Errors, H2Servers, HttpCodes, LuaLimits, LuaLoad,
    Rates, SetVar, Tune, VarLimits,
};
pub use link::{Foreign, Link, Namespace, Probes, Source};
pub use log::{Facility, Level, LogFraming, LogMoment, LogOrigin, LogTarget, LogTransport};
pub use proxy::{
    Affinity, Balance, Capture, Cookie, CookieMode, ErrorFile, ErrorReply, Filter, ForwardFor, Forwarded,
    ForwardedPart, HttpReuse, LogPreset, Mode, Options, Proxy, Redispatch, RestrictNames, ServerTarget,
    Stick, Switch, SwitchTarget, Timeouts, TraceFilter, retry,
};
pub use sections::{
    Acme, Cache, EarlyHints, FcgiApp, FcgiParam, Healthcheck, Hold, HttpErrors, LogForward, LogProfile,
    LogStep, Mailer, Mailers, Nameserver, Peer, Peers, Resolvers, Ring,
};
pub use server::{HashKey, LogServer, SendProxy, Server, TlsServer, WebSocket};
pub use status::StatusCodes;
pub use tokens::{CONTENT_ALGORITHMS, KEY_ALGORITHMS, Tokens};

use std::collections::HashMap;
use std::net::IpAddr;

use crate::Bytes;
use crate::expr::MatchMethod;
use crate::id::PatternListId;

/// A whole configuration.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The files it was read from, in order: [`crate::expr::Place::file`] is an index.
    pub files: Vec<String>,
    pub global: Global,
    /// Frontends, backends and listens, in the order of the file.
    pub proxies: Vec<Proxy>,
    pub userlists: Vec<Userlist>,
    pub peers: Vec<Peers>,
    pub resolvers: Vec<Resolvers>,
    pub mailers: Vec<Mailers>,
    pub caches: Vec<Cache>,
    pub rings: Vec<Ring>,
    pub log_forwards: Vec<LogForward>,
    pub log_profiles: Vec<LogProfile>,
    pub http_errors: Vec<HttpErrors>,
    pub fcgi_apps: Vec<FcgiApp>,
    pub acmes: Vec<Acme>,
    pub healthchecks: Vec<Healthcheck>,
    pub stick_tables: Vec<StickTable>,
    /// In the order in which they are named.
    pub pattern_lists: Vec<PatternList>,
    /// The maps that scripts made while they were loaded.
    pub script_maps: Vec<(PatternListId, MatchMethod)>,
    /// Addresses of the hosts that patterns name.
    pub pattern_hosts: HashMap<Bytes, IpAddr>,
    pub tokens: Tokens,
    /// All variable names that the configuration mentions, without their scope.
    pub variables: Vec<Bytes>,
    /// Those of scope `proc`, which exist from the start.
    pub process_variables: Vec<crate::id::VarId>,
    /// The names of all services that rules mention, as `lua.acme-http01`.
    pub services: Vec<Bytes>,
}

/// A list of patterns that ACLs and maps share: a file, a name (`virt@`), or the patterns on the
/// line of an ACL.
#[derive(Clone, Debug, Default)]
pub struct PatternList {
    /// The name without `file@` and `opt@`; empty for the patterns on a line.
    pub path: Bytes,
    /// The file to read; none where there is none.
    pub file: Option<Bytes>,
    /// The patterns on the line.
    pub patterns: Vec<Bytes>,
    /// `-u`
    pub id: Option<i64>,
    /// First named in what is read behind all lines, as the target of `use_backend`.
    pub is_late: bool,
    pub is_acl: bool,
    pub is_map: bool,
    /// A value stands behind each pattern of the file.
    pub has_values: bool,
    /// Where it is used, in HAProxy's words.
    pub display: Bytes,
}

/// A `userlist` section.
#[derive(Clone, Debug, Default)]
pub struct Userlist {
    pub name: Bytes,
    pub groups: Vec<Bytes>,
    pub users: Vec<User>,
}

/// A `user` line of a userlist.
#[derive(Clone, Debug, Default)]
pub struct User {
    pub name: Bytes,
    /// `password` (a crypt(3) hash) or `insecure-password` (plain text).
    pub secret: Bytes,
    pub insecure: bool,
    pub groups: Vec<Bytes>,
}

/// A `stick-table`, or a table of a peers section.
#[derive(Clone, Debug)]
pub struct StickTable {
    /// The proxy's name, or `section/table`.
    pub name: Bytes,
    pub key: crate::types::SampleType,
    /// Bytes of a text or binary key.
    pub key_len: usize,
    /// How many entries it has room for.
    pub size: u32,
    /// Milliseconds; 0: never.
    pub expire: u64,
    pub nopurge: bool,
    pub recv_only: bool,
    pub data: Vec<StoredData>,
    /// The peers section it is shared with.
    pub peers: Option<Bytes>,
    pub write_to: Option<Bytes>,
    /// `srvkey addr`: servers are known by their addresses.
    pub by_address: bool,
    pub brates_factor: u32,
    pub place: crate::expr::Place,
}

/// What a stick table stores with each key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredData {
    pub name: &'static str,
    /// Elements of an array; 1 for what is none.
    pub count: u32,
    /// Milliseconds over which a rate is taken; 0 for what is none.
    pub period: u64,
}
