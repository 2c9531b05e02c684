//! Where accept loops wait for a free slot, over all threads.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering, fence};

use tokio::sync::Notify;

/// See the module. Opening it costs one atomic load where nobody waits.
#[derive(Debug, Default)]
pub struct Gate {
    waiting: AtomicUsize,
    notify: Notify,
}

impl Gate {
    /// A slot may have become free (a session ended, `set maxconn`): the waiting accept loops ask
    /// [`super::Handler::reserve`] again. Call it after the counter went down.
    pub fn open(&self) {
        // Pairs with the fence in `wait`: either we see the waiter or it sees the free slot.
        fence(Ordering::SeqCst);
        if self.waiting.load(Ordering::Relaxed) > 0 {
            self.notify.notify_waiters();
        }
    }

    /// Waits until `ready` says yes. Asks at once, and again each time the gate opens.
    pub(super) async fn wait(&self, mut ready: impl FnMut() -> bool) {
        if ready() {
            return;
        }
        let _waiting = Waiting::new(&self.waiting);
        loop {
            let mut opened = pin!(self.notify.notified());
            opened.as_mut().enable();
            fence(Ordering::SeqCst);
            if ready() {
                return;
            }
            opened.await;
        }
    }

    /// Waits until the gate opens once.
    pub(super) async fn opened(&self) {
        let _waiting = Waiting::new(&self.waiting);
        self.notify.notified().await;
    }
}

/// Counts a waiter for as long as it lives.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
