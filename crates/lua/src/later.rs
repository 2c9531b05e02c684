//! What scripts may name while they are loaded, although it does nothing here yet: filters, events,
//! regular expressions, certificates, dates. Calls raise an error; what may be called while
//! a script is loaded is told to the checker, which warns.

use std::sync::{Arc, Mutex, PoisonError};

use mlua::{Lua, MultiValue, Result, Table, Value};
use state::plan::Regex;

use crate::register::Registry;
use crate::shim::{Answer, Functions, Results, Shims};

/// Functions of `core` that only raise an error.
const CORE: [&str; 7] =
    ["asctime_date", "get_patref", "get_var", "http_date", "imf_date", "rfc850_date", "wait"];

/// What filters answer, and what they say of themselves.
const FILTER: [(&str, i64); 4] = [("CONTINUE", 1), ("WAIT", 0), ("ERROR", -1), ("FLT_CFG_FL_HTX", 1)];

/// Adds what is missing in `core` and `act`, and makes the other globals.
pub(crate) fn install(lua: &Lua, shims: &Shims, registry: &Arc<Mutex<Registry>>) -> Result<()> {
    let globals = lua.globals();
    for (name, functions) in [("core", CORE.as_slice()), ("act", &["wake_time"])] {
        let table: Table = globals.raw_get(name)?;
        for pair in raising(lua, shims, name, functions)?.table.pairs::<Value, Value>() {
            let (key, value) = pair?;
            table.raw_set(key, value)?;
        }
    }
    let filter = ["wake_time", "register_data_filter", "unregister_data_filter"];
    let filter = raising(lua, shims, "filter", &filter)?.table;
    for (name, value) in FILTER {
        filter.raw_set(name, value)?;
    }
    globals.raw_set("filter", filter)?;
    globals.raw_set("CertCache", raising(lua, shims, "CertCache", &["set"])?.table)?;
    globals.raw_set("ACME", raising(lua, shims, "ACME", &["challenge_ready"])?.table)?;
    globals.raw_set("Regex", regex(lua, shims, registry)?)
}

/// A table of functions that only raise an error.
fn raising<'a>(lua: &'a Lua, shims: &'a Shims, of: &str, names: &[&str]) -> Result<Functions<'a>> {
    let functions = Functions::new(lua, shims)?;
    for name in names {
        let text = format!("'{of}.{name}' is accepted but not executed yet by hxproxy");
        functions.add(name, Results::None, move |_, _| Answer::<()>::Err(text.clone().into()))?;
    }
    Ok(functions)
}

/// Adds a name to those that the checker warns of.
pub(crate) fn tell(registry: &Mutex<Registry>, name: &'static str) {
    registry.lock().unwrap_or_else(PoisonError::into_inner).fresh.not_executed.push(name);
}

/// The global `Regex`, whose `new` compiles its argument and gives an object without use.
fn regex(lua: &Lua, shims: &Shims, registry: &Arc<Mutex<Registry>>) -> Result<Table> {
    let class = raising(lua, shims, "Regex", &["exec", "match"])?.into_class("Regex")?;
    let functions = Functions::new(lua, shims)?;
    let (shared, metatable) = (Arc::clone(registry), class.clone());
    functions.add("new", Results::Many, move |lua, args| {
        let source = args.string(lua, 1)?;
        let Value::Boolean(case) = *args.get(2) else { return Err(args.bad(2, "boolean expected")) };
        let answers = match Regex::new(&source.as_bytes(), !case) {
            Ok(_) => [Value::Boolean(true), Value::Table(object(lua, &metatable)?)],
            Err(error) => [Value::Boolean(false), Value::String(lua.create_string(error.0)?)],
        };
        tell(&shared, "Regex.new");
        Ok(MultiValue::from_iter(answers))
    })?;
    functions.table.set_metatable(Some(class))?;
    Ok(functions.table)
}

/// An object of a class.
pub(crate) fn object(lua: &Lua, class: &Table) -> Result<Table> {
    let object = lua.create_table()?;
    object.set_metatable(Some(class.clone()))?;
    Ok(object)
}

/// The class of what `core.event_sub` gives.
pub(crate) fn subscription(lua: &Lua, shims: &Shims) -> Result<Table> {
    raising(lua, shims, "EventSub", &["unsub"])?.into_class("EventSub")
}
