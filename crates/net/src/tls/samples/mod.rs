//! Sample fetches and converters whose functions need the TLS library: a family a file. They are
//! rows as those of the `samples` crate, behind which they stand in the order of ids.

mod aes;
mod args;
mod cek;
mod certificates;
mod ciphers;
mod digests;
mod jwe;
mod jwk;
mod jws;
mod keys;

pub use jwk::is_web_key;
pub use keys::load as load_keys;
use samples::{Converter, Fetch};

const FETCHES: &[&[Fetch]] = &[certificates::ROWS, ciphers::ROWS];

const CONVERTERS: &[&[Converter]] = &[aes::ROWS, digests::ROWS, jwe::ROWS, jws::ROWS];

/// The fetches, in the order of their ids.
pub fn fetches() -> impl Iterator<Item = &'static Fetch> {
    FETCHES.iter().copied().flatten()
}

/// The converters, in the order of their ids.
pub fn converters() -> impl Iterator<Item = &'static Converter> {
    CONVERTERS.iter().copied().flatten()
}

#[cfg(test)]
mod tests;
