//! `tcp-response content` in `mode tcp`: the rules of the backend see the server's first bytes
//! before the client does. What the client sends passes meanwhile.

use std::task::Poll;

use ir::spec::RuleSet;
use net::clock::now_ms;
use net::timer::Timer;
use state::plan::Outcome;
use state::stream::Stream;

use crate::conn::Conn;
use crate::deadline::Deadline;
use crate::server::backend;
use crate::tunnel::{Broken, Tunnel};
use crate::worker::Worker;
use crate::{log, rules};

const SET: RuleSet = RuleSet::TcpResponse;

/// Runs the rules; what one needs and has not come is waited for, at most `tcp-response
/// inspect-delay`.
///
/// # Errors
/// Who left meanwhile.
pub async fn response(
    worker: &Worker,
    stream: &mut Stream,
    tunnel: &mut Tunnel,
    client: &mut Conn,
    server: &mut Conn,
    timer: &mut Timer,
) -> Result<Outcome, Broken> {
    let proxy = backend(stream);
    if !rules::any(stream, proxy, SET) {
        return Ok(Outcome::Continue);
    }
    let delay = stream.plan.settings(proxy).response_inspect_delay;
    let most = stream.plan.config.global.tune.bufsize;
    let deadline = Deadline::after(now_ms(), Some(delay.unwrap_or(0)));
    stream.phase = SET;
    stream.inspect_over = delay.is_none_or(|delay| delay == 0);
    let mut at = 0;
    loop {
        match actions::run(stream, proxy, SET, &mut at) {
            Outcome::NotYet if stream.is_final() => at += 1,
            Outcome::NotYet => {
                deadline.set(timer);
                let more = std::future::poll_fn(|cx| {
                    if let Err(broken) = tunnel.poll_up(cx, stream, client, server) {
                        return Poll::Ready(Err(broken));
                    }
                    match server.poll_more(cx, most) {
                        Poll::Ready(count) => Poll::Ready(Ok(Some(count.unwrap_or(0)))),
                        Poll::Pending => timer.poll_expired(cx).map(|()| Ok(None)),
                    }
                })
                .await?;
                stream.now = now_ms();
                let known = stream.res_body.bytes.len();
                stream.res_body.bytes.extend_from_slice(server.rest().get(known..).unwrap_or_default());
                stream.res_body.complete = more == Some(0) || server.rest().len() >= most;
                stream.inspect_over = more.is_none();
            }
            Outcome::Pause(wait) => rules::sleep(timer, wait).await,
            Outcome::Log(profile) => log::now(worker, stream, profile),
            Outcome::Lua(action) => {
                let args = &stream.plan.proxy(proxy).rules[SET as usize][at].args;
                let outcome = Box::pin(worker.lua_action(stream, args, action)).await;
                at += 1;
                if outcome != Outcome::Continue {
                    return Ok(outcome);
                }
            }
            outcome => return Ok(outcome),
        }
    }
}
