//! The server's side of a stream: choosing a server, waiting for its turn, reusing an idle
//! connection or making one, with HAProxy's retries and redispatch.

use std::future::Future;
use std::os::fd::AsRawFd;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use ir::config::{HttpReuse, Server};
use ir::expr::Address;
use ir::id::{ProxyId, ServerId};
use net::clock::now_ms;
use net::connect::{self, Target};
use net::io::Io;
use net::pool::Kept;
use net::tcp_info;
use net::timer::Timer;
use net::tls::{ClientContext, Failed, Tls};
use proto::h1::{Body, Progress};
use proto::message::Framing;
use state::TlsParts;
use state::balance;
use state::ends::{End, Endpoint};
use state::link::{ConnError, ServerLink, TcpInfo};
use state::live::LiveServer;
use state::plan::Plan;
use state::stream::Stream;
use state::termination::{Cause, State};
use state::tls::TlsFacts;

use crate::body::H1Source;
use crate::conn::Conn;
use crate::deadline::Deadline;
use crate::proxy_header;
use crate::worker::Worker;

/// A connection to a server, in use by one stream.
pub struct ServerConn {
    pub conn: Conn,
    /// The response's body.
    pub source: H1Source,
    pub progress: Progress,
    /// It served another stream before: the server may have closed it meanwhile.
    pub reused: bool,
    /// How payload of the request's body is framed.
    pub chunked: bool,
    /// What keeps it apart from other connections of its server: see [`mark`].
    mark: u64,
    turn: Turn,
}

/// One of the server's `maxconn` places.
struct Turn {
    plan: &'static Plan,
    backend: ProxyId,
    server: ServerId,
}

impl Turn {
    fn live(&self) -> &'static LiveServer {
        &self.plan.live.proxies[self.backend.index()].servers[self.server.index()]
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.live().connections.leave();
        self.plan.live.proxies[self.backend.index()].waiting.wake_one();
    }
}

impl ServerConn {
    fn new(io: Io, reused: bool, mark: u64, turn: Turn) -> Self {
        Self {
            conn: Conn::new(io),
            source: H1Source::new(Body::new(Framing::None, 0)),
            progress: Progress::default(),
            reused,
            chunked: false,
            mark,
            turn,
        }
    }

    /// Once the server answered: keeps the TLS session of a new connection for the next one.
    pub fn keep_tls_session(&self, worker: &Worker) {
        let Some(tls) = self.conn.io.tls().filter(|_| !self.reused) else { return };
        let Turn { backend, server, .. } = self.turn;
        let resumes = worker.tls_server(backend, server).is_some_and(ClientContext::resumes);
        if resumes && let Some(session) = tls.session() {
            worker.set_tls_session(worker.server_number(backend, server), Some(session));
        }
    }

    /// Once the server answered: shows the stream the keys of the session that came with it.
    pub fn renew_tls_keys(&mut self, stream: &mut Stream) {
        if !stream.plan.needs.server_tls.has(TlsParts::KEYS) {
            return;
        }
        let (Some(link), Some(tls)) = (&mut stream.server_link, self.conn.io.tls_mut()) else { return };
        link.tls = None;
        tls.renew_keys();
        link.tls = tls.facts().cloned();
    }

    /// Keeps the connection for other streams.
    pub fn keep(self, worker: &Worker, stream: &Stream) {
        let Self { conn, turn, mark, .. } = self;
        let settings = &worker.plan.settings(turn.backend);
        if settings.http_reuse != HttpReuse::Never {
            let served = stream.server_link.as_ref().map_or(0, |link| link.served) + 1;
            let idle = Kept { io: conn.io, served };
            worker.pool.put(worker.server_number(turn.backend, turn.server), mark, idle, stream.now);
        }
    }
}

/// Why there is no server connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreachable {
    pub cause: Cause,
    pub state: State,
}

/// Says whether the client has left, while a server is waited for (`option abortonclose`).
pub type Gone<'a> = dyn FnMut(&mut Context<'_>) -> bool + 'a;

/// The attempts of one stream to reach a server.
pub struct Attempts {
    left: u32,
    /// The server that failed last and is to be avoided.
    avoid: Option<ServerId>,
    /// The server to try next, if that is decided: the same one again, or one that was chosen for
    /// its idle connections and had none.
    next: Option<ServerId>,
    /// A reused connection turned out stale: make a new one.
    pub fresh: bool,
}

impl Attempts {
    pub fn new(stream: &Stream) -> Self {
        Self { left: stream.max_retries(), avoid: None, next: None, fresh: false }
    }

    /// Chooses between another attempt and giving up: which server is next, and `true` for
    /// another attempt.
    pub fn again(&mut self, stream: &mut Stream) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        stream.counts.retries += 1;
        let settings = stream.plan.settings(backend(stream));
        stream.counts.redispatched = redispatches(settings.redispatch.0, stream.max_retries(), self.left);
        (self.avoid, self.next) =
            if stream.counts.redispatched { (stream.server, None) } else { (None, stream.server) };
        true
    }
}

/// Waits before the same server is tried again: one that refuses is not hammered. A second, or
/// less with a short `timeout connect`. `Err`: the client left meanwhile.
async fn pause(stream: &Stream, timer: &mut Timer, gone: &mut Gone<'_>) -> Result<(), ()> {
    let limit = stream.connect_timeout();
    Deadline::after(now_ms(), Some(limit.map_or(1000, |limit| limit.min(1000)))).set(timer);
    std::future::poll_fn(|cx| {
        if gone(cx) {
            return Poll::Ready(Err(()));
        }
        timer.poll_expired(cx).map(|()| Ok(()))
    })
    .await
}

/// Whether this retry may go to another server (`option redispatch`, manual): `interval` n is
/// every nth retry, -n is the nth last one, 0 is never.
fn redispatches(interval: i32, retries: u32, left: u32) -> bool {
    let done = retries - left;
    match interval {
        0 => false,
        n if n < 0 => left < n.unsigned_abs(),
        n => done.is_multiple_of(n.unsigned_abs()),
    }
}

/// The backend that was chosen.
pub fn backend(stream: &Stream) -> ProxyId {
    stream.backend.unwrap_or(stream.session.frontend)
}

/// Makes a new connection for the stream: sets `stream.server` and its times.
pub async fn acquire(
    worker: &Worker,
    stream: &mut Stream,
    timer: &mut Timer,
    attempts: &mut Attempts,
    gone: &mut Gone<'_>,
) -> Result<ServerConn, Unreachable> {
    let unreachable = |cause| Unreachable { cause, state: State::Connect };
    loop {
        let turn = wait_turn(stream, timer, attempts, gone).await?;
        stream.timing.dequeued.get_or_insert_with(now_ms);
        stream.wakes += 1;
        turn.live().stream_rate.count(worker.thread, stream.now);
        match connect(worker, stream, timer, turn.server, gone).await {
            Ok(io) => {
                stream.now = now_ms();
                stream.timing.connected = Some(stream.now);
                note_link(stream, &io, 0);
                let mark = mark(stream, turn.backend, turn.server);
                return Ok(ServerConn::new(io, false, mark, turn));
            }
            Err(Refused { cause, error, tls }) => {
                drop(turn);
                let last_info = Some(TcpInfo::default());
                stream.server_link = Some(ServerLink { error, tls, last_info, ..ServerLink::default() });
                if cause == Cause::Client || !attempts.again(stream) {
                    return Err(unreachable(cause));
                }
                if !stream.counts.redispatched && pause(stream, timer, gone).await.is_err() {
                    return Err(unreachable(Cause::Client));
                }
            }
        }
    }
}

/// Chooses a server and takes one of its places, waiting where all are taken.
async fn wait_turn(
    stream: &mut Stream,
    timer: &mut Timer,
    attempts: &mut Attempts,
    gone: &mut Gone<'_>,
) -> Result<Turn, Unreachable> {
    let id = backend(stream);
    let live = &stream.plan.live.proxies[id.index()];
    let (mut queued, mut came) = (false, 0);
    let result = std::future::poll_fn(|cx| {
        let server = attempts.next.take().or_else(|| choose(stream, attempts));
        if server.is_none() && !balance::has_usable(&stream.backend_plan().balance, stream) {
            return Poll::Ready(Err(Unreachable { cause: Cause::Server, state: State::Connect }));
        }
        // Those who wait already come first.
        let overtakes = !queued && live.queue.get() > 0;
        if let Some(server) = server
            && !overtakes
            && live.servers[server.index()].connections.try_enter()
        {
            stream.server = Some(server);
            return Poll::Ready(Ok(Turn { plan: stream.plan, backend: id, server }));
        }
        if !queued {
            queued = true;
            let place = live.queue.enter();
            // One server that must be waited for, or any.
            match server {
                Some(_) => stream.counts.server_queue = place,
                None => stream.counts.backend_queue = place,
            }
            came = now_ms();
            Deadline::after(came, stream.queue_timeout()).set(timer);
        }
        live.waiting.wait(cx.waker(), stream.priority.place(came));
        // A place may have become free just before the waker was left there.
        if choose(stream, attempts).is_some_and(|server| live.servers[server.index()].connections.has_room())
        {
            cx.waker().wake_by_ref();
        }
        if gone(cx) {
            return Poll::Ready(Err(Unreachable { cause: Cause::Client, state: State::Queue }));
        }
        ready!(timer.poll_expired(cx));
        Poll::Ready(Err(Unreachable { cause: Cause::ServerTimeout, state: State::Queue }))
    })
    .await;
    if queued {
        live.queue.leave();
        if result.is_err() {
            stream.timing.dequeued = Some(now_ms());
            leave_queue(live).await;
        }
    }
    result
}

/// Takes the task's waker out of the queue. A wake-up that reached it too late to be used goes on
/// to the next one who waits.
async fn leave_queue(live: &state::live::LiveProxy) {
    std::future::poll_fn(|cx| {
        live.waiting.forget(cx.waker());
        Poll::Ready(())
    })
    .await;
    live.waiting.wake_one();
}

/// `use-server`, or the balance algorithm's choice.
fn choose(stream: &Stream, attempts: &Attempts) -> Option<ServerId> {
    let plan = stream.backend_plan();
    let live = &stream.plan.live.proxies[plan.id.index()].servers;
    let wanted = plan.use_servers.iter().find(|(server, cond)| {
        live[server.index()].is_usable()
            && cond.as_ref().is_none_or(|cond| cond.eval(stream) == state::plan::Answer::Yes)
    });
    if let Some((server, _)) = wanted {
        return Some(*server);
    }
    balance::pick(&plan.balance, stream, attempts.avoid)
        .or_else(|| balance::pick(&plan.balance, stream, None))
}

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
fn mark(stream: &Stream, backend: ProxyId, server: ServerId) -> u64 {
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

/// Keeps what samples and log fields show of the connection.
fn note_link(stream: &mut Stream, io: &Io, served: u32) {
    let socket = Some(io.as_raw_fd());
    let tls = io.tls().and_then(Tls::facts).cloned();
    stream.server_link = Some(ServerLink { served, socket, tls, ..ServerLink::default() });
    if stream.plan.needs.server_addresses {
        stream.server_addresses = io.socket().local_addr().zip(io.socket().peer_addr());
    }
}

/// The stream's server connection goes away: samples can ask the system about it no longer.
pub fn let_go(stream: &mut Stream) {
    if let Some(link) = &mut stream.server_link {
        let socket = link.socket.take();
        if stream.plan.needs.server_tcp_info {
            link.last_info = socket.and_then(tcp_info::read);
        }
    }
}

/// Why a connection could not be made.
struct Refused {
    cause: Cause,
    error: ConnError,
    /// What the TLS handshake gave.
    tls: Option<Rc<TlsFacts>>,
}

impl Refused {
    fn new(cause: Cause, error: ConnError) -> Self {
        Self { cause, error, tls: None }
    }
}

/// Makes a new connection within `timeout connect`.
async fn connect(
    worker: &Worker,
    stream: &Stream,
    timer: &mut Timer,
    server: ServerId,
    gone: &mut Gone<'_>,
) -> Result<Io, Refused> {
    let id = backend(stream);
    let settings = stream.plan.settings(id);
    let server_settings = &settings.servers[server.index()];
    let Some(target) = target(stream, server_settings) else {
        return Err(Refused::new(Cause::Server, ConnError::None));
    };
    let tune = &stream.plan.config.global.tune;
    let options = connect::Options {
        source: server_settings.source.as_ref().or(settings.source.as_ref()).and_then(source),
        rcvbuf: tune.rcvbuf_server,
        sndbuf: tune.sndbuf_server,
        keepalive: settings.options.srvtcpka,
    };
    Deadline::after(now_ms(), stream.connect_timeout()).set(timer);
    let making = async {
        let failed = |cause| Refused::new(Cause::Server, connect::failure(&cause));
        let mut io = connect::connect(&target, &options).await.map_err(failed)?;
        if let Some(header) = &stream.plan.proxy(id).server_proxy[server.index()] {
            let mut bytes = Vec::new();
            proxy_header::write(stream, header, &mut bytes);
            io.write_all(&bytes).await.map_err(failed)?;
        }
        worker.secure(stream, id, server, io).await.map_err(|Failed { error, facts }| Refused {
            tls: facts,
            ..Refused::new(Cause::Server, error.code())
        })
    };
    let mut making = Box::pin(making);
    std::future::poll_fn(|cx| match making.as_mut().poll(cx) {
        Poll::Ready(result) => Poll::Ready(result),
        Poll::Pending if gone(cx) => Poll::Ready(Err(Refused::new(Cause::Client, ConnError::None))),
        Poll::Pending => {
            ready!(timer.poll_expired(cx));
            Poll::Ready(Err(Refused::new(Cause::ServerTimeout, ConnError::None)))
        }
    })
    .await
}

fn source(address: &Address) -> Option<std::net::SocketAddr> {
    match address {
        Address::Ip(ip, port) => Some(std::net::SocketAddr::new(*ip, *port)),
        _ => None,
    }
}

/// Where to connect: the server's address, with the port that the client came to where the
/// server has none of its own (manual, `server`).
fn target(stream: &Stream, server: &Server) -> Option<Target> {
    let address = match (server.address.as_ref()?, stream.end(End::Dst)) {
        (Address::Ip(ip, 0), Endpoint::Ip(dst)) => Address::Ip(*ip, dst.port()),
        (Address::Ip(ip, port), Endpoint::Ip(dst)) if server.port_offset.is_some() => {
            let offset = server.port_offset.unwrap_or(0);
            Address::Ip(*ip, dst.port().wrapping_add_signed(offset as i16).max(u16::from(*port == 0)))
        }
        (address, _) => address.clone(),
    };
    Target::new(&address)
}

#[cfg(test)]
mod tests {
    use super::redispatches;

    #[test]
    fn redispatch_by_interval() {
        let check = |interval, expected: &[bool]| {
            let retries = expected.len() as u32;
            let got: Vec<_> = (0..retries).rev().map(|left| redispatches(interval, retries, left)).collect();
            assert_eq!(got, expected, "interval {interval}");
        };
        check(0, &[false, false, false]);
        check(-1, &[false, false, true]);
        check(-2, &[false, true, true]);
        check(1, &[true, true, true]);
        check(2, &[false, true, false]);
    }
}
