//! Bytes both ways until both sides are done: `mode tcp`, WebSocket and CONNECT. Plain sockets
//! are spliced; a side that ends its direction has that passed on and may go on receiving.

use std::io;
use std::task::{Context, Poll, ready};

use ir::config::Timeouts;
use net::clock::now_ms;
use net::splice::{PIPE_SIZE, Splice};
use net::timer::Timer;
use state::stream::Stream;
use state::termination::{Cause, State};

use crate::client::Client;
use crate::conn::Conn;
use crate::deadline::Deadline;
use crate::relay::Relay;
use crate::server::{ServerConn, backend};
use crate::upstream::Upstream;

/// Who ended a tunnel before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    ClientAborted,
    ClientTimeout,
    ServerAborted,
    ServerTimeout,
}

impl Broken {
    pub fn cause(self) -> Cause {
        match self {
            Self::ClientAborted => Cause::Client,
            Self::ClientTimeout => Cause::ClientTimeout,
            Self::ServerAborted => Cause::Server,
            Self::ServerTimeout => Cause::ServerTimeout,
        }
    }
}

/// Behind `101` or a successful CONNECT, whose head is queued.
pub async fn upgraded(
    stream: &mut Stream,
    client: &mut Client<'_>,
    timer: &mut Timer,
    server: &mut ServerConn,
) {
    client.begin_tunnel();
    server.upstream.begin_tunnel();
    let end = match (&mut *client, &mut server.upstream) {
        (Client::H1(client), Upstream::H1(server)) => {
            run(stream, &mut client.conn, &mut server.conn, timer).await
        }
        (_, upstream) => Relay::new(stream).run(stream, client, upstream, timer).await,
    };
    if let Err(broken) = end {
        stream.termination.set(broken.cause(), State::Data);
    }
}

/// Moves bytes until both directions ended, one side failed, or nothing moved for too long.
pub async fn run(
    stream: &mut Stream,
    client: &mut Conn,
    server: &mut Conn,
    timer: &mut Timer,
) -> Result<(), Broken> {
    Tunnel::new(stream).run(stream, client, server, timer).await
}

/// The time limits of both sides.
pub struct Limits {
    front: Timeouts,
    back: Timeouts,
}

impl Limits {
    pub fn new(stream: &Stream) -> Self {
        let settings = stream.plan.settings(stream.session.frontend).timeouts;
        let front = Timeouts { client: stream.client_timeout(), ..settings };
        let settings = stream.plan.settings(backend(stream)).timeouts;
        let back = Timeouts { server: stream.server_timeout(), tunnel: stream.tunnel_timeout(), ..settings };
        Self { front, back }
    }

    /// The nearest one, where bytes moved last at `moved`. `timeout tunnel` counts while both
    /// directions are open, `timeout client-fin` and `server-fin` once that side has ended (manual,
    /// section 4.2).
    pub fn deadline(&self, moved: u64, up_ended: bool, down_ended: bool) -> (Deadline, Broken) {
        let half_closed = up_ended || down_ended;
        let tunnel = if half_closed { None } else { self.front.tunnel.or(self.back.tunnel) };
        let client = if down_ended { self.front.client_fin.or(self.front.client) } else { self.front.client };
        let server = if up_ended { self.back.server_fin.or(self.back.server) } else { self.back.server };
        let client = Deadline::after(moved, tunnel.or(client));
        let server = Deadline::after(moved, tunnel.or(server));
        if client <= server { (client, Broken::ClientTimeout) } else { (server, Broken::ServerTimeout) }
    }
}

/// Bytes on their way.
pub struct Tunnel {
    up: Way,
    down: Way,
    limits: Limits,
    /// When bytes moved last, in monotonic milliseconds.
    moved: u64,
}

impl Tunnel {
    pub fn new(stream: &Stream) -> Self {
        Self { up: Way::default(), down: Way::default(), limits: Limits::new(stream), moved: now_ms() }
    }

    /// See [`run`].
    pub async fn run(
        mut self,
        stream: &mut Stream,
        client: &mut Conn,
        server: &mut Conn,
        timer: &mut Timer,
    ) -> Result<(), Broken> {
        std::future::poll_fn(|cx| self.poll(cx, stream, client, server, timer)).await
    }

    /// Moves what the client sends while what the server sends is held back.
    pub fn poll_up(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut Stream,
        client: &mut Conn,
        server: &mut Conn,
    ) -> Result<(), Broken> {
        let up = self.up.poll(cx, client, server);
        stream.counts.bytes_in += self.up.take_moved(&mut self.moved);
        match up {
            Poll::Ready(Err(Side::From)) => Err(Broken::ClientAborted),
            Poll::Ready(Err(Side::To)) => Err(Broken::ServerAborted),
            _ => Ok(()),
        }
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut Stream,
        client: &mut Conn,
        server: &mut Conn,
        timer: &mut Timer,
    ) -> Poll<Result<(), Broken>> {
        stream.wakes += 1;
        let up = self.up.poll(cx, client, server);
        let down = self.down.poll(cx, server, client);
        stream.counts.bytes_in += self.up.take_moved(&mut self.moved);
        stream.counts.bytes_out += self.down.take_moved(&mut self.moved);
        match up {
            Poll::Ready(Err(Side::From)) => return Poll::Ready(Err(Broken::ClientAborted)),
            Poll::Ready(Err(Side::To)) => return Poll::Ready(Err(Broken::ServerAborted)),
            _ => {}
        }
        match down {
            Poll::Ready(Err(Side::From)) => return Poll::Ready(Err(Broken::ServerAborted)),
            Poll::Ready(Err(Side::To)) => return Poll::Ready(Err(Broken::ClientAborted)),
            Poll::Ready(Ok(())) if up.is_ready() => return Poll::Ready(Ok(())),
            _ => {}
        }
        let (deadline, broken) = self.limits.deadline(self.moved, self.up.ended, self.down.ended);
        deadline.set(timer);
        ready!(timer.poll_expired(cx));
        Poll::Ready(Err(broken))
    }
}

/// The side of a direction that failed.
enum Side {
    From,
    To,
}

/// One direction.
#[derive(Default)]
struct Way {
    splice: Splice,
    /// The end of the source was passed on.
    ended: bool,
    moved: u64,
}

impl Way {
    /// Bytes moved since the last call; also the time where there were any.
    fn take_moved(&mut self, at: &mut u64) -> u64 {
        if self.moved > 0 {
            *at = now_ms();
        }
        std::mem::take(&mut self.moved)
    }

    /// Moves what can be moved; ready when the source has ended and all of it was passed on.
    fn poll(&mut self, cx: &mut Context<'_>, from: &mut Conn, to: &mut Conn) -> Poll<Result<(), Side>> {
        while !self.ended {
            ready!(to.poll_flush(cx)).map_err(|_| Side::To)?;
            let plain = from.rest().is_empty() && from.io.plain().is_some() && to.io.plain().is_some();
            let count = if plain { ready!(self.splice(cx, from, to))? } else { ready!(copy(cx, from, to))? };
            self.moved += count as u64;
            if count == 0 {
                // The other side may be gone already; then there is nobody to tell.
                let _ = ready!(to.io.poll_shutdown(cx));
                self.ended = true;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// One fill and drain of the pipe.
    fn splice(&mut self, cx: &mut Context<'_>, from: &mut Conn, to: &mut Conn) -> Poll<Result<usize, Side>> {
        let (Some(source), Some(sink)) = (from.io.plain(), to.io.plain()) else { return Poll::Ready(Ok(0)) };
        if self.splice.held() == 0
            && ready!(self.splice.poll_fill(cx, source, PIPE_SIZE)).map_err(|_| Side::From)? == 0
        {
            return Poll::Ready(Ok(0));
        }
        self.splice.poll_drain(cx, sink).map_err(|_| Side::To)
    }
}

/// One read and what the other side takes of it.
fn copy(cx: &mut Context<'_>, from: &mut Conn, to: &mut Conn) -> Poll<Result<usize, Side>> {
    let (mut reading, mut writing) = (Context::from_waker(cx.waker()), Context::from_waker(cx.waker()));
    let step = from.poll_bytes(&mut reading, usize::MAX, |bytes| {
        (bytes.len(), to.send(&mut writing, bytes).map(|()| bytes.len()))
    });
    let sent: io::Result<usize> = ready!(step).map_err(|_| Side::From)?;
    Poll::Ready(sent.map_err(|_| Side::To))
}
