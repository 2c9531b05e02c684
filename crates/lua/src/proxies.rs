//! `core.proxies`, `core.frontends` and `core.backends`: the names and settings of proxies and
//! their servers. Left out: statistics, and what changes a proxy or a server.

use ir::config::{Mode, Proxy};
use mlua::{Lua, Result, Table};
use state::Plan;

use crate::vm::Vm;

/// Fills the three tables once the configuration is known.
pub(crate) fn fill(vm: &Vm, plan: &'static Plan) -> Result<()> {
    let lua = &vm.lua;
    let core: Table = lua.globals().raw_get("core")?;
    let (all, frontends, backends): (Table, Table, Table) =
        (core.raw_get("proxies")?, core.raw_get("frontends")?, core.raw_get("backends")?);
    for proxy in &plan.config.proxies {
        let object = object(lua, proxy)?;
        let name = lua.create_string(&proxy.name)?;
        all.raw_set(&name, &object)?;
        if proxy.is_frontend {
            frontends.raw_set(&name, &object)?;
        }
        if proxy.is_backend {
            backends.raw_set(&name, &object)?;
        }
    }
    Ok(())
}

/// A method that gives a fixed string.
fn constant(lua: &Lua, table: &Table, name: &str, value: &[u8]) -> Result<()> {
    let value = lua.create_string(value)?;
    table.raw_set(name, lua.create_function(move |_, ()| Ok(value.clone()))?)
}

fn object(lua: &Lua, proxy: &Proxy) -> Result<Table> {
    let object = lua.create_table()?;
    object.raw_set("name", lua.create_string(&proxy.name)?)?;
    object.raw_set("uuid", proxy.id)?;
    constant(lua, &object, "get_name", &proxy.name)?;
    let id = proxy.id;
    object.raw_set("get_uuid", lua.create_function(move |_, ()| Ok(id))?)?;
    let cap: &[u8] = match (proxy.is_frontend, proxy.is_backend) {
        (true, true) => b"proxy",
        (true, false) => b"frontend",
        (false, true) => b"backend",
        (false, false) => b"none",
    };
    constant(lua, &object, "get_cap", cap)?;
    let mode: &[u8] = match proxy.mode {
        Mode::Tcp => b"tcp",
        Mode::Http => b"http",
        Mode::Log => b"syslog",
        Mode::Spop => b"spop",
        Mode::Haterm => b"haterm",
    };
    constant(lua, &object, "get_mode", mode)?;
    let servers = lua.create_table()?;
    for server in &proxy.servers {
        let entry = lua.create_table()?;
        entry.raw_set("name", lua.create_string(&server.name)?)?;
        entry.raw_set("puid", server.id.to_string())?;
        constant(lua, &entry, "get_name", &server.name)?;
        constant(lua, &entry, "get_puid", server.id.to_string().as_bytes())?;
        let backup = server.backup;
        entry.raw_set("is_backup", lua.create_function(move |_, ()| Ok(backup))?)?;
        servers.raw_set(lua.create_string(&server.name)?, entry)?;
    }
    object.raw_set("servers", servers)?;
    Ok(object)
}
