//! Counters that only grow: a slot a thread, written by that thread alone.

use std::sync::atomic::{AtomicU64, Ordering};

/// Two cache lines apart, so that threads do not share one.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Slot(AtomicU64);

/// A counter with a slot for each thread.
#[derive(Debug)]
pub struct PerThread {
    slots: Box<[Slot]>,
}

impl PerThread {
    pub fn new(threads: usize) -> Self {
        Self { slots: (0..threads.max(1)).map(|_| Slot::default()).collect() }
    }

    /// Adds to the calling thread's slot: a plain load and store, since nobody else writes it.
    pub fn add(&self, thread: usize, count: u64) {
        if let Some(Slot(slot)) = self.slots.get(thread) {
            slot.store(slot.load(Ordering::Relaxed).wrapping_add(count), Ordering::Relaxed);
        }
    }

    /// The sum over all threads.
    pub fn sum(&self) -> u64 {
        self.slots.iter().map(|Slot(slot)| slot.load(Ordering::Relaxed)).fold(0, u64::wrapping_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_add_up() {
        let counter = PerThread::new(2);
        counter.add(0, 3);
        counter.add(1, 4);
        counter.add(7, 100);
        assert_eq!(counter.sum(), 7);
    }
}
