//! Streams that wait for a server's place, from all threads, in the order of their priority and
//! then of their coming. The lock is held for one push or pop, and only where a `maxconn` was
//! reached.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::Waker;

/// See the module.
#[derive(Debug, Default)]
pub struct Waiting {
    count: AtomicUsize,
    /// By place, the one to wake first at the front.
    wakers: Mutex<VecDeque<(i64, Waker)>>,
    /// How many got what they waited for.
    served: AtomicU32,
}

impl Waiting {
    /// Wakes the one at the front. One atomic load where none waits.
    pub fn wake_one(&self) {
        if self.count.load(Ordering::SeqCst) == 0 {
            return;
        }
        let mut wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        let first = wakers.pop_front();
        self.count.store(wakers.len(), Ordering::SeqCst);
        drop(wakers);
        if let Some((_, waker)) = first {
            waker.wake();
        }
    }

    /// The place of the one at the front. One atomic load where none waits.
    pub fn first(&self) -> Option<i64> {
        if self.count.load(Ordering::SeqCst) == 0 {
            return None;
        }
        let wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        wakers.front().map(|(place, _)| *place)
    }

    /// Whether a waker still waits to be woken.
    pub fn holds(&self, waker: &Waker) -> bool {
        let wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        wakers.iter().any(|(_, have)| have.will_wake(waker))
    }

    /// How many got what they waited for.
    pub fn served(&self) -> u32 {
        self.served.load(Ordering::Relaxed)
    }

    /// Counts one who did.
    pub fn serve(&self) {
        self.served.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes a waker back: its task waits no longer.
    pub fn forget(&self, waker: &Waker) {
        let mut wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        wakers.retain(|(_, have)| !have.will_wake(waker));
        self.count.store(wakers.len(), Ordering::SeqCst);
    }

    /// Leaves a waker behind those of lower and equal places; a task that waits already keeps its
    /// own.
    pub fn wait(&self, waker: &Waker, place: i64) {
        let mut wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        if !wakers.iter().any(|(_, have)| have.will_wake(waker)) {
            let behind = wakers.partition_point(|(have, _)| *have <= place);
            wakers.insert(behind, (place, waker.clone()));
        }
        self.count.store(wakers.len(), Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::task::Wake;

    use super::*;

    struct Named(&'static str, Arc<Mutex<Vec<&'static str>>>);

    impl Wake for Named {
        fn wake(self: Arc<Self>) {
            self.1.lock().expect("lock").push(self.0);
        }
    }

    #[test]
    fn lower_places_go_first_then_who_came_first() {
        let woken = Arc::new(Mutex::new(Vec::new()));
        let waiting = Waiting::default();
        for (name, place) in [("a", 5), ("b", 5), ("c", -1), ("d", 7)] {
            waiting.wait(&Arc::new(Named(name, woken.clone())).into(), place);
        }
        (0..5).for_each(|_| waiting.wake_one());
        assert_eq!(*woken.lock().expect("lock"), ["c", "a", "b", "d"]);
    }
}
