//! The server's side of one HTTP stream: where its request goes to and its response comes from,
//! whatever the version. The other end of [`crate::client`].

use std::io;
use std::task::{Context, Poll};

use proto::h1::{self, Body, Limits};
use proto::message::Head;
use state::stream::Stream;

use crate::body::{H1Source, Piece, Sink, SourceError};
use crate::client::Client;
use crate::conn::Conn;
use crate::mux::h1::H1Server;
use crate::mux::h2::H2Server;

/// See the module. Not boxed where it is large: most streams are of HTTP/1, and allocate nothing.
#[expect(clippy::large_enum_variant)]
pub enum Upstream {
    H1(H1Server),
    H2(Box<H2Server>),
}

/// Why there is no response head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoHead {
    /// The connection or the stream ended before one came.
    Closed,
    /// The server did not look at the request: it can be sent again, whatever it is.
    Refused,
    /// What came is not HTTP, or the version cannot carry the request.
    Invalid,
}

impl Upstream {
    /// Takes the request's head, and what a rule buffered of its body: [`Self::poll_flush`] sends it.
    pub fn send_head(&mut self, stream: &mut Stream, client: &Client<'_>) {
        match self {
            Self::H1(server) => server.send_head(stream, client),
            Self::H2(server) => server.send_head(stream, client),
        }
    }

    pub fn is_h1(&self) -> bool {
        matches!(self, Self::H1(_))
    }

    /// Whether the server was told that its connection ends with the response.
    pub fn is_closing(&self) -> bool {
        matches!(self, Self::H1(server) if server.closing)
    }

    /// Small faults of the server's on this connection.
    pub fn glitches(&self) -> u32 {
        match self {
            Self::H1(server) => server.glitches + u32::from(server.source.is_broken()),
            Self::H2(server) => server.lease().glitches(),
        }
    }

    /// Whether the request's body may come in its chunked wire form.
    pub fn takes_raw(&self) -> bool {
        match self {
            Self::H1(server) => !server.chunked,
            Self::H2(_) => false,
        }
    }

    /// Queues a piece of the request's body.
    pub fn send(&mut self, cx: &mut Context<'_>, piece: &Piece<'_>) -> io::Result<()> {
        match self {
            Self::H1(server) => server.send(cx, piece),
            Self::H2(server) => {
                server.send(piece);
                Ok(())
            }
        }
    }

    /// Waits until what was queued is gone and more may be queued.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::H1(server) => server.conn.poll_flush(cx),
            Self::H2(server) => server.poll_flush(cx),
        }
    }

    /// Whether nothing waits to be sent.
    pub fn is_flushed(&self) -> bool {
        match self {
            Self::H1(server) => server.conn.is_flushed(),
            Self::H2(server) => server.is_flushed(),
        }
    }

    /// One read towards a response's head; `true` once it is complete in `head`. Interim responses
    /// come first, one by one.
    ///
    /// # Errors
    /// See [`NoHead`].
    pub fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        head: &mut Head,
        method: &[u8],
        limits: &Limits,
    ) -> Poll<Result<bool, NoHead>> {
        match self {
            Self::H1(server) => server.poll_head(cx, head, method, limits),
            Self::H2(server) => server.poll_head(cx, head, method).map_ok(|()| true),
        }
    }

    /// Whether what came behind an interim response is none: then the client hears of neither.
    pub fn breaks_off(&self, method: &[u8], limits: &Limits) -> bool {
        match self {
            Self::H1(server) => server.breaks_off(method, limits),
            Self::H2(_) => false,
        }
    }

    /// A head is complete: what follows is its body. `max_trailers` are bytes and fields.
    ///
    /// # Errors
    /// The framing is broken from the beginning.
    pub fn begin_body(&mut self, head: &Head, max_trailers: (usize, usize)) -> Result<(), NoHead> {
        let Self::H1(server) = self else { return Ok(()) };
        let body = Body::new(head.framing, max_trailers.0);
        if body.check(server.conn.rest()).is_err() {
            server.glitches += 1;
            return Err(NoHead::Invalid);
        }
        server.source = H1Source::new(body, max_trailers.1);
        Ok(())
    }

    /// Hands over what one read of the response's body gives, and says how many bytes that were.
    pub fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        raw: bool,
        sink: &mut Sink<'_>,
    ) -> Poll<Result<usize, SourceError>> {
        match self {
            Self::H1(server) => server.source.poll(cx, &mut server.conn, raw, sink),
            Self::H2(server) => server.poll_body(cx, sink),
        }
    }

    /// Whether the response's body was received whole.
    pub fn body_done(&self) -> bool {
        match self {
            Self::H1(server) => server.source.done,
            Self::H2(server) => server.body_done(),
        }
    }

    /// Whether the response is known to have no body. On HTTP/1 its head tells that.
    pub fn ends_with_head(&self) -> bool {
        matches!(self, Self::H2(server) if server.ends_with_head())
    }

    /// Bytes that came behind the response's head and were not used yet.
    pub fn rest(&self) -> &[u8] {
        match self {
            Self::H1(server) => server.conn.rest(),
            Self::H2(server) => server.early_body(),
        }
    }

    /// What has come of the body behind the response's head, as the log counts it.
    pub fn count_rest(&self) -> u64 {
        match self {
            Self::H1(server) => server.source.count(server.conn.rest()),
            Self::H2(server) => server.early_body().len() as u64,
        }
    }

    /// Adds the payload that came with the response's head to `seen`. It stays where it is.
    pub fn show_body(&mut self, seen: &mut Vec<u8>) {
        match self {
            Self::H1(server) => {
                let mut body = server.source.body.clone();
                let mut rest = server.conn.rest();
                while let Ok(h1::Piece::Data { range, consumed }) = body.next(rest) {
                    seen.extend_from_slice(&rest[range]);
                    rest = &rest[consumed..];
                }
            }
            Self::H2(server) => {
                server.take_early();
                seen.extend_from_slice(server.early_body());
            }
        }
    }

    /// Ready when the server takes no more of the request.
    pub fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::H1(server) => server.conn.poll_gone(cx).map(drop),
            Self::H2(server) => server.poll_gone(cx),
        }
    }

    /// Behind the tunnel's last bytes: ends this direction. The streams of HTTP/2 end by themselves.
    pub fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::H1(server) => server.conn.io.poll_shutdown(cx),
            Self::H2(_) => Poll::Ready(Ok(())),
        }
    }

    /// The code that the server reset the stream with.
    pub fn reset_code(&self) -> Option<u32> {
        match self {
            Self::H1(_) => None,
            Self::H2(server) => server.reset_code(),
        }
    }

    /// The connection, where the stream has it for itself.
    pub fn conn(&mut self) -> Option<&mut Conn> {
        match self {
            Self::H1(server) => Some(&mut server.conn),
            Self::H2(_) => None,
        }
    }

    /// The tunnel stands: what comes is for the client, until it ends.
    pub fn begin_tunnel(&mut self) {
        if let Self::H1(server) = self {
            server.source = H1Source::new(Body::new(proto::message::Framing::Tunnel, 0), 0);
        }
    }
}
