//! `balance leastconn`: the server with the fewest streams for its weight, those in its queue
//! included. Equals take turns.

use std::sync::atomic::Ordering;

use ir::id::ServerId;

use super::Balance;
use super::group::Group;
use crate::live::LiveServer;

pub(super) fn pick(balance: &Balance, group: &Group, exclude: Option<ServerId>) -> Option<ServerId> {
    let start = balance.turn.fetch_add(1, Ordering::Relaxed) % group.len().max(1);
    let servers = || group.servers().skip(start).chain(group.servers().take(start));
    let least = |excluded: bool| {
        servers()
            .filter(|(id, server)| (Some(*id) == exclude) == excluded && has_place(server, group.streams()))
            .min_by(|(_, a), (_, b)| compare(a, b))
    };
    least(false).or_else(|| least(true)).map(|(id, _)| id)
}

/// Whether the server, or its queue where it has a bound (`maxqueue`), takes one more.
fn has_place(server: &LiveServer, streams: u32) -> bool {
    let limit = server.limit(streams);
    limit == 0 || load(server) < u64::from(limit) + u64::from(server.queue.limit())
}

fn load(server: &LiveServer) -> u64 {
    u64::from(server.connections.get()) + u64::from(server.queue.get())
}

/// Compares load per weight without dividing.
fn compare(a: &LiveServer, b: &LiveServer) -> std::cmp::Ordering {
    (load(a) * u64::from(b.weight())).cmp(&(load(b) * u64::from(a.weight())))
}
