//! Which server a stream goes to.

use ir::id::ServerId;
use state::balance;
use state::stream::Stream;

use super::Attempts;

/// `use-server`, or the balance algorithm's choice.
pub fn choose(stream: &Stream, attempts: &Attempts) -> Option<ServerId> {
    let plan = stream.backend_plan();
    let live = &stream.plan.live.proxies[plan.id.index()].servers;
    let wanted = plan.use_servers.iter().find(|(server, cond)| {
        live[server.index()].is_usable()
            && cond.as_ref().is_none_or(|cond| cond.eval(stream) == state::plan::Answer::Yes)
    });
    if let Some((server, _)) = wanted {
        return Some(*server);
    }
    balance::pick(&plan.balance, stream, attempts.avoid)
        .or_else(|| balance::pick(&plan.balance, stream, None))
}
