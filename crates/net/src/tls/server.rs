//! The TLS side of a `bind` line.

use ir::config::{TlsBind, Tune};

use super::{HandshakeError, Tls};
use crate::socket::Socket;

/// Certificates, names and settings of a `bind … ssl` line. Shared by all threads.
pub struct ServerContext {}

impl ServerContext {
    /// Loads everything the line names. `ca_file` and the like are read here.
    ///
    /// # Errors
    /// HAProxy's messages, without the place.
    pub fn new(_bind: &TlsBind, _tune: &Tune) -> Result<Self, String> {
        todo!()
    }

    /// The handshake with a client. The caller limits the time.
    ///
    /// # Errors
    /// See [`HandshakeError`]. The alert has been sent; the socket is closed.
    pub async fn accept(&self, _socket: Socket) -> Result<Box<Tls>, HandshakeError> {
        todo!()
    }
}
