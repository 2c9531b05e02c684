//! Choosing a server of a backend (manual, `balance`): one algorithm a file. Left out:
//! persistence cookies and `use-server`, which come before, and queues, which come after.
//!
//! `sticky` and `log-hash` are for messages ([`pick_log`]). What makes a number of a hash's key stands in
//! [`mix`], where it leads in [`hash`] (`hash-type map-based`) and [`ring`] (`consistent`).

mod first;
mod group;
mod hash;
mod hdr;
mod leastconn;
mod log;
mod mix;
mod random;
mod ring;
mod roundrobin;
mod sequence;
mod source;
mod static_rr;
mod uri;
mod url_param;

use std::sync::atomic::AtomicUsize;

use ir::config::Proxy;
use ir::id::{ProxyId, ServerId};

use crate::persist::rdp;
use crate::plan::Expr;
use crate::stream::Stream;
use group::Group;
use mix::Mix;
use ring::Ring;
use sequence::Sequence;

pub use log::pick_log;

/// The algorithm of a backend and its state.
#[derive(Debug)]
pub struct Balance {
    backend: ProxyId,
    algorithm: Algorithm,
    /// Which servers are backups, by server.
    backups: Box<[bool]>,
    all_backups: bool,
    /// The greatest common divisor of the configured weights.
    unit: u32,
    /// The next place of those that go round.
    turn: AtomicUsize,
    /// The order of servers with unequal weights.
    sequence: Sequence<Vec<ServerId>>,
    /// What makes a number of a key, and for `hash-type consistent` where that leads.
    mix: Mix,
    ring: Option<Ring>,
}

#[derive(Debug)]
enum Algorithm {
    RoundRobin,
    StaticRr,
    LeastConn,
    First,
    Random { draws: usize },
    Source,
    Uri(uri::Part),
    UrlParam(Box<[u8]>),
    Hdr { name: Box<[u8]>, domain_only: bool },
    Hash(Option<Expr>),
    RdpCookie(Box<[u8]>),
    Sticky,
    LogHash(Option<log::Hash>),
}

impl Balance {
    /// `expr` is the compiled expression of `balance hash`.
    pub fn new(backend: ProxyId, settings: &Proxy, expr: Option<Expr>) -> Self {
        let args: Vec<&[u8]> = settings.balance.args.iter().map(Vec::as_slice).collect();
        let name = |lower: bool| -> Box<[u8]> {
            let name = args.first().copied().unwrap_or_default();
            if lower { name.to_ascii_lowercase().into() } else { name.into() }
        };
        let algorithm = match settings.balance.algorithm {
            "static-rr" => Algorithm::StaticRr,
            "leastconn" => Algorithm::LeastConn,
            "first" => Algorithm::First,
            "random" => Algorithm::Random { draws: draws(&args) },
            "source" => Algorithm::Source,
            "uri" => Algorithm::Uri(uri::Part::new(&args)),
            "url_param" => Algorithm::UrlParam(name(false)),
            "hdr" => {
                Algorithm::Hdr { name: name(true), domain_only: args.contains(&&b"use_domain_only"[..]) }
            }
            "hash" => Algorithm::Hash(expr),
            "rdp-cookie" => Algorithm::RdpCookie(name(false)),
            "sticky" => Algorithm::Sticky,
            "log-hash" => Algorithm::LogHash(expr.map(|expr| log::Hash::new(expr, &settings.hash_type))),
            _ => Algorithm::RoundRobin,
        };
        let weights = settings.servers.iter().map(|server| server.weight).filter(|weight| *weight > 0);
        Self {
            backend,
            algorithm,
            backups: settings.servers.iter().map(|server| server.backup).collect(),
            all_backups: settings.options.allbackups,
            unit: weights.reduce(gcd).unwrap_or(1),
            turn: AtomicUsize::new(0),
            sequence: Sequence::default(),
            mix: Mix::new(&settings.hash_type),
            ring: settings
                .hash_type
                .first()
                .filter(|word| *word == b"consistent")
                .map(|_| Ring::new(settings)),
        }
    }

    /// Whether what the request says decides, and not the load.
    pub fn is_hash(&self) -> bool {
        use Algorithm::{Hash, Hdr, RdpCookie, Source, Uri, UrlParam};
        matches!(self.algorithm, Source | Uri(_) | UrlParam(_) | Hdr { .. } | Hash(_) | RdpCookie(_))
    }
}

/// The server that `balance` chooses for `stream`. `exclude` is one that just failed: it is
/// taken only where there is no other. `None`: all servers are full, or there is none; see
/// [`has_usable`].
pub fn pick(balance: &Balance, stream: &Stream, exclude: Option<ServerId>) -> Option<ServerId> {
    let backend = stream.backend.unwrap_or(stream.session.frontend);
    let live = &stream.plan.live.proxies[backend.index()];
    if let [only] = &*live.servers
        && !balance.is_hash()
    {
        // Every algorithm agrees on it.
        let takes = only.is_usable() && group::has_room(only, live.backend.get());
        return takes.then_some(ServerId(0));
    }
    let group = Group::new(balance, stream)?;
    let mix = &balance.mix;
    let keyed = match &balance.algorithm {
        Algorithm::RoundRobin | Algorithm::Sticky | Algorithm::LogHash(_) => {
            return roundrobin::pick(balance, &group, exclude);
        }
        Algorithm::StaticRr => return static_rr::pick(balance, &group, exclude),
        Algorithm::LeastConn => return leastconn::pick(balance, &group, exclude),
        Algorithm::First => return first::pick(&group, exclude),
        Algorithm::Random { draws } => return random::pick(balance, *draws, &group, exclude, stream.now),
        Algorithm::Source => source::hash(stream).map(|hash| mix.spread(hash)),
        Algorithm::Uri(part) => uri::key(part, stream).map(|key| mix.of(key)),
        Algorithm::UrlParam(name) => url_param::key(name, stream).map(|key| mix.of(key)),
        Algorithm::Hdr { name, domain_only } => hdr::key(name, *domain_only, stream).map(|key| mix.of(key)),
        Algorithm::Hash(expr) => hash::hash(expr.as_ref(), mix, stream),
        Algorithm::RdpCookie(name) => rdp::cookie(&stream.req_body.bytes, name).map(|key| mix.of(key)),
    };
    match (keyed, &balance.ring) {
        (Some(hash), Some(ring)) => ring.server(&group, hash, exclude),
        (Some(hash), None) => hash::server(balance, &group, hash),
        // Requests without the key are spread.
        (None, Some(ring)) => ring.next(&group, exclude),
        (None, None) => static_rr::pick(balance, &group, exclude),
    }
}

/// Whether any server of the backend takes traffic: where none does the answer is 503, else a
/// request for which [`pick`] gives nothing waits in the backend's queue.
pub fn has_usable(balance: &Balance, stream: &Stream) -> bool {
    Group::new(balance, stream).is_some()
}

fn draws(args: &[&[u8]]) -> usize {
    let draws = args.first().and_then(|text| base::bytes::parse_u64(text)).unwrap_or(2);
    usize::try_from(draws).unwrap_or(2).max(1)
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::ServerState;
    use crate::testing;

    fn stream(algorithm: &'static str, servers: &[(&str, u32, bool)]) -> Stream {
        let mut config = testing::config();
        config.proxies[0].balance.algorithm = algorithm;
        config.proxies[0].servers = servers
            .iter()
            .map(|(name, weight, backup)| ir::config::Server {
                backup: *backup,
                ..testing::server(name, *weight)
            })
            .collect();
        testing::stream_of(config, &Default::default(), "GET / HTTP/1.1\nhost: www.example.com\n")
    }

    fn picks(stream: &Stream, count: usize, exclude: Option<u32>) -> String {
        let balance = &stream.backend_plan().balance;
        let picks = (0..count).map(|_| pick(balance, stream, exclude.map(ServerId)));
        picks.map(|id| id.map_or('-', |id| char::from(b'a' + id.0 as u8))).collect()
    }

    const EVEN: &[(&str, u32, bool)] = &[("a", 1, false), ("b", 1, false), ("c", 1, false)];

    #[test]
    fn rotation() {
        assert_eq!(picks(&stream("roundrobin", EVEN), 7, None), "abcabca");
        assert_eq!(picks(&stream("static-rr", EVEN), 4, None), "abca");
        let uneven = [("a", 10, false), ("b", 20, false), ("c", 30, false)];
        assert_eq!(picks(&stream("roundrobin", &uneven), 12, None), "cbcacbcbcacb");
        assert_eq!(picks(&stream("first", EVEN), 3, None), "aaa");
        assert_eq!(picks(&stream("leastconn", EVEN), 4, None), "abca");
        assert!(!picks(&stream("random", EVEN), 50, None).contains('-'));
    }

    #[test]
    fn chance_is_even() {
        let stream = stream("random", EVEN);
        let servers = &stream.plan.live.proxies[stream.backend_plan().id.index()].servers;
        let mut counts = [0; 3];
        for _ in 0..60 {
            let id = pick(&stream.backend_plan().balance, &stream, None).unwrap();
            servers[id.index()].stream_rate.count(0, stream.now);
            counts[id.index()] += 1;
        }
        assert!(counts.iter().all(|count| (15..=25).contains(count)), "{counts:?}");
    }

    #[test]
    fn exclusion() {
        assert!(!picks(&stream("roundrobin", EVEN), 9, Some(1)).contains('b'));
        assert!(!picks(&stream("leastconn", EVEN), 9, Some(1)).contains('b'));
        assert!(!picks(&stream("random", EVEN), 30, Some(1)).contains('b'));
        assert_eq!(picks(&stream("first", EVEN), 1, Some(0)), "b");
        assert_eq!(picks(&stream("roundrobin", &EVEN[..1]), 2, Some(0)), "aa");
    }

    #[test]
    fn states_and_backups() {
        let servers = [("a", 1, false), ("b", 1, false), ("c", 1, true), ("d", 1, true)];
        let stream = stream("roundrobin", &servers);
        let live = &stream.plan.live.proxies[0].servers;
        assert_eq!(picks(&stream, 4, None), "abab");
        live[0].set_state(ServerState::Down);
        assert_eq!(picks(&stream, 2, None), "bb");
        live[1].set_weight(0);
        assert_eq!(picks(&stream, 3, None), "ccc");
        live[2].set_state(ServerState::Maintenance);
        assert_eq!(picks(&stream, 2, None), "dd");
        live[3].set_state(ServerState::Drain);
        assert_eq!(picks(&stream, 1, None), "-");
        assert!(!has_usable(&stream.backend_plan().balance, &stream));
    }

    #[test]
    fn all_backups() {
        let mut config = testing::config();
        config.proxies[0].options.allbackups = true;
        config.proxies[0].balance.algorithm = "roundrobin";
        config.proxies[0].servers = ["a", "b"].map(|name| testing::server(name, 1)).into();
        config.proxies[0].servers.iter_mut().for_each(|server| server.backup = true);
        assert_eq!(picks(&testing::stream_of(config, &Default::default(), ""), 4, None), "abab");
    }

    #[test]
    fn full_servers_are_skipped() {
        let mut config = testing::config();
        config.proxies[0].balance.algorithm = "roundrobin";
        config.proxies[0].servers = ["a", "b"].map(|name| testing::server(name, 1)).into();
        config.proxies[0].servers.iter_mut().for_each(|server| server.maxconn = 1);
        let stream = testing::stream_of(config, &Default::default(), "");
        let live = &stream.plan.live.proxies[0].servers;
        live[0].connections.enter();
        assert_eq!(picks(&stream, 3, None), "bbb");
        live[1].connections.enter();
        assert_eq!(picks(&stream, 1, None), "-");
        assert!(has_usable(&stream.backend_plan().balance, &stream));
    }

    #[test]
    fn hashes_stick() {
        for algorithm in ["source", "uri"] {
            let stream = stream(algorithm, EVEN);
            let first = picks(&stream, 1, None);
            assert_eq!(picks(&stream, 5, None), first.repeat(5), "{algorithm}");
        }
        // 192.0.2.1 is 0xc0000201: the rest of a division by 3 is 1.
        assert_eq!(picks(&stream("source", EVEN), 1, None), ["a", "b", "c"][0xc000_0201usize % 3]);
    }
}
