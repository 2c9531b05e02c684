//! Connections that a server made to us and that `attach-srv` turned around: we speak HTTP/2 on them
//! as a client does. They are few, and may have come to another thread than the requests for them:
//! each is offered to all threads, which send through it from where they are.

use std::net::SocketAddr;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use h2::client::SendRequest;
use ir::config::HttpReuse;
use ir::id::{ProxyId, ServerId};
use net::io::Io;
use net::tls::Tls;
use state::session::Session;
use state::tls::TlsFacts;

use super::links::Rules;
use crate::worker::Worker;

/// Whose connection it is from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    pub backend: ProxyId,
    pub server: ServerId,
    /// What keeps it apart from other connections of its server.
    pub mark: u64,
}

/// One connection, for all threads.
#[derive(Clone)]
pub struct Offer {
    pub id: u64,
    pub server: usize,
    pub mark: u64,
    pub sender: SendRequest<Bytes>,
    pub tls: Option<Arc<TlsFacts>>,
    pub socket: RawFd,
    pub addresses: Option<(SocketAddr, SocketAddr)>,
}

/// The connections of all threads.
#[derive(Default)]
pub struct Offers {
    all: Mutex<Vec<Offer>>,
    last: AtomicU64,
}

impl Offers {
    /// A number for the next one; never 0.
    pub fn next_id(&self) -> u64 {
        self.last.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub fn add(&self, offer: Offer) {
        self.lock().push(offer);
    }

    pub fn remove(&self, id: u64) {
        self.lock().retain(|offer| offer.id != id);
    }

    /// The first one of a server that `known` does not know by its number.
    pub fn find(&self, server: usize, mark: u64, known: impl Fn(u64) -> bool) -> Option<Offer> {
        let all = self.lock();
        all.iter().find(|offer| offer.server == server && offer.mark == mark && !known(offer.id)).cloned()
    }

    /// No more streams begin.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// Nothing that holds it can panic half-way.
    fn lock(&self) -> MutexGuard<'_, Vec<Offer>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives a client's connection to the server that it speaks for, until it ends. One that does not speak
/// HTTP/2 is closed.
pub async fn attach(worker: &Worker, session: &Session, io: Io, target: Target) {
    let proto = worker.plan.settings(session.frontend).binds[session.bind.index()].proto.as_deref();
    let agreed = io.tls().map(Tls::alpn).unwrap_or_default();
    if proto.unwrap_or(agreed) != b"h2" {
        return;
    }
    let place = (worker.server_number(target.backend, target.server), target.mark);
    worker.links.attach(worker.offers(), place, (rules(worker, target), tune(worker)), io).await;
}

/// How a server's reverse connections are shared: always, and as long as they stand.
pub fn rules(worker: &Worker, target: Target) -> Rules {
    let server = &worker.plan.settings(target.backend).servers[target.server.index()];
    Rules::new(HttpReuse::Always, server, tune(worker)).for_ever()
}

fn tune(worker: &Worker) -> &'static ir::config::Tune {
    &worker.plan.config.global.tune
}
