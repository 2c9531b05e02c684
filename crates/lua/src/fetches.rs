//! The Fetches class: `f` and `sf` of a transaction or applet, a method for each sample fetch.

use std::sync::Arc;

use ir::spec::Support;
use mlua::{Lua, Result, Table, UserData, Value as LuaValue};
use state::Stream;
use state::sample::{Cursor, FetchFn};

use crate::arguments;
use crate::convert;
use crate::shim::{Functions, Results, Shims};
use crate::vm::{Env, Vm};

/// The host's part of a Fetches or Converters object.
pub(crate) struct Handle {
    pub stream: u64,
    /// `sf`, `sc`: everything is a string, and what is missing is the empty one.
    pub strings: bool,
}

impl UserData for Handle {}

/// A Fetches object for the stream with this id.
pub(crate) fn object(vm: &Vm, stream: u64, strings: bool) -> Result<Table> {
    make(vm, &vm.classes.fetches, stream, strings)
}

/// An object whose host part is a [`Handle`].
pub(crate) fn make(vm: &Vm, class: &Table, stream: u64, strings: bool) -> Result<Table> {
    let object = vm.lua.create_table_with_capacity(1, 0)?;
    object.raw_set(0, vm.lua.create_userdata(Handle { stream, strings })?)?;
    object.set_metatable(Some(class.clone()))?;
    Ok(object)
}

/// The name of a fetch or converter as a method: no `.`, `-` or `+` is possible there.
pub(crate) fn method_name(name: &str) -> String {
    name.replace(['.', '-', '+'], "_")
}

/// The class. Fetches that are only parsed are left out: a script can ask for them.
pub(crate) fn class(lua: &Lua, shims: &Shims, env: &Arc<Env>) -> Result<Table> {
    let functions = Functions::class(lua, shims)?;
    for (index, (spec, _)) in env.catalog.fetches.iter().enumerate() {
        if spec.support != Support::Full {
            continue;
        }
        let env = Arc::clone(env);
        functions.add(&method_name(spec.name), Results::One, move |lua, args| {
            let (spec, run) = &env.catalog.fetches[index];
            let this = args.this::<Handle>()?;
            let values = arguments::check(lua, &env, args, 1, spec.args)?;
            Ok(args.stream(this.stream, |stream| call(lua, stream, *run, &values, this.strings))??)
        })?;
    }
    functions.into_class("Fetches")
}

fn call(
    lua: &Lua,
    stream: &Stream,
    run: FetchFn,
    args: &[state::sample::Arg],
    strings: bool,
) -> Result<LuaValue> {
    match run(stream, args, &mut Cursor::default()) {
        Ok(value) if strings => convert::to_lua_string(lua, stream, value),
        Ok(value) => convert::to_lua(lua, value),
        Err(_) if strings => convert::string(lua, b""),
        Err(_) => Ok(LuaValue::Nil),
    }
}
