//! One worker thread: what its sessions share, and what it does with accepted connections.

use std::cell::{Cell, RefCell};
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use ir::config::Bind;
use ir::config::Rates;
use ir::id::{BindId, ProxyId, ServerId, ServiceId};
use lua::Host;
use net::clock::now_ms;
use net::namespace::Namespaces;
use net::pool::{self, Limits, Pool};
use net::ports::Ports;
use net::tls::{ClientContext, ClientSession, Kept, ServerContext};
use net::worker::{Accepted, Handler, Reserved, Slots, WorkerContext};
use services::rings::Rings;
use state::plan::Plan;
use state::session::Session;
use state::stream::Stream;

use crate::closing;
use crate::filters;
use crate::log::{self, Sender};
use crate::mux::h2::links::{Links, Parking};
use crate::mux::h2::reverse::{self, Offers};
use crate::rooms::Rooms;
use crate::session;

/// Streams that a thread keeps for reuse.
const KEPT_STREAMS: usize = 1024;
/// Stream ids that a thread takes at a time.
const ID_BLOCK: u64 = 1 << 20;

/// What all worker threads share: made once, before they start.
pub struct Shared {
    pub plan: &'static Plan,
    pub lua: Option<Arc<Host>>,
    /// By proxy and bind line.
    tls_binds: Vec<Vec<Option<ServerContext>>>,
    /// By proxy and server.
    tls_servers: Vec<Vec<Option<ClientContext>>>,
    /// The ports of each server's `source`, in the order of [`Worker::server_number`].
    source_ports: Vec<Option<Arc<Ports>>>,
    namespaces: Namespaces,
    /// The number of each proxy's first server, counted through all proxies.
    first_servers: Vec<usize>,
    /// Of all proxies.
    servers: usize,
    /// What `%s` shows for each service.
    service_labels: Vec<&'static str>,
    /// The idle server connections of all threads.
    pool: &'static pool::Shared,
    /// Their idle HTTP/2 connections, where threads share them.
    parking: Option<Arc<Parking>>,
    /// Connections that servers made to us.
    offers: Offers,
    rings: Arc<Rings>,
    /// Sockets that take logs, and whose they are.
    datagrams: OnceLock<&'static [(usize, OwnedFd)]>,
    threads: usize,
}

impl Shared {
    /// Makes the TLS contexts.
    ///
    /// # Errors
    /// A message of [`net::tls`]; the checker has found the same before, unless a file changed.
    pub fn new(plan: &'static Plan, lua: Option<Arc<Host>>, threads: usize) -> Result<Self, String> {
        let global = &plan.config.global;
        let verify = if global.ssl_server_verify_none {
            ir::config::Verify::None
        } else {
            ir::config::Verify::Required
        };
        let mut shared = Self {
            plan,
            lua,
            servers: 0,
            tls_binds: Vec::new(),
            tls_servers: Vec::new(),
            source_ports: Vec::new(),
            namespaces: Namespaces::new(&plan.config)?,
            first_servers: Vec::new(),
            service_labels: plan.config.services.iter().map(|name| label(name)).collect(),
            pool: pool(plan, threads),
            parking: parking(plan, threads),
            offers: Offers::default(),
            rings: Arc::new(Rings::new(plan, verify).map_err(text)?),
            datagrams: OnceLock::new(),
            threads: threads.max(1),
        };
        let needs = plan.needs;
        let kept = Kept::new(needs.client_tls, &global.tune);
        let kept_of_servers = Kept::new(needs.server_tls, &global.tune);
        let context = |bind: &Bind| {
            bind.tls.as_ref().map(|tls| ServerContext::new(tls, &global.tune, kept)).transpose()
        };
        let contexts =
            |binds: &[Bind]| binds.iter().map(context).collect::<Result<Vec<_>, _>>().map_err(text);
        let level = global.tune.ssl_security_level;
        let mut servers = 0;
        for proxy in &plan.config.proxies {
            shared.tls_binds.push(contexts(&proxy.binds)?);
            let clients = proxy.servers.iter().map(|server| {
                server.tls.as_ref().map(|tls| ClientContext::new(tls, verify, level, kept_of_servers))
            });
            shared.tls_servers.push(clients.map(Option::transpose).collect::<Result<_, _>>().map_err(text)?);
            shared.source_ports.extend(proxy.servers.iter().map(crate::server::ports));
            shared.first_servers.push(servers);
            servers += proxy.servers.len();
        }
        for section in &plan.config.log_forwards {
            shared.tls_binds.push(contexts(&section.binds)?);
        }
        shared.servers = servers;
        Ok(shared)
    }

    /// From here on the sockets of log-forward sections are read: each with the section's number.
    pub fn receive(&self, datagrams: Vec<(usize, OwnedFd)>) {
        // A second start in one process does not exist.
        let _ = self.datagrams.set(Box::leak(datagrams.into_boxed_slice()));
    }

    /// The object that the runtime of a thread hands its connections to; call it on that thread.
    pub fn handler(self: &Arc<Self>, context: WorkerContext) -> Rc<dyn Handler> {
        let worker = Worker::new(self.clone(), context.index);
        filters::announce(self.plan, context.index);
        let pool = worker.pool.clone();
        tokio::task::spawn_local(async move { pool.maintain().await });
        let share = self.plan.config.global.tune.glitches_kill_cpu_usage;
        if share > 0 {
            tokio::task::spawn_local(net::load::watch(share));
        }
        self.rings.spawn(context.index, self.threads);
        let datagrams = self.datagrams.get().copied().unwrap_or_default().iter();
        for (section, socket) in datagrams.skip(context.index).step_by(self.threads) {
            tokio::task::spawn_local(log::forward::datagrams(worker.clone(), *section, socket));
        }
        if let Some(host) = &self.lua {
            host.spawn_tasks(context.index);
        }
        Rc::new(Connections { worker })
    }

    /// The network namespaces that the configuration names.
    pub fn namespaces(&self) -> &Namespaces {
        &self.namespaces
    }
}

/// What the threads' pools share.
fn pool(plan: &'static Plan, threads: usize) -> &'static pool::Shared {
    /// Descriptors of a connection, its server's side included.
    const SOCKETS: usize = 2;
    let tune = &plan.config.global.tune;
    let most = match plan.live.connections.limit() {
        0 => usize::MAX / 100,
        limit => limit as usize * SOCKETS,
    };
    let settings = pool::Settings {
        shared: tune.idle_pool_shared,
        few_sockets: (most * tune.pool_low_fd_ratio as usize).div_ceil(100),
        many_sockets: (most * tune.pool_high_fd_ratio as usize).div_ceil(100),
        clients: &plan.live.connections,
    };
    let servers = plan.config.proxies.iter().flat_map(|proxy| &proxy.servers);
    let limits: Vec<Limits> = servers.map(Limits::new).collect();
    pool::Shared::new(&limits, threads, settings)
}

/// Where threads find each other's idle HTTP/2 connections.
fn parking(plan: &'static Plan, threads: usize) -> Option<Arc<Parking>> {
    let servers = plan.config.proxies.iter().flat_map(|proxy| &proxy.servers);
    let shared = threads > 1 && plan.config.global.tune.idle_pool_shared;
    let low = servers.map(|server| server.pool_low_conn as usize).collect();
    shared.then(|| Arc::new(Parking::new(low, threads)))
}

fn text(error: net::tls::ContextError) -> String {
    error.to_string()
}

/// `<lua.name>`, for as long as the process lives: logs refer to it.
fn label(name: &[u8]) -> &'static str {
    Box::leak(format!("<{}>", String::from_utf8_lossy(name)).into_boxed_str())
}

/// What the sessions of one thread share.
pub struct Worker {
    shared: Arc<Shared>,
    pub plan: &'static Plan,
    pub lua: Option<Arc<Host>>,
    pub thread: usize,
    /// Idle server connections.
    pub pool: Rc<Pool>,
    /// Server connections that streams share.
    pub links: Links,
    pub logs: Sender,
    /// Boxes, since they are handed out as such: a stream is too large to be moved around.
    #[expect(clippy::vec_box)]
    streams: RefCell<Vec<Box<Stream>>>,
    /// Where requests run.
    pub rooms: Rooms,
    /// The last TLS session with each server.
    tls_sessions: RefCell<Vec<Option<ClientSession>>>,
    next_id: Cell<u64>,
}

impl Worker {
    fn new(shared: Arc<Shared>, thread: usize) -> Rc<Self> {
        Rc::new(Self {
            plan: shared.plan,
            lua: shared.lua.clone(),
            thread,
            tls_sessions: RefCell::new(vec![None; shared.servers]),
            pool: Rc::new(Pool::new(shared.pool, thread)),
            links: Links::new(shared.parking.clone(), thread),
            logs: Sender::new(shared.plan),
            streams: RefCell::default(),
            rooms: Rooms::default(),
            next_id: Cell::new(0),
            shared,
        })
    }

    /// A stream of `session` that begins now, from the thread's reserve.
    pub fn stream(&self, session: &Rc<Session>) -> Box<Stream> {
        let id = self.stream_id();
        let mut stream = match self.streams.borrow_mut().pop() {
            Some(mut stream) => {
                stream.reset(session.clone(), id);
                stream
            }
            None => Box::new(Stream::new(session.clone(), id)),
        };
        stream.now = now_ms();
        stream
    }

    /// Takes a stream back.
    pub fn recycle(&self, mut stream: Box<Stream>) {
        stream.end_counters(stream.now);
        stream.end_vars();
        let mut streams = self.streams.borrow_mut();
        if streams.len() < KEPT_STREAMS {
            streams.push(stream);
        }
    }

    fn stream_id(&self) -> u64 {
        if self.next_id.get().is_multiple_of(ID_BLOCK) {
            self.next_id.set(self.plan.live.reserve_stream_ids(ID_BLOCK));
        }
        self.next_id.replace(self.next_id.get() + 1)
    }

    /// Whether a response must end its connection: `option httpclose`, or the process is
    /// stopping and the connection's turn has come.
    pub fn wants_close(&self, stream: &Stream) -> bool {
        let options = self.plan.settings(stream.session.frontend).options;
        options.httpclose || closing::is_due(self)
    }

    /// The server's number through all proxies, as the pool counts them.
    pub fn server_number(&self, backend: ProxyId, server: ServerId) -> usize {
        self.shared.first_servers[backend.index()] + server.index()
    }

    /// The backend's server of a number, where it is one of that backend.
    pub fn server_of(&self, backend: ProxyId, number: usize) -> Option<ServerId> {
        let index = number.checked_sub(self.shared.first_servers[backend.index()])?;
        let is_its = index < self.plan.settings(backend).servers.len();
        u32::try_from(index).ok().filter(|_| is_its).map(ServerId)
    }

    /// A TLS session with a server that may be resumed.
    pub fn tls_session(&self, server: usize) -> Option<ClientSession> {
        self.tls_sessions.borrow().get(server).cloned().flatten()
    }

    pub fn set_tls_session(&self, server: usize, session: Option<ClientSession>) {
        if let Some(place) = self.tls_sessions.borrow_mut().get_mut(server) {
            *place = session;
        }
    }

    /// The ports that connections to a server come from, where its `source` has a range.
    pub fn source_ports(&self, backend: ProxyId, server: ServerId) -> Option<&Arc<Ports>> {
        self.shared.source_ports.get(self.server_number(backend, server))?.as_ref()
    }

    pub fn namespaces(&self) -> &Namespaces {
        &self.shared.namespaces
    }

    /// Connections that servers made to us, of all threads.
    pub fn offers(&self) -> &Offers {
        &self.shared.offers
    }

    pub fn service_label(&self, id: ServiceId) -> &'static str {
        self.shared.service_labels.get(id.index()).copied().unwrap_or("")
    }

    pub fn tls_bind(&self, proxy: ProxyId, bind: BindId) -> Option<&ServerContext> {
        self.shared.tls_binds[proxy.index()].get(bind.index())?.as_ref()
    }

    pub fn tls_server(&self, backend: ProxyId, server: ServerId) -> Option<&ClientContext> {
        self.shared.tls_servers[backend.index()].get(server.index())?.as_ref()
    }
}

/// The thread's answers to its runtime.
struct Connections {
    worker: Rc<Worker>,
}

/// Whether only a system's own services send from such a port (RFC 6335, section 6).
fn is_privileged(port: u16) -> bool {
    (1..1024).contains(&port)
}

impl Connections {
    /// How long the next accept must wait, in milliseconds, where too much came in the last second.
    fn too_fast(&self, proxy: ProxyId, bind: BindId) -> Option<u64> {
        let plan = self.worker.plan;
        let Rates { connections, sessions, tls } = plan.config.global.rates;
        let settings = plan.settings(proxy);
        let tls = if settings.binds[bind.index()].tls.is_some() { tls } else { 0 };
        if connections | sessions | tls | settings.session_limit == 0 {
            return None;
        }
        let live = &plan.live;
        let rates = [
            (&live.session_rate, sessions),
            (&live.connection_rate, connections),
            (&live.tls_rate, tls),
            (&live.proxies[proxy.index()].session_rate, settings.session_limit),
        ];
        let now = now_ms();
        rates.into_iter().find_map(|(rate, limit)| rate.wait(now, limit))
    }
}

impl Handler for Connections {
    fn reserve(&self, proxy: ProxyId, bind: BindId) -> Reserved {
        if let Some(section) = log::forward::section(&self.worker, proxy) {
            let live = &self.worker.plan.live;
            return match live.forwards[section].try_enter() {
                true => Reserved::Yes,
                false => Reserved::Full,
            };
        }
        if let Some(wait) = self.too_fast(proxy, bind) {
            return Reserved::After(wait);
        }
        let live = &self.worker.plan.live;
        let gauges = [
            &live.proxies[proxy.index()].binds[bind.index()],
            &live.proxies[proxy.index()].frontend,
            &live.connections,
        ];
        for (index, gauge) in gauges.iter().enumerate() {
            if !gauge.try_enter() {
                gauges[..index].iter().for_each(|gauge| gauge.leave());
                return Reserved::Full;
            }
        }
        Reserved::Yes
    }

    fn release(&self, proxy: ProxyId, bind: BindId) {
        let live = &self.worker.plan.live;
        if let Some(section) = log::forward::section(&self.worker, proxy) {
            return live.forwards[section].leave();
        }
        live.connections.leave();
        live.proxies[proxy.index()].frontend.leave();
        live.proxies[proxy.index()].binds[bind.index()].leave();
    }

    fn exhausted(&self, proxy: ProxyId, error: &std::io::Error) {
        if log::forward::section(&self.worker, proxy).is_some() {
            return;
        }
        crate::exhausted::tell_accept(&self.worker, proxy, error);
    }

    fn accept(&self, accepted: Accepted) {
        let peer = accepted.peer.map_or(0, |peer| peer.port());
        if self.worker.plan.config.global.rejects_privileged_ports && is_privileged(peer) {
            return;
        }
        let live = &self.worker.plan.live;
        if let Some(section) = log::forward::section(&self.worker, accepted.proxy) {
            let serving = log::forward::connection(self.worker.clone(), section, accepted);
            tokio::task::spawn_local(serving);
            return;
        }
        live.proxies[accepted.proxy.index()].frontend_total.add(self.worker.thread, 1);
        live.connection_rate.count(self.worker.thread, accepted.accepted_us / 1000);
        tokio::task::spawn_local(session::run(self.worker.clone(), accepted));
    }

    fn started(&self, slots: Slots) {
        reverse::start(&self.worker, &slots, self.worker.shared.threads);
    }

    fn soft_stop(&self) {
        self.worker.pool.clear();
        self.worker.offers().clear();
        self.worker.links.retire();
        // Idle sessions look at the state of the process when they wake.
        net::timer::wake_all();
    }
}
