//! One connection's bytes: plain or TLS behind the same poll functions. Every waiting direction
//! keeps one waker, the last one that polled. Left out: buffering ([`crate::scratch`] lends the
//! memory) and timeouts ([`crate::timer`]).

use std::io::{self, IoSlice};
use std::os::fd::{AsRawFd, RawFd};
use std::pin::Pin;
use std::task::{Context, Poll};

use state::live::Held;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::scratch;
pub use crate::socket::{Idle, Socket};
use crate::tls::Tls;

/// The payload of a TLS record, in bytes (RFC 8446, section 5.1).
const RECORD: usize = 16 * 1024;

/// A connection, plain or through TLS.
#[derive(Debug)]
pub enum Io {
    Plain(Socket),
    Tls(Box<Tls>),
}

impl Io {
    /// See [`Socket::hold`]; on top of TLS there is nothing more to hold.
    pub fn hold(&mut self, place: Held) {
        if let Io::Plain(socket) = self {
            socket.hold(place);
        }
    }

    /// Reads once into `buf`, which must not be empty. 0 is the end of the stream. A read that
    /// does not fill `buf` clears the readiness, so that the next call costs no system call
    /// before new bytes arrive (hot-path rule 3).
    pub fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buf = ReadBuf::new(buf);
        let done = match self {
            Io::Plain(socket) => Pin::new(socket).poll_read(cx, &mut buf),
            Io::Tls(tls) => tls.poll_read(cx, &mut buf),
        };
        done.map_ok(|()| buf.filled().len())
    }

    /// Writes once; a short count is normal. After `Pending` over TLS the next call must begin
    /// with the same bytes: one record of them may already be encrypted.
    pub fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Io::Plain(socket) => Pin::new(socket).poll_write(cx, buf),
            Io::Tls(tls) => tls.poll_write(cx, buf),
        }
    }

    /// Writes all of `bytes`, as what stands in front of a protocol.
    pub async fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match std::future::poll_fn(|cx| self.poll_write(cx, bytes)).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                count => bytes = &bytes[count..],
            }
        }
        Ok(())
    }

    /// `writev` on a plain socket. Over TLS only the first non-empty slice is written, as one
    /// record: a caller that wants one record passes one contiguous slice ([`Io::is_tls`]).
    pub fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self {
            Io::Plain(socket) => Pin::new(socket).poll_write_vectored(cx, bufs),
            Io::Tls(tls) => match bufs.iter().find(|buf| !buf.is_empty()) {
                Some(buf) => tls.poll_write(cx, buf),
                None => Poll::Ready(Ok(0)),
            },
        }
    }

    /// One write of what the slices hold; over TLS of as much of them as one record takes. After
    /// `Pending` the next call must begin with the same bytes.
    pub fn poll_write_joined(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match bufs {
            [one] => self.poll_write(cx, one),
            _ if !self.is_tls() => self.poll_write_vectored(cx, bufs),
            _ => scratch::with_write(|record| {
                for buf in bufs {
                    record.extend_from_slice(&buf[..buf.len().min(RECORD - record.len())]);
                }
                self.poll_write(cx, record)
            }),
        }
    }

    /// Ends our direction: close_notify where there is TLS, then FIN. Reading goes on.
    pub fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Io::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Io::Tls(tls) => tls.poll_shutdown(cx),
        }
    }

    /// Looks whether a connection that should be idle still is, without taking bytes. Over TLS
    /// it works off records that carry no data (session tickets, close_notify).
    pub fn peek(&mut self) -> Idle {
        match self {
            Io::Plain(socket) => socket.peek(),
            Io::Tls(tls) => tls.peek(),
        }
    }

    /// Waits until the socket below is readable; the answer may be a stale edge, so confirm with
    /// [`Io::peek`].
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket().poll_read_ready(cx)
    }

    /// See [`Socket::adopt`].
    pub fn adopt(&mut self) -> io::Result<()> {
        match self {
            Io::Plain(socket) => socket.adopt(),
            Io::Tls(tls) => tls.adopt(),
        }
    }

    /// The socket below.
    pub fn socket(&self) -> &Socket {
        match self {
            Io::Plain(socket) => socket,
            Io::Tls(tls) => tls.socket(),
        }
    }

    /// What the TLS handshake agreed on; `None` on a plain connection.
    pub fn tls(&self) -> Option<&Tls> {
        match self {
            Io::Plain(_) => None,
            Io::Tls(tls) => Some(tls),
        }
    }

    pub fn tls_mut(&mut self) -> Option<&mut Tls> {
        match self {
            Io::Plain(_) => None,
            Io::Tls(tls) => Some(tls),
        }
    }

    pub fn is_tls(&self) -> bool {
        matches!(self, Io::Tls(_))
    }

    /// The socket, where bytes pass unchanged: what [`crate::splice`] works on.
    pub fn plain(&self) -> Option<&Socket> {
        match self {
            Io::Plain(socket) => Some(socket),
            Io::Tls(_) => None,
        }
    }

    /// Makes the close that follows send RST: drop the value after this call.
    pub fn set_linger0(&self) -> io::Result<()> {
        self.socket().set_linger0()
    }
}

impl AsRawFd for Io {
    fn as_raw_fd(&self) -> RawFd {
        self.socket().as_raw_fd()
    }
}

impl AsyncRead for Io {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Io::Plain(socket) => Pin::new(socket).poll_read(cx, buf),
            Io::Tls(tls) => tls.poll_read(cx, buf),
        }
    }
}

/// For the `h2` crate, which wants tokio's traits.
impl AsyncWrite for Io {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Io::poll_write(self.get_mut(), cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Io::poll_write_vectored(self.get_mut(), cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        !self.is_tls()
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Io::poll_shutdown(self.get_mut(), cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    async fn pair() -> (TcpStream, Io) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (theirs, ours) = tokio::join!(TcpStream::connect(address), listener.accept());
        (theirs.unwrap(), Io::Plain(Socket::tcp(ours.unwrap().0)))
    }

    async fn settle() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }

    #[tokio::test]
    async fn head_and_body_go_in_one_write_and_half_closes_work() {
        let (mut theirs, mut ours) = pair().await;
        let parts = [IoSlice::new(b"head "), IoSlice::new(b""), IoSlice::new(b"body")];
        assert_eq!(std::future::poll_fn(|cx| ours.poll_write_vectored(cx, &parts)).await.unwrap(), 9);
        std::future::poll_fn(|cx| ours.poll_shutdown(cx)).await.unwrap();
        let mut received = Vec::new();
        theirs.read_to_end(&mut received).await.unwrap();
        assert_eq!(received, b"head body");
        theirs.write_all(b"still here").await.unwrap();
        theirs.shutdown().await.unwrap();
        let mut buf = [0; 4];
        let mut sizes = Vec::new();
        loop {
            let count = std::future::poll_fn(|cx| ours.poll_read(cx, &mut buf)).await.unwrap();
            sizes.push(count);
            if count == 0 {
                break;
            }
        }
        assert_eq!(sizes, [4, 4, 2, 0]);
    }

    #[tokio::test]
    async fn a_short_read_is_not_followed_by_a_second_one() {
        let (mut theirs, mut ours) = pair().await;
        theirs.write_all(b"x").await.unwrap();
        let mut buf = [0; 8];
        assert_eq!(std::future::poll_fn(|cx| ours.poll_read(cx, &mut buf)).await.unwrap(), 1);
        let mut cx = Context::from_waker(std::task::Waker::noop());
        // Bytes that come now are not seen before the runtime looks: no system call was made.
        theirs.write_all(b"y").await.unwrap();
        assert!(ours.poll_read(&mut cx, &mut buf).is_pending());
        settle().await;
        assert!(ours.poll_read(&mut cx, &mut buf).is_ready());
    }

    #[tokio::test]
    async fn peeking_tells_quiet_talking_closed_and_reset() {
        let (mut theirs, mut ours) = pair().await;
        assert_eq!(ours.peek(), Idle::Quiet);
        theirs.write_all(b"x").await.unwrap();
        settle().await;
        assert_eq!(ours.peek(), Idle::Data);
        assert_eq!(std::future::poll_fn(|cx| ours.poll_read(cx, &mut [0; 8])).await.unwrap(), 1);
        assert_eq!(ours.peek(), Idle::Quiet);
        drop(theirs);
        settle().await;
        assert_eq!(ours.peek(), Idle::Closed);
        let (theirs, mut ours) = pair().await;
        theirs.set_zero_linger().unwrap();
        drop(theirs);
        settle().await;
        assert_eq!(ours.peek(), Idle::Closed);
    }

    #[tokio::test]
    async fn a_close_is_a_reset_only_where_it_is_asked_for() {
        let (mut theirs, ours) = pair().await;
        ours.set_linger0().unwrap();
        drop(ours);
        let error = theirs.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        // Unread bytes would make it one as well.
        let (mut theirs, mut ours) = pair().await;
        theirs.write_all(&[b'x'; 10_000]).await.unwrap();
        settle().await;
        ours.write_all(b"last words").await.unwrap();
        ours.socket().end_with_unread_input();
        drop(ours);
        let mut received = Vec::new();
        theirs.read_to_end(&mut received).await.unwrap();
        assert_eq!(received, b"last words");
    }
}
