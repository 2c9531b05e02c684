//! Reverse HTTP: connections whose requests go against the direction in which they were made. Who makes
//! one says HTTP/2's preface as clients do; from there on the other side is the client.
//!
//! Those that a server made to us, which `attach-srv` turns around, are few, and may have come to
//! another thread than the requests for them: each is offered to all threads, which send through it
//! from where they are. Those of `bind rhttp@` are made here, and served as accepted ones are.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use h2::client::SendRequest;
use ir::config::HttpReuse;
use ir::id::{BindId, ProxyId, ServerId};
use net::clock::now_ms;
use net::io::Io;
use net::timer::Timer;
use net::tls::Tls;
use net::worker::Slots;
use proto::h1::HTTP2_PREFACE;
use state::session::Session;
use state::tls::TlsFacts;

use super::links::{Rules, Wire};
use crate::deadline::Deadline;
use crate::worker::Worker;
use crate::{server, session};

/// Between two attempts to make a connection, in milliseconds.
const PAUSE: u64 = 1000;

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
    pub wire: Arc<Wire>,
    pub tls: Option<Arc<TlsFacts>>,
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

/// Makes the connections of this thread's `bind rhttp@` lines and keeps them up. The lines are dealt
/// out to the threads.
pub fn start(worker: &Rc<Worker>, slots: &Slots, threads: usize) {
    let proxies = worker.plan.config.proxies.iter().enumerate();
    let lines = proxies.filter(|(_, proxy)| proxy.is_frontend && !proxy.disabled).flat_map(|(at, proxy)| {
        let reverse = proxy.binds.iter().enumerate().filter(|(_, bind)| bind.reverse.is_some());
        reverse.map(move |(bind, _)| (ProxyId(at as u32), BindId(bind as u32)))
    });
    for line in lines.skip(worker.thread).step_by(threads.max(1)) {
        let bind = &worker.plan.settings(line.0).binds[line.1.index()];
        for _ in 0..bind.reverse.as_ref().map_or(0, |reverse| reverse.connections) {
            tokio::task::spawn_local(keep_up(worker.clone(), slots.clone(), line));
        }
    }
}

/// One connection, made again a second after it ended.
async fn keep_up(worker: Rc<Worker>, slots: Slots, (proxy, bind): (ProxyId, BindId)) {
    let mut timer = Timer::new();
    while !worker.plan.live.is_stopping() {
        if let Some(mut io) = make(&worker, (proxy, bind), &mut timer).await
            && io.write_all(HTTP2_PREFACE).await.is_ok()
            && let Some(slot) = slots.take(proxy, bind)
        {
            session::run_reversed(worker.clone(), io, (proxy, bind), slot).await;
        }
        Deadline::after(now_ms(), Some(PAUSE)).set(&mut timer);
        timer.expired().await;
    }
}

/// A new connection to the server of a line.
async fn make(worker: &Worker, (proxy, bind): (ProxyId, BindId), timer: &mut Timer) -> Option<Io> {
    let plan = worker.plan;
    let wanted = plan.settings(proxy).binds[bind.index()].reverse.as_ref()?;
    let is_wanted = |proxy: &ir::config::Proxy| proxy.is_backend && proxy.name == wanted.backend;
    let backend = ProxyId(plan.config.proxies.iter().position(is_wanted)? as u32);
    let servers = &plan.settings(backend).servers;
    let server = ServerId(servers.iter().position(|server| server.name == wanted.server)? as u32);
    let session = Rc::new(Session { thread: worker.thread, frontend: proxy, bind, ..Session::new(plan) });
    let mut stream = worker.stream(&session);
    stream.backend = Some(backend);
    let io = server::dial(worker, &stream, timer, server).await;
    stream.backend = None;
    worker.recycle(stream);
    io
}
