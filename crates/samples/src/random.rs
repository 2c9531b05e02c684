//! Random numbers for samples: a generator for each thread, seeded by the system. Not for
//! secrets.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

/// 64 random bits (xorshift64*).
pub fn next() -> u64 {
    thread_local! {
        // The standard library seeds its hashers from the system's source.
        static STATE: Cell<u64> = Cell::new(RandomState::new().hash_one(0) | 1);
    }
    let mut x = STATE.get();
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    STATE.set(x);
    x.wrapping_mul(0x2545_f491_4f6c_dd1d)
}
