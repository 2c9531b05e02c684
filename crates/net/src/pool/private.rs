//! Idle connections that only the client may use for whom they were made (`http-reuse never`, and
//! servers that authenticate connections). They stand in the thread's slots, chained from the one
//! that the client's session knows; their number is small.

use std::cell::Cell;

use super::slot::Conn;
use super::{Kept, Pool, Used};
use crate::io::Idle;

/// Where a session's chain begins.
pub type First = Cell<Option<usize>>;

impl Pool {
    /// Keeps a connection for a session that has fewer than `most`. Says whether it was kept.
    pub fn put_private(&self, first: &First, used: Used, tag: u64, kept: Kept, most: usize) -> bool {
        let server = used.server();
        let mut lists = self.shared.lists(self.thread);
        let slots = &mut lists.slots;
        loop {
            let closed = slots.chain(first.get()).find(|slot| slots.server(*slot).is_none());
            let Some(closed) = closed else { break };
            slots.unchain(first, closed);
            self.shared.lost();
        }
        if slots.chain(first.get()).count() >= most {
            return false;
        }
        let conn = Conn { kept, tag, server, next: Some(first.get()) };
        let slot = slots.put(conn);
        if slot.is_some() {
            first.set(slot);
            used.keep();
        }
        slot.is_some()
    }

    /// A session's connection to a server with the same tag.
    pub fn take_private(&self, first: &First, server: usize, tag: u64) -> Option<(Kept, Used)> {
        first.get()?;
        let mut lists = self.shared.lists(self.thread);
        let slots = &mut lists.slots;
        loop {
            let found = slots.chain(first.get()).find(|slot| slots.is(*slot, server, tag))?;
            let (mut conn, woken) = slots.unchain(first, found)?;
            if !woken || conn.kept.io.peek() == Idle::Quiet {
                let used = self.shared.begin(self.thread, server, false);
                return Some((conn.kept, used));
            }
            self.shared.lost();
        }
    }

    /// The first server of a session's connections that `fits`.
    pub fn private_server(&self, first: &First, fits: impl Fn(usize) -> bool) -> Option<usize> {
        first.get()?;
        let lists = self.shared.lists(self.thread);
        let slots = &lists.slots;
        slots.chain(first.get()).filter_map(|slot| slots.server(slot)).find(|server| fits(*server))
    }

    /// Closes a session's connections.
    pub fn end_private(&self, first: &First) {
        if first.get().is_none() {
            return;
        }
        let mut lists = self.shared.lists(self.thread);
        while let Some(slot) = first.get() {
            lists.slots.unchain(first, slot);
            self.shared.lost();
        }
    }
}
