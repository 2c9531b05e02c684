//! The small vocabulary every layer shares: byte strings, times, sizes, addresses, hashes, rates.
//!
//! Left out: anything that does I/O, reads a clock or knows a keyword.

pub mod addr;
pub mod bytes;
pub mod env;
pub mod freq;
pub mod hash;
pub mod net;
pub mod pattern;
pub mod size;
pub mod time;
pub mod varint;
pub mod word;
