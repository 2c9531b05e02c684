//! The TLS side of a `server` line.

use ir::config::TlsServer;

use super::{HandshakeError, Tls};
use crate::socket::Socket;

/// Settings of a `server … ssl` line. Shared by all threads.
pub struct ClientContext {}

/// A session to resume, taken from an earlier connection to the same server.
#[derive(Clone)]
pub struct ClientSession {}

impl ClientContext {
    /// Loads everything the line names. `verify_default` stands in where the line says nothing:
    /// required, unless `ssl-server-verify none`.
    ///
    /// # Errors
    /// HAProxy's messages, without the place.
    pub fn new(_server: &TlsServer, _verify_default: ir::config::Verify) -> Result<Self, String> {
        todo!()
    }

    /// The handshake with a server. `sni` is what the `sni` expression gave; a session makes it
    /// shorter. The caller limits the time.
    ///
    /// # Errors
    /// See [`HandshakeError`].
    pub async fn connect(
        &self,
        _socket: Socket,
        _sni: Option<&[u8]>,
        _session: Option<&ClientSession>,
    ) -> Result<Box<Tls>, HandshakeError> {
        todo!()
    }
}
