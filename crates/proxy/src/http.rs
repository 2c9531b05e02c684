//! One HTTP stream, from a whole request head to the end of its response: frontend rules,
//! backend, its rules, then a server, a service or an answer of our own.

use std::task::{Poll, ready};

use actions::{pages, room};
use base::net::Network;
use ir::config::{Capture, ForwardFor, LogOrigin, Mode, Proxy, RestrictNames};
use ir::id::{ProxyId, ServiceId};
use ir::spec::RuleSet;
use net::clock::now_ms;
use net::timer::Timer;
use state::captures::Captures;
use state::ends::{End, Endpoint};
use state::persist;
use state::plan::{Answer, Outcome, SwitchTarget};
use state::stream::{Sent, Stream, Waits};
use state::termination::{Cause, State};
use state::track::Event;

use crate::body::Piece;
use crate::client::{Client, ResponseMode};
use crate::conn::Gone;
use crate::deadline::Deadline;
use crate::worker::Worker;
use crate::{forward, log, rules, service};

/// What the rules and the switching decided.
enum Decision {
    Forward,
    Service(ServiceId),
    /// Send `stream.res` and `stream.reply`.
    Reply,
    /// Send the error page of this status.
    Refuse(u16),
    /// Nobody is left to be answered.
    Gone(Gone),
    /// Close without a word.
    Drop,
}

/// Runs a stream whose request head is complete.
pub async fn serve(worker: &Worker, stream: &mut Stream, client: &mut Client<'_>, timer: &mut Timer) {
    // A request head is complete: rules about contents have all they can get.
    stream.inspect_over = true;
    let live = &worker.plan.live.proxies[stream.session.frontend.index()];
    live.request_rate.count(worker.thread, stream.now);
    // It was told when it began as bytes.
    if !stream.upgraded {
        log::accept(worker, stream);
    }
    if worker.plan.needs.request_body && client.has_early_body() {
        forward::keep_early_body(stream, client).await;
    }
    let waiting = stream.req_body.bytes.len() + client.waiting();
    stream.held.request = room::held(stream, &stream.req, waiting);
    match decide(worker, stream, client, timer).await {
        Decision::Forward => {
            stream.end_request_vars();
            forward::run(worker, stream, client, timer).await;
        }
        Decision::Service(id) => {
            stream.end_request_vars();
            Box::pin(service::run(worker, stream, client, timer, id)).await;
        }
        Decision::Reply => {
            stream.termination.set(Cause::Local, State::Request);
            reply(worker, stream, client, timer).await;
        }
        Decision::Refuse(status) => Box::pin(refuse(worker, stream, client, timer, status)).await,
        Decision::Gone(Gone::Ended) => unanswered(stream, client, 400),
        Decision::Gone(Gone::Reset) => client.abort(),
        Decision::Drop => {
            drain_early_body(stream, client).await;
            client.kill();
        }
    }
    leave_backend(stream);
}

/// Rules, then the choice of the backend, then its rules.
async fn decide(
    worker: &Worker,
    stream: &mut Stream,
    client: &mut Client<'_>,
    timer: &mut Timer,
) -> Decision {
    let frontend = stream.session.frontend;
    // Rules on contents come before what is done to requests: captures, `monitor-uri`, the log's words.
    if !stream.upgraded {
        stream.unread = true;
        if let Some(decision) = rules_of(worker, stream, client, timer, (frontend, RuleSet::TcpContent)).await
        {
            return decision;
        }
    }
    // Rules on contents may have begun to track.
    stream.count(Event::Request);
    if let Some(decision) = monitor(stream) {
        stream.unread = true;
        return decision;
    }
    stream.unread = false;
    capture_request(stream);
    log::step(worker, stream, LogOrigin::Request, 0);
    let mut left = match buffer_request(stream, client, timer, frontend).await {
        Ok(left) => left,
        Err(decision) => return decision,
    };
    if let Some(decision) = rules_of(worker, stream, client, timer, (frontend, RuleSet::HttpRequest)).await {
        return decision;
    }
    let Some(backend) = switch(stream) else {
        stream.termination.set(Cause::Server, State::Connect);
        return Decision::Refuse(503);
    };
    enter_backend(stream, backend);
    // What was switched to HTTP, or chose by name, may come to such a one.
    if stream.plan.settings(backend).mode != Mode::Http {
        stream.termination.set(Cause::Internal, State::Request);
        stream.answer_status = Some(500);
        return Decision::Drop;
    }
    match buffer_request(stream, client, timer, backend).await {
        Ok(now) => left |= now,
        Err(decision) => return decision,
    }
    if backend != frontend {
        for set in [RuleSet::TcpContent, RuleSet::HttpRequest] {
            if let Some(decision) = rules_of(worker, stream, client, timer, (backend, set)).await {
                return decision;
            }
        }
    }
    persist::on_request(stream);
    if !add_unique_id(stream) || !add_forwarded(stream) || !add_ends(stream) {
        stream.termination.set(Cause::Proxy, State::Request);
        return Decision::Refuse(500);
    }
    if left {
        stream.termination.set(Cause::Client, State::Request);
        unanswered(stream, client, 400);
        return Decision::Drop;
    }
    // A rule has waited: the client may be gone.
    if stream.wakes > 1
        && let Some(gone) = std::future::poll_fn(|cx| Poll::Ready(client.has_left(cx))).await
    {
        stream.termination.set(Cause::Client, State::Request);
        return Decision::Gone(gone);
    }
    Decision::Forward
}

/// `option http-buffer-request`: waits for the body, or as much of it as the buffer takes, within
/// `timeout http-request`. Of a client that left meanwhile, the log tells when a server would be asked:
/// all rules run before.
async fn buffer_request(
    stream: &mut Stream,
    client: &mut Client<'_>,
    timer: &mut Timer,
    proxy: ProxyId,
) -> Result<bool, Decision> {
    let settings = stream.plan.settings(proxy);
    let is_there = (client.request_done() || stream.req_body.complete) && !stream.req.waits_for_leave();
    if !settings.options.http_buffer_request || is_there {
        return Ok(false);
    }
    let front = stream.plan.settings(stream.session.frontend).timeouts;
    let limit = front.http_request.or(front.client);
    stream.waiting = Some(Waits::Body);
    match Box::pin(rules::buffer_body(stream, client, timer, limit, 0)).await {
        Ok(()) => {
            stream.waiting = None;
            stream.held.request = room::held(stream, &stream.req, stream.req_body.bytes.len());
            Ok(false)
        }
        Err((_, Cause::Client)) => Ok(true),
        Err((status, cause)) => {
            stream.timing.request = None;
            stream.termination.set(cause, State::Request);
            Err(Decision::Refuse(status))
        }
    }
}

/// Runs the rules of one proxy, on contents or on requests. `None`: go on.
async fn rules_of(
    worker: &Worker,
    stream: &mut Stream,
    client: &mut Client<'_>,
    timer: &mut Timer,
    (proxy, set): (ProxyId, RuleSet),
) -> Option<Decision> {
    let on_request = set == RuleSet::HttpRequest;
    if on_request && proxy != stream.session.frontend {
        stream.count_backend_request();
    }
    if rules::any(stream, proxy, set) {
        let outcome = rules::run(worker, stream, client, timer, proxy, set).await;
        if let Some(decision) = decision(stream, client, timer, outcome).await {
            return Some(decision);
        }
    }
    if on_request && !restrict_names(stream, proxy) {
        stream.count(Event::Error);
        stream.termination.set(Cause::Proxy, State::Request);
        return Some(Decision::Refuse(403));
    }
    None
}

/// What the last word of a rule list means for the stream.
async fn decision(
    stream: &mut Stream,
    client: &mut Client<'_>,
    timer: &mut Timer,
    outcome: Outcome,
) -> Option<Decision> {
    let is_refused = match outcome {
        Outcome::Deny(_) | Outcome::Tarpit(..) | Outcome::Reject => true,
        Outcome::Reply => stream.termination.cause == Cause::Proxy,
        _ => false,
    };
    if is_refused && stream.phase == RuleSet::HttpRequest {
        stream.count(Event::Error);
    }
    Some(match outcome {
        Outcome::Service(id) => Decision::Service(id),
        Outcome::Reply => {
            if stream.termination.cause == Cause::Proxy {
                note_cookie(stream);
            }
            Decision::Reply
        }
        Outcome::Deny(status) => {
            note_cookie(stream);
            stream.termination.set(Cause::Proxy, State::Request);
            Decision::Refuse(status)
        }
        Outcome::Failed => {
            stream.termination.set(Cause::Internal, State::Request);
            Decision::Refuse(500)
        }
        Outcome::Tarpit(status, wait) => {
            note_cookie(stream);
            rules::hold(stream, client, timer, wait).await;
            stream.termination.set(Cause::Proxy, State::Tarpit);
            forget_request_time(stream);
            stream.timing.dequeued = Some(now_ms());
            Decision::Refuse(status)
        }
        Outcome::Reject | Outcome::Drop | Outcome::Close => {
            forget_request_time(stream);
            stream.termination.set(Cause::Proxy, State::Request);
            Decision::Drop
        }
        _ => return None,
    })
}

/// The log knows no time of a request that was tarpitted or dropped, unless its body was waited for first.
fn forget_request_time(stream: &mut Stream) {
    let frontend = stream.session.frontend;
    let proxies = [Some(frontend).filter(|_| !stream.unread), stream.backend];
    let waits = |proxy| stream.plan.settings(proxy).options.http_buffer_request;
    if !proxies.into_iter().flatten().any(waits) {
        stream.timing.request = None;
    }
}

/// The log tells of the persistence cookie of a request that is refused, too.
fn note_cookie(stream: &mut Stream) {
    if stream.phase == RuleSet::HttpRequest {
        persist::on_refused_request(stream);
    }
}

/// `monitor-uri` and `monitor fail` (manual, section 4.2).
fn monitor(stream: &mut Stream) -> Option<Decision> {
    let settings = stream.plan.settings(stream.session.frontend);
    let uri = settings.monitor_uri.as_deref()?;
    let is_path = uri.starts_with(b"/") && stream.req.path_and_query() == Some(uri);
    if !is_path && stream.req.target() != uri {
        return None;
    }
    stream.is_monitored = true;
    stream.termination.set(Cause::Local, State::Request);
    let failing = stream.frontend_plan().monitor_fail.iter().any(|cond| cond.eval(stream) == Answer::Yes);
    Some(Decision::Refuse(if failing { 503 } else { 200 }))
}

/// Keeps the values of `capture request header` for the log.
fn capture_request(stream: &mut Stream) {
    let captures = &stream.plan.settings(stream.session.frontend).request_captures;
    capture(captures, &stream.req, stream.request_captures.get_mut());
}

/// The same for the response.
pub fn capture_response(stream: &mut Stream) {
    let captures = &stream.plan.settings(stream.session.frontend).response_captures;
    capture(captures, &stream.res, stream.response_captures.get_mut());
}

fn capture(captures: &[Capture], head: &proto::message::Head, into: &mut Captures) {
    for (index, capture) in captures.iter().enumerate() {
        if let Some(value) = head.get_all(&capture.name).next_back() {
            into.keep(index, &value[..value.len().min(capture.len)]);
        }
    }
}

/// `use_backend`, `default_backend`, or the proxy itself where it is a `listen`. A backend that is not
/// to be chosen is passed over.
pub fn switch(stream: &mut Stream) -> Option<ProxyId> {
    let frontend = stream.session.frontend;
    for switch in &stream.frontend_plan().switches {
        if switch.cond.as_ref().is_some_and(|cond| cond.eval(stream) != Answer::Yes) {
            continue;
        }
        let target = match &switch.target {
            SwitchTarget::Backend(id) => Some(*id),
            SwitchTarget::Dynamic(format) => stream.with_scratch(|stream, name| {
                format.write(stream, name);
                let proxies = &stream.plan.config.proxies;
                let found = proxies.iter().position(|proxy| proxy.is_backend && proxy.name == *name);
                found.map(|index| ProxyId(index as u32))
            }),
        };
        match target {
            None => break,
            Some(target) if may_choose(stream, target) => return Some(target),
            Some(_) => {}
        }
    }
    let settings = stream.plan.settings(frontend);
    let default = settings.default_backend.filter(|target| may_choose(stream, *target));
    default.or_else(|| settings.is_backend.then_some(frontend))
}

/// Whether rules may choose a backend: it is enabled and published, or `force-be-switch` insists.
fn may_choose(stream: &Stream, backend: ProxyId) -> bool {
    let settings = stream.plan.settings(backend);
    let forced = || stream.frontend_plan().force_switch.iter().any(|cond| cond.eval(stream) == Answer::Yes);
    !(settings.disabled || settings.unpublished) || forced()
}

/// Counts the stream in its backend.
pub fn enter_backend(stream: &mut Stream, backend: ProxyId) {
    stream.backend = Some(backend);
    if backend != stream.session.frontend {
        stream.overrides.leave_proxy();
    }
    persist::begin(stream);
    let live = &stream.plan.live.proxies[backend.index()];
    live.backend.enter();
    live.backend_total.add(stream.session.thread, 1);
    live.stream_rate.count(stream.session.thread, stream.now);
}

/// Undoes [`enter_backend`].
pub fn leave_backend(stream: &mut Stream) {
    if let Some(backend) = stream.backend {
        stream.plan.live.proxies[backend.index()].backend.leave();
    }
}

/// Makes the unique id, if only for the log, and adds the field of `unique-id-header`. `false`: it
/// has no room.
fn add_unique_id(stream: &mut Stream) -> bool {
    let header = &stream.plan.settings(stream.session.frontend).unique_id_header;
    stream.with_scratch(|stream, text| {
        let Some(id) = stream.unique_id() else { return true };
        text.extend_from_slice(id);
        header.as_ref().is_none_or(|name| room::try_add(stream, name, text))
    })
}

/// `option forwarded`: behind what the request has of it, where all of that is understood. `false`:
/// it has no room.
fn add_forwarded(stream: &mut Stream) -> bool {
    const NAME: &[u8] = b"forwarded";
    let Some(settings) = &stream.backend_plan().forwarded else { return true };
    let last = (0..stream.req.field_count()).rfind(|index| stream.req.field(*index).0 == NAME);
    let last = last.filter(|_| samples::forwarded::is_trusted(stream));
    stream.with_scratch(|stream, value| {
        samples::forwarded::write(stream, settings, value);
        match last {
            Some(index) => room::try_append(stream, index, value),
            None => room::try_add(stream, NAME, value),
        }
    })
}

/// `option http-restrict-req-hdr-names`. `false`: the request is refused.
fn restrict_names(stream: &mut Stream, proxy: ProxyId) -> bool {
    let is_plain = |name: &[u8]| name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
    match stream.plan.settings(proxy).restrict_names {
        RestrictNames::Preserve => true,
        RestrictNames::Reject => stream.req.fields().all(|(name, _)| is_plain(name)),
        RestrictNames::Delete => {
            stream.req.retain(|name, _| is_plain(name));
            true
        }
    }
}

/// `option forwardfor` and `option originalto`: the stream's ends as header fields. `false`: they
/// have no room.
fn add_ends(stream: &mut Stream) -> bool {
    add_end(stream, End::Src, |proxy| proxy.forwardfor.as_ref())
        && add_end(stream, End::Dst, |proxy| proxy.originalto.as_ref())
}

/// Adds the field of one end. The backend and the frontend may each except an address, the
/// backend's header name wins.
fn add_end(stream: &mut Stream, end: End, option: fn(&'static Proxy) -> Option<&'static ForwardFor>) -> bool {
    let plan = stream.plan;
    let ids = [stream.backend.unwrap_or(stream.session.frontend), stream.session.frontend];
    let mut both = ids.into_iter().filter_map(|id| option(plan.settings(id)));
    let Some(first) = both.clone().next() else { return true };
    let Endpoint::Ip(address) = stream.end(end) else { return true };
    let ip = address.ip();
    if both.clone().any(|option| option.except.is_some_and(|network: Network| network.contains(ip)))
        || (both.all(|option| option.if_none) && stream.req.get(&first.header).is_some())
    {
        return true;
    }
    stream.with_scratch(|stream, out| {
        use std::io::Write;
        let _ = write!(out, "{ip}");
        room::try_add(stream, &first.header, out)
    })
}

/// Answers with the error page of `status` and closes; `stream.termination` says why.
pub async fn refuse(
    worker: &Worker,
    stream: &mut Stream,
    client: &mut Client<'_>,
    timer: &mut Timer,
    status: u16,
) {
    stream.termination.set(Cause::Proxy, State::Request);
    let proxy = stream.backend.unwrap_or(stream.session.frontend);
    pages::fill(stream, proxy, status);
    reply(worker, stream, client, timer).await;
}

/// Ends a stream whose client has left: the status is for the log alone.
pub fn unanswered(stream: &mut Stream, client: &mut Client<'_>, status: u16) {
    pages::fill(stream, stream.backend.unwrap_or(stream.session.frontend), status);
    client.abort();
}

/// Sends `stream.res` with the body `stream.reply`, after the `http-after-response` rules. An
/// error page that is empty (`errorfile 408 /dev/null`) closes without a word.
pub async fn reply(worker: &Worker, stream: &mut Stream, client: &mut Client<'_>, timer: &mut Timer) {
    if stream.res.is_empty() {
        return client.abort();
    }
    drain_early_body(stream, client).await;
    stream.end_request_vars();
    after_response(worker, stream, client, timer).await;
    if client.is_cut() {
        return client.abort();
    }
    let bodyless = stream.is_bodyless();
    let close = stream.res.flags.close || worker.wants_close(stream);
    stream.sent = Sent::Reply;
    Deadline::after(now_ms(), stream.client_timeout()).set(timer);
    let mut queued = false;
    let done = std::future::poll_fn(|cx| {
        if !queued {
            queued = true;
            if client.send_head(stream, ResponseMode { close, bodyless }).is_err() {
                return Poll::Ready(false);
            }
            let body: &[u8] = if bodyless { b"" } else { &stream.reply };
            let sent = client.send(cx, &Piece::Data(body)).and_then(|()| client.send(cx, &Piece::End(None)));
            if sent.is_err() {
                return Poll::Ready(false);
            }
        }
        match client.poll_flush(cx) {
            Poll::Ready(result) => Poll::Ready(result.is_ok()),
            Poll::Pending => {
                ready!(timer.poll_expired(cx));
                Poll::Ready(false)
            }
        }
    })
    .await;
    if !done {
        client.abort();
    }
}

/// The `http-after-response` rules on an answer of our own. Where they fail, the page of 500 takes
/// its place, and if they fail on that too, it is sent as it is.
async fn after_response(worker: &Worker, stream: &mut Stream, client: &mut Client<'_>, timer: &mut Timer) {
    let front = stream.session.frontend;
    let back = stream.backend.unwrap_or(front);
    // What never became a request has no rules.
    if stream.req.is_empty() {
        return;
    }
    stream.held.response = room::held(stream, &stream.res, stream.reply.len());
    if worker.plan.needs.response_body {
        let Stream { res_body, reply, .. } = stream;
        res_body.bytes.clear();
        res_body.bytes.extend_from_slice(reply);
        res_body.complete = true;
    }
    let proxies = if front == back { &[back][..] } else { &[back, front][..] };
    let mut attempts = if stream.status() == 500 { 1 } else { 2 };
    while attempts > 0 {
        attempts -= 1;
        let mut failed = false;
        for proxy in proxies {
            let outcome = rules::run(worker, stream, client, timer, *proxy, RuleSet::HttpAfterResponse).await;
            failed = !matches!(outcome, Outcome::Continue | Outcome::Stop);
            if failed {
                break;
            }
        }
        if !failed {
            return forward::unframe(stream);
        }
        stream.termination.set(Cause::Proxy, State::Request);
        pages::fill(stream, back, 500);
    }
}

/// Drops the part of the request's body that came with the head, so that a small upload does
/// not cost the connection.
async fn drain_early_body(stream: &mut Stream, client: &mut Client<'_>) {
    std::future::poll_fn(|cx| {
        // After a wait more may have come, or the end.
        while client.has_early_body() || (stream.wakes > 1 && !client.request_done()) {
            match client.poll_body(cx, true, &mut |_| Ok(())) {
                Poll::Ready(Ok(count)) => stream.counts.bytes_in += count as u64,
                _ => break,
            }
        }
        Poll::Ready(())
    })
    .await;
}
