//! The live state of a server.

use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use ir::config::Server;

use super::{Gauge, PerSecond};

/// Whether a server takes traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ServerState {
    Up,
    Drain,
    Maintenance,
    Down,
}

/// See the module.
#[derive(Debug)]
pub struct LiveServer {
    /// Streams that use the server (`%sc`), bounded by its `maxconn`.
    pub connections: Gauge,
    /// Streams in its queue (`%sq`).
    pub queue: Gauge,
    /// Streams that were sent to it, attempts that failed included.
    pub stream_rate: PerSecond,
    state: AtomicU8,
    weight: AtomicU32,
}

impl LiveServer {
    pub fn new(server: &Server, threads: usize) -> Self {
        let state = if server.disabled { ServerState::Maintenance } else { ServerState::Up };
        Self {
            connections: Gauge::new(server.maxconn),
            queue: Gauge::new(server.maxqueue),
            stream_rate: PerSecond::new(threads),
            state: AtomicU8::new(state as u8),
            weight: AtomicU32::new(server.weight),
        }
    }

    pub fn state(&self) -> ServerState {
        match self.state.load(Ordering::Relaxed) {
            0 => ServerState::Up,
            1 => ServerState::Drain,
            2 => ServerState::Maintenance,
            _ => ServerState::Down,
        }
    }

    pub fn set_state(&self, state: ServerState) {
        self.state.store(state as u8, Ordering::Relaxed);
    }

    /// 0 to 256.
    pub fn weight(&self) -> u32 {
        self.weight.load(Ordering::Relaxed)
    }

    pub fn set_weight(&self, weight: u32) {
        self.weight.store(weight, Ordering::Relaxed);
    }

    /// Whether new streams may be sent to it.
    pub fn is_usable(&self) -> bool {
        self.state() == ServerState::Up && self.weight() > 0
    }
}
