//! The client's side of one HTTP stream: where its request body comes from and its response
//! goes to, whatever the version. The muxes make it; the stream uses it.

use std::io;
use std::task::{Context, Poll};

use state::Stream;

use crate::body::{Piece, Sink, SourceError};
use crate::conn::Gone;
use crate::mux::h1::H1Client;
use crate::mux::h2::H2Client;

/// See the module.
pub enum Client<'a> {
    H1(&'a mut H1Client),
    H2(&'a mut H2Client),
}

/// How a response is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseMode {
    /// The connection is to be closed behind this response.
    pub close: bool,
    /// No body follows: HEAD, 204, 304.
    pub bodyless: bool,
}

impl Client<'_> {
    /// Whether the request's body was received whole.
    pub fn request_done(&self) -> bool {
        match self {
            Self::H1(client) => client.source.done,
            Self::H2(client) => client.request_done(),
        }
    }

    /// Whether the request body can be handed over in its chunked wire form.
    pub fn is_h1(&self) -> bool {
        matches!(self, Self::H1(_))
    }

    /// Whether chunks of the request's body must be framed anew: there are none, or their frames are
    /// gone in part.
    pub fn is_taken_apart(&self) -> bool {
        match self {
            Self::H1(client) => client.source.apart,
            Self::H2(_) => true,
        }
    }

    /// Chunks of the request's body will be framed anew: see [`Self::is_taken_apart`].
    pub fn take_apart(&mut self) {
        if let Self::H1(client) = self {
            client.source.apart = true;
        }
    }

    /// Hands over what one read of the request body gives, and says how many bytes that were.
    pub fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        raw: bool,
        sink: &mut Sink<'_>,
    ) -> Poll<Result<usize, SourceError>> {
        match self {
            Self::H1(client) => client.source.poll(cx, &mut client.conn, raw, sink),
            Self::H2(client) => client.poll_body(cx, sink),
        }
    }

    /// Bytes of the request body that came with the head.
    pub fn has_early_body(&self) -> bool {
        match self {
            Self::H1(client) => !client.source.done && !client.conn.rest().is_empty(),
            Self::H2(client) => client.has_early_body(),
        }
    }

    /// The bytes of the request's body that came with the head and are not used yet.
    pub fn waiting(&self) -> usize {
        match self {
            Self::H1(client) if !client.source.done => client.conn.rest().len(),
            _ => 0,
        }
    }

    /// Sends an interim response (1xx).
    pub fn send_interim(&mut self, stream: &Stream) -> io::Result<()> {
        match self {
            Self::H1(client) => client.send_interim(stream),
            Self::H2(client) => client.send_interim(stream),
        }
    }

    /// Queues the response's head. Returns whether the body is wanted in its chunked wire form,
    /// where the source has it in that form.
    pub fn send_head(&mut self, stream: &Stream, mode: ResponseMode) -> io::Result<bool> {
        match self {
            Self::H1(client) => client.send_head(stream, mode),
            Self::H2(client) => client.send_head(stream, mode).map(|()| false),
        }
    }

    /// Queues a piece of the response's body.
    pub fn send(&mut self, cx: &mut Context<'_>, piece: &Piece<'_>) -> io::Result<()> {
        match self {
            Self::H1(client) => client.send(cx, piece),
            Self::H2(client) => client.send(piece),
        }
    }

    /// Waits until what was queued is gone and more may be queued.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::H1(client) => client.conn.poll_flush(cx),
            Self::H2(client) => client.poll_flush(cx),
        }
    }

    /// Ready when the client gave up the stream: a reset on HTTP/2, the end of the connection on
    /// HTTP/1, where the request's body is complete.
    pub fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<Gone> {
        match self {
            Self::H1(client) if client.source.done => client.conn.poll_gone(cx),
            Self::H1(_) => Poll::Pending,
            Self::H2(client) => client.poll_gone(cx),
        }
    }

    /// Whether the client's direction ended in the midst of the request's body.
    pub fn is_cut(&self) -> bool {
        match self {
            Self::H1(client) => client.conn.read_closed && !client.source.done,
            Self::H2(_) => false,
        }
    }

    /// How the client left, if it did: its connection was reset, or the request's body breaks off.
    pub fn has_left(&mut self, cx: &mut Context<'_>) -> Option<Gone> {
        let gone = match self {
            Self::H1(client) => client.conn.poll_gone(cx),
            Self::H2(client) => client.poll_gone(cx),
        };
        match (self, gone) {
            (_, Poll::Pending) => None,
            // One that ended its direction behind its request can be answered.
            (Self::H2(client), Poll::Ready(Gone::Ended)) if client.request_done() => None,
            (Self::H1(client), Poll::Ready(Gone::Ended)) => {
                (!client.source.is_there(client.conn.rest())).then_some(Gone::Ended)
            }
            (_, Poll::Ready(gone)) => Some(gone),
        }
    }

    /// The tunnel stands: what comes is for the server.
    pub fn begin_tunnel(&mut self) {
        match self {
            Self::H1(client) => client.begin_tunnel(),
            Self::H2(client) => client.begin_tunnel(),
        }
    }

    /// Behind the tunnel's last bytes: ends this direction. The streams of HTTP/2 end by themselves.
    pub fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::H1(client) => client.conn.io.poll_shutdown(cx),
            Self::H2(_) => Poll::Ready(Ok(())),
        }
    }

    /// The connection ends with the stream, because a rule refuses it.
    pub fn kill(&mut self) {
        match self {
            Self::H1(_) => self.abort(),
            Self::H2(client) => client.kill(),
        }
    }

    /// The stream failed behind the response's head: the client must notice.
    pub fn abort(&mut self) {
        match self {
            Self::H1(client) => (client.keep_alive, client.aborted) = (false, true),
            Self::H2(client) => client.reset(),
        }
    }
}
