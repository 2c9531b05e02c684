//! What a connection to a server and those that use it share, on whatever threads they are.

use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use net::tls::ClientSession;
use proto::h2::Replies;

/// See the module. Its locks are contended only where a connection serves several threads; nothing that
/// holds one can panic half-way.
#[derive(Debug)]
pub struct Wire {
    replies: Mutex<Replies>,
    /// The server's SETTINGS came, or never will.
    settled: AtomicBool,
    /// Who waits for that.
    waiting: Mutex<Vec<Waker>>,
    /// For the next handshake; there once the server sent something.
    session: Mutex<Option<ClientSession>>,
    /// The connection came from another thread, whose runtime still watches its socket.
    moved: AtomicBool,
    socket: AtomicI32,
}

impl Wire {
    pub fn new(replies: Replies, socket: RawFd) -> Self {
        Self {
            replies: Mutex::new(replies),
            settled: AtomicBool::new(false),
            waiting: Mutex::default(),
            session: Mutex::default(),
            moved: AtomicBool::new(false),
            socket: AtomicI32::new(socket),
        }
    }

    /// The follower of what goes both ways.
    pub fn replies(&self) -> MutexGuard<'_, Replies> {
        lock(&self.replies)
    }

    pub fn is_settled(&self) -> bool {
        self.settled.load(Relaxed)
    }

    /// Waits for the server's SETTINGS.
    pub fn poll_settled(&self, cx: &Context<'_>) -> Poll<()> {
        let mut waiting = lock(&self.waiting);
        if self.is_settled() {
            return Poll::Ready(());
        }
        waiting.push(cx.waker().clone());
        Poll::Pending
    }

    pub fn settle(&self) {
        let mut waiting = lock(&self.waiting);
        self.settled.store(true, Relaxed);
        let woken = std::mem::take(&mut *waiting);
        drop(waiting);
        woken.into_iter().for_each(Waker::wake);
    }

    /// The TLS session for the next handshake, once.
    pub fn take_session(&self) -> Option<ClientSession> {
        lock(&self.session).take()
    }

    pub fn set_session(&self, session: Option<ClientSession>) {
        *lock(&self.session) = session;
    }

    /// The connection is another thread's now.
    pub fn set_moved(&self) {
        self.moved.store(true, Relaxed);
    }

    /// Whether this thread's runtime is still to watch the socket.
    pub fn has_moved(&self) -> bool {
        self.moved.load(Relaxed)
    }

    /// It does so, under this number.
    pub fn settle_down(&self, socket: RawFd) {
        self.socket.store(socket, Relaxed);
        self.moved.store(false, Relaxed);
    }

    pub fn socket(&self) -> RawFd {
        self.socket.load(Relaxed)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU32;
    use std::task::Wake;

    use ir::config::{HttpReuse, Tune};

    use super::super::Rules;
    use super::*;

    #[derive(Default)]
    struct Count(AtomicU32);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Relaxed);
        }
    }

    fn wire() -> Wire {
        let rules = Rules::new(HttpReuse::Safe, &state::testing::server("s", 1), &Tune::default());
        Wire::new(Replies::new(rules.bounds), 5)
    }

    #[test]
    fn all_who_wait_hear_of_the_settings() {
        let (wire, count) = (wire(), Arc::new(Count::default()));
        let waker = count.clone().into();
        let cx = Context::from_waker(&waker);
        assert!(wire.poll_settled(&cx).is_pending() && wire.poll_settled(&cx).is_pending());
        wire.settle();
        wire.settle();
        assert_eq!((wire.poll_settled(&cx), count.0.load(Relaxed)), (Poll::Ready(()), 2));
    }

    #[test]
    fn one_that_moved_gets_another_number() {
        let wire = wire();
        assert_eq!((wire.has_moved(), wire.socket()), (false, 5));
        wire.set_moved();
        assert!(wire.has_moved());
        wire.settle_down(7);
        assert_eq!((wire.has_moved(), wire.socket()), (false, 7));
    }
}
