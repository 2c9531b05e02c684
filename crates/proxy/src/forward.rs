//! A stream through a server: the request there, the response back, both directions at once
//! where a body is long. What goes wrong becomes an answer and a termination here.
//!
//! What few requests need (a new connection, a tunnel, an error) is boxed, so that the future of
//! an idle session stays small.

use std::task::{Context, Poll};

use actions::room;
use ir::config::{LogOrigin, retry};
use ir::id::ProxyId;
use ir::spec::RuleSet;
use net::timer::Timer;
use proto::h1::Limits;
use proto::message::{Framing, Head, Version};
use state::persist;
use state::plan::Outcome;
use state::stream::{Sent, Stream};
use state::termination::{Cause, State};
use state::track::Event;

use crate::body::Piece;
use crate::client::{Client, ResponseMode};
use crate::conn::Gone;
use crate::exchange::{Exchange, Fault};
use crate::filters::Filters;
use crate::mux::h1::add_accept;
use crate::server::{self, Attempts, ServerConn, Unreachable, acquire, backend};
use crate::worker::Worker;
use crate::{http, log, rules, tunnel};

/// Sends the request to a server of the stream's backend and the response to the client.
pub async fn run(worker: &Worker, stream: &mut Stream, client: &mut Client<'_>, timer: &mut Timer) {
    stream.req.mend_target();
    let mut attempts = Attempts::new(stream);
    let settings = stream.plan.settings(backend(stream));
    let retry_on = if stream.overrides.sends_once { 0 } else { settings.retry_on & !retry::CONN_FAILURE };
    if retry_on != 0 {
        keep_early_body(stream, client).await;
    }
    loop {
        let mut server = match server::reuse(worker, stream, &mut attempts) {
            Some(server) => server,
            None => {
                let watch = settings.options.abortonclose != Some(false);
                let mut leave = LEAVE;
                let mut gone = |cx: &mut Context<'_>| left(cx, client, watch, &mut leave);
                match Box::pin(acquire(worker, stream, timer, &mut attempts, &mut gone)).await {
                    Ok(server) => server,
                    Err(fault) => {
                        return Box::pin(unreachable(worker, stream, client, timer, fault)).await;
                    }
                }
            }
        };
        log::step(worker, stream, LogOrigin::Connect, 0);
        name_server(stream);
        server.filters = Filters::of(stream);
        if let Some(filters) = &mut server.filters {
            filters.up.head(stream);
            client.take_apart();
        }
        server.upstream.send_head(stream, client);
        let end = wait_response(stream, client, timer, &mut server).await;
        if end.is_err() {
            server.note_faults(stream);
        }
        if retry_on & event(stream, end) != 0 && is_held(stream, client) && attempts.again(stream) {
            attempts.fresh = true;
            server::let_go(stream);
            stream.res.clear();
            stream.counts.bytes_out = 0;
            continue;
        }
        match end {
            Ok(()) => {
                server.keep_tls_session(worker);
                server.renew_tls_keys(stream);
                server::note_authentication(stream, &mut server);
                let reusable = respond(worker, stream, client, timer, &mut server).await;
                server::let_go(stream);
                if reusable {
                    server.keep(worker, stream);
                }
                return;
            }
            Err(Fault::Stale) if may_repeat(stream) => attempts.fresh = true,
            Err(Fault::Refused) if is_empty(stream) => attempts.fresh = true,
            Err(fault) => {
                reset(&mut server, client, fault);
                server::let_go(stream);
                // The server hears of it before the client does.
                drop(server);
                return Box::pin(give_up(worker, stream, client, timer, fault)).await;
            }
        }
        server::let_go(stream);
        stream.res.clear();
    }
}

const CONNECT_TIMEOUT: Unreachable = Unreachable { cause: Cause::ServerTimeout, state: State::Connect };

/// How often a client that has left is overlooked.
const LEAVE: u32 = 128;

/// Whether the client left; `watch`: in good order, too. That is overlooked until the sockets were looked at:
/// where its end came with the request, it is noticed behind a connect that takes no time.
fn left(cx: &mut Context<'_>, client: &mut Client<'_>, watch: bool, leave: &mut u32) -> bool {
    match client.poll_gone(cx) {
        Poll::Ready(Gone::Ended) if !watch => return false,
        Poll::Ready(_) => {}
        Poll::Pending => return false,
    }
    if *leave > 0 {
        *leave -= 1;
        cx.waker().wake_by_ref();
        return false;
    }
    true
}

/// Has the end of the server's connection be a reset where nobody waits for it any more, unless the
/// server ended first, or the client's own reset cut the request.
fn reset(server: &mut ServerConn, client: &Client<'_>, fault: Fault) {
    let was_reset = fault == Fault::ClientAborted && !client.request_done() && !client.is_cut();
    if fault.resets_server()
        && !was_reset
        && let Some(conn) = server.upstream.conn()
        && !conn.read_closed
    {
        // A socket that is gone already needs no reset.
        let _ = conn.io.socket().set_linger0();
    }
}

/// There is no server: a client that is still there is told.
async fn unreachable(
    worker: &Worker,
    stream: &mut Stream,
    client: &mut Client<'_>,
    timer: &mut Timer,
    fault: Unreachable,
) {
    stream.termination.set(fault.cause, fault.state);
    match fault.cause {
        Cause::Client => return client.abort(),
        Cause::Local => {
            server::redirect::fill(stream);
            return http::reply(worker, stream, client, timer).await;
        }
        _ => {}
    }
    if fault == CONNECT_TIMEOUT && !server::is_first(stream) {
        // The client repeats such a request by itself.
        return http::unanswered(stream, client, 503);
    }
    http::refuse(worker, stream, client, timer, 503).await;
}

/// The event of `retry-on` that an attempt ended with; 0: none.
fn event(stream: &Stream, end: Result<(), Fault>) -> u32 {
    match end {
        Ok(()) => {
            let status = stream.res.status();
            retry::STATUSES.iter().find(|(known, _)| *known == status).map_or(0, |(_, bit)| *bit)
        }
        Err(Fault::Stale | Fault::Refused | Fault::ServerAborted) => retry::EMPTY_RESPONSE,
        Err(Fault::InvalidResponse) => retry::JUNK_RESPONSE,
        Err(Fault::ServerTimeout) => retry::RESPONSE_TIMEOUT,
        Err(_) => 0,
    }
}

/// Keeps the part of the body that came with the head, so that rules see it and that it can be sent
/// more than once.
pub async fn keep_early_body(stream: &mut Stream, client: &mut Client<'_>) {
    std::future::poll_fn(|cx| {
        while client.has_early_body() {
            let kept = &mut stream.req_body;
            let step = client.poll_body(cx, false, &mut |piece| {
                match piece {
                    Piece::Data(bytes) | Piece::Raw(bytes) => kept.bytes.extend_from_slice(bytes),
                    Piece::End(trailers) => kept.end(trailers),
                    Piece::Trailers(trailers) => kept.end(Some(trailers)),
                }
                Ok(())
            });
            match step {
                Poll::Ready(Ok(count)) => stream.counts.bytes_in += count as u64,
                _ => break,
            }
        }
        Poll::Ready(())
    })
    .await;
    stream.req_body.complete = client.request_done();
}

/// Whether all of the request is at hand.
fn is_held(stream: &Stream, client: &Client<'_>) -> bool {
    client.request_done() && (is_empty(stream) || stream.req_body.complete)
}

/// Whether the request has no body.
fn is_empty(stream: &Stream) -> bool {
    matches!(stream.req.framing, Framing::None | Framing::Length(0))
}

/// Whether the request can be sent once more: nothing of it is gone, and doing it twice is doing
/// it once (RFC 9110, section 9.2.2).
fn may_repeat(stream: &Stream) -> bool {
    is_empty(stream)
        && matches!(stream.req.method(), b"GET" | b"HEAD" | b"OPTIONS" | b"PUT" | b"DELETE" | b"TRACE")
}

/// `http-send-name-header`: tells the server its name, whatever the request said.
fn name_server(stream: &mut Stream) {
    let settings = stream.plan.settings(backend(stream));
    let server = stream.server.and_then(|server| settings.servers.get(server.index()));
    if let (Some(header), Some(server)) = (&settings.send_name_header, server) {
        stream.req.set(header, &server.name);
    }
}

/// Uploads, and waits for a final response head; interim ones are passed on.
async fn wait_response(
    stream: &mut Stream,
    client: &mut Client<'_>,
    timer: &mut Timer,
    server: &mut ServerConn,
) -> Result<(), Fault> {
    let mut exchange = Exchange::new(stream, client);
    std::future::poll_fn(|cx| exchange.poll_head(cx, stream, client, server, timer)).await
}

/// What the head of a response may use up.
pub fn response_limits(stream: &Stream, backend: ProxyId) -> Limits {
    let tune = &stream.plan.config.global.tune;
    let options = &stream.plan.settings(backend).options;
    Limits {
        max_fields: tune.http_maxhdr,
        accept_unsafe: options.accept_unsafe_violations_in_http_response,
        keep_insecure_te: stream.plan.config.global.keep_insecure_te,
        ..Limits::of_buffer(tune.bufsize, tune.maxrewrite)
    }
}

/// Response rules, then the head and the body towards the client. Says whether the server's
/// connection can serve another stream.
async fn respond(
    worker: &Worker,
    stream: &mut Stream,
    client: &mut Client<'_>,
    timer: &mut Timer,
    server: &mut ServerConn,
) -> bool {
    if rules::any(stream, backend(stream), RuleSet::TcpResponse) {
        match Box::pin(content_rules(worker, stream, client, Some(&mut *server), timer)).await {
            Passage::Free => {}
            Passage::Refused => {
                client.abort();
                return false;
            }
            Passage::Cut => {
                Box::pin(give_up(worker, stream, client, timer, Fault::ServerAborted)).await;
                return false;
            }
        }
    }
    stream.timing.response = Some(stream.now);
    stream.count_status();
    (stream.answer_status, stream.server_status) = (None, Some(stream.res.status()));
    stream.held.response = room::held(stream, &stream.res, server.upstream.rest().len());
    http::capture_response(stream);
    persist::on_response_head(stream);
    if worker.plan.needs.response_body {
        server.upstream.show_body(&mut stream.res_body.bytes);
    }
    let reusable = keeps_open(stream) && !server.upstream.is_closing();
    if let Some(refused) = response_rules(worker, stream, client, Some(&mut *server), timer).await {
        let vanishes = refused == Outcome::Drop;
        stream.termination.set(Cause::Proxy, if vanishes { State::Request } else { State::Headers });
        // What came of its body has been received all the same.
        stream.counts.bytes_out += server.upstream.count_rest();
        match refused {
            Outcome::Failed => Box::pin(http::refuse(worker, stream, client, timer, 500)).await,
            Outcome::Deny(status) => Box::pin(http::refuse(worker, stream, client, timer, status)).await,
            Outcome::Reply => Box::pin(http::reply(worker, stream, client, timer)).await,
            _ => client.abort(),
        }
        return reusable && client.request_done() && is_received(server).await;
    }
    let bodyless = stream.is_bodyless() || stream.req.method() == b"HEAD";
    // To HTTP/1 such a response has an empty body.
    let tunnel = stream.res.framing == Framing::Tunnel;
    let bodyless = bodyless || (!client.is_h1() && !tunnel && server.upstream.ends_with_head());
    let mode = ResponseMode { close: worker.wants_close(stream), bodyless };
    if stream.res.status() == 101 && client.is_h1() {
        add_accept(stream);
    }
    let Ok(raw) = client.send_head(stream, mode) else {
        stream.termination.set(Cause::Client, State::Data);
        client.abort();
        return false;
    };
    stream.sent = Sent::Forwarded;
    if let Some(filters) = &mut server.filters {
        filters.down.head(stream);
    }
    log::response(worker, stream, &mut server.upstream);
    if tunnel {
        Box::pin(tunnel::upgraded(stream, client, timer, server)).await;
        return false;
    }
    let mut exchange = Exchange::new(stream, client);
    let end = std::future::poll_fn(|cx| exchange.poll_body(cx, stream, client, server, timer, raw)).await;
    if let Err(fault) = end {
        server.note_faults(stream);
        let (cause, _) = fault.cause_and_status();
        if fault.is_servers() {
            stream.count(Event::Failure);
        }
        reset(server, client, fault);
        stream.termination.set(
            cause,
            if exchange.answered || server.upstream.body_done() { State::Last } else { State::Data },
        );
        // Of a request that never came whole, the rest is still waited for.
        if !(exchange.answered && fault == Fault::ClientTimeout) {
            client.abort();
        }
        return false;
    }
    if stream.res.flags.violates && server.wear_out(stream) {
        stream.termination.set(Cause::Server, State::Data);
        return false;
    }
    reusable && !exchange.cut && client.request_done() && server.upstream.rest().is_empty()
}

/// Drops what came of a response that is not passed on. Whether that was all of it.
async fn is_received(server: &mut ServerConn) -> bool {
    std::future::poll_fn(|cx| {
        while !server.upstream.body_done() {
            if server.upstream.rest().is_empty()
                || !matches!(server.upstream.poll_body(cx, false, &mut |_| Ok(())), Poll::Ready(Ok(_)))
            {
                return Poll::Ready(false);
            }
        }
        Poll::Ready(server.upstream.rest().is_empty())
    })
    .await
}

/// `tcp-response content`: says whether the response may pass. Without an inspect delay the rules
/// decide before anything came, as in HAProxy; what they refuse was no response.
pub async fn content_rules(
    worker: &Worker,
    stream: &mut Stream,
    client: &mut Client<'_>,
    mut server: Option<&mut ServerConn>,
    timer: &mut Timer,
) -> Passage {
    let proxy = backend(stream);
    let waits = stream.plan.settings(proxy).response_inspect_delay.is_some_and(|delay| delay > 0);
    let mut head = Head::default();
    if waits {
        stream.held.response = room::held(stream, &stream.res, early(server.as_deref()));
    } else {
        std::mem::swap(&mut head, &mut stream.res);
    }
    let set = (proxy, RuleSet::TcpResponse);
    let outcome = rules::run_with(worker, stream, client, server.as_deref_mut(), timer, set).await;
    if !waits {
        std::mem::swap(&mut head, &mut stream.res);
    }
    match outcome {
        Outcome::Continue | Outcome::Stop => return Passage::Free,
        // What is there is passed on.
        Outcome::Close if waits => {
            stream.res.flags.must_close = true;
            return Passage::Free;
        }
        _ => {}
    }
    let received = stream.counts.bytes_out + early(server.as_deref()) as u64;
    stream.counts.bytes_out = if waits { received } else { 0 };
    stream.res.clear();
    if outcome == Outcome::Close && server.is_some() {
        return Passage::Cut;
    }
    stream.termination.set(Cause::Proxy, State::Data);
    Passage::Refused
}

/// What rules on contents mean for a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    Free,
    Refused,
    /// The connection to the server ends before anything came.
    Cut,
}

/// Bytes of a response's body that came with its head; a service's are not told.
fn early(server: Option<&ServerConn>) -> usize {
    server.map_or(0, |server| server.upstream.rest().len())
}

/// The response rules of the backend, then of the frontend, then those of both behind them.
/// `Some`: the response is refused or replaced.
pub async fn response_rules(
    worker: &Worker,
    stream: &mut Stream,
    client: &mut Client<'_>,
    mut server: Option<&mut ServerConn>,
    timer: &mut Timer,
) -> Option<Outcome> {
    let (front, back) = (stream.session.frontend, backend(stream));
    let proxies = if front == back { &[back][..] } else { &[back, front][..] };
    for set in [RuleSet::HttpResponse, RuleSet::HttpAfterResponse] {
        if set == RuleSet::HttpAfterResponse && persist::on_response(stream) {
            log::tell_leak(worker, stream);
            return Some(Outcome::Deny(502));
        }
        for proxy in proxies {
            if !rules::any(stream, *proxy, set) {
                continue;
            }
            match rules::run_with(worker, stream, client, server.as_deref_mut(), timer, (*proxy, set)).await {
                Outcome::Continue | Outcome::Stop => {}
                other => return Some(other),
            }
        }
    }
    unframe(stream);
    None
}

/// Where rules removed the field that frames it, a body ends with the connection. HTTP/2 has chunks
/// without a field.
pub fn unframe(stream: &mut Stream) {
    let res = &mut stream.res;
    let field = match res.framing {
        Framing::Length(_) => &b"content-length"[..],
        Framing::Chunked if res.version != Version::Http2 => b"transfer-encoding",
        _ => return,
    };
    if res.get(field).is_none() {
        res.framing = Framing::UntilClose;
    }
}

/// Whether the configuration asks to end the server's connection behind the response.
pub fn closes_server(stream: &Stream) -> bool {
    let options = stream.plan.settings(backend(stream)).options;
    options.http_server_close
        || options.httpclose
        || stream.plan.settings(stream.session.frontend).options.http_server_close
}

/// Whether the server keeps the connection open behind this response (RFC 9112, section 9.3).
pub fn keeps_open(stream: &Stream) -> bool {
    let res = &stream.res;
    let wanted = !res.flags.close && (res.version >= Version::Http11 || res.flags.keep_alive);
    wanted
        && !res.flags.must_close
        && !closes_server(stream)
        && !matches!(res.framing, Framing::UntilClose | Framing::Tunnel)
}

/// The answer to a failure before the response's head was sent.
async fn give_up(
    worker: &Worker,
    stream: &mut Stream,
    client: &mut Client<'_>,
    timer: &mut Timer,
    fault: Fault,
) {
    let (cause, status) = fault.cause_and_status();
    if fault.is_servers() {
        stream.count(Event::Failure);
    }
    stream.res.clear();
    // The request is sent: what pages tell has only what is kept of it.
    stream.phase = RuleSet::HttpResponse;
    stream.termination.set(cause, if fault == Fault::ClientReset { State::Data } else { State::Headers });
    match fault {
        // The client repeats a request whose connection went away without an answer, as if it had
        // never been here.
        Fault::Stale | Fault::Refused => {
            stream.log_silent = true;
            client.abort();
        }
        // Nobody is left to read it, but the log tells it.
        Fault::ClientReset => http::unanswered(stream, client, status),
        Fault::ClientAborted if !client.request_done() => http::unanswered(stream, client, status),
        _ => http::refuse(worker, stream, client, timer, status).await,
    }
}
