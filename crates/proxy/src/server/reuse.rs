//! Idle connections: when one may serve a stream (`http-reuse`), and what keeps those of one server
//! apart.

use ir::config::HttpReuse;
use ir::id::{ProxyId, ServerId};
use net::pool::Kept;
use state::stream::Stream;

use super::choose::choose;
use super::link::note_link;
use super::queue::Turn;
use super::{Attempts, ServerConn, backend};
use crate::proxy_header;
use crate::worker::Worker;

/// An idle connection, where `http-reuse` allows one for this request and its server has a place.
pub fn reuse(worker: &Worker, stream: &mut Stream, attempts: &mut Attempts) -> Option<ServerConn> {
    let id = backend(stream);
    let first = stream.session.requests.get() <= 1;
    let allowed = match stream.plan.settings(id).http_reuse {
        HttpReuse::Never => false,
        HttpReuse::Safe | HttpReuse::Aggressive => !first,
        HttpReuse::Always => true,
    };
    if !allowed || attempts.fresh {
        return None;
    }
    let server = choose(stream, attempts)?;
    attempts.next = Some(server);
    let live = &stream.plan.live.proxies[id.index()];
    if live.queue.get() > 0 || !live.servers[server.index()].connections.try_enter() {
        return None;
    }
    let turn = Turn { plan: stream.plan, backend: id, server };
    let mark = mark(stream, id, server);
    let Kept { io, served } = worker.pool.take(worker.server_number(id, server), mark)?;
    stream.server = Some(server);
    let now = stream.now;
    turn.live().stream_rate.count(worker.thread, now);
    stream.timing.dequeued.get_or_insert(now);
    stream.timing.connected = Some(now);
    note_link(stream, &io, served);
    Some(ServerConn::new(io, true, mark, turn))
}

/// What keeps connections of one server apart: the PROXY header that was sent in front, and the
/// server name that TLS asked for. 0 where neither is sent.
pub fn mark(stream: &Stream, backend: ProxyId, server: ServerId) -> u64 {
    let plan = stream.plan.proxy(backend);
    let header = plan.server_proxy[server.index()].as_ref();
    let sni = plan.server_sni[server.index()].as_ref();
    if header.is_none() && sni.is_none() {
        return 0;
    }
    let of_header = header.map_or(0, |header| {
        let mut bytes = Vec::new();
        proxy_header::write(stream, header, &mut bytes);
        base::hash::xxh64(&bytes, 0)
    });
    let name = match sni.map(|sni| sni.eval(stream)) {
        Some(Ok(name)) => name.to_text(&stream.arena),
        _ => b"",
    };
    base::hash::xxh64(name, of_header) | 1
}
