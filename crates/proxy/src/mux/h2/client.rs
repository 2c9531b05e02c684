//! The client's side of one HTTP/2 stream: its request's body comes in one direction, its response
//! goes in the other.

use std::io::Error;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use net::clock::now_ms;
use net::timer::Timer;
use proto::h2::{RESET_FOR_FRAMES, RESET_FOR_MESSAGE};
use proto::message::Framing;
use state::stream::Stream;

use super::convert;
use super::front::{Front, Running};
use super::halves::{Incoming, Outgoing};
use crate::body::{Piece, Sink, SourceError};
use crate::client::ResponseMode;
use crate::conn::Gone;
use crate::deadline::Deadline;
use crate::linger;

/// See the module.
pub struct H2Client {
    incoming: Incoming,
    /// The request asks for a tunnel: what comes behind it is the tunnel's, not the request's.
    tunnel: bool,
    respond: SendResponse<Bytes>,
    /// The response's head was handed over.
    headed: bool,
    /// The connection is to end with the stream.
    killed: bool,
    outgoing: Outgoing,
    /// `option http-drop-response-trailers`.
    drops_trailers: bool,
    running: Running,
}

impl H2Client {
    pub fn new(body: RecvStream, respond: SendResponse<Bytes>, running: Running) -> Self {
        Self {
            incoming: Incoming::new(body),
            tunnel: false,
            respond,
            headed: false,
            killed: false,
            outgoing: Outgoing::default(),
            drops_trailers: false,
            running,
        }
    }

    /// The request is a CONNECT, plain or extended (RFC 8441): it has no body.
    pub fn expect_tunnel(&mut self) {
        self.tunnel = true;
    }

    /// The tunnel stands: what comes is for the server.
    pub fn begin_tunnel(&mut self) {
        self.tunnel = false;
    }

    /// The code that the client reset the stream with, as far as that was noticed.
    pub fn reset_code(&self) -> Option<u32> {
        self.incoming.reset_code().filter(|code| *code < RESET_FOR_FRAMES)
    }

    /// Notes the code of a reset that came before the stream began.
    pub fn note_reset(&mut self, code: Option<u32>) {
        self.incoming.note_reset(code.map(Reason::from));
    }

    pub fn request_done(&self) -> bool {
        self.tunnel || self.incoming.is_done()
    }

    /// Whether a part of the body is there without waiting.
    pub fn has_early_body(&self) -> bool {
        !self.tunnel && self.incoming.has_early()
    }

    /// Whether nothing more of the body comes than what is there.
    pub fn is_whole(&self) -> bool {
        self.incoming.is_whole()
    }

    /// Takes the part of the body that came with the head; `false` where the body is already
    /// broken.
    pub fn take_early(&mut self, cx: &mut Context<'_>) -> bool {
        self.incoming.take_early(cx)
    }

    /// See [`crate::client::Client::poll_body`].
    pub fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        sink: &mut Sink<'_>,
    ) -> Poll<Result<usize, SourceError>> {
        match ready!(self.incoming.poll(cx, sink)) {
            Err(SourceError::Aborted) if self.incoming.reset_code() == Some(RESET_FOR_MESSAGE) => {
                Poll::Ready(Err(SourceError::Invalid))
            }
            other => Poll::Ready(other),
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
        let mut response = convert::response(head).ok_or_else(|| Error::other("invalid head"))?;
        match head.status() {
            // Extended CONNECT says it so (RFC 8441, section 4).
            101 if stream.req.flags.upgrade => *response.status_mut() = http::StatusCode::OK,
            101 => return Err(Error::other("there is no 101 in HTTP/2")),
            _ => {}
        }
        let end = mode.bodyless || matches!(head.framing, Framing::None | Framing::Length(0));
        let send = self.respond.send_response(response, end).map_err(Error::other)?;
        self.headed = true;
        self.drops_trailers =
            stream.plan.settings(stream.session.frontend).options.http_drop_response_trailers;
        if !end {
            self.outgoing.open(send);
        }
        Ok(())
    }

    /// See [`crate::client::Client::send`].
    pub fn send(&mut self, piece: &Piece<'_>) -> Result<(), Error> {
        if self.outgoing.is_open() {
            let piece = if self.drops_trailers { &piece.bare() } else { piece };
            self.outgoing.push(piece);
        }
        Ok(())
    }

    /// See [`crate::client::Client::poll_flush`].
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let flushed = self.outgoing.poll_flush(cx);
        if let (Poll::Ready(Err(_)), Some(Poll::Ready(code))) = (&flushed, self.outgoing.poll_reset(cx)) {
            self.incoming.note_reset(code);
        }
        flushed
    }

    /// See [`crate::client::Client::poll_gone`].
    pub fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<Gone> {
        let reset = match self.outgoing.poll_reset(cx) {
            Some(reset) => reset,
            None => self.respond.poll_reset(cx).map(Result::ok),
        };
        let Poll::Ready(code) = reset else {
            let Running { front, stream } = &self.running;
            let ended = front.with(|front| front.has_ended(*stream, cx));
            return if ended { Poll::Ready(Gone::Ended) } else { Poll::Pending };
        };
        // The body tells it.
        if code.is_some_and(|code| u32::from(code) == RESET_FOR_MESSAGE) && !self.request_done() {
            return Poll::Pending;
        }
        self.incoming.note_reset(code);
        Poll::Ready(if self.request_done() { Gone::Reset } else { Gone::Ended })
    }

    /// See [`crate::client::Client::kill`].
    pub fn kill(&mut self) {
        self.killed = true;
        if self.headed {
            return self.outgoing.cut();
        }
        self.respond.send_reset(Reason::ENHANCE_YOUR_CALM);
    }

    /// Ends the connection with the stream, where a rule said so or `wanted`.
    pub fn kill_connection(&self, wanted: bool) {
        if self.killed || wanted {
            self.running.front.with(Front::kill);
        }
    }

    /// Whether [`H2Client::linger`] has something to do.
    pub fn lingers(&self) -> bool {
        self.outgoing.is_open() || (self.headed && !self.request_done())
    }

    /// The time between the response and the end of the stream. Behind a complete one, what is
    /// left of the request's body is dropped, within limits: some clients lose a response whose
    /// stream is reset while they are sending.
    pub async fn linger(&mut self, timer: &mut Timer) {
        if self.outgoing.is_open() {
            // Cut short: the codec drops what it did not send yet when it resets the stream.
            return tokio::task::yield_now().await;
        }
        Deadline::after(now_ms(), Some(linger::PATIENCE)).set(timer);
        let mut left = linger::MOST;
        std::future::poll_fn(|cx| {
            while !self.incoming.is_done() && left > 0 {
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
        self.outgoing.cut();
    }
}
