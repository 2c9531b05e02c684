//! The worker threads: each a tokio current-thread runtime with its own listeners, timer wheel
//! and sessions. Left out: what happens with an accepted connection ([`Handler`]'s), signals,
//! forks, privileges (the process model's; threads start after those).

mod accept;
mod gate;

use std::cell::{Cell, OnceCell};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use ir::id::{BindId, ProxyId};
use tokio::runtime::{Builder, LocalOptions, LocalRuntime};
use tokio::sync::{Notify, watch};

pub use gate::Gate;

use crate::listener::Listener;
use crate::socket::Socket;
use crate::sys;
use crate::timer;

/// What a worker does with connections. One object for each thread, made on it; it spawns the
/// sessions with `tokio::task::spawn_local`.
pub trait Handler {
    /// Takes one slot for a connection that is waiting, or says that the accept must wait. The
    /// connection stays in the backlog.
    fn reserve(&self, proxy: ProxyId, bind: BindId) -> Reserved;

    /// Gives a slot back: the connection did not come, or its [`Slot`] was dropped.
    fn release(&self, proxy: ProxyId, bind: BindId);

    /// A connection could not be accepted: the process ran out of descriptors or memory.
    fn exhausted(&self, proxy: ProxyId, error: &io::Error);

    /// A connection was accepted in a reserved slot.
    fn accept(&self, accepted: Accepted);

    /// The thread runs: it may make connections of its own that are served as accepted ones.
    fn started(&self, _slots: Slots) {}

    /// The stop began: idle connections close, the others end when their work is done.
    fn soft_stop(&self);
}

/// What [`Handler::reserve`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserved {
    Yes,
    /// All slots are taken (maxconn of the process, the frontend, the bind line).
    Full,
    /// Too many connections came in the last second: ask again after so many milliseconds.
    After(u64),
}

/// An accepted connection.
#[derive(Debug)]
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
#[derive(Debug)]
pub struct Slot {
    proxy: ProxyId,
    bind: BindId,
    worker: Rc<Worker>,
}

impl Slot {
    /// Only for a slot that was reserved.
    fn new(worker: Rc<Worker>, proxy: ProxyId, bind: BindId) -> Self {
        worker.sessions.set(worker.sessions.get() + 1);
        Self { proxy, bind, worker }
    }
}

/// Gives slots for connections that are not accepted but made.
#[derive(Clone, Debug)]
pub struct Slots {
    worker: Rc<Worker>,
}

impl Slots {
    /// A slot, where there is one.
    pub fn take(&self, proxy: ProxyId, bind: BindId) -> Option<Slot> {
        let reserved = self.worker.handler().reserve(proxy, bind);
        (reserved == Reserved::Yes).then(|| Slot::new(self.worker.clone(), proxy, bind))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.worker.handler().release(self.proxy, self.bind);
        self.worker.context.gate.open();
        let left = self.worker.sessions.get() - 1;
        self.worker.sessions.set(left);
        if left == 0 {
            self.worker.idle.notify_one();
        }
    }
}

/// What a [`Handler`] is made from.
#[derive(Clone, Debug)]
pub struct WorkerContext {
    /// 0 to `nbthread` - 1.
    pub index: usize,
    /// Wakes the accept loops of all threads. A `Slot` opens it by itself; `set maxconn` must.
    pub gate: Arc<Gate>,
}

/// How the threads run.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// `nbthread`
    pub threads: usize,
    /// `tune.maxaccept`: connections accepted in a row; -1: no limit.
    pub maxaccept: i32,
    /// `cpu-map`: the CPUs of each thread as bits; none and zero: all.
    pub cpus: &'static [[u64; 16]],
    /// `busy-polling`: the threads never sleep, until they are stopped.
    pub busy_polling: bool,
    /// `tune.maxpollevents`: events taken at a time.
    pub max_events: Option<usize>,
    /// `tune.runqueue-depth`: tasks run between two looks for events.
    pub event_interval: Option<u32>,
}

impl Settings {
    /// What the configuration leaves out.
    pub const fn new(threads: usize) -> Self {
        let (cpus, busy_polling): (&[_], _) = (&[], false);
        Self { threads, maxaccept: 4, cpus, busy_polling, max_events: None, event_interval: None }
    }

    /// Gives the calling thread its CPUs, and makes its runtime.
    fn runtime(&self, index: usize) -> io::Result<LocalRuntime> {
        if let Some(cpus) = self.cpus.get(index).filter(|cpus| **cpus != [0; 16]) {
            // CPUs that are not there leave it where it is, as HAProxy's threads.
            let _ = sys::set_cpus(cpus);
        }
        let mut builder = Builder::new_current_thread();
        builder.enable_all();
        if let Some(most) = self.max_events {
            builder.max_io_events_per_tick(most);
        }
        if let Some(interval) = self.event_interval {
            builder.event_interval(interval);
        }
        builder.build_local(LocalOptions::default())
    }
}

/// What the threads are told to do. A level, not an event: the last one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Running,
    Paused,
    Stopping,
    Ended,
}

/// The running threads.
#[derive(Debug)]
pub struct Workers {
    mode: watch::Sender<Mode>,
    gate: Arc<Gate>,
    /// Threads that still listen.
    listening: Arc<AtomicUsize>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts the threads and spreads the listeners over them, those of one `bind` line evenly.
    /// `handler` runs once on each thread.
    ///
    /// # Errors
    /// Those of making a runtime or a thread.
    pub fn start(
        settings: Settings,
        listeners: Vec<Listener>,
        handler: impl Fn(WorkerContext) -> Rc<dyn Handler> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let handler = Arc::new(handler);
        let (mode, watched) = watch::channel(Mode::Running);
        let gate = Arc::new(Gate::default());
        let listening = Arc::new(AtomicUsize::new(settings.threads.max(1)));
        let mut workers = Self { mode, gate, listening, threads: Vec::new() };
        for (index, listeners) in spread(listeners, settings.threads).into_iter().enumerate() {
            let context = WorkerContext { index, gate: workers.gate.clone() };
            let (handler, mode) = (handler.clone(), watched.clone());
            let listening = workers.listening.clone();
            let (made, result) = std::sync::mpsc::channel();
            // The runtime belongs to its thread, so it is made there.
            let body = move || {
                let _guard = AbortOnPanic;
                match settings.runtime(context.index) {
                    Ok(runtime) => {
                        // Whoever started the thread waits for this.
                        let _ = made.send(Ok(()));
                        run(&runtime, context, settings, listeners, &*handler, mode, &listening);
                    }
                    Err(error) => drop(made.send(Err(error))),
                }
            };
            workers.threads.push(std::thread::Builder::new().name(format!("worker-{index}")).spawn(body)?);
            result.recv().map_err(io::Error::other)??;
        }
        Ok(workers)
    }

    /// Wakes the accept loops; see [`Gate::open`].
    pub fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// SIGTTOU: stops listening and keeps the addresses. Connections in the backlog are accepted
    /// first. Nothing once a stop began.
    pub fn pause(&self) {
        self.change(Mode::Paused);
    }

    /// SIGTTIN: listens again. Nothing once a stop began.
    pub fn resume(&self) {
        self.change(Mode::Running);
    }

    /// SIGUSR1: accepts what waits in the backlog, closes the listeners, calls
    /// [`Handler::soft_stop`]; each thread ends with its last session.
    pub fn soft_stop(&self) {
        self.change(Mode::Stopping);
    }

    /// Ends the threads now, their sessions with them.
    pub fn hard_stop(&self) {
        self.change(Mode::Ended);
    }

    /// Whether a thread still accepts connections: after a stop began, until the backlogs are empty.
    pub fn is_listening(&self) -> bool {
        self.listening.load(Ordering::Acquire) > 0 && !self.has_ended()
    }

    /// Whether all threads have ended.
    pub fn has_ended(&self) -> bool {
        self.mode.is_closed()
    }

    /// Waits until all threads have ended.
    pub async fn ended(&self) {
        self.mode.closed().await;
    }

    /// Joins the threads, blocking until all have ended. None ends by a panic: see [`AbortOnPanic`].
    pub fn join(self) {
        self.threads.into_iter().for_each(|thread| drop(thread.join()));
    }

    fn change(&self, to: Mode) {
        self.mode.send_if_modified(|mode| {
            let stopping = matches!(*mode, Mode::Stopping | Mode::Ended);
            let allowed = match to {
                Mode::Running | Mode::Paused => !stopping,
                Mode::Stopping => *mode != Mode::Ended,
                Mode::Ended => true,
            };
            let changes = allowed && *mode != to;
            if changes {
                *mode = to;
            }
            changes
        });
    }
}

/// What the tasks of one thread share.
struct Worker {
    context: WorkerContext,
    maxaccept: u32,
    handler: OnceCell<Rc<dyn Handler>>,
    sessions: Cell<usize>,
    /// Told when the last session ends.
    idle: Notify,
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker").field("index", &self.context.index).finish_non_exhaustive()
    }
}

impl Worker {
    fn handler(&self) -> &dyn Handler {
        &**self.handler.get().expect("set before the first task runs")
    }
}

/// Deals the listeners out, the sockets of each `bind` line round its threads.
fn spread(listeners: Vec<Listener>, threads: usize) -> Vec<Vec<Listener>> {
    let threads = threads.max(1);
    let mut dealt: Vec<Vec<Listener>> = (0..threads).map(|_| Vec::new()).collect();
    let mut last = None;
    let mut next = 0;
    for listener in listeners {
        let bind = Some((listener.proxy, listener.bind));
        next = if bind == last { next + 1 } else { 0 };
        last = bind;
        let usable = listener.threads.iter().map(|number| usize::from(*number) - 1);
        let usable: Vec<usize> = usable.filter(|thread| *thread < threads).collect();
        let thread = match usable.len() {
            0 => next % threads,
            count => usable[next % count],
        };
        dealt[thread].push(listener);
    }
    dealt
}

/// One thread, from its first task to its last session.
fn run(
    runtime: &LocalRuntime,
    context: WorkerContext,
    settings: Settings,
    listeners: Vec<Listener>,
    handler: &dyn Fn(WorkerContext) -> Rc<dyn Handler>,
    mode: watch::Receiver<Mode>,
    listening: &AtomicUsize,
) {
    let worker = Rc::new(Worker {
        context: context.clone(),
        maxaccept: u32::try_from(settings.maxaccept).unwrap_or(u32::MAX).max(1),
        handler: OnceCell::new(),
        sessions: Cell::new(0),
        idle: Notify::new(),
    });
    runtime.block_on(async {
        let _ = worker.handler.set(handler(context));
        tokio::task::spawn_local(timer::drive());
        if settings.busy_polling {
            tokio::task::spawn_local(stay_awake(mode.clone()));
        }
        worker.handler().started(Slots { worker: worker.clone() });
        let mut accepting = tokio::task::JoinSet::new();
        for listener in listeners {
            accepting.spawn_local(accept::serve(worker.clone(), listener, mode.clone()));
        }
        let work = async {
            if reached(&mode, &[Mode::Stopping, Mode::Ended]).await {
                worker.handler().soft_stop();
            }
            while accepting.join_next().await.is_some() {}
            listening.fetch_sub(1, Ordering::Release);
            while worker.sessions.get() > 0 {
                worker.idle.notified().await;
            }
        };
        tokio::select! {
            () = work => {}
            _ = reached(&mode, &[Mode::Ended]) => {}
        }
    });
}

/// Keeps the thread from sleeping until a stop begins: there is always one task to run.
async fn stay_awake(mode: watch::Receiver<Mode>) {
    while matches!(*mode.borrow(), Mode::Running | Mode::Paused) {
        tokio::task::yield_now().await;
    }
}

/// Ends the process where a worker thread panics outside of a session (which ends alone): without the
/// thread its clients would wait for nobody, and a supervisor would not know.
struct AbortOnPanic;

impl Drop for AbortOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            std::process::abort();
        }
    }
}

/// Waits for one of some modes; false where the sender is gone.
async fn reached(mode: &watch::Receiver<Mode>, modes: &[Mode]) -> bool {
    mode.clone().wait_for(|mode| modes.contains(mode)).await.is_ok()
}

#[cfg(test)]
pub(crate) mod tests;
