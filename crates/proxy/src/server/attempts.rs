//! The attempts to reach a server: retries, `option redispatch`, and the wait between two attempts
//! at the same server.

use std::task::Poll;

use ir::config::{Mode, retry};
use ir::id::ServerId;
use net::clock::now_ms;
use net::timer::Timer;
use state::link::{ServerLink, TcpInfo};
use state::persist;
use state::stream::Stream;
use state::termination::{Cause, State};

use super::connect::{Refused, connect, target};
use super::link::{note_failed, note_link};
use super::queue::{Turn, wait_turn};
use super::reuse::{mark, reuse_with};
use super::{Gone, ServerConn, Unreachable, backend, redirect};
use crate::deadline::Deadline;
use crate::worker::Worker;

/// The attempts of one stream to reach a server.
pub struct Attempts {
    left: u32,
    /// The server that failed last and is to be avoided.
    pub(super) avoid: Option<ServerId>,
    /// The server to try next, if that is decided: the same one again, or one that was chosen for
    /// its idle connections and had none.
    pub(super) next: Option<ServerId>,
    /// Its place, where that is taken already.
    pub(super) turn: Option<Turn>,
    /// The server of the last attempt.
    before: Option<ServerId>,
    /// A reused connection turned out stale: make a new one.
    pub fresh: bool,
}

impl Attempts {
    pub fn new(stream: &Stream) -> Self {
        Self { left: stream.max_retries(), avoid: None, next: None, turn: None, before: None, fresh: false }
    }

    /// Chooses between another attempt and giving up: which server is next, and `true` for
    /// another attempt.
    pub fn again(&mut self, stream: &mut Stream) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        stream.counts.retries += 1;
        if self.moves_on(stream) {
            (self.avoid, self.next) = (stream.server, None);
            stream.persist.server = None;
        } else {
            (self.avoid, self.next) = (None, stream.server);
        }
        true
    }

    /// Whether the next attempt may go to another server (`option redispatch`): its turn came, the
    /// server is down, or nothing ties the stream to it.
    fn moves_on(&self, stream: &Stream) -> bool {
        let backend = backend(stream);
        let interval = stream.plan.settings(backend).redispatch.0;
        if interval == 0 || stream.persist.forced {
            return false;
        }
        let live = &stream.plan.live.proxies[backend.index()].servers;
        let is_down = stream.server.is_some_and(|server| !live[server.index()].is_usable());
        let is_free =
            stream.persist.server.is_none() && !stream.backend_plan().balance.is_hash() && has_others(stream);
        is_down || is_free || redispatches(interval, stream.max_retries(), self.left)
    }

    /// The server that persistence names has a full queue: whether another is asked instead.
    pub(super) fn leave_full(&mut self, stream: &mut Stream) -> bool {
        let settings = stream.plan.settings(backend(stream));
        let leaves = stream.persist.server.is_some() && !stream.persist.forced && settings.redispatch.0 != 0;
        if leaves {
            stream.persist.server = None;
            self.before = stream.server;
        }
        leaves
    }

    /// The stream has a server now: the log tells where that is another one than before.
    pub(super) fn note(&mut self, stream: &mut Stream, server: ServerId) {
        if self.before.replace(server).is_some_and(|before| before != server) {
            stream.counts.redispatched = true;
            persist::on_other_server(stream);
        }
    }
}

/// Whether more than one server is up.
fn has_others(stream: &Stream) -> bool {
    let settings = stream.plan.settings(backend(stream));
    let live = &stream.plan.live.proxies[backend(stream).index()].servers;
    let active =
        live.iter().zip(&settings.servers).filter(|(live, server)| !server.backup && live.is_usable());
    active.count() > 1
}

/// Waits before the same server is tried again: one that refuses is not hammered, one that kept
/// silent or was never asked needs no pause. A second, or less with a short `timeout connect`. `Err`: the client left meanwhile.
async fn pause(stream: &Stream, timer: &mut Timer, gone: &mut Gone<'_>) -> Result<(), ()> {
    let limit = stream.plan.settings(backend(stream)).timeouts.connect;
    Deadline::after(now_ms(), Some(limit.map_or(1000, |limit| limit.min(1000)))).set(timer);
    std::future::poll_fn(|cx| {
        if gone(cx) {
            return Poll::Ready(Err(()));
        }
        timer.poll_expired(cx).map(|()| Ok(()))
    })
    .await
}

/// Whether a retry may go to another server by its number (`option redispatch`, manual): `interval`
/// n is every nth retry, -n is the nth last one; 0 is never.
fn redispatches(interval: i32, retries: u32, left: u32) -> bool {
    let done = i64::from(retries - left);
    let every = if interval < 0 { i64::from(retries) + 1 + i64::from(interval) } else { interval.into() };
    every != 0 && done % every == 0
}

/// Whether connections to the stream's backend may be used again at all.
fn is_http(stream: &Stream) -> bool {
    stream.plan.settings(backend(stream)).mode == Mode::Http
}

/// Makes a new connection for the stream, or finds one where it had to wait: sets `stream.server` and its times.
pub async fn acquire(
    worker: &Worker,
    stream: &mut Stream,
    timer: &mut Timer,
    attempts: &mut Attempts,
    gone: &mut Gone<'_>,
) -> Result<ServerConn, Unreachable> {
    let unreachable = |cause| Unreachable { cause, state: State::Connect };
    loop {
        let stays = attempts.next.is_some();
        // What was looked for already is not there.
        let looks = attempts.turn.is_none() && !attempts.fresh && is_http(stream);
        let mut turn = wait_turn(worker, stream, timer, attempts, gone).await?;
        attempts.note(stream, turn.server);
        // Who did not wait was in no queue for any time, whatever the clock says by now.
        stream.timing.dequeued = stream.timing.dequeued.filter(|_| stays).or(Some(stream.now));
        if redirect::prefix(stream, turn.server).is_some() {
            turn.live().stream_rate.count(worker.thread, stream.now);
            return Err(unreachable(Cause::Local));
        }
        if looks {
            match reuse_with(worker, stream, attempts, turn) {
                Ok(conn) => return Ok(conn),
                Err(unused) => turn = unused,
            }
        }
        stream.wakes += 1;
        turn.live().stream_rate.count(worker.thread, stream.now);
        match connect(worker, stream, timer, turn.server, gone).await {
            Ok(upstream) => {
                stream.now = now_ms();
                stream.timing.connected = Some(stream.now);
                note_link(stream, &upstream, 0);
                let mark = mark(stream, turn.backend, turn.server);
                // What many streams share is counted by its own rules.
                let number = worker.server_number(turn.backend, turn.server);
                let used = upstream.is_h1().then(|| worker.pool.begin(number));
                return Ok(ServerConn::new(upstream, false, (mark, used), turn));
            }
            Err(Refused { cause, error, tls, pauses }) => {
                drop(turn);
                let last_info = Some(TcpInfo::default());
                stream.server_link = Some(ServerLink { error, tls, last_info, ..ServerLink::default() });
                let settings = stream.plan.settings(backend(stream));
                let retries = settings.retry_on & retry::CONN_FAILURE != 0;
                // A server that connects to us is not here, and no waiting brings it.
                let is_absent = stream.server.is_some_and(|id| settings.servers[id.index()].reverse);
                let is_final = is_absent || matches!(cause, Cause::Client | Cause::Internal);
                if is_final || !retries || !attempts.again(stream) {
                    let failed = stream.server.and_then(|id| target(stream, &settings.servers[id.index()]));
                    note_failed(stream, failed.as_ref());
                    return Err(unreachable(cause));
                }
                // Who only kept silent is not hammered.
                let same = attempts.next.is_some() || !has_others(stream);
                let hammers = pauses && same && cause == Cause::Server;
                if hammers && pause(stream, timer, gone).await.is_err() {
                    return Err(unreachable(Cause::Client));
                }
                stream.now = now_ms();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::redispatches;

    #[test]
    fn redispatch_by_interval() {
        let check = |interval, expected: &[bool]| {
            let retries = expected.len() as u32;
            let got: Vec<_> = (0..retries).rev().map(|left| redispatches(interval, retries, left)).collect();
            assert_eq!(got, expected, "interval {interval}");
        };
        check(0, &[false, false, false]);
        check(-1, &[false, false, true]);
        check(-2, &[false, true, false]);
        check(-4, &[false, false, false]);
        check(1, &[true, true, true]);
        check(2, &[false, true, false]);
    }
}
