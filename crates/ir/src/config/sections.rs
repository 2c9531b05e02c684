//! The sections beside `global`, the proxies and the userlists: what proxies and rules name.
//! Times are in milliseconds unless they say otherwise.

use super::bind::Bind;
use super::log::{LogFraming, LogTarget};
use super::proxy::{ErrorFile, Timeouts};
use super::server::Server;
use crate::Bytes;
use crate::expr::{Acl, Address, Cond, LogFormat, Place};

/// A `peers` section.
#[derive(Clone, Debug, Default)]
pub struct Peers {
    pub name: Bytes,
    pub disabled: bool,
    /// `shards`; 0: tables are not split.
    pub shards: i64,
    pub peers: Vec<Peer>,
    /// Where the local peer listens.
    pub bind: Option<Bind>,
    pub logs: Vec<LogTarget>,
    /// Names of the `table` lines, as `section/table`.
    pub tables: Vec<Bytes>,
    pub place: Place,
}

/// A `peer` or `server` line of a peers section.
#[derive(Clone, Debug)]
pub struct Peer {
    pub name: Bytes,
    /// It is this process.
    pub local: bool,
    pub server: Server,
    pub place: Place,
}

/// A `resolvers` section.
#[derive(Clone, Debug)]
pub struct Resolvers {
    pub name: Bytes,
    pub nameservers: Vec<Nameserver>,
    /// Bytes.
    pub accepted_payload_size: u32,
    pub resolve_retries: i64,
    pub timeout_resolve: u64,
    pub timeout_retry: u64,
    pub hold: Hold,
    pub place: Place,
}

/// How long a resolvers section keeps an answer of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    pub nx: u64,
    pub other: u64,
    pub refused: u64,
    pub timeout: u64,
    pub valid: u64,
    pub obsolete: u64,
}

impl Default for Resolvers {
    fn default() -> Self {
        Self {
            name: Bytes::new(),
            nameservers: Vec::new(),
            accepted_payload_size: 512,
            resolve_retries: 3,
            timeout_resolve: 1000,
            timeout_retry: 1000,
            hold: Hold {
                nx: 30_000,
                other: 30_000,
                refused: 30_000,
                timeout: 30_000,
                valid: 10_000,
                obsolete: 0,
            },
            place: Place::default(),
        }
    }
}

/// A name server.
#[derive(Clone, Debug)]
pub struct Nameserver {
    pub name: Bytes,
    pub address: Address,
    /// Queries go over TCP.
    pub stream: bool,
    /// The file it was given in, and the line: `/etc/resolv.conf` is none of the configuration's.
    pub file: Bytes,
    pub line: u32,
}

/// A `mailers` section.
#[derive(Clone, Debug, Default)]
pub struct Mailers {
    pub name: Bytes,
    pub mailers: Vec<Mailer>,
    pub timeout: u64,
    pub place: Place,
}

/// A mail server.
#[derive(Clone, Debug)]
pub struct Mailer {
    pub name: Bytes,
    pub address: Address,
}

/// A `cache` section.
#[derive(Clone, Debug)]
pub struct Cache {
    pub name: Bytes,
    /// Bytes.
    pub total_max_size: u64,
    /// Bytes.
    pub max_object_size: u64,
    /// Seconds.
    pub max_age: i64,
    pub process_vary: bool,
    pub max_secondary_entries: u32,
    pub early_hints: EarlyHints,
    /// Percent of the memory that hints may take.
    pub early_hints_ratio: u32,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            name: Bytes::new(),
            total_max_size: 0,
            max_object_size: 0,
            max_age: 60,
            process_vary: false,
            max_secondary_entries: 10,
            early_hints: EarlyHints::Off,
            early_hints_ratio: 25,
        }
    }
}

/// `early-hints` of a cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EarlyHints {
    #[default]
    Off,
    On,
    /// Nothing but hints is kept.
    Only,
}

/// A `ring` section.
#[derive(Clone, Debug)]
pub struct Ring {
    pub name: Bytes,
    pub description: Bytes,
    pub format: LogFraming,
    /// The greatest size of an event; 0: no limit but the ring's.
    pub maxlen: u64,
    /// Bytes.
    pub size: u64,
    pub backing_file: Option<Bytes>,
    pub servers: Vec<Server>,
    pub timeouts: Timeouts,
}

/// A `log-forward` section.
#[derive(Clone, Debug, Default)]
pub struct LogForward {
    pub name: Bytes,
    /// `bind` lines.
    pub binds: Vec<Bind>,
    /// `dgram-bind` lines.
    pub datagram_binds: Vec<Bind>,
    pub logs: Vec<LogTarget>,
    pub maxconn: i64,
    pub backlog: i64,
    pub timeout_client: Option<u64>,
    /// `option host`; none: `fill`.
    pub host: Option<Bytes>,
    pub dont_parse_log: bool,
    pub assume_rfc6587_ntf: bool,
    pub place: Place,
}

/// A `log-profile` section.
#[derive(Clone, Debug, Default)]
pub struct LogProfile {
    pub name: Bytes,
    pub log_tag: Option<Bytes>,
    pub steps: Vec<LogStep>,
    pub place: Place,
}

/// An `on` line of a log-profile.
#[derive(Clone, Debug, Default)]
pub struct LogStep {
    pub step: Bytes,
    /// Nothing is logged at that step.
    pub drop: bool,
    pub format: Option<LogFormat>,
    pub sd: Option<LogFormat>,
}

/// An `http-errors` section.
#[derive(Clone, Debug, Default)]
pub struct HttpErrors {
    pub name: Bytes,
    pub pages: Vec<ErrorFile>,
    pub place: Place,
}

/// An `fcgi-app` section.
#[derive(Clone, Debug, Default)]
pub struct FcgiApp {
    pub name: Bytes,
    pub docroot: Option<Bytes>,
    pub index: Option<Bytes>,
    /// A regular expression.
    pub path_info: Option<Bytes>,
    /// The tests that the conditions below name.
    pub acls: Vec<Acl>,
    pub params: Vec<FcgiParam>,
    pub pass_headers: Vec<(Bytes, Option<Cond>)>,
    /// `log-stderr`
    pub logs: Vec<LogTarget>,
    pub no_keep_conn: bool,
    pub get_values: bool,
    pub mpxs_conns: bool,
    pub max_reqs: i64,
    pub place: Place,
}

/// A `set-param` line.
#[derive(Clone, Debug)]
pub struct FcgiParam {
    pub name: Bytes,
    pub value: Bytes,
    pub cond: Option<Cond>,
}

/// An `acme` section.
#[derive(Clone, Debug, Default)]
pub struct Acme {
    pub name: Bytes,
    pub directory: Option<Bytes>,
    pub contact: Option<Bytes>,
    pub account_key: Option<Bytes>,
    /// `http-01` where it is left out.
    pub challenge: Option<Bytes>,
    /// Bits of [`Acme::CLI`] and its like.
    pub challenge_ready: u8,
    pub key_is_rsa: bool,
    pub bits: Option<i64>,
    pub curves: Option<Bytes>,
    pub map: Option<Bytes>,
    pub profile: Option<Bytes>,
    pub reuse_key: bool,
    /// Seconds.
    pub dns_delay: Option<u64>,
    /// Seconds.
    pub dns_timeout: Option<u64>,
    /// Files.
    pub eab_key_id: Option<Bytes>,
    pub eab_mac_key: Option<Bytes>,
    /// `HS256` where it is left out.
    pub eab_mac_alg: Option<Bytes>,
    pub vars: Option<Bytes>,
    pub provider_name: Option<Bytes>,
    pub place: Place,
}

impl Acme {
    pub const CLI: u8 = 1;
    pub const DNS: u8 = 2;
    pub const DELAY: u8 = 4;
}

/// A `healthcheck` section.
#[derive(Clone, Debug, Default)]
pub struct Healthcheck {
    pub name: Bytes,
    /// `tcp-check`, `httpchk` …
    pub kind: Option<Bytes>,
    pub place: Place,
}
