//! What Lua scripts print and log, on its way to the terminal and to the log targets.

use std::sync::OnceLock;

use ir::config::Level;
use ir::id::ProxyId;
use lua::LogSink;
use proxy::log::{Sender, Targets};
use state::Plan;

use crate::console::Console;

/// See the module.
pub struct Scripts {
    console: &'static Console,
    /// `-d`
    debugging: bool,
    plan: OnceLock<&'static Plan>,
}

impl Scripts {
    pub fn new(console: &'static Console, debugging: bool) -> Scripts {
        Scripts { console, debugging, plan: OnceLock::new() }
    }

    /// From here on there are log targets.
    pub fn knows(&self, plan: &'static Plan) {
        // A second plan in one process does not exist.
        let _ = self.plan.set(plan);
    }
}

impl LogSink for Scripts {
    fn log(&self, proxy: Option<ProxyId>, level: Level, text: &[u8]) -> bool {
        let Some(plan) = self.plan.get() else { return false };
        Sender::new(plan).send(proxy.map_or(Targets::Global, Targets::Proxy), level, text)
    }

    fn alert(&self, text: &str) {
        self.console.alert(text);
    }

    fn may_use_stderr(&self) -> bool {
        !self.console.is_quiet()
    }

    fn is_debugging(&self) -> bool {
        self.debugging
    }
}
