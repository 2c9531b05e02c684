//! `balance hash`, and the map from a hash to a server that all hashing algorithms share.

use ir::id::ServerId;
use ir::types::SampleType;

use super::Balance;
use super::group::Group;
use super::mix::Mix;
use crate::plan::Expr;
use crate::sample::Value;
use crate::stream::Stream;

pub(super) fn hash(expr: Option<&Expr>, mix: &Mix, stream: &Stream) -> Option<u32> {
    let kind = if mix.is_number { SampleType::Str } else { SampleType::Bin };
    match expr?.eval(stream).ok()?.cast(kind, &stream.arena)? {
        Value::Bin(key) | Value::Str(key) => Some(mix.of(key)),
        _ => None,
    }
}

/// The server of a hash, full or not: its queue takes the stream then.
pub(super) fn server(balance: &Balance, group: &Group, hash: u32) -> Option<ServerId> {
    balance.sequence.with(
        || group.weights(),
        map,
        |places| {
            let place = hash as usize % places.len().max(1);
            places.get(place).copied()
        },
    )
}

/// A place for each unit of weight; the first server in the configuration comes first.
pub(super) fn map(weights: &[(ServerId, u32)]) -> Vec<ServerId> {
    let total: i64 = weights.iter().map(|(_, weight)| i64::from(*weight)).sum();
    let mut scores = vec![0i64; weights.len()];
    let next = |_| {
        let mut best: Option<(usize, i64)> = None;
        for (at, (_, weight)) in weights.iter().enumerate() {
            scores[at] += i64::from(*weight);
            // Rounded, so that earlier servers win unless a later one lags by a whole turn.
            let value = (scores[at] + total) / total;
            if best.is_none_or(|(_, most)| value > most) {
                best = Some((at, value));
            }
        }
        let (at, _) = best?;
        scores[at] -= total;
        Some(weights[at].0)
    };
    (0..total).filter_map(next).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Orders that HAProxy 3.5's `static-rr` was seen to give for servers a, b, c.
    #[test]
    fn as_haproxy() {
        let check = |weights: &[u32], expected: &str| {
            let weights: Vec<_> = (0..).map(ServerId).zip(weights.iter().copied()).collect();
            let got: String = map(&weights).iter().map(|id| char::from(b'a' + id.0 as u8)).collect();
            assert_eq!(got, expected, "{weights:?}");
        };
        check(&[1], "a");
        check(&[1, 1, 1], "abc");
        check(&[2, 1, 1], "aabc");
        check(&[5, 1, 1], "aaabaac");
        check(&[1, 2, 3], "acbcbc");
    }
}
