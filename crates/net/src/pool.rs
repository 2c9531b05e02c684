//! Idle server connections of one thread: last in, first out, by server (hot-path rule 8). A
//! connection that its server closes is noticed and dropped without a task of its own: its slot's
//! waker puts it on a list, and [`Pool::maintain`] works that list off. Left out: when a
//! connection may be shared (`http-reuse`), which is the stream's matter, and connections that
//! are shared while in use (HTTP/2).

mod slot;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::clock;
use crate::io::{Idle, Io};
use crate::timer::Timer;
use slot::{Conn, Slots};

/// How many idle connections a server may have on this thread, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// This thread's share of `pool-max-conn`.
    pub max_idle: usize,
    /// Milliseconds, `pool-purge-delay`: after each such time half of the connections that were
    /// not needed in it are closed. 0 keeps none at all.
    pub purge_delay: u64,
}

impl Limits {
    /// The share of one of `threads` threads in a server line's limits.
    pub fn new(server: &ir::config::Server, threads: usize) -> Self {
        let max_idle =
            usize::try_from(server.pool_max_conn).map_or(usize::MAX, |n| n.div_ceil(threads.max(1)));
        Self { max_idle, purge_delay: server.pool_purge_delay }
    }
}

/// A connection on its way to and from the pool.
#[derive(Debug)]
pub struct Kept {
    pub io: Io,
    /// Streams that it served.
    pub served: u32,
}

/// See the module. One for each thread, shared by its streams.
#[derive(Debug)]
pub struct Pool {
    inner: RefCell<Inner>,
}

#[derive(Debug)]
struct Inner {
    servers: Vec<Server>,
    slots: Slots,
    purge: Timer,
}

#[derive(Debug)]
struct Server {
    limits: Limits,
    /// Slots, the one that became idle last at the back.
    idle: VecDeque<usize>,
    /// The fewest idle connections since the last purge: so many were not needed.
    unneeded: usize,
    /// When the next purge is due, in milliseconds; 0: none is.
    purge_ms: u64,
}

impl Pool {
    /// Limits by the caller's server number, counted through all proxies from 0.
    pub fn new(limits: Vec<Limits>) -> Self {
        let server = |limits| Server { limits, idle: VecDeque::new(), unneeded: 0, purge_ms: 0 };
        let servers = limits.into_iter().map(server).collect();
        Self { inner: RefCell::new(Inner { servers, slots: Slots::default(), purge: Timer::new() }) }
    }

    /// The last connection that was put for this server with the same tag (the hash of what makes
    /// connections differ: SNI, source address, PROXY header). One that turns out closed or to
    /// hold unasked bytes is dropped on the way. Costs no system call, unless an edge was seen.
    pub fn take(&self, server: usize, tag: u64) -> Option<Kept> {
        let inner = &mut *self.inner.borrow_mut();
        let entry = inner.servers.get_mut(server)?;
        loop {
            let place = entry.idle.iter().rposition(|&slot| inner.slots.tag(slot) == Some(tag))?;
            let slot = entry.idle.remove(place)?;
            entry.unneeded = entry.unneeded.min(entry.idle.len());
            let (mut conn, woken) = inner.slots.take(slot)?;
            // A stale edge is no close: look before dropping.
            if !woken || conn.io.peek() == Idle::Quiet {
                return Some(Kept { io: conn.io, served: conn.served });
            }
        }
    }

    /// Keeps an idle connection; closes it where the server's limit is reached, where it is
    /// closed already, or holds unasked bytes. Says whether it was kept.
    pub fn put(&self, server: usize, tag: u64, kept: Kept, now_ms: u64) -> bool {
        let inner = &mut *self.inner.borrow_mut();
        let Some(entry) = inner.servers.get_mut(server) else { return false };
        if entry.limits.purge_delay == 0 || entry.idle.len() >= entry.limits.max_idle {
            return false;
        }
        let Some(slot) = inner.slots.put(Conn { io: kept.io, served: kept.served, tag, server }) else {
            return false;
        };
        entry.idle.push_back(slot);
        if entry.purge_ms == 0 {
            entry.unneeded = 0;
            entry.purge_ms = now_ms + entry.limits.purge_delay;
            if inner.purge.deadline().is_none_or(|set| entry.purge_ms < set) {
                inner.purge.set(entry.purge_ms);
            }
        }
        true
    }

    /// Idle connections of a server.
    pub fn idle(&self, server: usize) -> usize {
        self.inner.borrow().servers.get(server).map_or(0, |server| server.idle.len())
    }

    /// Closes all idle connections of a server, or of all: after it went down, or on a stop.
    pub fn clear(&self, server: Option<usize>) {
        let inner = &mut *self.inner.borrow_mut();
        for (number, entry) in inner.servers.iter_mut().enumerate() {
            if server.is_none_or(|wanted| wanted == number) {
                entry.idle.drain(..).for_each(|slot| drop(inner.slots.take(slot)));
            }
        }
    }

    /// Drops what servers closed and what was not needed for too long, for ever. Spawn it once
    /// beside the pool.
    pub async fn maintain(self: Rc<Self>) {
        std::future::poll_fn(|cx| self.poll_maintain(cx)).await
    }

    fn poll_maintain(&self, cx: &mut Context<'_>) -> Poll<()> {
        let inner = &mut *self.inner.borrow_mut();
        while let Some(slot) = inner.slots.poll_woken(cx) {
            if let Some(server) = inner.slots.look(slot) {
                inner.servers[server].idle.retain(|&idle| idle != slot);
            }
        }
        while inner.purge.poll_expired(cx).is_ready() {
            inner.purge(clock::now_ms());
        }
        Poll::Pending
    }
}

impl Inner {
    /// Runs the purges that are due and sets the timer for the next one.
    fn purge(&mut self, now_ms: u64) {
        for server in self.servers.iter_mut().filter(|server| (1..=now_ms).contains(&server.purge_ms)) {
            // The oldest are at the front.
            let excess = server.unneeded.min(server.idle.len()).div_ceil(2);
            server.idle.drain(..excess).for_each(|slot| drop(self.slots.take(slot)));
            server.unneeded = server.idle.len();
            server.purge_ms = if server.idle.is_empty() { 0 } else { now_ms + server.limits.purge_delay };
        }
        match self.servers.iter().map(|server| server.purge_ms).filter(|&due| due > 0).min() {
            Some(due) => self.purge.set(due),
            None => self.purge.clear(),
        }
    }
}

#[cfg(test)]
mod tests;
