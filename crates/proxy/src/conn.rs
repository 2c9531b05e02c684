//! A connection with the two things that one read or write can leave over: bytes received
//! beyond what was wanted, and bytes the socket did not take yet. Both are empty and own no
//! memory while the connection is idle.

use std::io;
use std::task::{Context, Poll, ready};

use net::io::Io;
use net::scratch;

use crate::buffers::Lent;

/// See the module.
#[derive(Debug)]
pub struct Conn {
    pub io: Io,
    /// Received, not used yet.
    rest: Lent,
    /// To be sent: [`Conn::poll_flush`].
    out: Lent,
    /// The other side ended its direction.
    pub read_closed: bool,
}

impl Conn {
    pub fn new(io: Io) -> Self {
        Self { io, rest: Lent::default(), out: Lent::default(), read_closed: false }
    }

    /// Bytes received and not used yet.
    pub fn rest(&self) -> &[u8] {
        &self.rest
    }

    /// Gives bytes back, to be used before anything else is read.
    pub fn unread(&mut self, bytes: &[u8]) {
        self.rest.extend(bytes);
    }

    /// Drops left-over bytes that were used.
    pub fn consume(&mut self, count: usize) {
        self.rest.consume(count);
    }

    /// Hands the next bytes to `consumer`, the left-over ones first, else at most `max` from the
    /// socket. It says how many it used; the others are left over. No bytes are the end.
    pub fn poll_bytes<R>(
        &mut self,
        cx: &mut Context<'_>,
        max: usize,
        consumer: impl FnOnce(&[u8]) -> (usize, R),
    ) -> Poll<io::Result<R>> {
        if !self.rest.is_empty() {
            let (used, result) = consumer(&self.rest);
            self.rest.consume(used);
            return Poll::Ready(Ok(result));
        }
        if self.read_closed {
            return Poll::Ready(Ok(consumer(&[]).1));
        }
        scratch::with_read(|buf| {
            let len = buf.len().min(max);
            let count = ready!(self.io.poll_read(cx, &mut buf[..len]))?;
            self.read_closed = count == 0;
            let (used, result) = consumer(&buf[..count]);
            self.rest.extend(&buf[used..count]);
            Poll::Ready(Ok(result))
        })
    }

    /// Reads more behind the left-over bytes, for a consumer that could not use them yet. Gives
    /// the number of new bytes; 0 is the end.
    pub fn poll_more(&mut self, cx: &mut Context<'_>, max: usize) -> Poll<io::Result<usize>> {
        if self.read_closed {
            return Poll::Ready(Ok(0));
        }
        scratch::with_read(|buf| {
            let len = buf.len().min(max);
            let count = ready!(self.io.poll_read(cx, &mut buf[..len]))?;
            self.read_closed = count == 0;
            self.rest.extend(&buf[..count]);
            Poll::Ready(Ok(count))
        })
    }

    /// What will be sent by the next [`Conn::poll_flush`]; a codec appends here.
    pub fn out(&mut self) -> &mut Vec<u8> {
        self.out.get()
    }

    /// Queues bytes for sending. Large ones skip the queue while it is empty: they are offered
    /// to the socket where they stand.
    pub fn send(&mut self, cx: &mut Context<'_>, mut bytes: &[u8]) -> io::Result<()> {
        const DIRECT: usize = 4096;
        if self.out.is_empty() && bytes.len() >= DIRECT {
            match self.io.poll_write(cx, bytes) {
                Poll::Ready(Ok(count)) => bytes = &bytes[count..],
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => {}
            }
        }
        self.out.extend(bytes);
        Ok(())
    }

    /// Whether nothing waits to be sent.
    pub fn is_flushed(&self) -> bool {
        self.out.is_empty()
    }

    /// Waits until the socket took everything that was queued.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.out.is_empty() {
            match ready!(self.io.poll_write(cx, &self.out))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.out.consume(count),
            }
        }
        Poll::Ready(Ok(()))
    }
}
