//! What lines of `global` leave to later lines and to the checks at the end, and no run needs.

use std::cell::Cell;
use std::collections::HashSet;

use ir::Bytes;
use ir::config::Shards;

/// Words of 64 bits for the CPUs that HAProxy knows.
pub const CPUS: usize = 16;

/// A `cpu-map` line; all as bits.
#[derive(Debug)]
pub struct CpuMap {
    pub groups: u64,
    pub threads: u64,
    pub cpus: [u64; CPUS],
    /// `auto:`
    pub is_auto: bool,
}

/// See the module.
#[derive(Debug)]
pub struct Process {
    /// Keywords with a value, of those that take only one.
    pub given: HashSet<&'static str>,
    /// A section other than `global` was opened.
    pub past_global: bool,
    /// Headers with a case of their own.
    pub header_cases: HashSet<Bytes>,
    /// `h1-case-adjust-file`
    pub header_case_file: Option<Bytes>,
    /// The least and the greatest time between two updates of an OCSP response, in seconds.
    pub ocsp_delays: (i64, i64),
    /// The thread group of each thread that was put into one, from thread 1 on.
    pub thread_groups: Vec<Option<usize>>,
    /// `thread-groups`
    pub groups: Option<usize>,
    /// `max-threads-per-group`; 0 for the usual number.
    pub group_threads: usize,
    pub cpu_maps: Vec<CpuMap>,
    /// `tune.listener.default-shards`
    pub default_shards: Shards,
    /// `cpu-policy` was given.
    pub cpu_policy: bool,
    /// It does not say which CPUs make a group of threads.
    pub plain_policy: bool,
    pub server_state_base: Bytes,
    pub server_state_file: Bytes,
    pub stats_file: Bytes,
    /// `httpclient.resolvers.id`
    pub client_resolvers: Bytes,
    /// `tune.bufsize.small`
    pub small_bufsize: u64,
    /// `ssl-load-extra-files` leaves out certificates of several files.
    pub no_bundles: bool,
    /// It leaves out keys in files of their own.
    pub no_keys: bool,
    /// The same of timestamps (SCT), of OCSP's responses and of their issuers.
    pub no_sctls: bool,
    pub no_responses: bool,
    pub no_issuers: bool,
    /// `ssl-load-extra-del-ext`
    pub drops_extension: bool,
    /// `ocsp-update.mode`
    pub ocsp_updates: bool,
    /// Something experimental was used.
    pub uses_experimental: Cell<bool>,
    /// A Lua file was loaded.
    pub lua_loaded: bool,
    /// Lua was started: libraries can no longer be left out.
    pub lua_started: bool,
}

impl Default for Process {
    fn default() -> Self {
        Self {
            given: HashSet::new(),
            past_global: false,
            header_cases: HashSet::new(),
            header_case_file: None,
            ocsp_delays: (300, 3600),
            thread_groups: Vec::new(),
            groups: None,
            group_threads: 0,
            cpu_maps: Vec::new(),
            default_shards: Shards::default(),
            cpu_policy: false,
            plain_policy: false,
            server_state_base: Bytes::new(),
            server_state_file: Bytes::new(),
            stats_file: Bytes::new(),
            client_resolvers: Bytes::new(),
            small_bufsize: 1024,
            no_bundles: false,
            no_keys: false,
            no_sctls: false,
            no_responses: false,
            no_issuers: false,
            drops_extension: false,
            ocsp_updates: false,
            uses_experimental: Cell::new(false),
            lua_loaded: false,
            lua_started: false,
        }
    }
}
