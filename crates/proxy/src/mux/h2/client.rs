//! The client's side of one HTTP/2 stream. Bodies are bounded by the flow-control windows: what
//! waits for the client's window is one piece of the server's body, and what the client sends
//! stays in the codec until the server takes it.

use std::io::Error;
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::HeaderMap;
use net::clock::now_ms;
use net::timer::Timer;
use proto::message::Framing;
use state::stream::Stream;

use super::convert;
use crate::body::{Piece, Sink, SourceError};
use crate::client::ResponseMode;
use crate::deadline::Deadline;
use crate::linger;

/// See the module.
pub struct H2Client {
    body: RecvStream,
    body_done: bool,
    /// The part of the body that came with the head.
    early: Bytes,
    respond: SendResponse<Bytes>,
    /// The response's head was handed over.
    headed: bool,
    /// There once the head was sent without END_STREAM.
    send: Option<SendStream<Bytes>>,
    /// Payload that is being put together.
    queued: Vec<u8>,
    /// Payload that waits for the client's window.
    pending: Bytes,
    end: End,
    /// The code of the client's RST_STREAM.
    reset_code: Option<u32>,
}

/// What follows the payload that was queued.
enum End {
    NotYet,
    Plain,
    Trailers(HeaderMap),
}

impl H2Client {
    pub fn new(body: RecvStream, respond: SendResponse<Bytes>) -> Self {
        Self {
            body_done: body.is_end_stream(),
            body,
            early: Bytes::new(),
            respond,
            headed: false,
            send: None,
            queued: Vec::new(),
            pending: Bytes::new(),
            end: End::NotYet,
            reset_code: None,
        }
    }

    /// The code that the client reset the stream with, as far as that was noticed.
    pub fn reset_code(&self) -> Option<u32> {
        self.reset_code
    }

    pub fn request_done(&self) -> bool {
        self.body_done
    }

    /// Whether a part of the body is there without waiting.
    pub fn has_early_body(&self) -> bool {
        !self.early.is_empty()
    }

    /// Whether nothing more of the body comes than what is there.
    pub fn is_whole(&self) -> bool {
        self.body_done || self.body.is_end_stream()
    }

    /// Takes the part of the body that came with the head; `false` where the body is already
    /// broken.
    pub fn take_early(&mut self, cx: &mut Context<'_>) -> bool {
        if self.body_done {
            return true;
        }
        match self.body.poll_data(cx) {
            Poll::Ready(Some(Ok(bytes))) => self.early = bytes,
            Poll::Ready(Some(Err(_))) => return false,
            Poll::Ready(None) | Poll::Pending => {}
        }
        true
    }

    /// See [`crate::client::Client::poll_body`].
    pub fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        sink: &mut Sink<'_>,
    ) -> Poll<Result<usize, SourceError>> {
        let next = if self.early.is_empty() {
            ready!(self.body.poll_data(cx))
        } else {
            Some(Ok(std::mem::take(&mut self.early)))
        };
        match next {
            Some(Ok(bytes)) => {
                sink(Piece::Data(&bytes)).map_err(|_| SourceError::Sink)?;
                let count = bytes.len();
                // Cannot fail: it gives back what was received.
                let _ = self.body.flow_control().release_capacity(count);
                // A body without trailers ends with its last piece.
                if self.body.is_end_stream() {
                    self.body_done = true;
                    sink(Piece::End(None)).map_err(|_| SourceError::Sink)?;
                }
                Poll::Ready(Ok(count))
            }
            Some(Err(error)) => {
                if error.is_remote() && error.is_reset() {
                    self.reset_code = error.reason().map(Into::into);
                }
                Poll::Ready(Err(SourceError::Aborted))
            }
            None => {
                let trailers = ready!(self.body.poll_trailers(cx)).map_err(|_| SourceError::Aborted)?;
                self.body_done = true;
                let trailers = trailers.map(|fields| convert::trailers(&fields));
                sink(Piece::End(trailers.as_ref())).map_err(|_| SourceError::Sink)?;
                Poll::Ready(Ok(0))
            }
        }
    }

    /// See [`crate::client::Client::send_interim`].
    pub fn send_interim(&mut self, stream: &Stream) -> Result<(), Error> {
        let response = convert::response(&stream.res).ok_or_else(|| Error::other("invalid head"))?;
        self.respond.send_informational(response).map_err(Error::other)
    }

    /// See [`crate::client::Client::send_head`].
    pub fn send_head(&mut self, stream: &Stream, mode: ResponseMode) -> Result<(), Error> {
        let head = &stream.res;
        let response = convert::response(head).ok_or_else(|| Error::other("invalid head"))?;
        let end = mode.bodyless || matches!(head.framing, Framing::None | Framing::Length(0));
        let send = self.respond.send_response(response, end).map_err(Error::other)?;
        self.headed = true;
        self.send = (!end).then_some(send);
        Ok(())
    }

    /// See [`crate::client::Client::send`].
    pub fn send(&mut self, piece: &Piece<'_>) -> Result<(), Error> {
        if self.send.is_none() {
            return Ok(());
        }
        match piece {
            Piece::Raw(bytes) | Piece::Data(bytes) => self.queued.extend_from_slice(bytes),
            Piece::End(Some(trailers)) if trailers.field_count() > 0 => {
                self.end = End::Trailers(convert::trailer_map(trailers));
            }
            Piece::End(_) => self.end = End::Plain,
        }
        Ok(())
    }

    /// See [`crate::client::Client::poll_flush`].
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
        match std::mem::replace(&mut self.end, End::NotYet) {
            End::NotYet => return Poll::Ready(Ok(())),
            End::Plain => send.send_data(Bytes::new(), true).map_err(Error::other)?,
            End::Trailers(fields) => send.send_trailers(fields).map_err(Error::other)?,
        }
        self.send = None;
        Poll::Ready(Ok(()))
    }

    /// See [`crate::client::Client::poll_gone`].
    pub fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let reset = ready!(match &mut self.send {
            Some(send) => send.poll_reset(cx),
            None => self.respond.poll_reset(cx),
        });
        self.reset_code = reset.ok().map(Into::into);
        Poll::Ready(())
    }

    /// The time between the response and the end of the stream. Behind a complete one, what is
    /// left of the request's body is dropped, within limits: some clients lose a response whose
    /// stream is reset while they are sending.
    pub async fn linger(&mut self, timer: &mut Timer) {
        if self.send.is_some() {
            // Cut short: the codec drops what it did not send yet when it resets the stream.
            return tokio::task::yield_now().await;
        }
        if self.body_done || !self.headed {
            return;
        }
        Deadline::after(now_ms(), Some(linger::PATIENCE)).set(timer);
        let mut left = linger::MOST;
        std::future::poll_fn(|cx| {
            while !self.body_done && left > 0 {
                match self.poll_body(cx, &mut |_| Ok(())) {
                    Poll::Ready(Ok(count)) => left = left.saturating_sub(count),
                    Poll::Ready(Err(_)) => break,
                    Poll::Pending => return timer.poll_expired(cx),
                }
            }
            Poll::Ready(())
        })
        .await;
    }

    /// See [`crate::client::Client::abort`]. Behind a response's head the client gets what its
    /// window still takes; then the codec resets the stream with CANCEL, when this is dropped.
    pub fn reset(&mut self) {
        if !self.headed {
            return self.respond.send_reset(Reason::REFUSED_STREAM);
        }
        self.end = End::NotYet;
        // Whatever comes of it, this is the end.
        let _ = self.poll_flush(&mut Context::from_waker(Waker::noop()));
        self.pending = Bytes::new();
        self.queued = Vec::new();
    }
}
