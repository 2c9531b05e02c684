//! What scripts may name while they are loaded, although it does nothing here yet: filters, events,
//! maps, regular expressions, certificates, dates. Calls raise an error; what may be called while
//! a script is loaded is told to the checker, which warns.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::sync::{Arc, Mutex, PoisonError};

use base::pattern::FileName;
use ir::expr::MatchMethod;
use mlua::{Lua, MultiValue, Result, Table, Value};
use state::plan::{Map, Regex};

use crate::register::Registry;
use crate::shim::{Answer, Args, Functions, Results, Shims};

/// Functions of `core` that only raise an error.
const CORE: [&str; 11] = [
    "add_acl",
    "asctime_date",
    "del_acl",
    "del_map",
    "get_patref",
    "get_var",
    "http_date",
    "imf_date",
    "rfc850_date",
    "set_map",
    "wait",
];

/// Matching methods by the numbers that `Map` gives their names; those with a method are for maps.
const METHODS: [(&str, Option<MatchMethod>); 14] = [
    ("found", None),
    ("bool", None),
    ("int", Some(MatchMethod::Int)),
    ("ip", Some(MatchMethod::Ip)),
    ("bin", None),
    ("len", None),
    ("str", Some(MatchMethod::Str)),
    ("beg", Some(MatchMethod::Beg)),
    ("sub", Some(MatchMethod::Sub)),
    ("dir", Some(MatchMethod::Dir)),
    ("dom", Some(MatchMethod::Dom)),
    ("end", Some(MatchMethod::End)),
    ("reg", Some(MatchMethod::Reg)),
    ("regm", None),
];

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
    globals.raw_set("Map", map(lua, shims, registry)?)?;
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

/// The global `Map`, whose `new` checks the file and gives an object without use.
fn map(lua: &Lua, shims: &Shims, registry: &Arc<Mutex<Registry>>) -> Result<Table> {
    let class = raising(lua, shims, "Map", &["lookup", "slookup"])?.into_class("Map")?;
    let functions = Functions::new(lua, shims)?;
    let (shared, metatable) = (Arc::clone(registry), class.clone());
    functions.add("new", Results::One, move |lua, args| {
        load_map(lua, args)?;
        tell(&shared, "Map.new");
        Ok(object(lua, &metatable)?)
    })?;
    let map = functions.table;
    for (number, (name, _)) in METHODS.iter().enumerate() {
        map.raw_set(*name, number)?;
        map.raw_set(format!("_{name}"), number)?;
    }
    map.set_metatable(Some(class))?;
    Ok(map)
}

fn load_map(lua: &Lua, args: &Args) -> Answer<()> {
    if !(1..=2).contains(&args.len()) {
        return Err("'new' needs at least 1 argument.".into());
    }
    let name = args.string(lua, 1)?;
    let method = if args.len() == 2 { args.integer(lua, 2)? } else { 6 };
    let method = usize::try_from(method).ok().and_then(|number| METHODS.get(number));
    let (_, method) = method.ok_or("'new' needs a valid match method.")?;
    let method = method.ok_or("'new' doesn't support this match mode.")?;
    let bytes = name.as_bytes();
    let file = FileName::parse(&bytes);
    let text = match std::fs::read(OsStr::from_bytes(file.path)) {
        _ if file.is_virtual => Vec::new(),
        Ok(text) => text,
        Err(_) if file.optional => Vec::new(),
        Err(_) => {
            let path = String::from_utf8_lossy(file.path);
            return Err(format!("'new': failed to open pattern file <{path}>.").into());
        }
    };
    Map::parse(&text, method).map_err(|error| format!("'new': {}.", error.0))?;
    Ok(())
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
