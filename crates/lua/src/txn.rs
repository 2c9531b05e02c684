//! The TXN class: what actions and fetches get. The Reply class is here as well: it is a table
//! that `txn:done` reads.
//!
//! Left out, and so nil: the channels `req` and `res`, marks and priorities.

use std::sync::{Arc, Mutex, PoisonError};

use ir::config::Mode;
use mlua::{Lua, MultiValue, Result, Table, UserData, Value};
use proto::message::{Framing, Version};
use state::Stream;

use crate::shim::{Answer, Args, Functions, Results, Shims};
use crate::vm::{Env, Vm};
use crate::{body, converters, core, fetches, http, limits, vars};

/// How `txn:done` ended an action: not at all, without a reply, or with one.
#[derive(Clone, Default)]
pub(crate) struct Done(Arc<Mutex<Option<Option<Reply>>>>);

impl Done {
    fn set(&self, reply: Option<Reply>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(reply);
    }

    pub fn take(&self) -> Option<Option<Reply>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A response that a script made.
#[derive(Debug)]
pub(crate) struct Reply {
    status: u16,
    reason: Vec<u8>,
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    body: Vec<u8>,
}

impl Reply {
    /// Makes it the stream's answer, for `Outcome::Reply`.
    pub fn write(&self, stream: &mut Stream) {
        stream.res.start_response(self.status, &self.reason, Version::Http11);
        for (name, value) in &self.fields {
            stream.res.add(name, value);
        }
        stream.res.set(b"content-length", self.body.len().to_string().as_bytes());
        stream.res.framing = Framing::Length(self.body.len() as u64);
        stream.reply.clear();
        stream.reply.extend_from_slice(&self.body);
    }

    /// From a table with `status`, `reason`, `headers` and `body`, all optional.
    fn read(table: &Table) -> Answer<Self> {
        let bytes = |name: &str| -> Answer<Vec<u8>> {
            Ok(table
                .get::<Option<mlua::LuaString>>(name)?
                .map_or(Vec::new(), |text| text.as_bytes().to_vec()))
        };
        let status = table.get::<Option<u16>>("status")?.unwrap_or(200);
        if !(200..600).contains(&status) {
            return Err("Lua: 'done': invalid status".into());
        }
        let mut reply = Self { status, reason: bytes("reason")?, fields: Vec::new(), body: bytes("body")? };
        if !http::is_line(&reply.reason) {
            return Err("Lua: 'done': invalid reason".into());
        }
        let Some(headers) = table.get::<Option<Table>>("headers")? else { return Ok(reply) };
        for pair in headers.pairs::<mlua::LuaString, Table>() {
            let (name, values) = pair?;
            for value in values.sequence_values::<mlua::LuaString>() {
                let (name, value) = (name.as_bytes().to_vec(), value?.as_bytes().to_vec());
                if !http::is_token(&name) || !http::is_line(&value) {
                    return Err("Lua: 'done': invalid header".into());
                }
                let framing = name.eq_ignore_ascii_case(b"content-length")
                    || name.eq_ignore_ascii_case(b"transfer-encoding");
                if !framing {
                    reply.fields.push((name, value));
                }
            }
        }
        Ok(reply)
    }
}

/// The host's part of a TXN object.
struct Txn {
    stream: u64,
    /// Where `txn:done` leaves its reply; `None` where a transaction cannot be ended.
    done: Option<Done>,
}

impl UserData for Txn {}

/// The object for an action (with `done`) or a fetch.
pub(crate) fn object(vm: &Vm, stream: &Stream, done: Option<&Done>) -> Result<Table> {
    let object = vm.lua.create_table_with_capacity(1, 6)?;
    let txn = Txn { stream: stream.id, done: done.cloned() };
    object.raw_set(0, vm.lua.create_userdata(txn)?)?;
    object.raw_set("f", fetches::object(vm, stream.id, false)?)?;
    object.raw_set("sf", fetches::object(vm, stream.id, true)?)?;
    object.raw_set("c", converters::object(vm, stream.id, false)?)?;
    object.raw_set("sc", converters::object(vm, stream.id, true)?)?;
    if stream.plan.settings(stream.rules_of).mode == Mode::Http {
        object.raw_set("http", http::object(vm, stream.id)?)?;
    }
    object.set_metatable(Some(vm.classes.txn.clone()))?;
    Ok(object)
}

/// The class.
pub(crate) fn class(lua: &Lua, shims: &Shims, env: &Arc<Env>) -> Result<Table> {
    let functions = Functions::class(lua, shims)?;
    vars::methods::<Txn>(&functions, env, |txn| txn.stream)?;
    body::private(&functions)?;
    logging(&functions, env)?;
    functions.add("set_loglevel", Results::None, |lua, args| {
        let number = args.integer(lua, 1)?;
        let level = if number < 0 { None } else { Some(core::level(lua, args, 1)?) };
        args.stream_mut(args.this::<Txn>()?.stream, |stream| {
            (stream.log_level, stream.log_silent) = (level, level.is_none());
        })
    })?;
    let reply = reply_class(lua, shims)?;
    functions.add("reply", Results::One, move |lua, args| {
        let given = args.optional_table(1)?;
        let object = lua.create_table()?;
        for (name, default) in [("status", Value::Integer(200)), ("reason", Value::Nil), ("body", Value::Nil)]
        {
            let value = given.as_ref().map_or(Ok(Value::Nil), |table| table.get::<Value>(name))?;
            object.raw_set(name, if value.is_nil() { default } else { value })?;
        }
        let headers = given.map_or(Ok(None), |table| table.get::<Option<Table>>("headers"))?;
        object.raw_set("headers", headers.map_or_else(|| lua.create_table(), Ok)?)?;
        object.set_metatable(Some(reply.clone()))?;
        Ok(object)
    })?;
    functions.add_async("done", Results::None, |_, args| {
        let ended = end(&args);
        async move {
            ended?;
            std::future::pending::<Answer<()>>().await
        }
    })?;
    functions.into_class("TXN")
}

/// `txn:done`: leaves the reply and ends the function.
fn end(args: &Args) -> Answer<()> {
    let this = args.this::<Txn>()?;
    if let Some(done) = &this.done {
        done.set(args.optional_table(1)?.map(|table| Reply::read(&table)).transpose()?);
    }
    limits::exit(MultiValue::new());
    Ok(())
}

fn logging(functions: &Functions<'_>, env: &Arc<Env>) -> Result<()> {
    let proxy = |args: &Args| args.stream(args.this::<Txn>()?.stream, |stream| stream.rules_of);
    let shared = Arc::clone(env);
    functions.add("log", Results::None, move |lua, args| {
        let (level, text) = (core::level(lua, args, 1)?, args.string(lua, 2)?);
        shared.logger.message(Some(proxy(args)?), level, &text.as_bytes());
        Ok(())
    })?;
    let loggers = core::LOGGERS.into_iter().chain([("deflog", ir::config::Level::Info)]);
    for (name, level) in loggers {
        let shared = Arc::clone(env);
        functions.add(name, Results::None, move |lua, args| {
            shared.logger.message(Some(proxy(args)?), level, &args.string(lua, 1)?.as_bytes());
            Ok(())
        })?;
    }
    Ok(())
}

/// The Reply class.
fn reply_class(lua: &Lua, shims: &Shims) -> Result<Table> {
    let functions = Functions::class(lua, shims)?;
    functions.add("set_status", Results::None, |lua, args| {
        let object = args.object()?;
        object.raw_set("status", args.integer(lua, 1)?)?;
        Ok(object.raw_set("reason", args.optional_string(lua, 2)?)?)
    })?;
    functions.add("set_body", Results::None, |lua, args| {
        Ok(args.object()?.raw_set("body", args.string(lua, 1)?)?)
    })?;
    functions.add("add_header", Results::None, |lua, args| {
        let headers: Table = args.object()?.raw_get("headers")?;
        let (name, value) = (args.string(lua, 1)?, args.string(lua, 2)?);
        match headers.raw_get::<Value>(&name)? {
            Value::Table(values) => Ok(values.raw_push(value)?),
            _ => Ok(headers.raw_set(name, vec![value])?),
        }
    })?;
    functions.add("del_header", Results::None, |lua, args| {
        let headers: Table = args.object()?.raw_get("headers")?;
        Ok(headers.raw_set(args.string(lua, 1)?, Value::Nil)?)
    })?;
    functions.into_class("Reply")
}
