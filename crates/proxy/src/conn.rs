//! A connection with the two things that one read or write can leave over: bytes received
//! beyond what was wanted, and bytes the socket did not take yet. Both are empty and own no
//! memory while the connection is idle.

use std::io::{self, IoSlice};
use std::task::{Context, Poll, ready};

use net::io::Io;

use crate::buffers::{Block, Lent};

/// How much of what was read a head takes at a time: the usual head is far smaller, and what
/// stands behind it is not copied.
pub const HEAD_PART: usize = 4096;

/// How the other side left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// It ended its direction; it may still read.
    Ended,
    Reset,
}

/// See the module.
#[derive(Debug)]
pub struct Conn {
    pub io: Io,
    /// Received, not used yet.
    rest: Option<Block>,
    /// To be sent: [`Conn::poll_flush`].
    out: Lent,
    /// The other side ended its direction.
    pub read_closed: bool,
    /// It did so with a reset.
    broken: bool,
}

impl Conn {
    pub fn new(io: Io) -> Self {
        Self { io, rest: None, out: Lent::default(), read_closed: false, broken: false }
    }

    /// Bytes received and not used yet.
    pub fn rest(&self) -> &[u8] {
        self.rest.as_deref().unwrap_or_default()
    }

    /// Gives bytes back, to be used before anything else.
    pub fn unread(&mut self, bytes: &[u8]) {
        let rest = self.rest.take();
        let mut block = Block::take();
        for mut bytes in [bytes, rest.as_deref().unwrap_or_default()] {
            while !bytes.is_empty() {
                let space = block.space();
                let count = space.len().min(bytes.len());
                space[..count].copy_from_slice(&bytes[..count]);
                block.filled(count);
                bytes = &bytes[count..];
            }
        }
        self.rest = (!block.is_empty()).then_some(block);
    }

    /// Drops left-over bytes that were used.
    pub fn consume(&mut self, count: usize) {
        if let Some(rest) = &mut self.rest {
            rest.consume(count);
            if rest.is_empty() {
                self.rest = None;
            }
        }
    }

    /// Hands the next bytes to `consumer`, the left-over ones first, else at most `max` from the
    /// socket. It says how many it used; the others are left over. No bytes are the end.
    pub fn poll_bytes<R>(
        &mut self,
        cx: &mut Context<'_>,
        max: usize,
        consumer: impl FnOnce(&[u8]) -> (usize, R),
    ) -> Poll<io::Result<R>> {
        if self.rest.is_none() {
            if self.read_closed {
                return Poll::Ready(Ok(consumer(&[]).1));
            }
            ready!(self.poll_more(cx, max))?;
        }
        let (used, result) = consumer(self.rest());
        self.consume(used);
        Poll::Ready(Ok(result))
    }

    /// Reads more behind the left-over bytes, for a consumer that could not use them yet. Gives
    /// the number of new bytes; 0 is the end.
    pub fn poll_more(&mut self, cx: &mut Context<'_>, max: usize) -> Poll<io::Result<usize>> {
        if self.read_closed {
            return Poll::Ready(Ok(0));
        }
        let mut block = self.rest.take().unwrap_or_else(Block::take);
        let space = block.space();
        let len = space.len().min(max);
        let read = self.io.poll_read(cx, &mut space[..len]);
        if let Poll::Ready(Ok(count)) = read {
            block.filled(count);
            self.read_closed = count == 0;
        }
        if !block.is_empty() {
            self.rest = Some(block);
        }
        read
    }

    /// Ready when the other side has ended its direction while nothing is expected of it. What it
    /// sends meanwhile is kept, up to a bound. Costs no system call before an edge comes.
    pub fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<Gone> {
        const MOST: usize = 64 * 1024;
        while !self.read_closed && self.rest().len() < MOST {
            if ready!(self.poll_more(cx, MOST)).is_err() {
                (self.read_closed, self.broken) = (true, true);
            }
        }
        match (self.read_closed, self.broken) {
            (false, _) => Poll::Pending,
            (true, false) => Poll::Ready(Gone::Ended),
            (true, true) => Poll::Ready(Gone::Reset),
        }
    }

    /// What will be sent by the next [`Conn::poll_flush`]; a codec appends here.
    pub fn out(&mut self) -> &mut Vec<u8> {
        self.out.get()
    }

    /// Queues bytes for sending. Large ones are offered to the socket where they stand, in one
    /// call with what is queued; over TLS they join the queue, so that one record takes both.
    pub fn send(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> io::Result<()> {
        const DIRECT: usize = 4096;
        let queued = self.out.len();
        if bytes.len() < DIRECT || (queued > 0 && self.io.is_tls()) {
            self.out.extend(bytes);
            return Ok(());
        }
        let sent = if queued == 0 {
            self.io.poll_write(cx, bytes)
        } else {
            self.io.poll_write_vectored(cx, &[IoSlice::new(&self.out), IoSlice::new(bytes)])
        };
        let count = match sent {
            Poll::Ready(count) => count?,
            Poll::Pending => 0,
        };
        self.out.consume(count.min(queued));
        self.out.extend(&bytes[count.saturating_sub(queued)..]);
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
