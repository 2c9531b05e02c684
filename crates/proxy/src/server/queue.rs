//! Waiting for one of a server's `maxconn` places.

use std::task::{Poll, ready};

use ir::id::{ProxyId, ServerId};
use net::clock::now_ms;
use net::timer::Timer;
use state::balance;
use state::live::LiveServer;
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
    pub fn live(&self) -> &'static LiveServer {
        &self.plan.live.proxies[self.backend.index()].servers[self.server.index()]
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.live().connections.leave();
        self.plan.live.proxies[self.backend.index()].waiting.wake_one();
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
    let id = backend(stream);
    let live = &stream.plan.live.proxies[id.index()];
    let (mut queued, mut came) = (false, 0);
    let result = std::future::poll_fn(|cx| {
        let server = attempts.next.take().or_else(|| choose(worker, stream, attempts));
        if server.is_none() && !balance::has_usable(&stream.backend_plan().balance, stream) {
            return Poll::Ready(Err(Unreachable { cause: Cause::Server, state: State::Connect }));
        }
        // Those who wait already come first.
        let overtakes = !queued && live.queue.get() > 0;
        if let Some(server) = server
            && !overtakes
            && live.servers[server.index()].connections.try_enter()
        {
            stream.server = Some(server);
            return Poll::Ready(Ok(Turn { plan: stream.plan, backend: id, server }));
        }
        if !queued {
            queued = true;
            let place = live.queue.enter();
            // One server that must be waited for, or any.
            match server {
                Some(_) => stream.counts.server_queue = place,
                None => stream.counts.backend_queue = place,
            }
            came = now_ms();
            Deadline::after(came, stream.queue_timeout()).set(timer);
        }
        live.waiting.wait(cx.waker(), stream.priority.place(came));
        // A place may have become free just before the waker was left there.
        if choose(worker, stream, attempts)
            .is_some_and(|server| live.servers[server.index()].connections.has_room())
        {
            cx.waker().wake_by_ref();
        }
        if gone(cx) {
            return Poll::Ready(Err(Unreachable { cause: Cause::Client, state: State::Queue }));
        }
        ready!(timer.poll_expired(cx));
        Poll::Ready(Err(Unreachable { cause: Cause::ServerTimeout, state: State::Queue }))
    })
    .await;
    if queued {
        live.queue.leave();
        if result.is_err() {
            stream.timing.dequeued = Some(now_ms());
            leave_queue(live).await;
        }
    }
    result
}

/// Takes the task's waker out of the queue. A wake-up that reached it too late to be used goes on
/// to the next one who waits.
async fn leave_queue(live: &state::live::LiveProxy) {
    std::future::poll_fn(|cx| {
        live.waiting.forget(cx.waker());
        Poll::Ready(())
    })
    .await;
    live.waiting.wake_one();
}
