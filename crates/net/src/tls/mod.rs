//! TLS: the only place that names the TLS library. A [`ServerContext`] stands for a `bind … ssl`
//! line, a [`ClientContext`] for a `server … ssl` line, a [`Tls`] for a connection.
//! Left out: 0-RTT, OCSP stapling.

mod client;
mod error;
mod facts;
mod ffi;
mod forge;
mod hello;
mod make;
mod names;
mod notes;
mod pace;
mod pem;
pub mod samples;
mod server;
mod settings;
mod stream;
mod tickets;
mod trial;

pub use client::{Ask, ClientContext, ClientSession};
pub use error::{ContextError, Failed, HandshakeError};
pub use make::{private_key, temporary_certificate};
pub use notes::Kept;
pub use pem::{certificate_names, check_pem, has_foreign_key};
pub use server::ServerContext;
pub use settings::{List, check_ca_file, is_valid_list};
pub use stream::Tls;
pub use trial::{Refusal, dh_is_strong, has_issuer, names_responder, try_certificate};

/// Versions of the TLS library, for `-vv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LibraryInfo {
    /// `OpenSSL 3.0.17 1 Jul 2025`, at run time.
    pub running: &'static str,
    /// The number at run time, as `0x30000110`.
    pub number: u64,
}

/// The TLS library's version.
pub fn library_info() -> LibraryInfo {
    LibraryInfo { running: openssl::version::version(), number: openssl::version::number() as u64 }
}

/// Whether there is a public key in a text in PEM form.
pub fn is_public_key(pem: &[u8]) -> bool {
    openssl::pkey::PKey::public_key_from_pem(pem).is_ok()
}

/// Whether the library knows a digest of that name.
pub fn has_digest(name: &[u8]) -> bool {
    std::str::from_utf8(name).is_ok_and(|name| openssl::hash::MessageDigest::from_name(name).is_some())
}

#[cfg(test)]
mod tests;
