//! Where messages of scripts go: the log targets and standard error.

use ir::config::Level;
use ir::id::ProxyId;

/// What the process gives for messages of scripts. The host decides by `tune.lua.log.*` what
/// goes where; the sink only delivers.
pub trait LogSink: Send + Sync {
    /// Sends `text` to the log targets of `proxy`, or to the global ones. `false`: there are none.
    fn log(&self, proxy: Option<ProxyId>, level: Level, text: &[u8]) -> bool;

    /// Prints `[ALERT]    (pid) : text` unless the process is quiet.
    fn alert(&self, text: &str);

    /// Whether messages may go to standard error at all: not with `-q` or as a daemon.
    fn may_use_stderr(&self) -> bool;

    /// Whether the process runs with `-d`: debug messages are shown on standard error only then.
    fn is_debugging(&self) -> bool;
}
