//! `core.proxies`, `core.frontends` and `core.backends`, with the Proxy and Server classes.
//!
//! Left out, and so nil: listeners, statistics, checks, agents, mailers, events, and what stops
//! or pauses a proxy.

use ir::config::{Mode, Proxy, Server};
use ir::expr::Address;
use ir::id::ProxyId;
use mlua::{Lua, Result, Table, UserData};
use state::Plan;
use state::live::{LiveServer, ServerState};

use crate::shim::{Answer, Args, Functions, Results, Shims};
use crate::vm::Vm;

/// The host's part of a Proxy object.
struct ProxyHandle {
    plan: &'static Plan,
    id: ProxyId,
}

impl UserData for ProxyHandle {}

impl ProxyHandle {
    fn settings(&self) -> &'static Proxy {
        self.plan.settings(self.id)
    }

    /// How many servers of one kind take traffic.
    fn usable(&self, backup: bool) -> usize {
        let live = &self.plan.live.proxies[self.id.index()].servers;
        let servers = self.settings().servers.iter().zip(live);
        servers.filter(|(server, live)| server.backup == backup && live.is_usable()).count()
    }
}

/// The host's part of a Server object.
struct ServerHandle {
    settings: &'static Server,
    live: &'static LiveServer,
}

impl UserData for ServerHandle {}

/// An iterator of a list in the order of the configuration, for `__pairs`.
const IN_ORDER: &str = "
    local list, order = ...
    return function()
        local at = 0
        return function()
            at = at + 1
            local name = order[at]
            if name ~= nil then return name, list[name] end
        end
    end";

/// Objects by name that are gone through in the order of their addition.
struct List {
    table: Table,
    order: Table,
}

impl List {
    /// An empty one of this class, or one that takes the place of `table`'s content.
    fn new(lua: &Lua, table: Table, class: &str) -> Result<Self> {
        let (order, metatable) = (lua.create_table()?, lua.create_table()?);
        let pairs: mlua::Function = lua.load(IN_ORDER).set_name("=hxproxy").call((&table, &order))?;
        metatable.raw_set("__pairs", pairs)?;
        let text = format!("HAProxy class {class}");
        metatable.raw_set("__tostring", lua.create_function(move |_, ()| Ok(text.clone()))?)?;
        table.set_metatable(Some(metatable))?;
        Ok(Self { table, order })
    }

    fn add(&self, lua: &Lua, name: &[u8], object: &Table) -> Result<()> {
        let name = lua.create_string(name)?;
        self.table.raw_set(&name, object)?;
        self.order.raw_push(name)
    }
}

/// The metatables of a state.
pub(crate) struct Classes {
    proxy: Table,
    server: Table,
}

pub(crate) fn classes(lua: &Lua, shims: &Shims) -> Result<Classes> {
    Ok(Classes { proxy: proxy_class(lua, shims)?, server: server_class(lua, shims)? })
}

/// Makes the three tables, which are empty while the configuration is read.
pub(crate) fn install(lua: &Lua) -> Result<()> {
    let core: Table = lua.globals().raw_get("core")?;
    for name in ["proxies", "frontends", "backends"] {
        core.raw_set(name, List::new(lua, lua.create_table()?, "ProxyList")?.table)?;
    }
    Ok(())
}

/// Fills the three tables once the configuration is known.
pub(crate) fn fill(vm: &Vm, plan: &'static Plan) -> Result<()> {
    let (lua, core) = (&vm.lua, vm.lua.globals().raw_get::<Table>("core")?);
    let list = |name: &str| List::new(lua, core.raw_get(name)?, "ProxyList");
    let (all, frontends, backends) = (list("proxies")?, list("frontends")?, list("backends")?);
    for (index, proxy) in plan.config.proxies.iter().enumerate() {
        let object = object(lua, &vm.classes.proxies, plan, ProxyId(index as u32))?;
        all.add(lua, &proxy.name, &object)?;
        if proxy.is_frontend {
            frontends.add(lua, &proxy.name, &object)?;
        }
        if proxy.is_backend {
            backends.add(lua, &proxy.name, &object)?;
        }
    }
    Ok(())
}

fn object(lua: &Lua, classes: &Classes, plan: &'static Plan, id: ProxyId) -> Result<Table> {
    let (proxy, object) = (plan.settings(id), lua.create_table()?);
    object.raw_set(0, lua.create_userdata(ProxyHandle { plan, id })?)?;
    object.raw_set("name", lua.create_string(&proxy.name)?)?;
    object.raw_set("uuid", proxy.id.to_string())?;
    object.set_metatable(Some(classes.proxy.clone()))?;
    let servers = List::new(lua, lua.create_table()?, "ServerList")?;
    for (settings, live) in proxy.servers.iter().zip(&plan.live.proxies[id.index()].servers) {
        let entry = lua.create_table()?;
        entry.raw_set(0, lua.create_userdata(ServerHandle { settings, live })?)?;
        entry.raw_set("name", lua.create_string(&settings.name)?)?;
        entry.raw_set("puid", settings.id.to_string())?;
        entry.raw_set("proxy", &object)?;
        entry.set_metatable(Some(classes.server.clone()))?;
        servers.add(lua, &settings.name, &entry)?;
    }
    object.raw_set("servers", servers.table)?;
    Ok(object)
}

fn proxy_class(lua: &Lua, shims: &Shims) -> Result<Table> {
    let functions = Functions::class(lua, shims)?;
    let settings = |args: &Args| args.this::<ProxyHandle>().map(|this| this.settings());
    functions.add(
        "get_name",
        Results::One,
        move |lua, args| Ok(lua.create_string(&settings(args)?.name)?),
    )?;
    functions.add("get_uuid", Results::One, move |_, args| Ok(settings(args)?.id.to_string()))?;
    functions.add("get_cap", Results::One, move |_, args| {
        let proxy = settings(args)?;
        Ok(match (proxy.is_frontend, proxy.is_backend) {
            (true, true) => "proxy",
            (true, false) => "frontend",
            (false, true) => "backend",
            (false, false) => "none",
        })
    })?;
    functions.add("get_mode", Results::One, move |_, args| {
        Ok(match settings(args)?.mode {
            Mode::Tcp => "tcp",
            Mode::Http => "http",
            Mode::Log => "syslog",
            Mode::Spop => "spop",
            Mode::Haterm => "haterm",
        })
    })?;
    for (name, backup) in [("get_srv_act", false), ("get_srv_bck", true)] {
        functions.add(name, Results::One, move |_, args| Ok(args.this::<ProxyHandle>()?.usable(backup)))?;
    }
    functions.into_class("Proxy")
}

fn server_class(lua: &Lua, shims: &Shims) -> Result<Table> {
    let functions = Functions::class(lua, shims)?;
    let settings = |args: &Args| args.this::<ServerHandle>().map(|this| this.settings);
    let live = |args: &Args| args.this::<ServerHandle>().map(|this| this.live);
    functions.add(
        "get_name",
        Results::One,
        move |lua, args| Ok(lua.create_string(&settings(args)?.name)?),
    )?;
    functions.add("get_puid", Results::One, move |_, args| Ok(settings(args)?.id.to_string()))?;
    functions
        .add("get_addr", Results::One, move |lua, args| Ok(lua.create_string(address(settings(args)?))?))?;
    functions.add("get_proxy", Results::One, |_, args| Ok(args.object()?.raw_get::<Table>("proxy")?))?;
    functions.add("is_backup", Results::One, move |_, args| Ok(settings(args)?.backup))?;
    // The revision of a server that was there from the start; there are no others.
    functions.add("get_rid", Results::One, move |_, args| live(args).map(|_| "0"))?;
    functions.add("is_dynamic", Results::One, move |_, args| live(args).map(|_| false))?;
    functions.add("is_draining", Results::One, move |_, args| {
        let live = live(args)?;
        Ok(live.state() == ServerState::Drain || live.weight() == 0)
    })?;
    functions.add("get_weight", Results::One, move |_, args| Ok(live(args)?.weight()))?;
    functions.add("get_maxconn", Results::One, move |_, args| Ok(live(args)?.connections.limit()))?;
    functions.add("get_cur_sess", Results::One, move |_, args| Ok(live(args)?.connections.get()))?;
    functions.add("get_pend_conn", Results::One, move |_, args| Ok(live(args)?.queue.get()))?;
    for (name, state) in [
        ("set_ready", ServerState::Up),
        ("set_drain", ServerState::Drain),
        ("set_maint", ServerState::Maintenance),
    ] {
        functions.add(name, Results::None, move |_, args| live(args).map(|live| live.set_state(state)))?;
    }
    functions.add("set_weight", Results::One, |lua, args| {
        let this = args.this::<ServerHandle>()?;
        Ok(match weight(&args.string(lua, 1)?.as_bytes(), this.settings.weight) {
            Ok(weight) => {
                this.live.set_weight(weight);
                None
            }
            Err(text) => Some(text),
        })
    })?;
    functions.add("set_maxconn", Results::None, |lua, args| {
        let limit = u32::try_from(args.integer(lua, 1)?).map_err(|_| args.bad(1, "out of range"))?;
        let answer: Answer<()> =
            args.this::<ServerHandle>().map(|this| this.live.connections.set_limit(limit));
        answer
    })?;
    functions.into_class("Server")
}

/// As `show servers` and the log have it: no brackets around an IPv6 address.
fn address(server: &Server) -> Vec<u8> {
    match &server.address {
        Some(Address::Ip(ip, port)) => format!("{ip}:{port}").into_bytes(),
        Some(Address::Unix(path)) => path.clone(),
        _ => server.address_text.clone(),
    }
}

/// A weight from 0 to 256, or a percentage of the `initial` one.
fn weight(text: &[u8], initial: u32) -> std::result::Result<u32, &'static str> {
    const GARBAGE: &str = "Empty weight string empty or preceded by garbage";
    let (digits, relative) = match text.strip_suffix(b"%") {
        Some(digits) => (digits, true),
        None => (text, false),
    };
    let number = base::bytes::parse_u64(digits).ok_or(GARBAGE)?;
    let weight = if relative { number.saturating_mul(u64::from(initial)) / 100 } else { number };
    match u32::try_from(weight) {
        Ok(weight @ 0..=256) => Ok(weight),
        _ if relative => Ok(256),
        _ => Err("Absolute weight can only be between 0 and 256 inclusive"),
    }
}

#[cfg(test)]
mod tests {
    use super::weight;

    #[test]
    fn weights() {
        let check = |text: &str, expected: Option<u32>| {
            assert_eq!(weight(text.as_bytes(), 20).ok(), expected, "{text}");
        };
        check("5", Some(5));
        check("256", Some(256));
        check("257", None);
        check("50%", Some(10));
        check("100%", Some(20));
        check("100000%", Some(256));
        check("", None);
        check("x", None);
        check("-1", None);
    }
}
