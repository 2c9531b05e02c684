//! The two directions of one HTTP/2 stream, as they are on both sides of the proxy. Bodies are
//! bounded by the flow-control windows: what waits for the peer's window is one piece of the other
//! side's body, and what the peer sends stays in the codec until the other side takes it.

use std::io::Error;
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use h2::{Reason, RecvStream, SendStream};
use http::HeaderMap;
use proto::h1::counted_end;
use proto::message::Framing;

use super::convert;
use crate::body::{Piece, Sink, SourceError};

/// A body that is sent.
#[derive(Default)]
pub struct Outgoing {
    /// There once the head was sent without END_STREAM, until the end is sent.
    send: Option<SendStream<Bytes>>,
    /// Payload that is being put together.
    queued: Vec<u8>,
    /// Payload that waits for the peer's window.
    pending: Bytes,
    end: End,
}

/// What follows the payload that was queued.
#[derive(Default)]
enum End {
    #[default]
    NotYet,
    Plain,
    Trailers(HeaderMap),
}

impl Outgoing {
    /// The head was sent, and did not end the stream.
    pub fn open(&mut self, send: SendStream<Bytes>) {
        self.send = Some(send);
    }

    /// Whether the end is still to be sent.
    pub fn is_open(&self) -> bool {
        self.send.is_some()
    }

    /// Whether nothing waits to be handed to the codec.
    pub fn is_flushed(&self) -> bool {
        self.queued.is_empty() && self.pending.is_empty() && matches!(self.end, End::NotYet)
    }

    /// Queues a piece.
    pub fn push(&mut self, piece: &Piece<'_>) {
        match piece {
            Piece::Raw(bytes) | Piece::Data(bytes) => self.queued.extend_from_slice(bytes),
            Piece::End(Some(trailers)) | Piece::Trailers(trailers) if trailers.field_count() > 0 => {
                self.end = End::Trailers(convert::trailer_map(trailers));
            }
            Piece::End(_) | Piece::Trailers(_) => self.end = End::Plain,
        }
    }

    /// Waits until the codec took what was queued, as far as the peer's window lets it.
    ///
    /// # Errors
    /// The stream is closed.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let Some(send) = &mut self.send else { return Poll::Ready(Ok(())) };
        loop {
            if self.pending.is_empty() {
                if self.queued.is_empty() {
                    break;
                }
                self.pending = std::mem::take(&mut self.queued).into();
                send.reserve_capacity(self.pending.len());
            }
            if send.capacity() == 0 {
                send.reserve_capacity(self.pending.len());
                match ready!(send.poll_capacity(cx)) {
                    Some(Ok(_)) => continue,
                    Some(Err(error)) => return Poll::Ready(Err(Error::other(error))),
                    None => return Poll::Ready(Err(Error::other("closed"))),
                }
            }
            let part = self.pending.split_to(self.pending.len().min(send.capacity()));
            let all = self.pending.is_empty() && self.queued.is_empty();
            let last = all && matches!(self.end, End::Plain);
            send.send_data(part, last).map_err(Error::other)?;
            if last {
                self.send = None;
                return Poll::Ready(Ok(()));
            }
        }
        match std::mem::take(&mut self.end) {
            End::NotYet => return Poll::Ready(Ok(())),
            End::Plain => send.send_data(Bytes::new(), true).map_err(Error::other)?,
            End::Trailers(fields) => send.send_trailers(fields).map_err(Error::other)?,
        }
        self.send = None;
        Poll::Ready(Ok(()))
    }

    /// Ready when the peer reset the stream, with the code where it is known; `None` once the end
    /// was sent.
    pub fn poll_reset(&mut self, cx: &mut Context<'_>) -> Option<Poll<Option<Reason>>> {
        Some(self.send.as_mut()?.poll_reset(cx).map(Result::ok))
    }

    /// The body ends short: the peer gets what its window still takes.
    pub fn cut(&mut self) {
        self.end = End::NotYet;
        // Whatever comes of it, this is the end.
        let _ = self.poll_flush(&mut Context::from_waker(Waker::noop()));
        self.pending = Bytes::new();
        self.queued = Vec::new();
    }
}

/// A body that is received.
#[derive(Default)]
pub struct Incoming {
    body: Option<RecvStream>,
    done: bool,
    /// The part that came with the head.
    early: Bytes,
    /// The code of the peer's RST_STREAM.
    reset_code: Option<u32>,
    /// The peer broke the protocol.
    faulty: bool,
    /// What is left of the announced length.
    left: Option<u64>,
}

impl Incoming {
    pub fn new(body: RecvStream) -> Self {
        Self { done: body.is_end_stream(), body: Some(body), ..Self::default() }
    }

    /// The same for one whose length may have been announced.
    pub fn of_length(body: RecvStream, framing: Framing) -> Self {
        let left = if let Framing::Length(length) = framing { Some(length) } else { None };
        Self { done: body.is_end_stream() && left.is_none_or(|left| left == 0), left, ..Self::new(body) }
    }

    /// Whether all of it was handed over.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// Whether a part of it is there without waiting.
    pub fn has_early(&self) -> bool {
        !self.early.is_empty()
    }

    /// The part that is there without waiting; nothing of one that is too long.
    pub fn early(&self) -> &[u8] {
        let is_fine = self.left.is_none_or(|left| self.early.len() as u64 <= left);
        if is_fine { &self.early } else { &[] }
    }

    /// Whether there is nothing but the end.
    pub fn is_bare(&self) -> bool {
        let is_short = self.left.is_some_and(|left| left > 0);
        self.early.is_empty() && !is_short && self.body.as_ref().is_none_or(RecvStream::is_end_stream)
    }

    /// Whether nothing more comes than what is there.
    pub fn is_whole(&self) -> bool {
        self.done || self.body.as_ref().is_none_or(RecvStream::is_end_stream)
    }

    /// The code that the peer reset the stream with, as far as that was noticed.
    pub fn reset_code(&self) -> Option<u32> {
        self.reset_code
    }

    /// Takes the part that came with the head; `false` where the body is already broken.
    pub fn take_early(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(body) = self.body.as_mut().filter(|_| !self.done && self.early.is_empty()) else {
            return true;
        };
        match body.poll_data(cx) {
            Poll::Ready(Some(Ok(bytes))) => self.early = bytes,
            Poll::Ready(Some(Err(_))) => return false,
            Poll::Ready(None) | Poll::Pending => {}
        }
        true
    }

    /// The end is to be handed over, even where there is nothing in front of it.
    pub fn tell_end(&mut self) {
        self.done = false;
    }

    /// Hands over what one read gives, and says how much it counts for in the log.
    ///
    /// # Errors
    /// The stream was reset, or the sink failed.
    pub fn poll(&mut self, cx: &mut Context<'_>, sink: &mut Sink<'_>) -> Poll<Result<usize, SourceError>> {
        let Some(body) = &mut self.body else { return Poll::Ready(Err(SourceError::Aborted)) };
        let next = if self.early.is_empty() {
            ready!(body.poll_data(cx))
        } else {
            Some(Ok(std::mem::take(&mut self.early)))
        };
        match next {
            Some(Ok(bytes)) if self.left.is_some_and(|left| left < bytes.len() as u64) => {
                self.faulty = true;
                Poll::Ready(Err(SourceError::Aborted))
            }
            Some(Ok(bytes)) => {
                self.left = self.left.map(|left| left - bytes.len() as u64);
                sink(Piece::Data(&bytes)).map_err(|_| SourceError::Sink)?;
                let count = bytes.len();
                // Cannot fail: it gives back what was received.
                let _ = body.flow_control().release_capacity(count);
                // A body without trailers ends with its last piece.
                if body.is_end_stream() && self.left.is_none_or(|left| left == 0) {
                    self.done = true;
                    sink(Piece::End(None)).map_err(|_| SourceError::Sink)?;
                }
                Poll::Ready(Ok(count))
            }
            Some(Err(error)) => {
                if error.is_remote() && error.is_reset() {
                    self.reset_code = error.reason().map(Into::into);
                }
                self.faulty |= error.is_library();
                Poll::Ready(Err(SourceError::Aborted))
            }
            None if self.left.is_some_and(|left| left > 0) => {
                self.faulty = true;
                Poll::Ready(Err(SourceError::Aborted))
            }
            None => {
                let trailers = ready!(body.poll_trailers(cx)).map_err(|_| SourceError::Aborted)?;
                self.done = true;
                let trailers = trailers.map(|fields| convert::trailers(&fields));
                sink(Piece::End(trailers.as_ref())).map_err(|_| SourceError::Sink)?;
                let counted = trailers.as_ref().map_or(0, |trailers| counted_end(Some(trailers)));
                Poll::Ready(Ok(counted as usize))
            }
        }
    }

    /// Whether the peer broke the protocol, once.
    pub fn take_fault(&mut self) -> bool {
        std::mem::take(&mut self.faulty)
    }

    /// Notes the code of a reset that was seen elsewhere.
    pub fn note_reset(&mut self, code: Option<Reason>) {
        self.reset_code = code.map(Into::into);
    }
}
