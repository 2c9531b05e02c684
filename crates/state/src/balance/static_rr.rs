//! `balance static-rr`: as `roundrobin`, over the map that hashes use too. Also where requests
//! go that have no key to hash.

use std::sync::atomic::Ordering;

use ir::id::ServerId;

use super::Balance;
use super::group::{Group, first_with_room};
use super::hash::map;

pub(super) fn pick(balance: &Balance, group: &Group, exclude: Option<ServerId>) -> Option<ServerId> {
    balance.sequence.with(
        || group.weights(),
        map,
        |places| {
            let place = balance.turn.fetch_add(1, Ordering::Relaxed) % places.len().max(1);
            let (before, from) = places.split_at(place);
            first_with_room(group, from.iter().chain(before).map(|id| (*id, group.server(*id))), exclude)
        },
    )
}
