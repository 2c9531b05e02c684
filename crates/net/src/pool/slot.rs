//! The slots that idle connections stand in. Each has a waker of its own, made once and used for
//! all connections that stand in it one after the other, which tells which slot became readable.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use super::Kept;
use crate::io::Idle;

/// An idle connection.
#[derive(Debug)]
pub struct Conn {
    pub kept: Kept,
    pub tag: u64,
    pub server: usize,
    /// It belongs to a session; the slot of that session's next one.
    pub next: Option<Option<usize>>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Slots {
    slots: Vec<Slot>,
    free: Vec<usize>,
    woken: Arc<Woken>,
}

#[derive(Debug)]
struct Slot {
    conn: Option<Conn>,
    /// It stands in a session's chain, also when its connection is gone; the next one in it.
    chain: Option<Option<usize>>,
    signal: Arc<Signal>,
    /// `signal` again, in the form that sockets want.
    waker: Waker,
}

/// A slot's waker.
#[derive(Debug)]
struct Signal {
    slot: usize,
    /// An edge came since the last look.
    seen: AtomicBool,
    woken: Arc<Woken>,
}

/// The slots whose connections became readable, and who wants to know.
#[derive(Debug, Default)]
struct Woken {
    state: Mutex<(Vec<usize>, Option<Waker>)>,
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.seen.swap(true, Ordering::Relaxed) {
            return;
        }
        // Never contended: a thread's sockets are woken by the thread itself.
        let mut state = self.woken.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.0.push(self.slot);
        if let Some(waker) = state.1.take() {
            drop(state);
            waker.wake();
        }
    }
}

impl Slots {
    /// Puts a connection into a slot; `None` where it is not usable, it is closed then.
    pub fn put(&mut self, conn: Conn) -> Option<usize> {
        let index = self.free.pop().unwrap_or_else(|| self.grow());
        let slot = &mut self.slots[index];
        slot.signal.seen.store(false, Ordering::Relaxed);
        slot.chain = conn.next;
        slot.conn = Some(conn);
        if slot.watch() {
            return Some(index);
        }
        slot.chain = None;
        self.take(index);
        None
    }

    /// Empties a slot; says whether an edge was seen.
    pub fn take(&mut self, index: usize) -> Option<(Conn, bool)> {
        let slot = self.slots.get_mut(index)?;
        let conn = slot.conn.take()?;
        self.free.push(index);
        Some((conn, slot.signal.seen.load(Ordering::Relaxed)))
    }

    /// The server of a slot's connection, where it has one.
    pub fn server(&self, index: usize) -> Option<usize> {
        self.slots.get(index)?.conn.as_ref().map(|conn| conn.server)
    }

    /// Whether a slot holds a connection to a server with a tag.
    pub fn is(&self, index: usize, server: usize, tag: u64) -> bool {
        let conn = self.slots.get(index).and_then(|slot| slot.conn.as_ref());
        conn.is_some_and(|conn| conn.server == server && conn.tag == tag)
    }

    /// The slots of a session's chain.
    pub fn chain(&self, first: Option<usize>) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(first, |slot| self.slots.get(*slot)?.chain?)
    }

    /// Takes a slot out of a session's chain, and empties it.
    pub fn unchain(&mut self, first: &Cell<Option<usize>>, index: usize) -> Option<(Conn, bool)> {
        let next = self.slots.get_mut(index)?.chain.take()?;
        let before = self.chain(first.get()).find(|slot| self.slots[*slot].chain == Some(Some(index)));
        match before {
            Some(before) => self.slots[before].chain = Some(next),
            None => first.set(next),
        }
        let slot = &mut self.slots[index];
        let conn = slot.conn.take();
        self.free.push(index);
        conn.map(|conn| (conn, self.slots[index].signal.seen.load(Ordering::Relaxed)))
    }

    /// The next slot that became readable since it was looked at.
    pub fn poll_woken(&self, cx: &mut Context<'_>) -> Option<usize> {
        let mut state = self.woken.state.lock().unwrap_or_else(PoisonError::into_inner);
        let next = state.0.pop();
        if next.is_none() {
            state.1 = Some(cx.waker().clone());
        }
        next
    }

    /// Looks at a slot that became readable. Drops its connection where that is no longer usable,
    /// and gives its server where it stood in no session's chain.
    pub fn look(&mut self, index: usize) -> Option<usize> {
        let slot = self.slots.get_mut(index)?;
        slot.signal.seen.store(false, Ordering::Relaxed);
        let server = slot.conn.as_ref()?.server;
        if slot.watch() {
            return None;
        }
        if slot.chain.is_some() {
            slot.conn = None;
            return None;
        }
        self.take(index);
        Some(server)
    }

    fn grow(&mut self) -> usize {
        let slot = self.slots.len();
        let signal = Arc::new(Signal { slot, seen: AtomicBool::new(false), woken: self.woken.clone() });
        self.slots.push(Slot { conn: None, chain: None, waker: signal.clone().into(), signal });
        slot
    }
}

impl Slot {
    /// Registers the slot's waker with its connection; false where that is not usable.
    fn watch(&mut self) -> bool {
        let Some(conn) = &mut self.conn else { return false };
        let mut cx = Context::from_waker(&self.waker);
        // Readiness may be left over from the last read: looking clears it.
        for _ in 0..2 {
            match conn.kept.io.poll_read_ready(&mut cx) {
                Poll::Pending => return true,
                Poll::Ready(Err(_)) => return false,
                Poll::Ready(Ok(())) if conn.kept.io.peek() != Idle::Quiet => return false,
                Poll::Ready(Ok(())) => {}
            }
        }
        // The task used up its turn, so that waiting was refused (tokio's coop): look at `take`.
        self.signal.seen.store(true, Ordering::Relaxed);
        true
    }
}

#[cfg(test)]
impl Slots {
    /// How many slots were ever made.
    pub fn len(&self) -> usize {
        self.slots.len()
    }
}
