//! Variables from Lua: `set_var`, `unset_var`, `get_var` (manual, section 2.8).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ir::expr::{Var, VarScope};
use ir::id::VarId;
use mlua::{Lua, Result, Value as LuaValue};
use state::sample::OwnedValue;
use state::vars::Conditions;
use state::{Plan, Stream};

use crate::convert;
use crate::shim::{Functions, Results};
use crate::vm::Env;

#[derive(Default)]
struct Table {
    ids: HashMap<Box<[u8]>, u32>,
    /// How many of them the configuration mentions: those are the first.
    configured: u32,
}

/// The ids of variable names: the configuration's, and behind them those that only scripts use.
#[derive(Default)]
pub(crate) struct Names(Mutex<Table>);

/// Names that only scripts use: more than any script needs, so that names made of client data
/// cannot fill the memory.
const MAX_SCRIPT_NAMES: u32 = 65_536;

impl Names {
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the names of the configuration; before any script used one.
    pub fn configure(&self, plan: &Plan) {
        let mut table = self.lock();
        for name in &plan.config.variables {
            let id = table.ids.len() as u32;
            table.ids.entry(name.as_slice().into()).or_insert(id);
        }
        table.configured = table.ids.len() as u32;
    }

    /// The variable `scope.name`; `None` where it is none or its name is not known.
    fn find(&self, text: &[u8]) -> Option<Var> {
        let (scope, name) = split(text)?;
        self.lock().ids.get(name).map(|id| Var { scope, id: VarId(*id) })
    }

    /// The variable `scope.name`, whose name becomes known; `None` where it is none.
    pub fn intern(&self, text: &[u8]) -> Option<Var> {
        let (scope, name) = split(text)?;
        let mut table = self.lock();
        let next = table.ids.len() as u32;
        if let Some(id) = table.ids.get(name) {
            return Some(Var { scope, id: VarId(*id) });
        }
        if next - table.configured >= MAX_SCRIPT_NAMES {
            return None;
        }
        table.ids.insert(name.into(), next);
        Some(Var { scope, id: VarId(next) })
    }

    /// Whether the configuration mentions the variable's name.
    fn is_configured(&self, var: Var) -> bool {
        var.id.0 < self.lock().configured
    }
}

/// Scope and name of `scope.name`, which is of this stream and valid.
fn split(text: &[u8]) -> Option<(VarScope, &[u8])> {
    let (scope, name) = VarScope::split(text)?;
    let valid = |byte: &u8| byte.is_ascii_alphanumeric() || b"._".contains(byte);
    (scope != VarScope::Parent && name.iter().all(valid)).then_some((scope, name))
}

/// Sets a variable; with `if_known` only one that the configuration mentions. Whether it was set.
pub(crate) fn set(names: &Names, stream: &Stream, name: &[u8], value: OwnedValue, if_known: bool) -> bool {
    let var =
        if if_known { names.find(name).filter(|var| names.is_configured(*var)) } else { names.intern(name) };
    var.is_some_and(|var| stream.set_variable_if(var, value.as_value(), Conditions::default()))
}

/// Removes a variable; whether it could have been there.
pub(crate) fn unset(names: &Names, stream: &Stream, name: &[u8]) -> bool {
    names.find(name).is_some_and(|var| stream.unset_variable(var))
}

/// The value of a variable, nil where there is none.
pub(crate) fn get(lua: &Lua, names: &Names, stream: &Stream, name: &[u8]) -> Result<LuaValue> {
    match names.find(name).and_then(|var| stream.variable(var)) {
        Some(value) => convert::to_lua(lua, value),
        None => Ok(LuaValue::Nil),
    }
}

/// Adds the three methods to a class whose objects know their stream by `id`.
pub(crate) fn methods<T: 'static>(
    functions: &Functions<'_>,
    env: &Arc<Env>,
    id: fn(&T) -> u64,
) -> Result<()> {
    let shared = Arc::clone(env);
    functions.add("set_var", Results::One, move |lua, args| {
        if !(2..=3).contains(&args.len()) {
            return Err("'set_var' needs between 3 and 4 arguments".into());
        }
        let name = args.string(lua, 1)?;
        let (value, if_known) = (convert::from_lua(args.get(2)), args.truth(3));
        args.stream(id(&*args.this::<T>()?), |stream| {
            set(&shared.names, stream, &name.as_bytes(), value, if_known)
        })
    })?;
    let shared = Arc::clone(env);
    functions.add("unset_var", Results::One, move |lua, args| {
        let name = args.string(lua, 1)?;
        args.stream(id(&*args.this::<T>()?), |stream| unset(&shared.names, stream, &name.as_bytes()))
    })?;
    let shared = Arc::clone(env);
    functions.add("get_var", Results::One, move |lua, args| {
        let name = args.string(lua, 1)?;
        let value =
            args.stream(id(&*args.this::<T>()?), |stream| get(lua, &shared.names, stream, &name.as_bytes()))?;
        Ok(value?)
    })
}
