//! A number that goes up and down and may have an upper bound, shared by all threads.

use std::sync::atomic::{AtomicU32, Ordering};

/// See the module.
#[derive(Debug)]
pub struct Gauge {
    now: AtomicU32,
    /// 0: no limit.
    limit: AtomicU32,
}

impl Gauge {
    pub fn new(limit: u32) -> Self {
        Self { now: AtomicU32::new(0), limit: AtomicU32::new(limit) }
    }

    pub fn get(&self) -> u32 {
        self.now.load(Ordering::Relaxed)
    }

    /// 0: no limit.
    pub fn limit(&self) -> u32 {
        self.limit.load(Ordering::Relaxed)
    }

    pub fn set_limit(&self, limit: u32) {
        self.limit.store(limit, Ordering::Relaxed);
    }

    /// Whether one more is allowed at this moment.
    pub fn has_room(&self) -> bool {
        let limit = self.limit();
        limit == 0 || self.get() < limit
    }

    /// Counts one more, whatever the limit. Gives the new number.
    pub fn enter(&self) -> u32 {
        self.now.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Counts one more where the limit allows it.
    pub fn try_enter(&self) -> bool {
        self.try_enter_below(self.limit())
    }

    /// The same with another limit than its own.
    pub fn try_enter_below(&self, limit: u32) -> bool {
        if limit == 0 {
            self.enter();
            return true;
        }
        self.now
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| (now < limit).then_some(now + 1))
            .is_ok()
    }

    /// Counts one less.
    pub fn leave(&self) {
        self.now.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One of a gauge's places, given back when it is dropped.
#[derive(Debug)]
pub struct Held(&'static Gauge);

impl Held {
    /// Takes a place where the limit allows it.
    pub fn take(gauge: &'static Gauge) -> Option<Self> {
        // Lazily: one that is dropped at once would give back a place that nobody took.
        gauge.try_enter().then(|| Self(gauge))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_holds() {
        let gauge = Gauge::new(2);
        assert!(gauge.try_enter() && gauge.try_enter());
        assert!(!gauge.try_enter() && !gauge.has_room());
        gauge.leave();
        assert!(gauge.try_enter());
        assert_eq!(gauge.get(), 2);
    }

    #[test]
    fn a_place_that_is_not_there_is_not_given_back() {
        let gauge: &'static Gauge = Box::leak(Box::new(Gauge::new(1)));
        let held = Held::take(gauge);
        assert!(held.is_some());
        assert!(Held::take(gauge).is_none() && Held::take(gauge).is_none());
        assert_eq!(gauge.get(), 1);
        drop(held);
        assert_eq!(gauge.get(), 0);
    }

    #[test]
    fn zero_is_no_limit() {
        let gauge = Gauge::new(0);
        assert!((0..100).all(|_| gauge.try_enter()));
    }
}
