//! The server's side of a stream: [`choose`] picks a server, [`queue`] waits for its turn, [`reuse`]
//! takes an idle connection and [`connect`] makes one, with the retries and the redispatch of
//! [`attempts`].

mod attempts;
mod choose;
mod connect;
mod link;
mod queue;
mod reuse;

use std::task::Context;

use ir::config::HttpReuse;
use ir::id::ProxyId;
use net::io::Io;
use net::pool::{Kept, Used};
use net::tls::ClientContext;
use proto::h1::{Body, Progress};
use proto::message::Framing;
use state::TlsParts;
use state::stream::Stream;
use state::termination::{Cause, State};

use crate::body::H1Source;
use crate::conn::Conn;
use crate::worker::Worker;

pub use attempts::{Attempts, acquire};
pub use link::let_go;
use queue::Turn;
pub use reuse::{note_authentication, reuse};

/// A connection to a server, in use by one stream.
pub struct ServerConn {
    pub conn: Conn,
    /// The response's body.
    pub source: H1Source,
    pub progress: Progress,
    /// It served another stream before: the server may have closed it meanwhile.
    pub reused: bool,
    /// How payload of the request's body is framed.
    pub chunked: bool,
    /// Only its client's streams may use it.
    private: bool,
    /// What keeps it apart from other connections of its server: see [`reuse::mark`].
    mark: u64,
    used: Used,
    turn: Turn,
}

impl ServerConn {
    fn new(io: Io, reused: bool, (mark, used): (u64, Used), turn: Turn) -> Self {
        let reuse = turn.plan.settings(turn.backend).http_reuse;
        Self {
            conn: Conn::new(io),
            source: H1Source::new(Body::new(Framing::None, 0)),
            progress: Progress::default(),
            reused,
            chunked: false,
            private: reuse == HttpReuse::Never,
            mark,
            used,
            turn,
        }
    }

    /// Once the server answered: keeps the TLS session of a new connection for the next one.
    pub fn keep_tls_session(&self, worker: &Worker) {
        let Some(tls) = self.conn.io.tls().filter(|_| !self.reused) else { return };
        let Turn { backend, server, .. } = self.turn;
        let resumes = worker.tls_server(backend, server).is_some_and(ClientContext::resumes);
        if resumes && let Some(session) = tls.session() {
            worker.set_tls_session(worker.server_number(backend, server), Some(session));
        }
    }

    /// Once the server answered: shows the stream the keys of the session that came with it.
    pub fn renew_tls_keys(&mut self, stream: &mut Stream) {
        if !stream.plan.needs.server_tls.has(TlsParts::KEYS) {
            return;
        }
        let (Some(link), Some(tls)) = (&mut stream.server_link, self.conn.io.tls_mut()) else { return };
        link.tls = None;
        tls.renew_keys();
        link.tls = tls.facts().cloned();
    }

    /// Keeps the connection for other streams, of the same client where it is private.
    pub fn keep(self, worker: &Worker, stream: &Stream) {
        let Self { conn, mark, used, private, .. } = self;
        let served = stream.server_link.as_ref().map_or(0, |link| link.served) + 1;
        let idle = Kept { io: conn.io, served };
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
