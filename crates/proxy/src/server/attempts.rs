//! The attempts to reach a server: retries, `option redispatch`, and the wait between two attempts
//! at the same server.

use std::task::Poll;

use ir::id::ServerId;
use net::clock::now_ms;
use net::timer::Timer;
use state::link::{ServerLink, TcpInfo};
use state::stream::Stream;
use state::termination::{Cause, State};

use super::connect::{Refused, connect};
use super::link::note_link;
use super::queue::{Turn, wait_turn};
use super::reuse::mark;
use super::{Gone, ServerConn, Unreachable, backend};
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
    /// A reused connection turned out stale: make a new one.
    pub fresh: bool,
}

impl Attempts {
    pub fn new(stream: &Stream) -> Self {
        Self { left: stream.max_retries(), avoid: None, next: None, turn: None, fresh: false }
    }

    /// Chooses between another attempt and giving up: which server is next, and `true` for
    /// another attempt.
    pub fn again(&mut self, stream: &mut Stream) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        stream.counts.retries += 1;
        let settings = stream.plan.settings(backend(stream));
        stream.counts.redispatched = redispatches(settings.redispatch.0, stream.max_retries(), self.left);
        (self.avoid, self.next) =
            if stream.counts.redispatched { (stream.server, None) } else { (None, stream.server) };
        true
    }
}

/// Waits before the same server is tried again: one that refuses is not hammered, one that kept
/// silent or was never asked needs no pause. A second, or less with a short `timeout connect`. `Err`: the client left meanwhile.
async fn pause(stream: &Stream, timer: &mut Timer, gone: &mut Gone<'_>) -> Result<(), ()> {
    let limit = stream.connect_timeout();
    Deadline::after(now_ms(), Some(limit.map_or(1000, |limit| limit.min(1000)))).set(timer);
    std::future::poll_fn(|cx| {
        if gone(cx) {
            return Poll::Ready(Err(()));
        }
        timer.poll_expired(cx).map(|()| Ok(()))
    })
    .await
}

/// Whether this retry may go to another server (`option redispatch`, manual): `interval` n is
/// every nth retry, -n is the nth last one, 0 is never.
fn redispatches(interval: i32, retries: u32, left: u32) -> bool {
    let done = retries - left;
    match interval {
        0 => false,
        n if n < 0 => left < n.unsigned_abs(),
        n => done.is_multiple_of(n.unsigned_abs()),
    }
}

/// Makes a new connection for the stream: sets `stream.server` and its times.
pub async fn acquire(
    worker: &Worker,
    stream: &mut Stream,
    timer: &mut Timer,
    attempts: &mut Attempts,
    gone: &mut Gone<'_>,
) -> Result<ServerConn, Unreachable> {
    let unreachable = |cause| Unreachable { cause, state: State::Connect };
    loop {
        let turn = wait_turn(worker, stream, timer, attempts, gone).await?;
        stream.timing.dequeued.get_or_insert_with(now_ms);
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
                if matches!(cause, Cause::Client | Cause::Internal) || !attempts.again(stream) {
                    return Err(unreachable(cause));
                }
                if pauses && !stream.counts.redispatched && pause(stream, timer, gone).await.is_err() {
                    return Err(unreachable(Cause::Client));
                }
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
        check(-2, &[false, true, true]);
        check(1, &[true, true, true]);
        check(2, &[false, true, false]);
    }
}
