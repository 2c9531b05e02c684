//! The host: all Lua states of the process.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use ir::config::LuaLimits;
use ir::spec::{ConverterSpec, FetchSpec};
use mlua::{Function, MultiValue, Value};
use state::Plan;
use state::sample::{ConverterFn, FetchFn, Prepare};

use crate::log::{LogSink, Logger};
use crate::register::{Action, Mode, Registered};
use crate::run::NO_MEMORY;
use crate::vars::Names;
use crate::vm::{Env, Vm};
use crate::{limits, proxies, task, trace};

/// The fetches and converters that scripts may call, with their functions.
#[derive(Clone, Default)]
pub struct Catalog {
    pub fetches: Vec<(FetchSpec, FetchFn)>,
    pub converters: Vec<(ConverterSpec, ConverterFn, Option<Prepare>)>,
}

/// What was loaded while the configuration was read.
#[derive(Default)]
struct Loaded {
    /// The standard libraries that `tune.lua.openlibs` leaves out.
    left_out: Vec<&'static str>,
    /// `lua-prepend-path` lines: pattern and kind, in order.
    paths: Vec<(Vec<u8>, Vec<u8>)>,
    /// Scripts of `lua-load-per-thread` with their arguments.
    per_thread: Vec<(Vec<u8>, Vec<Vec<u8>>)>,
    /// All actions, by the number in `Outcome::Lua`.
    actions: Vec<Action>,
}

/// See the module. Shared by all threads.
pub struct Host {
    pub(crate) env: Arc<Env>,
    /// The state of `lua-load`.
    shared: Arc<Vm>,
    /// The first thread's state of `lua-load-per-thread`, made when it is needed.
    first: OnceLock<Arc<Vm>>,
    /// The states of the other threads, from the second on.
    others: OnceLock<Vec<Arc<Vm>>>,
    loaded: Mutex<Loaded>,
}

impl Host {
    /// A host without scripts. `limits` hold while the configuration is read, which may still
    /// change them: [`Host::start`] takes the plan's.
    pub fn new(limits: &LuaLimits, catalog: Catalog, sink: Arc<dyn LogSink>) -> Result<Arc<Self>, String> {
        let env = Arc::new(Env {
            early: limits.clone(),
            catalog,
            logger: Logger::new(sink),
            names: Names::default(),
            plan: OnceLock::new(),
            tls: OnceLock::new(),
        });
        let shared = Vm::new(&env, 0).map_err(|error| format!("Lua init: {error}"))?;
        let (first, others) = Default::default();
        Ok(Arc::new(Self { env, shared, first, others, loaded: Mutex::default() }))
    }

    fn loaded(&self) -> MutexGuard<'_, Loaded> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `tune.lua.openlibs`: scripts do not see these standard libraries. Before the first of them is loaded.
    pub fn leave_out(&self, libraries: &[&'static str]) {
        self.shared.leave_out(libraries);
        self.loaded().left_out = libraries.to_vec();
    }

    /// `lua-prepend-path`: `kind` is `path` or `cpath`. Counts for scripts that are loaded later.
    pub fn prepend_path(&self, pattern: &[u8], kind: &[u8]) -> Result<(), String> {
        self.shared.prepend_path(pattern, kind)?;
        if let Some(first) = self.first.get() {
            first.prepend_path(pattern, kind)?;
        }
        self.loaded().paths.push((pattern.to_vec(), kind.to_vec()));
        Ok(())
    }

    /// `lua-load` and `lua-load-per-thread`: runs the script while the configuration is read. The
    /// error is HAProxy's text for behind `parsing [file:line] : `.
    pub fn load(&self, file: &[u8], args: &[Vec<u8>], per_thread: bool) -> Result<Registered, String> {
        let vm = if per_thread { self.first()? } else { &self.shared };
        vm.load(file, args)?;
        let mut registered = std::mem::take(&mut vm.registry().fresh);
        let mut loaded = self.loaded();
        if per_thread {
            loaded.per_thread.push((file.to_vec(), args.to_vec()));
        }
        for action in &mut registered.actions {
            action.id = loaded.actions.len() as u32;
            loaded.actions.push(action.clone());
        }
        Ok(registered)
    }

    /// The state of the first thread.
    fn first(&self) -> Result<&Arc<Vm>, String> {
        if self.first.get().is_none() {
            let vm = self.per_thread_vm(1)?;
            let _ = self.first.set(vm);
        }
        self.first.get().ok_or_else(|| "Lua init: no state".into())
    }

    fn per_thread_vm(&self, number: usize) -> Result<Arc<Vm>, String> {
        let vm = Vm::new(&self.env, number).map_err(|error| format!("Lua init: {error}"))?;
        vm.leave_out(&self.loaded().left_out);
        for (pattern, kind) in &self.loaded().paths {
            vm.prepend_path(pattern, kind)?;
        }
        Ok(vm)
    }

    /// After the configuration was accepted (not with `-c`) and before any worker runs: makes the
    /// states of the other threads, fills `core.proxies`, runs the functions of
    /// `core.register_init`. The error is the text for an `[ALERT]`, and fatal.
    pub fn start(&self, plan: &'static Plan, threads: usize) -> Result<(), String> {
        self.env.names.configure(plan);
        let _ = self.env.plan.set(plan);
        self.env.logger.configure(&plan.config.global.lua);
        self.start_vm(&self.shared, plan)?;
        let Some(first) = self.first.get() else { return Ok(()) };
        let scripts = self.loaded().per_thread.clone();
        let mut others = Vec::new();
        for number in 2..=threads {
            let vm = self.per_thread_vm(number)?;
            for (file, args) in &scripts {
                vm.load(file, args).map_err(|error| format!("Lua init: {error}"))?;
            }
            others.push(vm);
        }
        for vm in std::iter::once(first).chain(&others) {
            self.start_vm(vm, plan)?;
        }
        let _ = self.others.set(others);
        Ok(())
    }

    fn start_vm(&self, vm: &Arc<Vm>, plan: &'static Plan) -> Result<(), String> {
        limits::install(&vm.lua, &plan.config.global.lua)
            .and_then(|()| proxies::fill(vm, plan))
            .map_err(|error| format!("Lua init: {error}"))?;
        vm.run_inits()
    }

    /// On the worker `thread`, inside its runtime: starts the tasks that scripts registered for
    /// it. Those of the shared state run on the first worker.
    pub fn spawn_tasks(&self, thread: usize) {
        if thread == 0 {
            task::spawn(&self.shared);
        }
        if let Some(vm) = self.thread_vm(thread) {
            task::spawn(vm);
        }
    }

    /// The state of the worker `thread`, counted from 0, if there is one.
    fn thread_vm(&self, thread: usize) -> Option<&Arc<Vm>> {
        match thread {
            0 => self.first.get(),
            _ => self.others.get()?.get(thread - 1),
        }
    }

    /// Looks a function up in the shared state, then in the one of `thread`.
    fn find(&self, thread: usize, look: impl Fn(&Vm) -> Option<Function>) -> Option<(Arc<Vm>, Function)> {
        std::iter::once(&self.shared)
            .chain(self.thread_vm(thread))
            .find_map(|vm| look(vm).map(|function| (Arc::clone(vm), function)))
    }

    pub(crate) fn service(&self, name: &[u8], mode: Mode, thread: usize) -> Option<(Arc<Vm>, Function)> {
        self.find(thread, |vm| vm.registry().service(name, mode))
    }

    pub(crate) fn registered_fetch(&self, name: &[u8], thread: usize) -> Option<(Arc<Vm>, Function)> {
        self.find(thread, |vm| named(&vm.registry().fetches, name))
    }

    pub(crate) fn registered_converter(&self, name: &[u8], thread: usize) -> Option<(Arc<Vm>, Function)> {
        self.find(thread, |vm| named(&vm.registry().converters, name))
    }

    /// The action with this number, and its function.
    pub(crate) fn action(&self, id: u32, thread: usize) -> Option<(Action, Arc<Vm>, Function)> {
        let action = self.loaded().actions.get(id as usize)?.clone();
        let (vm, function) = self.find(thread, |vm| vm.registry().action(&action.name, action.sets))?;
        Some((action, vm, function))
    }
}

/// The function of this name.
fn named(list: &[(String, Function)], name: &[u8]) -> Option<Function> {
    list.iter().find(|(have, _)| have.as_bytes() == name).map(|(_, function)| function.clone())
}

impl Vm {
    /// Puts a pattern in front of `package.path` or `package.cpath`.
    fn prepend_path(&self, pattern: &[u8], kind: &[u8]) -> Result<(), String> {
        let prepend = || {
            let package: mlua::Table = self.lua.globals().get("package")?;
            let kind = self.lua.create_string(kind)?;
            let mut path = pattern.to_vec();
            path.push(b';');
            if let Value::String(old) = package.raw_get::<Value>(&kind)? {
                path.extend_from_slice(&old.as_bytes());
            }
            package.raw_set(kind, self.lua.create_string(path)?)
        };
        prepend().map_err(|error: mlua::Error| error.to_string())
    }

    /// Runs a script's body.
    fn load(&self, file: &[u8], args: &[Vec<u8>]) -> Result<(), String> {
        let name = String::from_utf8_lossy(file);
        let failed = |why: &str| format!("error in Lua file '{name}': {why}");
        let source =
            read(file).map_err(|error| failed(&format!("cannot open {name}: {}", os_error(&error))))?;
        let chunk = self.lua.load(source).set_name(format!("@{name}"));
        let function = chunk.into_function().map_err(|error| match error {
            mlua::Error::SyntaxError { message, .. } => failed(&message),
            other => failed(&other.to_string()),
        })?;
        let run = || {
            let mut values = MultiValue::new();
            values.push_back(Value::Function(function));
            for arg in args {
                values.push_back(Value::String(self.lua.create_string(arg)?));
            }
            self.protect_with(trace::describe_body(&self.lua)?)?.call::<MultiValue>(values)
        };
        let mut results = self.body(run).map_err(|error| match error {
            mlua::Error::MemoryError(_) => "Lua out of memory error".to_owned(),
            other => format!("Lua runtime error: {other}"),
        })?;
        match (results.pop_front(), results.pop_front()) {
            (Some(Value::Boolean(true)), _) => Ok(()),
            (_, Some(Value::String(text))) if *text.as_bytes() == *NO_MEMORY.as_bytes() => {
                Err("Lua out of memory error".into())
            }
            (_, Some(Value::String(text))) => Err(format!("Lua runtime error: {}", text.to_string_lossy())),
            _ => Err("Lua runtime error: (null)".into()),
        }
    }

    /// Runs the functions of `core.register_init`, in order, up to the first that fails.
    fn run_inits(&self) -> Result<(), String> {
        let inits = std::mem::take(&mut self.registry().inits);
        for init in inits {
            let run = || self.protect_with(trace::describe_init(&self.lua)?)?.call::<MultiValue>(init);
            let mut results = self.body(run).map_err(|error| format!("Lua init: {error}"))?;
            match (results.pop_front(), results.pop_front()) {
                (Some(Value::Boolean(true)), _) => {}
                (_, Some(Value::String(text))) => return Err(text.to_string_lossy()),
                _ => return Err("Lua init: unknown error".into()),
            }
        }
        Ok(())
    }
}

/// Reads a script. A first line that begins with `#` counts as empty, as in Lua's own loader.
fn read(file: &[u8]) -> std::io::Result<Vec<u8>> {
    use std::os::unix::ffi::OsStrExt;
    let mut source = std::fs::read(std::ffi::OsStr::from_bytes(file))?;
    if source.first() == Some(&b'#') {
        let end = source.iter().position(|byte| *byte == b'\n').unwrap_or(source.len());
        source.drain(..end);
    }
    Ok(source)
}

/// The text of an error as the C library has it, without Rust's number behind it.
fn os_error(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}
