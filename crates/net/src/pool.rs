//! Idle server connections: last in, first out, by server (hot-path rule 8). Each thread has its
//! own; one that has none of a kind takes another thread's ([`shared`]). A connection that its
//! server closes is noticed and dropped without a task of its own: its slot's waker puts it on a
//! list, and [`Pool::maintain`] works that list off. Left out: when a connection may be shared
//! (`http-reuse`), which is the stream's matter, and connections that are shared while in use
//! (HTTP/2).

mod private;
mod shared;
mod slot;

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::clock;
use crate::io::{Idle, Io};
use crate::timer::Timer;
pub use shared::{Settings, Shared, Used};
use slot::Conn;

/// How many idle connections a server may have, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `pool-max-conn`, of all threads together.
    pub most: usize,
    /// `pool-low-conn`: so many are kept more than were needed, and below as many a thread takes
    /// none of another's.
    pub low: usize,
    /// Milliseconds, `pool-purge-delay`: after each such time half of the connections that are not
    /// needed are closed. 0 keeps none at all.
    pub purge_delay: u64,
}

impl Limits {
    /// What a server line says.
    pub fn new(server: &ir::config::Server) -> Self {
        Self {
            most: usize::try_from(server.pool_max_conn).unwrap_or(usize::MAX),
            low: server.pool_low_conn as usize,
            purge_delay: server.pool_purge_delay,
        }
    }
}

/// A connection on its way to and from the pool.
#[derive(Debug)]
pub struct Kept {
    pub io: Io,
    /// Streams that it served.
    pub served: u32,
    /// Small faults of its server's protocol.
    pub glitches: u32,
}

/// Which connections a stream may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Those that have been used again before: their server keeps connections open.
    Proven,
    /// All, the unproven ones first.
    Any,
}

/// See the module. One for each thread, shared by its streams.
#[derive(Debug)]
pub struct Pool {
    shared: &'static Shared,
    thread: usize,
    purge: RefCell<Timer>,
}

impl Pool {
    /// The pool of a thread, 0 to `threads` - 1.
    pub fn new(shared: &'static Shared, thread: usize) -> Self {
        Self { shared, thread, purge: RefCell::new(Timer::new()) }
    }

    /// Counts a new connection of a server as used, until the value is dropped.
    pub fn begin(&self, server: usize) -> Used {
        self.shared.begin(self.thread, server, true)
    }

    /// The last connection that was put for this server with the same tag (the hash of what makes
    /// connections differ: SNI, addresses, PROXY header). One that turns out closed or to hold
    /// unasked bytes is dropped on the way. Costs no system call, unless an edge was seen or it
    /// comes from another thread.
    pub fn take(&self, server: usize, tag: u64, wanted: Wanted) -> Option<(Kept, Used)> {
        loop {
            let own = self.shared.take(self.thread, server, tag, wanted);
            let is_own = own.is_some();
            let (mut conn, woken) = own.or_else(|| self.shared.steal(self.thread, server, tag, wanted))?;
            // A stale edge is no close: look before dropping.
            let usable =
                (is_own || conn.kept.io.adopt().is_ok()) && (!woken || conn.kept.io.peek() == Idle::Quiet);
            if usable {
                let used = self.shared.begin(self.thread, server, false);
                return Some((conn.kept, used));
            }
            self.shared.lost();
        }
    }

    /// Keeps an idle connection; closes it where there are enough, where it is closed already, or
    /// holds unasked bytes. Says whether it was kept.
    pub fn put(&self, used: Used, tag: u64, kept: Kept, now_ms: u64) -> bool {
        let conn = Conn { kept, tag, server: used.server(), next: None };
        let Some(due) = self.shared.put(self.thread, conn, now_ms) else { return false };
        used.keep();
        let mut purge = self.purge.borrow_mut();
        if due.is_some_and(|due| purge.deadline().is_none_or(|set| due < set)) {
            purge.set(due.unwrap_or(now_ms));
        }
        true
    }

    /// Whether a server has idle connections, of this thread or others.
    pub fn has_idle(&self, server: usize) -> bool {
        self.shared.has_idle(self.thread, server)
    }

    /// Idle connections of a server, on all threads.
    pub fn idle(&self, server: usize) -> usize {
        self.shared.idle(server)
    }

    /// Closes the idle connection of a server that nobody has used for the longest time, one of this
    /// thread's before others'. `false`: there is none.
    pub fn close_idle(&self, server: usize) -> bool {
        self.shared.close_idle(self.thread, server)
    }

    /// Closes all idle connections of the thread, on a stop.
    pub fn clear(&self) {
        self.shared.clear(self.thread);
    }

    /// Drops what servers closed and what was not needed for too long, for ever. Spawn it once
    /// beside the pool.
    pub async fn maintain(self: Rc<Self>) {
        std::future::poll_fn(|cx| self.poll_maintain(cx)).await
    }

    fn poll_maintain(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.shared.drop_closed(self.thread, cx);
        let mut purge = self.purge.borrow_mut();
        while purge.poll_expired(cx).is_ready() {
            match self.shared.purge(self.thread, clock::now_ms()) {
                Some(due) => purge.set(due),
                None => purge.clear(),
            }
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests;
