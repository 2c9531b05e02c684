//! Where the messages of each `log` line go: by themselves, through a ring, or to a server of a log
//! backend. The names on the lines become numbers, and targets over TCP get rings of their own.

use ir::Bytes;
use ir::config::{Config, LogTarget, LogTransport, Mode, Server, Timeouts};
use ir::expr::Address;
use ir::id::{LogProfileId, ProxyId};

use super::log_profile::profile_named;
use crate::live::{Ring, RingSettings};

/// The size of rings that nobody gave one.
const DEFAULT_SIZE: u64 = 16384;
/// The rings that are there without a section, and their size.
const BUILT_IN: [(&str, u64); 2] = [("buf0", 1 << 20), ("dpapi", 1 << 20)];

/// The way of one `log` line.
#[derive(Clone, Copy, Debug)]
pub struct LogRoute {
    pub profile: Option<LogProfileId>,
    pub way: LogWay,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogWay {
    /// The target itself.
    Direct,
    /// Index into [`crate::live::Live::rings`].
    Ring(usize),
    /// Of `mode log`.
    Backend(ProxyId),
}

/// How a server of a log backend is reached.
#[derive(Debug, PartialEq)]
pub enum LogServer {
    Datagram(Address),
    /// Index into [`crate::live::Live::rings`].
    Ring(usize),
    /// It has no address.
    Nowhere,
}

/// See the module.
#[derive(Debug)]
pub struct LogRoutes {
    global: Box<[LogRoute]>,
    proxies: Box<[Box<[LogRoute]>]>,
    forwards: Box<[Box<[LogRoute]>]>,
    /// By proxy and server; of log backends alone.
    servers: Box<[Box<[LogServer]>]>,
}

/// Whose `log` lines are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogOwner {
    Global,
    Proxy(ProxyId),
    /// Index into [`Config::log_forwards`].
    Forward(usize),
}

impl LogOwner {
    pub fn targets(self, config: &Config) -> &[LogTarget] {
        match self {
            Self::Global => &config.global.log,
            Self::Proxy(id) => &config.proxies[id.index()].logs,
            Self::Forward(index) => &config.log_forwards[index].logs,
        }
    }
}

impl LogRoutes {
    /// The routes, and the rings that they need.
    pub fn new(config: &Config) -> (Self, Vec<Ring>) {
        let mut build = Builder { config, rings: sections(config), own: Vec::new() };
        let global = build.routes(&config.global.log);
        let proxies = config.proxies.iter().map(|proxy| build.routes(&proxy.logs)).collect();
        let forwards = config.log_forwards.iter().map(|forward| build.routes(&forward.logs)).collect();
        let servers = config.proxies.iter().map(|proxy| build.servers(proxy)).collect();
        let rings = build.rings.into_iter().map(Ring::new).collect();
        (Self { global, proxies, forwards, servers }, rings)
    }

    pub fn of(&self, owner: LogOwner) -> &[LogRoute] {
        match owner {
            LogOwner::Global => &self.global,
            LogOwner::Proxy(id) => &self.proxies[id.index()],
            LogOwner::Forward(index) => &self.forwards[index],
        }
    }

    /// The servers of a log backend.
    pub fn servers(&self, backend: ProxyId) -> &[LogServer] {
        &self.servers[backend.index()]
    }
}

/// The rings of sections, then those that are always there.
fn sections(config: &Config) -> Vec<RingSettings> {
    let section = |ring: &ir::config::Ring| RingSettings {
        name: ring.name.clone(),
        framing: Some(ring.format),
        maxlen: usize::try_from(ring.maxlen).ok().filter(|len| *len > 0).unwrap_or(usize::MAX),
        size: ring.size,
        servers: ring.servers.clone(),
        timeouts: ring.timeouts,
    };
    let built_in = BUILT_IN.iter().map(|(name, size)| RingSettings {
        name: name.as_bytes().to_vec(),
        framing: Some(ir::config::LogFraming::Timed),
        ..own(Vec::new(), *size)
    });
    config.rings.iter().map(section).chain(built_in).collect()
}

/// A ring of one target.
fn own(servers: Vec<Server>, size: u64) -> RingSettings {
    let timeouts = Timeouts { connect: Some(1000), server: Some(5000), ..Timeouts::default() };
    RingSettings { name: Bytes::new(), framing: None, maxlen: usize::MAX, size, servers, timeouts }
}

struct Builder<'a> {
    config: &'a Config,
    rings: Vec<RingSettings>,
    /// The rings of addresses on `log` lines.
    own: Vec<(Address, usize)>,
}

impl Builder<'_> {
    fn routes(&mut self, targets: &[LogTarget]) -> Box<[LogRoute]> {
        targets.iter().map(|target| self.route(target)).collect()
    }

    fn route(&mut self, target: &LogTarget) -> LogRoute {
        let config = self.config;
        let profile = target.profile.as_deref().and_then(|name| profile_named(config, name));
        let way = match &target.transport {
            LogTransport::Ring(name) => {
                self.rings.iter().position(|ring| ring.name == *name).map(LogWay::Ring)
            }
            LogTransport::Backend(name) => {
                let is_it = |proxy: &ir::config::Proxy| proxy.is_backend && proxy.name == *name;
                let found = config.proxies.iter().position(is_it);
                found.and_then(|at| u32::try_from(at).ok()).map(|at| LogWay::Backend(ProxyId(at)))
            }
            LogTransport::Tcp(address) => Some(LogWay::Ring(self.ring_to(address))),
            _ => None,
        };
        LogRoute { profile, way: way.unwrap_or(LogWay::Direct) }
    }

    /// The ring of an address: all lines with the same one share it.
    fn ring_to(&mut self, address: &Address) -> usize {
        if let Some((_, ring)) = self.own.iter().find(|(have, _)| have == address) {
            return *ring;
        }
        let server = Server { address: Some(address.clone()), ..Server::default() };
        let ring = self.add(own(vec![server], DEFAULT_SIZE));
        self.own.push((address.clone(), ring));
        ring
    }

    fn add(&mut self, ring: RingSettings) -> usize {
        self.rings.push(ring);
        self.rings.len() - 1
    }

    fn servers(&mut self, proxy: &ir::config::Proxy) -> Box<[LogServer]> {
        if proxy.mode != Mode::Log || !proxy.is_backend {
            return Box::default();
        }
        let server = |server: &Server| match &server.address {
            None => LogServer::Nowhere,
            Some(address) if server.log.datagram => LogServer::Datagram(address.clone()),
            Some(_) => {
                let size = server.log.buffer.unwrap_or(DEFAULT_SIZE);
                let timeouts = proxy.timeouts;
                LogServer::Ring(self.add(RingSettings { timeouts, ..own(vec![server.clone()], size) }))
            }
        };
        proxy.servers.iter().map(server).collect()
    }
}
