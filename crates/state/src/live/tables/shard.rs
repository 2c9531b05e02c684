//! A part of a stick table: the entries whose keys hash into it. All entries of a table live
//! equally long after they were last touched, so a list in the order of touching is one in the
//! order of expiry: its old end is looked at, nothing is searched.

use base::freq::Rate;
use hashbrown::HashTable;

use super::data::{Layout, Row};

/// No entry.
const NONE: u32 = u32::MAX;

#[derive(Debug)]
struct Entry {
    key: Box<[u8]>,
    hash: u64,
    /// Monotonic milliseconds.
    touched: u64,
    trackers: u32,
    /// Neighbours in the order of touching. Tracked entries are not in it: they do not expire.
    older: u32,
    newer: u32,
}

/// See the module. Numbers and rates of all entries stand in two vectors, so that an entry costs
/// no allocation but its key's.
#[derive(Debug)]
pub(super) struct Shard {
    index: HashTable<u32>,
    entries: Vec<Entry>,
    numbers: Vec<u64>,
    rates: Vec<Rate>,
    free: Vec<u32>,
    oldest: u32,
    newest: u32,
}

impl Shard {
    pub fn new() -> Self {
        Self {
            index: HashTable::new(),
            entries: Vec::new(),
            numbers: Vec::new(),
            rates: Vec::new(),
            free: Vec::new(),
            oldest: NONE,
            newest: NONE,
        }
    }

    pub fn find(&self, hash: u64, key: &[u8]) -> Option<u32> {
        self.index.find(hash, |at| *self.entries[*at as usize].key == *key).copied()
    }

    /// Adds an entry whose key is not there yet, touched at `now`.
    pub fn insert(&mut self, hash: u64, key: &[u8], layout: &Layout, now: u64) -> u32 {
        let entry = Entry { key: key.into(), hash, touched: now, trackers: 0, older: NONE, newer: NONE };
        let at = match self.free.pop() {
            Some(at) => {
                self.entries[at as usize] = entry;
                let (numbers, rates) = self.data(at, layout);
                numbers.fill(0);
                rates.fill(Rate::default());
                at
            }
            None => {
                self.entries.push(entry);
                self.numbers.resize(self.entries.len() * layout.numbers, 0);
                self.rates.resize(self.entries.len() * layout.rates, Rate::default());
                (self.entries.len() - 1) as u32
            }
        };
        let entries = &self.entries;
        self.index.insert_unique(hash, at, |at| entries[*at as usize].hash);
        self.append(at);
        at
    }

    pub fn remove(&mut self, at: u32) {
        let entry = &self.entries[at as usize];
        if let Ok(found) = self.index.find_entry(entry.hash, |other| *other == at) {
            found.remove();
        }
        if entry.trackers == 0 {
            self.unlink(at);
        }
        self.entries[at as usize].key = Box::default();
        self.free.push(at);
    }

    /// The entry that was touched longest ago and that nobody tracks.
    pub fn oldest(&self) -> Option<u32> {
        (self.oldest != NONE).then_some(self.oldest)
    }

    /// Whether the entry outlived `expire` milliseconds; 0: entries live for ever.
    pub fn is_expired(&self, at: u32, expire: u64, now: u64) -> bool {
        let entry = &self.entries[at as usize];
        expire != 0 && entry.trackers == 0 && now.saturating_sub(entry.touched) >= expire
    }

    pub fn track(&mut self, at: u32) {
        if self.entries[at as usize].trackers == 0 {
            self.unlink(at);
        }
        self.entries[at as usize].trackers += 1;
    }

    pub fn release(&mut self, at: u32) {
        let entry = &mut self.entries[at as usize];
        entry.trackers = entry.trackers.saturating_sub(1);
        if entry.trackers == 0 {
            self.append(at);
        }
    }

    pub fn key(&self, at: u32) -> &[u8] {
        &self.entries[at as usize].key
    }

    /// All entries, in no order.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        self.index.iter().copied()
    }

    /// Lends the data of an entry; what `f` changes makes the entry live on.
    pub fn with<R>(
        &mut self,
        at: u32,
        layout: &Layout,
        (expire, now): (u64, u64),
        f: impl FnOnce(&mut Row<'_>) -> R,
    ) -> R {
        let entry = &self.entries[at as usize];
        let trackers = entry.trackers;
        let idle = now.saturating_sub(entry.touched);
        let (numbers, rates) = self.data(at, layout);
        let remaining = expire.saturating_sub(idle);
        let mut row = Row { layout, numbers, rates, now, touched: false, trackers, remaining, idle };
        let result = f(&mut row);
        if row.touched {
            self.touch(at, now);
        }
        result
    }

    /// Lets the entry live on from `now`.
    pub fn touch(&mut self, at: u32, now: u64) {
        self.entries[at as usize].touched = now;
        if self.entries[at as usize].trackers == 0 && self.newest != at {
            self.unlink(at);
            self.append(at);
        }
    }

    fn data(&mut self, at: u32, layout: &Layout) -> (&mut [u64], &mut [Rate]) {
        let range = |each: usize| at as usize * each..(at as usize + 1) * each;
        (&mut self.numbers[range(layout.numbers)], &mut self.rates[range(layout.rates)])
    }

    fn append(&mut self, at: u32) {
        let newest = self.newest;
        let entry = &mut self.entries[at as usize];
        (entry.older, entry.newer) = (newest, NONE);
        match self.entries.get_mut(newest as usize) {
            Some(before) => before.newer = at,
            None => self.oldest = at,
        }
        self.newest = at;
    }

    fn unlink(&mut self, at: u32) {
        let Entry { older, newer, .. } = self.entries[at as usize];
        match self.entries.get_mut(older as usize) {
            Some(before) => before.newer = newer,
            None => self.oldest = newer,
        }
        match self.entries.get_mut(newer as usize) {
            Some(behind) => behind.older = older,
            None => self.newest = older,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys from the oldest to the newest.
    fn order(shard: &Shard) -> Vec<u8> {
        let mut keys = Vec::new();
        let mut at = shard.oldest;
        while at != NONE {
            keys.push(shard.key(at)[0]);
            at = shard.entries[at as usize].newer;
        }
        keys
    }

    #[test]
    fn the_order_of_touching() {
        let layout = Layout::new(&[], 1);
        let mut shard = Shard::new();
        let [a, b, c] = [b"a", b"b", b"c"].map(|key| shard.insert(u64::from(key[0]), key, &layout, 10));
        assert_eq!(order(&shard), b"abc");
        shard.touch(a, 20);
        assert_eq!(order(&shard), b"bca");
        shard.track(c);
        assert_eq!(order(&shard), b"ba");
        assert!(!shard.is_expired(c, 5, 100) && shard.is_expired(b, 5, 15) && !shard.is_expired(b, 6, 15));
        shard.release(c);
        assert_eq!(order(&shard), b"bac");
        shard.remove(a);
        assert_eq!(order(&shard), b"bc");
        assert_eq!((shard.find(97, b"a"), shard.find(98, b"b")), (None, Some(b)));
        assert_eq!(shard.insert(97, b"a", &layout, 30), a);
        assert_eq!((order(&shard), shard.oldest()), (b"bca".to_vec(), Some(b)));
        assert_eq!(shard.iter().count(), 3);
    }
}
