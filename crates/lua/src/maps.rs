//! The Map class, and the functions of `core` that change lists of patterns. Left out: the Patref
//! class.
//!
//! The checker is told of the maps that a script makes while it is loaded, so that they are the
//! lists that rules and the runtime API know. A map made later is the script's alone.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use base::pattern::FileName;
use bumpalo::Bump;
use ir::expr::MatchMethod;
use mlua::{Lua, LuaString, Result, Table, UserData, Value};
use state::live::patterns::Reference;
use state::plan::Map;

use crate::register::Registry;
use crate::shim::{Answer, Args, Functions, Results, Shims};
use crate::vm::Env;

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

/// The number of `str`.
const STR: i64 = 6;

/// Where the caller of a host function is on the stack, behind the function and its wrapper.
const CALLER: usize = 2;

/// A map that a script made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMap {
    /// The name of its file as it was given.
    pub name: Vec<u8>,
    pub method: MatchMethod,
    /// The script, and the line in it.
    pub script: String,
    pub line: usize,
}

/// The host's part of a Map object.
struct Handle {
    name: Box<[u8]>,
    method: MatchMethod,
    /// Read while there is no other one.
    own: OnceLock<Map>,
}

impl UserData for Handle {}

/// Makes the global `Map` and adds the functions of `core`.
pub(crate) fn install(
    lua: &Lua,
    shims: &Shims,
    env: &Arc<Env>,
    registry: &Arc<Mutex<Registry>>,
) -> Result<()> {
    let class = class(lua, shims, env)?;
    let functions = Functions::new(lua, shims)?;
    let (registry, metatable) = (Arc::clone(registry), class.clone());
    functions.add("new", Results::One, move |lua, args| {
        let (name, method) = arguments(lua, args)?;
        let map = load(&name, method)?;
        let place = lua.inspect_stack(CALLER, |debug| {
            let script = debug.source().short_src.map_or_else(String::new, |name| name.into_owned());
            (script, debug.current_line().unwrap_or(0))
        });
        let (script, line) = place.unwrap_or_default();
        let mut registry = registry.lock().unwrap_or_else(PoisonError::into_inner);
        registry.fresh.maps.push(NewMap { name: name.clone(), method, script, line });
        drop((registry, map));
        let handle = lua.create_userdata(Handle { name: name.into(), method, own: OnceLock::new() })?;
        let object = lua.create_table_with_capacity(1, 0)?;
        object.raw_set(0, handle)?;
        object.set_metatable(Some(metatable.clone()))?;
        Ok(object)
    })?;
    let map = functions.table;
    for (number, (name, _)) in METHODS.iter().enumerate() {
        map.raw_set(*name, number)?;
        map.raw_set(format!("_{name}"), number)?;
    }
    map.set_metatable(Some(class))?;
    lua.globals().raw_set("Map", map)?;
    core(lua, shims, env)
}

fn arguments(lua: &Lua, args: &Args) -> Answer<(Vec<u8>, MatchMethod)> {
    if !(1..=2).contains(&args.len()) {
        return Err("'new' needs at least 1 argument.".into());
    }
    let name = args.string(lua, 1)?.as_bytes().to_vec();
    let method = if args.len() == 2 { args.integer(lua, 2)? } else { STR };
    let method = usize::try_from(method).ok().and_then(|number| METHODS.get(number));
    let (_, method) = method.ok_or("'new' needs a valid match method.")?;
    Ok((name, method.ok_or("'new' doesn't support this match mode.")?))
}

/// Reads a map from its file.
fn load(name: &[u8], method: MatchMethod) -> Answer<Map> {
    let file = FileName::parse(name);
    let text = match std::fs::read(OsStr::from_bytes(file.path)) {
        _ if file.is_virtual => Vec::new(),
        Ok(text) => text,
        Err(_) if file.optional => Vec::new(),
        Err(_) => {
            let path = String::from_utf8_lossy(file.path);
            return Err(format!("'new': failed to open pattern file <{path}>.").into());
        }
    };
    Map::parse(&text, method).map_err(|error| format!("'new': {}.", error.0).into())
}

fn class(lua: &Lua, shims: &Shims, env: &Arc<Env>) -> Result<Table> {
    let functions = Functions::class(lua, shims)?;
    let shared = Arc::clone(env);
    functions.add("lookup", Results::One, move |lua, args| {
        Ok(look_up(lua, args, &shared)?.map_or(Value::Nil, Value::String))
    })?;
    let shared = Arc::clone(env);
    functions.add("slookup", Results::One, move |lua, args| match look_up(lua, args, &shared)? {
        Some(text) => Ok(text),
        None => Ok(lua.create_string("")?),
    })?;
    functions.into_class("Map")
}

fn look_up(lua: &Lua, args: &Args, env: &Env) -> Answer<Option<LuaString>> {
    let handle = args.this::<Handle>()?;
    let map = match env.plan.get().and_then(|plan| plan.script_map(&handle.name, handle.method)) {
        Some(map) => map,
        None => {
            if handle.own.get().is_none() {
                let _ = handle.own.set(load(&handle.name, handle.method)?);
            }
            let Some(map) = handle.own.get() else { return Ok(None) };
            map
        }
    };
    let arena = Bump::new();
    let text;
    let bytes;
    let key = match handle.method {
        MatchMethod::Int => state::Value::Sint(args.integer(lua, 1)?),
        _ => {
            text = args.string(lua, 1)?;
            bytes = text.as_bytes();
            state::Value::Str(&bytes)
        }
    };
    let found = map.find(key, &arena).and_then(|found| found.value);
    Ok(found.map(|value| lua.create_string(value)).transpose()?)
}

/// `core.add_acl`, `core.del_acl`, `core.set_map`, `core.del_map`. What cannot be read is not
/// taken, and nobody is told.
fn core(lua: &Lua, shims: &Shims, env: &Arc<Env>) -> Result<()> {
    let functions = Functions::new(lua, shims)?;
    change(&functions, env, "add_acl", "acl", 2, |list, key, _| drop(list.add_new(key)))?;
    change(&functions, env, "del_acl", "acl", 2, |list, key, _| drop(list.remove(key)))?;
    change(&functions, env, "set_map", "map", 3, |list, key, value| drop(list.set_or_add(key, value)))?;
    change(&functions, env, "del_map", "acl", 2, |list, key, _| drop(list.remove(key)))?;
    let core: Table = lua.globals().raw_get("core")?;
    for pair in functions.table.pairs::<Value, Value>() {
        let (key, value) = pair?;
        core.raw_set(key, value)?;
    }
    Ok(())
}

fn change(
    functions: &Functions<'_>,
    env: &Arc<Env>,
    name: &'static str,
    kind: &'static str,
    count: usize,
    act: fn(&Reference, &[u8], &[u8]),
) -> Result<()> {
    let env = Arc::clone(env);
    functions.add(name, Results::None, move |lua, args| {
        if args.len() != count {
            return Err(format!("'{name}' needs {count} arguments").into());
        }
        let file = args.string(lua, 1)?.as_bytes().to_vec();
        let key = args.string(lua, 2)?;
        let value = if count == 3 { Some(args.string(lua, 3)?) } else { None };
        let list = env.plan.get().and_then(|plan| plan.live.patterns.by_name(&file));
        let Some(list) = list else {
            let file = String::from_utf8_lossy(&file);
            return Err(format!("'{name}': unknown {kind} file '{file}'").into());
        };
        let value = value.as_ref().map(LuaString::as_bytes);
        act(list, c_string(&key.as_bytes()), value.as_deref().map_or(b"", c_string));
        Ok(())
    })
}

/// Lua's strings end with a zero byte for HAProxy.
fn c_string(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
    &text[..end]
}
