//! HTTP/2 connections to servers. Each is driven by a task of its own and shared by the streams of its
//! thread, within the rules of `http-reuse`; what no stream uses is kept as idle connections are.
//!
//! Left out: what a stream does with its share, see [`super::server`].

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, RawFd};
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use h2::client::{Builder, Connection, SendRequest};
use ir::config::{HttpReuse, Server, Tune};
use net::clock::now_ms;
use net::io::Io;
use net::timer::Timer;
use net::tls::{ClientSession, Tls};
use proto::h2::{Bounds, Most, Replies};
use proto::wear::Wear;
use state::session::Session;
use state::tls::TlsFacts;

use super::front::MESSAGE;
use super::pings::Pings;
use super::reverse::{Offer, Offers};
use super::server_io::ServerIo;
use super::{CONNECTION_WINDOW, MAX_WINDOW};
use crate::deadline::Deadline;

/// What decides how a connection is shared.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    reuse: HttpReuse,
    /// Streams at the same time.
    most_streams: u32,
    /// Streams ever: `max-reuse`, and the first.
    most_served: u32,
    /// Milliseconds without a stream until it is closed; `None`: at once.
    idle: Option<u64>,
    /// What all streams together may be sent ahead, in bytes.
    window: u32,
    /// `idle-ping`, in milliseconds.
    ping: Option<u64>,
    /// What a server may use up.
    bounds: Bounds,
    /// `tune.h2.be.max-frames-at-once`; 0: no limit.
    frames_at_once: u32,
}

impl Rules {
    pub fn new(reuse: HttpReuse, server: &Server, tune: &Tune) -> Self {
        let most_streams = tune.h2_servers.max_concurrent_streams.unwrap_or(tune.h2_max_concurrent_streams);
        let keeps = server.pool_max_conn != 0 && server.pool_purge_delay > 0;
        let window = tune.h2_servers.rxbuf.and_then(|size| u32::try_from(size).ok());
        Self {
            reuse,
            most_streams: most_streams.max(1),
            most_served: u32::try_from(server.max_reuse).map_or(u32::MAX, |most| most.saturating_add(1)),
            idle: keeps.then_some(server.pool_purge_delay),
            window: window.unwrap_or(CONNECTION_WINDOW).clamp(u32::from(u16::MAX), MAX_WINDOW),
            ping: server.link.idle_ping,
            bounds: Bounds {
                buffer: tune.bufsize,
                table: tune.h2_header_table_size as usize,
                most: Most { fields: tune.http_maxhdr * 2, bytes: tune.bufsize },
                head: (tune.http_maxhdr, tune.bufsize.saturating_sub(MESSAGE + tune.maxrewrite)),
                streams: most_streams.max(1),
                glitches: tune.h2_servers.glitches_threshold,
            },
            frames_at_once: tune.h2_servers.max_frames_at_once,
        }
    }
}

impl Rules {
    /// A connection that cannot be made anew stays open.
    pub fn for_ever(self) -> Self {
        Self { idle: Some(u64::MAX), ..self }
    }
}

/// One connection.
pub struct Link {
    rules: Rules,
    /// What keeps it apart from other connections of its server.
    mark: u64,
    /// The number of the [`Offer`] that it stands for; 0: it is this thread's.
    offer: u64,
    /// Gone once no more streams may begin.
    sender: RefCell<Option<SendRequest<Bytes>>>,
    /// The session that has it for itself.
    owner: RefCell<Weak<Session>>,
    /// It is never another session's: `http-reuse never`, or its client is known by it.
    private: Cell<bool>,
    /// Streams of any session may join those that run.
    shared: Cell<bool>,
    active: Cell<u32>,
    served: Cell<u32>,
    /// When the last stream left, in milliseconds.
    idle_since: Cell<u64>,
    /// The server's SETTINGS came, or never will.
    settled: Cell<bool>,
    /// What goes both ways; its connection may belong to another thread.
    replies: Arc<Mutex<Replies>>,
    /// A body came: the connection's window is to be opened.
    widen: Cell<bool>,
    driver: RefCell<Option<Waker>>,
    waiting: RefCell<Vec<Waker>>,
    pub tls: Option<Arc<TlsFacts>>,
    /// For the next handshake; there once the server sent something.
    session: RefCell<Option<ClientSession>>,
    pub socket: RawFd,
    pub addresses: Option<(SocketAddr, SocketAddr)>,
}

impl Link {
    fn new(rules: Rules, mark: u64, io: &Io) -> Self {
        let socket = io.as_raw_fd();
        Self {
            tls: io.tls().and_then(Tls::facts).cloned(),
            addresses: io.socket().local_addr().zip(io.socket().peer_addr()),
            ..Self::bare(rules, mark, socket)
        }
    }

    /// One that a thread offers.
    fn adopted(rules: Rules, offer: Offer) -> Self {
        Self {
            offer: offer.id,
            sender: RefCell::new(Some(offer.sender)),
            settled: Cell::new(true),
            replies: offer.replies,
            tls: offer.tls,
            addresses: offer.addresses,
            ..Self::bare(rules, offer.mark, offer.socket)
        }
    }

    fn bare(rules: Rules, mark: u64, socket: RawFd) -> Self {
        Self {
            rules,
            mark,
            offer: 0,
            sender: RefCell::default(),
            owner: RefCell::default(),
            private: Cell::new(rules.reuse == HttpReuse::Never),
            shared: Cell::new(rules.reuse == HttpReuse::Always),
            active: Cell::new(0),
            served: Cell::new(0),
            idle_since: Cell::new(0),
            settled: Cell::new(false),
            replies: Arc::new(Mutex::new(Replies::new(rules.bounds))),
            widen: Cell::new(false),
            driver: RefCell::default(),
            waiting: RefCell::default(),
            tls: None,
            session: RefCell::default(),
            socket,
            addresses: None,
        }
    }

    /// Something to begin a stream with; `None`: the connection is about to end.
    pub fn sender(&self) -> Option<SendRequest<Bytes>> {
        self.sender.borrow().clone()
    }

    /// Streams that it served or serves.
    pub fn served(&self) -> u32 {
        self.served.get()
    }

    /// Streams that run.
    pub fn active(&self) -> u32 {
        self.active.get()
    }

    /// How many streams may run, as far as that is known.
    pub fn limit(&self) -> u32 {
        let sender = self.sender.borrow();
        let peers = sender.as_ref().map(SendRequest::current_max_send_streams);
        self.rules.most_streams.min(peers.and_then(|most| u32::try_from(most).ok()).unwrap_or(u32::MAX))
    }

    /// The follower of what goes both ways. Nothing that holds it can panic half-way.
    pub fn replies(&self) -> MutexGuard<'_, Replies> {
        self.replies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Small faults of the server's so far.
    pub fn glitches(&self) -> u32 {
        self.replies().glitches()
    }

    /// Counts some, which may be too many.
    pub fn count_glitches(&self, count: u32) {
        self.replies().count_glitches(count);
        self.wear_out();
    }

    /// Looks at what the server's small faults mean: first no more streams begin, then the connection ends.
    pub fn wear_out(&self) {
        if self.replies().wear() != Wear::Fine {
            self.retire();
            self.wake();
        }
    }

    /// Frames that are handled in a row; 0: no limit.
    pub fn frames_at_once(&self) -> u32 {
        self.rules.frames_at_once
    }

    /// The TLS session for the next handshake, once.
    pub fn take_session(&self) -> Option<ClientSession> {
        self.session.take()
    }

    pub fn set_session(&self, session: Option<ClientSession>) {
        self.session.replace(session);
    }

    /// Waits for the server's SETTINGS.
    pub fn poll_settled(&self, cx: &Context<'_>) -> Poll<()> {
        if self.settled.get() {
            return Poll::Ready(());
        }
        self.waiting.borrow_mut().push(cx.waker().clone());
        Poll::Pending
    }

    pub fn settle(&self) {
        self.settled.set(true);
        self.waiting.take().into_iter().for_each(Waker::wake);
    }

    /// A body is coming: one that is slow to be taken must not stall the others. Told with the
    /// first one, since most connections have none.
    pub fn open_window(&self) {
        if !self.widen.replace(true) {
            self.wake();
        }
    }

    fn wake(&self) {
        if let Some(waker) = &*self.driver.borrow() {
            waker.wake_by_ref();
        }
    }

    /// No more streams begin. The codec ends the connection with the last one.
    fn retire(&self) {
        if self.sender.take().is_some() {
            self.wake();
        }
    }

    /// Whether one more stream can begin.
    fn has_room(&self) -> bool {
        let mut sender = self.sender.borrow_mut();
        let Some(open) = sender.as_mut() else { return false };
        if let Poll::Ready(Err(_)) = open.poll_ready(&mut Context::from_waker(Waker::noop())) {
            // It failed, or the server wants it to end.
            *sender = None;
            return false;
        }
        drop(sender);
        self.active.get() < self.limit() && self.served.get() < self.rules.most_served
    }

    /// Only `session` may use it from here on.
    pub fn make_private(&self, session: &Rc<Session>) {
        self.private.set(true);
        *self.owner.borrow_mut() = Rc::downgrade(session);
    }

    /// Whether a stream of `session` may have a share. `bold`: the request would be repeated.
    fn serves(&self, session: &Rc<Session>, bold: bool) -> bool {
        let owner = self.owner.borrow().upgrade().map(|owner| Rc::ptr_eq(&owner, session));
        let state = State {
            is_own: owner.or(self.private.get().then_some(false)),
            is_active: self.active.get() > 0,
            is_shared: self.shared.get(),
            is_proven: self.served.get() > 1,
        };
        state.serves(self.rules.reuse, bold)
    }

    /// Begins a stream's share.
    fn lease(self: Rc<Self>, session: &Rc<Session>) -> Lease {
        if self.active.get() == 0 {
            match self.rules.reuse {
                HttpReuse::Safe | HttpReuse::Never => *self.owner.borrow_mut() = Rc::downgrade(session),
                HttpReuse::Aggressive | HttpReuse::Always => {
                    self.shared.set(self.served.get() > 0 || self.shared.get())
                }
            }
        }
        self.active.set(self.active.get() + 1);
        self.served.set(self.served.get() + 1);
        Lease(self)
    }
}

/// What counts for `http-reuse`.
#[derive(Clone, Copy)]
struct State {
    /// Whether the session that has it for itself is the one that asks; `None`: no session has.
    is_own: Option<bool>,
    is_active: bool,
    is_shared: bool,
    /// It served more than one stream.
    is_proven: bool,
}

impl State {
    /// Whether a stream may have a share (manual, `http-reuse`): of its session's own connection, of
    /// one that streams of any session share, or of an idle one.
    fn serves(self, reuse: HttpReuse, bold: bool) -> bool {
        match (self.is_own, reuse) {
            (Some(is_own), _) => is_own,
            (None, HttpReuse::Never) => false,
            (None, _) if self.is_active => self.is_shared,
            (None, HttpReuse::Always) => true,
            (None, HttpReuse::Aggressive) => bold || self.is_proven,
            (None, HttpReuse::Safe) => bold,
        }
    }
}

/// A stream's share of a connection.
pub struct Lease(Rc<Link>);

impl std::ops::Deref for Lease {
    type Target = Link;

    fn deref(&self) -> &Link {
        &self.0
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let link = &*self.0;
        link.active.set(link.active.get() - 1);
        if link.active.get() > 0 {
            link.shared.set(link.shared.get() || link.rules.reuse == HttpReuse::Aggressive);
            return;
        }
        link.idle_since.set(now_ms());
        if !link.private.get() {
            *link.owner.borrow_mut() = Weak::new();
        }
        if link.rules.idle.is_none() || link.served.get() >= link.rules.most_served {
            link.retire();
        }
        link.wake();
    }
}

/// The connections of a thread, by the number of their server.
#[derive(Default)]
pub struct Links {
    servers: RefCell<Vec<Vec<Rc<Link>>>>,
}

impl Links {
    /// Whether no connection to the server is there.
    pub fn is_empty(&self, server: usize) -> bool {
        self.servers.borrow().get(server).is_none_or(Vec::is_empty)
    }

    /// A share of a connection that is there. `bold`: the request would be repeated if it finds it
    /// closed.
    pub fn take(&self, server: usize, mark: u64, session: &Rc<Session>, bold: bool) -> Option<Lease> {
        let servers = self.servers.borrow();
        let mut fitting = servers.get(server)?.iter().rev().filter(|link| link.mark == mark);
        let link = fitting.find(|link| link.serves(session, bold) && link.has_room())?;
        Some(link.clone().lease(session))
    }

    /// Makes a connection speak HTTP/2, for a first stream of `session`.
    ///
    /// # Errors
    /// The connection failed.
    pub async fn open(
        &self,
        (server, mark): (usize, u64),
        (rules, tune): (Rules, &Tune),
        session: &Rc<Session>,
        io: Io,
    ) -> Result<Lease, h2::Error> {
        let link = Rc::new(Link::new(rules, mark, &io));
        let (sender, connection) = builder(tune, &rules).handshake(ServerIo::new(io, link.clone())).await?;
        *link.sender.borrow_mut() = Some(sender);
        self.add(server, link.clone());
        let lease = link.clone().lease(session);
        tokio::task::spawn_local(drive(link, connection));
        Ok(lease)
    }

    /// A share of a connection that the server made to us, on any thread.
    pub fn adopt(
        &self,
        offers: &Offers,
        (server, mark): (usize, u64),
        rules: Rules,
        session: &Rc<Session>,
    ) -> Option<Lease> {
        let known = |id| {
            let servers = self.servers.borrow();
            servers.get(server).is_some_and(|links| links.iter().any(|link| link.offer == id))
        };
        let offer = offers.find(server, mark, known)?;
        let link = Rc::new(Link::adopted(rules, offer));
        self.add(server, link.clone());
        link.has_room().then(|| link.lease(session))
    }

    /// Drives a connection that the server made to us, and offers it to all threads.
    pub async fn attach(
        &self,
        offers: &Offers,
        (server, mark): (usize, u64),
        (rules, tune): (Rules, &Tune),
        io: Io,
    ) {
        let id = offers.next_id();
        let link = Rc::new(Link { offer: id, ..Link::new(rules, mark, &io) });
        let (socket, addresses, tls) = (link.socket, link.addresses, link.tls.clone());
        let handshake = builder(tune, &rules).handshake(ServerIo::reversed(io, link.clone()));
        let Ok((sender, connection)) = handshake.await else { return };
        *link.sender.borrow_mut() = Some(sender.clone());
        self.add(server, link.clone());
        let replies = link.replies.clone();
        offers.add(Offer { id, server, mark, sender, replies, tls, socket, addresses });
        drive(link, connection).await;
        offers.remove(id);
    }

    /// Keeps a connection, and none of those that ended.
    fn add(&self, server: usize, link: Rc<Link>) {
        let mut servers = self.servers.borrow_mut();
        if servers.len() <= server {
            servers.resize_with(server + 1, Vec::new);
        }
        servers[server].retain(|link| link.sender.borrow().is_some());
        servers[server].push(link);
    }

    /// Ends all connections with their last streams.
    pub fn retire(&self) {
        self.servers.borrow_mut().drain(..).flatten().for_each(|link| link.retire());
    }
}

fn builder(tune: &Tune, rules: &Rules) -> Builder {
    let window = tune.h2_servers.initial_window_size.unwrap_or(tune.h2_initial_window_size);
    let mut builder = Builder::new();
    builder
        .enable_push(false)
        .initial_window_size(window.min(MAX_WINDOW))
        .initial_max_send_streams(rules.most_streams as usize)
        .max_frame_size(tune.h2_max_frame_size.clamp(16_384, 16_777_215))
        .max_header_list_size(u32::try_from(tune.bufsize).unwrap_or(u32::MAX))
        .header_table_size(tune.h2_header_table_size)
        .max_send_buffer_size(tune.bufsize);
    builder
}

/// Moves a connection's frames until it ends.
async fn drive(link: Rc<Link>, mut connection: Connection<ServerIo, Bytes>) {
    let mut timer = Timer::new();
    let mut widened = false;
    let mut pings = link.rules.ping.and_then(|every| Pings::new(every, &mut connection));
    std::future::poll_fn(|cx| {
        if !link.driver.borrow().as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            *link.driver.borrow_mut() = Some(cx.waker().clone());
        }
        if link.widen.get() && !std::mem::replace(&mut widened, true) {
            connection.set_target_window_size(link.rules.window);
        }
        loop {
            if Pin::new(&mut connection).poll(cx).is_ready() {
                return Poll::Ready(());
            }
            if link.active.get() > 0 || link.sender.borrow().is_none() {
                timer.clear();
                return Poll::Pending;
            }
            let purge = Deadline::after(link.idle_since.get(), link.rules.idle);
            let ping = pings.as_mut().map_or(Deadline::NEVER, |pings| pings.due(cx, link.idle_since.get()));
            purge.min(ping).set(&mut timer);
            if timer.poll_expired(cx).is_pending() {
                return Poll::Pending;
            }
            let asked = ping < purge && pings.as_mut().is_some_and(Pings::send);
            if !asked {
                link.retire();
            }
        }
    })
    .await;
    link.sender.take();
    link.settle();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reuse() {
        use HttpReuse::*;
        /// The answers to a first request and to a later one, for each mode.
        #[track_caller]
        fn check(
            is_own: Option<bool>,
            (is_active, is_shared, is_proven): (bool, bool, bool),
            expected: &str,
        ) {
            let state = State { is_own, is_active, is_shared, is_proven };
            let modes = [Never, Safe, Aggressive, Always];
            let answers = modes.map(|mode| {
                [false, true].map(|bold| if state.serves(mode, bold) { "y" } else { "-" }).concat()
            });
            assert_eq!(answers.join(" "), expected);
        }
        check(Some(true), (true, false, false), "yy yy yy yy");
        check(Some(false), (false, true, true), "-- -- -- --");
        check(None, (false, false, false), "-- -y -y yy");
        check(None, (false, false, true), "-- -y yy yy");
        check(None, (true, false, true), "-- -- -- --");
        check(None, (true, true, true), "-- yy yy yy");
    }

    #[test]
    fn rules() {
        #[track_caller]
        fn check(change: impl FnOnce(&mut Server, &mut Tune), expected: (u32, u32, Option<u64>, u32)) {
            let (mut server, mut tune) = (state::testing::server("s", 1), Tune::default());
            change(&mut server, &mut tune);
            let Rules { most_streams, most_served, idle, window, .. } = Rules::new(Safe, &server, &tune);
            assert_eq!((most_streams, most_served, idle, window), expected);
        }
        use HttpReuse::Safe;
        check(|_, _| {}, (100, u32::MAX, Some(5000), CONNECTION_WINDOW));
        check(|server, _| server.max_reuse = 0, (100, 1, Some(5000), CONNECTION_WINDOW));
        check(|server, _| server.pool_max_conn = 0, (100, u32::MAX, None, CONNECTION_WINDOW));
        check(|server, _| server.pool_purge_delay = 0, (100, u32::MAX, None, CONNECTION_WINDOW));
        check(|_, tune| tune.h2_max_concurrent_streams = 7, (7, u32::MAX, Some(5000), CONNECTION_WINDOW));
        let streams = |tune: &mut Tune| tune.h2_servers.max_concurrent_streams = Some(3);
        check(|_, tune| streams(tune), (3, u32::MAX, Some(5000), CONNECTION_WINDOW));
        check(|_, tune| tune.h2_servers.rxbuf = Some(1), (100, u32::MAX, Some(5000), 65535));
    }
}
