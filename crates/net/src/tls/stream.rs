//! A TLS connection after its handshake, and what the handshake agreed on.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use openssl::ssl::{NameType, SslRef};
use state::live::Held;
use state::tls::TlsFacts;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_openssl::SslStream;

use super::notes::counting_key_updates;
use super::pace::Pace;
use super::{ClientSession, facts, ffi};
use crate::clock::now_ms;
use crate::socket::{Idle, Socket};

/// See the module.
#[derive(Debug)]
pub struct Tls {
    pub(super) stream: SslStream<Socket>,
    pub(super) facts: Option<Arc<TlsFacts>>,
    /// Its place among those that `maxsslconn` allows.
    pub held: Option<Held>,
    pub(super) pace: Pace,
}

impl Tls {
    /// As [`crate::io::Io::poll_read`]. A close without close_notify is an end as well.
    pub fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let stream = Pin::new(&mut self.stream);
        let (read, updates) = counting_key_updates(|| stream.poll_read(cx, buf));
        if !self.pace.bears(updates, now_ms) {
            // Whoever floods us with them is not listened to any more.
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        read
    }

    /// As [`crate::io::Io::poll_write`]: at most one record.
    pub fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let share = self.pace.share(buf.len(), now_ms);
        let written = Pin::new(&mut self.stream).poll_write(cx, &buf[..share]);
        self.pace.note(
            share,
            match &written {
                Poll::Ready(count) => Some(*count.as_ref().unwrap_or(&0)),
                Poll::Pending => None,
            },
        );
        written
    }

    /// `tune.ssl.maxrecord` holds all the time: as in HAProxy, where HTTP/1 hands its payload through.
    pub fn never_streams(&mut self) {
        self.pace.never_streams();
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

    /// See [`Socket::adopt`].
    pub fn adopt(&mut self) -> io::Result<()> {
        self.stream.get_mut().adopt()
    }

    pub fn socket(&self) -> &Socket {
        self.stream.get_ref()
    }

    /// What the handshake gave; where nothing is kept of server connections, they have none.
    pub fn facts(&self) -> Option<&Arc<TlsFacts>> {
        self.facts.as_ref()
    }

    /// Takes identity and keys of the session anew, where they are kept: with TLS 1.3 a server's
    /// first bytes bring a session of their own.
    pub fn renew_keys(&mut self) {
        if let Some(facts) = self.facts.as_mut().filter(|facts| facts.keys.is_some()) {
            Arc::make_mut(facts).keys = Some(facts::keys(self.stream.ssl()));
        }
    }

    /// The session, for the next connection to the same server, where it can be resumed. With TLS 1.3
    /// there is one only after the server's first bytes.
    pub fn session(&self) -> Option<ClientSession> {
        let session = self.ssl().session().filter(|session| ffi::is_resumable(session))?;
        let sni = self.ssl().servername_raw(NameType::HOST_NAME).map(Into::into);
        Some(ClientSession { session: session.to_owned(), sni })
    }

    /// The protocol that was agreed on; empty: none.
    pub fn alpn(&self) -> &[u8] {
        self.ssl().selected_alpn_protocol().unwrap_or_default()
    }

    fn ssl(&self) -> &SslRef {
        self.stream.ssl()
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        ffi::keep_session(self.ssl());
    }
}
