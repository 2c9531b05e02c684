//! The arguments that a script gives to a fetch or converter, checked as the configuration's are.

use std::sync::Arc;

use ir::id::{ProxyId, ServerId};
use ir::spec::{ArgList, ArgType};
use mlua::{Lua, Value};
use state::Plan;
use state::sample::Arg;

use crate::convert;
use crate::shim::{Answer, Args, Fail};
use crate::vm::Env;

/// Checks the arguments from the one at `first` on against `wanted`. What is left out at the end
/// is [`Arg::Stop`].
pub(crate) fn check(
    lua: &Lua,
    env: &Arc<Env>,
    args: &Args,
    first: usize,
    wanted: ArgList,
) -> Answer<Vec<Arg>> {
    let given = (args.len() + 1).saturating_sub(first);
    if given < wanted.required {
        return Err(args.bad(first + given, "Mandatory argument expected"));
    }
    if given > wanted.types.len() {
        return Err(args.bad(first + wanted.types.len(), "Last argument expected"));
    }
    let mut checked = Vec::with_capacity(wanted.types.len());
    for (offset, kind) in wanted.types.iter().enumerate() {
        let index = first + offset;
        checked.push(match args.get(index) {
            Value::Nil if offset >= wanted.required => Arg::Stop,
            _ => argument(lua, env, args, index, *kind)?,
        });
    }
    Ok(checked)
}

fn argument(lua: &Lua, env: &Env, args: &Args, index: usize, kind: ArgType) -> Answer<Arg> {
    let integer = || match args.get(index) {
        Value::Integer(number) => Ok(*number),
        Value::String(text) => {
            base::bytes::parse_i64(&text.as_bytes()).ok_or_else(|| args.bad(index, "integer expected"))
        }
        _ => Err(args.bad(index, "integer expected")),
    };
    let string = || match args.get(index) {
        Value::String(_) | Value::Integer(_) | Value::Number(_) => args.string(lua, index),
        _ => Err(args.bad(index, "string expected")),
    };
    let plan = || env.plan.get().copied().ok_or_else(|| Fail::from("not available before the start"));
    Ok(match kind {
        ArgType::Sint => Arg::Sint(integer()?),
        ArgType::Time => Arg::Time(integer()?),
        ArgType::Size => Arg::Size(integer()?),
        ArgType::Str => Arg::Str(string()?.as_bytes().to_vec().into()),
        ArgType::Ipv4 | ArgType::Ipv6 | ArgType::Mask4 | ArgType::Mask6 => {
            address(args, index, &string()?.as_bytes(), kind)?
        }
        ArgType::Frontend => {
            let found = proxy(plan()?, &string()?.as_bytes(), |proxy| proxy.is_frontend);
            Arg::Proxy(found.ok_or_else(|| args.bad(index, "frontend doesn't exist"))?)
        }
        ArgType::Backend => {
            let found = proxy(plan()?, &string()?.as_bytes(), |proxy| proxy.is_backend);
            Arg::Proxy(found.ok_or_else(|| args.bad(index, "backend doesn't exist"))?)
        }
        ArgType::Server => server(plan()?, args, index, &string()?.as_bytes())?,
        ArgType::Table => {
            let name = string()?;
            let tables = &plan()?.config.stick_tables;
            let found = tables.iter().position(|table| table.name == *name.as_bytes());
            let id = found.ok_or_else(|| args.bad(index, "table doesn't exist"))?;
            Arg::Table(ir::id::TableId(id as u32))
        }
        ArgType::Userlist => {
            let name = string()?;
            let lists = &plan()?.config.userlists;
            let found = lists.iter().position(|list| list.name == *name.as_bytes());
            let id = found.ok_or_else(|| args.bad(index, "unable to find userlist"))?;
            Arg::Userlist(ir::id::UserlistId(id as u32))
        }
        ArgType::Var => {
            let var = env.names.intern(&string()?.as_bytes());
            Arg::Var(var.ok_or_else(|| args.bad(index, "invalid variable name"))?)
        }
        ArgType::Map | ArgType::Regex | ArgType::PbField => {
            return Err(args.bad(index, "this type of argument is not available in Lua"));
        }
    })
}

fn address(args: &Args, index: usize, text: &[u8], kind: ArgType) -> Answer<Arg> {
    use std::net::IpAddr::{V4, V6};
    Ok(match (kind, convert::address(text)) {
        (ArgType::Ipv4, Some(V4(address))) => Arg::Ipv4(address),
        (ArgType::Mask4, Some(V4(address))) => Arg::Mask4(address),
        (ArgType::Ipv6, Some(V6(address))) => Arg::Ipv6(address),
        (ArgType::Mask4, None) => match base::bytes::parse_u64(text) {
            Some(bits @ 0..=32) => Arg::Mask4(u32::MAX.checked_shl(32 - bits as u32).unwrap_or(0).into()),
            _ => return Err(args.bad(index, "invalid IPv4 mask")),
        },
        (ArgType::Mask6, _) => match base::bytes::parse_u64(text) {
            Some(bits @ 0..=128) => Arg::Mask6(base::net::mask6(bits as u8)),
            _ => return Err(args.bad(index, "invalid IPv6 mask")),
        },
        (ArgType::Ipv6, _) => return Err(args.bad(index, "invalid IPv6 address")),
        _ => return Err(args.bad(index, "invalid IPv4 address")),
    })
}

fn proxy(plan: &Plan, name: &[u8], side: impl Fn(&ir::config::Proxy) -> bool) -> Option<ProxyId> {
    let found = plan.config.proxies.iter().position(|proxy| proxy.name == name && side(proxy));
    found.map(|index| ProxyId(index as u32))
}

/// `backend/server`
fn server(plan: &Plan, args: &Args, index: usize, text: &[u8]) -> Answer<Arg> {
    let slash = text.iter().rposition(|byte| *byte == b'/');
    let (backend, name) = match slash {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => return Err(args.bad(index, "server doesn't exist")),
    };
    let id = proxy(plan, backend, |proxy| proxy.is_backend)
        .ok_or_else(|| args.bad(index, "backend doesn't exist"))?;
    let found = plan.settings(id).servers.iter().position(|server| server.name == name);
    let server = found.ok_or_else(|| args.bad(index, "server doesn't exist"))?;
    Ok(Arg::Server(id, ServerId(server as u32)))
}
