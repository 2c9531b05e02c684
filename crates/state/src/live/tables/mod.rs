//! Stick tables (manual, section 11.1): counters by key, shared by all threads. A table is
//! sharded by the hash of its keys; a shard's lock is held for one look-up or update and only
//! inside this module. Left out: who counts what when (`crate::track`), and the peers.

mod data;
pub mod key;
mod shard;

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use data::{DataType, Layout, Row};
use ir::types::SampleType;
use shard::Shard;

/// A table with room for fewer entries than this for each shard gets fewer shards.
const ENTRIES_A_SHARD: u32 = 256;
const MOST_SHARDS: u32 = 64;

/// A stick table.
#[derive(Debug)]
pub struct Table {
    layout: Layout,
    key: SampleType,
    key_len: usize,
    size: u32,
    /// Milliseconds; 0: never.
    expire: u64,
    nopurge: bool,
    used: AtomicU32,
    hasher: RandomState,
    /// A power of two.
    shards: Box<[Mutex<Shard>]>,
}

/// An entry that a stream or a session counts in. It stays in its table as long as this lives.
#[derive(Debug)]
pub struct Tracked {
    pub table: &'static Table,
    shard: u32,
    at: u32,
}

impl Table {
    pub fn new(settings: &ir::config::StickTable) -> Self {
        let shards = (settings.size / ENTRIES_A_SHARD).clamp(1, MOST_SHARDS);
        // The largest power of two that is not above it.
        let shards = 1u32 << shards.ilog2();
        Self {
            layout: Layout::new(&settings.data, settings.brates_factor),
            key: settings.key,
            key_len: settings.key_len,
            size: settings.size,
            expire: settings.expire,
            nopurge: settings.nopurge,
            used: AtomicU32::new(0),
            hasher: RandomState::new(),
            shards: (0..shards).map(|_| Mutex::new(Shard::new())).collect(),
        }
    }

    /// The type of the keys, and the bytes of a text or binary one.
    pub fn key_type(&self) -> (SampleType, usize) {
        (self.key, self.key_len)
    }

    pub fn stores(&self, kind: DataType) -> bool {
        self.layout.stores(kind)
    }

    /// How many entries the table has room for.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// How many entries there are. Those that expired are dropped before.
    pub fn used(&self, now: u64) -> u32 {
        for shard in &self.shards {
            self.drop_expired(&mut lock(shard), now, u32::MAX);
        }
        self.used.load(Ordering::Relaxed)
    }

    /// What `f` makes of an entry, if the key has one.
    pub fn find<R>(&self, key: &[u8], now: u64, f: impl FnOnce(&mut Row<'_>) -> R) -> Option<R> {
        let (hash, shard) = self.place(key);
        let mut shard = lock(&self.shards[shard]);
        let at = self.alive(&mut shard, hash, key, now)?;
        Some(shard.with(at, &self.layout, (self.expire, now), f))
    }

    /// The same, for a key whose entry is made where there is none. `None`: the table is full.
    pub fn find_or_make<R>(&self, key: &[u8], now: u64, f: impl FnOnce(&mut Row<'_>) -> R) -> Option<R> {
        self.entry(self.place(key), key, now, |shard, at| shard.with(at, &self.layout, (self.expire, now), f))
    }

    /// Begins to track the entry of a key, which is made where there is none. `None`: the table
    /// is full.
    pub fn track(&'static self, key: &[u8], now: u64) -> Option<Tracked> {
        let place @ (_, shard) = self.place(key);
        let at = self.entry(place, key, now, |shard, at| {
            shard.touch(at, now);
            shard.track(at);
            at
        })?;
        Some(Tracked { table: self, shard: u32::try_from(shard).unwrap_or(0), at })
    }

    /// Calls `f` with the key and the data of each entry, a shard after the other.
    pub fn each(&self, now: u64, mut f: impl FnMut(&[u8], &mut Row<'_>)) {
        for shard in &self.shards {
            let shard = &mut *lock(shard);
            self.drop_expired(shard, now, u32::MAX);
            let all: Vec<u32> = shard.iter().collect();
            for at in all {
                let key = shard.key(at).to_vec();
                shard.with(at, &self.layout, (self.expire, now), |row| f(&key, row));
            }
        }
    }

    /// The hash of a key and the index of its shard.
    fn place(&self, key: &[u8]) -> (u64, usize) {
        let hash = self.hasher.hash_one(key);
        // The upper half: the lower one chooses the place inside the shard.
        (hash, (hash >> 32) as usize & (self.shards.len() - 1))
    }

    /// The entry of a key that did not expire.
    fn alive(&self, shard: &mut Shard, hash: u64, key: &[u8], now: u64) -> Option<u32> {
        let at = shard.find(hash, key)?;
        if shard.is_expired(at, self.expire, now) {
            self.remove(shard, at);
            return None;
        }
        Some(at)
    }

    fn entry<R>(
        &self,
        (hash, index): (u64, usize),
        key: &[u8],
        now: u64,
        f: impl FnOnce(&mut Shard, u32) -> R,
    ) -> Option<R> {
        let mut shard = lock(&self.shards[index]);
        if let Some(at) = self.alive(&mut shard, hash, key, now) {
            return Some(f(&mut shard, at));
        }
        // Each new entry pays for two old ones, so that expired ones do not pile up.
        self.drop_expired(&mut shard, now, 2);
        if self.used.fetch_add(1, Ordering::Relaxed) >= self.size && !self.make_room(&mut shard, index) {
            self.used.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        let at = shard.insert(hash, key, &self.layout, now);
        Some(f(&mut shard, at))
    }

    /// Drops the entry that was untouched longest, here or in the next shard that is not locked.
    fn make_room(&self, here: &mut Shard, index: usize) -> bool {
        if self.nopurge {
            return false;
        }
        if let Some(at) = here.oldest() {
            self.remove(here, at);
            return true;
        }
        let others = self.shards.iter().cycle().skip(index + 1).take(self.shards.len() - 1);
        others.filter_map(|shard| shard.try_lock().ok()).any(|mut shard| match shard.oldest() {
            Some(at) => {
                self.remove(&mut shard, at);
                true
            }
            None => false,
        })
    }

    fn drop_expired(&self, shard: &mut Shard, now: u64, most: u32) {
        for _ in 0..most {
            match shard.oldest() {
                Some(at) if shard.is_expired(at, self.expire, now) => self.remove(shard, at),
                _ => return,
            }
        }
    }

    fn remove(&self, shard: &mut Shard, at: u32) {
        shard.remove(at);
        self.used.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Tracked {
    /// What `f` makes of the entry.
    pub fn with<R>(&self, now: u64, f: impl FnOnce(&mut Row<'_>) -> R) -> R {
        let table = self.table;
        lock(&table.shards[self.shard as usize]).with(self.at, &table.layout, (table.expire, now), f)
    }

    /// Calls `f` with the entry's key, while its shard is locked.
    pub fn key<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
        f(lock(&self.table.shards[self.shard as usize]).key(self.at))
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        lock(&self.table.shards[self.shard as usize]).release(self.at);
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
