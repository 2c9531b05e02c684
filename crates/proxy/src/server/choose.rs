//! Which server a stream goes to.

use ir::id::ServerId;
use state::balance;
use state::stream::Stream;

use super::{Attempts, backend};
use crate::worker::Worker;

/// The server that persistence names, the one that the client has a connection of its own with, or
/// the balance algorithm's choice.
pub fn choose(worker: &Worker, stream: &Stream, attempts: &Attempts) -> Option<ServerId> {
    let plan = stream.backend_plan();
    let named = stream.persist.server.or_else(|| kept(worker, stream));
    named
        .or_else(|| balance::pick(&plan.balance, stream, attempts.avoid))
        .or_else(|| balance::pick(&plan.balance, stream, None))
}

/// The server of a connection that only this client uses: with `option prefer-last-server`, or where
/// the server authenticated the connection. A hash decides by itself.
fn kept(worker: &Worker, stream: &Stream) -> Option<ServerId> {
    let session = &stream.session;
    session.private_conns.get()?;
    let id = backend(stream);
    let settings = stream.plan.settings(id);
    let must = session.keeps_server.get();
    if !(must || settings.options.prefer_last_server) || stream.backend_plan().balance.is_hash() {
        return None;
    }
    let live = &stream.plan.live.proxies[id.index()].servers;
    let streams = stream.plan.live.proxies[id.index()].backend.get();
    let fits = |server: ServerId| {
        let server = &live[server.index()];
        let most = settings.max_keep_alive_queue;
        server.is_usable() && (must || most == 0 || server.has_room(streams) || server.queue.get() + 1 < most)
    };
    let found = worker
        .pool
        .private_server(&session.private_conns, |number| worker.server_of(id, number).is_some_and(fits))?;
    worker.server_of(id, found)
}
