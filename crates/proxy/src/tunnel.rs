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

use crate::body::{Piece, send_h1};
use crate::client::Client;
use crate::conn::Conn;
use crate::deadline::Deadline;
use crate::filters::{Chain, Filters};
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

    /// The nearest one. `timeout tunnel` counts for both sides, `timeout client-fin` or `server-fin`
    /// for the side that was told of the other's end (manual, section 4.2).
    pub fn deadline(&self, client: Waiting, server: Waiting) -> (Deadline, Broken) {
        let tunnel = self.back.tunnel;
        let at = |side: Waiting, fin: Option<u64>, usual: Option<u64>| {
            let fin = fin.filter(|_| side.told);
            if side.owes { Deadline::after(side.active, fin.or(tunnel).or(usual)) } else { Deadline::NEVER }
        };
        let client = at(client, self.front.client_fin, self.front.client);
        let server = at(server, self.back.server_fin, self.back.server);
        if client <= server { (client, Broken::ClientTimeout) } else { (server, Broken::ServerTimeout) }
    }
}

/// A side as its time limits see it.
#[derive(Clone, Copy)]
pub struct Waiting {
    /// When it was active last, in monotonic milliseconds.
    pub active: u64,
    /// It has not ended, or something waits to be taken by it.
    pub owes: bool,
    /// It was told that the other side has ended.
    pub told: bool,
}

/// Bytes on their way.
pub struct Tunnel {
    up: Way,
    down: Way,
    limits: Limits,
    /// When each side was active last, in monotonic milliseconds.
    client_active: u64,
    server_active: u64,
    /// `option independent-streams`: what is sent to a side is no activity of its own.
    independent: Independent,
}

/// By side.
#[derive(Clone, Copy)]
struct Independent {
    client: bool,
    server: bool,
}

impl Tunnel {
    pub fn new(stream: &Stream) -> Self {
        let options = stream.plan.settings(backend(stream)).options;
        let client = stream.plan.settings(stream.session.frontend).options.independent_streams;
        let now = now_ms();
        let (up, down) = Filters::of(stream).map(|filters| (filters.up, filters.down)).unzip();
        Self {
            up: Way { abrupt: options.nolinger, filters: up, ..Way::default() },
            down: Way { filters: down, ..Way::default() },
            limits: Limits::new(stream),
            client_active: now,
            server_active: now,
            independent: Independent { client, server: options.independent_streams },
        }
    }

    /// See [`run`].
    pub async fn run(
        mut self,
        stream: &mut Stream,
        client: &mut Conn,
        server: &mut Conn,
        timer: &mut Timer,
    ) -> Result<(), Broken> {
        let end = std::future::poll_fn(|cx| self.poll(cx, stream, client, server, timer)).await;
        if end == Err(Broken::ClientAborted) {
            // A reset is passed on as one. A socket that is gone needs none.
            let _ = server.io.socket().set_linger0();
        }
        end
    }

    /// Counts what moved since the last time, as bytes and as activity.
    fn count(&mut self, stream: &mut Stream) {
        let (up, down) = (self.up.take_moved(), self.down.take_moved());
        stream.counts.bytes_in += up;
        stream.counts.bytes_out += down;
        if up + down > 0 {
            let now = now_ms();
            if up > 0 || !self.independent.client {
                self.client_active = now;
            }
            if down > 0 || !self.independent.server {
                self.server_active = now;
            }
        }
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
        self.count(stream);
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
        self.count(stream);
        match up {
            Poll::Ready(Err(Side::From)) => return Poll::Ready(Err(Broken::ClientAborted)),
            Poll::Ready(Err(Side::To)) => return Poll::Ready(Err(Broken::ServerAborted)),
            Poll::Ready(Ok(())) if self.up.abrupt => return Poll::Ready(Ok(())),
            _ => {}
        }
        match down {
            Poll::Ready(Err(Side::From)) => return Poll::Ready(Err(Broken::ServerAborted)),
            Poll::Ready(Err(Side::To)) => return Poll::Ready(Err(Broken::ClientAborted)),
            Poll::Ready(Ok(())) if up.is_ready() => return Poll::Ready(Ok(())),
            _ => {}
        }
        let client = Waiting {
            active: self.client_active,
            owes: !self.up.ended || self.down.is_stuck(client),
            told: self.down.ended,
        };
        let server = Waiting {
            active: self.server_active,
            owes: !self.down.ended || self.up.is_stuck(server),
            told: self.up.ended,
        };
        let (deadline, broken) = self.limits.deadline(client, server);
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
    /// `option nolinger`: the sink is not told, its connection ends at once.
    abrupt: bool,
    moved: u64,
    filters: Option<Chain>,
}

impl Way {
    /// Bytes moved since the last call.
    fn take_moved(&mut self) -> u64 {
        std::mem::take(&mut self.moved)
    }

    /// Whether something waits for `sink` to take it.
    fn is_stuck(&self, sink: &Conn) -> bool {
        !sink.is_flushed() || self.splice.held() > 0
    }

    /// Moves what can be moved; ready when the source has ended and all of it was passed on.
    fn poll(&mut self, cx: &mut Context<'_>, from: &mut Conn, to: &mut Conn) -> Poll<Result<(), Side>> {
        while !self.ended {
            ready!(to.poll_flush(cx)).map_err(|_| Side::To)?;
            if let Some(filters) = self.filters.as_mut().filter(|filters| !filters.is_empty()) {
                filters.step(&mut |piece| send_h1(to, cx, false, &piece)).map_err(|_| Side::To)?;
                continue;
            }
            let plain = self.filters.is_none()
                && from.rest().is_empty()
                && from.io.plain().is_some()
                && to.io.plain().is_some();
            let spliced = if plain { ready!(self.splice(cx, from, to))? } else { None };
            let count = match spliced {
                Some(count) => count,
                None => ready!(copy(cx, from, to, self.filters.as_mut()))?,
            };
            self.moved += count as u64;
            if count == 0 {
                if !self.abrupt {
                    // The other side may be gone already; then there is nobody to tell.
                    let _ = ready!(to.io.poll_shutdown(cx));
                }
                self.ended = true;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// One fill and drain of the pipe; `None` where there is none to be had.
    fn splice(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut Conn,
        to: &mut Conn,
    ) -> Poll<Result<Option<usize>, Side>> {
        let (Some(source), Some(sink)) = (from.io.plain(), to.io.plain()) else {
            return Poll::Ready(Ok(None));
        };
        if self.splice.held() == 0 {
            let filled = ready!(self.splice.poll_fill(cx, source, PIPE_SIZE)).map_err(|_| Side::From)?;
            if filled.is_none_or(|count| count == 0) {
                return Poll::Ready(Ok(filled));
            }
        }
        self.splice.poll_drain(cx, sink).map_ok(Some).map_err(|_| Side::To)
    }
}

/// One read and what the other side, or the first filter, takes of it.
fn copy(
    cx: &mut Context<'_>,
    from: &mut Conn,
    to: &mut Conn,
    filters: Option<&mut Chain>,
) -> Poll<Result<usize, Side>> {
    let (mut reading, mut writing) = (Context::from_waker(cx.waker()), Context::from_waker(cx.waker()));
    let step = from.poll_bytes(&mut reading, usize::MAX, |bytes| {
        let taken = match filters {
            Some(filters) => {
                filters.take(&Piece::Data(bytes));
                Ok(())
            }
            None => to.send(&mut writing, bytes),
        };
        (bytes.len(), taken.map(|()| bytes.len()))
    });
    let sent: io::Result<usize> = ready!(step).map_err(|_| Side::From)?;
    Poll::Ready(sent.map_err(|_| Side::To))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines() {
        let limits = |tunnel, fin| Limits {
            front: Timeouts { client: Some(70), client_fin: fin, ..Timeouts::default() },
            back: Timeouts { server: Some(90), server_fin: fin, tunnel, ..Timeouts::default() },
        };
        let both = Waiting { active: 1000, owes: true, told: false };
        let (told, done) = (Waiting { told: true, ..both }, Waiting { owes: false, ..both });
        let check = |limits: &Limits, client, server, at: Option<u64>, broken| {
            let expected = (Deadline::after(1000, at), broken);
            assert_eq!(limits.deadline(client, server), expected);
        };
        let usual = limits(None, None);
        check(&usual, both, both, Some(70), Broken::ClientTimeout);
        check(&usual, Waiting { active: 1050, ..both }, both, Some(90), Broken::ServerTimeout);
        check(&usual, done, told, Some(90), Broken::ServerTimeout);
        check(&usual, told, done, Some(70), Broken::ClientTimeout);
        check(&usual, done, done, None, Broken::ClientTimeout);
        check(&limits(None, Some(20)), done, told, Some(20), Broken::ServerTimeout);
        check(&limits(Some(500), None), both, both, Some(500), Broken::ClientTimeout);
        check(&limits(Some(500), None), done, told, Some(500), Broken::ServerTimeout);
        check(&limits(Some(500), Some(20)), told, done, Some(20), Broken::ClientTimeout);
    }
}
