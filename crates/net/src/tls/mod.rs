//! TLS: the only place that names the TLS library. A [`ServerContext`] stands for a `bind … ssl`
//! line, a [`ClientContext`] for a `server … ssl` line, a [`Tls`] for a connection.

mod client;
mod error;
mod pem;
mod server;
mod stream;

pub use client::{ClientContext, ClientSession};
pub use error::{HandshakeError, Side};
pub use pem::{certificate_names, check_pem};
pub use server::ServerContext;
pub use stream::Tls;

/// Versions of the TLS library, for `-vv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LibraryInfo {
    /// `OpenSSL 3.0.17 1 Jul 2025` at run time.
    pub running: &'static str,
    /// The number it was built against, as `0x30000110`.
    pub built: u64,
}

/// The TLS library's versions.
pub fn library_info() -> LibraryInfo {
    LibraryInfo { running: openssl::version::version(), built: openssl::version::number() as u64 }
}
