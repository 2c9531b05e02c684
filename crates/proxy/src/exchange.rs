//! The two directions between a client and a server while a stream is in flight: the request's
//! body up, the response down, each with its timeout. Polled as one, so that neither waits for
//! the other.

use std::task::{Context, Poll, ready};

use net::clock::now_ms;
use net::splice::{PIPE_SIZE, Splice};
use net::timer::Timer;
use proto::h1;
use proto::message::Framing;
use state::stream::Stream;
use state::termination::{Cause, State};

use crate::body::{Piece, SourceError};
use crate::client::Client;
use crate::conn::Gone;
use crate::deadline::Deadline;
use crate::forward::{keeps_open, response_limits};
use crate::server::{ServerConn, backend};
use crate::upstream::{NoHead, Upstream};

/// From how many bytes on a body is spliced where both sides are plain sockets.
const SPLICE_FROM: u64 = 16 * 1024;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A reused connection was closed before the server began to answer.
    Stale,
    /// A reused connection would not look at the request.
    Refused,
    /// The server closed or failed.
    ServerAborted,
    /// The server sent something that is not HTTP.
    InvalidResponse,
    ServerTimeout,
    /// The client ended its direction, or failed.
    ClientAborted,
    /// The client reset its connection.
    ClientReset,
    /// The client's body has broken framing.
    InvalidRequest,
    ClientTimeout,
}

impl Fault {
    /// Whether the server failed.
    pub fn is_servers(self) -> bool {
        matches!(self, Self::ServerAborted | Self::InvalidResponse | Self::ServerTimeout)
    }

    /// Whether the server is told by RST that nobody waits for it any more.
    pub fn resets_server(self) -> bool {
        matches!(self, Self::ServerTimeout | Self::ClientAborted | Self::ClientReset)
    }

    /// The first letter of the log and the status that a client can still be answered.
    pub fn cause_and_status(self) -> (Cause, u16) {
        match self {
            Self::Stale | Self::Refused | Self::ServerAborted => (Cause::Server, 502),
            Self::InvalidResponse => (Cause::Proxy, 502),
            Self::ServerTimeout => (Cause::ServerTimeout, 504),
            Self::ClientAborted | Self::ClientReset => (Cause::Client, 400),
            Self::InvalidRequest => (Cause::Proxy, 400),
            Self::ClientTimeout => (Cause::ClientTimeout, 400),
        }
    }
}

/// See the module.
pub struct Exchange {
    client_limit: Option<u64>,
    server_limit: Option<u64>,
    client_deadline: Deadline,
    server_deadline: Deadline,
    /// Nothing more goes up: the body is complete, or the server reads no more.
    up_done: bool,
    /// `option abortonclose`: a client that ends its direction ends the stream.
    watch: bool,
    /// The response was sent whole.
    pub answered: bool,
    /// The server did not get all of the request.
    pub cut: bool,
    splice: Splice,
    /// The server said something.
    heard: bool,
    /// Polled before: the clock has gone on since `stream.now` was set.
    polled: bool,
}

impl Exchange {
    pub fn new(stream: &Stream, client: &Client<'_>) -> Self {
        let settings = stream.plan.settings(backend(stream));
        let (client_limit, server_limit) = (stream.client_timeout(), stream.server_timeout());
        let now = stream.now;
        Self {
            client_limit,
            server_limit,
            client_deadline: Deadline::after(now, client_limit),
            server_deadline: Deadline::after(now, server_limit),
            up_done: client.request_done(),
            answered: false,
            cut: false,
            watch: settings.options.abortonclose != Some(false),
            splice: Splice::new(),
            heard: false,
            polled: false,
        }
    }

    /// Until a final response head stands in `stream.res`.
    pub fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut Stream,
        client: &mut Client<'_>,
        server: &mut ServerConn,
        timer: &mut Timer,
    ) -> Poll<Result<(), Fault>> {
        self.read_clock(stream);
        let up = self.poll_up(cx, stream, client, server);
        if let Poll::Ready(head) = self.read_head(cx, stream, client, server) {
            return Poll::Ready(head);
        }
        if let Poll::Ready(Err(fault)) = up {
            return Poll::Ready(Err(fault));
        }
        if let Some(fault) = self.poll_gone(cx, client) {
            return Poll::Ready(Err(fault));
        }
        self.poll_timeouts(cx, timer, up.is_pending() && server.upstream.is_flushed())
    }

    /// Until the response's body was sent. `raw`: it passes in its wire form.
    pub fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut Stream,
        client: &mut Client<'_>,
        server: &mut ServerConn,
        timer: &mut Timer,
        raw: bool,
    ) -> Poll<Result<(), Fault>> {
        self.read_clock(stream);
        // A server may answer and end before the whole request came: what breaks off there is no error
        // where its answer is whole.
        let up = self.poll_up(cx, stream, client, server);
        let broken = match up {
            Poll::Ready(Err(fault)) => {
                self.up_done = true;
                Some(fault)
            }
            _ => None,
        };
        if self.answered {
            return self.poll_rest(cx, stream, client, server, timer);
        }
        match self.poll_down(cx, stream, client, server, raw) {
            // Nothing more goes either way.
            Poll::Ready(Ok(()))
                if stream.res.framing == Framing::UntilClose && client.is_h1() && !client.request_done() =>
            {
                stream.termination.set(Cause::Client, State::Data);
                Poll::Ready(Err(Fault::ClientAborted))
            }
            Poll::Ready(Ok(())) => {
                self.answered = true;
                self.poll_rest(cx, stream, client, server, timer)
            }
            Poll::Ready(Err(fault)) => Poll::Ready(Err(fault)),
            Poll::Pending => {
                match broken.or_else(|| self.poll_gone(cx, client)) {
                    // The end of a body that ends with the connection is told from side to side.
                    Some(Fault::ClientAborted)
                        if broken.is_none() && stream.res.framing == Framing::UntilClose =>
                    {
                        self.watch = false;
                        let _ = server.upstream.poll_end(cx);
                    }
                    Some(fault) => return Poll::Ready(Err(fault)),
                    None => {}
                }
                // Who owes a part of the request keeps the server from answering.
                let owes = up.is_pending() && server.upstream.is_flushed();
                let blocked = owes || client.poll_flush(cx).is_pending() || self.splice.held() > 0;
                self.poll_timeouts(cx, timer, blocked)
            }
        }
    }

    /// The response is complete before the request is: a server that stays gets the rest. What no server
    /// takes is taken from the client all the same: over HTTP/1 its next request stands behind it.
    fn poll_rest(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut Stream,
        client: &mut Client<'_>,
        server: &mut ServerConn,
        timer: &mut Timer,
    ) -> Poll<Result<(), Fault>> {
        if client.request_done() {
            self.cut |= server.filters.as_ref().is_some_and(|filters| !filters.up.is_empty());
            return Poll::Ready(Ok(()));
        }
        if !self.up_done && keeps_open(stream) && server.upstream.poll_gone(cx).is_pending() {
            return self.poll_timeouts(cx, timer, server.upstream.is_flushed());
        }
        (self.up_done, self.cut) = (true, true);
        while !client.request_done() {
            match client.poll_body(cx, true, &mut |_| Ok(())) {
                Poll::Ready(Ok(count)) => {
                    stream.counts.bytes_in += count as u64;
                    self.moved(stream);
                }
                Poll::Ready(Err(SourceError::Aborted)) => return Poll::Ready(Err(Fault::ClientAborted)),
                Poll::Ready(Err(_)) => return Poll::Ready(Err(Fault::InvalidRequest)),
                Poll::Pending => return self.poll_timeouts(cx, timer, true),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Whether the client left: with a reset, amid its request, or in good order where that is watched.
    fn poll_gone(&self, cx: &mut Context<'_>, client: &mut Client<'_>) -> Option<Fault> {
        match client.poll_gone(cx) {
            Poll::Ready(Gone::Ended) if !self.watch && client.request_done() => None,
            Poll::Ready(Gone::Ended) => Some(Fault::ClientAborted),
            Poll::Ready(Gone::Reset) => Some(Fault::ClientReset),
            Poll::Pending => None,
        }
    }

    /// Waits for the side that has to move next.
    fn poll_timeouts(
        &mut self,
        cx: &mut Context<'_>,
        timer: &mut Timer,
        on_client: bool,
    ) -> Poll<Result<(), Fault>> {
        let (deadline, fault) = if on_client {
            (self.client_deadline, Fault::ClientTimeout)
        } else {
            (self.server_deadline, Fault::ServerTimeout)
        };
        deadline.set(timer);
        ready!(timer.poll_expired(cx));
        Poll::Ready(Err(fault))
    }

    /// One look at the clock for each wake-up.
    fn read_clock(&mut self, stream: &mut Stream) {
        if self.polled {
            stream.now = now_ms();
            stream.wakes += 1;
        }
        self.polled = true;
    }

    /// Bytes went through: both sides are alive.
    fn moved(&mut self, stream: &Stream) {
        self.client_deadline = Deadline::after(stream.now, self.client_limit);
        self.server_deadline = Deadline::after(stream.now, self.server_limit);
    }

    /// Sends the request: what is queued, then more of its body.
    fn poll_up(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut Stream,
        client: &mut Client<'_>,
        server: &mut ServerConn,
    ) -> Poll<Result<(), Fault>> {
        // A body that came with its head leaves with it, in one write.
        let mut early = client.has_early_body();
        loop {
            if !early {
                match ready!(server.upstream.poll_flush(cx)) {
                    Ok(()) => {}
                    // The server may have answered before it closed: let the reader find out.
                    Err(_) => self.up_done = true,
                }
            }
            early = false;
            let (upstream, filters) = (&mut server.upstream, &mut server.filters);
            let (mut reading, mut writing) =
                (Context::from_waker(cx.waker()), Context::from_waker(cx.waker()));
            if let Some(filters) = filters.as_mut().filter(|filters| !self.up_done && !filters.up.is_empty())
            {
                self.up_done = filters.up.step(&mut |piece| upstream.send(&mut writing, &piece)).is_err();
                continue;
            }
            if self.up_done || client.request_done() {
                self.up_done = true;
                return Poll::Ready(Ok(()));
            }
            let raw = client.is_h1() && upstream.takes_raw() && filters.is_none();
            let step = client.poll_body(&mut reading, raw, &mut |piece| match filters {
                Some(filters) => {
                    filters.up.take(&piece);
                    Ok(())
                }
                None => upstream.send(&mut writing, &piece),
            });
            match ready!(step) {
                Ok(count) => {
                    stream.counts.bytes_in += count as u64;
                    self.moved(stream);
                }
                Err(SourceError::Aborted) => return Poll::Ready(Err(Fault::ClientAborted)),
                Err(SourceError::Invalid) => return Poll::Ready(Err(Fault::InvalidRequest)),
                Err(SourceError::Sink) => self.up_done = true,
            }
        }
    }

    /// Reads until a final response head is complete.
    fn read_head(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut Stream,
        client: &mut Client<'_>,
        server: &mut ServerConn,
    ) -> Poll<Result<(), Fault>> {
        let limits = response_limits(stream, backend(stream));
        loop {
            let (head, method) = (&mut stream.res, stream.req.method());
            let complete = match ready!(server.upstream.poll_head(cx, head, method, &limits)) {
                Ok(complete) => complete,
                Err(NoHead::Invalid) => return Poll::Ready(Err(Fault::InvalidResponse)),
                Err(NoHead::Refused) if server.reused => return Poll::Ready(Err(Fault::Refused)),
                Err(NoHead::Closed) if server.reused && !self.heard => return Poll::Ready(Err(Fault::Stale)),
                Err(_) => return Poll::Ready(Err(Fault::ServerAborted)),
            };
            self.moved(stream);
            if !complete {
                continue;
            }
            if stream.res.flags.violates {
                server.wear_out(stream);
            }
            stream.counts.response_head = h1::counted_response(&stream.res);
            stream.counts.bytes_out += stream.counts.response_head;
            match stream.res.status() {
                // Nobody asked to switch protocols, or not yet: what follows could be anything.
                101 if !stream.req.flags.upgrade || !client.request_done() || !h1::switches(&stream.res) => {
                    stream.counts.bytes_out += server.upstream.rest().len() as u64;
                    return Poll::Ready(Err(Fault::InvalidResponse));
                }
                100 | 102..200 => {}
                _ => {
                    let tune = &stream.plan.config.global.tune;
                    let max = (tune.bufsize, tune.http_maxhdr);
                    return Poll::Ready(server.upstream.begin_body(&stream.res, max).map_err(|_| {
                        stream.counts.bytes_out -= stream.counts.response_head;
                        Fault::InvalidResponse
                    }));
                }
            }
            if server.upstream.breaks_off(stream.req.method(), &limits) {
                stream.counts.bytes_out = 0;
                return Poll::Ready(Err(Fault::InvalidResponse));
            }
            if client.send_interim(stream).is_err() {
                return Poll::Ready(Err(Fault::ClientAborted));
            }
            let _ = client.poll_flush(cx);
            self.heard = true;
            stream.res.clear();
        }
    }

    /// Sends the response: what is queued, then more of its body.
    fn poll_down(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut Stream,
        client: &mut Client<'_>,
        server: &mut ServerConn,
        raw: bool,
    ) -> Poll<Result<(), Fault>> {
        // What came with the head leaves with it, in one write.
        let mut early = !server.upstream.rest().is_empty();
        loop {
            if !early && ready!(client.poll_flush(cx)).is_err() {
                return Poll::Ready(Err(Fault::ClientAborted));
            }
            let (mut reading, mut writing) =
                (Context::from_waker(cx.waker()), Context::from_waker(cx.waker()));
            if let Some(filters) = server.filters.as_mut().filter(|filters| !filters.down.is_empty()) {
                let send = &mut |piece: Piece<'_>| client.send(&mut writing, &piece);
                filters.down.step(send).map_err(|_| Fault::ClientAborted)?;
                early = false;
                continue;
            }
            if server.upstream.body_done() && (!early || stream.res.framing == Framing::None) {
                return self.last_flush(cx, client);
            }
            early = false;
            if server.filters.is_none()
                && let Some(done) = self.poll_splice(cx, stream, client, server)
            {
                ready!(done)?;
                continue;
            }
            let (upstream, filters) = (&mut server.upstream, &mut server.filters);
            let raw = raw && filters.is_none();
            let step = upstream.poll_body(&mut reading, raw, &mut |piece| match filters {
                Some(filters) => {
                    filters.down.take(&piece);
                    Ok(())
                }
                None => client.send(&mut writing, &piece),
            });
            match ready!(step) {
                Ok(count) => {
                    stream.counts.bytes_out += count as u64;
                    self.moved(stream);
                }
                Err(SourceError::Sink) => return Poll::Ready(Err(Fault::ClientAborted)),
                Err(SourceError::Aborted) => return Poll::Ready(Err(Fault::ServerAborted)),
                Err(SourceError::Invalid) => return Poll::Ready(Err(Fault::InvalidResponse)),
            }
        }
    }

    fn last_flush(&mut self, cx: &mut Context<'_>, client: &mut Client<'_>) -> Poll<Result<(), Fault>> {
        client.poll_flush(cx).map(|end| end.map_err(|_| Fault::ClientAborted))
    }

    /// Moves plain bytes of a long body inside the kernel, where both sides are plain sockets.
    /// `None`: this body is copied.
    fn poll_splice(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut Stream,
        client: &mut Client<'_>,
        server: &mut ServerConn,
    ) -> Option<Poll<Result<(), Fault>>> {
        let (Client::H1(client), Upstream::H1(server)) = (client, &mut server.upstream) else {
            return None;
        };
        if !client.takes_body() {
            return None;
        }
        let remaining = server.source.body.remaining();
        if (remaining < SPLICE_FROM && self.splice.held() == 0) || !server.conn.rest().is_empty() {
            return None;
        }
        let (from, to) = (server.conn.io.plain()?, client.conn.io.plain()?);
        let max = usize::try_from(remaining).unwrap_or(PIPE_SIZE).min(PIPE_SIZE);
        let moved = match self.move_pipe(cx, stream, from, to, max) {
            Poll::Ready(Ok(None)) => return None,
            Poll::Ready(Ok(Some(0))) if remaining < u64::MAX => Poll::Ready(Err(Fault::ServerAborted)),
            Poll::Ready(Ok(Some(count))) => {
                server.source.body.advance(count);
                server.source.done = count == 0 || server.source.body.is_done();
                Poll::Ready(Ok(()))
            }
            other => other.map_ok(|_| ()),
        };
        Some(moved)
    }

    /// One fill and drain of the pipe: gives the bytes that left it; 0 is the server's end. `None`:
    /// there is no pipe.
    fn move_pipe(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut Stream,
        from: &net::io::Socket,
        to: &net::io::Socket,
        max: usize,
    ) -> Poll<Result<Option<u64>, Fault>> {
        if self.splice.held() == 0 {
            match ready!(self.splice.poll_fill(cx, from, max)) {
                Ok(None) => return Poll::Ready(Ok(None)),
                Ok(Some(0)) => return Poll::Ready(Ok(Some(0))),
                Ok(Some(_)) => self.moved(stream),
                Err(_) => return Poll::Ready(Err(Fault::ServerAborted)),
            }
        }
        match ready!(self.splice.poll_drain(cx, to)) {
            Ok(count) => {
                stream.counts.bytes_out += count as u64;
                self.moved(stream);
                Poll::Ready(Ok(Some(count as u64)))
            }
            Err(_) => Poll::Ready(Err(Fault::ClientAborted)),
        }
    }
}
