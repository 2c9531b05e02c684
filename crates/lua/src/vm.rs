//! One Lua state with the API in it.
//!
//! `unsafe` stands here because HAProxy opens all standard libraries: `debug` and modules written
//! in C can break Lua's own rules, as they can in HAProxy. Scripts are the operator's code.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use ir::config::{LuaLimits, TlsServer, Verify};
use mlua::{Function, Lua, LuaOptions, Result, StdLib, Table};
use net::tls::{ClientContext, Kept};
use state::Plan;

use crate::host::Catalog;
use crate::log::Logger;
use crate::register::Registry;
use crate::shim::Shims;
use crate::vars::Names;
use crate::{
    action, applet_http, applet_tcp, converters, core, fetches, http, later, limits, maps, proxies, trace,
    txn,
};

/// What all states of a host share.
pub(crate) struct Env {
    /// The limits while the configuration is read.
    pub early: LuaLimits,
    pub catalog: Catalog,
    pub logger: Logger,
    pub names: Names,
    pub plan: OnceLock<&'static Plan>,
    /// What scripts' connections with TLS begin with, made with the first of them.
    pub tls: OnceLock<Option<ClientContext>>,
}

impl Env {
    /// The limits that hold now: those of the whole configuration once it is known.
    pub fn limits(&self) -> &LuaLimits {
        self.plan.get().map_or(&self.early, |plan| &plan.config.global.lua)
    }

    /// TLS as on a `server` line with `ssl verify none`; none where the library makes none.
    pub fn tls(&self) -> Option<&ClientContext> {
        let make = || {
            let global = self.plan.get().map(|plan| &plan.config.global);
            let line = global.map(|global| global.ssl_default_server.clone()).unwrap_or_default();
            let tune = global.map(|global| global.tune.clone()).unwrap_or_default();
            let line = TlsServer { verify: Some(Verify::None), ..line };
            let kept = Kept::new(state::TlsParts::NONE, &tune);
            ClientContext::new(&line, Verify::None, tune.ssl_security_level, kept).ok()
        };
        self.tls.get_or_init(make).as_ref()
    }
}

/// The metatables of the classes.
pub(crate) struct Classes {
    pub applet_http: Table,
    pub applet_tcp: Table,
    pub txn: Table,
    pub http: Table,
    pub fetches: Table,
    pub converters: Table,
    pub proxies: proxies::Classes,
}

/// See the module.
pub(crate) struct Vm {
    pub lua: Lua,
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
        limits::install(&lua, env.limits())?;
        let shims = Shims::new(&lua)?;
        let registry = Arc::new(Mutex::new(Registry::default()));
        let in_body = Arc::new(AtomicBool::new(false));
        core::install(&lua, &shims, env, &registry, &in_body, id)?;
        action::install(&lua)?;
        later::install(&lua, &shims, &registry)?;
        maps::install(&lua, &shims, env, &registry)?;
        let classes = Classes {
            applet_http: applet_http::class(&lua, &shims, env)?,
            applet_tcp: applet_tcp::class(&lua, &shims, env)?,
            txn: txn::class(&lua, &shims, env)?,
            http: http::class(&lua, &shims)?,
            fetches: fetches::class(&lua, &shims, env)?,
            converters: converters::class(&lua, &shims, env)?,
            proxies: proxies::classes(&lua, &shims)?,
        };
        proxies::install(&lua)?;
        let protect = shims.protect(trace::describe(&lua, id)?)?;
        let noop = lua.create_function(|_, ()| Ok(()))?;
        let env = Arc::clone(env);
        let vm = Arc::new(Self { lua, env, registry, classes, shims, protect, noop, in_body });
        vm.lua.set_app_data(Arc::downgrade(&vm));
        Ok(vm)
    }

    /// The state that a host function was called in.
    pub fn of(lua: &Lua) -> Option<Arc<Self>> {
        lua.app_data_ref::<Weak<Self>>().and_then(|vm| vm.upgrade())
    }

    pub fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes standard libraries away from scripts; our own functions keep what they were made with.
    pub fn leave_out(&self, libraries: &[&'static str]) {
        const CHUNK: &str = "for _, name in ipairs({...}) do \
                             if name == 'string' then getmetatable('').__index = nil end \
                             if name == 'package' then require = nil end \
                             if package then package.loaded[name] = nil end \
                             _G[name] = nil \
                             end";
        // Nothing in there fails in a state that no script has changed yet.
        let _ = self.lua.load(CHUNK).call::<()>(mlua::Variadic::from_iter(libraries.iter().copied()));
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
