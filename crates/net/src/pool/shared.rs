//! What the threads' pools have in common: the counts of each server's connections, and the lists
//! of idle ones, a lock for each thread's. A lock is held for one push or pop, and contended only
//! where a thread without a connection takes another's: the socket then leaves the runtime of the
//! thread that watched it and is registered with the new one's ([`crate::io::Io::adopt`]).

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Context;

use state::live::Gauge;

use super::slot::{Conn, Slots};
use super::{Limits, Wanted};

/// What the global section says about idle connections.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// `tune.idle-pool.shared`
    pub shared: bool,
    /// Sockets of the process below which connections are kept in reserve, and made rather than
    /// taken from another thread (`tune.pool-low-fd-ratio`).
    pub few_sockets: usize,
    /// Sockets from which on none is kept (`tune.pool-high-fd-ratio`).
    pub many_sockets: usize,
    /// The clients' connections.
    pub clients: &'static Gauge,
}

/// See the module.
#[derive(Debug)]
pub struct Shared {
    settings: Settings,
    /// By the caller's server number, counted through all proxies from 0.
    servers: Vec<Counts>,
    threads: Vec<Mutex<Lists>>,
    /// Connections to servers, used and idle.
    sockets: AtomicUsize,
}

/// The connections of a server.
#[derive(Debug)]
struct Counts {
    limits: Limits,
    used: AtomicUsize,
    /// The most that were used at a time since the last purge.
    most_used: AtomicUsize,
    /// How many are needed at a time, as far as one can tell.
    needed: AtomicUsize,
    idle: AtomicUsize,
    /// The idle ones of each thread.
    idle_of: Box<[AtomicUsize]>,
}

/// A thread's idle connections.
#[derive(Debug)]
pub(super) struct Lists {
    servers: Vec<List>,
    pub(super) slots: Slots,
}

/// Those of a server.
#[derive(Debug, Default)]
struct List {
    /// The one that became idle last at the back.
    places: VecDeque<Place>,
    /// When the next purge is due, in milliseconds; 0: none is.
    purge_ms: u64,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    tag: u64,
    slot: usize,
    /// See [`Wanted::Proven`].
    proven: bool,
}

/// A connection to a server that a stream uses: counted until this is dropped.
#[derive(Debug)]
pub struct Used {
    shared: &'static Shared,
    server: usize,
}

impl Used {
    pub(super) fn server(&self) -> usize {
        self.server
    }
}

impl Drop for Used {
    fn drop(&mut self) {
        self.shared.servers[self.server].used.fetch_sub(1, Relaxed);
        self.shared.sockets.fetch_sub(1, Relaxed);
    }
}

impl Shared {
    /// Limits by server number. It lives as long as the process.
    pub fn new(limits: &[Limits], threads: usize, settings: Settings) -> &'static Self {
        let threads = threads.max(1);
        let counts = |limits: &Limits| Counts {
            limits: *limits,
            used: AtomicUsize::new(0),
            most_used: AtomicUsize::new(0),
            needed: AtomicUsize::new(0),
            idle: AtomicUsize::new(0),
            idle_of: (0..threads).map(|_| AtomicUsize::new(0)).collect(),
        };
        let lists = || {
            let servers = limits.iter().map(|_| List::default()).collect();
            Mutex::new(Lists { servers, slots: Slots::default() })
        };
        Box::leak(Box::new(Self {
            settings,
            servers: limits.iter().map(counts).collect(),
            threads: (0..threads).map(|_| lists()).collect(),
            sockets: AtomicUsize::new(0),
        }))
    }

    /// See [`super::Pool::begin`].
    pub(super) fn begin(&'static self, server: usize) -> Used {
        self.sockets.fetch_add(1, Relaxed);
        let counts = &self.servers[server];
        let used = counts.used.fetch_add(1, Relaxed) + 1;
        for most in [&counts.most_used, &counts.needed] {
            // Not exact between threads, and need not be.
            if most.load(Relaxed) < used {
                most.store(used, Relaxed);
            }
        }
        Used { shared: self, server }
    }

    pub(super) fn lists(&self, thread: usize) -> MutexGuard<'_, Lists> {
        self.threads[thread].lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn idle(&self, server: usize) -> usize {
        self.servers.get(server).map_or(0, |counts| counts.idle.load(Relaxed))
    }

    pub(super) fn has_idle(&self, server: usize) -> bool {
        self.idle(server) > 0
    }

    /// One of the thread's own, and whether an edge was seen on it.
    pub(super) fn take(
        &self,
        thread: usize,
        server: usize,
        tag: u64,
        wanted: Wanted,
    ) -> Option<(Conn, bool)> {
        if self.servers[server].idle_of[thread].load(Relaxed) == 0 {
            return None;
        }
        self.take_of(&mut self.lists(thread), thread, server, tag, wanted)
    }

    /// One of another thread's.
    pub(super) fn steal(
        &self,
        thread: usize,
        server: usize,
        tag: u64,
        wanted: Wanted,
    ) -> Option<(Conn, bool)> {
        let counts = &self.servers[server];
        let too_few = counts.idle.load(Relaxed) < counts.limits.low;
        if !self.settings.shared || (too_few && self.sockets() < self.settings.few_sockets) {
            return None;
        }
        let count = self.threads.len();
        (1..count).map(|step| (thread + step) % count).find_map(|other| {
            if counts.idle_of[other].load(Relaxed) == 0 {
                return None;
            }
            // One that is busy is passed over.
            let mut lists = self.threads[other].try_lock().ok()?;
            self.take_of(&mut lists, other, server, tag, wanted)
        })
    }

    fn take_of(
        &self,
        lists: &mut Lists,
        thread: usize,
        server: usize,
        tag: u64,
        wanted: Wanted,
    ) -> Option<(Conn, bool)> {
        let places = &mut lists.servers[server].places;
        let find = |proven: bool| places.iter().rposition(|place| place.tag == tag && place.proven == proven);
        let at = match wanted {
            Wanted::Proven => find(true),
            Wanted::Any => find(false).or_else(|| find(true)),
        }?;
        let place = places.remove(at)?;
        self.count_out(thread, server, 1);
        lists.slots.take(place.slot)
    }

    /// See [`super::Pool::put`]. `None`: it was closed. Else the time of the purge that it began.
    pub(super) fn put(&self, thread: usize, conn: Conn, now_ms: u64) -> Option<Option<u64>> {
        let (server, tag, proven) = (conn.server, conn.tag, conn.served > 1);
        let counts = &self.servers[server];
        let sockets = self.sockets();
        if counts.limits.purge_delay == 0
            || sockets >= self.settings.many_sockets
            || counts.idle.load(Relaxed) >= counts.limits.most
        {
            return None;
        }
        let mut lists = self.lists(thread);
        let list = &lists.servers[server];
        let first = !list.places.iter().any(|place| place.proven) && (proven || list.places.is_empty());
        if !first && (sockets >= self.settings.few_sockets || !counts.needs_more()) {
            return None;
        }
        let slot = lists.slots.put(conn)?;
        let list = &mut lists.servers[server];
        list.places.push_back(Place { tag, slot, proven });
        let begins = list.purge_ms == 0;
        if begins {
            list.purge_ms = now_ms + counts.limits.purge_delay;
        }
        let due = begins.then_some(list.purge_ms);
        counts.idle.fetch_add(1, Relaxed);
        counts.idle_of[thread].fetch_add(1, Relaxed);
        self.sockets.fetch_add(1, Relaxed);
        Some(due)
    }

    /// Drops the thread's idle connections.
    pub(super) fn clear(&self, thread: usize) {
        let mut lists = self.lists(thread);
        let Lists { servers, slots } = &mut *lists;
        for (server, list) in servers.iter_mut().enumerate() {
            self.count_out(thread, server, list.places.len());
            list.places.drain(..).for_each(|place| drop(slots.take(place.slot)));
        }
    }

    /// Drops those of the thread's that their servers closed.
    pub(super) fn drop_closed(&self, thread: usize, cx: &mut Context<'_>) {
        let mut lists = self.lists(thread);
        while let Some(slot) = lists.slots.poll_woken(cx) {
            if let Some(server) = lists.slots.look(slot) {
                lists.servers[server].places.retain(|place| place.slot != slot);
                self.count_out(thread, server, 1);
            }
        }
    }

    /// Runs the thread's purges that are due; gives the time of the next one.
    pub(super) fn purge(&self, thread: usize, now_ms: u64) -> Option<u64> {
        let mut lists = self.lists(thread);
        let Lists { servers, slots } = &mut *lists;
        for (server, list) in servers.iter_mut().enumerate() {
            if !(1..=now_ms).contains(&list.purge_ms) {
                continue;
            }
            let counts = &self.servers[server];
            let excess = counts.excess(thread).min(list.places.len());
            // The oldest are at the front.
            list.places.drain(..excess).for_each(|place| drop(slots.take(place.slot)));
            self.count_out(thread, server, excess);
            list.purge_ms = if list.places.is_empty() { 0 } else { now_ms + counts.limits.purge_delay };
        }
        servers.iter().map(|list| list.purge_ms).filter(|&due| due > 0).min()
    }

    fn count_out(&self, thread: usize, server: usize, count: usize) {
        self.servers[server].idle.fetch_sub(count, Relaxed);
        self.servers[server].idle_of[thread].fetch_sub(count, Relaxed);
        self.sockets.fetch_sub(count, Relaxed);
    }

    fn sockets(&self) -> usize {
        self.sockets.load(Relaxed) + self.settings.clients.get() as usize
    }
}

impl Counts {
    /// Whether one that is used now is worth keeping beside the idle ones.
    fn needs_more(&self) -> bool {
        let used = self.used.load(Relaxed);
        used + self.idle.load(Relaxed) <= used.max(self.needed.load(Relaxed)) + self.limits.low
    }

    /// How many of a thread's are to be closed now: half of what was not needed of late, and one.
    fn excess(&self, thread: usize) -> usize {
        let idle = self.idle.load(Relaxed);
        if idle == 0 {
            return 0;
        }
        let (used, most) = (self.used.load(Relaxed), self.most_used.load(Relaxed));
        let needed = self.needed.load(Relaxed);
        let excess = (used + idle).saturating_sub(most.max(needed)).div_ceil(2);
        self.needed.store(((needed + most) / 2).max(most), Relaxed);
        self.most_used.store(used, Relaxed);
        if excess == 0 { 0 } else { excess * self.idle_of[thread].load(Relaxed) / idle + 1 }
    }
}

#[cfg(test)]
impl Shared {
    /// How many slots a thread ever made.
    pub(super) fn slots_made(&self, thread: usize) -> usize {
        self.lists(thread).slots.len()
    }
}
