//! Which server a stream goes to.

use ir::id::ServerId;
use state::balance;
use state::stream::Stream;

use super::{Attempts, backend};
use crate::worker::Worker;

/// `use-server`, the server that the client has a connection of its own with, or the balance
/// algorithm's choice.
pub fn choose(worker: &Worker, stream: &Stream, attempts: &Attempts) -> Option<ServerId> {
    let plan = stream.backend_plan();
    let live = &stream.plan.live.proxies[plan.id.index()].servers;
    let wanted = plan.use_servers.iter().find(|(server, cond)| {
        live[server.index()].is_usable()
            && cond.as_ref().is_none_or(|cond| cond.eval(stream) == state::plan::Answer::Yes)
    });
    if let Some((server, _)) = wanted {
        return Some(*server);
    }
    kept(worker, stream)
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
    let fits = |server: ServerId| {
        let server = &live[server.index()];
        let most = settings.max_keep_alive_queue;
        server.is_usable()
            && (must || most == 0 || server.connections.has_room() || server.queue.get() + 1 < most)
    };
    let found = worker
        .pool
        .private_server(&session.private_conns, |number| worker.server_of(id, number).is_some_and(fits))?;
    worker.server_of(id, found)
}
