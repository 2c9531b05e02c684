//! How much a thread works, where the configuration wants that to be known: while it is calm, nobody's
//! connection is ended for many small faults (`tune.glitches.kill.cpu-usage`).

use std::cell::Cell;

use crate::clock::now_us;
use crate::sys;
use crate::timer::Timer;

/// Between two looks, in microseconds.
const EVERY: u64 = 500_000;

thread_local! {
    static CALM: Cell<bool> = const { Cell::new(false) };
}

/// Whether the thread works less than it would have to for faults to count; never, unless somebody watches.
pub fn is_calm() -> bool {
    CALM.get()
}

/// Watches the thread that this runs on, for ever. It is calm while it uses less than `share` percent of a
/// processor, and before that is known.
pub async fn watch(share: u32) {
    CALM.set(true);
    let mut timer = Timer::new();
    let mut before = (now_us(), sys::thread_run_us());
    loop {
        timer.set((before.0 + EVERY) / 1000);
        timer.expired().await;
        let now = (now_us(), sys::thread_run_us());
        CALM.set(used(now.1 - before.1, now.0 - before.0) < u64::from(share));
        before = now;
    }
}

/// Percent.
fn used(run_us: u64, passed_us: u64) -> u64 {
    100 * run_us / passed_us.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares() {
        let check = |run, passed, expected| assert_eq!(used(run, passed), expected);
        check(0, 500_000, 0);
        check(250_000, 500_000, 50);
        check(499_999, 500_000, 99);
        check(500_000, 500_000, 100);
        check(0, 0, 0);
    }

    #[tokio::test]
    async fn nobody_is_calm_unless_watched() {
        assert!(!is_calm());
        let mut watching = Box::pin(watch(100));
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(watching.as_mut().poll(&mut cx).is_pending());
        assert!(is_calm());
    }
}
