//! The server's side of one stream over HTTP/1.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::task::{Context, Poll, ready};

use net::io::Io;
use net::load;
use proto::h1::{self, Body, Limits, Parsed, Persistence, Progress, RequestOut};
use proto::message::{Framing, Head};
use proto::wear::Wear;
use proto::websocket;
use state::stream::Stream;

use crate::body::{H1Source, Piece, send_h1};
use crate::client::Client;
use crate::conn::{Conn, HEAD_PART};
use crate::forward::closes_server;
use crate::server::backend;
use crate::upstream::NoHead;

/// See the module.
pub struct H1Server {
    pub conn: Conn,
    /// The response's body.
    pub source: H1Source,
    progress: Progress,
    /// How payload of the request's body is framed.
    pub chunked: bool,
    /// `option http-drop-request-trailers`.
    drops_trailers: bool,
    /// The server was told that its connection ends with the response.
    pub closing: bool,
    /// Small faults of the server's messages on this connection.
    pub glitches: u32,
    /// What must answer the key that was made here, for a client that had none.
    accept: Option<[u8; websocket::ACCEPT_LEN]>,
}

impl H1Server {
    pub fn new(io: Io) -> Self {
        Self {
            conn: Conn::new(io),
            source: H1Source::new(Body::new(Framing::None, 0), 0),
            progress: Progress::default(),
            chunked: false,
            drops_trailers: false,
            closing: false,
            glitches: 0,
            accept: None,
        }
    }

    /// Queues the request's head, and what a rule buffered of its body.
    pub fn send_head(&mut self, stream: &mut Stream, client: &Client<'_>) {
        if stream.req.flags.websocket {
            self.add_key(&mut stream.req);
        }
        let buffered = &stream.req_body.bytes;
        self.chunked = stream.req.framing == Framing::Chunked && client.is_taken_apart();
        let options = stream.plan.settings(backend(stream)).options;
        self.drops_trailers = options.http_drop_request_trailers;
        let persistence = if closes_server(stream) { Persistence::Close } else { Persistence::KeepAlive };
        let how = RequestOut { persistence, pretend: options.http_pretend_keepalive };
        let start = self.conn.out().len();
        self.closing = h1::write_request(&stream.req, self.conn.out(), &how) == Persistence::Close;
        if options.h1_case_adjust_bogus_server {
            let cases = &stream.plan.config.global.header_cases;
            h1::adjust_names(&mut self.conn.out()[start..], |name| cases.get(name).map(Vec::as_slice));
        }
        if !buffered.is_empty() {
            if self.chunked {
                h1::write_chunk_header(self.conn.out(), buffered.len());
            }
            self.conn.out().extend_from_slice(buffered);
            if self.chunked {
                self.conn.out().extend_from_slice(b"\r\n");
            }
        }
        if stream.req_body.complete && client.request_done() && self.chunked {
            let trailers = stream.req_body.trailers.as_deref().filter(|_| !self.drops_trailers);
            h1::write_last_chunk(self.conn.out(), trailers);
        }
    }

    /// Makes the key of a WebSocket's handshake where the client's version has none.
    fn add_key(&mut self, head: &mut Head) {
        const NAME: &[u8] = b"sec-websocket-key";
        if head.get(NAME).is_some() {
            return;
        }
        let mut random = [0; 16];
        for half in random.chunks_mut(8) {
            half.copy_from_slice(&RandomState::new().build_hasher().finish().to_ne_bytes());
        }
        let key = websocket::key(&random);
        self.accept = Some(websocket::accept(&key));
        head.add(NAME, &key);
    }

    /// One read towards a response's head; `true` once it is complete in `head`.
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
        let progress = &mut self.progress;
        let read = self.conn.poll_bytes(cx, usize::MAX, |bytes| {
            let before = head.bytes().len();
            let part = &bytes[..bytes.len().min(HEAD_PART)];
            head.bytes_mut().extend_from_slice(part);
            if part.is_empty() {
                return (0, None);
            }
            let parsed = h1::parse_response(head, progress, limits, method);
            if let Ok(Parsed::Done { head_len }) = parsed {
                head.bytes_mut().truncate(head_len);
                return (head_len - before, Some(parsed));
            }
            (part.len(), Some(parsed))
        });
        Poll::Ready(match ready!(read) {
            Ok(Some(Ok(Parsed::NeedMore))) => Ok(false),
            Ok(Some(Ok(Parsed::Done { .. }))) => {
                self.glitches += u32::from(head.flags.violates);
                self.check_head(head).map(|()| true)
            }
            Ok(Some(_)) => {
                self.glitches += 1;
                Err(NoHead::Invalid)
            }
            // A head that breaks off is no HTTP.
            _ if !head.bytes().is_empty() => Err(NoHead::Invalid),
            _ => Err(NoHead::Closed),
        })
    }

    /// See [`crate::upstream::Upstream::breaks_off`].
    pub fn breaks_off(&self, method: &[u8], limits: &Limits) -> bool {
        let mut head = Head::default();
        let rest = self.conn.rest();
        head.bytes_mut().extend_from_slice(rest);
        match h1::parse_response(&mut head, &mut Progress::default(), limits, method) {
            Ok(Parsed::Done { head_len }) => {
                Body::new(head.framing, limits.max_head).check(&rest[head_len..]).is_err()
            }
            other => other.is_err(),
        }
    }

    /// Notes what a head that is complete means for what comes behind it.
    fn check_head(&mut self, head: &Head) -> Result<(), NoHead> {
        self.progress = Progress::default();
        match self.accept {
            Some(wanted) if head.status() == 101 && head.get(b"sec-websocket-accept") != Some(&wanted) => {
                Err(NoHead::Invalid)
            }
            _ => Ok(()),
        }
    }

    /// Looks at what the server's small faults mean for its connection, by their threshold. Says
    /// whether it ends: nothing more is read from it.
    pub fn wear_out(&mut self, threshold: u32) -> bool {
        let wear = Wear::of(self.glitches, threshold).spare(load::is_calm());
        self.closing |= wear != Wear::Fine;
        self.conn.read_closed |= wear == Wear::Over;
        wear == Wear::Over
    }

    /// Queues a piece of the request's body.
    pub fn send(&mut self, cx: &mut Context<'_>, piece: &Piece<'_>) -> io::Result<()> {
        let piece = if self.drops_trailers { &piece.bare() } else { piece };
        send_h1(&mut self.conn, cx, self.chunked, piece)
    }
}
