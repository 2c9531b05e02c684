//! Host functions as scripts see them: arguments checked with Lua's words, errors as plain
//! strings with the caller's position. `shim.lua` has the Lua side.

use std::future::Future;

use mlua::{Function, IntoLuaMulti, Lua, LuaString, MultiValue, Result, Table, Value};
use state::Stream;

use crate::current;

/// The name of `shim.lua` in tracebacks, where its frames are hidden.
pub(crate) const CHUNK: &str = "hxproxy";

/// The name of [`PROTECT`] in tracebacks: what is below it is not the script's.
pub(crate) const BOTTOM: &str = "hxproxy-run";

/// Runs a script's function so that `describe` sees the stack of an error.
const PROTECT: &str = "
    local describe, xpcall = ..., xpcall
    return function(f, ...) return xpcall(f, describe, ...) end";

/// Why a host function fails: the text that the script sees.
#[derive(Debug)]
pub(crate) struct Fail(pub String);

impl From<String> for Fail {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Fail {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<mlua::Error> for Fail {
    fn from(error: mlua::Error) -> Self {
        Self(error.to_string())
    }
}

/// What a host function gives.
pub(crate) type Answer<R> = std::result::Result<R, Fail>;

/// How many results a function has: it decides which wrapper it gets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Results {
    None,
    One,
    Many,
}

/// The wrappers of `shim.lua` in one Lua state.
#[derive(Clone)]
pub(crate) struct Shims {
    one: Function,
    none: Function,
    many: Function,
    protect: Function,
}

impl Shims {
    pub fn new(lua: &Lua) -> Result<Self> {
        let chunk = lua.load(include_str!("shim.lua")).set_name(format!("={CHUNK}"));
        let (one, none, many) = chunk.eval()?;
        let protect = lua.load(PROTECT).set_name(format!("={BOTTOM}")).into_function()?;
        Ok(Self { one, none, many, protect })
    }

    /// A function that calls its first argument with the others and gives `true` and the results,
    /// or `false` and what `describe` made of the error.
    pub fn protect(&self, describe: Function) -> Result<Function> {
        self.protect.call(describe)
    }

    fn wrap(&self, results: Results, function: Function) -> Result<Function> {
        match results {
            Results::None => &self.none,
            Results::One => &self.one,
            Results::Many => &self.many,
        }
        .call(function)
    }
}

/// A table of functions under construction: `core`, or the methods of a class.
pub(crate) struct Functions<'a> {
    pub lua: &'a Lua,
    pub shims: &'a Shims,
    pub table: Table,
    /// The first argument is the object: it is not counted in messages.
    is_class: bool,
}

impl<'a> Functions<'a> {
    /// The functions of a plain table.
    pub fn new(lua: &'a Lua, shims: &'a Shims) -> Result<Self> {
        Ok(Self { lua, shims, table: lua.create_table()?, is_class: false })
    }

    /// The methods of a class.
    pub fn class(lua: &'a Lua, shims: &'a Shims) -> Result<Self> {
        Ok(Self { lua, shims, table: lua.create_table()?, is_class: true })
    }

    /// Adds a function that does not wait.
    pub fn add<R: IntoLuaMulti>(
        &self,
        name: &str,
        results: Results,
        run: impl Fn(&Lua, &Args) -> Answer<R> + Send + 'static,
    ) -> Result<()> {
        let (owned, is_class) = (Box::from(name), self.is_class);
        let function = self.lua.create_function(move |lua, values| {
            let args = Args { name: Box::clone(&owned), values, is_class };
            answer(lua, run(lua, &args))
        })?;
        self.table.raw_set(name, self.shims.wrap(results, function)?)
    }

    /// Adds a function that may wait.
    pub fn add_async<R, F>(
        &self,
        name: &str,
        results: Results,
        run: impl Fn(Lua, Args) -> F + Send + 'static,
    ) -> Result<()>
    where
        R: IntoLuaMulti,
        F: Future<Output = Answer<R>> + Send + 'static,
    {
        let (owned, is_class) = (Box::from(name), self.is_class);
        let function = self.lua.create_async_function(move |lua, values| {
            let args = Args { name: Box::clone(&owned), values, is_class };
            let future = run(lua.clone(), args);
            async move { answer(&lua, future.await) }
        })?;
        self.table.raw_set(name, self.shims.wrap(results, function)?)
    }

    /// The metatable of the class `name`, with these methods.
    pub fn into_class(self, name: &str) -> Result<Table> {
        let metatable = self.lua.create_table()?;
        metatable.raw_set("__index", self.table)?;
        let text = format!("HAProxy class {name}");
        metatable.raw_set("__tostring", self.lua.create_function(move |_, ()| Ok(text.clone()))?)?;
        Ok(metatable)
    }
}

/// `true, results...` or `false, message`.
fn answer<R: IntoLuaMulti>(lua: &Lua, answer: Answer<R>) -> Result<MultiValue> {
    match answer {
        Ok(results) => {
            let mut values = results.into_lua_multi(lua)?;
            values.push_front(Value::Boolean(true));
            Ok(values)
        }
        Err(Fail(text)) => (false, text).into_lua_multi(lua),
    }
}

/// The arguments of a call.
pub(crate) struct Args {
    name: Box<str>,
    values: MultiValue,
    is_class: bool,
}

impl Args {
    /// The number of arguments, without the object.
    pub fn len(&self) -> usize {
        self.values.len().saturating_sub(usize::from(self.is_class))
    }

    /// The argument at `index`, counted from 1; nil where it is left out.
    pub fn get(&self, index: usize) -> &Value {
        self.values.get(index - usize::from(!self.is_class)).unwrap_or(&Value::Nil)
    }

    /// The arguments from `index` on.
    pub fn rest(&self, index: usize) -> impl Iterator<Item = &Value> {
        self.values.iter().skip(index - usize::from(!self.is_class))
    }

    /// The object that the method was called on.
    pub fn object(&self) -> Answer<Table> {
        match self.values.front() {
            Some(Value::Table(table)) if self.is_class => Ok(table.clone()),
            other => {
                Err(format!("calling '{}' on bad self ({})", self.name, expected("table", other)).into())
            }
        }
    }

    /// The host's part of the object that the method was called on.
    pub fn this<T: 'static>(&self) -> Answer<mlua::UserDataRef<T>> {
        let userdata: std::result::Result<mlua::AnyUserData, _> = self.object()?.raw_get(0);
        userdata
            .and_then(|userdata| userdata.borrow())
            .map_err(|_| format!("calling '{}' on bad self", self.name).into())
    }

    /// Runs `f` with the stream `id`, which must be the current one.
    pub fn stream<R>(&self, id: u64, f: impl FnOnce(&Stream) -> R) -> Answer<R> {
        current::with(id, f).ok_or_else(|| self.gone())
    }

    /// The same, to change the stream.
    pub fn stream_mut<R>(&self, id: u64, f: impl FnOnce(&mut Stream) -> R) -> Answer<R> {
        current::with_mut(id, f).ok_or_else(|| self.gone())
    }

    fn gone(&self) -> Fail {
        format!("'{}': this object is used outside of its stream", self.name).into()
    }

    /// Lua's message about the argument at `index`.
    pub fn bad(&self, index: usize, why: &str) -> Fail {
        format!("bad argument #{index} to '{}' ({why})", self.name).into()
    }

    /// What Lua says about an argument of the wrong type.
    fn mismatch(&self, index: usize, wanted: &str) -> Fail {
        let value = (index <= self.len()).then(|| self.get(index));
        self.bad(index, &expected(wanted, value))
    }

    /// A string, or a number as a string.
    pub fn string(&self, lua: &Lua, index: usize) -> Answer<LuaString> {
        let value = self.get(index);
        match value {
            Value::String(text) => Ok(text.clone()),
            Value::Integer(_) | Value::Number(_) => match lua.coerce_string(value.clone())? {
                Some(text) => Ok(text),
                None => Err(self.mismatch(index, "string")),
            },
            _ => Err(self.mismatch(index, "string")),
        }
    }

    /// A string, or nothing for nil.
    pub fn optional_string(&self, lua: &Lua, index: usize) -> Answer<Option<LuaString>> {
        if self.get(index).is_nil() { Ok(None) } else { self.string(lua, index).map(Some) }
    }

    /// An integer, or what can be made one without loss.
    pub fn integer(&self, lua: &Lua, index: usize) -> Answer<i64> {
        match self.get(index) {
            Value::Integer(number) => Ok(*number),
            value @ (Value::Number(_) | Value::String(_)) => match lua.coerce_integer(value.clone())? {
                Some(number) => Ok(number),
                None if value.is_number() => Err(self.bad(index, "number has no integer representation")),
                None => Err(self.mismatch(index, "number")),
            },
            _ => Err(self.mismatch(index, "number")),
        }
    }

    /// An integer, or nothing for nil.
    pub fn optional_integer(&self, lua: &Lua, index: usize) -> Answer<Option<i64>> {
        if self.get(index).is_nil() { Ok(None) } else { self.integer(lua, index).map(Some) }
    }

    pub fn function(&self, index: usize) -> Answer<Function> {
        match self.get(index) {
            Value::Function(function) => Ok(function.clone()),
            _ => Err(self.mismatch(index, "function")),
        }
    }

    pub fn table(&self, index: usize) -> Answer<Table> {
        match self.get(index) {
            Value::Table(table) => Ok(table.clone()),
            _ => Err(self.mismatch(index, "table")),
        }
    }

    /// A table, or nothing for nil.
    pub fn optional_table(&self, index: usize) -> Answer<Option<Table>> {
        if self.get(index).is_nil() { Ok(None) } else { self.table(index).map(Some) }
    }

    /// Whether the argument counts as true.
    pub fn truth(&self, index: usize) -> bool {
        !matches!(self.get(index), Value::Nil | Value::Boolean(false))
    }
}

/// `number expected, got string`
fn expected(wanted: &str, value: Option<&Value>) -> String {
    let got = value.map_or("no value", |value| match value {
        Value::Integer(_) | Value::Number(_) => "number",
        Value::LightUserData(_) => "light userdata",
        Value::Error(_) => "userdata",
        other => other.type_name(),
    });
    format!("{wanted} expected, got {got}")
}
