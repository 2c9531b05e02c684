//! Where messages of scripts go: the log targets and standard error.

use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use ir::config::{Level, LuaLimits};
use ir::id::ProxyId;

use crate::clock;

/// What the process gives for messages of scripts. The host decides by `tune.lua.log.*` what
/// goes where; the sink only delivers.
pub trait LogSink: Send + Sync {
    /// Sends `text` to the log targets of `proxy`, or to the global ones.
    fn log(&self, proxy: Option<ProxyId>, level: Level, text: &[u8]);

    /// Whether `proxy`, or the `global` section, has log targets at all.
    fn has_targets(&self, proxy: Option<ProxyId>) -> bool;

    /// Prints `[ALERT]    (pid) : text` unless the process is quiet.
    fn alert(&self, text: &str);

    /// Prints `[WARNING]  (pid) : text` unless the process is quiet.
    fn warning(&self, text: &str);

    /// Whether messages may go to standard error at all: not with `-q` or as a daemon.
    fn may_use_stderr(&self) -> bool;

    /// Whether the process runs with `-d`: debug messages are shown on standard error only then.
    fn is_debugging(&self) -> bool;
}

/// The greatest size of a message, in bytes (HAProxy cuts at its buffer size).
const MAX_TEXT: usize = 16384;

/// Delivers messages as `tune.lua.log.loggers` and `tune.lua.log.stderr` say.
pub(crate) struct Logger {
    sink: Arc<dyn LogSink>,
    /// Known once the configuration is read; HAProxy's defaults before.
    switches: OnceLock<Switches>,
}

#[derive(Clone, Copy)]
struct Switches {
    to_targets: bool,
    /// `None` is `auto`: only where there is no log target.
    to_stderr: Option<bool>,
}

impl Logger {
    pub fn new(sink: Arc<dyn LogSink>) -> Self {
        Self { sink, switches: OnceLock::new() }
    }

    /// Takes the switches of the configuration.
    pub fn configure(&self, limits: &LuaLimits) {
        let _ = self.switches.set(Switches { to_targets: limits.log_loggers, to_stderr: limits.log_stderr });
    }

    /// A message of a script; what is not printable becomes a dot.
    pub fn message(&self, proxy: Option<ProxyId>, level: Level, text: &[u8]) {
        let clean = clean(text);
        let Switches { to_targets, to_stderr } =
            self.switches.get().copied().unwrap_or(Switches { to_targets: true, to_stderr: None });
        if to_targets {
            self.sink.log(proxy, level, &clean);
        }
        let stderr = to_stderr.unwrap_or(!to_targets || !self.sink.has_targets(proxy));
        let shown = level != Level::Debug || self.sink.is_debugging();
        if stderr && shown && self.sink.may_use_stderr() {
            // One write, so that threads do not mix their lines.
            eprint!("{}", stderr_line(level, &clean));
        }
    }

    /// A script failed: to the log targets, and as an alert.
    pub fn failure(&self, proxy: Option<ProxyId>, text: &str) {
        self.sink.log(proxy, Level::Err, text.as_bytes());
        self.sink.alert(text);
    }

    pub fn warning(&self, text: &str) {
        self.sink.warning(text);
    }
}

fn clean(text: &[u8]) -> Vec<u8> {
    let printable = |byte: &u8| if matches!(byte, b' '..=b'~') { *byte } else { b'.' };
    let mut clean: Vec<u8> = text.iter().take(MAX_TEXT).map(printable).collect();
    if text.len() > MAX_TEXT {
        clean.truncate(MAX_TEXT - 4);
        clean.extend_from_slice(b" ...");
    }
    clean
}

/// `[info] 328/123916 (374961) : text`: the day of the year counts from 0.
fn stderr_line(level: Level, text: &[u8]) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (day, hour, minute, second) = clock::local(now);
    let name = Level::NAMES[level as usize];
    let (pid, text) = (std::process::id(), String::from_utf8_lossy(text));
    format!("[{name}] {day:03}/{hour:02}{minute:02}{second:02} ({pid}) : {text}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unprintable_bytes_become_dots() {
        assert_eq!(clean(b"hi\tthere\n\xff~"), b"hi.there..~");
        let long = clean(&[b'a'; MAX_TEXT + 1]);
        assert_eq!(long.len(), MAX_TEXT);
        assert!(long.ends_with(b"a ..."));
    }

    #[test]
    fn the_line_on_stderr() {
        let line = stderr_line(Level::Info, b"[acme] x");
        let (head, tail) = line.split_once(' ').unwrap();
        assert_eq!(head, "[info]");
        assert!(tail.ends_with(&format!(" ({}) : [acme] x\n", std::process::id())));
        assert_eq!(tail.find('/'), Some(3));
        assert_eq!(tail.find(' '), Some(10));
    }
}
