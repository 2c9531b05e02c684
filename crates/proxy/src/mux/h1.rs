//! HTTP/1 clients: reads request heads, runs a stream for each, keeps the connection for the
//! next. Pipelined requests wait in the connection's left-over bytes until their turn.

mod server;

use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use ir::config::Timeouts;
use net::clock::now_ms;
use net::load;
use net::timer::Timer;
use proto::h1::{self, Body, Limits, Parsed, Persistence, Progress, ResponseOut};
use proto::message::{Framing, Version};
use proto::wear::Wear;
use state::session::Session;
use state::stream::Stream;
use state::termination::{Cause, State};
use state::track::Event;

use crate::body::{H1Source, Piece, send_h1};
use crate::client::{Client, ResponseMode};
use crate::conn::{Conn, HEAD_PART};
use crate::deadline::Deadline;
use crate::http;
use crate::worker::Worker;
use crate::{closing, linger, log};
use proto::websocket;

pub use server::H1Server;

/// The client's side of the current stream.
#[derive(Debug)]
pub struct H1Client {
    pub conn: Conn,
    /// The request's body.
    pub source: H1Source,
    /// The connection stays open behind the current response.
    pub keep_alive: bool,
    /// How payload of the response's body is framed.
    chunked: bool,
    /// `option http-drop-response-trailers`.
    drops_trailers: bool,
    /// No body follows the response's head, whatever comes of one.
    bodyless: bool,
    /// The response is not whole: the client must notice.
    pub aborted: bool,
}

impl H1Client {
    pub fn new(conn: Conn) -> Self {
        let source = H1Source::new(Body::new(Framing::None, 0), 0);
        let (chunked, drops_trailers, bodyless, aborted) = (false, false, false, false);
        Self { conn, source, keep_alive: true, chunked, drops_trailers, bodyless, aborted }
    }

    /// Whether what comes of the response's body may go out as it stands.
    pub fn takes_body(&self) -> bool {
        !self.bodyless
    }

    /// See [`Client::send_interim`].
    pub fn send_interim(&mut self, stream: &Stream) -> io::Result<()> {
        let how = ResponseOut { persistence: Persistence::KeepAlive, client_version: Version::Http11 };
        self.write_head(stream, &how);
        Ok(())
    }

    fn write_head(&mut self, stream: &Stream, how: &ResponseOut) -> Persistence {
        if stream.req.is_empty() {
            h1::write_page(&stream.res, self.conn.out());
            return Persistence::Close;
        }
        let start = self.conn.out().len();
        let persistence = h1::write_response(&stream.res, self.conn.out(), how);
        if stream.plan.settings(stream.session.frontend).options.h1_case_adjust_bogus_client {
            let cases = &stream.plan.config.global.header_cases;
            h1::adjust_names(&mut self.conn.out()[start..], |name| cases.get(name).map(Vec::as_slice));
        }
        persistence
    }

    /// See [`Client::send_head`]. Chunks pass raw, to HTTP/1.0 clients too, as HAProxy does it.
    pub fn send_head(&mut self, stream: &Stream, mode: ResponseMode) -> io::Result<bool> {
        let (request, response) = (&stream.req, &stream.res);
        let old = request.version < Version::Http11;
        let wanted = !request.flags.close && (!old || request.flags.keep_alive);
        let keep = wanted && !mode.close && !request.flags.must_close;
        let persistence = if keep { Persistence::KeepAlive } else { Persistence::Close };
        let how = ResponseOut { persistence, client_version: request.version };
        self.keep_alive = self.write_head(stream, &how) == Persistence::KeepAlive;
        self.chunked = response.framing == Framing::Chunked;
        self.bodyless = mode.bodyless;
        self.drops_trailers =
            stream.plan.settings(stream.session.frontend).options.http_drop_response_trailers;
        Ok(true)
    }

    /// The tunnel stands: what comes is for the server, until the connection ends.
    pub fn begin_tunnel(&mut self) {
        self.source = H1Source::new(Body::new(Framing::Tunnel, 0), 0);
        self.keep_alive = false;
    }

    /// See [`Client::send`].
    pub fn send(&mut self, cx: &mut Context<'_>, piece: &Piece<'_>) -> io::Result<()> {
        if self.bodyless {
            return Ok(());
        }
        let piece = if self.drops_trailers { &piece.bare() } else { piece };
        send_h1(&mut self.conn, cx, self.chunked, piece)
    }
}

/// Answers the key of a WebSocket's handshake where the server's version has no answer.
pub fn add_accept(stream: &mut Stream) {
    const NAME: &[u8] = b"sec-websocket-accept";
    let Stream { req, res, .. } = stream;
    if req.flags.websocket
        && res.get(NAME).is_none()
        && let Some(key) = req.get(b"sec-websocket-key")
    {
        res.add(NAME, &websocket::accept(key));
    }
}

/// How the wait for a request head ended.
enum Received {
    Request(Box<Stream>),
    /// The connection ended between two requests, or must end: nothing to say or log.
    Silent,
    /// A request that cannot be served: this status is answered.
    Refused(Box<Stream>, u16, Cause),
    /// HTTP/2 with prior knowledge; the preface is left over in the connection.
    Http2,
}

/// Serves an HTTP/1 connection until it ends. Gives the connection back where the client turned
/// out to speak HTTP/2 and `may_upgrade`. The first request goes on with the stream `begun`.
///
/// What an idle connection costs is this future: what only a request needs is boxed, and nothing
/// stands in it twice, as an argument of an `async fn` and a variable made of it would.
pub fn run<'a>(
    worker: &'a Rc<Worker>,
    session: &'a Rc<Session>,
    conn: Conn,
    (handshake, may_upgrade): (u64, bool),
    begun: Option<Box<Stream>>,
) -> impl Future<Output = Option<Conn>> + 'a {
    let mut client = H1Client::new(conn);
    let mut timer = Timer::new();
    let mut start = (session.accepted, handshake);
    let mut begun = begun.map(|stream| Box::new(Partial { stream, progress: Progress::default() }));
    async move {
        loop {
            let first = begun.take();
            match receive(worker, session, &mut client, &mut timer, (start, may_upgrade), first).await {
                Received::Silent => {
                    if client.conn.io.is_tls() {
                        Box::pin(linger::say_goodbye(&mut client.conn)).await;
                    }
                    return None;
                }
                Received::Http2 => return Some(client.conn),
                Received::Refused(stream, status, cause) => {
                    let reason = (status, cause);
                    Box::pin(refuse(worker, session, stream, &mut client, &mut timer, reason)).await;
                    return None;
                }
                Received::Request(stream) => {
                    start = (serve(worker, session, stream, &mut client, &mut timer).await?, 0);
                }
            }
        }
    }
}

/// Runs one stream. Gives its end, or nothing where the connection ends with it.
async fn serve(
    worker: &Rc<Worker>,
    session: &Session,
    mut stream: Box<Stream>,
    client: &mut H1Client,
    timer: &mut Timer,
) -> Option<u64> {
    stream.mux_id = session.requests.get();
    session.requests.set(stream.mux_id + 1);
    let tune = &worker.plan.config.global.tune;
    client.source = H1Source::new(Body::new(stream.req.framing, tune.bufsize), tune.http_maxhdr);
    (client.keep_alive, client.aborted) = (true, false);
    if stream.req.flags.violates {
        match Wear::of(session.glitches.get(), tune.h1_glitches.clients).spare(load::is_calm()) {
            Wear::Fine => {}
            Wear::Closing => stream.req.flags.close = true,
            Wear::Over => {
                stream.termination.set(Cause::Client, State::Request);
                finish(worker, stream);
                return None;
            }
        }
    }
    // Chunks that are broken at once are no request: no rule sees it and no server.
    if client.source.body.check(client.conn.rest()).is_err() {
        stream.req.clear();
        (stream.timing.request, stream.counts.bytes_in) = (None, 0);
        Box::pin(refuse(worker, session, stream, client, timer, (400, Cause::Proxy))).await;
        return None;
    }
    if waits_for_body(&stream, client) {
        // Without an acknowledgement the client would not send more. One that is gone is noticed soon.
        let _ = client.conn.io.socket().set_quick_ack(true);
    }
    worker.rooms.run(http::serve(worker, &mut stream, &mut Client::H1(client), timer)).await;
    let end = finish(worker, stream);
    let settings = worker.plan.settings(session.frontend);
    let (nolinger, patience) = (settings.options.nolinger, settings.timeouts.client);
    if session.is_dropped.get() || (nolinger && !client.source.done) {
        return None;
    }
    if !client.source.done && !Box::pin(linger::take_rest(client, timer, patience)).await {
        Box::pin(linger::close(&mut client.conn, timer)).await;
        return None;
    }
    if !client.keep_alive && nolinger {
        // The end is told once, before the reset.
        let _ = std::future::poll_fn(|cx| Poll::Ready(client.conn.io.poll_shutdown(cx).is_ready())).await;
        return None;
    }
    if !client.keep_alive {
        linger::say_goodbye(&mut client.conn).await;
        return None;
    }
    Some(end)
}

/// Whether a request's body is still to come while the system was told to wait with
/// acknowledgements (`option tcp-smart-accept`).
fn waits_for_body(stream: &Stream, client: &H1Client) -> bool {
    let missing = match stream.req.framing {
        Framing::None => false,
        Framing::Length(len) => (client.conn.rest().len() as u64) < len,
        _ => true,
    };
    missing && stream.plan.settings(stream.session.frontend).options.tcp_smart_accept != Some(false)
}

/// Answers a request that is not served, and ends its connection.
async fn refuse(
    worker: &Rc<Worker>,
    session: &Session,
    mut stream: Box<Stream>,
    client: &mut H1Client,
    timer: &mut Timer,
    (status, cause): (u16, Cause),
) {
    // What only ends too early or too late is no fault of its form.
    let glitches = u32::from(cause == Cause::Proxy);
    session.note_glitches(glitches);
    stream.termination.set(cause, State::Request);
    stream.count(Event::Request);
    if status == 400 {
        stream.count(Event::Error);
    }
    let threshold = worker.plan.config.global.tune.h1_glitches.clients;
    let wear = Wear::of(session.glitches.get(), threshold).spare(load::is_calm());
    if glitches > 0 && wear == Wear::Over {
        http::unanswered(&mut stream, &mut Client::H1(client), status);
    } else {
        http::refuse(worker, &mut stream, &mut Client::H1(client), timer, status).await;
    }
    if stream.upgraded {
        stream.answer_status = Some(0);
    }
    let end = finish(worker, stream);
    session.count_noted_glitches(glitches, end);
    linger::close(&mut client.conn, timer).await;
}

/// Logs a stream and takes its memory back. Gives the time.
fn finish(worker: &Worker, mut stream: Box<Stream>) -> u64 {
    let end = now_ms();
    (stream.now, stream.timing.end) = (end, Some(end));
    log::stream(worker, &mut stream);
    worker.recycle(stream);
    end
}

/// Waits for a whole request head.
fn receive<'a>(
    worker: &'a Rc<Worker>,
    session: &'a Rc<Session>,
    client: &'a mut H1Client,
    timer: &'a mut Timer,
    ((start, handshake), may_upgrade): ((u64, u64), bool),
    partial: Option<Box<Partial>>,
) -> impl Future<Output = Received> + 'a {
    let settings = worker.plan.settings(session.frontend);
    let mut waiting = Waiting {
        worker,
        session,
        limits: limits(worker, session),
        start,
        handshake,
        first: session.requests.get() == 0,
        timeouts: &settings.timeouts,
        partial,
        may_upgrade,
        stays_idle: settings.options.idle_close_on_response,
    };
    waiting.arm(timer);
    std::future::poll_fn(move |cx| waiting.poll(cx, client, timer))
}

/// What a request head may use up on this frontend.
pub fn limits(worker: &Worker, session: &Session) -> Limits {
    let tune = &worker.plan.config.global.tune;
    let options = &worker.plan.settings(session.frontend).options;
    Limits {
        max_fields: tune.http_maxhdr,
        accept_unsafe: options.accept_unsafe_violations_in_http_request,
        keep_insecure_te: worker.plan.config.global.keep_insecure_te,
        any_method_payload: worker.plan.config.global.any_method_payload,
        ..Limits::of_buffer(tune.bufsize, tune.maxrewrite)
    }
}

/// What [`Waiting::take`] found.
enum Step {
    More,
    Done(Received),
    /// HTTP/2's preface; the bytes stand in the stream's head.
    Preface(Box<Stream>),
    /// The connection ended.
    Ended,
}

/// The state of one wait for a request head.
struct Waiting<'a> {
    worker: &'a Rc<Worker>,
    session: &'a Rc<Session>,
    limits: Limits,
    start: u64,
    handshake: u64,
    /// The first request of the connection: its silence is an error, a later one's is not.
    first: bool,
    timeouts: &'a Timeouts,
    /// There once a part of a head came: an idle connection has none.
    partial: Option<Box<Partial>>,
    /// HTTP/2's preface is not an error.
    may_upgrade: bool,
    /// `option idle-close-on-response`
    stays_idle: bool,
}

/// A stream whose head is not complete yet.
struct Partial {
    stream: Box<Stream>,
    progress: Progress,
}

impl Waiting<'_> {
    /// The time limit before the first byte.
    fn arm(&self, timer: &mut Timer) {
        let Timeouts { client, http_request, http_keep_alive, .. } = *self.timeouts;
        let limit =
            if self.first { http_request.or(client) } else { http_keep_alive.or(http_request).or(client) };
        Deadline::after(self.start + self.handshake, limit).set(timer);
    }

    fn poll(&mut self, cx: &mut Context<'_>, client: &mut H1Client, timer: &mut Timer) -> Poll<Received> {
        loop {
            if self.partial.is_none() && !self.first && client.conn.rest().is_empty() {
                if !self.stays_idle && closing::is_due(self.worker) {
                    return Poll::Ready(Received::Silent);
                }
                if let Some(limit) = closing::idle_limit(self.worker, timer.deadline()) {
                    timer.set(now_ms() + limit);
                }
            }
            let most = self.limits.max_head;
            match client.conn.poll_bytes(cx, most, |bytes| self.take(bytes, timer)) {
                Poll::Pending => {
                    ready!(timer.poll_expired(cx));
                    return Poll::Ready(self.give_up(408, Cause::ClientTimeout));
                }
                Poll::Ready(Ok(Step::More)) => {}
                Poll::Ready(Ok(Step::Done(received))) => return Poll::Ready(received),
                Poll::Ready(Ok(Step::Preface(stream))) => {
                    client.conn.unread(stream.req.bytes());
                    self.worker.recycle(stream);
                    return Poll::Ready(Received::Http2);
                }
                Poll::Ready(Ok(Step::Ended) | Err(_)) => {
                    return Poll::Ready(self.give_up(400, Cause::Client));
                }
            }
        }
    }

    /// Looks at what came, and says how much of it is the head's.
    fn take(&mut self, bytes: &[u8], timer: &mut Timer) -> (usize, Step) {
        if bytes.is_empty() {
            return (0, Step::Ended);
        }
        let (mut stream, mut progress) = match self.partial.take() {
            Some(partial) => {
                let Partial { mut stream, progress } = *partial;
                stream.now = now_ms();
                (stream, progress)
            }
            None => (self.worker.stream(self.session), Progress::default()),
        };
        let now = stream.now;
        if stream.timing.first_byte.is_none() {
            stream.timing.start = self.start;
            stream.timing.handshake = self.handshake;
            stream.timing.first_byte = Some(now);
            Deadline::after(now, self.timeouts.http_request.or(self.timeouts.client)).set(timer);
        } else if self.timeouts.http_request.is_none() {
            Deadline::after(now, self.timeouts.client).set(timer);
        }
        let before = stream.req.bytes().len();
        let part = &bytes[..bytes.len().min(HEAD_PART)];
        stream.req.bytes_mut().extend_from_slice(part);
        let parsed = h1::parse_request(&mut stream.req, &mut progress, &self.limits);
        let mut used = part.len();
        let step = match parsed {
            Ok(Parsed::NeedMore) => {
                self.partial = Some(Box::new(Partial { stream, progress }));
                Step::More
            }
            Ok(Parsed::Done { head_len }) => {
                stream.req.bytes_mut().truncate(head_len);
                used = head_len - before;
                stream.counts.request_head = h1::counted_request(&stream.req);
                stream.counts.bytes_in = stream.counts.request_head;
                stream.timing.request = Some(now);
                if stream.req.flags.violates {
                    self.session.count_glitches(1, now);
                }
                Step::Done(Received::Request(stream))
            }
            Ok(Parsed::Http2Preface) if self.may_upgrade => Step::Preface(stream),
            Ok(Parsed::Http2Preface) => Step::Done(Received::Refused(stream, 405, Cause::Proxy)),
            Err(error) => {
                stream.req.clear();
                Step::Done(Received::Refused(stream, error.status, Cause::Proxy))
            }
        };
        (used, step)
    }

    /// Time ran out or the client went away before the head was whole.
    fn give_up(&mut self, status: u16, cause: Cause) -> Received {
        let options = &self.worker.plan.settings(self.session.frontend).options;
        // A stream that began as bytes is there before the first of them.
        let nothing = self.partial.as_ref().is_none_or(|partial| partial.stream.req.bytes().is_empty());
        let silent = nothing && (!self.first || self.partial.is_some() || options.http_ignore_probes);
        if silent {
            if let Some(partial) = self.partial.take() {
                self.worker.recycle(partial.stream);
            }
            return Received::Silent;
        }
        let partial = self.partial.take().map(|partial| partial.stream);
        let mut stream = partial.unwrap_or_else(|| self.worker.stream(self.session));
        stream.timing.start = self.start;
        stream.timing.handshake = self.handshake;
        Received::Refused(stream, status, cause)
    }
}
