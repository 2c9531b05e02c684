//! Frontends, backends and listens.

use super::bind::Bind;
use super::link::{Probes, Source};
use super::log::LogTarget;
use super::server::Server;
use crate::Bytes;
use crate::expr::{Acl, Address, Cond, Expr, LogFormat, Place, Rule};
use crate::id::{ProxyId, ServerId, TableId};
use crate::spec::RuleSet;

#[derive(Clone, Debug, Default)]
pub struct Proxy {
    pub name: Bytes,
    /// The number that statistics show (`id`), given in order where it is left out.
    pub id: u32,
    /// `frontend` and `listen`
    pub is_frontend: bool,
    /// `backend` and `listen`
    pub is_backend: bool,
    pub disabled: bool,
    pub mode: Mode,
    pub description: Option<Bytes>,
    pub timeouts: Timeouts,
    pub options: Options,
    /// Frontend `maxconn`; the global one where it is left out.
    pub maxconn: Option<u32>,
    pub backlog: Option<u32>,
    pub retries: u32,
    pub redispatch: Redispatch,
    /// `retry-on`: bits of the events, as [`crate::config::proxy::retry`] numbers them.
    pub retry_on: u32,
    pub http_reuse: HttpReuse,
    /// `max-session-srv-conns`: server connections of its own that a client may keep idle.
    pub max_session_srv_conns: u32,
    /// `max-keep-alive-queue` and one: where as many would wait for a kept server it is not
    /// preferred; 0: it always is.
    pub max_keep_alive_queue: u32,
    pub binds: Vec<Bind>,
    pub servers: Vec<Server>,
    pub balance: Balance,
    /// `hash-type`: method, function and modifier as written; empty: HAProxy's default.
    pub hash_type: Vec<Bytes>,
    /// `hash-balance-factor`, in percent; 0: no bound.
    pub hash_balance_factor: u32,
    /// `hash-preserve-affinity`
    pub hash_affinity: Affinity,
    pub acls: Vec<Acl>,
    /// By [`RuleSet`]; `redirect` lines stand among `http-request`'s.
    pub rules: [Vec<Rule>; RuleSet::COUNT],
    /// `use_backend` lines in order.
    pub switches: Vec<Switch>,
    pub default_backend: Option<ProxyId>,
    /// `be-unpublished`: no rule chooses it.
    pub unpublished: bool,
    /// `force-be-switch`: when rules choose such backends, and disabled ones.
    pub force_switch: Vec<Cond>,
    /// `use-server` lines in order.
    pub use_servers: Vec<(ServerTarget, Option<Cond>)>,
    pub cookie: Option<Box<Cookie>>,
    /// `dynamic-cookie-key`
    pub dynamic_cookie_key: Option<Bytes>,
    /// `force-persist` (true) and `ignore-persist`, in order.
    pub persist_rules: Vec<(bool, Cond)>,
    /// `persist rdp-cookie`: the cookie's name.
    pub rdp_cookie: Option<Bytes>,
    pub sticks: Vec<Stick>,
    /// Milliseconds; `tcp-request inspect-delay`.
    pub inspect_delay: Option<u64>,
    pub response_inspect_delay: Option<u64>,
    pub logs: Vec<LogTarget>,
    pub log_tag: Option<Bytes>,
    pub log_preset: LogPreset,
    /// `log-steps`: the bits of the origins that log, see [`super::LogOrigin::bit`].
    pub log_steps: Option<u32>,
    pub log_moment: super::LogMoment,
    /// What `log-format`, `option httplog` or the default gives.
    pub log_format: LogFormat,
    /// The structured data of RFC 5424.
    pub log_format_sd: Option<LogFormat>,
    /// For connections that end before there is a stream.
    pub error_log_format: Option<LogFormat>,
    pub unique_id_format: Option<LogFormat>,
    pub unique_id_header: Option<Bytes>,
    /// `http-send-name-header`, in lower case.
    pub send_name_header: Option<Bytes>,
    /// `capture request header`, in order: the slots of `%hr`.
    pub request_captures: Vec<Capture>,
    pub response_captures: Vec<Capture>,
    pub capture_cookie: Option<Capture>,
    /// In the order of their lines.
    pub filters: Vec<Filter>,
    /// `filter-sequence`: those of them that run on requests and on responses, in order; all where it says
    /// nothing.
    pub filter_sequences: [Option<Vec<usize>>; 2],
    pub forwardfor: Option<ForwardFor>,
    pub originalto: Option<ForwardFor>,
    /// Of a backend.
    pub forwarded: Option<Box<Forwarded>>,
    /// What becomes of request fields with other names than letters, digits and hyphens make.
    pub restrict_names: RestrictNames,
    /// `errorfile`, `errorfiles`, `http-error`, `errorloc`, by status.
    pub errors: Vec<ErrorFile>,
    /// `http-error` lines that say how an answer is made; at most one for a status, which has no
    /// page in `errors` then.
    pub error_replies: Vec<ErrorReply>,
    pub monitor_uri: Option<Bytes>,
    pub monitor_fail: Vec<Cond>,
    /// `dispatch` (obsolete) or none.
    pub dispatch: Option<Address>,
    pub source: Option<Box<Source>>,
    /// `rate-limit sessions`: sessions a second; 0: no limit.
    pub session_limit: u32,
    /// `clitcpka-*`, `srvtcpka-*`
    pub client_probes: Probes,
    pub server_probes: Probes,
    pub fullconn: Option<u32>,
    pub stick_table: Option<TableId>,
    pub place: Place,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// HAProxy's default.
    #[default]
    Tcp,
    Http,
    Log,
    Spop,
    Haterm,
}

/// Milliseconds; `None` is for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    pub client: Option<u64>,
    pub client_fin: Option<u64>,
    pub client_hs: Option<u64>,
    pub connect: Option<u64>,
    pub server: Option<u64>,
    pub server_fin: Option<u64>,
    pub http_request: Option<u64>,
    pub http_keep_alive: Option<u64>,
    pub queue: Option<u64>,
    pub tunnel: Option<u64>,
    pub tarpit: Option<u64>,
    pub check: Option<u64>,
}

/// `option …` switches that the data path reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    pub dontlog_normal: bool,
    pub dontlognull: bool,
    pub logasap: bool,
    pub log_separate_errors: bool,
    pub log_health_checks: bool,
    pub httpclose: bool,
    pub http_server_close: bool,
    pub http_keep_alive: bool,
    pub http_no_delay: bool,
    pub http_pretend_keepalive: bool,
    pub http_buffer_request: bool,
    pub http_drop_request_trailers: bool,
    pub http_drop_response_trailers: bool,
    pub http_ignore_probes: bool,
    pub http_use_proxy_header: bool,
    pub checkcache: bool,
    pub disable_h2_upgrade: bool,
    pub idle_close_on_response: bool,
    pub h1_case_adjust_bogus_client: bool,
    pub h1_case_adjust_bogus_server: bool,
    /// `None`: on in `mode http`, off in `mode tcp`.
    pub abortonclose: Option<bool>,
    pub allbackups: bool,
    pub prefer_last_server: bool,
    pub forceclose: bool,
    pub clitcpka: bool,
    pub srvtcpka: bool,
    /// `None`: on in `mode http`, off elsewhere.
    pub tcp_smart_accept: Option<bool>,
    pub tcp_smart_connect: bool,
    pub splice_auto: bool,
    pub splice_request: bool,
    pub splice_response: bool,
    pub nolinger: bool,
    pub persist: bool,
    pub transparent: bool,
    pub independent_streams: bool,
    pub contstats: bool,
    pub socket_stats: bool,
    pub accept_unsafe_violations_in_http_request: bool,
    pub accept_unsafe_violations_in_http_response: bool,
}

/// A `filter` line that runs.
#[derive(Clone, Debug)]
pub enum Filter {
    Trace(TraceFilter),
}

/// `filter trace`
#[derive(Clone, Debug, Default)]
pub struct TraceFilter {
    pub name: Option<Bytes>,
    /// It tells nothing.
    pub quiet: bool,
    pub random_forwarding: bool,
    pub hexdump: bool,
    /// The greatest number of bytes that pass at a time; 0: no limit.
    pub max_fwd: u32,
}

/// `option redispatch [interval]` (manual): 0 is off, n every n retries, -n n before the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Redispatch(pub i32);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpReuse {
    Never,
    /// HAProxy's default since 2.0.
    #[default]
    Safe,
    Aggressive,
    Always,
}

/// `balance`: the algorithm's name and its arguments; expressions are checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Balance {
    /// `roundrobin`, `leastconn`, `source`, …
    pub algorithm: &'static str,
    pub args: Vec<Bytes>,
    pub expr: Option<Expr>,
}

impl Default for Balance {
    /// HAProxy's default since 3.3.
    fn default() -> Self {
        Self { algorithm: "random", args: Vec::new(), expr: None }
    }
}

/// A `use_backend` line.
#[derive(Clone, Debug)]
pub struct Switch {
    pub target: SwitchTarget,
    pub cond: Option<Cond>,
}

#[derive(Clone, Debug)]
pub enum SwitchTarget {
    Backend(ProxyId),
    /// A log-format that gives the backend's name.
    Dynamic(LogFormat),
}

/// When a hash keeps to its server, whatever the load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Affinity {
    #[default]
    Always,
    /// Until its `maxconn` is reached.
    Maxconn,
    /// Until its queue is full, too.
    Maxqueue,
}

/// What a `use-server` line names.
#[derive(Clone, Debug)]
pub enum ServerTarget {
    Server(ServerId),
    /// A log-format that gives the server's name.
    Dynamic(LogFormat),
}

/// What `cookie` does with the cookie. Without a mode it only finds the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CookieMode {
    #[default]
    Passive,
    Rewrite,
    Insert,
    Prefix,
}

/// `cookie`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cookie {
    pub name: Bytes,
    pub mode: CookieMode,
    pub indirect: bool,
    pub nocache: bool,
    pub postonly: bool,
    pub preserve: bool,
    pub httponly: bool,
    pub secure: bool,
    pub dynamic: bool,
    pub domains: Vec<Bytes>,
    pub attributes: Vec<Bytes>,
    /// Seconds; 0: no limit.
    pub maxidle: u64,
    pub maxlife: u64,
}

impl Cookie {
    /// Whether it is more than read: the log then tells of it.
    pub fn is_active(&self) -> bool {
        self.mode != CookieMode::Passive || self.indirect
    }
}

/// A `stick` line.
#[derive(Clone, Debug)]
pub struct Stick {
    pub table: TableId,
    pub expr: Expr,
    /// It looks a server up.
    pub matches: bool,
    /// It stores the server.
    pub stores: bool,
    /// Its key comes with the response.
    pub on_response: bool,
    pub cond: Option<Cond>,
}

/// Which log-format a proxy uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogPreset {
    /// No `option httplog` and the like: the short connection line.
    #[default]
    Default,
    Tcplog,
    /// `option tcplog clf`
    TcpClf,
    Httplog,
    /// `option httplog clf`
    Clf,
    Httpslog,
    /// `log-format`
    Custom,
}

impl LogPreset {
    /// The log-format that the preset stands for (manual, section 8.2); none for a custom one.
    pub const fn format(self, mode: Mode) -> Option<&'static str> {
        Some(match (self, mode) {
            (Self::Custom, _) => return None,
            (Self::Default, Mode::Http) => "Connect from %ci:%cp to %fi:%fp (%f/HTTP)",
            (Self::Default, _) => "Connect from %ci:%cp to %fi:%fp (%f/TCP)",
            (Self::Tcplog, _) => "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq",
            (Self::Httplog, _) => {
                "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq \
                 %hr %hs %{+Q}r"
            }
            (Self::Clf, _) => {
                "%{+Q}o %{-Q}ci - - [%trg] %r %ST %B \"\" \"\" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc %ac %fc \
                 %bc %sc %rc %sq %bq %CC %CS %hrl %hsl"
            }
            (Self::TcpClf, _) => {
                "%{+Q}o %{-Q}ci - - [%T] \"TCP \" 000 %B \"\" \"\" %cp %ms %ft %b %s %Th %Tw %Tc %Tt %U %ts-- %ac \
                 %fc %bc %sc %rc %sq %bq \"\" \"\" "
            }
            (Self::Httpslog, _) => {
                "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq \
                 %hr %hs %{+Q}r %[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] \
                 %[ssl_fc_sni]/%sslv/%sslc"
            }
        })
    }
}

/// `capture request header NAME len N`.
#[derive(Clone, Debug, PartialEq)]
pub struct Capture {
    /// In lower case.
    pub name: Bytes,
    pub len: usize,
}

/// `option forwardfor` and `option originalto`.
#[derive(Clone, Debug, PartialEq)]
pub struct ForwardFor {
    /// In lower case; `x-forwarded-for` or `x-original-to`.
    pub header: Bytes,
    /// Addresses for which nothing is added.
    pub except: Option<base::net::Network>,
    pub if_none: bool,
}

/// `option forwarded` (RFC 7239).
#[derive(Clone, Debug, Default)]
pub struct Forwarded {
    pub proto: bool,
    pub host: ForwardedPart,
    pub by: ForwardedPart,
    pub by_port: ForwardedPart,
    /// `for`
    pub client: ForwardedPart,
    /// `for_port`
    pub client_port: ForwardedPart,
}

/// Where a part of the `forwarded` header comes from.
#[derive(Clone, Debug, Default)]
pub enum ForwardedPart {
    /// It is left out.
    #[default]
    None,
    /// From the stream.
    Own,
    Expr(Expr),
}

/// `option http-restrict-req-hdr-names`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RestrictNames {
    #[default]
    Preserve,
    Delete,
    Reject,
}

/// An error page: the whole response as it is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorFile {
    pub status: u16,
    pub response: Bytes,
}

/// An error that is answered as a rule with the action `return` would.
#[derive(Clone, Debug)]
pub struct ErrorReply {
    pub status: u16,
    pub rule: Rule,
}

/// The events of `retry-on`, as bits of [`Proxy::retry_on`].
pub mod retry {
    pub const CONN_FAILURE: u32 = 1;
    pub const EMPTY_RESPONSE: u32 = 1 << 1;
    pub const JUNK_RESPONSE: u32 = 1 << 2;
    pub const RESPONSE_TIMEOUT: u32 = 1 << 3;
    pub const ZERO_RTT_REJECTED: u32 = 1 << 4;
    /// The statuses that may be retried, each with its bit.
    pub const STATUSES: [(u16, u32); 12] = [
        (401, 1 << 5),
        (403, 1 << 6),
        (404, 1 << 7),
        (408, 1 << 8),
        (421, 1 << 9),
        (425, 1 << 10),
        (429, 1 << 11),
        (500, 1 << 12),
        (501, 1 << 13),
        (502, 1 << 14),
        (503, 1 << 15),
        (504, 1 << 16),
    ];
    /// `all-retryable-errors`
    pub const ALL_RETRYABLE: u32 = CONN_FAILURE
        | EMPTY_RESPONSE
        | JUNK_RESPONSE
        | RESPONSE_TIMEOUT
        | ZERO_RTT_REJECTED
        | (1 << 12)
        | (1 << 14)
        | (1 << 15)
        | (1 << 16);
}
