//! The Converters class: `c` and `sc` of a transaction or applet, a method for each converter.

use std::sync::Arc;

use ir::spec::Support;
use ir::types::SampleType;
use mlua::{Lua, Result, Table, Value as LuaValue};
use state::Stream;
use state::sample::{Arg, ConverterFn, Value};

use crate::arguments;
use crate::convert;
use crate::fetches::{self, Handle, method_name};
use crate::shim::{Functions, Results, Shims};
use crate::values;
use crate::vm::{Env, Vm};

/// A Converters object for the stream with this id.
pub(crate) fn object(vm: &Vm, stream: u64, strings: bool) -> Result<Table> {
    fetches::make(vm, &vm.classes.converters, stream, strings)
}

/// The class. Converters that are only parsed are left out: a script can ask for them.
pub(crate) fn class(lua: &Lua, shims: &Shims, env: &Arc<Env>) -> Result<Table> {
    let functions = Functions::class(lua, shims)?;
    for (index, (spec, ..)) in env.catalog.converters.iter().enumerate() {
        if spec.support != Support::Full {
            continue;
        }
        let env = Arc::clone(env);
        functions.add(&method_name(spec.name), Results::One, move |lua, args| {
            let (spec, run, prepare) = &env.catalog.converters[index];
            let this = args.this::<Handle>()?;
            let values = arguments::check(lua, &env, args, 2, spec.args)?;
            let values = values::refine(&env, spec.args, spec.check, *prepare, values)?;
            let input = convert::from_lua(args.get(1));
            let step = Step { run: *run, input: spec.input, args: &values, strings: this.strings };
            Ok(args.stream(this.stream, |stream| step.call(lua, stream, input.as_value()))??)
        })?;
    }
    functions.into_class("Converters")
}

/// One converter with its arguments.
struct Step<'a> {
    run: ConverterFn,
    input: SampleType,
    args: &'a [Arg],
    strings: bool,
}

impl Step<'_> {
    fn call(&self, lua: &Lua, stream: &Stream, input: Value<'_>) -> Result<LuaValue> {
        let output =
            input.cast(self.input, &stream.arena).and_then(|input| (self.run)(stream, self.args, input));
        match output {
            Some(value) if self.strings => convert::to_lua_string(lua, stream, value),
            Some(value) => convert::to_lua(lua, value),
            None if self.strings => convert::string(lua, b""),
            None => Ok(LuaValue::Nil),
        }
    }
}
