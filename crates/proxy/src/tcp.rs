//! `mode tcp`: one stream for the whole connection. Content rules may wait for its first bytes,
//! then it goes to a server of the backend, or to a TCP service.

use std::rc::Rc;
use std::task::{Context, Poll, ready};

use ir::config::{LogOrigin, Mode};
use ir::id::{ProxyId, ServiceId};
use ir::spec::RuleSet;
use lua::TcpService;
use net::clock::now_ms;
use net::timer::Timer;
use proto::h1::{Parsed, Progress, parse_request};
use state::persist;
use state::plan::Outcome;
use state::session::{Mux, Session};
use state::stream::{Sent, Stream};
use state::termination::{Cause, State};

use crate::conn::Conn;
use crate::deadline::Deadline;
use crate::mux::h1;
use crate::server::{Attempts, acquire, let_go};
use crate::tunnel::Tunnel;
use crate::worker::Worker;
use crate::{http, inspect, linger, log, resolve, rules};

/// A connection that goes on as HTTP: by `switch-mode`, or since the chosen backend speaks it.
pub struct Upgrade {
    pub conn: Conn,
    /// The stream so far, which the first request of HTTP/1 goes on with.
    pub stream: Box<Stream>,
    /// The protocol that `switch-mode` names.
    pub proto: Option<Mux>,
}

/// Serves a TCP connection until it ends or goes on as HTTP.
pub async fn run(
    worker: &Rc<Worker>,
    session: &Rc<Session>,
    mut conn: Conn,
    handshake: u64,
) -> Option<Upgrade> {
    let mut timer = Timer::new();
    let mut stream = worker.stream(session);
    stream.phase = RuleSet::TcpContent;
    stream.timing.start = session.accepted;
    stream.timing.handshake = handshake;
    let ready_at = session.accepted + handshake;
    (stream.timing.first_byte, stream.timing.request) = (Some(ready_at), Some(ready_at));
    log::accept(worker, &mut stream);
    let end = serve(worker, &mut stream, &mut conn, &mut timer).await;
    // A log line of `mode tcp` knows no request. What was not passed on came all the same.
    stream.req.clear();
    if stream.counts.bytes_in == 0 {
        stream.counts.bytes_in = conn.rest().len() as u64;
    }
    http::leave_backend(&mut stream);
    if let End::Upgrade(proto) = end {
        stream.become_http();
        return Some(Upgrade { conn, stream, proto });
    }
    let refused = stream.timing.connected.is_none() && stream.server_label.is_empty();
    stream.now = now_ms();
    stream.timing.end = Some(stream.now);
    log::stream(worker, &mut stream);
    worker.recycle(stream);
    if session.is_dropped.get() || worker.plan.settings(session.frontend).options.nolinger {
        return None;
    }
    if refused {
        // Nobody has read what it sent.
        conn.io.socket().end_with_unread_input();
    }
    linger::say_goodbye(&mut conn).await;
    None
}

/// How a stream of `mode tcp` ended.
enum End {
    Closed,
    /// It goes on as HTTP, with the protocol that is named.
    Upgrade(Option<Mux>),
}

async fn serve(worker: &Worker, stream: &mut Stream, conn: &mut Conn, timer: &mut Timer) -> End {
    let frontend = stream.session.frontend;
    match content_rules(worker, stream, conn, timer, frontend).await {
        Outcome::Continue | Outcome::Stop => {}
        Outcome::SwitchMode(proto) => {
            let settings = stream.plan.settings(frontend);
            if settings.binds[stream.session.bind.index()].proto.as_deref() != Some(b"none") {
                return End::Upgrade(proto);
            }
            stream.termination.set(Cause::Internal, State::Request);
            return End::Closed;
        }
        Outcome::Service(id) => {
            service(worker, stream, conn, timer, id).await;
            return End::Closed;
        }
        _ => {
            stream.termination.set(Cause::Proxy, State::Request);
            return End::Closed;
        }
    }
    let Some(backend) = http::switch(stream) else {
        stream.termination.set(Cause::Server, State::Connect);
        return End::Closed;
    };
    if stream.plan.settings(backend).mode == Mode::Http {
        return End::Upgrade(None);
    }
    http::enter_backend(stream, backend);
    if backend != frontend {
        let outcome = content_rules(worker, stream, conn, timer, backend).await;
        if !matches!(outcome, Outcome::Continue | Outcome::Stop) {
            stream.termination.set(Cause::Proxy, State::Request);
            return End::Closed;
        }
    }
    persist::on_request(stream);
    stream.end_request_vars();
    let watch = stream.plan.settings(backend).options.abortonclose == Some(true);
    // Who leaves without a word wants nothing; what was sent is wanted to arrive.
    let mut gone = |cx: &mut Context<'_>| conn.poll_gone(cx).is_ready() && (watch || conn.rest().is_empty());
    let came = now_ms();
    let mut server = match acquire(worker, stream, timer, &mut Attempts::new(stream), &mut gone).await {
        Ok(server) => server,
        Err(fault) => {
            // A client that was silent for longer than it may be is what ended the wait first.
            let silent = stream.client_timeout().is_some_and(|limit| now_ms() >= came + limit);
            let is_clients = silent && !conn.read_closed && fault.cause != Cause::Client;
            let cause = if is_clients { Cause::ClientTimeout } else { fault.cause };
            stream.termination.set(cause, fault.state);
            return End::Closed;
        }
    };
    stream.timing.response = stream.timing.connected;
    persist::on_response_head(stream);
    stream.sent = Sent::Forwarded;
    log::step(worker, stream, LogOrigin::Connect, 0);
    if let Some(server) = server.upstream.conn() {
        move_bytes(worker, stream, conn, server, timer).await;
    }
    server.keep_tls_session(worker);
    let_go(stream);
    End::Closed
}

/// Both ways, once the rules about the server's first bytes let them pass.
async fn move_bytes(
    worker: &Worker,
    stream: &mut Stream,
    conn: &mut Conn,
    server: &mut Conn,
    timer: &mut Timer,
) {
    let mut tunnel = Tunnel::new(stream);
    let end = match inspect::response(worker, stream, &mut tunnel, conn, server, timer).await {
        Ok(Outcome::Continue | Outcome::Stop) => tunnel.run(stream, conn, server, timer).await,
        Ok(Outcome::Close) => Ok(()),
        Ok(_) => {
            stream.counts.bytes_out += server.rest().len() as u64;
            return stream.termination.set(Cause::Proxy, State::Data);
        }
        Err(broken) => Err(broken),
    };
    if let Err(broken) = end {
        stream.termination.set(broken.cause(), State::Data);
    }
}

/// `tcp-request content` rules; what a rule needs and has not come is waited for, at most
/// `tcp-request inspect-delay`.
async fn content_rules(
    worker: &Worker,
    stream: &mut Stream,
    conn: &mut Conn,
    timer: &mut Timer,
    proxy: ProxyId,
) -> Outcome {
    let delay = stream.plan.settings(proxy).inspect_delay;
    let most = stream.plan.config.global.tune.bufsize;
    let deadline = Deadline::after(stream.session.accepted, Some(delay.unwrap_or(0)));
    let mut at = 0;
    if rules::any(stream, proxy, RuleSet::TcpContent) && conn.rest().is_empty() {
        // Most clients send something at once: rules without a delay can see it too.
        tokio::task::yield_now().await;
        std::future::poll_fn(|cx| Poll::Ready(conn.poll_more(cx, most).is_ready())).await;
        stream.req_body.bytes.extend_from_slice(conn.rest());
        read_request(worker, stream);
    }
    loop {
        match actions::run(stream, proxy, RuleSet::TcpContent, &mut at) {
            Outcome::NotYet if stream.req_body.complete || stream.inspect_over => at += 1,
            Outcome::NotYet => {
                deadline.set(timer);
                let more = std::future::poll_fn(|cx| match conn.poll_more(cx, most) {
                    Poll::Ready(count) => Poll::Ready(Some(count.unwrap_or(0))),
                    Poll::Pending => {
                        ready!(timer.poll_expired(cx));
                        Poll::Ready(None)
                    }
                })
                .await;
                stream.now = now_ms();
                let known = stream.req_body.bytes.len();
                stream.req_body.bytes.extend_from_slice(&conn.rest()[known..]);
                stream.req_body.complete = more == Some(0) || conn.rest().len() >= most;
                stream.inspect_over = more.is_none();
                read_request(worker, stream);
            }
            Outcome::Pause(wait) => rules::sleep(timer, wait).await,
            Outcome::Log(profile) => log::now(worker, stream, profile),
            Outcome::Resolve => {
                let args = &stream.plan.proxy(proxy).rules[RuleSet::TcpContent as usize][at].args;
                resolve::run(stream, timer, args).await;
                at += 1;
            }
            Outcome::Lua(action) => {
                let args = &stream.plan.proxy(proxy).rules[RuleSet::TcpContent as usize][at].args;
                let outcome = Box::pin(worker.lua_action(stream, args, action)).await;
                at += 1;
                if outcome != Outcome::Continue {
                    return outcome;
                }
            }
            outcome => return outcome,
        }
    }
}

/// Reads what came as a request, so that rules about contents may ask for its parts.
fn read_request(worker: &Worker, stream: &mut Stream) {
    let limits = h1::limits(worker, &stream.session);
    stream.req.clear();
    let head = stream.req.bytes_mut();
    match old_request_line(&stream.req_body.bytes) {
        Some(line) => head.extend([line, b" HTTP/1.0\r\n\r\n"].into_iter().flatten()),
        None => head.extend_from_slice(&stream.req_body.bytes),
    }
    let parsed = parse_request(&mut stream.req, &mut Progress::default(), &limits);
    stream.is_no_http = parsed.is_err();
    match parsed {
        Ok(Parsed::Done { head_len }) => stream.req.bytes_mut().truncate(head_len),
        _ => stream.req.clear(),
    }
}

/// The line of a request in HTTP/0.9, which has no version.
fn old_request_line(bytes: &[u8]) -> Option<&[u8]> {
    let line = &bytes[..bytes.iter().position(|byte| *byte == b'\n')?];
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let target = line.strip_prefix(b"GET ")?;
    (!target.is_empty() && !target.contains(&b' ')).then_some(line)
}

/// Has a TCP service answer the connection.
async fn service(worker: &Worker, stream: &mut Stream, conn: &mut Conn, timer: &mut Timer, id: ServiceId) {
    stream.server_label = worker.service_label(id);
    let now = Some(now_ms());
    (stream.timing.dequeued, stream.timing.connected) = (now, now);
    stream.timing.response = now;
    let name = &worker.plan.config.services[id.index()];
    let Some(Ok(mut service)) = worker.lua.as_ref().map(|host| TcpService::start(host, name, stream)) else {
        stream.termination.set(Cause::Internal, State::Data);
        return;
    };
    stream.sent = Sent::Forwarded;
    let limit = stream.client_timeout();
    let mut moving = Moving { ended: None, limit };
    Deadline::after(now_ms(), limit).set(timer);
    let end = std::future::poll_fn(|cx| moving.poll(cx, stream, conn, timer, &mut service)).await;
    if let Err(cause) = end {
        stream.termination.set(cause, State::Data);
    }
}

/// Bytes between a connection and a TCP service.
struct Moving {
    /// How the script ended. What it sent before still goes to the client.
    ended: Option<Result<(), Cause>>,
    limit: Option<u64>,
}

impl Moving {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut Stream,
        conn: &mut Conn,
        timer: &mut Timer,
        service: &mut TcpService,
    ) -> Poll<Result<(), Cause>> {
        loop {
            let mut moved = self.input(cx, stream, conn, service);
            if self.ended.is_none()
                && let Poll::Ready(end) = service.poll(cx, stream)
            {
                self.ended = Some(end.map_err(|_| Cause::Internal));
            }
            match conn.poll_flush(cx) {
                Poll::Ready(Err(_)) => return Poll::Ready(Err(Cause::Client)),
                Poll::Ready(Ok(())) => {
                    let count = service.output().pop(conn.out(), 16 * 1024);
                    stream.counts.bytes_out += count as u64;
                    if count == 0 {
                        if let Some(end) = self.ended {
                            return Poll::Ready(end);
                        }
                        service.output().wait_bytes(cx);
                    }
                    moved |= count > 0;
                }
                Poll::Pending => {}
            }
            if !moved {
                ready!(timer.poll_expired(cx));
                return Poll::Ready(Err(Cause::ClientTimeout));
            }
            Deadline::after(now_ms(), self.limit).set(timer);
        }
    }

    /// Moves bytes from the client to the service; says whether there were any.
    fn input(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut Stream,
        conn: &mut Conn,
        service: &TcpService,
    ) -> bool {
        let pipe = service.input();
        if pipe.is_eof() {
            return false;
        }
        if pipe.is_full() {
            pipe.wait_room(cx);
            return false;
        }
        let step = conn.poll_bytes(cx, usize::MAX, |bytes| (bytes.len(), pipe.push_all(bytes)));
        match step {
            Poll::Ready(Ok(count @ 1..)) => {
                stream.counts.bytes_in += count as u64;
                true
            }
            Poll::Ready(_) => {
                pipe.push_eof();
                true
            }
            Poll::Pending => false,
        }
    }
}
