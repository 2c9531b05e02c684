//! Waiting for one of a server's `maxconn` places: in the server's queue where the stream needs
//! that server, else in the backend's. A place that becomes free goes to whoever came first in
//! either.

use std::task::{Context, Poll, ready};

use ir::id::{ProxyId, ServerId};
use net::clock::now_ms;
use net::timer::Timer;
use state::balance;
use state::live::{LiveProxy, LiveServer, Waiting};
use state::plan::Plan;
use state::stream::Stream;
use state::termination::{Cause, State};

use super::choose::choose;
use super::{Attempts, Gone, Unreachable, backend};
use crate::deadline::Deadline;
use crate::worker::Worker;

/// One of the server's `maxconn` places.
pub struct Turn {
    pub plan: &'static Plan,
    pub backend: ProxyId,
    pub server: ServerId,
}

impl Turn {
    /// A place that is free and that nobody waits for. `direct`: the stream wants this server, so
    /// that those who wait for any do not matter.
    pub fn take(stream: &Stream, backend: ProxyId, server: ServerId, direct: bool) -> Option<Self> {
        let live = &stream.plan.live.proxies[backend.index()];
        let wanted = &live.servers[server.index()];
        let is_next = wanted.queue.get() == 0 && (direct || live.queue.get() == 0);
        if !is_next || !wanted.try_enter(live.backend.get()) {
            return None;
        }
        Some(Self { plan: stream.plan, backend, server })
    }

    pub fn live(&self) -> &'static LiveServer {
        &self.plan.live.proxies[self.backend.index()].servers[self.server.index()]
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.live().connections.leave();
        wake_next(self.plan, self.backend, self.server);
    }
}

/// Whether a server serves streams that need no particular one: it is up, and a backup only where
/// nothing else is.
fn serves_any(plan: &Plan, backend: ProxyId, server: ServerId) -> bool {
    let settings = plan.settings(backend);
    let live = &plan.live.proxies[backend.index()].servers;
    if !live[server.index()].is_usable() || !settings.servers[server.index()].backup {
        return live[server.index()].is_usable();
    }
    let mut usable = live.iter().zip(&settings.servers).filter(|(live, _)| live.is_usable());
    let first = live.iter().position(LiveServer::is_usable) == Some(server.index());
    usable.all(|(_, settings)| settings.backup) && (first || settings.options.allbackups)
}

/// Wakes who goes first of those who can use a place of this server.
fn wake_next(plan: &Plan, backend: ProxyId, server: ServerId) {
    let live = &plan.live.proxies[backend.index()];
    let own = live.servers[server.index()].waiting.first();
    let any = live.waiting.first().filter(|_| serves_any(plan, backend, server));
    match (own, any) {
        (Some(own), Some(any)) if any < own => live.waiting.wake_one(),
        (Some(_), _) => live.servers[server.index()].waiting.wake_one(),
        (None, Some(_)) => live.waiting.wake_one(),
        (None, None) => {}
    }
}

/// Wakes those who wait while there is room: who was woken did not use it, or there is more.
fn wake_more(plan: &Plan, backend: ProxyId) {
    let live = &plan.live.proxies[backend.index()];
    if live.queue.get() == 0 && live.servers.iter().all(|server| server.queue.get() == 0) {
        return;
    }
    let streams = live.backend.get();
    let servers = (0u32..).map(ServerId).zip(&live.servers);
    for (id, _) in servers.filter(|(_, server)| server.has_room(streams)) {
        wake_next(plan, backend, id);
    }
}

/// Chooses a server and takes one of its places, waiting where all are taken.
pub async fn wait_turn(
    worker: &Worker,
    stream: &mut Stream,
    timer: &mut Timer,
    attempts: &mut Attempts,
    gone: &mut Gone<'_>,
) -> Result<Turn, Unreachable> {
    if let Some(turn) = attempts.turn.take() {
        attempts.next = None;
        stream.server = Some(turn.server);
        return Ok(turn);
    }
    let backend = backend(stream);
    let live = &stream.plan.live.proxies[backend.index()];
    let mut wait = Wait { backend, live, queue: None, came: 0, seen: 0 };
    let result = std::future::poll_fn(|cx| wait.poll(cx, worker, stream, timer, attempts, gone)).await;
    if wait.queue.is_some() {
        std::future::poll_fn(|cx| {
            wait.leave(cx, stream, result.is_ok());
            Poll::Ready(())
        })
        .await;
        wake_more(stream.plan, backend);
    }
    result
}

/// A stream's wait.
struct Wait {
    backend: ProxyId,
    live: &'static LiveProxy,
    /// The queue that it stands in: a server's, or the backend's.
    queue: Option<Option<ServerId>>,
    /// When it came to the queue.
    came: u64,
    /// How many the queue had served by then.
    seen: u32,
}

impl Wait {
    /// The queue, and how many stand in it.
    fn waiting(&self, queue: Option<ServerId>) -> &'static Waiting {
        match queue {
            Some(server) => &self.live.servers[server.index()].waiting,
            None => &self.live.waiting,
        }
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        worker: &Worker,
        stream: &mut Stream,
        timer: &mut Timer,
        attempts: &mut Attempts,
        gone: &mut Gone<'_>,
    ) -> Poll<Result<Turn, Unreachable>> {
        if let Poll::Ready(done) = self.poll_place(cx, worker, stream, timer, attempts) {
            return Poll::Ready(done);
        }
        if gone(cx) {
            return Poll::Ready(Err(Unreachable { cause: Cause::Client, state: State::Queue }));
        }
        ready!(timer.poll_expired(cx));
        Poll::Ready(Err(Unreachable { cause: Cause::ServerTimeout, state: State::Queue }))
    }

    /// Takes a place, or a stand in a queue.
    fn poll_place(
        &mut self,
        cx: &mut Context<'_>,
        worker: &Worker,
        stream: &mut Stream,
        timer: &mut Timer,
        attempts: &mut Attempts,
    ) -> Poll<Result<Turn, Unreachable>> {
        if let Some(queue) = self.queue
            && self.waiting(queue).holds(cx.waker())
        {
            return Poll::Pending;
        }
        let server = match self.queue {
            Some(Some(server)) => Some(server),
            None => attempts.next.take().or_else(|| choose(worker, stream, attempts)),
            Some(None) => choose(worker, stream, attempts).or_else(|| self.any(stream)),
        };
        if let Some(turn) = server.and_then(|server| self.take(stream, server)) {
            stream.server = Some(turn.server);
            return Poll::Ready(Ok(turn));
        }
        let Some(server) = server else {
            if !balance::has_usable(&stream.backend_plan().balance, stream) {
                return Poll::Ready(Err(Unreachable { cause: Cause::Server, state: State::Connect }));
            }
            return self.enter(cx, stream, timer, None);
        };
        let wanted = &self.live.servers[server.index()];
        if self.queue.is_none() && !wanted.queue.has_room() {
            stream.server = Some(server);
            if !attempts.leave_full(stream) {
                return Poll::Ready(Err(Unreachable { cause: Cause::Server, state: State::Queue }));
            }
            return self.poll_place(cx, worker, stream, timer, attempts);
        }
        stream.server = Some(server);
        self.enter(cx, stream, timer, Some(server))
    }

    /// A server with room for one who waits for any: those who wait for that server alone came later.
    fn any(&self, stream: &Stream) -> Option<ServerId> {
        let streams = self.live.backend.get();
        let servers = (0u32..).map(ServerId).zip(&self.live.servers);
        let mut with_room = servers.filter(|(_, server)| server.has_room(streams)).map(|(id, _)| id);
        with_room.find(|id| serves_any(stream.plan, self.backend, *id))
    }

    /// A place of a server, where it is the stream's turn.
    fn take(&self, stream: &Stream, server: ServerId) -> Option<Turn> {
        if self.queue.is_none() {
            return Turn::take(stream, self.backend, server, stream.persist.server.is_some());
        }
        if !self.live.servers[server.index()].try_enter(self.live.backend.get()) {
            return None;
        }
        Some(Turn { plan: stream.plan, backend: self.backend, server })
    }

    /// Stands in a queue, once more where the place that it was woken for is gone.
    fn enter(
        &mut self,
        cx: &Context<'_>,
        stream: &Stream,
        timer: &mut Timer,
        queue: Option<ServerId>,
    ) -> Poll<Result<Turn, Unreachable>> {
        if self.queue.is_none() {
            self.queue = Some(queue);
            self.came = now_ms();
            self.seen = self.waiting(queue).served();
            match queue {
                Some(server) => drop(self.live.servers[server.index()].queue.enter()),
                None => drop(self.live.queue.enter()),
            }
            Deadline::after(self.came, stream.queue_timeout()).set(timer);
        }
        let queue = self.queue.flatten();
        self.waiting(queue).wait(cx.waker(), stream.priority.place(self.came));
        // A place may have become free just before the waker was left there.
        let streams = self.live.backend.get();
        match queue {
            Some(server) if self.live.servers[server.index()].has_room(streams) => {
                wake_next(stream.plan, self.backend, server);
            }
            Some(_) => {}
            None => wake_more(stream.plan, self.backend),
        }
        Poll::Pending
    }

    /// Leaves the queue, and tells the log how many it let go first.
    fn leave(&self, cx: &Context<'_>, stream: &mut Stream, served: bool) {
        let Some(queue) = self.queue else { return };
        let waiting = self.waiting(queue);
        waiting.forget(cx.waker());
        let place = waiting.served().wrapping_sub(self.seen).wrapping_add(1);
        match queue {
            Some(server) => {
                self.live.servers[server.index()].queue.leave();
                stream.counts.server_queue += place;
            }
            None => {
                self.live.queue.leave();
                stream.counts.backend_queue += place;
            }
        }
        stream.now = now_ms();
        if served {
            waiting.serve();
        } else {
            stream.timing.dequeued = Some(stream.now);
        }
    }
}
