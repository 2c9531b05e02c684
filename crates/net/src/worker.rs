//! The worker threads: each a tokio current-thread runtime with its own listeners, timer wheel
//! and sessions. Left out: what happens with an accepted connection ([`Handler`]'s), signals,
//! forks, privileges (the process model's; threads start after those).

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ir::id::{BindId, ProxyId};

use crate::io::Socket;
use crate::listener::Listener;

/// What a worker does with connections. One object for each thread, made on it; it spawns the
/// sessions with `tokio::task::spawn_local`.
pub trait Handler {
    /// Takes one slot for a connection that may come, or says that the accept must wait (maxconn
    /// of the process, the frontend, the bind line). The connection stays in the backlog.
    fn reserve(&self, proxy: ProxyId, bind: BindId) -> bool;

    /// Gives a slot back: the connection did not come, or its [`Slot`] was dropped.
    fn release(&self, proxy: ProxyId, bind: BindId);

    /// A connection was accepted in a reserved slot.
    fn accept(&self, accepted: Accepted);

    /// The stop began: idle connections close, the others end when their work is done.
    fn soft_stop(&self);
}

/// An accepted connection.
pub struct Accepted {
    pub socket: Socket,
    /// `None` for a UNIX socket.
    pub peer: Option<SocketAddr>,
    pub proxy: ProxyId,
    pub bind: BindId,
    /// [`crate::clock::now_us`]
    pub accepted_us: u64,
    /// Hold it for as long as the session lives.
    pub slot: Slot,
}

/// A session that is counted: the thread ends when all have been dropped. Dropping it calls
/// [`Handler::release`] and wakes the accept loops that wait.
pub struct Slot {
    proxy: ProxyId,
    bind: BindId,
    _worker: Rc<()>,
}

/// What a [`Handler`] is made from.
#[derive(Clone)]
pub struct WorkerContext {
    /// 0 to `nbthread` - 1.
    pub index: usize,
    /// Wakes accept loops of all threads.
    pub gate: Arc<Gate>,
}

/// Where accept loops wait for a slot. Any thread may open it.
#[derive(Debug, Default)]
pub struct Gate {}

impl Gate {
    /// A slot may have become free (a session ended, `set maxconn`): the waiting accept loops ask
    /// [`Handler::reserve`] again. One atomic load where none waits.
    pub fn open(&self) {
        todo!()
    }
}

/// The running threads.
pub struct Workers {}

/// How threads run.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub threads: usize,
    /// `tune.maxaccept`: connections accepted in a row; -1: no limit.
    pub maxaccept: i32,
}

impl Workers {
    /// Starts the threads and spreads the listeners over them. `handler` runs on each thread.
    ///
    /// # Errors
    /// Those of making a thread or a runtime.
    pub fn start(
        _settings: Settings,
        _listeners: Vec<Listener>,
        _handler: impl Fn(WorkerContext) -> Rc<dyn Handler> + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        todo!()
    }

    /// SIGTTOU: stops listening and keeps the addresses.
    pub fn pause(&self) {
        todo!()
    }

    /// SIGTTIN: listens again.
    pub fn resume(&self) {
        todo!()
    }

    /// SIGUSR1: drains and closes the listeners; threads end with their last session.
    pub fn soft_stop(&self) {
        todo!()
    }

    /// Ends the threads now, their sessions with them.
    pub fn hard_stop(&self) {
        todo!()
    }

    /// Waits until all threads have ended or the time is over; says whether they have.
    pub fn wait(&self, _limit: Option<Duration>) -> bool {
        todo!()
    }
}
