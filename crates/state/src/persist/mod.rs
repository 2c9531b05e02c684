//! What keeps a client with its server (manual, section 5.2 `cookie`, `stick`, `use-server`,
//! `persist`): a server that is named this way is taken before the balance algorithm is asked.
//! A cookie goes first, then rules, then the protocol, then a table.

mod cookie;
pub(crate) mod rdp;
mod stick;

use ir::id::{ProxyId, ServerId};

use crate::live::ServerState;
use crate::plan::{Answer, Plan, ServerTarget};
use crate::stream::Stream;
use cookie::Cacheable;
pub use cookie::cookies_of;
pub use stick::Stores;

/// What a stream knows about its persistence.
#[derive(Clone, Copy, Debug, Default)]
pub struct Persist {
    /// The server that is named; a redispatch forgets it.
    pub server: Option<ServerId>,
    /// `force-persist` matched: a server that is down is good enough.
    pub forced: bool,
    /// `ignore-persist` matched.
    pub ignored: bool,
    /// Seconds since 1970 that the client's cookie says: when it was last seen and first given; 0:
    /// it does not.
    last_seen: u32,
    first_given: u32,
}

/// Once the backend is chosen: whether persistence counts.
pub fn begin(stream: &mut Stream) {
    let id = stream.backend.unwrap_or(stream.session.frontend);
    stream.persist = Persist::default();
    let settings = stream.plan.settings(id);
    let shown = settings.cookie.as_ref().is_some_and(|cookie| cookie.is_active());
    let letter = if shown { b'N' } else { b'-' };
    (stream.termination.cookie_in, stream.termination.cookie_out) = (letter, letter);
    let rules = &stream.plan.proxy(id).persist_rules;
    if let Some((force, _)) = rules.iter().find(|(_, cond)| cond.eval(stream) == Answer::Yes) {
        (stream.persist.forced, stream.persist.ignored) = (*force, !*force);
    }
}

/// Reads the persistence cookie of a request that goes no further, for the log.
pub fn on_refused_request(stream: &mut Stream) {
    capture_cookie(stream, false);
    cookie::on_request(stream);
    stream.server = stream.persist.server;
}

/// When all rules about the request have run: finds the server that `use-server` rules or it name.
pub fn on_request(stream: &mut Stream) {
    let plan = stream.backend_plan();
    if !plan.use_servers.is_empty() {
        stream.persist.server = use_server(stream);
    }
    capture_cookie(stream, false);
    cookie::on_request(stream);
    if stream.persist.server.is_none()
        && let Some(name) = &stream.plan.settings(plan.id).rdp_cookie
    {
        stream.persist.server = rdp::server(stream, name);
    }
    if !plan.sticks.is_empty() {
        stick::on_request(stream);
    }
}

/// When the response's head came: remembers who served the request.
pub fn on_response_head(stream: &mut Stream) {
    if !stream.backend_plan().sticks.is_empty() {
        stick::on_response(stream);
    }
}

/// When the rules about the response have run: what the client is to remember. Says whether `option
/// checkcache` keeps the response from the client, since a cache would give its cookie to others.
pub fn on_response(stream: &mut Stream) -> bool {
    let checks = stream.plan.settings(stream.backend_plan().id).options.checkcache;
    let has_cookie = checks && stream.res.get(b"set-cookie").is_some();
    capture_cookie(stream, true);
    cookie::on_response(stream);
    has_cookie && cookie::cacheable(stream) == Cacheable { response: true, cookies: true }
}

/// Keeps `name=value` of the cookie whose name starts as `capture cookie` says, as a client sent it or
/// a server set it.
pub fn capture_cookie(stream: &mut Stream, of_response: bool) {
    let Some(capture) = &stream.plan.settings(stream.session.frontend).capture_cookie else { return };
    let (head, field) =
        if of_response { (&stream.res, &b"set-cookie"[..]) } else { (&stream.req, &b"cookie"[..]) };
    let cookies = head.get_all(field).flat_map(|value| {
        // A response sets one cookie a line; what follows are its attributes.
        value.split(|b| *b == b';').take(if of_response { 1 } else { usize::MAX })
    });
    let mut matching = cookies.map(<[u8]>::trim_ascii).filter(|cookie| cookie.starts_with(&capture.name));
    if let Some(cookie) = matching.next() {
        let kept = &cookie[..cookie.len().min(capture.len)];
        stream.cookie_captures.keep(usize::from(of_response), kept);
    }
}

/// The stream goes to another server than the one that it was persistent with.
pub fn on_other_server(stream: &mut Stream) {
    if stream.termination.cookie_in == b'V' {
        stream.termination.cookie_in = b'D';
    }
}

/// The first `use-server` rule that matches and whose server may be used. A rule that names no
/// server ends the search.
fn use_server(stream: &Stream) -> Option<ServerId> {
    let plan = stream.backend_plan();
    for rule in &plan.use_servers {
        if rule.cond.as_ref().is_some_and(|cond| cond.eval(stream) != Answer::Yes) {
            continue;
        }
        let server = match &rule.target {
            ServerTarget::Server(server) => *server,
            ServerTarget::Dynamic(format) => {
                let mut name = Vec::new();
                format.write(stream, &mut name);
                let servers = &stream.plan.settings(plan.id).servers;
                let found = servers.iter().position(|server| server.name == name)?;
                ServerId(found as u32)
            }
        };
        if may_name(stream, server) {
            return Some(server);
        }
    }
    None
}

/// Whether a server is up, whatever its weight.
fn is_up(plan: &Plan, backend: ProxyId, server: ServerId) -> bool {
    let live = &plan.live.proxies[backend.index()].servers[server.index()];
    matches!(live.state(), ServerState::Up | ServerState::Drain)
}

/// Whether a server that is named is taken: it is up, or `option persist` or a rule insists on it.
fn may_use(plan: &Plan, backend: ProxyId, forced: bool, server: ServerId) -> bool {
    forced || plan.settings(backend).options.persist || is_up(plan, backend, server)
}

/// The same, for a stream.
fn may_name(stream: &Stream, server: ServerId) -> bool {
    may_use(stream.plan, stream.backend_plan().id, stream.persist.forced, server)
}

/// Seconds since 1970.
fn date(stream: &Stream) -> u64 {
    let session = &stream.session;
    (session.accept_date + stream.now.saturating_sub(session.accepted) * 1000) / 1_000_000
}

#[cfg(test)]
mod tests;
