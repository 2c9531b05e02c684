//! `log` lines.

use crate::Bytes;
use crate::expr::{Address, Place};

/// One `log` line (manual, section 4.2, `log`).
#[derive(Clone, Debug, PartialEq)]
pub struct LogTarget {
    pub transport: LogTransport,
    pub framing: LogFraming,
    pub facility: Facility,
    /// The least severe level that is sent.
    pub max_level: Level,
    /// The most severe level that a message is lowered to.
    pub min_level: Level,
    /// `len`: the greatest size of a line, in bytes.
    pub len: usize,
    /// `sample <ranges>:<size>`: which of each `size` messages are sent, counted from 1.
    pub sample: Option<(Vec<(u32, u32)>, u32)>,
    /// The name of a log-profile.
    pub profile: Option<Bytes>,
    pub place: Place,
}

#[derive(Clone, Debug, PartialEq)]
pub enum LogTransport {
    /// UDP to an address, or a UNIX datagram socket.
    Datagram(Address),
    Stdout,
    Stderr,
    Fd(i32),
    /// `ring@name`
    Ring(Bytes),
    /// `tcp@…`: a ring of its own stands between.
    Tcp(Address),
    /// `backend@name`
    Backend(Bytes),
}

/// What makes a stream or a session log (`%OG`): the steps of `log-steps` and of log-profiles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogOrigin {
    /// Nothing that has a name: messages of the process and of scripts.
    Unspecified,
    /// What never became a stream.
    SessionError,
    /// A connection that failed before there was a session.
    SessionKilled,
    Accept,
    Request,
    Connect,
    Response,
    #[default]
    Close,
    /// `do-log`
    HttpRequest,
    HttpResponse,
    HttpAfterResponse,
    TcpConnection,
    TcpSession,
    TcpContent,
    TcpResponse,
    QuicInitial,
}

impl LogOrigin {
    pub const COUNT: usize = Self::QuicInitial as usize + 1;

    /// All of them, in the order of their numbers.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Unspecified,
        Self::SessionError,
        Self::SessionKilled,
        Self::Accept,
        Self::Request,
        Self::Connect,
        Self::Response,
        Self::Close,
        Self::HttpRequest,
        Self::HttpResponse,
        Self::HttpAfterResponse,
        Self::TcpConnection,
        Self::TcpSession,
        Self::TcpContent,
        Self::TcpResponse,
        Self::QuicInitial,
    ];

    /// As `%OG` shows it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unspecified => "unspec",
            Self::SessionError => "sess_error",
            Self::SessionKilled => "sess_killed",
            Self::Accept => "txn_accept",
            Self::Request => "txn_request",
            Self::Connect => "txn_connect",
            Self::Response => "txn_response",
            Self::Close => "txn_close",
            _ => self.step(),
        }
    }

    /// The step of a log-profile that is about it; empty where none is.
    pub const fn step(self) -> &'static str {
        match self {
            Self::Unspecified => "",
            Self::SessionError | Self::SessionKilled => "error",
            Self::Accept => "accept",
            Self::Request => "request",
            Self::Connect => "connect",
            Self::Response => "response",
            Self::Close => "close",
            Self::HttpRequest => "http-req",
            Self::HttpResponse => "http-res",
            Self::HttpAfterResponse => "http-after-res",
            Self::TcpConnection => "tcp-req-conn",
            Self::TcpSession => "tcp-req-sess",
            Self::TcpContent => "tcp-req-cont",
            Self::TcpResponse => "tcp-res-cont",
            Self::QuicInitial => "quic-init",
        }
    }

    /// Its bit in [`crate::config::Proxy::log_steps`].
    pub const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// `format` of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFraming {
    /// None is named: RFC 3164 where `log-send-hostname` is there, else the same without a host.
    Default,
    Local,
    Rfc3164,
    Rfc5424,
    Priority,
    Short,
    Timed,
    Iso,
    Raw,
}

/// Syslog facility, by its number (RFC 5424, section 6.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facility(pub u8);

impl Facility {
    /// The names in the order of their numbers.
    pub const NAMES: [&'static str; 24] = [
        "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "auth2", "ftp",
        "ntp", "audit", "alert", "cron2", "local0", "local1", "local2", "local3", "local4", "local5",
        "local6", "local7",
    ];
}

/// Syslog level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Emerg,
    Alert,
    Crit,
    Err,
    Warning,
    Notice,
    Info,
    Debug,
}

impl Level {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Emerg,
        Self::Alert,
        Self::Crit,
        Self::Err,
        Self::Warning,
        Self::Notice,
        Self::Info,
        Self::Debug,
    ];

    /// The names in the order of their numbers.
    pub const NAMES: [&'static str; 8] =
        ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];
}

/// When a stream logs where `log-steps` does not say: once all that the formats of its frontend ask
/// for is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogMoment {
    /// At its end.
    #[default]
    End,
    /// With the response, or with the server's connection in `mode tcp`.
    Answer,
    /// With the request, and, as HAProxy does, once more with the response.
    Request,
}
