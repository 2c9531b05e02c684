//! Making a connection to a server: the socket, the PROXY header in front, the TLS handshake.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Poll, ready};

use ir::config::{Mode, Server};
use ir::expr::Address;
use ir::id::{ProxyId, ServerId};
use net::clock::now_ms;
use net::connect::{self, Failure, Target};
use net::io::Io;
use net::timer::Timer;
use net::tls::Failed;
use state::ends::{End, Endpoint};
use state::link::ConnError;
use state::live::Held;
use state::stream::Stream;
use state::termination::Cause;
use state::tls::TlsFacts;

use super::reuse::mark;
use super::{Gone, backend, source, version};
use crate::buffers::Lent;
use crate::deadline::Deadline;
use crate::exhausted;
use crate::mux::h1::H1Server;
use crate::mux::h2::H2Server;
use crate::mux::h2::links::Rules;
use crate::proxy_header;
use crate::upstream::Upstream;
use crate::worker::Worker;

/// Why a connection could not be made.
pub struct Refused {
    pub cause: Cause,
    pub error: ConnError,
    /// What the TLS handshake gave.
    pub tls: Option<Arc<TlsFacts>>,
    /// The server or the network refused: trying the same one again at once would not help.
    pub pauses: bool,
}

impl Refused {
    fn by_server(error: ConnError) -> Self {
        Self { pauses: true, ..Self::new(Cause::Server, error) }
    }

    fn new(cause: Cause, error: ConnError) -> Self {
        Self { cause, error, tls: None, pauses: false }
    }
}

/// Makes a new connection within `timeout connect`.
pub async fn connect(
    worker: &Worker,
    stream: &Stream,
    timer: &mut Timer,
    server: ServerId,
    gone: &mut Gone<'_>,
) -> Result<Upstream, Refused> {
    let id = backend(stream);
    let settings = stream.plan.settings(id);
    let server_settings = &settings.servers[server.index()];
    let Some(target) = target(stream, server_settings) else {
        return Err(Refused::new(Cause::Server, ConnError::None));
    };
    let Some(options) = source::options(worker, stream, (id, server)) else {
        return Err(Refused::new(Cause::Internal, ConnError::None));
    };
    Deadline::after(now_ms(), stream.connect_timeout()).set(timer);
    let making = async {
        let mut io = make(worker, stream, (id, server), (&target, &options)).await?;
        if !version::is_http2(stream, server_settings, &io) {
            if let Some(tls) = io.tls_mut().filter(|_| settings.mode == Mode::Http) {
                tls.never_streams();
            }
            return Ok(Upstream::H1(H1Server::new(io)));
        }
        let place = (worker.server_number(id, server), mark(stream, id, server));
        let rules = Rules::new(settings.http_reuse, server_settings, options.tune);
        match worker.links.open(place, (rules, options.tune), &stream.session, io).await {
            Ok(lease) => Ok(Upstream::H2(Box::new(H2Server::new(lease)))),
            Err(_) => Err(Refused::new(Cause::Server, ConnError::Socket)),
        }
    };
    let mut making = Box::pin(making);
    // A server that answers at once is heard before a client that left with its request.
    let mut pass = std::pin::pin!(tokio::task::yield_now());
    let mut passed = false;
    std::future::poll_fn(|cx| match making.as_mut().poll(cx) {
        Poll::Ready(result) => Poll::Ready(result),
        Poll::Pending if gone(cx) => {
            if !passed {
                ready!(pass.as_mut().poll(cx));
                passed = true;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(Err(Refused::new(Cause::Client, ConnError::None)))
        }
        Poll::Pending => {
            ready!(timer.poll_expired(cx));
            Poll::Ready(Err(Refused::new(Cause::ServerTimeout, ConnError::None)))
        }
    })
    .await
}

/// The connection itself: the socket, the PROXY header in front, the TLS handshake.
async fn make(
    worker: &Worker,
    stream: &Stream,
    (id, server): (ProxyId, ServerId),
    (target, options): (&Target, &connect::Options<'_>),
) -> Result<Io, Refused> {
    let settings = stream.plan.settings(id);
    let server_settings = &settings.servers[server.index()];
    let failed = |cause| Refused::by_server(connect::failure(&cause));
    let place = take_place(worker, (id, server))?;
    let connected = connect::connect(target, options).await;
    let mut io = connected.map_err(|failure| {
        let foreign = options.source.as_ref().is_some_and(|source| source.foreign.is_some());
        exhausted::tell_connect(worker, id, &failure, foreign);
        match failure {
            Failure::Resource(error) => Refused::new(Cause::Server, error),
            Failure::Refused(error) => Refused::by_server(error),
        }
    })?;
    if let Some(place) = place {
        io.hold(place);
    }
    if settings.options.nolinger {
        // A socket that is gone already needs no reset.
        let _ = io.socket().set_linger0();
    }
    if let Some(header) = &stream.plan.proxy(id).server_proxy[server.index()] {
        let mut bytes = Lent::default();
        proxy_header::write(stream, header, bytes.get());
        io.write_all(&bytes).await.map_err(failed)?;
    }
    let held = match worker.tls_server(id, server) {
        Some(_) => {
            let held = Held::take(&worker.plan.live.tls_connections);
            Some(held.ok_or_else(|| Refused::new(Cause::Server, ConnError::TlsTooMany))?)
        }
        None => None,
    };
    let alpn = version::alpn(stream, server_settings);
    let secured = worker.secure(stream, id, server, io, alpn).await;
    let mut io = secured
        .map_err(|Failed { error, facts }| Refused { tls: facts, ..Refused::by_server(error.code()) })?;
    if let Some(tls) = io.tls_mut() {
        tls.held = held;
    }
    Ok(io)
}

/// `strict-maxconn`: a place among the server's connections, where an idle one may have to go first.
fn take_place(worker: &Worker, (id, server): (ProxyId, ServerId)) -> Result<Option<Held>, Refused> {
    let sockets = &worker.plan.live.proxies[id.index()].servers[server.index()].sockets;
    if sockets.limit() == 0 {
        return Ok(None);
    }
    loop {
        if let Some(place) = Held::take(sockets) {
            return Ok(Some(place));
        }
        if !worker.pool.close_idle(worker.server_number(id, server)) {
            return Err(Refused::new(Cause::Server, ConnError::None));
        }
    }
}

/// A connection that no stream waits for, within `timeout connect`; nothing where none could be made.
pub async fn dial(worker: &Worker, stream: &Stream, timer: &mut Timer, server: ServerId) -> Option<Io> {
    let id = backend(stream);
    let target = target(stream, &stream.plan.settings(id).servers[server.index()])?;
    let options = source::options(worker, stream, (id, server))?;
    Deadline::after(now_ms(), stream.connect_timeout()).set(timer);
    let mut making = Box::pin(make(worker, stream, (id, server), (&target, &options)));
    std::future::poll_fn(|cx| match making.as_mut().poll(cx) {
        Poll::Ready(made) => Poll::Ready(made.ok()),
        Poll::Pending => timer.poll_expired(cx).map(|()| None),
    })
    .await
}

/// Where to connect.
pub fn target(stream: &Stream, server: &Server) -> Option<Target> {
    match destination(stream, server) {
        Some(address) => Some(Target::Tcp(address)),
        None => Target::new(server.address.as_ref()?),
    }
}

/// The address to connect to where it depends on the stream: the server's, with the address and the
/// port that the client came to where the server has none of its own (manual, `server`).
pub fn destination(stream: &Stream, server: &Server) -> Option<SocketAddr> {
    let Some(Address::Ip(ip, port)) = server.address else { return None };
    if port != 0 && server.port_offset.is_none() && !ip.is_unspecified() {
        return None;
    }
    let Endpoint::Ip(came_to) = stream.end(End::Dst) else { return None };
    let ip = if ip.is_unspecified() { came_to.ip() } else { ip };
    let port = match server.port_offset {
        None if port == 0 => came_to.port(),
        None => port,
        Some(offset) => came_to.port().wrapping_add_signed(offset as i16).max(u16::from(port == 0)),
    };
    Some(SocketAddr::new(ip, port))
}
