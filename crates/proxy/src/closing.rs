//! When the connections of clients are closed because the process stops: at once, one by one over
//! `close-spread-time`, or not at all.

use ir::config::CloseSpread;
use net::clock::now_ms;

use crate::worker::Worker;

/// Whether the process stops and a connection is to be closed now. The answer is another for each
/// connection, and more often yes the more of the time is over.
pub fn is_due(worker: &Worker) -> bool {
    if !worker.plan.live.is_stopping() {
        return false;
    }
    match worker.plan.config.global.close_spread_time {
        CloseSpread::AtOnce => true,
        CloseSpread::Never => false,
        CloseSpread::Within(time) => {
            let left = left(worker, time);
            left == 0 || left <= below(time)
        }
    }
}

/// The milliseconds until an idle connection is to be closed that would stay for longer than the
/// time that is left: a number by chance.
pub fn idle_limit(worker: &Worker, deadline: Option<u64>) -> Option<u64> {
    let CloseSpread::Within(time) = worker.plan.config.global.close_spread_time else { return None };
    if !worker.plan.live.is_stopping() {
        return None;
    }
    let left = left(worker, time);
    deadline.is_none_or(|deadline| deadline > now_ms() + left).then(|| below(left))
}

fn left(worker: &Worker, time: u64) -> u64 {
    (worker.plan.live.stopping_since() + time).saturating_sub(now_ms())
}

/// A number by chance.
fn below(most: u64) -> u64 {
    samples::random() % most.max(1)
}
