//! What scripts register: `core.register_*`, and the names that the checker gets from it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ir::spec::RuleSet;
use mlua::{Function, LuaString, Result, Value};

use crate::later;
use crate::maps::NewMap;
use crate::shim::{Answer, Args, Fail, Functions, Results};
use crate::vm::Env;

/// What a service is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Http,
    Tcp,
}

/// `core.register_service`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Without `lua.`.
    pub name: String,
    pub mode: Mode,
}

/// `core.register_action`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Without `lua.`.
    pub name: String,
    /// Bits of [`ir::spec::RuleSet::bit`].
    pub sets: u16,
    /// How many words follow the action's name.
    pub args: usize,
    /// What the host calls it by: the number in `Outcome::Lua`.
    pub id: u32,
}

/// All that one script registered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registered {
    pub services: Vec<Service>,
    pub actions: Vec<Action>,
    /// Names without `lua.`.
    pub fetches: Vec<String>,
    /// Names without `lua.`.
    pub converters: Vec<String>,
    /// The words of each `core.register_cli` command.
    pub commands: Vec<Vec<String>>,
    /// Names without `lua.`.
    pub filters: Vec<String>,
    pub maps: Vec<NewMap>,
    /// What was called that does nothing yet.
    pub not_executed: Vec<&'static str>,
    /// How many functions `core.register_init` got.
    pub inits: usize,
    /// How many tasks wait for the start.
    pub tasks: usize,
}

/// The functions that the scripts of one state registered.
#[derive(Default)]
pub(crate) struct Registry {
    pub services: Vec<(Service, Function)>,
    pub actions: Vec<(Action, Function)>,
    pub fetches: Vec<(String, Function)>,
    pub converters: Vec<(String, Function)>,
    /// In order; taken when they run.
    pub inits: Vec<Function>,
    /// A function and its arguments; taken when they start.
    pub tasks: Vec<(Function, Vec<Value>)>,
    /// What the script whose body runs has registered so far.
    pub fresh: Registered,
}

impl Registry {
    pub fn service(&self, name: &[u8], mode: Mode) -> Option<Function> {
        let found = self.services.iter().find(|(have, _)| have.name.as_bytes() == name && have.mode == mode);
        found.map(|(_, function)| function.clone())
    }

    pub fn action(&self, name: &str, sets: u16) -> Option<Function> {
        let found = self.actions.iter().find(|(have, _)| have.name == name && have.sets == sets);
        found.map(|(_, function)| function.clone())
    }
}

/// What the functions here need.
#[derive(Clone)]
struct Context {
    env: Arc<Env>,
    registry: Arc<Mutex<Registry>>,
    in_body: Arc<AtomicBool>,
}

impl Context {
    /// The registry, where a script's body is running.
    fn with<R>(&self, what: &str, f: impl FnOnce(&mut Registry) -> R) -> Answer<R> {
        if !self.in_body.load(Ordering::Relaxed) {
            return Err(format!("{what}: not available outside of body context").into());
        }
        Ok(f(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    fn warn_twice(&self, what: &str, name: &str) {
        self.env.logger.warning(&format!(
            "Trying to register {what} 'lua.{name}' more than once. This will become a hard error in \
             version 2.5.",
        ));
    }

    /// Puts a named function in place of one that is there, with a warning, or at the end.
    fn put<T>(
        &self,
        what: &str,
        list: &mut Vec<(T, Function)>,
        name: &str,
        item: T,
        function: Function,
        same: impl Fn(&T) -> bool,
    ) {
        match list.iter_mut().find(|(have, _)| same(have)) {
            Some(slot) => {
                self.warn_twice(what, name);
                *slot = (item, function);
            }
            None => list.push((item, function)),
        }
    }
}

/// Adds `register_*` to `core`.
pub(crate) fn install(
    functions: &Functions<'_>,
    env: &Arc<Env>,
    registry: &Arc<Mutex<Registry>>,
    in_body: &Arc<AtomicBool>,
) -> Result<()> {
    let context =
        Context { env: Arc::clone(env), registry: Arc::clone(registry), in_body: Arc::clone(in_body) };
    let add = |name: &'static str, run: fn(&Context, &mlua::Lua, &Args) -> Answer<()>| {
        let context = context.clone();
        functions.add(name, Results::None, move |lua, args| run(&context, lua, args))
    };
    add("register_service", service)?;
    add("register_action", action)?;
    add("register_fetches", fetches)?;
    add("register_converters", converters)?;
    add("register_init", init)?;
    add("register_task", task)?;
    add("register_cli", cli)?;
    add("register_filter", filter)?;
    add("use_native_mailers_config", native_mailers)?;
    let class = later::subscription(functions.lua, functions.shims)?;
    functions.add("event_sub", Results::One, move |lua, args| {
        subscribe(&context, args)?;
        Ok(later::object(lua, &class)?)
    })
}

fn needs(args: &Args, name: &str, count: usize) -> Answer<()> {
    if args.len() == count { Ok(()) } else { Err(format!("'{name}' needs {count} arguments").into()) }
}

fn text(value: &LuaString) -> String {
    value.to_string_lossy()
}

fn service(context: &Context, lua: &mlua::Lua, args: &Args) -> Answer<()> {
    needs(args, "register_service", 3)?;
    context.with("register_service", |_| ())?;
    let (name, environment) = (text(&args.string(lua, 1)?), args.string(lua, 2)?);
    let function = args.function(3)?;
    let mode = match &*environment.as_bytes() {
        b"http" => Mode::Http,
        b"tcp" => Mode::Tcp,
        other => {
            let other = String::from_utf8_lossy(other);
            return Err(format!(
                "Lua service environment '{other}' is unknown. 'tcp' or 'http' are expected.",
            )
            .into());
        }
    };
    let service = Service { name: name.clone(), mode };
    context.with("register_service", |registry| {
        registry.fresh.services.push(service.clone());
        let same = |have: &Service| have.name == name && have.mode == mode;
        context.put("service", &mut registry.services, &name, service.clone(), function, same);
    })
}

/// The rule sets that an action's environment stands for.
fn sets_of(environment: &[u8]) -> Option<u16> {
    Some(match environment {
        b"tcp-req" => RuleSet::TcpContent.bit(),
        b"tcp-res" => RuleSet::TcpResponse.bit(),
        b"http-req" => RuleSet::HttpRequest.bit(),
        b"http-res" => RuleSet::HttpResponse.bit(),
        b"http-after-res" => RuleSet::HttpAfterResponse.bit(),
        _ => return None,
    })
}

fn action(context: &Context, lua: &mlua::Lua, args: &Args) -> Answer<()> {
    if !(3..=4).contains(&args.len()) {
        return Err("'register_action' needs between 3 and 4 arguments".into());
    }
    context.with("register_action", |_| ())?;
    let name = text(&args.string(lua, 1)?);
    let no_table = || Fail::from("register_action: second argument must be a table of strings");
    let environments = args.table(2).map_err(|_| no_table())?;
    let function = args.function(3)?;
    let count = args.optional_integer(lua, 4)?.unwrap_or(0);
    let count = usize::try_from(count).map_err(|_| args.bad(4, "out of range"))?;
    let mut sets = 0;
    for environment in environments.sequence_values::<Value>() {
        let Value::String(environment) = environment? else { return Err(no_table()) };
        sets |= sets_of(&environment.as_bytes()).ok_or_else(|| {
            format!(
                "Lua action environment '{}' is unknown. 'tcp-req', 'tcp-res', 'http-req', 'http-res' or \
                 'http-after-res' are expected.",
                text(&environment),
            )
        })?;
    }
    let action = Action { name: name.clone(), sets, args: count, id: 0 };
    context.with("register_action", |registry| {
        registry.fresh.actions.push(action.clone());
        let same = |have: &Action| have.name == name && have.sets & sets != 0;
        context.put("action", &mut registry.actions, &name, action.clone(), function, same);
    })
}

fn fetches(context: &Context, lua: &mlua::Lua, args: &Args) -> Answer<()> {
    needs(args, "register_fetches", 2)?;
    context.with("register_fetches", |_| ())?;
    let (name, function) = (text(&args.string(lua, 1)?), args.function(2)?);
    context.with("register_fetches", |registry| {
        registry.fresh.fetches.push(name.clone());
        let same = |have: &String| *have == name;
        context.put("sample-fetch", &mut registry.fetches, &name, name.clone(), function, same);
    })
}

fn converters(context: &Context, lua: &mlua::Lua, args: &Args) -> Answer<()> {
    needs(args, "register_converters", 2)?;
    context.with("register_converters", |_| ())?;
    let (name, function) = (text(&args.string(lua, 1)?), args.function(2)?);
    context.with("register_converters", |registry| {
        registry.fresh.converters.push(name.clone());
        let same = |have: &String| *have == name;
        context.put("converter", &mut registry.converters, &name, name.clone(), function, same);
    })
}

fn init(context: &Context, _: &mlua::Lua, args: &Args) -> Answer<()> {
    needs(args, "register_init", 1)?;
    context.with("register_init", |_| ())?;
    let function = args.function(1)?;
    context.with("register_init", |registry| {
        registry.fresh.inits += 1;
        registry.inits.push(function);
    })
}

/// The only one that is also available later: then the task starts at once.
fn task(context: &Context, lua: &mlua::Lua, args: &Args) -> Answer<()> {
    if !(1..=5).contains(&args.len()) {
        return Err("'register_task' needs between 1 and 5 arguments".into());
    }
    let function = args.function(1)?;
    let values: Vec<Value> = args.rest(2).cloned().collect();
    let mut registry = context.registry.lock().unwrap_or_else(PoisonError::into_inner);
    if context.in_body.load(Ordering::Relaxed) {
        registry.fresh.tasks += 1;
    }
    registry.tasks.push((function, values));
    drop(registry);
    crate::task::wake(lua);
    Ok(())
}

fn cli(context: &Context, lua: &mlua::Lua, args: &Args) -> Answer<()> {
    needs(args, "register_cli", 3)?;
    context.with("register_cli", |_| ())?;
    let path = args.table(1).map_err(|_| args.bad(1, "1st argument must be a table"))?;
    args.string(lua, 2)?;
    args.function(3)?;
    let mut words = Vec::new();
    for word in path.sequence_values::<Value>() {
        let Value::String(word) = word? else {
            return Err(args.bad(1, "1st argument must be a table filled with strings"));
        };
        words.push(text(&word));
    }
    if words.len() > 5 {
        return Err(args.bad(1, "1st argument must be a table with a maximum of 5 entries"));
    }
    later::tell(&context.registry, "core.register_cli");
    context.with("register_cli", |registry| registry.fresh.commands.push(words))
}

fn filter(context: &Context, lua: &mlua::Lua, args: &Args) -> Answer<()> {
    needs(args, "register_filter", 3)?;
    context.with("register_filter", |_| ())?;
    let name = text(&args.string(lua, 1)?);
    args.table(2)?;
    args.function(3)?;
    context.with("register_filter", |registry| {
        if registry.fresh.filters.contains(&name) {
            context.warn_twice("filter", &name);
        }
        registry.fresh.not_executed.push("core.register_filter");
        registry.fresh.filters.push(name);
    })
}

/// What the configuration says of mailers is for scripts, which send the mails.
fn native_mailers(context: &Context, _: &mlua::Lua, _: &Args) -> Answer<()> {
    context.with("use_native_mailers_config", |registry| {
        registry.fresh.not_executed.push("core.use_native_mailers_config");
    })
}

/// The events that scripts may ask for: whole families, and single ones.
const EVENTS: &[&str] = &[
    "SERVER",
    "SERVER_ADD",
    "SERVER_DEL",
    "SERVER_UP",
    "SERVER_DOWN",
    "SERVER_STATE",
    "SERVER_ADMIN",
    "SERVER_CHECK",
    "SERVER_INETADDR",
    "SERVER_NAME",
    "PAT_REF",
    "PAT_REF_ADD",
    "PAT_REF_DEL",
    "PAT_REF_SET",
    "PAT_REF_COMMIT",
    "PAT_REF_CLEAR",
    "ACME",
    "ACME_NEWCERT",
    "ACME_DEPLOY",
];

fn subscribe(context: &Context, args: &Args) -> Answer<()> {
    needs(args, "event_sub", 2)?;
    let expected = || args.bad(1, "table of strings expected");
    let types = args.table(1).map_err(|_| expected())?;
    let mut any = false;
    for pair in types.pairs::<Value, Value>() {
        let (_, Value::String(name)) = pair? else { return Err(expected()) };
        if !EVENTS.iter().any(|event| *event.as_bytes() == *name.as_bytes()) {
            return Err(args.bad(1, &format!("'{}' event type is unknown", text(&name))));
        }
        any = true;
    }
    if !any {
        return Err("event_sub: no valid event types were provided".into());
    }
    args.function(2)?;
    context.with("event_sub", |registry| registry.fresh.not_executed.push("core.event_sub"))
}
