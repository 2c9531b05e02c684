//! Frontends, backends and servers: their names, limits and live numbers (manual, section
//! 7.3.2).

use ir::config::Proxy;
use ir::id::ProxyId;
use ir::spec::ArgType;
use ir::types::SampleType::{Bool, Sint, Str};
use state::live::{LiveProxy, LiveServer};
use state::sample::{Arg, Cursor, Fetched};
use state::{Missing, Stream, Value};

use super::at;
use crate::row::{Example, Fetch};

const BACKEND: &[ArgType] = &[ArgType::Backend];
const SERVER: &[ArgType] = &[ArgType::Server];

pub const ROWS: &[Fetch] = &[
    Fetch::new("avg_queue", Sint, at::INTERNAL, "Streams in the backend's queue for each server", avg_queue)
        .args(1, BACKEND)
        .examples(&[Example::new("", &["web"], "0")]),
    Fetch::new("be_conn", Sint, at::INTERNAL, "The number of streams of a backend", be_conn)
        .args(1, BACKEND)
        .examples(&[Example::new("", &["web"], "0")]),
    Fetch::new("be_conn_free", Sint, at::INTERNAL, "Free places of all servers; -1: no limit", be_conn_free)
        .args(1, BACKEND)
        .examples(&[Example::new("", &["web"], "-1")]),
    Fetch::new("be_id", Sint, at::BACKEND, "The backend's number", be_id).examples(&[Example::new(
        "",
        &[],
        "2",
    )]),
    Fetch::new("be_name", Str, at::BACKEND, "The backend's name", be_name).examples(&[Example::new(
        "",
        &[],
        "web",
    )]),
    Fetch::new(
        "be_sess_rate",
        Sint,
        at::INTERNAL,
        "Streams that came to a backend in a second",
        be_sess_rate,
    )
    .args(1, BACKEND)
    .examples(&[Example::new("", &["web"], "0")]),
    Fetch::new("connslots", Sint, at::INTERNAL, "Free places and queue places of all servers", connslots)
        .args(1, BACKEND)
        .examples(&[Example::new("", &["web"], "-1")]),
    Fetch::new("fe_conn", Sint, at::INTERNAL, "The number of connections of a frontend", fe_conn)
        .args(1, &[ArgType::Frontend])
        .examples(&[Example::new("", &["web"], "0")]),
    Fetch::new("fe_req_rate", Sint, at::INTERNAL, "Requests of a frontend in a second", fe_req_rate)
        .args(1, &[ArgType::Frontend])
        .examples(&[Example::new("", &["web"], "0")]),
    Fetch::new("fe_sess_rate", Sint, at::INTERNAL, "Sessions of a frontend in a second", fe_sess_rate)
        .args(1, &[ArgType::Frontend])
        .examples(&[Example::new("", &["web"], "0")]),
    Fetch::new("nbsrv", Sint, at::INTERNAL, "The number of usable servers of a backend", nbsrv)
        .args(1, BACKEND)
        .examples(&[Example::new("", &["web"], "1")]),
    Fetch::new("queue", Sint, at::INTERNAL, "Streams that wait for any server of a backend", queue)
        .args(1, BACKEND)
        .examples(&[Example::new("", &["web"], "0")]),
    Fetch::new("srv_conn", Sint, at::INTERNAL, "The number of streams of a server", srv_conn)
        .args(1, SERVER)
        .examples(&[Example::new("", &["web/s1"], "0")]),
    Fetch::new("srv_conn_free", Sint, at::INTERNAL, "Free places of a server; -1: no limit", srv_conn_free)
        .args(1, SERVER)
        .examples(&[Example::new("", &["web/s1"], "-1")]),
    Fetch::new("srv_id", Sint, at::SERVER, "The server's number", srv_id).examples(&[Example::none("", &[])]),
    Fetch::new("srv_is_up", Bool, at::INTERNAL, "Whether a server is up", srv_is_up)
        .args(1, SERVER)
        .examples(&[Example::new("", &["web/s1"], "1")]),
    Fetch::new("srv_iweight", Sint, at::INTERNAL, "A server's configured weight", srv_iweight)
        .args(1, SERVER)
        .examples(&[Example::new("", &["web/s1"], "1")]),
    Fetch::new("srv_name", Str, at::SERVER, "The server's name", srv_name)
        .examples(&[Example::none("", &[])]),
    Fetch::new("srv_queue", Sint, at::INTERNAL, "Streams in a server's queue", srv_queue)
        .args(1, SERVER)
        .examples(&[Example::new("", &["web/s1"], "0")]),
    Fetch::new("srv_sess_rate", Sint, at::INTERNAL, "Streams sent to a server in a second", srv_sess_rate)
        .args(1, SERVER)
        .examples(&[Example::new("", &["web/s1"], "0")]),
    Fetch::new("srv_uweight", Sint, at::INTERNAL, "A server's weight as it was last set", srv_weight)
        .args(1, SERVER)
        .examples(&[Example::new("", &["web/s1"], "1")]),
    Fetch::new("srv_weight", Sint, at::INTERNAL, "A server's weight at the moment", srv_weight)
        .args(1, SERVER)
        .examples(&[Example::new("", &["web/s1"], "1")]),
];

fn sint<'a>(number: impl Into<i64>) -> Fetched<'a> {
    Ok(Value::Sint(number.into()))
}

/// The proxy that the argument names, else the one at hand.
fn proxy_id(stream: &Stream, args: &[Arg]) -> ProxyId {
    match args.first() {
        Some(Arg::Proxy(id)) => *id,
        _ => stream.rules_of,
    }
}

fn live<'a>(stream: &'a Stream, args: &[Arg]) -> Result<&'a LiveProxy, Missing> {
    stream.plan.live.proxies.get(proxy_id(stream, args).index()).ok_or(Missing::Absent)
}

fn live_server<'a>(stream: &'a Stream, args: &[Arg]) -> Result<&'a LiveServer, Missing> {
    let Some(Arg::Server(proxy, server)) = args.first() else { return Err(Missing::Absent) };
    let proxy = stream.plan.live.proxies.get(proxy.index());
    proxy.and_then(|proxy| proxy.servers.get(server.index())).ok_or(Missing::Absent)
}

fn usable_servers(live: &LiveProxy) -> u32 {
    live.servers.iter().filter(|server| server.is_usable()).count() as u32
}

fn nbsrv<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    sint(usable_servers(live(stream, args)?))
}

/// All that wait: for any server of the backend and for one.
fn pending(live: &LiveProxy) -> u32 {
    live.queue.get() + live.servers.iter().map(|server| server.queue.get()).sum::<u32>()
}

fn queue<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    sint(pending(live(stream, args)?))
}

fn avg_queue<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let live = live(stream, args)?;
    match usable_servers(live) {
        0 => sint(i64::from(pending(live)) * 2),
        servers => sint(pending(live).div_ceil(servers)),
    }
}

fn be_conn<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    sint(live(stream, args)?.backend.get())
}

fn fe_conn<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    sint(live(stream, args)?.frontend.get())
}

fn free(server: &LiveServer) -> Option<i64> {
    let limit = server.connections.limit();
    (limit > 0).then(|| i64::from(limit.saturating_sub(server.connections.get())))
}

fn be_conn_free<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let id = proxy_id(stream, args);
    let live = live(stream, args)?;
    let settings = stream.plan.settings(id);
    let usable = || live.servers.iter().zip(&settings.servers).filter(|(server, _)| server.is_usable());
    let active = usable().any(|(_, settings)| !settings.backup);
    let backups = if settings.options.allbackups { usize::MAX } else { 1 };
    let counted = usable().filter(|(_, settings)| settings.backup != active);
    let counted = counted.take(if active { usize::MAX } else { backups });
    sint(counted.map(|(server, _)| free(server)).sum::<Option<i64>>().unwrap_or(-1))
}

fn connslots<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let places = |server: &LiveServer| {
        let queue = server.queue.limit();
        (queue > 0)
            .then(|| free(server).map(|free| free + i64::from(queue) - i64::from(server.queue.get())))?
    };
    let up = |server: &&LiveServer| server.state() != state::live::ServerState::Down;
    sint(live(stream, args)?.servers.iter().filter(up).map(places).sum::<Option<i64>>().unwrap_or(-1))
}

fn srv_conn<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    sint(live_server(stream, args)?.connections.get())
}

fn srv_conn_free<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    sint(free(live_server(stream, args)?).unwrap_or(-1))
}

fn srv_queue<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    sint(live_server(stream, args)?.queue.get())
}

fn srv_is_up<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    use state::live::ServerState::{Down, Maintenance};
    Ok(Value::Bool(!matches!(live_server(stream, args)?.state(), Down | Maintenance)))
}

fn srv_weight<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    sint(live_server(stream, args)?.weight())
}

fn srv_iweight<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let Some(Arg::Server(proxy, server)) = args.first() else { return Err(Missing::Absent) };
    let settings = stream.plan.settings(*proxy).servers.get(server.index());
    sint(settings.ok_or(Missing::Absent)?.weight)
}

fn server(stream: &Stream) -> Result<&'static ir::config::Server, Missing> {
    let server = stream.server.and_then(|server| backend(stream).servers.get(server.index()));
    server.ok_or(Missing::Absent)
}

fn srv_id<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    sint(server(stream)?.id)
}

fn srv_name<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Str(&server(stream)?.name))
}

fn backend(stream: &Stream) -> &'static Proxy {
    stream.plan.settings(stream.backend.unwrap_or(stream.session.frontend))
}

fn be_id<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    sint(backend(stream).id)
}

fn be_name<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Str(&backend(stream).name))
}

fn be_sess_rate<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    sint(live(stream, args)?.stream_rate.read(stream.now))
}

fn fe_req_rate<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    sint(live(stream, args)?.request_rate.read(stream.now))
}

fn fe_sess_rate<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    sint(live(stream, args)?.session_rate.read(stream.now))
}

fn srv_sess_rate<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    sint(live_server(stream, args)?.stream_rate.read(stream.now))
}
