//! Streams that wait for a server's place, from all threads, in the order of their coming. The
//! lock is held for one push or pop, and only where a `maxconn` was reached.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::Waker;

/// See the module.
#[derive(Debug, Default)]
pub struct Waiting {
    count: AtomicUsize,
    wakers: Mutex<VecDeque<Waker>>,
}

impl Waiting {
    /// Wakes the one that waits longest. One atomic load where none waits.
    pub fn wake_one(&self) {
        if self.count.load(Ordering::SeqCst) == 0 {
            return;
        }
        let mut wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        let first = wakers.pop_front();
        self.count.store(wakers.len(), Ordering::SeqCst);
        drop(wakers);
        if let Some(waker) = first {
            waker.wake();
        }
    }

    /// Takes a waker back: its task waits no longer.
    pub fn forget(&self, waker: &Waker) {
        let mut wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        wakers.retain(|have| !have.will_wake(waker));
        self.count.store(wakers.len(), Ordering::SeqCst);
    }

    /// Leaves a waker; a task that waits already keeps its place.
    pub fn wait(&self, waker: &Waker) {
        let mut wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        if !wakers.iter().any(|have| have.will_wake(waker)) {
            wakers.push_back(waker.clone());
        }
        self.count.store(wakers.len(), Ordering::SeqCst);
    }
}
