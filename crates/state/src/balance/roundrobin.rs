//! `balance roundrobin`: servers take turns, as often as their weights say and as evenly spread
//! as possible. Equal weights need no order but the configuration's.

use std::sync::atomic::Ordering;

use ir::id::ServerId;

use super::Balance;
use super::group::{Group, first_with_room};

pub(super) fn pick(balance: &Balance, group: &Group, exclude: Option<ServerId>) -> Option<ServerId> {
    if group.is_even() {
        let len = group.len();
        let place = balance.turn.fetch_add(1, Ordering::Relaxed) % len.max(1);
        return first_with_room(
            group,
            group.servers().skip(place).chain(group.servers().take(place)),
            exclude,
        );
    }
    balance.sequence.with(
        || group.weights(),
        order,
        |places| {
            let place = balance.turn.fetch_add(1, Ordering::Relaxed) % places.len().max(1);
            let (before, from) = places.split_at(place);
            first_with_room(group, from.iter().chain(before).map(|id| (*id, group.server(*id))), exclude)
        },
    )
}

/// A server and its place in the rotation.
struct Runner {
    id: ServerId,
    weight: u32,
    /// The position from which it is due again; `None` until its first turn.
    due: Option<u32>,
    /// The part of a position that was rounded off, in units of 1/weight.
    rest: u32,
}

/// One whole rotation: those due go first, then the heaviest that had no turn yet.
fn order(weights: &[(ServerId, u32)]) -> Vec<ServerId> {
    let total: u32 = weights.iter().map(|(_, weight)| weight).sum();
    let mut runners: Vec<Runner> =
        weights.iter().map(|(id, weight)| Runner { id: *id, weight: *weight, due: None, rest: 0 }).collect();
    runners.sort_by_key(|runner| std::cmp::Reverse(runner.weight));
    (0..total).filter_map(|position| take_turn(&mut runners, position, total)).collect()
}

fn take_turn(runners: &mut [Runner], position: u32, total: u32) -> Option<ServerId> {
    let started = |runner: &Runner| runner.due.is_some_and(|due| due < total);
    let earliest =
        runners.iter_mut().enumerate().filter(|(_, runner)| started(runner)).min_by_key(|(_, r)| r.due);
    let chosen = match earliest.map(|(at, runner)| (at, runner.due)) {
        Some((at, Some(due))) if due <= position => at,
        other => {
            let fresh = runners.iter().position(|runner| runner.due.is_none());
            fresh.or(other.map(|(at, _)| at))?
        }
    };
    let runner = &mut runners[chosen];
    let mut due = runner.due.unwrap_or(position) + total / runner.weight;
    runner.rest += total % runner.weight;
    if runner.rest >= runner.weight {
        runner.rest -= runner.weight;
        due += 1;
    }
    runner.due = Some(due);
    Some(runner.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Orders that HAProxy 3.5 was seen to give for servers a, b, c of these weights.
    #[test]
    fn as_haproxy() {
        let check = |weights: [u32; 3], expected: &str| {
            let weights: Vec<_> = (0..).map(ServerId).zip(weights).collect();
            let got: String = order(&weights).iter().map(|id| char::from(b'a' + id.0 as u8)).collect();
            assert_eq!(got, expected, "{weights:?}");
        };
        check([1, 1, 1], "abc");
        check([2, 1, 1], "abac");
        check([1, 2, 1], "babc");
        check([1, 1, 2], "cacb");
        check([3, 2, 1], "abacab");
        check([5, 1, 1], "aaabaac");
        check([1, 2, 3], "cbcacb");
        check([4, 3, 1], "ababacab");
    }
}
