//! The idle HTTP/2 connections of all threads. Who has none of a kind takes one of another thread, as with
//! those of HTTP/1 ([`net::pool`]): the connection's task then finds it gone and ends, the socket is watched
//! by the new thread's runtime. Each thread has a list with a lock of its own, which is held for one push or
//! pop, or while the connection's own task looks after it; others pass over one that is held.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use h2::client::{Connection, SendRequest};
use state::tls::TlsFacts;

use super::rules::Rules;
use super::wire::Wire;
use crate::mux::h2::pings::Pings;
use crate::mux::h2::server_io::ServerIo;

/// What moves a connection's frames.
pub struct Driven {
    pub connection: Connection<ServerIo, Bytes>,
    pub pings: Option<Pings>,
    /// Its window was opened.
    pub widened: bool,
}

/// A connection that no stream uses.
pub struct Parked {
    pub id: u64,
    pub server: usize,
    pub mark: u64,
    pub rules: Rules,
    pub sender: SendRequest<Bytes>,
    pub driven: Box<Driven>,
    pub wire: Arc<Wire>,
    /// Streams that it served.
    pub served: u32,
    /// Since when it is idle, in milliseconds.
    pub idle_since: u64,
    pub tls: Option<Arc<TlsFacts>>,
    pub addresses: Option<(SocketAddr, SocketAddr)>,
}

/// What belongs to a thread, apart from the others' in the processor's memory.
#[repr(align(128))]
struct Lot {
    /// Connections by server.
    counts: Vec<AtomicUsize>,
    parked: Mutex<Vec<Parked>>,
}

/// See the module.
pub struct Parking {
    /// `pool-low-conn` by server: with fewer idle connections no thread takes another's.
    low: Vec<usize>,
    lots: Vec<Lot>,
}

impl Parking {
    pub fn new(low: Vec<usize>, threads: usize) -> Self {
        let lot =
            |_| Lot { counts: low.iter().map(|_| AtomicUsize::new(0)).collect(), parked: Mutex::default() };
        Self { lots: (0..threads).map(lot).collect(), low }
    }

    fn lot(&self, thread: usize) -> MutexGuard<'_, Vec<Parked>> {
        self.lots[thread].parked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, thread: usize, server: usize) -> usize {
        self.lots[thread].counts.get(server).map_or(0, |count| count.load(Relaxed))
    }

    /// Connections to a server that other threads have to spare.
    pub fn others(&self, thread: usize, server: usize) -> usize {
        let all: usize = (0..self.lots.len()).map(|lot| self.count(lot, server)).sum();
        if all < self.low.get(server).copied().unwrap_or_default() {
            0
        } else {
            all - self.count(thread, server)
        }
    }

    pub fn put(&self, thread: usize, parked: Parked) {
        self.lots[thread].counts[parked.server].fetch_add(1, Relaxed);
        self.lot(thread).push(parked);
    }

    /// Takes a connection back; `None`: another thread has it.
    pub fn take(&self, thread: usize, id: u64) -> Option<Parked> {
        let mut lot = self.lot(thread);
        let at = lot.iter().position(|parked| parked.id == id)?;
        Some(self.leave(thread, &mut lot, at))
    }

    /// Looks after a connection where it stands; `None`: another thread has it.
    pub fn with<R>(&self, thread: usize, id: u64, run: impl FnOnce(&mut Driven) -> R) -> Option<R> {
        let mut lot = self.lot(thread);
        let parked = lot.iter_mut().find(|parked| parked.id == id)?;
        Some(run(&mut parked.driven))
    }

    /// One of another thread's, the one that is idle for the shortest time first.
    pub fn take_other(&self, thread: usize, server: usize, fits: impl Fn(&Parked) -> bool) -> Option<Parked> {
        let count = self.lots.len();
        (1..count).map(|step| (thread + step) % count).find_map(|other| {
            if self.count(other, server) == 0 {
                return None;
            }
            let mut lot = self.lots[other].parked.try_lock().ok()?;
            let at = lot.iter().rposition(|parked| parked.server == server && fits(parked))?;
            Some(self.leave(other, &mut lot, at))
        })
    }

    fn leave(&self, thread: usize, lot: &mut Vec<Parked>, at: usize) -> Parked {
        let parked = lot.remove(at);
        self.lots[thread].counts[parked.server].fetch_sub(1, Relaxed);
        parked
    }
}
