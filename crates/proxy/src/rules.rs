//! Rule lists with the waits that rules may ask for. The evaluator itself is in `actions` and
//! keeps its place in `at`, so that a rule that had to wait is resumed where it stood.

use std::task::{Poll, ready};

use ir::id::ProxyId;
use ir::spec::RuleSet;
use net::clock::now_ms;
use net::timer::Timer;
use proto::message::Version;
use state::plan::Outcome;
use state::stream::{Stream, Waits};
use state::termination::{Cause, State};

use crate::body::{Piece, SourceError};
use crate::client::Client;
use crate::conn::Gone;
use crate::deadline::Deadline;
use crate::server::{ServerConn, backend};
use crate::worker::Worker;
use crate::{log, resolve};

/// Whether a proxy has rules of a set: asking costs less than running an empty list.
pub fn any(stream: &Stream, proxy: ProxyId, set: RuleSet) -> bool {
    !stream.plan.proxy(proxy).rules[set as usize].is_empty()
}

/// Runs one rule list of one proxy to its last word; never gives an outcome that waits.
pub async fn run(
    worker: &Worker,
    stream: &mut Stream,
    client: &mut Client<'_>,
    timer: &mut Timer,
    proxy: ProxyId,
    set: RuleSet,
) -> Outcome {
    run_with(worker, stream, client, None, timer, (proxy, set)).await
}

/// The same; rules on a response may wait for more of the server's.
pub async fn run_with(
    worker: &Worker,
    stream: &mut Stream,
    client: &mut Client<'_>,
    server: Option<&mut ServerConn>,
    timer: &mut Timer,
    (proxy, set): (ProxyId, RuleSet),
) -> Outcome {
    if !any(stream, proxy, set) {
        return Outcome::Continue;
    }
    let mut at = 0;
    match actions::run(stream, proxy, set, &mut at) {
        outcome @ (Outcome::Pause(_)
        | Outcome::WaitForBody(..)
        | Outcome::Hint
        | Outcome::Resolve
        | Outcome::NotYet
        | Outcome::Lua(_)
        | Outcome::Log(_)) => {
            let mut sides = Sides { client, server };
            Box::pin(resume(worker, stream, &mut sides, timer, (proxy, set, at), outcome)).await
        }
        outcome => outcome,
    }
}

/// Who may be waited for.
struct Sides<'a, 'c> {
    client: &'a mut Client<'c>,
    server: Option<&'a mut ServerConn>,
}

/// The rest of a list in which a rule has to wait. Boxed: most lists never come here.
async fn resume(
    worker: &Worker,
    stream: &mut Stream,
    sides: &mut Sides<'_, '_>,
    timer: &mut Timer,
    (proxy, set, mut at): (ProxyId, RuleSet, usize),
    mut outcome: Outcome,
) -> Outcome {
    loop {
        match outcome {
            Outcome::Pause(wait) => pause(stream, sides.client, timer, wait).await,
            Outcome::WaitForBody(limit, least) => {
                if let Some(status) = wait_for_body(stream, sides, timer, limit, least).await {
                    end_wait(stream);
                    return Outcome::Deny(status);
                }
            }
            Outcome::Hint => {
                // What goes wrong shows with the final response.
                let _ = sides.client.send_interim(stream);
                std::future::poll_fn(|cx| Poll::Ready(sides.client.poll_flush(cx).is_ready())).await;
                stream.res.clear();
            }
            // An HTTP head is complete here, so what is missing will not come.
            Outcome::NotYet => at += 1,
            Outcome::Lua(action) => {
                let args = &stream.plan.proxy(proxy).rules[set as usize][at].args;
                let outcome = worker.lua_action(stream, args, action).await;
                at += 1;
                if outcome != Outcome::Continue {
                    end_wait(stream);
                    return outcome;
                }
            }
            Outcome::Resolve => {
                let args = &stream.plan.proxy(proxy).rules[set as usize][at].args;
                resolve::run(stream, timer, args).await;
                at += 1;
            }
            Outcome::Log(profile) => log::now(worker, stream, profile),
            outcome => return outcome,
        }
        stream.now = now_ms();
        stream.wakes += 1;
        outcome = actions::run(stream, proxy, set, &mut at);
    }
}

/// `wait-for-body`: gives the status of a failure, of which the stream's end is set.
async fn wait_for_body(
    stream: &mut Stream,
    sides: &mut Sides<'_, '_>,
    timer: &mut Timer,
    limit: u64,
    least: usize,
) -> Option<u16> {
    if let Some(server) = &mut sides.server {
        let came = server.wait_for_body(stream, timer, limit, least).await;
        if !came {
            stream.termination.set(Cause::ServerTimeout, State::Headers);
        }
        return (!came).then_some(504);
    }
    let (status, cause) = buffer_body(stream, sides.client, timer, Some(limit), least).await.err()?;
    // A client that left is noticed behind the rules.
    if cause == Cause::Client {
        return None;
    }
    stream.timing.request = None;
    stream.termination.set(cause, State::Request);
    Some(status)
}

/// The rule that waited decided.
fn end_wait(stream: &mut Stream) {
    if let Some(Waits::Rule(place)) = stream.waiting.take() {
        stream.last_rule = Some(place);
    }
}

/// Waits `wait` milliseconds.
pub async fn sleep(timer: &mut Timer, wait: u64) {
    Deadline::after(now_ms(), Some(wait)).set(timer);
    timer.expired().await;
}

/// Waits `wait` milliseconds, or until the client left. One of HTTP/1 that ends its direction goes on waiting.
async fn pause(stream: &Stream, client: &mut Client<'_>, timer: &mut Timer, wait: u64) {
    let watch = stream.plan.settings(backend(stream)).options.abortonclose != Some(false);
    Deadline::after(now_ms(), Some(wait)).set(timer);
    std::future::poll_fn(|cx| match client.poll_gone(cx) {
        Poll::Ready(Gone::Reset) => Poll::Ready(()),
        Poll::Ready(Gone::Ended) if watch && !client.is_h1() => Poll::Ready(()),
        _ => timer.poll_expired(cx),
    })
    .await;
}

/// Waits `wait` milliseconds, or until the client's direction ends. What it sends meanwhile is
/// dropped.
pub async fn hold(stream: &mut Stream, client: &mut Client<'_>, timer: &mut Timer, wait: u64) {
    Deadline::after(now_ms(), Some(wait)).set(timer);
    std::future::poll_fn(|cx| {
        while !client.request_done() {
            match client.poll_body(cx, false, &mut |_| Ok(())) {
                Poll::Ready(Ok(count)) => stream.counts.bytes_in += count as u64,
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => break,
            }
        }
        if client.poll_gone(cx).is_ready() {
            return Poll::Ready(());
        }
        timer.poll_expired(cx)
    })
    .await;
}

/// Collects the request's body in `stream.req_body`, up to the buffer's size or, where that is not
/// 0, `least` bytes of it, within `limit` milliseconds. The forwarding sends the collected part first.
///
/// # Errors
/// The status to answer and why: the time ran out, the client left, or its chunks are broken.
pub async fn buffer_body(
    stream: &mut Stream,
    client: &mut Client<'_>,
    timer: &mut Timer,
    limit: Option<u64>,
    least: usize,
) -> Result<(), (u16, Cause)> {
    let most = actions::room::of_body(stream, &stream.req);
    encourage(stream, client);
    Deadline::after(now_ms(), limit).set(timer);
    let end = std::future::poll_fn(|cx| {
        let _ = client.poll_flush(cx);
        loop {
            let have = stream.req_body.bytes.len();
            if client.request_done() || have >= most || (least > 0 && have >= least) {
                return Poll::Ready(Ok(()));
            }
            let body = &mut stream.req_body;
            let step = client.poll_body(cx, false, &mut |piece| {
                match piece {
                    Piece::Data(bytes) | Piece::Raw(bytes) => body.bytes.extend_from_slice(bytes),
                    Piece::End(trailers) => body.end(trailers),
                    Piece::Trailers(trailers) => body.end(Some(trailers)),
                }
                Ok(())
            });
            match step {
                Poll::Ready(Ok(count)) => stream.counts.bytes_in += count as u64,
                Poll::Ready(Err(SourceError::Invalid)) => return Poll::Ready(Err((400, Cause::Proxy))),
                Poll::Ready(Err(_)) => return Poll::Ready(Err((400, Cause::Client))),
                Poll::Pending => {
                    ready!(timer.poll_expired(cx));
                    return Poll::Ready(Err((408, Cause::ClientTimeout)));
                }
            }
        }
    })
    .await;
    stream.req_body.complete =
        least == 0 || end.is_err() || client.request_done() || stream.req_body.bytes.len() >= most;
    // The request counts as received from here on.
    stream.now = now_ms();
    stream.timing.request = Some(stream.now);
    end
}

/// Has a client that waits for leave to send its body send it. The server need not say so again.
fn encourage(stream: &mut Stream, client: &mut Client<'_>) {
    if !stream.req.waits_for_leave() {
        return;
    }
    stream.req.flags.expect_continue = false;
    stream.req.remove(b"expect");
    stream.res.start_response(100, b"Continue", Version::Http11);
    // What goes wrong shows when the body is waited for.
    let _ = client.send_interim(stream);
    stream.res.clear();
}
