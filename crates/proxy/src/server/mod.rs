//! The server's side of a stream: [`choose`] picks a server, [`queue`] waits for its turn, [`reuse`]
//! takes an idle connection and [`connect`] makes one, which speaks what [`version`] says, with the
//! retries and the redispatch of [`attempts`].

mod attempts;
mod body;
mod choose;
mod connect;
mod link;
mod queue;
pub mod redirect;
mod reuse;
mod source;
mod version;

pub use source::ports;

use std::rc::Rc;
use std::task::Context;

use ir::config::HttpReuse;
use ir::id::ProxyId;
use net::pool::{Kept, Used};
use net::tls::ClientContext;
use state::TlsParts;
use state::session::Session;
use state::stream::Stream;
use state::termination::{Cause, State};

use crate::filters::Filters;
use crate::upstream::Upstream;
use crate::worker::Worker;

pub use attempts::{Attempts, acquire};
pub use connect::dial;
pub use link::let_go;
use queue::Turn;
pub use reuse::{is_first, mark_of_name, note_authentication, reuse};

/// A connection to a server, in use by one stream.
pub struct ServerConn {
    pub upstream: Upstream,
    /// It served another stream before: the server may have closed it meanwhile.
    pub reused: bool,
    /// Only its client's streams may use it.
    private: bool,
    /// What keeps it apart from other connections of its server: see [`reuse::mark`].
    mark: u64,
    used: Option<Used>,
    turn: Turn,
    /// Of the stream that has it, where its proxies have some.
    pub filters: Option<Box<Filters>>,
}

impl ServerConn {
    fn new(upstream: Upstream, reused: bool, (mark, used): (u64, Option<Used>), turn: Turn) -> Self {
        let private = turn.plan.settings(turn.backend).http_reuse == HttpReuse::Never;
        Self { upstream, reused, private, mark, used, turn, filters: None }
    }

    /// Once the server answered: keeps the TLS session of a new connection for the next one.
    pub fn keep_tls_session(&self, worker: &Worker) {
        let Turn { backend, server, .. } = self.turn;
        let session = match &self.upstream {
            Upstream::H1(server) => {
                let Some(tls) = server.conn.io.tls().filter(|_| !self.reused) else { return };
                tls.session()
            }
            Upstream::H2(server) => server.lease().take_session(),
        };
        let resumes = worker.tls_server(backend, server).is_some_and(ClientContext::resumes);
        if resumes && session.is_some() {
            worker.set_tls_session(worker.server_number(backend, server), session);
        }
    }

    /// Once the server answered: shows the stream the keys of the session that came with it.
    pub fn renew_tls_keys(&mut self, stream: &mut Stream) {
        if !stream.plan.needs.server_tls.has(TlsParts::KEYS) {
            return;
        }
        let tls = self.upstream.conn().and_then(|conn| conn.io.tls_mut());
        let (Some(link), Some(tls)) = (&mut stream.server_link, tls) else { return };
        link.tls = None;
        tls.renew_keys();
        link.tls = tls.facts().cloned();
    }

    /// The stream failed: shows it the server's faults, and the code of its reset.
    pub fn note_faults(&self, stream: &mut Stream) {
        let Some(link) = &mut stream.server_link else { return };
        link.glitches = self.upstream.glitches();
        if let Some(http2) = &mut link.http2 {
            http2.reset_code = self.upstream.reset_code();
        }
    }

    /// The response's head has small faults: shows them to the stream. Says whether the connection ends
    /// for them.
    pub fn wear_out(&mut self, stream: &mut Stream) -> bool {
        self.note_faults(stream);
        let threshold = stream.plan.config.global.tune.h1_glitches.servers;
        match &mut self.upstream {
            Upstream::H1(server) => server.wear_out(threshold),
            Upstream::H2(_) => false,
        }
    }

    /// Only its client's streams may use it from here on.
    fn make_private(&mut self, session: &Rc<Session>) {
        self.private = true;
        if let Upstream::H2(server) = &self.upstream {
            server.lease().make_private(session);
        }
    }

    /// Keeps the connection for other streams, of the same client where it is private. What many
    /// streams share is kept already.
    pub fn keep(self, worker: &Worker, stream: &Stream) {
        let Self { upstream, mark, used, private, .. } = self;
        let (Upstream::H1(server), Some(used)) = (upstream, used) else { return };
        let served = stream.server_link.as_ref().map_or(0, |link| link.served) + 1;
        let idle = Kept { io: server.conn.io, served, glitches: server.glitches };
        if private {
            let session = &stream.session;
            let most = worker.plan.settings(session.frontend).max_session_srv_conns as usize;
            worker.pool.put_private(&session.private_conns, used, mark, idle, most);
        } else {
            worker.pool.put(used, mark, idle, stream.now);
        }
    }
}

/// Why there is no server connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreachable {
    pub cause: Cause,
    pub state: State,
}

/// Says whether the client has left, while a server is waited for (`option abortonclose`).
pub type Gone<'a> = dyn FnMut(&mut Context<'_>) -> bool + 'a;

/// The backend that was chosen.
pub fn backend(stream: &Stream) -> ProxyId {
    stream.backend.unwrap_or(stream.session.frontend)
}
