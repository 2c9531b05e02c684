//! Choosing a server of a backend (manual, `balance`): one algorithm a file. Left out:
//! persistence cookies and `use-server`, which come before, and queues, which come after.
//!
//! `rdp-cookie`, `sticky` and `log-hash` are not executed yet; the checker warns about them and
//! they balance as `roundrobin`. Hashes are map-based (`hash-type map-based sdbm`).

mod first;
mod group;
mod hash;
mod hdr;
mod leastconn;
mod random;
mod roundrobin;
mod sequence;
mod source;
mod static_rr;
mod uri;
mod url_param;

use std::sync::atomic::AtomicUsize;

use ir::config::Proxy;
use ir::id::{ProxyId, ServerId};

use crate::plan::Expr;
use crate::stream::Stream;
use group::Group;
use sequence::Sequence;

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
    sequence: Sequence,
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
            "hdr" => Algorithm::Hdr { name: name(true), domain_only: args.contains(&&b"use_domain_only"[..]) },
            "hash" => Algorithm::Hash(expr),
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
        }
    }
}

/// The server that `balance` chooses for `stream`. `exclude` is one that just failed: it is
/// taken only where there is no other. `None`: all servers are full, or there is none; see
/// [`has_usable`].
pub fn pick(balance: &Balance, stream: &Stream, exclude: Option<ServerId>) -> Option<ServerId> {
    let group = Group::new(balance, stream)?;
    let keyed = match &balance.algorithm {
        Algorithm::RoundRobin => return roundrobin::pick(balance, &group, exclude),
        Algorithm::StaticRr => return static_rr::pick(balance, &group, exclude),
        Algorithm::LeastConn => return leastconn::pick(balance, &group, exclude),
        Algorithm::First => return first::pick(&group, exclude),
        Algorithm::Random { draws } => return random::pick(balance, *draws, &group, exclude),
        Algorithm::Source => source::hash(stream),
        Algorithm::Uri(part) => uri::hash(part, stream),
        Algorithm::UrlParam(name) => url_param::hash(name, stream),
        Algorithm::Hdr { name, domain_only } => hdr::hash(name, *domain_only, stream),
        Algorithm::Hash(expr) => hash::hash(expr.as_ref(), stream),
    };
    match keyed {
        Some(hash) => hash::server(balance, &group, hash),
        // Requests without the key are spread.
        None => static_rr::pick(balance, &group, exclude),
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
