//! A connection to a server as the `h2` crate wants it. Tells the [`Link`] when the server's SETTINGS
//! came: what it may be asked stands there.

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::ops::Range;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use net::io::Io;
use net::tls::Tls;
use proto::h1::HTTP2_PREFACE;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::links::Link;

/// Length of a frame's header, where its type stands in it, and that of SETTINGS (RFC 9113, sections
/// 4.1 and 6.5).
const HEADER: usize = 9;
const TYPE_AT: usize = 3;
const SETTINGS: u8 = 4;

/// See the module.
pub struct ServerIo {
    io: Io,
    link: Rc<Link>,
    first: First,
    /// Bytes of the preface that are still to come in and to be held back: a server that connected to
    /// us has said it as a client does, and wants none of ours.
    preface: (usize, usize),
    /// Bytes of the preface that are still to go out.
    greeting: usize,
}

impl ServerIo {
    pub fn new(io: Io, link: Rc<Link>) -> Self {
        Self { io, link, first: First::default(), preface: (0, 0), greeting: HTTP2_PREFACE.len() }
    }

    /// Of a connection that the server made.
    pub fn reversed(io: Io, link: Rc<Link>) -> Self {
        Self { preface: (HTTP2_PREFACE.len(), HTTP2_PREFACE.len()), greeting: 0, ..Self::new(io, link) }
    }

    /// Takes the preface that comes in; `false`: the connection ended before it was whole.
    fn poll_preface(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool>> {
        while self.preface.0 > 0 {
            let mut part = [0; HTTP2_PREFACE.len()];
            let part = &mut part[..self.preface.0];
            let count = ready!(self.io.poll_read(cx, part))?;
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

    /// Looks at what was read.
    fn note(&mut self, bytes: &[u8]) -> Result<()> {
        if self.first.is_over() || bytes.is_empty() {
            return Ok(());
        }
        if self.first.seen == 0 {
            self.link.set_session(self.io.tls().and_then(Tls::session));
        }
        if !self.first.read(bytes) {
            return Err(Error::new(ErrorKind::InvalidData, "the first frame is not SETTINGS"));
        }
        if self.first.is_over() {
            self.link.settle();
        }
        Ok(())
    }
}

/// The first frame that the server sends.
#[derive(Default)]
struct First {
    header: [u8; HEADER],
    /// Bytes that came.
    seen: usize,
}

impl First {
    fn is_over(&self) -> bool {
        let [a, b, c, ..] = self.header;
        self.seen >= HEADER + u32::from_be_bytes([0, a, b, c]) as usize
    }

    /// Takes the next bytes; `false`: the frame is none of SETTINGS.
    fn read(&mut self, bytes: &[u8]) -> bool {
        for (place, byte) in self.header.iter_mut().skip(self.seen).zip(bytes) {
            *place = *byte;
        }
        self.seen += bytes.len();
        self.seen <= TYPE_AT || self.header[TYPE_AT] == SETTINGS
    }
}

impl AsyncRead for ServerIo {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let this = self.get_mut();
        if !ready!(this.poll_preface(cx))? {
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.io).poll_read(cx, buf))?;
        Poll::Ready(this.note(&buf.filled()[before..]))
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
        if this.preface.1 > 0
            && let Some(buf) = bufs.iter().find(|buf| !buf.is_empty())
        {
            let count = this.preface.1.min(buf.len());
            this.preface.1 -= count;
            return Poll::Ready(Ok(count));
        }
        let first = bufs.iter().find(|buf| !buf.is_empty()).map_or(&[][..], |buf| buf);
        if this.greeting > 0 {
            // The crate writes it on its own.
            let count = ready!(this.io.poll_write(cx, &first[..first.len().min(this.greeting)]))?;
            this.greeting -= count;
            return Poll::Ready(Ok(count));
        }
        let left_out = this.link.replies.borrow().left_out(first);
        let count = match left_out {
            // The crate believes it sent.
            Some(Range { start: 0, end }) => end,
            Some(Range { start, .. }) => ready!(this.io.poll_write(cx, &first[..start]))?,
            None => ready!(this.io.poll_write_joined(cx, bufs))?,
        };
        let (mut replies, mut left) = (this.link.replies.borrow_mut(), count);
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

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.get_mut().io.poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_end_in_any_cut() {
        let check = |bytes: &[u8], expected: Option<usize>| {
            for size in 1..=bytes.len() {
                let (mut first, mut over) = (First::default(), None);
                let mut at = 0;
                for part in bytes.chunks(size) {
                    at += part.len();
                    if !first.read(part) {
                        break;
                    }
                    if first.is_over() {
                        over = Some(at);
                        break;
                    }
                }
                let expected = expected.map(|end| end.next_multiple_of(size).min(bytes.len()));
                assert_eq!(over, expected, "in parts of {size}");
            }
        };
        check(&[0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0], Some(9));
        check(&[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 1], Some(15));
        check(&[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 8], None);
        check(b"HTTP/1.1 400 Bad request\r\n\r\n", None);
    }
}
