//! HTTP/2 connections to servers. Each is driven by a task of its own and shared by the streams of its
//! thread, within the rules of `http-reuse`; what no stream uses is kept as idle connections are.
//!
//! An idle one may be taken over by another thread ([`parking`]).
//!
//! Left out: what a stream does with its share, see [`super::server`].

mod parking;
mod rules;
mod wire;

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, RawFd};
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use h2::client::{self, Builder, SendRequest};
use ir::config::{HttpReuse, Tune};
use net::clock::now_ms;
use net::io::Io;
use net::timer::Timer;
use net::tls::{ClientSession, Tls};
use proto::h2::Replies;
use proto::wear::Wear;
use state::session::Session;
use state::tls::TlsFacts;

use super::pings::Pings;
use super::reverse::{Offer, Offers};
use super::server_io::ServerIo;
use super::{MAX_WINDOW, frame_size};
use crate::deadline::Deadline;
use parking::{Driven, Parked};
use rules::State;

pub use parking::Parking;
pub use rules::Rules;
pub use wire::Wire;

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
    wire: Arc<Wire>,
    seat: RefCell<Seat>,
    /// Where it may stand while it is idle; `None`: nowhere.
    spot: Option<Spot>,
    /// A body came: the connection's window is to be opened.
    widen: Cell<bool>,
    driver: RefCell<Option<Waker>>,
    pub tls: Option<Arc<TlsFacts>>,
    pub addresses: Option<(SocketAddr, SocketAddr)>,
}

/// Where what moves a connection's frames is.
enum Seat {
    /// With its task.
    Here(Box<Driven>),
    Parked,
    /// On another thread, or not there yet.
    Away,
}

/// A place among the idle connections.
#[derive(Clone)]
struct Spot {
    parking: Arc<Parking>,
    thread: usize,
    server: usize,
    id: u64,
}

impl Link {
    fn new(rules: Rules, mark: u64, spot: Option<Spot>, io: &Io) -> Self {
        let wire = Wire::new(Replies::new(rules.bounds), io.as_raw_fd());
        Self {
            spot,
            tls: io.tls().and_then(Tls::facts).cloned(),
            addresses: io.socket().local_addr().zip(io.socket().peer_addr()),
            ..Self::bare(rules, mark, Arc::new(wire))
        }
    }

    /// One that a thread offers.
    fn adopted(rules: Rules, offer: Offer) -> Self {
        Self {
            offer: offer.id,
            sender: RefCell::new(Some(offer.sender)),
            tls: offer.tls,
            addresses: offer.addresses,
            ..Self::bare(rules, offer.mark, offer.wire)
        }
    }

    /// One that another thread had. `None`: it is closed.
    fn moved(parked: Parked, spot: Spot) -> Option<Self> {
        let Parked { mark, rules, sender, mut driven, wire, served, idle_since, tls, addresses, .. } = parked;
        wire.set_moved();
        // The first look is the one that has this thread's runtime watch the socket.
        let ended = driven.poll(&mut Context::from_waker(Waker::noop()));
        if ended || wire.has_moved() {
            return None;
        }
        Some(Self {
            sender: RefCell::new(Some(sender)),
            served: Cell::new(served),
            idle_since: Cell::new(idle_since),
            seat: RefCell::new(Seat::Here(driven)),
            spot: Some(spot),
            tls,
            addresses,
            ..Self::bare(rules, mark, wire)
        })
    }

    fn bare(rules: Rules, mark: u64, wire: Arc<Wire>) -> Self {
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
            wire,
            seat: RefCell::new(Seat::Away),
            spot: None,
            widen: Cell::new(false),
            driver: RefCell::default(),
            tls: None,
            addresses: None,
        }
    }

    /// What both sides of the connection share.
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    pub fn socket(&self) -> RawFd {
        self.wire.socket()
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

    /// Small faults of the server's so far.
    pub fn glitches(&self) -> u32 {
        self.wire.replies().glitches()
    }

    /// Counts some, which may be too many.
    pub fn count_glitches(&self, count: u32) {
        self.wire.replies().count_glitches(count);
        self.wake();
    }

    /// The TLS session for the next handshake, once.
    pub fn take_session(&self) -> Option<ClientSession> {
        self.wire.take_session()
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
        self.unpark();
        if self.sender.take().is_some() {
            self.wake();
        }
    }

    /// Whether one more stream can begin.
    fn has_room(&self) -> bool {
        self.unpark();
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

    /// Whether nothing more begins on it here.
    fn is_over(&self) -> bool {
        self.sender.borrow().is_none() && !matches!(*self.seat.borrow(), Seat::Parked)
    }

    /// Lets other threads have an idle connection that may serve anybody.
    fn park(&self) {
        let owned = self.private.get() || self.owner.borrow().strong_count() > 0;
        let Some(spot) = self.spot.as_ref().filter(|_| !owned && self.wire.is_settled()) else { return };
        let mut seat = self.seat.borrow_mut();
        if !matches!(*seat, Seat::Here(_)) {
            return;
        }
        let Some(sender) = self.sender.take() else { return };
        if let Seat::Here(driven) = std::mem::replace(&mut *seat, Seat::Parked) {
            let parked = Parked {
                id: spot.id,
                server: spot.server,
                mark: self.mark,
                rules: self.rules,
                sender,
                driven,
                wire: self.wire.clone(),
                served: self.served.get(),
                idle_since: self.idle_since.get(),
                tls: self.tls.clone(),
                addresses: self.addresses,
            };
            spot.parking.put(spot.thread, parked);
        }
    }

    /// Takes it back, where it is still there.
    fn unpark(&self) {
        let mut seat = self.seat.borrow_mut();
        let Some(spot) = self.spot.as_ref().filter(|_| matches!(*seat, Seat::Parked)) else { return };
        match spot.parking.take(spot.thread, spot.id) {
            Some(parked) => {
                *seat = Seat::Here(parked.driven);
                *self.sender.borrow_mut() = Some(parked.sender);
            }
            None => {
                *seat = Seat::Away;
                self.wake();
            }
        }
    }

    /// Looks after what moves its frames, wherever that is; `None`: another thread has it.
    fn with_driven<R>(&self, run: impl FnOnce(&mut Driven) -> R) -> Option<R> {
        let mut seat = self.seat.borrow_mut();
        let done = match (&mut *seat, &self.spot) {
            (Seat::Here(driven), _) => Some(run(driven)),
            (Seat::Parked, Some(spot)) => spot.parking.with(spot.thread, spot.id, run),
            _ => None,
        };
        if done.is_none() {
            *seat = Seat::Away;
        }
        done
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
pub struct Links {
    servers: RefCell<Vec<Vec<Rc<Link>>>>,
    /// The idle ones of all threads, where they are shared; and which thread this is.
    parking: Option<Arc<Parking>>,
    thread: usize,
    last_id: Cell<u64>,
}

impl Links {
    pub fn new(parking: Option<Arc<Parking>>, thread: usize) -> Self {
        Self { servers: RefCell::default(), parking, thread, last_id: Cell::new(0) }
    }

    /// Whether no connection to the server is there.
    pub fn is_empty(&self, server: usize) -> bool {
        let none = self.servers.borrow().get(server).is_none_or(Vec::is_empty);
        none && self.parking.as_ref().is_none_or(|parking| parking.others(self.thread, server) == 0)
    }

    /// A share of a connection that is there, on this thread or, while nobody uses it, on another. `bold`: the
    /// request would be repeated if it finds it closed.
    pub fn take(&self, server: usize, mark: u64, session: &Rc<Session>, bold: bool) -> Option<Lease> {
        let own = self.servers.borrow().get(server).and_then(|links| {
            let mut fitting = links.iter().rev().filter(|link| link.mark == mark);
            fitting.find(|link| link.serves(session, bold) && link.has_room()).cloned()
        });
        own.or_else(|| self.take_over(server, mark, bold)).map(|link| link.lease(session))
    }

    /// A connection of another thread's.
    fn take_over(&self, server: usize, mark: u64, bold: bool) -> Option<Rc<Link>> {
        let parking = self.parking.as_ref()?;
        let fits = |parked: &Parked| {
            let is_proven = parked.served > 1;
            let state = State { is_own: None, is_active: false, is_shared: false, is_proven };
            parked.mark == mark && state.serves(parked.rules.reuse, bold)
        };
        while parking.others(self.thread, server) > 0 {
            let parked = parking.take_other(self.thread, server, fits)?;
            let Some(link) = self.spot(server).and_then(|spot| Link::moved(parked, spot)) else { continue };
            let link = Rc::new(link);
            if link.has_room() {
                self.add(server, link.clone());
                tokio::task::spawn_local(drive(link.clone()));
                return Some(link);
            }
        }
        None
    }

    /// A place for a new connection while it is idle.
    fn spot(&self, server: usize) -> Option<Spot> {
        let parking = self.parking.clone()?;
        self.last_id.set(self.last_id.get() + 1);
        Some(Spot { parking, thread: self.thread, server, id: self.last_id.get() })
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
        let link = Link::new(rules, mark, self.spot(server), &io);
        let link = Rc::new(link);
        let io = ServerIo::new(io, link.wire.clone(), rules.frames_at_once);
        link.begin(builder(tune, &rules).handshake(io).await?);
        self.add(server, link.clone());
        let lease = link.clone().lease(session);
        tokio::task::spawn_local(drive(link));
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
        let link = Rc::new(Link { offer: id, ..Link::new(rules, mark, None, &io) });
        let (addresses, tls) = (link.addresses, link.tls.clone());
        let io = ServerIo::reversed(io, link.wire.clone(), rules.frames_at_once);
        let Ok((sender, connection)) = builder(tune, &rules).handshake(io).await else { return };
        link.begin((sender.clone(), connection));
        self.add(server, link.clone());
        let wire = link.wire.clone();
        offers.add(Offer { id, server, mark, sender, wire, tls, addresses });
        drive(link).await;
        offers.remove(id);
    }

    /// Keeps a connection, and none of those that ended.
    fn add(&self, server: usize, link: Rc<Link>) {
        let mut servers = self.servers.borrow_mut();
        if servers.len() <= server {
            servers.resize_with(server + 1, Vec::new);
        }
        servers[server].retain(|link| !link.is_over());
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
        .max_frame_size(frame_size(tune))
        .max_header_list_size(u32::try_from(tune.bufsize).unwrap_or(u32::MAX))
        .header_table_size(tune.h2_header_table_size)
        .max_send_buffer_size(tune.bufsize);
    builder
}

/// What the task of a connection waits for.
enum Waits {
    /// What its streams do.
    Streams,
    /// The time when it was idle for too long, or when the server is to be asked whether it is there.
    Idle(Deadline, Deadline),
}

impl Driven {
    /// Moves frames; `true`: the connection ended.
    fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        Pin::new(&mut self.connection).poll(cx).is_ready()
    }
}

impl Link {
    /// The connection was made.
    fn begin(&self, (sender, mut connection): (SendRequest<Bytes>, client::Connection<ServerIo, Bytes>)) {
        let pings = self.rules.ping.and_then(|every| Pings::new(every, &mut connection));
        *self.sender.borrow_mut() = Some(sender);
        *self.seat.borrow_mut() = Seat::Here(Box::new(Driven { connection, pings, widened: false }));
    }

    /// Moves frames; `None`: there are no more.
    fn poll_frames(&self, cx: &mut Context<'_>) -> Option<Waits> {
        let has_streams = self.active.get() > 0 || self.is_over();
        let waits = self.with_driven(|driven| {
            if self.widen.get() && !std::mem::replace(&mut driven.widened, true) {
                driven.connection.set_target_window_size(self.rules.window);
            }
            if driven.poll(cx) {
                return None;
            }
            if has_streams {
                return Some(Waits::Streams);
            }
            let idle = self.idle_since.get();
            let ping = driven.pings.as_mut().map_or(Deadline::NEVER, |pings| pings.due(cx, idle));
            Some(Waits::Idle(Deadline::after(idle, self.rules.idle), ping))
        });
        waits.flatten()
    }

    /// Ready when the connection ended, or another thread has it.
    fn poll_drive(&self, cx: &mut Context<'_>, timer: &mut Timer) -> Poll<()> {
        if !self.driver.borrow().as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            *self.driver.borrow_mut() = Some(cx.waker().clone());
        }
        loop {
            let Some(waits) = self.poll_frames(cx) else { return Poll::Ready(()) };
            if self.wire.replies().wear() != Wear::Fine {
                // First no more streams begin, then the connection ends.
                self.retire();
            }
            let Waits::Idle(purge, ping) = waits else {
                timer.clear();
                return Poll::Pending;
            };
            purge.min(ping).set(timer);
            if timer.poll_expired(cx).is_pending() {
                self.park();
                return Poll::Pending;
            }
            let asked = ping < purge
                && self.with_driven(|driven| driven.pings.as_mut().is_some_and(Pings::send)) == Some(true);
            if !asked {
                self.retire();
            }
        }
    }
}

/// Moves a connection's frames until it ends.
async fn drive(link: Rc<Link>) {
    let mut timer = Timer::new();
    std::future::poll_fn(|cx| link.poll_drive(cx, &mut timer)).await;
    link.retire();
    *link.seat.borrow_mut() = Seat::Away;
    link.wire.settle();
}
