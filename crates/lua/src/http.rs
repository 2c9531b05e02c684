//! The HTTP class: the heads of the request and the response of a transaction.

use mlua::{Lua, Result, Table, UserData, Value};
use proto::message::Head;
use state::Stream;

use crate::shim::{Answer, Args, Functions, Results, Shims};
use crate::vm::Vm;

/// The host's part of an HTTP object.
struct Handle {
    stream: u64,
}

impl UserData for Handle {}

/// An HTTP object for the stream with this id.
pub(crate) fn object(vm: &Vm, stream: u64) -> Result<Table> {
    let object = vm.lua.create_table_with_capacity(1, 0)?;
    object.raw_set(0, vm.lua.create_userdata(Handle { stream })?)?;
    object.set_metatable(Some(vm.classes.http.clone()))?;
    Ok(object)
}

/// The fields of a head by name; each is a list that counts from 0.
pub(crate) fn headers(lua: &Lua, head: &Head) -> Result<Table> {
    let headers = lua.create_table()?;
    for (name, value) in head.fields() {
        let value = lua.create_string(value)?;
        match headers.raw_get::<Value>(lua.create_string(name)?)? {
            Value::Table(values) => values.raw_set(values.raw_len() + 1, value)?,
            _ => {
                let values = lua.create_table()?;
                values.raw_set(0, value)?;
                headers.raw_set(lua.create_string(name)?, values)?;
            }
        }
    }
    Ok(headers)
}

/// Whether the bytes can be the name of a header field (RFC 9110, section 5.6.2).
pub(crate) fn is_token(name: &[u8]) -> bool {
    let token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !name.is_empty() && name.iter().all(token)
}

/// Whether the bytes can stand in a line of a head without ending it.
pub(crate) fn is_line(value: &[u8]) -> bool {
    !value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0))
}

/// The class.
pub(crate) fn class(lua: &Lua, shims: &Shims) -> Result<Table> {
    let functions = Functions::class(lua, shims)?;
    fields(&functions, "req", |stream| &stream.req, |stream| &mut stream.req)?;
    fields(&functions, "res", |stream| &stream.res, |stream| &mut stream.res)?;
    request_line(&functions)?;
    functions.add("res_set_status", Results::None, |lua, args| {
        let (status, reason) = (args.integer(lua, 1)?, args.optional_string(lua, 2)?);
        let status = u16::try_from(status).ok().filter(|status| (100..600).contains(status));
        let status = status.ok_or_else(|| args.bad(1, "invalid status"))?;
        let reason = reason.map_or(Vec::new(), |reason| reason.as_bytes().to_vec());
        line(args, 2, &reason)?;
        with(args, |stream| stream.res.set_status(status, &reason))
    })?;
    functions.into_class("HTTP")
}

fn with<R>(args: &Args, f: impl FnOnce(&mut Stream) -> R) -> Answer<R> {
    args.stream_mut(args.this::<Handle>()?.stream, f)
}

fn line(args: &Args, index: usize, value: &[u8]) -> Answer<()> {
    if is_line(value) { Ok(()) } else { Err(args.bad(index, "invalid character")) }
}

/// Name and value for a method that writes a field.
fn pair(lua: &Lua, args: &Args) -> Answer<(Vec<u8>, Vec<u8>)> {
    let (name, value) = (args.string(lua, 1)?.as_bytes().to_vec(), args.string(lua, 2)?.as_bytes().to_vec());
    if !is_token(&name) {
        return Err(args.bad(1, "invalid header name"));
    }
    line(args, 2, &value)?;
    Ok((name, value))
}

/// `req_…_header` or `res_…_header`.
fn fields(
    functions: &Functions<'_>,
    side: &str,
    head: fn(&Stream) -> &Head,
    head_mut: fn(&mut Stream) -> &mut Head,
) -> Result<()> {
    functions.add(&format!("{side}_get_headers"), Results::One, move |lua, args| {
        Ok(args.stream(args.this::<Handle>()?.stream, |stream| headers(lua, head(stream)))??)
    })?;
    functions.add(&format!("{side}_add_header"), Results::None, move |lua, args| {
        let (name, value) = pair(lua, args)?;
        with(args, |stream| head_mut(stream).add(&name, &value))
    })?;
    functions.add(&format!("{side}_set_header"), Results::None, move |lua, args| {
        let (name, value) = pair(lua, args)?;
        with(args, |stream| head_mut(stream).set(&name, &value))
    })?;
    functions.add(&format!("{side}_del_header"), Results::None, move |lua, args| {
        let name = args.string(lua, 1)?;
        with(args, |stream| head_mut(stream).remove(&name.as_bytes()))
    })
}

/// What changes a part of the request line, and whether it could.
type Change = fn(&mut Head, &[u8]) -> bool;

/// The methods that change the request line; they say whether they could.
fn request_line(functions: &Functions<'_>) -> Result<()> {
    let changes: [(&str, Change); 4] = [
        ("req_set_method", |head, method| {
            head.set_method(method);
            true
        }),
        ("req_set_path", |head, path| {
            head.set_path(path);
            true
        }),
        ("req_set_query", |head, query| {
            head.set_query(query);
            true
        }),
        ("req_set_uri", Head::set_uri),
    ];
    for (name, change) in changes {
        functions.add(name, Results::One, move |lua, args| {
            let value = args.string(lua, 1)?;
            let value = value.as_bytes();
            // A blank would end the part of the request line that it stands in.
            if value.iter().any(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control()) {
                return Err(args.bad(1, "invalid character"));
            }
            with(args, |stream| change(&mut stream.req, &value))
        })?;
    }
    Ok(())
}
