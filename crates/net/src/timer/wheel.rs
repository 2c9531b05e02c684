//! The hierarchical wheel: six levels of 64 slots, a slot of level n is 64^n ms wide. Pure:
//! `now` is passed in.
//!
//! ```text
//! level 0   now ... +63 ms         one slot a millisecond
//! level 1   ... +4 s               one slot 64 ms
//! level 5   ... +2 years
//! ```
//!
//! An entry stands in the slot of the time it was *queued* for. Its deadline may have moved later
//! since (a store); when the slot comes up it is queued again. Slots are lists linked by index
//! through the entries, so that nothing allocates but the growth of the entries' table.

use std::task::{Context, Poll, Waker};

const LEVELS: usize = 6;
const SLOTS: usize = 64;
const BITS: u32 = 6;
/// The farthest time an entry is queued for, from now; a later deadline is queued again then.
const RANGE: u64 = 1 << (BITS * LEVELS as u32);
const NIL: u32 = u32::MAX;
const NEVER: u64 = u64::MAX;

/// An entry's place in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(u32);

#[derive(Debug)]
struct Entry {
    /// [`NEVER`] while unset.
    deadline: u64,
    /// The time of its slot, [`NEVER`] while in none.
    queued: u64,
    /// Which list it is in, as `level * SLOTS + slot`; free entries use `next` alone.
    list: u32,
    next: u32,
    prev: u32,
    waker: Option<Waker>,
}

/// See the module.
#[derive(Debug)]
pub struct Wheel {
    entries: Vec<Entry>,
    free: u32,
    heads: [u32; LEVELS * SLOTS],
    /// One bit a slot that is not empty.
    occupied: [u64; LEVELS],
    /// All slots before this time have been run.
    now: u64,
    /// When the driver is going to look again; [`NEVER`] while it waits for a wake.
    armed: u64,
    driver: Option<Waker>,
}

impl Wheel {
    pub fn new(now: u64) -> Self {
        Self {
            entries: Vec::new(),
            free: NIL,
            heads: [NIL; LEVELS * SLOTS],
            occupied: [0; LEVELS],
            now,
            armed: NEVER,
            driver: None,
        }
    }

    /// A new entry, unset.
    pub fn insert(&mut self) -> Key {
        let fresh = Entry { deadline: NEVER, queued: NEVER, list: NIL, next: NIL, prev: NIL, waker: None };
        match self.entries.get_mut(self.free as usize) {
            Some(entry) => {
                let key = self.free;
                self.free = entry.next;
                *entry = fresh;
                Key(key)
            }
            None => {
                self.entries.push(fresh);
                Key(self.entries.len() as u32 - 1)
            }
        }
    }

    pub fn remove(&mut self, key: Key) {
        self.unlink(key.0);
        let entry = &mut self.entries[key.0 as usize];
        entry.deadline = NEVER;
        entry.waker = None;
        entry.next = self.free;
        self.free = key.0;
    }

    pub fn set(&mut self, key: Key, deadline: u64) {
        let deadline = deadline.min(NEVER - 1);
        let entry = &mut self.entries[key.0 as usize];
        entry.deadline = deadline;
        if deadline < entry.queued {
            self.unlink(key.0);
            self.link(key.0);
            self.rearm(deadline);
        }
    }

    pub fn clear(&mut self, key: Key) {
        self.entries[key.0 as usize].deadline = NEVER;
    }

    pub fn deadline(&self, key: Key) -> Option<u64> {
        Some(self.entries[key.0 as usize].deadline).filter(|&deadline| deadline != NEVER)
    }

    pub fn poll_expired(&mut self, key: Key, cx: &mut Context<'_>) -> Poll<()> {
        let entry = &mut self.entries[key.0 as usize];
        if entry.deadline < self.now {
            return Poll::Ready(());
        }
        match &mut entry.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    /// The wakers of all that wait: they leave new ones when they wait again.
    pub fn take_wakers(&mut self) -> Vec<Waker> {
        self.entries.iter_mut().filter_map(|entry| entry.waker.take()).collect()
    }

    /// Wakes everything due at `now` and gives the next time something may be due. `driver` is
    /// woken when an earlier one comes up in between.
    pub fn advance(&mut self, now: u64, driver: &Waker) -> Option<u64> {
        while let Some((time, level)) = self.next_slot() {
            if time > now {
                break;
            }
            // Past this slot, so that what it holds is linked relative to its time.
            self.now = time;
            self.run_slot(level, now);
        }
        self.now = self.now.max(now + 1);
        match &mut self.driver {
            Some(waker) => waker.clone_from(driver),
            none => *none = Some(driver.clone()),
        }
        let next = self.next_slot().map(|(time, _)| time);
        self.armed = next.unwrap_or(NEVER);
        next
    }

    /// Empties the slot at `self.now` of a level: wakes what is due, queues again what is not.
    fn run_slot(&mut self, level: usize, now: u64) {
        let list = level * SLOTS + slot_of(self.now, level);
        let mut key = std::mem::replace(&mut self.heads[list], NIL);
        self.occupied[level] &= !(1 << (list % SLOTS));
        while key != NIL {
            let entry = &mut self.entries[key as usize];
            let next = entry.next;
            entry.queued = NEVER;
            entry.list = NIL;
            if entry.deadline <= now {
                if let Some(waker) = entry.waker.take() {
                    waker.wake();
                }
            } else if entry.deadline != NEVER {
                self.link(key);
            }
            key = next;
        }
    }

    /// The time and level of the first slot that is not empty. Where two levels start at the
    /// same time, the coarse one comes first: its entries move to the finer one.
    fn next_slot(&self) -> Option<(u64, usize)> {
        let mut best: Option<(u64, usize)> = None;
        for level in (0..LEVELS).rev() {
            if self.occupied[level] == 0 {
                continue;
            }
            let shift = BITS * level as u32;
            let from = slot_of(self.now, level) as u32;
            let ahead = u64::from(self.occupied[level].rotate_right(from).trailing_zeros());
            let time = (((self.now >> shift) + ahead) << shift).max(self.now);
            if best.is_none_or(|(first, _)| time < first) {
                best = Some((time, level));
            }
        }
        best
    }

    /// Puts an entry into the slot of its deadline.
    fn link(&mut self, key: u32) {
        let entry = &mut self.entries[key as usize];
        let time = entry.deadline.clamp(self.now, self.now + RANGE - RANGE / SLOTS as u64);
        let level = level_of(self.now, time);
        let slot = slot_of(time, level);
        let list = level * SLOTS + slot;
        let head = self.heads[list];
        entry.queued = time;
        entry.list = list as u32;
        entry.prev = NIL;
        entry.next = head;
        if head != NIL {
            self.entries[head as usize].prev = key;
        }
        self.heads[list] = key;
        self.occupied[level] |= 1 << slot;
    }

    /// Takes an entry out of its slot, where it is in one.
    fn unlink(&mut self, key: u32) {
        let entry = &mut self.entries[key as usize];
        let (list, prev, next) = (entry.list, entry.prev, entry.next);
        if list == NIL {
            return;
        }
        entry.list = NIL;
        entry.queued = NEVER;
        if next != NIL {
            self.entries[next as usize].prev = prev;
        }
        if prev != NIL {
            self.entries[prev as usize].next = next;
        } else {
            self.heads[list as usize] = next;
            if next == NIL {
                self.occupied[list as usize / SLOTS] &= !(1 << (list as usize % SLOTS));
            }
        }
    }

    /// Wakes the driver where it sleeps past `time`.
    fn rearm(&mut self, time: u64) {
        if time < self.armed {
            self.armed = time;
            if let Some(driver) = self.driver.take() {
                driver.wake();
            }
        }
    }
}

fn slot_of(time: u64, level: usize) -> usize {
    (time >> (BITS * level as u32)) as usize % SLOTS
}

/// The finest level on which `time` is less than a round from `now`.
fn level_of(now: u64, time: u64) -> usize {
    (0..LEVELS - 1)
        .find(|&level| {
            let shift = BITS * level as u32;
            (time >> shift) - (now >> shift) < SLOTS as u64
        })
        .unwrap_or(LEVELS - 1)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Count {
        fn get(&self) -> usize {
            self.0.load(Ordering::Relaxed)
        }
    }

    fn is_expired(wheel: &mut Wheel, key: Key) -> bool {
        wheel.poll_expired(key, &mut Context::from_waker(Waker::noop())).is_ready()
    }

    /// Sets one timer and follows the wheel's own schedule: it must ring at the deadline.
    #[track_caller]
    fn check(start: u64, wait: u64) {
        let mut wheel = Wheel::new(start);
        wheel.advance(start, Waker::noop());
        let rung = Arc::new(Count::default());
        let waker = rung.clone().into();
        let key = wheel.insert();
        wheel.set(key, start + wait);
        assert!(wheel.poll_expired(key, &mut Context::from_waker(&waker)).is_pending());
        let mut now = start;
        let mut turns = 0;
        while rung.get() == 0 {
            now = wheel.advance(now, Waker::noop()).expect("nothing to wait for").max(now);
            wheel.advance(now, Waker::noop());
            turns += 1;
            assert!(turns < 20, "start {start} wait {wait}: it never rings");
        }
        assert_eq!(now, start + wait, "start {start} wait {wait}");
        assert!(is_expired(&mut wheel, key));
    }

    #[test]
    fn rings_at_the_deadline() {
        for start in [0, 1, 63, 64, 4095, 4096, 123_456_789, RANGE - 1, RANGE] {
            for wait in [1, 2, 62, 63, 64, 65, 127, 128, 4031, 4032, 4095, 4096, 4097, 600_000, 2_147_483_647]
            {
                check(start, wait);
            }
        }
        let mut wheel = Wheel::new(9);
        wheel.advance(9, Waker::noop());
        let key = wheel.insert();
        wheel.set(key, 9);
        assert!(is_expired(&mut wheel, key), "a deadline that is now");
        // Past the range it is queued again on the way.
        check(5, RANGE * 3);
    }

    #[test]
    fn a_late_turn_runs_everything_due() {
        let mut wheel = Wheel::new(1000);
        let keys: Vec<Key> = (0..200).map(|_| wheel.insert()).collect();
        for (index, key) in keys.iter().enumerate() {
            wheel.set(*key, 1000 + 37 * index as u64);
        }
        wheel.advance(1000 + 37 * 100, Waker::noop());
        for (index, key) in keys.iter().enumerate() {
            assert_eq!(is_expired(&mut wheel, *key), index <= 100, "{index}");
        }
    }

    #[test]
    fn the_driver_is_woken_only_for_an_earlier_time() {
        let mut wheel = Wheel::new(0);
        let driver = Arc::new(Count::default());
        let waker: Waker = driver.clone().into();
        let (first, second) = (wheel.insert(), wheel.insert());
        let mut steps = Vec::new();
        wheel.advance(0, &waker);
        for (key, deadline) in [(first, 1000), (first, 2000), (second, 1500), (second, 500)] {
            wheel.set(key, deadline);
            steps.push(driver.get());
            wheel.advance(1, &waker);
        }
        // 1500 comes after the slot that still stands at 1000.
        assert_eq!(steps, [1, 1, 1, 2]);
    }

    #[test]
    fn slots_of_the_table_are_reused() {
        let mut wheel = Wheel::new(0);
        for round in 0..1000 {
            let key = wheel.insert();
            wheel.set(key, 600_000 + round);
            wheel.remove(key);
        }
        assert_eq!(wheel.entries.len(), 1);
        assert_eq!(wheel.occupied, [0; LEVELS]);
    }

    /// Any mix of calls behaves as a plain map of deadlines.
    #[test]
    fn behaves_as_a_map() {
        let mut seed = 0x2545_f491_4f6c_dd1d_u64;
        let mut random = move |below: u64| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed % below
        };
        let mut wheel = Wheel::new(7);
        let mut model: HashMap<u32, u64> = HashMap::new();
        let mut keys: Vec<Key> = Vec::new();
        let mut now = 7;
        for _ in 0..50_000 {
            let pick = random(1 << 32) as usize;
            match random(10) {
                0 => {
                    let key = wheel.insert();
                    assert!(model.insert(key.0, NEVER).is_none());
                    keys.push(key);
                }
                1 if !keys.is_empty() => {
                    let key = keys.swap_remove(pick % keys.len());
                    wheel.remove(key);
                    model.remove(&key.0);
                }
                2 if !keys.is_empty() => {
                    let key = keys[pick % keys.len()];
                    wheel.clear(key);
                    model.insert(key.0, NEVER);
                }
                3..=7 if !keys.is_empty() => {
                    let key = keys[pick % keys.len()];
                    let reach = 1 << random(24);
                    let deadline = now + random(reach);
                    wheel.set(key, deadline);
                    model.insert(key.0, deadline);
                }
                _ => {
                    let reach = 1 << random(16);
                    now += random(reach);
                    let next = wheel.advance(now, Waker::noop());
                    let earliest = model.values().filter(|&&d| d > now && d != NEVER).min();
                    if let Some(&earliest) = earliest {
                        assert!(next.is_some_and(|next| next <= earliest), "sleeps past {earliest}");
                    }
                    for key in &keys {
                        assert_eq!(is_expired(&mut wheel, *key), model[&key.0] <= now);
                    }
                }
            }
        }
    }
}
