//! `log` lines.

use crate::Bytes;
use crate::expr::Address;

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
    /// `tcp@…` or a log backend: accepted, not executed yet.
    Stream(Bytes),
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
    /// The names in the order of their numbers.
    pub const NAMES: [&'static str; 8] =
        ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];
}
