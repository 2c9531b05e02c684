//! Idle server connections of one thread: last in, first out, by server (hot-path rule 8). A
//! connection that its server closes is noticed and dropped without a task of its own: its slot's
//! waker puts it on the pool's list, and [`Pool::maintain`] works that list off. Left out: when a
//! connection may be shared (`http-reuse`), which is the stream's matter.

use crate::io::Io;

/// How many idle connections a server may have on this thread, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// This thread's share of `pool-max-conn`.
    pub max_idle: usize,
    /// Milliseconds: `pool-purge-delay`.
    pub purge_delay: u64,
}

/// See the module. One for each thread, shared by its streams.
#[derive(Debug)]
pub struct Pool {}

impl Pool {
    /// Limits by the caller's server number, counted through all proxies from 0.
    pub fn new(_limits: Vec<Limits>) -> Self {
        todo!()
    }

    /// The last connection that was put for this server with the same tag (the hash of what makes
    /// connections differ: SNI, source address, PROXY header). One that turns out closed or to
    /// hold unasked bytes is dropped on the way.
    pub fn take(&self, _server: usize, _tag: u64) -> Option<Io> {
        todo!()
    }

    /// Keeps an idle connection; closes it where the server's limit is reached.
    pub fn put(&self, _server: usize, _tag: u64, _io: Io, _now_ms: u64) {
        todo!()
    }

    /// Idle connections of a server.
    pub fn idle(&self, _server: usize) -> usize {
        todo!()
    }

    /// Closes all idle connections of a server, or of all: after it went down, or on a stop.
    pub fn clear(&self, _server: Option<usize>) {
        todo!()
    }

    /// Drops what servers closed and what was idle for too long, for ever. Spawn it once beside
    /// the pool.
    pub async fn maintain(&self) {
        todo!()
    }
}
