//! One Lua state with the API in it.
//!
//! `unsafe` stands here because HAProxy opens all standard libraries: `debug` and modules written
//! in C can break Lua's own rules, as they can in HAProxy. Scripts are the operator's code.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use ir::config::LuaLimits;
use mlua::{Function, Lua, LuaOptions, Result, StdLib, Table};
use state::Plan;

use crate::host::Catalog;
use crate::log::Logger;
use crate::register::Registry;
use crate::shim::Shims;
use crate::vars::Names;
use crate::{applet_http, applet_tcp, converters, core, fetches, http, limits, trace};

/// What all states of a host share.
pub(crate) struct Env {
    pub limits: LuaLimits,
    pub catalog: Catalog,
    pub logger: Logger,
    pub names: Names,
    pub plan: OnceLock<&'static Plan>,
}

/// The metatables of the classes.
pub(crate) struct Classes {
    pub applet_http: Table,
    pub applet_tcp: Table,
    pub http: Table,
    pub fetches: Table,
    pub converters: Table,
}

/// See the module.
pub(crate) struct Vm {
    pub lua: Lua,
    /// 0 for the shared state, else the thread's number, counted from 1.
    pub id: usize,
    pub env: Arc<Env>,
    pub registry: Arc<Mutex<Registry>>,
    pub classes: Classes,
    shims: Shims,
    /// Calls a script's function so that errors become text.
    pub protect: Function,
    pub noop: Function,
    /// A script's body is running: functions may be registered, nothing may wait.
    in_body: Arc<AtomicBool>,
}

impl Vm {
    pub fn new(env: &Arc<Env>, id: usize) -> Result<Arc<Self>> {
        // SAFETY: see the module.
        let lua = unsafe { Lua::unsafe_new_with(StdLib::ALL, LuaOptions::new()) };
        let limit = usize::try_from(env.limits.maxmem).unwrap_or(usize::MAX);
        if limit > 0 {
            lua.set_memory_limit(limit)?;
        }
        limits::install(&lua, &env.limits)?;
        let shims = Shims::new(&lua)?;
        let registry = Arc::new(Mutex::new(Registry::default()));
        let in_body = Arc::new(AtomicBool::new(false));
        core::install(&lua, &shims, env, &registry, &in_body, id)?;
        let classes = Classes {
            applet_http: applet_http::class(&lua, &shims, env)?,
            applet_tcp: applet_tcp::class(&lua, &shims, env)?,
            http: http::class(&lua, &shims)?,
            fetches: fetches::class(&lua, &shims, env)?,
            converters: converters::class(&lua, &shims, env)?,
        };
        let protect = shims.protect(trace::describe(&lua, id)?)?;
        let noop = lua.create_function(|_, ()| Ok(()))?;
        let env = Arc::clone(env);
        let vm = Arc::new(Self { lua, id, env, registry, classes, shims, protect, noop, in_body });
        vm.lua.set_app_data(Arc::downgrade(&vm));
        Ok(vm)
    }

    pub fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A function that calls another one and makes text of its errors by `describe`.
    pub fn protect_with(&self, describe: Function) -> Result<Function> {
        self.shims.protect(describe)
    }

    /// Runs `f`, which runs the body of a script.
    pub fn body<R>(&self, f: impl FnOnce() -> R) -> R {
        self.in_body.store(true, Ordering::Relaxed);
        let result = f();
        self.in_body.store(false, Ordering::Relaxed);
        result
    }
}
