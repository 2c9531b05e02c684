//! HTTP/2 clients on the `h2` crate, with a layer of our own below it that reads what clients send
//! ([`front`]): each request becomes a stream in a task of its own, in the same message type as HTTP/1. Here are
//! the connection and its limits; [`client`] is the client's side of a stream. Left out: what the crate decides
//! itself, which is how responses are framed and the windows of bodies; see `docs/differences.md`.

mod client;
mod convert;
mod convert_back;
mod faults;
mod front;
mod halves;
mod io;
pub mod links;
mod pings;
pub mod reverse;
mod server;
mod server_io;
mod tools;

use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::server::{Builder, Connection, SendResponse};
use h2::{Error, Reason, RecvStream};
use ir::config::Tune;
use net::clock::now_ms;
use net::timer::Timer;
use state::session::Session;
use state::stream::Stream;
use state::termination::{Cause, State};

pub use client::H2Client;
pub use server::H2Server;

use crate::client::Client;
use crate::conn::Conn;
use crate::deadline::Deadline;
use crate::worker::Worker;
use crate::{closing, http, linger, log};
use front::{Front, Gone, MAX_WINDOW, Running, Shared, body_window, room, streams};

/// What a server may send ahead on one connection over all its streams, in bytes: HAProxy's
/// `tune.h2.be.rxbuf` where nothing is set.
const CONNECTION_WINDOW: u32 = 1600 * 1024;
/// What small DATA frames may cost the crate while their streams do not take them, in its own measure: room
/// for some thousands of them.
const DATA_FRAMES: usize = 1 << 20;

/// Serves an HTTP/2 connection until it ends. The preface may be left over in `conn`.
pub async fn run(worker: &Rc<Worker>, session: &Rc<Session>, conn: Conn, handshake: u64) {
    let front = Shared::new(Front::new(worker, session, conn));
    let mut timer = Timer::new();
    let log = Log { worker, session, front: &front };
    let timeouts = worker.plan.settings(session.frontend).timeouts;
    Deadline::after(now_ms(), timeouts.http_request.or(timeouts.client)).set(&mut timer);
    // Its memory is larger than what a connection needs from then on.
    let mut begun = Box::pin(begin(worker, &front));
    let opened = std::future::poll_fn(|cx| match begun.as_mut().poll(cx) {
        Poll::Ready(opened) => Poll::Ready(opened),
        Poll::Pending => {
            ready!(timer.poll_expired(cx));
            Poll::Ready(None)
        }
    })
    .await;
    drop(begun);
    if let Some(connection) = opened {
        let state = (false, false);
        let settings = worker.plan.settings(session.frontend);
        let mut serving = Serving {
            log: &log,
            connection,
            handshake,
            stopping: false,
            roomy: false,
            state,
            limit: Deadline::NEVER,
            ping: settings.binds[session.bind.index()].idle_ping,
            probed: false,
        };
        serving.arm(&mut timer);
        std::future::poll_fn(|cx| serving.poll(cx, &mut timer)).await;
    }
    log.faults();
    let Some(mut conn) = front.with(Front::take_conn) else { return };
    if !session.is_dropped.get() {
        return linger::close(&mut conn, &mut timer).await;
    }
    // The client acknowledges our settings: to a socket that is gone, that would be answered by a reset.
    Deadline::after(now_ms(), timeouts.client).set(&mut timer);
    std::future::poll_fn(|cx| match conn.poll_more(cx, 1) {
        Poll::Ready(_) => Poll::Ready(()),
        Poll::Pending => timer.poll_expired(cx),
    })
    .await;
}

/// Waits for the client's preface, and makes the connection.
async fn begin(worker: &Worker, front: &Shared) -> Option<Box<Connection<io::Joined, Bytes>>> {
    let is_greeted = std::future::poll_fn(|cx| front.with(|front| front.poll_preface(cx))).await;
    if !is_greeted {
        return None;
    }
    builder(worker).handshake(io::Joined(front.clone())).await.ok().map(Box::new)
}

/// The largest frame that either side's peers may send, in bytes: `tune.h2.max-frame-size`. What is larger than
/// the buffer is never taken.
fn frame_size(tune: &Tune) -> u32 {
    let buffer = u32::try_from(tune.bufsize).unwrap_or(u32::MAX);
    tune.h2_max_frame_size.unwrap_or(buffer).min(buffer).clamp(16_384, 16_777_215)
}

fn builder(worker: &Worker) -> Builder {
    let tune = &worker.plan.config.global.tune;
    let mut builder = Builder::new();
    builder
        // The client is told less, and the rest when a body comes.
        .initial_window_size(body_window(tune))
        .max_concurrent_streams(streams(tune))
        .max_frame_size(frame_size(tune))
        .max_header_list_size(u32::try_from(tune.bufsize).unwrap_or(u32::MAX))
        .header_table_size(tune.h2_header_table_size)
        .max_send_buffer_size(tune.bufsize)
        // What these are against is bounded below the crate.
        .max_pending_accept_reset_streams(usize::MAX)
        .max_local_error_reset_streams(None)
        .data_frame_budget(DATA_FRAMES);
    if tune.h2_websocket {
        builder.enable_connect_protocol();
    }
    builder
}

/// Where a connection's requests come from.
struct Log<'a> {
    worker: &'a Rc<Worker>,
    session: &'a Rc<Session>,
    front: &'a Shared,
}

impl Log<'_> {
    /// Logs and counts what the follower found but in a frame.
    fn faults(&self) {
        faults::log(self.worker, self.session, self.front.with(Front::take_faults));
    }
}

struct Serving<'a> {
    log: &'a Log<'a>,
    /// Boxed, since futures keep a place for each name that a value had.
    connection: Box<Connection<io::Joined, Bytes>>,
    handshake: u64,
    /// The client was told to open no more streams.
    stopping: bool,
    /// The client was given all the room for bodies.
    roomy: bool,
    /// Whether the connection was idle, and amid a frame, when this was last looked at.
    state: (bool, bool),
    /// When the idle connection ends.
    limit: Deadline,
    /// `idle-ping`
    ping: Option<u64>,
    /// The client was asked whether it is still there, and has not answered.
    probed: bool,
}

impl Serving<'_> {
    /// The time limit of an idle connection: for the next request to begin, or to be complete.
    fn arm(&mut self, timer: &mut Timer) {
        let timeouts = self.log.worker.plan.settings(self.log.session.frontend).timeouts;
        let began = self.log.session.requests.get() == 0 || self.state.1;
        let idle = timeouts.http_keep_alive.filter(|_| !began);
        self.limit = Deadline::after(now_ms(), idle.or(timeouts.http_request).or(timeouts.client));
        self.set(timer);
    }

    /// Has the timer ring at the limit, or before that for the next question whether the client is there.
    fn set(&self, timer: &mut Timer) {
        let ping = self.ping.filter(|_| self.state.0 && !self.stopping);
        self.limit.min(Deadline::after(now_ms(), ping)).set(timer);
    }

    /// The client has answered: only its general timeout begins anew.
    fn refresh(&mut self, timer: &mut Timer) {
        self.probed = false;
        let timeouts = self.log.worker.plan.settings(self.log.session.frontend).timeouts;
        if timeouts.http_keep_alive.or(timeouts.http_request).is_none() {
            self.arm(timer);
        } else {
            self.set(timer);
        }
    }

    /// Begins streams until the connection ends.
    fn poll(&mut self, cx: &mut Context<'_>, timer: &mut Timer) -> Poll<()> {
        loop {
            match self.connection.poll_accept(cx) {
                Poll::Ready(Some(Ok((request, respond)))) => self.begin(cx, request.into_body(), respond),
                Poll::Ready(Some(Err(error))) => {
                    self.failed(&error);
                    return Poll::Ready(());
                }
                Poll::Ready(None) => return Poll::Ready(()),
                Poll::Pending => {
                    self.log.faults();
                    self.log.front.with(|front| front.note_task(cx));
                    return self.poll_idle(cx, timer);
                }
            }
        }
    }

    /// Ready when the connection was idle for too long, or the process stops, and that was told.
    fn poll_idle(&mut self, cx: &mut Context<'_>, timer: &mut Timer) -> Poll<()> {
        let (worker, front) = (self.log.worker, self.log.front);
        let state = front.with(|front| (front.is_idle(), front.is_amid()));
        if state != self.state {
            self.state = state;
            self.arm(timer);
        }
        if self.probed && front.with(Front::take_presence) {
            self.refresh(timer);
        }
        if self.stopping || closing::is_due(worker) {
            if !self.stopping {
                self.stopping = true;
                self.arm(timer);
            }
            let seen = front.with(|front| front.say_goodbye(cx, false));
            if seen && state.0 {
                front.with(|front| front.say_goodbye(cx, true));
                return Poll::Ready(());
            }
        } else if state.0
            && let Some(limit) = closing::idle_limit(worker, self.limit.at())
        {
            self.limit = Deadline::after(now_ms(), Some(limit));
            self.set(timer);
        }
        loop {
            ready!(timer.poll_expired(cx));
            if state.0 && Deadline::after(now_ms(), Some(0)) < self.limit {
                if std::mem::replace(&mut self.probed, true) {
                    front.with(|front| front.say_goodbye(cx, true));
                    return Poll::Ready(());
                }
                front.with(|front| front.probe(cx));
                self.set(timer);
                continue;
            }
            if state.0 {
                front.with(|front| front.say_goodbye(cx, true));
                return Poll::Ready(());
            }
            self.arm(timer);
        }
    }

    /// The crate ended the connection. A client that just goes away is no news.
    fn failed(&self, error: &Error) {
        if error.is_library() {
            self.log.front.with(Front::fail);
        }
    }

    /// Lets the client send bodies ahead, as far as `tune.h2.fe.rxbuf` goes. Told with the first body, since
    /// most clients send none.
    fn make_room(&mut self) {
        if self.roomy {
            return;
        }
        self.roomy = true;
        let tune = &self.log.worker.plan.config.global.tune;
        self.connection.set_target_window_size(room(tune));
    }

    fn begin(&mut self, cx: &mut Context<'_>, body: RecvStream, mut respond: SendResponse<Bytes>) {
        let (worker, session) = (self.log.worker, self.log.session);
        let id: u32 = respond.stream_id().into();
        let Some(pending) = self.log.front.with(|front| front.begin(id)) else {
            return respond.send_reset(Reason::INTERNAL_ERROR);
        };
        let running = Running { front: self.log.front.clone(), stream: id };
        let mut stream = pending.stream;
        session.requests.set(session.requests.get() + 1);
        let now = now_ms();
        stream.now = now;
        stream.mux_id = id;
        stream.timing.start = if session.requests.get() == 1 { session.accepted } else { now };
        stream.timing.handshake = std::mem::take(&mut self.handshake);
        (stream.timing.first_byte, stream.timing.request) = (Some(now), Some(now));
        stream.counts.request_head = proto::h1::counted_request(&stream.req);
        stream.counts.bytes_in += stream.counts.request_head;
        let mut client = H2Client::new(body, respond, running);
        if stream.req.flags.upgrade || stream.req.method() == b"CONNECT" {
            client.expect_tunnel();
        }
        client.note_reset(pending.code);
        let whole = client.take_early(cx);
        if !client.is_whole() {
            self.make_room();
        }
        let begun = if pending.begun.request.refused || (pending.invalid && !whole) {
            Start::Refused
        } else if pending.gone == Some(Gone::Whole) {
            Start::Lost
        } else if pending.gone.is_some() || !whole {
            Start::Broken
        } else {
            Start::Whole
        };
        session.streams.set(session.streams.get() + 1);
        tokio::task::spawn_local(serve(worker.clone(), stream, client, begun));
    }
}

/// How a stream begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    Whole,
    /// Its request is no request for anybody behind us.
    Refused,
    /// It was reset before its request was complete.
    Broken,
    /// It was reset before it could begin.
    Lost,
}

/// Runs one stream and logs it. What only some streams need is boxed, and what all need runs in memory of the
/// thread, so that a task is small.
fn serve(
    worker: Rc<Worker>,
    mut stream: Box<Stream>,
    mut client: H2Client,
    start: Start,
) -> impl Future<Output = ()> {
    let mut timer = Timer::new();
    async move {
        match start {
            Start::Whole => {
                let mut client = Client::H2(&mut client);
                worker.rooms.run(http::serve(&worker, &mut stream, &mut client, &mut timer)).await;
            }
            Start::Lost => {
                stream.termination.set(Cause::Client, State::Request);
                client.reset();
            }
            Start::Refused | Start::Broken => {
                let cause = if start == Start::Broken { Cause::Client } else { Cause::Proxy };
                stream.termination.set(cause, State::Request);
                let mut client = Client::H2(&mut client);
                Box::pin(http::refuse(&worker, &mut stream, &mut client, &mut timer, 400)).await;
                if start == Start::Refused {
                    stream.req.clear();
                    stream.timing.request = None;
                }
            }
        }
        stream.now = now_ms();
        stream.timing.end = Some(stream.now);
        stream.reset_code = client.reset_code();
        log::stream(&worker, &mut stream);
        stream.session.streams.set(stream.session.streams.get() - 1);
        let stalled = matches!(stream.termination.cause, Cause::Client | Cause::ClientTimeout);
        client.kill_connection(stream.session.is_dropped.get());
        worker.recycle(stream);
        if !stalled && client.lingers() {
            Box::pin(client.linger(&mut timer)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_sizes() {
        let check = |bufsize, set, expected| {
            let tune = Tune { bufsize, h2_max_frame_size: set, ..Tune::default() };
            assert_eq!(frame_size(&tune), expected, "{bufsize} {set:?}");
        };
        check(16_384, None, 16_384);
        check(16_384, Some(65_536), 16_384);
        check(32_768, None, 32_768);
        check(32_768, Some(20_000), 20_000);
        check(8_192, None, 16_384);
        check(100_000_000, None, 16_777_215);
    }
}
