//! A connection as the `h2` crate wants it: what was read before it took over comes first.

use std::io::{IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll};

use net::io::Io;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::conn::Conn;

/// See the module.
pub struct Joined(Conn);

impl Joined {
    pub fn new(conn: Conn) -> Self {
        Self(conn)
    }

    fn io(self: Pin<&mut Self>) -> Pin<&mut Io> {
        Pin::new(&mut self.get_mut().0.io)
    }
}

impl AsyncRead for Joined {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let conn = &mut self.get_mut().0;
        let count = conn.rest().len().min(buf.remaining());
        if count > 0 {
            buf.put_slice(&conn.rest()[..count]);
            conn.consume(count);
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut conn.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Joined {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        AsyncWrite::poll_write(self.io(), cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        AsyncWrite::poll_write_vectored(self.io(), cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        !self.0.io.is_tls()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        AsyncWrite::poll_flush(self.io(), cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        AsyncWrite::poll_shutdown(self.io(), cx)
    }
}
