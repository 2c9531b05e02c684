//! The `global` section.

use std::collections::HashMap;

use super::bind::TlsBind;
use super::log::LogTarget;
use crate::Bytes;

/// A `set-var` or `set-var-fmt` line.
#[derive(Clone, Debug)]
pub struct SetVar {
    pub var: crate::expr::Var,
    /// An expression or a format.
    pub value: crate::expr::ActionValue,
    /// The words behind the name.
    pub conditions: Vec<Bytes>,
}

/// `tune.vars.*-max-size`, in bytes; 0: no limit.
#[derive(Clone, Copy, Debug, Default)]
pub struct VarLimits {
    /// All variables together; `proc` says the same.
    pub global: i64,
    pub proc: i64,
    /// A session's, with those of its streams.
    pub sess: i64,
    /// A stream's, with `req` and `res`.
    pub txn: i64,
    pub reqres: i64,
}

impl VarLimits {
    /// Whether there is any.
    pub const fn any(&self) -> bool {
        let Self { global, proc, sess, txn, reqres } = *self;
        global | proc | sess | txn | reqres != 0
    }
}

#[derive(Clone, Debug, Default)]
pub struct Global {
    pub daemon: bool,
    /// `master-worker`
    pub master_worker: bool,
    pub pidfile: Option<Bytes>,
    pub chroot: Option<Bytes>,
    /// Resolved from `user` or `uid`.
    pub uid: Option<u32>,
    /// Resolved from `group` or `gid`.
    pub gid: Option<u32>,
    /// `nbthread`; the number of usable cores where it is left out.
    pub nbthread: Option<u32>,
    /// `maxconn`; computed from the descriptor limit where it is left out.
    pub maxconn: Option<u32>,
    pub ulimit_n: Option<u32>,
    /// `mworker-max-reloads`; 50 where it is left out.
    pub max_reloads: Option<u32>,
    /// `fd-hard-limit`
    pub fd_hard_limit: Option<u32>,
    /// `thread-hard-limit`
    pub thread_hard_limit: Option<u32>,
    /// `cpu-map`: the CPUs of each thread as bits, none for all; empty without such a line.
    pub thread_cpus: Vec<[u64; 16]>,
    /// `busy-polling`
    pub busy_polling: bool,
    /// `tune.renice.runtime`: the priority behind the start.
    pub nice: Option<i32>,
    /// `setcap`: what is kept of root's rights, as bits by their numbers.
    pub capabilities: u32,
    /// `set-dumpable`
    pub dumpable: bool,
    /// `noreuseport`
    pub no_reuseport: bool,
    /// `harden.reject-privileged-ports.tcp`
    pub rejects_privileged_ports: bool,
    pub rates: Rates,
    /// `maxpipes`; 0 with `nosplice`.
    pub max_pipes: Option<u32>,
    /// `maxsslconn`: TLS connections of both sides; 0: no limit.
    pub max_tls_connections: u32,
    pub log: Vec<LogTarget>,
    pub log_tag: Option<Bytes>,
    /// Empty: the machine's own name.
    pub log_send_hostname: Option<Bytes>,
    pub node: Option<Bytes>,
    pub description: Option<Bytes>,
    /// Milliseconds; `hard-stop-after`.
    pub hard_stop_after: Option<u64>,
    /// Milliseconds; `grace`.
    pub grace: Option<u64>,
    pub close_spread_time: CloseSpread,
    /// Percent, 0 to 50.
    pub spread_checks: u32,
    /// Milliseconds; 0 means no limit.
    pub max_spread_checks: u64,
    /// `ssl-default-bind-*`: what a `bind … ssl` line starts from.
    pub ssl_default_bind: TlsBind,
    pub ssl_default_server: super::server::TlsServer,
    /// `ssl-server-verify none`
    pub ssl_server_verify_none: bool,
    pub lua_loads: Vec<LuaLoad>,
    /// `lua-prepend-path`: pattern and kind (`path` or `cpath`).
    pub lua_paths: Vec<(Bytes, Bytes)>,
    pub tune: Tune,
    /// Statuses that count as the client's errors and as the server's failures.
    pub http_codes: HttpCodes,
    /// `h1-case-adjust` and its file: names of fields in lower case, and as they are written.
    pub header_cases: HashMap<Bytes, Bytes>,
    /// `h1-accept-payload-with-any-method`
    pub any_method_payload: bool,
    /// `h1-do-not-close-on-insecure-transfer-encoding`
    pub keep_insecure_te: bool,
    pub lua: LuaLimits,
    pub zero_warning: bool,
    pub quiet: bool,
    pub strict_limits: bool,
    /// `stats socket` lines: address words as written and their bind options.
    pub stats_sockets: Vec<Vec<Bytes>>,
    /// Milliseconds; `stats timeout`.
    pub stats_timeout: u64,
    /// `set-var`/`set-var-fmt` of process variables.
    pub set_vars: Vec<SetVar>,
    /// `setenv` and friends, in order of effect, then all that differs from the environment of the process:
    /// name and value (`None`: unset).
    pub environment: Vec<(Bytes, Option<Bytes>)>,
}

/// `close-spread-time`: when a process that stops closes clients' connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CloseSpread {
    #[default]
    AtOnce,
    /// Within so many milliseconds.
    Within(u64),
    /// `infinite`
    Never,
}

/// What the process accepts a second, of all frontends; 0: no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// `maxconnrate`
    pub connections: u32,
    /// `maxsessrate`
    pub sessions: u32,
    /// `maxsslrate`
    pub tls: u32,
}

/// `lua-load` and `lua-load-per-thread`.
#[derive(Clone, Debug)]
pub struct LuaLoad {
    pub file: Bytes,
    pub args: Vec<Bytes>,
    pub per_thread: bool,
}

/// `tune.h1.*.glitches-threshold`: small faults after which a connection is ended; 0: no limit.
#[derive(Clone, Copy, Debug, Default)]
pub struct H1Glitches {
    pub clients: u32,
    pub servers: u32,
}

/// `tune.h2.fe.*`: what HTTP/2 clients may use up.
#[derive(Clone, Copy, Debug)]
pub struct H2Clients {
    /// Streams at a time; `None`: as many as on connections of both sides.
    pub max_concurrent_streams: Option<u32>,
    pub initial_window_size: Option<u32>,
    /// Bytes of bodies that are kept for one connection.
    pub rxbuf: u32,
    /// Streams after which the connection is renewed; 0: no limit.
    pub max_total_streams: u32,
    /// Small faults after which the connection is ended; 0: no limit.
    pub glitches_threshold: u32,
    /// Frames handled in a row; 0: no limit.
    pub max_frames_at_once: u32,
    /// Resets handled in a row; 0: no limit.
    pub max_rst_at_once: u32,
    pub log_errors: H2Errors,
}

impl Default for H2Clients {
    fn default() -> Self {
        Self {
            max_concurrent_streams: None,
            initial_window_size: None,
            rxbuf: 1600 * 1024,
            max_total_streams: 0,
            glitches_threshold: 0,
            max_frames_at_once: 0,
            max_rst_at_once: 0,
            log_errors: H2Errors::Streams,
        }
    }
}

/// Which errors of HTTP/2 clients are logged, apart from those of requests: `tune.h2.log-errors`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum H2Errors {
    None,
    Connections,
    Streams,
}

/// The `tune.*` numbers that the data path reads.
#[derive(Clone, Debug)]
pub struct Tune {
    pub vars: VarLimits,
    /// Bytes.
    pub bufsize: usize,
    /// Bytes of a buffer kept free for header rewriting while a head is received.
    pub maxrewrite: usize,
    /// The greatest number of headers of a message.
    pub http_maxhdr: usize,
    /// The greatest number of bytes of a request line that a log line shows, and one.
    pub http_logurilen: usize,
    /// The greatest length of a captured cookie.
    pub http_cookielen: usize,
    /// `tune.maxpollevents` and `tune.runqueue-depth`, where they are above 0: events taken at a time,
    /// and tasks run between two looks for events.
    pub max_poll_events: Option<usize>,
    pub runqueue_depth: Option<u32>,
    pub ssl_default_dh_param: u32,
    /// `ssl-security-level` (0 to 5); the library's own without one.
    pub ssl_security_level: Option<u32>,
    /// Percent of the process's descriptors: up to the lower share idle server connections are
    /// kept in reserve, from the higher on none is.
    pub pool_low_fd_ratio: u32,
    pub pool_high_fd_ratio: u32,
    /// Threads take each other's idle server connections.
    pub idle_pool_shared: bool,
    pub h2_max_concurrent_streams: u32,
    pub h2_initial_window_size: u32,
    /// What differs towards servers, where it does.
    pub h2_servers: H2Servers,
    /// `h2-workaround-bogus-websocket-clients` is not set: extended CONNECT is announced.
    pub h2_websocket: bool,
    pub h2_clients: H2Clients,
    pub h2_header_table_size: u32,
    pub h1_glitches: H1Glitches,
    /// Percent of a processor that a thread uses before faults end a connection; 0: it does not matter.
    pub glitches_kill_cpu_usage: u32,
    /// The largest frame that is announced, within `bufsize`, which it is where nothing is set.
    pub h2_max_frame_size: Option<u32>,
    /// `tune.maxaccept`; -1: no limit.
    pub maxaccept: i32,
    pub rcvbuf_client: Option<usize>,
    pub sndbuf_client: Option<usize>,
    pub rcvbuf_server: Option<usize>,
    pub sndbuf_server: Option<usize>,
    /// `tune.notsent-lowat.*`: unsent bytes below which a socket takes more; 0: the system's.
    pub notsent_lowat_client: usize,
    pub notsent_lowat_server: usize,
    /// `tune.rcvbuf.frontend` and the like: sockets that take datagrams, and those that send logs.
    pub datagrams_client: DatagramBuffers,
    pub datagrams_server: DatagramBuffers,
    /// Bytes; 0: the system's.
    pub pipesize: usize,
    /// `tune.ssl.cachesize`, in sessions; 0 disables the cache.
    pub ssl_cachesize: u32,
    /// Milliseconds.
    pub ssl_lifetime: u64,
    /// Bytes of a ClientHello's lists that are kept; 0: none.
    pub ssl_capture_buffer_size: usize,
    /// Secrets of TLS 1.3 are kept.
    pub ssl_keylog: bool,
    /// `tune.ssl.hard-maxrecord`: bytes of a record; 0: no limit.
    pub ssl_hard_maxrecord: usize,
    /// `ssl-skip-self-issued-ca`
    pub ssl_skip_root: bool,
    /// Generated certificates that are kept.
    pub ssl_ctx_cache_size: usize,
    /// `tune.ssl.maxrecord`: the same at the beginning and behind a pause.
    pub ssl_maxrecord: usize,
    /// Changes of keys that a peer may make a second; 0: no limit.
    pub ssl_keyupdate_rate: u32,
    /// `tune.idletimer`, in milliseconds; 0: nothing counts as idle.
    pub idletimer: u64,
}

impl Default for Tune {
    fn default() -> Self {
        Self {
            vars: VarLimits::default(),
            bufsize: 16384,
            maxrewrite: 1024,
            http_maxhdr: 101,
            http_logurilen: 1024,
            http_cookielen: 63,
            max_poll_events: None,
            runqueue_depth: None,
            ssl_default_dh_param: 2048,
            ssl_security_level: None,
            pool_low_fd_ratio: 20,
            pool_high_fd_ratio: 25,
            idle_pool_shared: true,
            h2_max_concurrent_streams: 100,
            h2_initial_window_size: 65536,
            h2_servers: H2Servers::default(),
            h2_websocket: true,
            h2_clients: H2Clients::default(),
            h2_header_table_size: 4096,
            h1_glitches: H1Glitches::default(),
            glitches_kill_cpu_usage: 0,
            h2_max_frame_size: None,
            maxaccept: 4,
            rcvbuf_client: None,
            sndbuf_client: None,
            rcvbuf_server: None,
            sndbuf_server: None,
            notsent_lowat_client: 0,
            notsent_lowat_server: 0,
            datagrams_client: DatagramBuffers::default(),
            datagrams_server: DatagramBuffers::default(),
            pipesize: 0,
            ssl_cachesize: 20000,
            ssl_lifetime: 300_000,
            ssl_capture_buffer_size: 0,
            ssl_keylog: false,
            ssl_hard_maxrecord: 0,
            ssl_skip_root: false,
            ssl_ctx_cache_size: 1000,
            ssl_maxrecord: 0,
            ssl_keyupdate_rate: 100,
            idletimer: 1000,
        }
    }
}

/// The buffers of a socket for datagrams, in bytes; none: the system's.
#[derive(Clone, Copy, Debug, Default)]
pub struct DatagramBuffers {
    pub receive: Option<usize>,
    pub send: Option<usize>,
}

/// `tune.h2.be.*`
#[derive(Clone, Debug, Default)]
pub struct H2Servers {
    pub max_concurrent_streams: Option<u32>,
    pub initial_window_size: Option<u32>,
    /// Bytes of all streams of a connection that may wait to be forwarded.
    pub rxbuf: Option<u64>,
    /// Small faults after which the connection is ended; 0: no limit.
    pub glitches_threshold: u32,
    /// Frames of a connection that are handled in a row; 0: no limit.
    pub max_frames_at_once: u32,
}

/// The `tune.lua.*` limits. Times are in milliseconds, 0 means none.
#[derive(Clone, Debug)]
pub struct LuaLimits {
    /// Instructions between two forced yields.
    pub forced_yield: u32,
    /// Bytes for all Lua states together; 0: no limit.
    pub maxmem: u64,
    pub session_timeout: u64,
    pub burst_timeout: u64,
    pub service_timeout: u64,
    pub task_timeout: u64,
    /// `tune.lua.log.loggers`
    pub log_loggers: bool,
    /// `tune.lua.log.stderr`: `None` is `auto`.
    pub log_stderr: Option<bool>,
}

/// `http-err-codes` and `http-fail-codes`.
#[derive(Clone, Copy, Debug)]
pub struct HttpCodes {
    pub errors: super::StatusCodes,
    pub failures: super::StatusCodes,
}

impl Default for HttpCodes {
    fn default() -> Self {
        Self { errors: super::status::errors(), failures: super::status::failures() }
    }
}

impl Default for LuaLimits {
    fn default() -> Self {
        Self {
            forced_yield: 10_000,
            maxmem: 0,
            session_timeout: 4_000,
            burst_timeout: 1_000,
            service_timeout: 4_000,
            task_timeout: 0,
            log_loggers: true,
            log_stderr: None,
        }
    }
}
