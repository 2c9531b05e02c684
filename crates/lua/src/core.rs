//! The `core` table: messages, time, small tools. Registering is in `register.rs`, sockets in
//! `socket.rs`, the proxies in `proxies.rs`.
//!
//! Left out: maps, ACLs, dates, `core.wait`, `core.get_var`, which `later.rs` defines.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ir::config::Level;
use mlua::{Lua, MultiValue, Result, Value};

use crate::register::{self, Registry};
use crate::shim::{Answer, Args, Functions, Results, Shims};
use crate::vm::Env;
use crate::{address, httpclient, limits, queue, socket, task};

/// The levels of messages in the order of their numbers, as `core` and `txn` name them.
const LEVELS: [(&str, Level); 8] = [
    ("emerg", Level::Emerg),
    ("alert", Level::Alert),
    ("crit", Level::Crit),
    ("err", Level::Err),
    ("warning", Level::Warning),
    ("notice", Level::Notice),
    ("info", Level::Info),
    ("debug", Level::Debug),
];

/// The functions that log at a level of their own.
pub(crate) const LOGGERS: [(&str, Level); 4] =
    [("Debug", Level::Debug), ("Info", Level::Info), ("Warning", Level::Warning), ("Alert", Level::Alert)];

/// Makes the global `core` of a state.
pub(crate) fn install(
    lua: &Lua,
    shims: &Shims,
    env: &Arc<Env>,
    registry: &Arc<Mutex<Registry>>,
    in_body: &Arc<AtomicBool>,
    id: usize,
) -> Result<()> {
    let functions = Functions::new(lua, shims)?;
    register::install(&functions, env, registry, in_body)?;
    logging(&functions, env)?;
    waiting(&functions, in_body)?;
    tools(&functions, env)?;
    address::install(&functions)?;
    socket::install(lua, shims, &functions)?;
    httpclient::install(lua, shims, &functions)?;
    queue::install(lua, shims, &functions)?;
    let core = functions.table;
    for (number, (name, _)) in LEVELS.iter().enumerate() {
        core.raw_set(*name, number)?;
    }
    core.raw_set("silent", -1)?;
    core.raw_set("thread", id)?;
    lua.globals().raw_set("core", core)
}

/// The level that an argument names by its number.
pub(crate) fn level(lua: &Lua, args: &Args, index: usize) -> Answer<Level> {
    let number = args.integer(lua, index)?;
    let level = usize::try_from(number).ok().and_then(|number| LEVELS.get(number));
    level.map(|(_, level)| *level).ok_or_else(|| args.bad(index, "Invalid loglevel."))
}

fn needs(args: &Args, name: &str, count: usize) -> Answer<()> {
    if args.len() == count { Ok(()) } else { Err(format!("'{name}' needs {count} arguments").into()) }
}

fn logging(functions: &Functions<'_>, env: &Arc<Env>) -> Result<()> {
    let shared = Arc::clone(env);
    functions.add("log", Results::None, move |lua, args| {
        needs(args, "log", 2)?;
        let (level, text) = (level(lua, args, 1)?, args.string(lua, 2)?);
        shared.logger.message(None, level, &text.as_bytes());
        Ok(())
    })?;
    for (name, level) in LOGGERS {
        let shared = Arc::clone(env);
        functions.add(name, Results::None, move |lua, args| {
            needs(args, &name.to_ascii_lowercase(), 1)?;
            shared.logger.message(None, level, &args.string(lua, 1)?.as_bytes());
            Ok(())
        })?;
    }
    Ok(())
}

/// What pauses. In a script's body and in `register_init` functions nothing waits, as in HAProxy.
fn waiting(functions: &Functions<'_>, in_body: &Arc<AtomicBool>) -> Result<()> {
    for (name, unit) in [("sleep", Duration::from_secs(1)), ("msleep", Duration::from_millis(1))] {
        let in_body = Arc::clone(in_body);
        functions.add_async(name, Results::None, move |lua, args| {
            let count = args.integer(&lua, 1);
            let in_body = in_body.load(Ordering::Relaxed);
            async move {
                let count = u32::try_from(count?.max(0)).unwrap_or(u32::MAX);
                if !in_body {
                    task::runtime()?;
                    tokio::time::sleep(unit * count).await;
                }
                Ok(())
            }
        })?;
    }
    let shared = Arc::clone(in_body);
    functions.add_async("yield", Results::None, move |_, _| {
        let in_body = shared.load(Ordering::Relaxed);
        async move {
            if !in_body {
                tokio::task::yield_now().await;
            }
            Ok(())
        }
    })?;
    functions.add_async("done", Results::None, |_, args| {
        limits::exit(args.rest(1).cloned().collect::<MultiValue>());
        std::future::pending::<Answer<()>>()
    })
}

fn tools(functions: &Functions<'_>, env: &Arc<Env>) -> Result<()> {
    functions.add("now", Results::One, |lua, _| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let table = lua.create_table()?;
        table.raw_set("sec", now.as_secs())?;
        table.raw_set("usec", now.subsec_micros())?;
        Ok(table)
    })?;
    functions.add("tokenize", Results::One, |lua, args| {
        let (text, separators) = (args.string(lua, 1)?, args.string(lua, 2)?);
        let (text, separators, no_blank) = (text.as_bytes(), separators.as_bytes(), args.truth(3));
        let table = lua.create_table()?;
        for word in text.split(|byte| separators.contains(byte)) {
            if !(no_blank && word.is_empty()) {
                table.raw_push(lua.create_string(word)?)?;
            }
        }
        Ok(table)
    })?;
    // `set_nice` is a hint to a scheduler that is not ours: taken and without effect on results.
    functions.add("set_nice", Results::None, |lua, args| args.integer(lua, 1).map(|_| ()))?;
    let started = SystemTime::now();
    let shared = Arc::clone(env);
    functions.add("get_info", Results::One, move |lua, _| {
        let info = lua.create_table()?;
        let uptime = started.elapsed().map_or(0, |uptime| uptime.as_secs());
        info.raw_set("Name", "HAProxy")?;
        info.raw_set("Pid", std::process::id())?;
        info.raw_set("Uptime_sec", uptime)?;
        if let Some(plan) = shared.plan.get() {
            info.raw_set("CurrConns", plan.live.connections.get())?;
            info.raw_set("Maxconn", plan.live.connections.limit())?;
            info.raw_set("Stopping", u8::from(plan.live.is_stopping()))?;
            if let Some(threads) = plan.config.global.nbthread {
                info.raw_set("Nbthread", threads)?;
            }
            if let Some(node) = &plan.config.global.node {
                info.raw_set("node", Value::String(lua.create_string(node)?))?;
            }
        }
        Ok(info)
    })
}
