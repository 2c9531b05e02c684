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
    limits: Vec<Limits>,
    threads: Vec<Thread>,
    /// Connections to servers, used and idle: changes only where one opens or ends.
    sockets: AtomicUsize,
}

/// What belongs to a thread, apart from the others' in the processor's memory: a request that finds
/// a connection of its own thread writes nothing that others look at.
#[derive(Debug)]
#[repr(align(128))]
struct Thread {
    /// By server.
    counts: Vec<Counts>,
    lists: Mutex<Lists>,
}

/// A thread's connections of a server. Only `idle` is changed by others: it falls when they take one.
#[derive(Debug, Default)]
struct Counts {
    used: AtomicUsize,
    /// The most that were used at a time since the last purge.
    most_used: AtomicUsize,
    /// How many are needed at a time, as far as one can tell.
    needed: AtomicUsize,
    idle: AtomicUsize,
}

/// A thread's idle connections.
#[derive(Debug)]
pub(super) struct Lists {
    servers: Vec<List>,
    pub(super) slots: Slots,
}

/// Those of a server, each list with the one that became idle last at the back.
#[derive(Debug, Default)]
struct List {
    unproven: VecDeque<Place>,
    /// See [`Wanted::Proven`].
    proven: VecDeque<Place>,
    /// When the next purge is due, in milliseconds; 0: none is.
    purge_ms: u64,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    tag: u64,
    slot: usize,
    /// Since when it is idle, in milliseconds.
    since: u64,
}

impl List {
    fn len(&self) -> usize {
        self.unproven.len() + self.proven.len()
    }

    /// The last one of a tag.
    fn take(&mut self, tag: u64, wanted: Wanted) -> Option<Place> {
        let last = |places: &mut VecDeque<Place>| {
            let at = places.iter().rposition(|place| place.tag == tag)?;
            places.remove(at)
        };
        match wanted {
            Wanted::Proven => last(&mut self.proven),
            Wanted::Any => last(&mut self.unproven).or_else(|| last(&mut self.proven)),
        }
    }

    /// The one that is idle for the longest time.
    fn take_oldest(&mut self) -> Option<Place> {
        let since = |places: &VecDeque<Place>| places.front().map_or(u64::MAX, |place| place.since);
        match since(&self.unproven) <= since(&self.proven) {
            true => self.unproven.pop_front(),
            false => self.proven.pop_front(),
        }
    }
}

/// A connection to a server that a stream uses: counted until this is dropped.
#[derive(Debug)]
pub struct Used {
    shared: &'static Shared,
    thread: usize,
    server: usize,
    /// It goes back to the pool: the socket stays.
    kept: bool,
}

impl Used {
    pub(super) fn server(&self) -> usize {
        self.server
    }

    /// The connection goes back to the pool.
    pub(super) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Used {
    fn drop(&mut self) {
        self.shared.counts(self.thread, self.server).used.fetch_sub(1, Relaxed);
        if !self.kept {
            self.shared.sockets.fetch_sub(1, Relaxed);
        }
    }
}

impl Shared {
    /// Limits by server number. It lives as long as the process.
    pub fn new(limits: &[Limits], threads: usize, settings: Settings) -> &'static Self {
        let threads = threads.max(1);
        let thread = |_| {
            let servers = limits.iter().map(|_| List::default()).collect();
            Thread {
                counts: limits.iter().map(|_| Counts::default()).collect(),
                lists: Mutex::new(Lists { servers, slots: Slots::default() }),
            }
        };
        // What is held in reserve is spread over the threads.
        let limit = |limits: &Limits| Limits { low: limits.low.div_ceil(threads), ..*limits };
        Box::leak(Box::new(Self {
            settings,
            limits: limits.iter().map(limit).collect(),
            threads: (0..threads).map(thread).collect(),
            sockets: AtomicUsize::new(0),
        }))
    }

    fn counts(&self, thread: usize, server: usize) -> &Counts {
        &self.threads[thread].counts[server]
    }

    /// See [`super::Pool::begin`]; `is_new`: it was just made.
    pub(super) fn begin(&'static self, thread: usize, server: usize, is_new: bool) -> Used {
        if is_new {
            self.sockets.fetch_add(1, Relaxed);
        }
        let counts = self.counts(thread, server);
        let used = counts.used.fetch_add(1, Relaxed) + 1;
        for most in [&counts.most_used, &counts.needed] {
            if most.load(Relaxed) < used {
                most.store(used, Relaxed);
            }
        }
        Used { shared: self, thread, server, kept: false }
    }

    pub(super) fn lists(&self, thread: usize) -> MutexGuard<'_, Lists> {
        self.threads[thread].lists.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Idle connections of a server, on all threads.
    pub(super) fn idle(&self, server: usize) -> usize {
        (0..self.threads.len()).map(|thread| self.idle_of(thread, server)).sum()
    }

    fn idle_of(&self, thread: usize, server: usize) -> usize {
        let counts = self.threads[thread].counts.get(server);
        counts.map_or(0, |counts| counts.idle.load(Relaxed))
    }

    /// Whether there is any; the thread's own are looked at first.
    pub(super) fn has_idle(&self, thread: usize, server: usize) -> bool {
        self.idle_of(thread, server) > 0 || self.idle(server) > 0
    }

    /// One of the thread's own, and whether an edge was seen on it.
    pub(super) fn take(
        &self,
        thread: usize,
        server: usize,
        tag: u64,
        wanted: Wanted,
    ) -> Option<(Conn, bool)> {
        if self.idle_of(thread, server) == 0 {
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
        let count = self.threads.len();
        if !self.settings.shared || count == 1 {
            return None;
        }
        let low = self.limits.get(server)?.low * count;
        if self.idle(server) < low && self.sockets() < self.settings.few_sockets {
            return None;
        }
        (1..count).map(|step| (thread + step) % count).find_map(|other| {
            if self.idle_of(other, server) == 0 {
                return None;
            }
            // One that is busy is passed over.
            let mut lists = self.threads[other].lists.try_lock().ok()?;
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
        let place = lists.servers[server].take(tag, wanted)?;
        self.counts(thread, server).idle.fetch_sub(1, Relaxed);
        lists.slots.take(place.slot)
    }

    /// See [`super::Pool::put`]. `None`: it was closed. Else the time of the purge that it began.
    pub(super) fn put(&self, thread: usize, conn: Conn, now_ms: u64) -> Option<Option<u64>> {
        let (server, tag, proven) = (conn.server, conn.tag, conn.kept.served > 1);
        let (limits, counts) = (&self.limits[server], self.counts(thread, server));
        let sockets = self.sockets();
        let is_full = limits.most != usize::MAX && self.idle(server) >= limits.most;
        if limits.purge_delay == 0 || sockets >= self.settings.many_sockets || is_full {
            return None;
        }
        let mut lists = self.lists(thread);
        let list = &lists.servers[server];
        let is_first = list.proven.is_empty() && (proven || list.unproven.is_empty());
        if !is_first && (sockets >= self.settings.few_sockets || !counts.needs_more(limits.low)) {
            return None;
        }
        let slot = lists.slots.put(conn)?;
        let list = &mut lists.servers[server];
        let places = if proven { &mut list.proven } else { &mut list.unproven };
        places.push_back(Place { tag, slot, since: now_ms });
        let begins = list.purge_ms == 0;
        if begins {
            list.purge_ms = now_ms + limits.purge_delay;
        }
        let due = begins.then_some(list.purge_ms);
        counts.idle.fetch_add(1, Relaxed);
        Some(due)
    }

    /// See [`super::Pool::close_idle`].
    pub(super) fn close_idle(&self, thread: usize, server: usize) -> bool {
        let count = self.threads.len();
        (0..count).map(|step| (thread + step) % count).any(|of| {
            if self.idle_of(of, server) == 0 {
                return false;
            }
            let mut lists = self.lists(of);
            let Some(place) = lists.servers[server].take_oldest() else { return false };
            drop(lists.slots.take(place.slot));
            self.ended(of, server, 1);
            true
        })
    }

    /// Drops the thread's idle connections.
    pub(super) fn clear(&self, thread: usize) {
        let mut lists = self.lists(thread);
        let Lists { servers, slots } = &mut *lists;
        for (server, list) in servers.iter_mut().enumerate() {
            self.ended(thread, server, list.len());
            for place in list.unproven.drain(..).chain(list.proven.drain(..)) {
                drop(slots.take(place.slot));
            }
        }
    }

    /// Drops those of the thread's that their servers closed.
    pub(super) fn drop_closed(&self, thread: usize, cx: &mut Context<'_>) {
        let mut lists = self.lists(thread);
        while let Some(slot) = lists.slots.poll_woken(cx) {
            if let Some(server) = lists.slots.look(slot) {
                let list = &mut lists.servers[server];
                list.unproven.retain(|place| place.slot != slot);
                list.proven.retain(|place| place.slot != slot);
                self.ended(thread, server, 1);
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
            let excess = self.counts(thread, server).excess().min(list.len());
            for place in (0..excess).map_while(|_| list.take_oldest()) {
                drop(slots.take(place.slot));
            }
            self.ended(thread, server, excess);
            let delay = self.limits[server].purge_delay;
            list.purge_ms = if list.len() == 0 { 0 } else { now_ms + delay };
        }
        servers.iter().map(|list| list.purge_ms).filter(|&due| due > 0).min()
    }

    /// Idle connections are closed.
    fn ended(&self, thread: usize, server: usize, count: usize) {
        if count > 0 {
            self.counts(thread, server).idle.fetch_sub(count, Relaxed);
            self.sockets.fetch_sub(count, Relaxed);
        }
    }

    /// One that was taken turned out closed.
    pub(super) fn lost(&self) {
        self.sockets.fetch_sub(1, Relaxed);
    }

    fn sockets(&self) -> usize {
        self.sockets.load(Relaxed) + self.settings.clients.get() as usize
    }
}

impl Counts {
    /// Whether one that is used now is worth keeping beside the idle ones.
    fn needs_more(&self, low: usize) -> bool {
        let used = self.used.load(Relaxed);
        used + self.idle.load(Relaxed) <= used.max(self.needed.load(Relaxed)) + low
    }

    /// How many are to be closed now: half of what was not needed of late, and one.
    fn excess(&self) -> usize {
        let (used, most) = (self.used.load(Relaxed), self.most_used.load(Relaxed));
        let (idle, needed) = (self.idle.load(Relaxed), self.needed.load(Relaxed));
        let excess = (used + idle).saturating_sub(most.max(needed)).div_ceil(2);
        self.needed.store(((needed + most) / 2).max(most), Relaxed);
        self.most_used.store(used, Relaxed);
        if excess == 0 { 0 } else { excess + 1 }
    }
}

#[cfg(test)]
impl Shared {
    /// How many slots a thread ever made.
    pub(super) fn slots_made(&self, thread: usize) -> usize {
        self.lists(thread).slots.len()
    }
}
