//! The host: all Lua states of the process.

use std::sync::Arc;

use ir::config::LuaLimits;
use ir::spec::{ConverterSpec, FetchSpec};
use state::Plan;
use state::sample::{ConverterFn, FetchFn};

use crate::log::LogSink;
use crate::register::Registered;

/// The fetches and converters that scripts may call, with their functions.
#[derive(Clone, Default)]
pub struct Catalog {
    pub fetches: Vec<(FetchSpec, FetchFn)>,
    pub converters: Vec<(ConverterSpec, ConverterFn)>,
}

/// See the module. Shared by all threads.
pub struct Host {
    pub(crate) limits: LuaLimits,
    pub(crate) catalog: Catalog,
    pub(crate) sink: Arc<dyn LogSink>,
}

impl Host {
    /// A host without scripts.
    pub fn new(limits: &LuaLimits, catalog: Catalog, sink: Arc<dyn LogSink>) -> Result<Arc<Self>, String> {
        Ok(Arc::new(Self { limits: limits.clone(), catalog, sink }))
    }

    /// `lua-prepend-path`: `kind` is `path` or `cpath`. Counts for scripts that are loaded later.
    pub fn prepend_path(&self, pattern: &[u8], kind: &[u8]) -> Result<(), String> {
        let _ = (pattern, kind);
        Err("Lua is not available yet".into())
    }

    /// `lua-load` and `lua-load-per-thread`: runs the script while the configuration is read. The
    /// error is HAProxy's text for behind `parsing [file:line] : `.
    pub fn load(&self, file: &[u8], args: &[Vec<u8>], per_thread: bool) -> Result<Registered, String> {
        let _ = (file, args, per_thread);
        Err("Lua is not available yet".into())
    }

    /// After the configuration was accepted and before any worker runs: makes the states of the
    /// other threads, fills `core.proxies`, runs the functions of `core.register_init`. The error
    /// is the text for an `[ALERT]`, and fatal.
    pub fn start(&self, plan: &'static Plan, threads: usize) -> Result<(), String> {
        let _ = (plan, threads);
        Ok(())
    }

    /// On the worker `thread`, inside its runtime: starts the tasks that scripts registered for it.
    pub fn spawn_tasks(self: &Arc<Self>, thread: usize) {
        let _ = thread;
    }
}
