//! Look-ups of proxies and servers by a name that is only known at run time. A name `#2` is a
//! number.

use ir::id::ProxyId;
use ir::types::SampleType::{Bool, Sint, Str};
use state::live::{LiveServer, ServerState};
use state::sample::{Arg, leading_number};
use state::{Stream, Value};

use crate::row::{Converter, Example};

pub const ROWS: &[Converter] = &[
    Converter::new("fe_exists", Str, Bool, "Whether there is a frontend of that name", fe_exists)
        .examples(&[Example::new("web", &[], "1"), Example::new("x", &[], "0")]),
    Converter::new("nbsrv", Str, Sint, "The number of usable servers of the backend of that name", nbsrv)
        .examples(&[Example::new("web", &[], "1"), Example::new("#2", &[], "1"), Example::none("x", &[])]),
    Converter::new("srv_is_up", Str, Bool, "Whether a server, `backend/server`, is up", is_up).examples(&[
        Example::new("web/s1", &[], "1"),
        Example::new("s1", &[], "1"),
        Example::none("web/x", &[]),
    ]),
    Converter::new("srv_queue", Str, Sint, "Streams in the queue of a server, `backend/server`", queue)
        .examples(&[
            Example::new("web/s1", &[], "0"),
            Example::new("#2/#1", &[], "0"),
            Example::none("x/s1", &[]),
        ]),
];

fn name(value: Value<'_>) -> Option<&[u8]> {
    match value {
        Value::Str(name) => Some(name),
        _ => None,
    }
}

/// Whether a configured name or number is meant.
fn is_meant(wanted: &[u8], name: &[u8], number: i64) -> bool {
    match wanted.strip_prefix(b"#") {
        Some(wanted) => leading_number(wanted) == number,
        None => wanted == name,
    }
}

fn proxy(stream: &Stream, name: &[u8], wanted: fn(&ir::config::Proxy) -> bool) -> Option<ProxyId> {
    let proxies = &stream.plan.config.proxies;
    let is_it = |proxy: &ir::config::Proxy| wanted(proxy) && is_meant(name, &proxy.name, proxy.id.into());
    let index = proxies.iter().position(is_it)?;
    u32::try_from(index).ok().map(ProxyId)
}

/// The server `backend/server`, or `server` of the proxy at hand.
fn server<'a>(stream: &'a Stream, path: &[u8]) -> Option<&'a LiveServer> {
    let (backend, name) = match memchr::memchr(b'/', path) {
        Some(slash) => (proxy(stream, &path[..slash], |proxy| proxy.is_backend)?, &path[slash + 1..]),
        None => (stream.rules_of, path),
    };
    let servers = &stream.plan.settings(backend).servers;
    let index = servers.iter().position(|server| is_meant(name, &server.name, server.id.into()))?;
    stream.plan.live.proxies.get(backend.index())?.servers.get(index)
}

fn fe_exists<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    Some(Value::Bool(proxy(stream, name(value)?, |proxy| proxy.is_frontend).is_some()))
}

fn nbsrv<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let backend = proxy(stream, name(value)?, |proxy| proxy.is_backend)?;
    let live = stream.plan.live.proxies.get(backend.index())?;
    Some(Value::Sint(live.servers.iter().filter(|server| server.is_usable()).count() as i64))
}

/// One that only gets no new clients is up.
fn is_up<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let state = server(stream, name(value)?)?.state();
    Some(Value::Bool(matches!(state, ServerState::Up | ServerState::Drain)))
}

fn queue<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    Some(Value::Sint(i64::from(server(stream, name(value)?)?.queue.get())))
}
