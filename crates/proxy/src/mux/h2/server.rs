//! The server's side of one stream over HTTP/2.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::{Error, Reason};
use proto::h2::{RESET_FOR_FRAMES, RESET_FOR_MESSAGE, Taken};
use proto::message::{Framing, Head};
use state::stream::Stream;

use super::convert_back as convert;
use super::halves::{Incoming, Outgoing};
use super::links::Lease;
use crate::body::{Piece, Sink, SourceError};
use crate::client::Client;
use crate::server::backend;
use crate::upstream::NoHead;

/// See the module.
pub struct H2Server {
    /// A head that the connection did not take yet.
    start: Option<Start>,
    response: Option<ResponseFuture>,
    /// The stream's number, while its head is to come.
    awaited: Option<u32>,
    incoming: Incoming,
    outgoing: Outgoing,
    /// `option http-drop-request-trailers`.
    drops_trailers: bool,
    /// The protocol of an extended CONNECT.
    protocol: Vec<u8>,
    failed: Option<NoHead>,
    /// Behind the others: they leave the connection before it does.
    lease: Lease,
}

/// A request that is about to begin its stream.
struct Start {
    sender: SendRequest<Bytes>,
    request: http::Request<()>,
    /// No body follows.
    ends: bool,
    /// It cannot be sent, whatever the server knows.
    hopeless: bool,
}

impl H2Server {
    pub fn new(lease: Lease) -> Self {
        Self {
            start: None,
            response: None,
            awaited: None,
            incoming: Incoming::default(),
            outgoing: Outgoing::default(),
            drops_trailers: false,
            protocol: Vec::new(),
            failed: None,
            lease,
        }
    }

    pub fn lease(&self) -> &Lease {
        &self.lease
    }

    /// See [`crate::upstream::Upstream::send_head`]. An upgrade becomes an extended CONNECT (RFC
    /// 8441), which cannot have a body.
    pub fn send_head(&mut self, stream: &Stream, client: &Client<'_>) {
        self.drops_trailers = stream.plan.settings(backend(stream)).options.http_drop_request_trailers;
        let head = &stream.req;
        let empty = matches!(head.framing, Framing::None | Framing::Length(0));
        if head.flags.upgrade {
            self.protocol = convert::protocol(head).to_vec();
        }
        let hopeless = head.flags.upgrade && !empty;
        let Some(request) = convert::request(head) else { return self.give_up() };
        let Some(sender) = self.lease.sender() else {
            self.failed = Some(NoHead::Refused);
            return;
        };
        let tunnel = head.flags.upgrade || head.method() == b"CONNECT";
        self.start = Some(Start { sender, request, ends: empty && !tunnel, hopeless });
        if !stream.req_body.bytes.is_empty() {
            self.send(&Piece::Data(&stream.req_body.bytes));
        }
        if stream.req_body.complete && client.request_done() && !empty {
            self.send(&Piece::End(stream.req_body.trailers.as_deref()));
        }
    }

    /// Begins the stream once the connection takes it.
    fn poll_start(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(start) = &mut self.start else { return Poll::Ready(()) };
        if !self.protocol.is_empty() {
            ready!(self.lease.wire().poll_settled(cx));
            if start.hopeless || !start.sender.is_extended_connect_protocol_enabled() {
                self.start = None;
                self.give_up();
                return Poll::Ready(());
            }
        }
        let ready = ready!(start.sender.poll_ready(cx));
        let Some(Start { mut sender, request, ends, .. }) = self.start.take() else { return Poll::Ready(()) };
        match ready.and_then(|()| sender.send_request(request, ends)) {
            Ok((response, send)) => {
                self.awaited = Some(response.stream_id().into());
                self.response = Some(response);
                if !ends {
                    self.outgoing.open(send);
                }
            }
            // Nothing was sent.
            Err(error) if error.is_io() || error.is_go_away() => self.failed = Some(NoHead::Refused),
            Err(_) => self.failed = Some(NoHead::Invalid),
        }
        Poll::Ready(())
    }

    /// The request cannot be sent. As with HAProxy, a server that has nothing else to do is told so by the
    /// reset of a stream that it never heard of; many end their connection for it.
    fn give_up(&mut self) {
        self.failed = Some(NoHead::Invalid);
        let Some(mut sender) = self.lease.sender().filter(|_| self.lease.active() == 1) else { return };
        if let Ok((response, mut send)) = sender.send_request(http::Request::new(()), true) {
            self.lease.wire().replies().withhold(response.stream_id().into());
            send.send_reset(Reason::INTERNAL_ERROR);
        }
    }

    pub fn send(&mut self, piece: &Piece<'_>) {
        let piece = if self.drops_trailers { &piece.bare() } else { piece };
        self.outgoing.push(piece);
    }

    pub fn is_flushed(&self) -> bool {
        self.start.is_none() && (self.outgoing.is_flushed() || !self.outgoing.is_open())
    }

    /// See [`crate::upstream::Upstream::poll_flush`].
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_start(cx));
        if self.failed.is_some() {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        }
        self.outgoing.poll_flush(cx)
    }

    /// See [`crate::upstream::Upstream::poll_head`].
    pub fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        head: &mut Head,
        method: &[u8],
    ) -> Poll<Result<(), NoHead>> {
        ready!(self.poll_start(cx));
        let response = match (self.failed, &mut self.response) {
            (None, Some(response)) => response,
            (failed, _) => return Poll::Ready(Err(failed.unwrap_or(NoHead::Closed))),
        };
        // The follower has the heads; the crate tells when there is one.
        let body = match ready!(response.poll_informational(cx)) {
            Some(Ok(_)) => None,
            Some(Err(error)) => return Poll::Ready(Err(self.no_head(&error))),
            None => match ready!(Pin::new(response).poll(cx)) {
                Ok(last) => Some(last.into_body()),
                Err(error) => return Poll::Ready(Err(self.no_head(&error))),
            },
        };
        let taken = self.awaited.map(|stream| self.lease.wire().replies().take(stream, head));
        match taken.unwrap_or(Taken::Nothing) {
            Taken::Head => {}
            Taken::Broken => return Poll::Ready(Err(NoHead::Invalid)),
            Taken::Nothing => return Poll::Ready(Err(NoHead::Closed)),
        }
        convert::finish_response(head, &convert::Asked { method, protocol: &self.protocol });
        let Some(body) = body else { return Poll::Ready(Ok(())) };
        self.awaited = None;
        let (ended, framing) = (body.is_end_stream(), head.framing);
        self.incoming = Incoming::of_length(body, framing);
        match framing {
            Framing::Chunked if ended => self.incoming.tell_end(),
            // Its body will be another fault.
            Framing::Length(1..) if ended => self.lease.count_glitches(1),
            _ if !ended => {
                self.lease.open_window();
                // What came with the head leaves with it. What is broken is told to the one who reads on.
                let _ = self.incoming.take_early(cx);
            }
            _ => {}
        }
        Poll::Ready(Ok(()))
    }

    fn no_head(&mut self, error: &Error) -> NoHead {
        if error.is_library() {
            self.lease.count_glitches(1);
        }
        let reset = error.reason().filter(|_| error.is_remote() && error.is_reset());
        self.incoming.note_reset(reset);
        match reset.map(u32::from) {
            Some(RESET_FOR_MESSAGE) => NoHead::Invalid,
            // Streams that the server looked at outlive its GOAWAY.
            Some(code) if code == u32::from(Reason::REFUSED_STREAM) => NoHead::Refused,
            None if error.is_remote() && error.is_go_away() => NoHead::Refused,
            _ => NoHead::Closed,
        }
    }

    /// See [`crate::upstream::Upstream::poll_body`].
    pub fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        sink: &mut Sink<'_>,
    ) -> Poll<Result<usize, SourceError>> {
        let step = self.incoming.poll(cx, sink);
        if self.incoming.take_fault() {
            self.lease.count_glitches(1);
        }
        match ready!(step) {
            Err(SourceError::Aborted) if self.incoming.reset_code() == Some(RESET_FOR_MESSAGE) => {
                Poll::Ready(Err(SourceError::Invalid))
            }
            other => Poll::Ready(other),
        }
    }

    /// The code that the server reset the stream with.
    pub fn reset_code(&self) -> Option<u32> {
        self.incoming.reset_code().filter(|code| *code < RESET_FOR_FRAMES)
    }

    pub fn body_done(&self) -> bool {
        self.incoming.is_done()
    }

    /// Whether the head was all of the response.
    pub fn ends_with_head(&self) -> bool {
        self.incoming.is_bare()
    }

    pub fn early_body(&self) -> &[u8] {
        self.incoming.early()
    }

    /// Takes the part of the body that is there.
    pub fn take_early(&mut self) {
        // What is broken is told to the one who reads on.
        let _ = self.incoming.take_early(&mut Context::from_waker(Waker::noop()));
    }

    /// See [`crate::upstream::Upstream::poll_gone`].
    pub fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.outgoing.poll_reset(cx) {
            Some(reset) => reset.map(drop),
            None => Poll::Pending,
        }
    }
}

impl Drop for H2Server {
    fn drop(&mut self) {
        if let Some(stream) = self.awaited {
            self.lease.wire().replies().forget(stream);
        }
    }
}
