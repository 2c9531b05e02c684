//! Idle connections: when one may serve a stream (`http-reuse`), what keeps those of one server
//! apart, and which belong to one client alone.

use std::net::SocketAddr;

use ir::config::{HttpReuse, retry};
use ir::id::{ProxyId, ServerId};
use net::pool::{Kept, Used, Wanted};
use state::session::Mux;
use state::stream::Stream;

use super::choose::choose;
use super::connect::destination;
use super::link::note_link;
use super::queue::Turn;
use super::{Attempts, ServerConn, backend, redirect, source, version};
use crate::buffers::Lent;
use crate::mux::h1::H1Server;
use crate::mux::h2::H2Server;
use crate::mux::h2::reverse::{self, Target};
use crate::proxy_header;
use crate::upstream::Upstream;
use crate::worker::Worker;

/// An idle connection, where `http-reuse` allows one for this request and its server has a place.
/// Without one, server and place are kept for the connection that has to be made.
pub fn reuse(worker: &Worker, stream: &mut Stream, attempts: &mut Attempts) -> Option<ServerConn> {
    if attempts.fresh {
        return None;
    }
    let id = backend(stream);
    let server = choose(worker, stream, attempts)?;
    attempts.next = Some(server);
    let turn = Turn::take(stream, id, server, stream.persist.server.is_some())?;
    match reuse_with(worker, stream, attempts, turn) {
        Ok(conn) => Some(conn),
        Err(turn) => {
            attempts.turn = Some(turn);
            None
        }
    }
}

/// An idle connection to the server of a place that was taken; gives the place back without one.
pub fn reuse_with(
    worker: &Worker,
    stream: &mut Stream,
    attempts: &mut Attempts,
    turn: Turn,
) -> Result<ServerConn, Turn> {
    let settings = &stream.plan.settings(turn.backend).servers[turn.server.index()];
    if !version::fits(stream, settings) || redirect::prefix(stream, turn.server).is_some() {
        return Err(turn);
    }
    let number = worker.server_number(turn.backend, turn.server);
    // Nothing to look for: the hash is made when the connection is.
    let none = !worker.pool.has_idle(number)
        && worker.links.is_empty(number)
        && !settings.reverse
        && stream.session.private_conns.get().is_none();
    let tag = if none { 0 } else { mark(stream, turn.backend, turn.server) };
    let Some(found) = (if none { None } else { find(worker, stream, turn.server, tag) }) else {
        return Err(turn);
    };
    let Found { upstream, served, used, private } = found;
    stream.server = Some(turn.server);
    attempts.note(stream, turn.server);
    turn.live().stream_rate.count(worker.thread, stream.now);
    stream.timing.dequeued.get_or_insert(stream.now);
    stream.timing.connected = Some(stream.now);
    note_link(stream, &upstream, served);
    let mut conn = ServerConn::new(upstream, true, (tag, used), turn);
    conn.private |= private;
    Ok(conn)
}

/// An idle connection for a stream.
struct Found {
    upstream: Upstream,
    /// Streams that it served.
    served: u32,
    used: Option<Used>,
    /// It is the client's own.
    private: bool,
}

/// With these a request that finds its connection closed is sent again.
const REPEATED: u32 = retry::CONN_FAILURE | retry::EMPTY_RESPONSE | retry::RESPONSE_TIMEOUT;

/// The client's own connection, else one that the mode allows. A first request, which the client
/// would not repeat by itself, wants a connection that has proved to be kept open.
fn find(worker: &Worker, stream: &Stream, server: ServerId, tag: u64) -> Option<Found> {
    let backend = backend(stream);
    let settings = stream.plan.settings(backend);
    let number = worker.server_number(backend, server);
    let bold = !is_first(stream) || settings.retry_on & REPEATED == REPEATED;
    if let Some(lease) = worker.links.take(number, tag, &stream.session, bold) {
        let served = lease.served() - 1;
        let upstream = Upstream::H2(Box::new(H2Server::new(lease)));
        return Some(Found { upstream, served, used: None, private: false });
    }
    if settings.servers[server.index()].reverse {
        let rules = reverse::rules(worker, Target { backend, server, mark: tag });
        let lease = worker.links.adopt(worker.offers(), (number, tag), rules, &stream.session)?;
        let upstream = Upstream::H2(Box::new(H2Server::new(lease)));
        return Some(Found { upstream, served: 0, used: None, private: false });
    }
    let own = worker.pool.take_private(&stream.session.private_conns, number, tag);
    let private = own.is_some();
    let (Kept { io, served, glitches }, used) =
        own.or_else(|| find_kept(worker, stream, number, tag, bold))?;
    let mut server = H1Server::new(io);
    server.glitches = glitches;
    Some(Found { upstream: Upstream::H1(server), served, used: Some(used), private })
}

/// The same among those that one stream at a time may use.
fn find_kept(worker: &Worker, stream: &Stream, number: usize, tag: u64, bold: bool) -> Option<(Kept, Used)> {
    let pool = &worker.pool;
    match stream.plan.settings(backend(stream)).http_reuse {
        HttpReuse::Never => None,
        _ if bold => pool.take(number, tag, Wanted::Any),
        HttpReuse::Safe => None,
        HttpReuse::Aggressive => pool.take(number, tag, Wanted::Proven),
        HttpReuse::Always => {
            pool.take(number, tag, Wanted::Proven).or_else(|| pool.take(number, tag, Wanted::Any))
        }
    }
}

/// Whether it is the first request of an HTTP/1 connection: a client does not repeat that by itself
/// where it is not answered.
pub fn is_first(stream: &Stream) -> bool {
    stream.session.mux.get() == Mux::Http1 && stream.mux_id == 0
}

/// The mark of a connection that a server made to us and gave a name.
pub fn mark_of_name(name: &[u8]) -> u64 {
    if name.is_empty() { 0 } else { mix(0, Part::Name, name) }
}

fn mix(mark: u64, part: Part, bytes: &[u8]) -> u64 {
    base::hash::xxh64(bytes, mark.rotate_left(8) ^ part as u64)
}

/// What is hashed, so that no two things are taken for each other.
#[derive(Clone, Copy)]
enum Part {
    Name = 1,
    Destination,
    ProxyHeader,
    Source,
}

/// What keeps connections of one server apart: `pool-conn-name` or the name that TLS asks for, the
/// address where it is not the server's own, the PROXY header in front, a foreign source
/// and marks. 0 where there is nothing.
pub fn mark(stream: &Stream, backend: ProxyId, server: ServerId) -> u64 {
    let plan = stream.plan.proxy(backend);
    let settings = &stream.plan.settings(backend).servers[server.index()];
    let mut mark = 0u64;
    let mut mix = |part: Part, bytes: &[u8]| mark = mix(mark, part, bytes);
    if let Some(Ok(name)) = plan.server_names[server.index()].as_ref().map(|expr| expr.eval(stream)) {
        let name = name.to_text(&stream.arena);
        if !name.is_empty() {
            mix(Part::Name, name);
        }
    }
    match destination(stream, settings) {
        Some(SocketAddr::V4(to)) => {
            mix(
                Part::Destination,
                &(u64::from(to.ip().to_bits()) << 16 | u64::from(to.port())).to_ne_bytes(),
            );
        }
        Some(SocketAddr::V6(to)) => {
            mix(Part::Destination, &to.ip().octets());
            mix(Part::Destination, &to.port().to_ne_bytes());
        }
        None => {}
    }
    if let Some(header) = &plan.server_proxy[server.index()] {
        let mut bytes = Lent::default();
        proxy_header::write(stream, header, bytes.get());
        mix(Part::ProxyHeader, &bytes);
    }
    if let Some(source) = source::told_apart(stream, backend, server) {
        mix(Part::Source, &source.to_ne_bytes());
    }
    mark
}

/// A server that asks for Negotiate or NTLM authenticates the connection: nobody else may use it,
/// and the client's next requests go to the same server.
pub fn note_authentication(stream: &Stream, server: &mut ServerConn) {
    let field: &[u8] = match stream.res.status() {
        401 => b"www-authenticate",
        407 => b"proxy-authenticate",
        _ => return,
    };
    let asks = |value: &[u8]| {
        value
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case(b"nego") || start.eq_ignore_ascii_case(b"ntlm"))
    };
    if stream
        .res
        .get_all(field)
        .flat_map(|value| value.split(|byte| *byte == b','))
        .any(|value| asks(value.trim_ascii()))
    {
        server.make_private(&stream.session);
        stream.session.keeps_server.set(true);
    }
}
