//! A connection to a server below the `h2` crate: what is read goes through [`proto::h2::Replies`], which takes
//! the responses' heads out of it; what that has to say goes out between the crate's frames. Tells the
//! [`Wire`] when the server's SETTINGS came: what it may be asked stands there.

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use net::io::Io;
use net::load;
use net::tls::Tls;
use proto::h1::HTTP2_PREFACE;
use proto::h2::{Next, Output};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::front::{MAX_READ, MOST_OURS};
use super::links::Wire;
use super::tools::Tools;
use crate::buffers::Lent;
use crate::conn::Conn;

/// See the module.
pub struct ServerIo {
    conn: Conn,
    wire: Arc<Wire>,
    /// `tune.h2.be.max-frames-at-once`; 0: no limit.
    frames_at_once: u32,
    /// Frames of ours for the server.
    ours: Lent,
    /// Frames for the crate that it has not read.
    held: Lent,
    /// The last write waits: over TLS, nothing else may be written before it.
    stuck: bool,
    /// Frames that were handled since the task last waited.
    handled: u32,
    /// The server's SETTINGS came.
    settled: bool,
    /// The server said something.
    heard: bool,
    /// Bytes of the preface that are still to come in and to be held back: a server that connected to
    /// us has said it as a client does, and wants none of ours.
    preface: (usize, usize),
    /// Bytes of the preface that are still to go out.
    greeting: usize,
}

impl ServerIo {
    pub fn new(io: Io, wire: Arc<Wire>, frames_at_once: u32) -> Self {
        Self {
            conn: Conn::new(io),
            wire,
            frames_at_once,
            ours: Lent::default(),
            held: Lent::default(),
            stuck: false,
            handled: 0,
            settled: false,
            heard: false,
            preface: (0, 0),
            greeting: HTTP2_PREFACE.len(),
        }
    }

    /// Of a connection that the server made.
    pub fn reversed(io: Io, wire: Arc<Wire>, frames_at_once: u32) -> Self {
        Self {
            preface: (HTTP2_PREFACE.len(), HTTP2_PREFACE.len()),
            greeting: 0,
            ..Self::new(io, wire, frames_at_once)
        }
    }

    /// Takes the preface that comes in; `false`: the connection ended before it was whole.
    fn poll_preface(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool>> {
        while self.preface.0 > 0 {
            let mut part = [0; HTTP2_PREFACE.len()];
            let part = &mut part[..self.preface.0];
            let count = ready!(self.conn.io.poll_read(cx, part))?;
            let wanted = &HTTP2_PREFACE[HTTP2_PREFACE.len() - self.preface.0..];
            if !wanted.starts_with(&part[..count]) {
                return Poll::Ready(Err(Error::new(ErrorKind::InvalidData, "no preface of HTTP/2")));
            }
            if count == 0 {
                return Poll::Ready(Ok(false));
            }
            self.preface.0 -= count;
        }
        Poll::Ready(Ok(true))
    }

    /// Has this thread's runtime watch a socket that came from another.
    fn move_in(&mut self) -> Result<()> {
        if self.wire.has_moved() {
            self.conn.io.adopt()?;
            self.wire.settle_down(self.conn.io.as_raw_fd());
        }
        Ok(())
    }

    /// Hands the crate what the server sent, but what the follower keeps back.
    fn poll_frames(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let before = buf.filled().len();
        loop {
            let count = self.held.len().min(buf.remaining());
            if count > 0 {
                buf.put_slice(&self.held[..count]);
                self.held.consume(count);
            }
            let given = buf.filled().len() > before;
            if self.ours.len() > MOST_OURS {
                let _ = self.poll_ours(cx)?;
                if self.ours.len() > MOST_OURS {
                    return if given { Poll::Ready(Ok(())) } else { Poll::Pending };
                }
            }
            let is_enough = self.frames_at_once > 0 && self.handled >= self.frames_at_once;
            if buf.remaining() == 0 || (given && is_enough) {
                return Poll::Ready(Ok(()));
            }
            if is_enough {
                // Others are to have their turn first.
                self.handled = 0;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            match self.step(buf) {
                _ if !self.held.is_empty() => {}
                Next::More | Next::End if given => return Poll::Ready(Ok(())),
                Next::More => {
                    let _ = self.poll_ours(cx)?;
                    self.handled = 0;
                    if ready!(self.conn.poll_more(cx, MAX_READ))? == 0 {
                        return Poll::Ready(Ok(()));
                    }
                    self.hear();
                }
                Next::End => return self.poll_end(cx),
                Next::Step | Next::Pass => {}
            }
        }
    }

    /// With the first bytes over TLS came a session for the next connection.
    fn hear(&mut self) {
        if !std::mem::replace(&mut self.heard, true) {
            self.wire.set_session(self.conn.io.tls().and_then(Tls::session));
        }
    }

    /// One step of the follower over what was read.
    fn step(&mut self, buf: &mut ReadBuf<'_>) -> Next {
        let mut tools = Tools::take();
        let mut out = Output { peer: &mut tools.peer, codec: &mut tools.codec };
        let input = self.conn.rest();
        let mut replies = self.wire.replies();
        replies.set_calm(load::is_calm());
        let (used, next) = replies.step(input, buf.remaining(), &mut tools.work.fields, &mut out);
        let settles = !self.settled && replies.is_settled();
        drop(replies);
        if next == Next::Pass {
            buf.put_slice(&input[..used]);
        }
        self.conn.consume(used);
        self.ours.extend(&tools.peer);
        self.held.extend(&tools.codec);
        tools.give();
        self.handled += u32::from(matches!(next, Next::Step));
        if settles {
            self.settled = true;
            self.wire.settle();
        }
        next
    }

    /// The follower ended the connection.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        // Amid a frame nothing can be said any more.
        if self.wire.replies().unsent() == 0 {
            ready!(self.poll_ours(cx))?;
        }
        Poll::Ready(Err(Error::new(ErrorKind::ConnectionAborted, "the connection was ended")))
    }

    /// Sends what is ours, unless a frame of the crate's is on its way.
    fn poll_ours(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        if self.stuck {
            return Poll::Pending;
        }
        while !self.ours.is_empty() && self.wire.replies().unsent() == 0 {
            match ready!(self.conn.io.poll_write(cx, &self.ours))? {
                0 => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                count => self.ours.consume(count),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Writes ours, if there are some, and then the crate's frames. Gives the number of bytes of the crate's.
    fn write(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<Result<usize>> {
        let first = bufs.iter().find(|buf| !buf.is_empty()).map_or(&[][..], |buf| buf);
        if self.greeting > 0 {
            // The crate writes it on its own.
            return self.conn.io.poll_write(cx, &first[..first.len().min(self.greeting)]);
        }
        let replies = self.wire.replies();
        let (unsent, left_out) = (replies.unsent(), replies.left_out(first));
        drop(replies);
        // A write that waits goes on with what it began.
        if unsent == 0 && !self.stuck {
            ready!(self.poll_ours(cx))?;
        }
        let written = match left_out {
            _ if unsent > 0 && !self.ours.is_empty() && !self.stuck => {
                self.conn.io.poll_write(cx, &first[..first.len().min(unsent)])
            }
            // The crate believes it sent.
            Some(Range { start: 0, end }) => Poll::Ready(Ok(end)),
            Some(Range { start, .. }) => self.conn.io.poll_write(cx, &first[..start]),
            None => self.conn.io.poll_write_joined(cx, bufs),
        };
        self.stuck = written.is_pending() && self.conn.io.is_tls();
        written
    }
}

impl AsyncRead for ServerIo {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let this = self.get_mut();
        this.move_in()?;
        if !ready!(this.poll_preface(cx))? {
            return Poll::Ready(Ok(()));
        }
        this.poll_frames(cx, buf)
    }
}

impl AsyncWrite for ServerIo {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let this = self.get_mut();
        this.move_in()?;
        if this.preface.1 > 0
            && let Some(buf) = bufs.iter().find(|buf| !buf.is_empty())
        {
            let count = this.preface.1.min(buf.len());
            this.preface.1 -= count;
            return Poll::Ready(Ok(count));
        }
        let count = ready!(this.write(cx, bufs))?;
        if this.greeting > 0 {
            this.greeting -= count;
            return Poll::Ready(Ok(count));
        }
        let (mut replies, mut left) = (this.wire.replies(), count);
        for buf in bufs {
            let part = left.min(buf.len());
            replies.sent(&buf[..part]);
            left -= part;
        }
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.get_mut().poll_ours(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.get_mut().conn.io.poll_shutdown(cx)
    }
}
