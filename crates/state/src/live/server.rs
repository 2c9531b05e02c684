//! The live state of a server.

use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use ir::config::Server;

use super::{Gauge, PerSecond, Waiting};

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
    /// `strict-maxconn`: connections to it that are open, idle ones with them, bounded by its `maxconn`.
    pub sockets: Gauge,
    /// Streams in its queue (`%sq`), bounded by `maxqueue`.
    pub queue: Gauge,
    /// Those streams.
    pub waiting: Waiting,
    /// Streams that were sent to it, attempts that failed included.
    pub stream_rate: PerSecond,
    state: AtomicU8,
    weight: AtomicU32,
    /// How many streams it may have at least, and from how many streams of the backend on it may
    /// have all of its `maxconn`.
    minconn: u32,
    fullconn: u32,
}

impl LiveServer {
    /// `fullconn` is the backend's.
    pub fn new(server: &Server, fullconn: u32, threads: usize) -> Self {
        let maxconn = server.maxconn.max(server.minconn);
        let state = match server {
            Server { disabled: true, .. } => ServerState::Maintenance,
            Server { starts_down: true, .. } => ServerState::Down,
            _ => ServerState::Up,
        };
        Self {
            connections: Gauge::new(maxconn),
            sockets: Gauge::new(if server.strict_maxconn { server.maxconn } else { 0 }),
            queue: Gauge::new(server.maxqueue),
            waiting: Waiting::default(),
            stream_rate: PerSecond::new(threads),
            state: AtomicU8::new(state as u8),
            weight: AtomicU32::new(server.weight),
            minconn: if server.minconn == 0 { maxconn } else { server.minconn },
            fullconn: fullconn.max(1),
        }
    }

    /// How many streams it may have while its backend has `streams`; 0: no limit.
    pub fn limit(&self, streams: u32) -> u32 {
        let most = self.connections.limit();
        if self.minconn >= most || streams >= self.fullconn {
            return most;
        }
        let share = u64::from(streams) * u64::from(most) / u64::from(self.fullconn);
        u32::try_from(share).unwrap_or(most).max(self.minconn)
    }

    /// Whether it may have one more stream while its backend has `streams`.
    pub fn has_room(&self, streams: u32) -> bool {
        let limit = self.limit(streams);
        limit == 0 || self.connections.get() < limit
    }

    /// Counts one more stream where it may have one.
    pub fn try_enter(&self, streams: u32) -> bool {
        self.connections.try_enter_below(self.limit(streams))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn states_at_first() {
        let check = |disabled, starts_down, expected| {
            let server = Server { disabled, starts_down, ..testing::server("s", 1) };
            assert_eq!(LiveServer::new(&server, 1, 1).state(), expected, "{disabled} {starts_down}");
        };
        check(false, false, ServerState::Up);
        check(false, true, ServerState::Down);
        check(true, true, ServerState::Maintenance);
    }

    #[test]
    fn the_limit_grows_with_the_load() {
        let server = Server { minconn: 10, maxconn: 100, ..testing::server("s", 1) };
        let live = LiveServer::new(&server, 1000, 1);
        let limits = [0, 99, 100, 250, 999, 1000, 5000].map(|streams| live.limit(streams));
        assert_eq!(limits, [10, 10, 10, 25, 99, 100, 100]);
        let check = |minconn, maxconn, expected| {
            let server = Server { minconn, maxconn, ..testing::server("s", 1) };
            assert_eq!(LiveServer::new(&server, 1000, 1).limit(1), expected, "{minconn} {maxconn}");
        };
        check(0, 0, 0);
        check(0, 7, 7);
        check(7, 0, 7);
        check(9, 7, 9);
    }
}
