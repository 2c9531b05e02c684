//! A connection as the `h2` crate wants it: what was read before it took over comes first, and
//! what it writes over TLS in parts goes out in one record.

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::watch::{Sent, Watch};
use crate::conn::Conn;

/// See the module.
pub struct Joined {
    conn: Conn,
    watch: Rc<Watch>,
    sent: Sent,
}

impl Joined {
    pub fn new(conn: Conn, watch: Rc<Watch>) -> Self {
        Self { conn, watch, sent: Sent::default() }
    }

    fn read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let conn = &mut self.conn;
        let count = conn.rest().len().min(buf.remaining());
        if count > 0 {
            buf.put_slice(&conn.rest()[..count]);
            conn.consume(count);
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut conn.io).poll_read(cx, buf)
    }
}

impl AsyncRead for Joined {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        ready!(this.read(cx, buf))?;
        if this.watch.read(&buf.filled()[before..]) {
            return Poll::Ready(Ok(()));
        }
        Poll::Ready(Err(Error::new(ErrorKind::InvalidData, "the first frame is not SETTINGS")))
    }
}

impl AsyncWrite for Joined {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let this = self.get_mut();
        let count = ready!(this.conn.io.poll_write_joined(cx, bufs))?;
        let mut left = count;
        for buf in bufs {
            let part = left.min(buf.len());
            this.sent.write(&buf[..part], &this.watch);
            left -= part;
        }
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.get_mut().conn.io.poll_shutdown(cx)
    }
}
