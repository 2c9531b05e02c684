//! `hash-type consistent`: each server has points on a circle of 32 bits, 16 for each unit of its
//! weight, and a hash goes to the nearest one, so that a server that comes or goes moves few hashes.
//! With `hash-balance-factor` and `hash-preserve-affinity` those that have too much are passed over.

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use base::hash::{avalanche, xxh32};
use ir::config::{Affinity, HashKey, Proxy, Server};
use ir::expr::Address;
use ir::id::ServerId;

use super::group::Group;
use super::sequence::Sequence;
use crate::live::LiveServer;

/// Points for each unit of a server's weight.
const SCALE: u32 = 16;
/// The distance between the points of two servers before they are mixed: those of the greatest weight.
const RANGE: u32 = 256 * SCALE;

/// See the module.
#[derive(Debug)]
pub(super) struct Ring {
    points: Sequence<Vec<(u32, ServerId)>>,
    /// What each server's points are made of, at the server's index.
    keys: Box<[u32]>,
    /// `hash-balance-factor`, in percent; 0: no bound.
    factor: u32,
    affinity: Affinity,
    /// The last point that a request without a key went to.
    last: AtomicUsize,
}

/// What a server's points are made of (manual, `hash-key`).
fn key(server: &Server) -> u32 {
    let of_id = server.id.wrapping_mul(RANGE);
    let of_address = |ip: IpAddr, start: u32| match ip {
        IpAddr::V4(ip) => avalanche(start.wrapping_add(u32::from_le_bytes(ip.octets()))),
        IpAddr::V6(ip) => xxh32(&ip.octets(), start),
    };
    match (server.hash_key, &server.address) {
        (HashKey::Id32, _) => avalanche(server.id.to_be().to_le()),
        (HashKey::Address, Some(Address::Ip(ip, _))) => of_address(*ip, 0),
        (HashKey::AddressPort, Some(Address::Ip(ip, port))) => of_address(*ip, avalanche(u32::from(*port))),
        (HashKey::Guid, _) => server.guid.as_deref().map_or(of_id, |guid| xxh32(guid, 0)),
        _ => of_id,
    }
}

impl Ring {
    pub fn new(settings: &Proxy) -> Self {
        Self {
            points: Sequence::default(),
            keys: settings.servers.iter().map(key).collect(),
            factor: settings.hash_balance_factor,
            affinity: settings.hash_affinity,
            last: AtomicUsize::new(usize::MAX),
        }
    }

    /// Lends the points in their order round the circle.
    fn with<R>(&self, group: &Group, f: impl FnOnce(&[(u32, ServerId)]) -> R) -> R {
        let weights = || group.servers().map(|(id, server)| (id, server.weight()));
        let make = |weights: &[(ServerId, u32)]| {
            let of = |(id, weight): &(ServerId, u32)| {
                let (id, key) = (*id, self.keys[id.index()]);
                (0..*weight * SCALE).map(move |point| (avalanche(key.wrapping_add(point)), id))
            };
            let mut points: Vec<_> = weights.iter().flat_map(of).collect();
            points.sort_by_key(|(point, _)| *point);
            points
        };
        self.points.with(weights, make, |points| f(points))
    }

    /// The server of a hash, full or not where affinity goes first: its queue takes the stream then.
    pub fn server(&self, group: &Group, hash: u32, avoid: Option<ServerId>) -> Option<ServerId> {
        self.with(group, |points| {
            let next = points.partition_point(|(point, _)| *point < hash) % points.len().max(1);
            let before = (next + points.len()).checked_sub(1)? % points.len();
            let (after, _) = points.get(next)?;
            let is_nearer = hash.wrapping_sub(points[before].0) <= after.wrapping_sub(hash);
            let start = if is_nearer { before } else { next };
            let round = points[start..].iter().chain(points);
            let fits = |id: ServerId| Some(id) != avoid && self.takes(group, id);
            let chosen = round.map(|(_, id)| *id).find(|id| fits(*id));
            Some(chosen.unwrap_or(points[start].1))
        })
    }

    /// The next server with room, for a request that has no key.
    pub fn next(&self, group: &Group, avoid: Option<ServerId>) -> Option<ServerId> {
        self.with(group, |points| {
            let start = self.last.load(Ordering::Relaxed).wrapping_add(1) % points.len().max(1);
            let round = (start..points.len()).chain(0..start);
            let mut with_room = round.filter(|at| group.has_room(group.server(points[*at].1)));
            let avoided = with_room.clone().next();
            let at = with_room.find(|at| Some(points[*at].1) != avoid).or(avoided)?;
            self.last.store(at, Ordering::Relaxed);
            Some(points[at].1)
        })
    }

    /// Whether a server may have one stream more.
    fn takes(&self, group: &Group, id: ServerId) -> bool {
        let server = group.server(id);
        let limit = server.limit(group.streams());
        let used = server.connections.get();
        let is_full = limit > 0
            && match self.affinity {
                Affinity::Always => false,
                Affinity::Maxconn => used >= limit,
                Affinity::Maxqueue => {
                    let most = server.queue.limit();
                    most > 0 && used + server.queue.get() >= limit + most
                }
            };
        !is_full && (self.factor == 0 || used < self.slots(group, id))
    }

    /// How many streams a server may have, when all are spread as the factor says: at least one.
    fn slots(&self, group: &Group, id: ServerId) -> u32 {
        let weight = |server: &LiveServer| u64::from(server.weight());
        let served: u64 = group.servers().map(|(_, server)| u64::from(server.connections.get())).sum();
        let total = ((served + 1) * u64::from(self.factor)).div_ceil(100);
        let (mut all, mut before, mut own) = (0, 0, 0);
        for (other, server) in group.servers() {
            if other.0 < id.0 {
                before += weight(server);
            } else if other == id {
                own = weight(server);
            }
            all += weight(server);
        }
        let scale = u64::from(SCALE);
        let (all, before, own) = (all.max(1) * scale, before * scale, own * scale);
        let (each, rest) = (total / all, total % all);
        let share = own * each + (before + own) * rest / all - before * rest / all;
        u32::try_from(share).unwrap_or(u32::MAX).max(1)
    }
}
