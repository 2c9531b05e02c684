//! What Lua scripts print and log, on its way to the terminal and to the log targets.

use std::cell::OnceCell;
use std::sync::OnceLock;

use ir::config::Level;
use ir::id::ProxyId;
use lua::LogSink;
use proxy::log::Sender;
use state::Plan;
use state::plan::LogOwner;

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

thread_local! {
    /// This thread's sockets to the log targets.
    static SENDER: OnceCell<Sender> = const { OnceCell::new() };
}

fn targets(proxy: Option<ProxyId>) -> LogOwner {
    proxy.map_or(LogOwner::Global, LogOwner::Proxy)
}

impl LogSink for Scripts {
    fn log(&self, proxy: Option<ProxyId>, level: Level, text: &[u8]) {
        if let Some(plan) = self.plan.get() {
            SENDER.with(|sender| sender.get_or_init(|| Sender::new(plan)).send(targets(proxy), level, text));
        }
    }

    fn has_targets(&self, proxy: Option<ProxyId>) -> bool {
        let logs = |plan: &&'static Plan| match proxy {
            Some(id) => !plan.settings(id).logs.is_empty(),
            None => !plan.config.global.log.is_empty(),
        };
        self.plan.get().is_some_and(logs)
    }

    fn alert(&self, text: &str) {
        self.console.alert(text);
    }

    fn warning(&self, text: &str) {
        match self.plan.get() {
            Some(_) => self.console.warning(text),
            None => self.console.config_warning(text),
        }
    }

    fn may_use_stderr(&self) -> bool {
        !self.console.is_quiet()
    }

    fn is_debugging(&self) -> bool {
        self.debugging
    }
}
