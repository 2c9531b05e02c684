//! HTTP/2 clients on the `h2` crate: each request becomes a stream in a task of its own, in the
//! same message type as HTTP/1. Here are the connection and its limits; [`client`] is the client's
//! side of a stream. Left out: what the crate decides itself, see `docs/differences.md`.

mod client;
mod convert;
mod convert_back;
mod halves;
mod io;
pub mod links;
mod server;
mod server_io;
mod watch;

use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::server::{Builder, Connection, SendResponse};
use h2::{Error, Reason, RecvStream};
use net::clock::now_ms;
use net::timer::Timer;
use state::session::Session;
use state::stream::Stream;
use state::termination::{Cause, State};
use state::track::Event;

pub use client::H2Client;
pub use server::H2Server;

use crate::client::Client;
use crate::conn::Conn;
use crate::deadline::Deadline;
use crate::worker::Worker;
use crate::{http, log};
use watch::Watch;

/// What a client may send ahead on one connection over all its streams, in bytes: HAProxy's
/// `tune.h2.fe.rxbuf` where nothing is set.
const CONNECTION_WINDOW: u32 = 1600 * 1024;
/// The largest window (RFC 9113, section 6.9.1).
const MAX_WINDOW: u32 = (1 << 31) - 1;

/// Serves an HTTP/2 connection until it ends. The preface may be left over in `conn`.
pub async fn run(worker: &Rc<Worker>, session: &Rc<Session>, conn: Conn, handshake: u64) {
    let timeouts = worker.plan.settings(session.frontend).timeouts;
    let mut timer = Timer::new();
    Deadline::after(now_ms(), timeouts.http_request.or(timeouts.client)).set(&mut timer);
    let watch = Rc::new(Watch::default());
    let mut greeting = pin!(builder(worker).handshake(io::Joined::new(conn, watch.clone())));
    let opened = std::future::poll_fn(|cx| match greeting.as_mut().poll(cx) {
        Poll::Ready(end) => Poll::Ready(Some(end)),
        Poll::Pending => {
            ready!(timer.poll_expired(cx));
            Poll::Ready(None)
        }
    })
    .await;
    match opened {
        Some(Ok(connection)) => {
            let open = Rc::new(());
            let serving =
                Serving { worker, session, connection, watch, open, handshake, end: End::No, idle: true };
            serving.run(timer).await;
        }
        Some(Err(_)) => bad_request(worker, session, &watch),
        None => {}
    }
}

fn builder(worker: &Worker) -> Builder {
    let tune = &worker.plan.config.global.tune;
    let mut builder = Builder::new();
    builder
        .initial_window_size(tune.h2_initial_window_size.min(MAX_WINDOW))
        .max_concurrent_streams(tune.h2_max_concurrent_streams)
        .max_frame_size(tune.h2_max_frame_size.clamp(16_384, 16_777_215))
        .max_header_list_size(u32::try_from(tune.bufsize).unwrap_or(u32::MAX))
        .header_table_size(tune.h2_header_table_size)
        .max_send_buffer_size(tune.bufsize);
    if tune.h2_websocket {
        builder.enable_connect_protocol();
    }
    builder
}

/// Logs what never became a request, as HAProxy does: `<BADREQ>`.
fn bad_request(worker: &Worker, session: &Rc<Session>, watch: &Watch) {
    session.glitches.set(session.glitches.get() + 1);
    let mut stream = worker.stream(session);
    stream.timing.start = session.accepted;
    stream.timing.end = Some(now_ms());
    stream.counts.bytes_in = watch.received();
    stream.termination.set(Cause::Proxy, State::Request);
    stream.count(Event::Request);
    stream.count(Event::Error);
    log::stream(worker, &mut stream);
    worker.recycle(stream);
}

struct Serving<'a> {
    worker: &'a Rc<Worker>,
    session: &'a Rc<Session>,
    connection: Connection<io::Joined, Bytes>,
    watch: Rc<Watch>,
    /// Each running stream holds a clone.
    open: Rc<()>,
    handshake: u64,
    end: End,
    /// No stream was running when this was last looked at.
    idle: bool,
}

/// How far the end of a connection is that we close.
#[derive(PartialEq, Eq)]
enum End {
    No,
    /// The client was told to open no more streams.
    Told,
    /// Only what is to be sent is waited for.
    Now,
}

impl Serving<'_> {
    async fn run(mut self, mut timer: Timer) {
        self.arm(&mut timer);
        std::future::poll_fn(|cx| self.poll(cx, &mut timer)).await;
    }

    /// The time limit of an idle connection.
    fn arm(&self, timer: &mut Timer) {
        let timeouts = self.worker.plan.settings(self.session.frontend).timeouts;
        let idle = timeouts.http_keep_alive.or(timeouts.http_request).or(timeouts.client);
        Deadline::after(now_ms(), idle).set(timer);
    }

    /// Begins streams until the connection ends.
    fn poll(&mut self, cx: &mut Context<'_>, timer: &mut Timer) -> Poll<()> {
        loop {
            if self.worker.plan.live.is_stopping() && self.end == End::No {
                self.end = End::Told;
                self.connection.graceful_shutdown();
            }
            match self.connection.poll_accept(cx) {
                Poll::Ready(Some(Ok((request, respond)))) => self.begin(cx, request, respond),
                Poll::Ready(Some(Err(error))) => {
                    self.failed(&error);
                    return Poll::Ready(());
                }
                Poll::Ready(None) => return Poll::Ready(()),
                Poll::Pending => {
                    self.log_refused();
                    ready!(self.poll_idle(cx, timer));
                    return Poll::Ready(());
                }
            }
        }
    }

    /// Ready when the connection was idle for too long and its end was told, or could not be.
    fn poll_idle(&mut self, cx: &mut Context<'_>, timer: &mut Timer) -> Poll<()> {
        let idle = Rc::strong_count(&self.open) == 1;
        if idle != self.idle {
            self.idle = idle;
            self.arm(timer);
        }
        loop {
            ready!(timer.poll_expired(cx));
            self.arm(timer);
            if !idle {
                continue;
            }
            if self.end == End::Now {
                return Poll::Ready(());
            }
            self.end = End::Now;
            self.connection.abrupt_shutdown(Reason::NO_ERROR);
            // Nothing comes of it but the end.
            if self.connection.poll_closed(cx).is_ready() {
                return Poll::Ready(());
            }
        }
    }

    /// The connection ended badly. A client that just goes away is no news.
    fn failed(&self, error: &Error) {
        self.log_refused();
        if error.is_library() || self.watch.is_unsettled() {
            bad_request(self.worker, self.session, &self.watch);
        }
    }

    /// Logs the streams that the codec refused.
    fn log_refused(&self) {
        for _ in 0..self.watch.take_refused() {
            bad_request(self.worker, self.session, &self.watch);
        }
    }

    fn begin(
        &mut self,
        cx: &mut Context<'_>,
        request: ::http::Request<RecvStream>,
        mut respond: SendResponse<Bytes>,
    ) {
        let session = self.session;
        let id = respond.stream_id().into();
        self.watch.accept(id);
        session.requests.set(session.requests.get() + 1);
        let mut stream = self.worker.stream(session);
        let now = now_ms();
        stream.mux_id = id;
        stream.timing.start = if session.requests.get() == 1 { session.accepted } else { now };
        stream.timing.handshake = std::mem::take(&mut self.handshake);
        (stream.timing.first_byte, stream.timing.request) = (Some(now), Some(now));
        let scheme = if session.tls.is_some() { "https" } else { "http" };
        let (parts, body) = request.into_parts();
        let max_fields = stream.plan.config.global.tune.http_maxhdr;
        if !convert::request(&parts, body.is_end_stream(), scheme, max_fields, &mut stream.req) {
            respond.send_reset(Reason::PROTOCOL_ERROR);
            self.worker.recycle(stream);
            return bad_request(self.worker, session, &self.watch);
        }
        stream.counts.request_head = stream.req.bytes().len() as u64;
        stream.counts.bytes_in += stream.counts.request_head;
        let mut client = H2Client::new(body, respond);
        if stream.req.flags.upgrade || stream.req.method() == b"CONNECT" {
            client.expect_tunnel();
        }
        let whole = client.take_early(cx);
        if !client.is_whole() {
            // One stalled upload must not stall the others. Told with the first one, since most
            // clients send none.
            self.connection.set_target_window_size(CONNECTION_WINDOW);
        }
        session.streams.set(session.streams.get() + 1);
        let (worker, open) = (self.worker.clone(), self.open.clone());
        tokio::task::spawn_local(async move {
            serve(&worker, stream, client, whole).await;
            drop(open);
        });
    }
}

/// Runs one stream and logs it. `whole`: its body is not broken from the beginning.
async fn serve(worker: &Rc<Worker>, mut stream: Box<Stream>, mut client: H2Client, whole: bool) {
    let mut timer = Timer::new();
    if whole {
        http::serve(worker, &mut stream, &mut Client::H2(&mut client), &mut timer).await;
    } else {
        stream.termination.set(Cause::Client, State::Request);
        http::refuse(worker, &mut stream, &mut Client::H2(&mut client), &mut timer, 400).await;
    }
    stream.now = now_ms();
    stream.timing.end = Some(stream.now);
    stream.reset_code = client.reset_code();
    log::stream(worker, &mut stream);
    stream.session.streams.set(stream.session.streams.get() - 1);
    let stalled = matches!(stream.termination.cause, Cause::Client | Cause::ClientTimeout);
    worker.recycle(stream);
    if !stalled {
        client.linger(&mut timer).await;
    }
}
