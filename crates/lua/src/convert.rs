//! Samples to Lua values and back.

use std::net::IpAddr;

use ir::types::SampleType;
use mlua::{Lua, Result, Value as LuaValue};
use state::Stream;
use state::sample::{OwnedValue, Value};

/// A sample as Lua sees it. A boolean is the integer 0 or 1, as HAProxy's default
/// (`tune.lua.bool-sample-conversion pre-3.1-bug`) gives it.
pub(crate) fn to_lua(lua: &Lua, value: Value<'_>) -> Result<LuaValue> {
    Ok(match value {
        Value::Bool(truth) => LuaValue::Integer(i64::from(truth)),
        Value::Sint(number) => LuaValue::Integer(number),
        Value::Ipv4(address) => string(lua, address.to_string().as_bytes())?,
        Value::Ipv6(address) => string(lua, address.to_string().as_bytes())?,
        Value::Str(bytes) | Value::Bin(bytes) | Value::Meth(bytes) => string(lua, bytes)?,
    })
}

/// A sample as a string; the empty one where it has none.
pub(crate) fn to_lua_string(lua: &Lua, stream: &Stream, value: Value<'_>) -> Result<LuaValue> {
    match value {
        Value::Str(bytes) | Value::Bin(bytes) | Value::Meth(bytes) => string(lua, bytes),
        other => match other.cast(SampleType::Str, &stream.arena) {
            Some(Value::Str(bytes)) => string(lua, bytes),
            _ => string(lua, b""),
        },
    }
}

pub(crate) fn string(lua: &Lua, bytes: &[u8]) -> Result<LuaValue> {
    Ok(LuaValue::String(lua.create_string(bytes)?))
}

/// A Lua value as a sample: what is no number, boolean or string is false.
pub(crate) fn from_lua(value: &LuaValue) -> OwnedValue {
    match value {
        LuaValue::Integer(number) => OwnedValue::Sint(*number),
        // As `lua_tointeger`: no integer representation gives 0.
        LuaValue::Number(number) if number.fract() == 0.0 && number.abs() < 9.2e18 => {
            OwnedValue::Sint(*number as i64)
        }
        LuaValue::Number(_) => OwnedValue::Sint(0),
        LuaValue::Boolean(truth) => OwnedValue::Bool(*truth),
        LuaValue::String(text) => OwnedValue::Str(text.as_bytes().to_vec()),
        _ => OwnedValue::Bool(false),
    }
}

/// An address of the text of an argument.
pub(crate) fn address(text: &[u8]) -> Option<IpAddr> {
    std::str::from_utf8(text).ok()?.parse().ok()
}
