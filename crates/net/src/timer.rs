//! Timeouts: one coarse timer wheel a thread (hot-path rule 11). A connection keeps one
//! [`Timer`]; moving its deadline later is a store. Never early, and at most some 2 ms late on an
//! idle thread. Left out: the wheel's arithmetic, in [`wheel`].

mod wheel;

use std::cell::RefCell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use crate::clock;
use wheel::{Key, Wheel};

thread_local! {
    static WHEEL: RefCell<Wheel> = RefCell::new(Wheel::new(clock::now_ms()));
}

/// One deadline. Belongs to the thread that made it. It rings only while [`drive`] runs on that
/// thread.
#[derive(Debug)]
pub struct Timer {
    key: Key,
    /// The wheel is the thread's.
    _thread: std::marker::PhantomData<*const ()>,
}

impl Timer {
    /// A timer that is not set. Takes a slot of the thread's wheel, which is reused after drop.
    pub fn new() -> Self {
        Self { key: WHEEL.with_borrow_mut(Wheel::insert), _thread: std::marker::PhantomData }
    }

    /// Sets the deadline, in [`clock::now_ms`]'s milliseconds. Costs a store where the timer was
    /// set to an earlier time before, and a few stores else.
    pub fn set(&mut self, deadline_ms: u64) {
        WHEEL.with_borrow_mut(|wheel| wheel.set(self.key, deadline_ms));
    }

    /// Unsets the deadline: a store.
    pub fn clear(&mut self) {
        WHEEL.with_borrow_mut(|wheel| wheel.clear(self.key));
    }

    /// The deadline that is set.
    pub fn deadline(&self) -> Option<u64> {
        WHEEL.with_borrow(|wheel| wheel.deadline(self.key))
    }

    /// Ready once the deadline has passed, and again on every later call until it is set anew or
    /// cleared; pending while none is set. The last waker is kept.
    pub fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        WHEEL.with_borrow_mut(|wheel| wheel.poll_expired(self.key, cx))
    }

    /// Waits until the deadline: [`Timer::poll_expired`] as a future.
    pub async fn expired(&mut self) {
        std::future::poll_fn(|cx| self.poll_expired(cx)).await
    }
}

impl Default for Timer {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        // The wheel is gone when its thread is ending.
        let _ = WHEEL.try_with(|wheel| {
            if let Ok(mut wheel) = wheel.try_borrow_mut() {
                wheel.remove(self.key);
            }
        });
    }
}

/// Wakes every task that waits on a timer of this thread, so that it looks at what changed for
/// the whole process, such as a soft stop. No timer expires by it.
pub fn wake_all() {
    let wakers = WHEEL.with_borrow_mut(Wheel::take_wakers);
    wakers.into_iter().for_each(std::task::Waker::wake);
}

/// Turns this thread's wheel for ever. The worker spawns it once; a test that sets timers runs it
/// beside them. It keeps one tokio sleep.
pub async fn drive() {
    let mut sleep = pin!(tokio::time::sleep(Duration::ZERO));
    std::future::poll_fn(|cx| turn(sleep.as_mut(), cx)).await
}

/// Runs what is due and arms the sleep for what comes next.
fn turn(mut sleep: Pin<&mut tokio::time::Sleep>, cx: &mut Context<'_>) -> Poll<()> {
    loop {
        let now = clock::now_ms();
        let next = WHEEL.with_borrow_mut(|wheel| wheel.advance(now, cx.waker()));
        let Some(next) = next else { return Poll::Pending };
        let wait = Duration::from_millis(next.saturating_sub(now));
        sleep.as_mut().reset(tokio::time::Instant::now() + wait);
        if sleep.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::task::LocalSet;

    fn run<F: Future>(test: F) -> F::Output {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        LocalSet::new().block_on(&runtime, async {
            let driver = tokio::task::spawn_local(drive());
            let result = test.await;
            driver.abort();
            result
        })
    }

    #[test]
    fn rings_after_the_deadline_and_soon() {
        run(async {
            for wait in [0, 1, 5, 63, 64, 150] {
                // A machine that is busy with something else gets more chances.
                let mut late = u64::MAX;
                for _ in 0..20 {
                    let deadline = clock::now_ms() + wait;
                    let mut timer = Timer::new();
                    timer.set(deadline);
                    timer.expired().await;
                    late = late.min(clock::now_ms().checked_sub(deadline).expect("early"));
                    if late <= 20 {
                        break;
                    }
                }
                assert!(late <= 20, "{wait} ms: {late} ms late");
            }
        });
    }

    #[test]
    fn a_later_deadline_moves_and_a_cleared_one_is_silent() {
        run(async {
            let start = clock::now_ms();
            let (mut moved, mut cleared) = (Timer::new(), Timer::new());
            moved.set(start + 10);
            cleared.set(start + 10);
            tokio::task::yield_now().await;
            moved.set(start + 60);
            cleared.clear();
            tokio::select! {
                () = moved.expired() => assert!(clock::now_ms() >= start + 60),
                () = cleared.expired() => panic!("a cleared timer rang"),
            }
            assert_eq!((moved.deadline(), cleared.deadline()), (Some(start + 60), None));
        });
    }

    #[test]
    fn an_earlier_deadline_wakes_the_sleeping_driver() {
        run(async {
            let mut timer = Timer::new();
            timer.set(clock::now_ms() + 600_000);
            tokio::time::sleep(Duration::from_millis(5)).await;
            let deadline = clock::now_ms() + 10;
            timer.set(deadline);
            timer.expired().await;
            assert!((deadline..deadline + 50).contains(&clock::now_ms()));
        });
    }
}
