//! The checked configuration: plain data, linked by ids. The checker writes it, the plan and
//! the tools read it; nothing changes it afterwards.

mod bind;
mod global;
mod log;
mod proxy;
mod sections;
mod server;

pub use bind::{Bind, CertEntry, CertSource, SniFilter, TlsBind, TlsVersion, TlsVersions, Verify};
pub use global::{Global, LuaLimits, LuaLoad, Tune};
pub use log::{Facility, Level, LogFraming, LogTarget, LogTransport};
pub use proxy::{
    Balance, Capture, ErrorFile, ForwardFor, HttpReuse, LogPreset, Mode, Options, Proxy, Redispatch, Switch,
    SwitchTarget, Timeouts, retry,
};
pub use sections::{
    Acme, Cache, EarlyHints, FcgiApp, FcgiParam, Healthcheck, Hold, HttpErrors, LogForward, LogProfile,
    LogStep, Mailer, Mailers, Nameserver, Peer, Peers, Resolvers, Ring,
};
pub use server::{Server, TlsServer};

use crate::Bytes;

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
    /// All variable names that the configuration mentions, without their scope.
    pub variables: Vec<Bytes>,
    /// The names of all services that rules mention, as `lua.acme-http01`.
    pub services: Vec<Bytes>,
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

/// A `stick-table`: only its name and text until stick tables run.
#[derive(Clone, Debug, Default)]
pub struct StickTable {
    pub name: Bytes,
    pub words: Vec<Bytes>,
}
