//! A TLS connection after its handshake, and what the handshake agreed on.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use openssl::ssl::{NameType, SslRef};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_openssl::SslStream;

use super::ClientSession;
use crate::socket::{Idle, Socket};

/// See the module.
#[derive(Debug)]
pub struct Tls {
    pub(super) stream: SslStream<Socket>,
}

impl Tls {
    /// As [`crate::io::Io::poll_read`]. A close without close_notify is an end as well.
    pub fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }

    /// As [`crate::io::Io::poll_write`]: at most one record.
    pub fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    /// close_notify, then FIN.
    pub fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    /// As [`crate::io::Io::peek`].
    pub fn peek(&mut self) -> Idle {
        match self.socket().peek() {
            Idle::Data => {}
            other => return other,
        }
        // There is a record, perhaps one without data. The waker that this replaces belongs to
        // the caller, who registers it again when it waits.
        let mut cx = Context::from_waker(Waker::noop());
        match Pin::new(&mut self.stream).poll_peek(&mut cx, &mut [0]) {
            Poll::Pending => Idle::Quiet,
            Poll::Ready(Ok(1..)) => Idle::Data,
            Poll::Ready(_) => Idle::Closed,
        }
    }

    pub fn socket(&self) -> &Socket {
        self.stream.get_ref()
    }

    /// The protocol that ALPN chose, as `h2`.
    pub fn alpn(&self) -> Option<&[u8]> {
        self.ssl().selected_alpn_protocol()
    }

    /// `TLSv1.3`
    pub fn version(&self) -> &'static str {
        self.ssl().version_str()
    }

    /// `TLS_AES_128_GCM_SHA256`
    pub fn cipher(&self) -> &'static str {
        self.ssl().current_cipher().map_or("(NONE)", |cipher| cipher.name())
    }

    /// The name that the client asked for, as it sent it.
    pub fn sni(&self) -> Option<&[u8]> {
        self.ssl().servername_raw(NameType::HOST_NAME)
    }

    /// Whether the session was resumed.
    pub fn resumed(&self) -> bool {
        self.ssl().session_reused()
    }

    /// The other side's certificate, DER.
    pub fn peer_certificate(&self) -> Option<Vec<u8>> {
        self.ssl().peer_certificate()?.to_der().ok()
    }

    /// X.509's number of the verification's result; 0 is fine.
    pub fn verify_result(&self) -> i32 {
        self.ssl().verify_result().as_raw()
    }

    /// The session, for the next connection to the same server. With TLS 1.3 there is one only
    /// after the server's first bytes.
    pub fn session(&self) -> Option<ClientSession> {
        self.ssl().session().map(|session| ClientSession(session.to_owned()))
    }

    fn ssl(&self) -> &SslRef {
        self.stream.ssl()
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        super::ffi::keep_session(self.ssl());
    }
}
