//! Choosing a server of a log backend for a message (manual, `mode log`).

use std::sync::atomic::Ordering;

use ir::Bytes;
use ir::id::ServerId;
use ir::types::SampleType;

use super::group::Group;
use super::mix::Mix;
use super::{Algorithm, Balance, hash, random, roundrobin};
use crate::plan::Expr;
use crate::sample::Value;
use crate::stream::Stream;

/// `balance log-hash`: converters, and what makes a number of what they give.
#[derive(Debug)]
pub(super) struct Hash {
    expr: Expr,
    mix: Mix,
}

impl Hash {
    /// `words` are those of `hash-type`.
    pub fn new(expr: Expr, words: &[Bytes]) -> Self {
        Self { expr, mix: Mix::new(words) }
    }

    fn of(&self, stream: &Stream, text: &[u8]) -> Option<u32> {
        let text = stream.arena.alloc_slice_copy(text);
        match self.expr.convert(stream, Value::Str(text))?.cast(SampleType::Bin, &stream.arena)? {
            Value::Bin(key) => Some(self.mix.of(key)),
            _ => None,
        }
    }
}

/// The server that a message goes to. `scratch` is what converters work with.
pub fn pick_log(balance: &Balance, scratch: &mut Stream, text: &[u8]) -> Option<ServerId> {
    scratch.arena.reset();
    let group = Group::new(balance, scratch)?;
    match &balance.algorithm {
        Algorithm::Sticky => sticky(balance, &group),
        Algorithm::LogHash(Some(keyed)) => hash::server(balance, &group, keyed.of(scratch, text)?),
        Algorithm::Random { .. } => random::pick(balance, 1, &group, None, 0),
        _ => roundrobin::pick(balance, &group, None),
    }
}

/// The server of the message before, or the next one behind it.
fn sticky(balance: &Balance, group: &Group) -> Option<ServerId> {
    let last = balance.turn.load(Ordering::Relaxed);
    let (behind, before): (Vec<_>, Vec<_>) = group.servers().partition(|(id, _)| id.index() >= last);
    let (next, _) = behind.first().or(before.first())?;
    // A backup only stands in.
    if !balance.backups[next.index()] {
        balance.turn.store(next.index(), Ordering::Relaxed);
    }
    Some(*next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::ServerState;

    /// The order that HAProxy 3.5 was seen to give.
    #[test]
    fn sticky_stays_until_its_server_leaves() {
        let mut config = crate::testing::config();
        config.proxies[0].balance.algorithm = "sticky";
        config.proxies[0].servers = ["a", "b", "c"].map(|name| crate::testing::server(name, 1)).to_vec();
        let mut stream = crate::testing::stream_of(config, &Default::default(), "");
        let mut check = |down: &[usize], expected: u32| {
            let plan = stream.plan;
            for (at, server) in plan.live.proxies[0].servers.iter().enumerate() {
                let state = if down.contains(&at) { ServerState::Maintenance } else { ServerState::Up };
                server.set_state(state);
            }
            let picked = pick_log(&plan.proxies[0].balance, &mut stream, b"text");
            assert_eq!(picked, Some(ServerId(expected)), "without {down:?}");
        };
        check(&[], 0);
        check(&[], 0);
        check(&[0], 1);
        check(&[1], 2);
        check(&[0, 2], 1);
        check(&[], 1);
        check(&[1, 2], 0);
    }
}
