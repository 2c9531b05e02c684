//! What changes while the process runs and is shared by the threads: connection counts, server
//! states, statistics. Changed only through the methods here; everything is an atomic, so
//! nothing waits. Numbers that only grow are per thread ([`PerThread`]) and summed by readers.

mod counter;
mod limit;
mod log_samples;
mod outputs;
pub mod patterns;
mod queue;
mod rate;
pub mod ring_file;
mod rings;
mod server;
pub mod tables;
mod variables;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

pub use counter::PerThread;
pub use limit::{Gauge, Held};
pub use log_samples::LogSamples;
pub use outputs::{Output, Outputs, Writer};
pub use queue::Waiting;
pub use rate::PerSecond;
pub use rings::{Ring, RingSettings};
pub use server::{LiveServer, ServerState};
pub use variables::Variables;

use ir::config::Config;

use patterns::Patterns;

/// All live state of a process.
#[derive(Debug)]
pub struct Live {
    /// Client connections of the process (`%ac`), bounded by the global `maxconn`.
    pub connections: Gauge,
    /// TLS connections of both sides, bounded by `maxsslconn`.
    pub tls_connections: Gauge,
    /// What all frontends accept: connections, sessions, sessions over TLS.
    pub connection_rate: PerSecond,
    pub session_rate: PerSecond,
    pub tls_rate: PerSecond,
    pub proxies: Vec<LiveProxy>,
    /// By [`ir::id::TableId`].
    pub tables: Vec<tables::Table>,
    /// Variables of scope `proc`.
    pub variables: Variables,
    pub outputs: Outputs,
    pub log_samples: LogSamples,
    /// Log lines that nobody took.
    pub dropped_logs: AtomicU64,
    /// A target that cannot be logged to was told of.
    pub log_failure_told: AtomicBool,
    /// Clients of each log-forward section.
    pub forwards: Vec<Gauge>,
    /// Those of sections first; [`crate::plan::LogRoutes`] knows which is whose.
    pub rings: Vec<Ring>,
    /// What ACLs and maps compare with.
    pub patterns: Patterns,
    /// When the soft stop began, in monotonic milliseconds; 0: it did not.
    stopping: AtomicU64,
    next_stream: AtomicU64,
}

/// The live state of a proxy.
#[derive(Debug)]
pub struct LiveProxy {
    /// Client connections of the frontend (`%fc`).
    pub frontend: Gauge,
    /// Those of each `bind` address.
    pub binds: Vec<Gauge>,
    /// Streams that use the backend (`%bc`).
    pub backend: Gauge,
    /// Streams that wait for a server of this backend (`%bq`).
    pub queue: Gauge,
    /// Those streams.
    pub waiting: Waiting,
    /// Connections since the start: what `Proxy … stopped` tells.
    pub frontend_total: PerThread,
    pub backend_total: PerThread,
    /// Sessions of the frontend, its requests, and streams that came to the backend.
    pub session_rate: PerSecond,
    pub request_rate: PerSecond,
    pub stream_rate: PerSecond,
    /// Log lines that the frontend sent (`%lc`).
    pub log_lines: PerThread,
    pub servers: Vec<LiveServer>,
}

impl Live {
    pub fn new(config: &Config, maxconn: u32, threads: usize) -> Self {
        let fullconns = fullconns(config, maxconn);
        let proxy = |(proxy, fullconn): (&ir::config::Proxy, u32)| LiveProxy {
            frontend: Gauge::new(proxy.maxconn.unwrap_or(maxconn)),
            binds: proxy.binds.iter().map(|bind| Gauge::new(bind.maxconn)).collect(),
            backend: Gauge::new(0),
            queue: Gauge::new(0),
            waiting: Waiting::default(),
            frontend_total: PerThread::new(threads),
            backend_total: PerThread::new(threads),
            session_rate: PerSecond::new(threads),
            request_rate: PerSecond::new(threads),
            stream_rate: PerSecond::new(threads),
            log_lines: PerThread::new(threads),
            servers: proxy.servers.iter().map(|server| LiveServer::new(server, fullconn, threads)).collect(),
        };
        let forward =
            |forward: &ir::config::LogForward| Gauge::new(u32::try_from(forward.maxconn).unwrap_or(0));
        Self {
            connections: Gauge::new(maxconn),
            tls_connections: Gauge::new(config.global.max_tls_connections),
            connection_rate: PerSecond::new(threads),
            session_rate: PerSecond::new(threads),
            tls_rate: PerSecond::new(threads),
            proxies: config.proxies.iter().zip(fullconns).map(proxy).collect(),
            tables: config.stick_tables.iter().map(tables::Table::new).collect(),
            variables: Variables::default(),
            log_samples: LogSamples::new(config),
            dropped_logs: AtomicU64::new(0),
            log_failure_told: AtomicBool::new(false),
            forwards: config.log_forwards.iter().map(forward).collect(),
            rings: Vec::new(),
            outputs: Outputs::default(),
            patterns: Patterns::default(),
            stopping: AtomicU64::new(0),
            next_stream: AtomicU64::new(0),
        }
    }

    /// Whether a soft stop is under way.
    pub fn is_stopping(&self) -> bool {
        self.stopping_since() > 0
    }

    /// When it began, in monotonic milliseconds; 0: it did not.
    pub fn stopping_since(&self) -> u64 {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Begins the soft stop.
    pub fn stop(&self, now: u64) {
        self.stopping.store(now.max(1), Ordering::Relaxed);
    }

    /// A block of stream ids for a thread, so that ids cost no shared write each.
    pub fn reserve_stream_ids(&self, count: u64) -> u64 {
        self.next_stream.fetch_add(count, Ordering::Relaxed)
    }
}

/// The `fullconn` of each proxy; where it is left out, a tenth of what its frontends may take
/// together.
fn fullconns(config: &Config, maxconn: u32) -> Vec<u32> {
    let mut sums = vec![0u64; config.proxies.len()];
    for (index, proxy) in config.proxies.iter().enumerate().filter(|(_, proxy)| proxy.is_frontend) {
        let named = proxy.switches.iter().filter_map(|switch| match switch.target {
            ir::config::SwitchTarget::Backend(id) => Some(id.index()),
            ir::config::SwitchTarget::Dynamic(_) => None,
        });
        let default = proxy.default_backend.map(|id| id.index()).or(proxy.is_backend.then_some(index));
        let targets: std::collections::BTreeSet<usize> = named.chain(default).collect();
        for target in targets {
            sums[target] += u64::from(proxy.maxconn.unwrap_or(maxconn));
        }
    }
    let fullconn = |(proxy, sum): (&ir::config::Proxy, u64)| {
        let tenth = u32::try_from(sum.div_ceil(10)).unwrap_or(u32::MAX).max(1);
        proxy.fullconn.filter(|full| *full > 0).unwrap_or(tenth)
    };
    config.proxies.iter().zip(sums).map(fullconn).collect()
}
