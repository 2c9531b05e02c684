//! Events per second, from all threads: a slot a thread, written by that thread alone with plain
//! loads and stores, and summed by readers.

use std::sync::atomic::{AtomicU64, Ordering};

use base::freq::Rate;

/// The period of all rates, in milliseconds.
const PERIOD: u32 = 1000;

/// Two cache lines apart, so that threads do not share one.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Slot {
    start: AtomicU64,
    /// The events of the period before, then those of the current one, 32 bits each.
    events: AtomicU64,
    /// All events since the start.
    total: AtomicU64,
}

impl Slot {
    fn load(&self) -> Rate {
        let start = self.start.load(Ordering::Relaxed);
        let events = self.events.load(Ordering::Relaxed);
        Rate::from_parts(start, (events >> 32) as u32, events as u32)
    }

    fn store(&self, rate: Rate) {
        let (start, previous, current) = rate.parts();
        self.start.store(start, Ordering::Relaxed);
        self.events.store(u64::from(previous) << 32 | u64::from(current), Ordering::Relaxed);
    }
}

/// See the module. A reader that meets a period's change sees a thread's old or new numbers in a
/// mix, for that one reading.
#[derive(Debug)]
pub struct PerSecond {
    slots: Box<[Slot]>,
}

impl PerSecond {
    pub fn new(threads: usize) -> Self {
        Self { slots: (0..threads.max(1)).map(|_| Slot::default()).collect() }
    }

    /// Adds one event to the calling thread's slot. `now` is in monotonic milliseconds.
    pub fn count(&self, thread: usize, now: u64) {
        if let Some(slot) = self.slots.get(thread) {
            let mut rate = slot.load();
            rate.add(now, PERIOD, 1);
            slot.store(rate);
            slot.total.store(slot.total.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        }
    }

    /// How many milliseconds the next event must wait for the rate to be below `limit`; `None`: it
    /// need not, as where there is no limit.
    pub fn wait(&self, now: u64, limit: u32) -> Option<u64> {
        let rate = if limit == 0 { 0 } else { self.read(now) };
        (limit > 0 && rate >= limit).then(|| u64::from((PERIOD - 1) / rate).max(1))
    }

    /// Events of all threads since the start.
    pub fn sum(&self) -> u64 {
        self.slots.iter().map(|slot| slot.total.load(Ordering::Relaxed)).sum()
    }

    /// Events of all threads over the last second.
    pub fn read(&self, now: u64) -> u32 {
        self.slots.iter().map(|slot| slot.load().read(now, PERIOD)).fold(0, u32::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_add_up() {
        let rate = PerSecond::new(2);
        rate.count(0, 5_000);
        rate.count(0, 5_900);
        rate.count(1, 5_900);
        rate.count(7, 5_900);
        assert_eq!(rate.read(5_950), 3);
        assert_eq!(rate.read(9_000), 0);
    }

    #[test]
    fn a_rate_above_its_limit_waits() {
        let rate = PerSecond::new(1);
        let check = |limit, expected| assert_eq!(rate.wait(5_000, limit), expected, "{limit}");
        check(1, None);
        (0..4).for_each(|_| rate.count(0, 5_000));
        check(0, None);
        check(5, None);
        check(4, Some(249));
        check(2, Some(249));
    }
}
