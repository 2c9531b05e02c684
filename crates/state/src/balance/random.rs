//! `balance random(draws)`: the least loaded of a few servers that chance drew, with a chance
//! that follows the weights. Of two that are loaded alike it is the one that fewer streams came to of
//! late.

use std::sync::atomic::{AtomicUsize, Ordering};

use ir::id::ServerId;

use super::Balance;
use super::group::Group;

pub(super) fn pick(
    balance: &Balance,
    draws: usize,
    group: &Group,
    exclude: Option<ServerId>,
    now: u64,
) -> Option<ServerId> {
    let total: u64 = group.servers().map(|(_, server)| u64::from(server.weight())).sum();
    let draw = || {
        let mut point = next(&balance.turn) % total.max(1);
        group.servers().find(|(_, server)| {
            let weight = u64::from(server.weight());
            let hit = point < weight;
            point = point.saturating_sub(weight);
            hit
        })
    };
    let load = |id: ServerId| {
        let server = group.server(id);
        let by_weight = |number: u64| number * 256 / u64::from(server.weight().max(1));
        (by_weight(server.connections.get().into()), by_weight(server.stream_rate.read(now).into()))
    };
    let drawn = (0..draws).filter_map(|_| draw()).map(|(id, _)| id);
    let best = drawn.min_by_key(|id| (Some(*id) == exclude, load(*id)))?;
    if Some(best) != exclude && group.has_room(group.server(best)) {
        return Some(best);
    }
    super::group::first_with_room(group, group.servers(), exclude)
}

/// splitmix64 over a shared counter: good enough to spread, and nothing waits.
fn next(counter: &AtomicUsize) -> u64 {
    let seed = (counter.fetch_add(1, Ordering::Relaxed) as u64).wrapping_add(1);
    let a = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let a = (a ^ a >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let a = (a ^ a >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    a ^ a >> 31
}
