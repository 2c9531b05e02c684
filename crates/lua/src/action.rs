//! Actions, sample fetches and converters that scripts registered.

use std::sync::Arc;
use std::task::{Context, Poll};

use ir::id::ProxyId;
use mlua::{Lua, MultiValue, Result, Value as LuaValue};
use state::Stream;
use state::plan::Outcome;
use state::sample::{Arg, OwnedValue, Value};

use crate::host::Host;
use crate::run::{Failure, Run};
use crate::txn::{self, Done};
use crate::vm::Vm;
use crate::{convert, current};

/// What an action may give back, by the names in `act`; the numbers count from 0.
const ACTS: [&str; 8] = ["CONTINUE", "STOP", "YIELD", "ERROR", "DONE", "DENY", "ABORT", "INVALID"];

/// Makes the global `act`. `act:wake_time` is left out.
pub(crate) fn install(lua: &Lua) -> Result<()> {
    let act = lua.create_table()?;
    for (number, name) in ACTS.iter().enumerate() {
        act.raw_set(*name, number)?;
    }
    lua.globals().raw_set("act", act)
}

/// A running action (`http-request lua.name …`).
pub struct LuaAction {
    run: Run,
    vm: Arc<Vm>,
    name: String,
    proxy: ProxyId,
    done: Done,
}

impl LuaAction {
    /// Makes the coroutine of the action with this number ([`crate::Action::id`]) and the words
    /// of its rule. `None`: there is no such action, or it could not start, which is logged.
    pub fn start(host: &Arc<Host>, id: u32, args: &[Vec<u8>], stream: &mut Stream) -> Option<Self> {
        let (action, vm, function) = host.action(id, stream.session.thread)?;
        let (proxy, done) = (stream.rules_of, Done::default());
        let values = || {
            let mut values = MultiValue::new();
            values.push_back(LuaValue::Table(txn::object(&vm, stream, Some(&done))?));
            for arg in args {
                values.push_back(convert::string(&vm.lua, arg)?);
            }
            Ok::<_, mlua::Error>(values)
        };
        let limit = vm.env.limits().session_timeout;
        let run = values()
            .map_err(|error| Failure::Raised(error.to_string()))
            .and_then(|values| Run::new(&vm, &function, values, limit, true));
        match run {
            Ok(run) => Some(Self { run, vm, name: action.name, proxy, done }),
            Err(failure) => {
                fail(&vm, Some(proxy), "function", &action.name, &failure);
                None
            }
        }
    }

    /// Runs the function with `stream` as the current one until it must wait or ends. One that
    /// fails is logged, and the next rule follows.
    pub fn poll(&mut self, cx: &mut Context<'_>, stream: &mut Stream) -> Poll<Outcome> {
        let polled = current::enter(stream, || self.run.poll(cx));
        polled.map(|result| match result {
            Ok(values) => self.outcome(values.back(), stream),
            Err(failure) => {
                fail(&self.vm, Some(self.proxy), "function", &self.name, &failure);
                Outcome::Continue
            }
        })
    }

    fn outcome(&self, value: Option<&LuaValue>, stream: &mut Stream) -> Outcome {
        match self.done.take() {
            Some(Some(reply)) => {
                reply.write(stream);
                return Outcome::Reply;
            }
            Some(None) => return Outcome::Reject,
            None => {}
        }
        match value {
            Some(LuaValue::Integer(1)) => Outcome::Stop,
            Some(LuaValue::Integer(2)) => Outcome::NotYet,
            Some(LuaValue::Integer(3)) => Outcome::Deny(500),
            // Nothing was answered: HAProxy goes on without a server.
            Some(LuaValue::Integer(4 | 6)) => Outcome::Deny(503),
            Some(LuaValue::Integer(5)) if stream.in_response() => Outcome::Deny(502),
            Some(LuaValue::Integer(5)) => Outcome::Deny(403),
            Some(LuaValue::Integer(7)) if stream.in_response() => Outcome::Deny(502),
            Some(LuaValue::Integer(7)) => Outcome::Deny(400),
            _ => Outcome::Continue,
        }
    }
}

fn fail(vm: &Vm, proxy: Option<ProxyId>, kind: &str, name: &str, failure: &Failure) {
    vm.env.logger.failure(proxy, &format!("Lua {kind} '{name}': {failure}."));
}

impl Host {
    /// Runs the sample fetch `name` (without `lua.`) of a script. It cannot wait; one that fails
    /// is logged and gives nothing.
    pub fn fetch(&self, name: &[u8], stream: &Stream, args: &[Arg]) -> Option<OwnedValue> {
        let (vm, function) = self.registered_fetch(name, stream.session.thread)?;
        let first = |vm: &Vm| txn::object(vm, stream, None).map(LuaValue::Table);
        call(&vm, "sample-fetch", name, &function, stream, first, args)
    }

    /// Runs the converter `name` (without `lua.`) of a script, as [`Host::fetch`].
    pub fn convert(
        &self,
        name: &[u8],
        stream: &Stream,
        input: Value<'_>,
        args: &[Arg],
    ) -> Option<OwnedValue> {
        let (vm, function) = self.registered_converter(name, stream.session.thread)?;
        let first = |vm: &Vm| convert::to_lua(&vm.lua, input);
        call(&vm, "converter", name, &function, stream, first, args)
    }
}

fn call(
    vm: &Arc<Vm>,
    kind: &str,
    name: &[u8],
    function: &mlua::Function,
    stream: &Stream,
    first: impl FnOnce(&Vm) -> Result<LuaValue>,
    args: &[Arg],
) -> Option<OwnedValue> {
    let values = || {
        let mut values = MultiValue::new();
        values.push_back(first(vm)?);
        for arg in args.iter().take_while(|arg| !matches!(arg, Arg::Stop)) {
            values.push_back(argument(&vm.lua, arg)?);
        }
        Ok::<_, mlua::Error>(values)
    };
    let result = values().map_err(|error| Failure::Raised(error.to_string())).and_then(|values| {
        let run = Run::new(vm, function, values, vm.env.limits().session_timeout, false)?;
        current::enter_shared(stream, || run.finish())
    });
    match result {
        Ok(values) => match values.front() {
            None | Some(LuaValue::Nil) => None,
            Some(value) => Some(convert::from_lua(value)),
        },
        Err(failure) => {
            fail(vm, Some(stream.rules_of), kind, &String::from_utf8_lossy(name), &failure);
            None
        }
    }
}

/// An argument of the configuration as a script gets it.
fn argument(lua: &Lua, arg: &Arg) -> Result<LuaValue> {
    let text = |address: &dyn std::fmt::Display| convert::string(lua, address.to_string().as_bytes());
    match arg {
        Arg::Sint(number) | Arg::Time(number) | Arg::Size(number) => Ok(LuaValue::Integer(*number)),
        Arg::Str(bytes) => convert::string(lua, bytes),
        Arg::Ipv4(address) | Arg::Mask4(address) => text(address),
        Arg::Ipv6(address) => text(address),
        _ => Ok(LuaValue::Nil),
    }
}
