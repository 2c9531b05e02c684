//! The AppletTCP class: the bytes of a TCP service.

use std::sync::Arc;

use mlua::{Lua, Result, Table, UserData};
use state::Stream;

use crate::pipe::Pipe;
use crate::shim::{Functions, Results, Shims};
use crate::vm::{Env, Vm};
use crate::{body, converters, fetches, vars};

/// The host's part of an AppletTCP object.
pub(crate) struct Applet {
    stream: u64,
    input: Pipe,
    output: Pipe,
}

impl UserData for Applet {}

/// The object for a service's function.
pub(crate) fn object(vm: &Vm, stream: &Stream, input: &Pipe, output: &Pipe) -> Result<Table> {
    let object = vm.lua.create_table_with_capacity(1, 5)?;
    let applet = Applet { stream: stream.id, input: input.clone(), output: output.clone() };
    object.raw_set(0, vm.lua.create_userdata(applet)?)?;
    object.raw_set("f", fetches::object(vm, stream.id, false)?)?;
    object.raw_set("sf", fetches::object(vm, stream.id, true)?)?;
    object.raw_set("c", converters::object(vm, stream.id, false)?)?;
    object.raw_set("sc", converters::object(vm, stream.id, true)?)?;
    object.set_metatable(Some(vm.classes.applet_tcp.clone()))?;
    Ok(object)
}

/// The class.
pub(crate) fn class(lua: &Lua, shims: &Shims, env: &Arc<Env>) -> Result<Table> {
    let functions = Functions::class(lua, shims)?;
    functions.add_async("send", Results::One, |lua, args| {
        let prepared =
            args.this::<Applet>().and_then(|this| Ok((this.output.clone(), args.string(&lua, 1)?)));
        async move {
            let (output, text) = prepared?;
            let bytes = text.as_bytes();
            body::send(&output, &bytes).await;
            Ok(bytes.len())
        }
    })?;
    body::getline::<Applet>(&functions, |applet| &applet.input)?;
    body::receive::<Applet>(&functions, |applet| &applet.input, true)?;
    functions.add("try_receive", Results::One, |lua, args| {
        let this = args.this::<Applet>()?;
        let mut bytes = Vec::new();
        this.input.pop(&mut bytes, usize::MAX);
        if bytes.is_empty() && !this.input.is_finished() {
            return Ok(None);
        }
        Ok(Some(lua.create_string(bytes)?))
    })?;
    body::private(&functions)?;
    vars::methods::<Applet>(&functions, env, |applet| applet.stream)?;
    functions.into_class("AppletTCP")
}
