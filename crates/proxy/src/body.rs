//! Bodies on their way: pieces as a source hands them over, and how an HTTP/1 connection gives
//! and takes them. Chunked bodies between two HTTP/1 connections pass raw, up to their trailers;
//! they are taken apart only where the other side frames differently.

use std::io;
use std::task::{Context, Poll, ready};

use proto::h1::{self, Body};
use proto::message::Head;

use crate::conn::Conn;

/// A part of a body.
#[derive(Debug)]
pub enum Piece<'a> {
    /// As it stands on an HTTP/1 wire, framing included.
    Raw(&'a [u8]),
    /// Payload only.
    Data(&'a [u8]),
    /// The end behind payload pieces, with the trailers. Raw pieces end by themselves, unless
    /// trailers follow.
    End(Option<&'a Head>),
    /// The trailers behind raw pieces, and the end.
    Trailers(&'a Head),
}

impl Piece<'_> {
    /// The piece without its trailers.
    pub fn bare(&self) -> Piece<'_> {
        match self {
            Piece::Raw(bytes) => Piece::Raw(bytes),
            Piece::Data(bytes) => Piece::Data(bytes),
            Piece::End(_) => Piece::End(None),
            Piece::Trailers(_) => Piece::Raw(b"\r\n"),
        }
    }
}

/// Why a source could not go on.
#[derive(Debug)]
pub enum SourceError {
    /// The connection ended or failed in the middle of the body.
    Aborted,
    /// The body's framing is broken.
    Invalid,
    /// The other side, where the pieces go, failed.
    Sink,
}

/// Takes the pieces of a body.
pub type Sink<'a> = dyn FnMut(Piece<'_>) -> io::Result<()> + 'a;

/// Hands one piece over.
fn give(sink: &mut Sink<'_>, piece: Piece<'_>) -> Result<(), SourceError> {
    sink(piece).map_err(|_| SourceError::Sink)
}

/// The body that an HTTP/1 connection is receiving.
#[derive(Debug)]
pub struct H1Source {
    pub body: Body,
    pub done: bool,
    /// Pieces were handed over without their framing.
    pub apart: bool,
    /// Broken framing was found.
    broken: bool,
    /// How many fields trailers may have.
    max_fields: usize,
    /// What is left over in the connection is a part of something: read more first.
    starved: bool,
    /// What the body's end counts for in the log, once it came.
    ending: u64,
    /// Raw pieces have come as far as the trailers.
    trailers: bool,
}

impl H1Source {
    /// `max_fields`: of trailers.
    pub fn new(body: Body, max_fields: usize) -> Self {
        let done = body.is_done();
        let (apart, broken, starved, trailers) = (false, false, false, false);
        Self { body, done, apart, broken, max_fields, starved, ending: 0, trailers }
    }

    /// Whether its framing turned out to be broken.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// Hands over what one read gives. `raw`: the framing is kept. Returns what it counts for in
    /// the log (see [`h1::counted_end`]); look at `done` for the end.
    pub fn poll(
        &mut self,
        cx: &mut Context<'_>,
        conn: &mut Conn,
        raw: bool,
        sink: &mut Sink<'_>,
    ) -> Poll<Result<usize, SourceError>> {
        const MAX_READ: usize = usize::MAX;
        if self.broken {
            return Poll::Ready(Err(SourceError::Invalid));
        }
        self.apart |= !raw;
        if self.starved {
            if !matches!(ready!(conn.poll_more(cx, MAX_READ)), Ok(1..)) {
                return Poll::Ready(Err(SourceError::Aborted));
            }
            self.starved = false;
        }
        let step = conn.poll_bytes(cx, MAX_READ, |bytes| {
            if bytes.is_empty() {
                return (0, self.closed(sink));
            }
            let (mut used, before) = (0, self.counted());
            let result =
                if raw { self.pass(bytes, &mut used, sink) } else { self.take_apart(bytes, &mut used, sink) };
            self.broken = matches!(result, Err(SourceError::Invalid));
            (used, result.map(|()| (self.counted() - before) as usize))
        });
        Poll::Ready(ready!(step).unwrap_or(Err(SourceError::Aborted)))
    }

    /// Whether the body is complete once `rest` is taken.
    pub fn is_there(&self, mut rest: &[u8]) -> bool {
        let mut body = self.body.clone();
        while let Ok(h1::Piece::Data { consumed, .. }) = body.next(rest) {
            rest = &rest[consumed..];
        }
        self.done || body.is_done() || matches!(body.next(rest), Ok(h1::Piece::End { .. }))
    }

    /// What `rest` counts for in the log, as far as it is of the body.
    pub fn count(&self, mut rest: &[u8]) -> u64 {
        let (mut body, before) = (self.body.clone(), self.body.payload());
        loop {
            match body.next(rest) {
                Ok(h1::Piece::Data { consumed, .. }) => rest = &rest[consumed..],
                Ok(h1::Piece::End { trailers, .. }) => {
                    let trailers = Some(&rest[trailers]).filter(|raw| !raw.is_empty());
                    let head = trailers.and_then(|raw| parsed_trailers(raw, self.max_fields));
                    let end = head.map_or(body.is_chunked().into(), |head| h1::counted_end(Some(&head)));
                    return body.payload() - before + end;
                }
                _ => return body.payload() - before,
            }
        }
    }

    /// What was received so far, as the log counts it.
    fn counted(&self) -> u64 {
        self.body.payload() + self.ending
    }

    /// The connection ended: only a body without a length may end so.
    fn closed(&mut self, sink: &mut Sink<'_>) -> Result<usize, SourceError> {
        if self.body.remaining() != u64::MAX {
            return Err(SourceError::Aborted);
        }
        self.done = true;
        give(sink, Piece::End(None))?;
        Ok(0)
    }

    fn pass(&mut self, bytes: &[u8], used: &mut usize, sink: &mut Sink<'_>) -> Result<(), SourceError> {
        while !self.trailers {
            let rest = &bytes[*used..];
            let scan = self.body.scan(rest).map_err(|_| SourceError::Invalid)?;
            *used += scan.consumed + scan.dropped;
            self.done = scan.done;
            self.ending = u64::from(scan.done && self.body.is_chunked());
            self.trailers = scan.trailers;
            give(sink, Piece::Raw(&rest[..scan.consumed]))?;
            if self.done || *used == bytes.len() {
                break;
            }
        }
        if self.trailers { self.take_apart(bytes, used, sink) } else { Ok(()) }
    }

    fn take_apart(&mut self, bytes: &[u8], used: &mut usize, sink: &mut Sink<'_>) -> Result<(), SourceError> {
        loop {
            let rest = &bytes[*used..];
            match self.body.next(rest).map_err(|_| SourceError::Invalid)? {
                h1::Piece::Data { range, consumed } => {
                    give(sink, Piece::Data(&rest[range]))?;
                    *used += consumed;
                }
                h1::Piece::NeedMore { consumed } => {
                    *used += consumed;
                    self.starved = *used < bytes.len();
                    return Ok(());
                }
                h1::Piece::End { trailers, consumed } => {
                    *used += consumed;
                    self.end(&rest[trailers], sink)?;
                    self.done = true;
                    return Ok(());
                }
            }
        }
    }

    /// Hands over the end with its trailers, parsed from their raw form.
    fn end(&mut self, trailers: &[u8], sink: &mut Sink<'_>) -> Result<(), SourceError> {
        if trailers.is_empty() {
            return give(sink, Piece::End(None));
        }
        let head = parsed_trailers(trailers, self.max_fields).ok_or(SourceError::Invalid)?;
        self.ending = h1::counted_end(Some(&head));
        give(sink, if self.trailers { Piece::Trailers(&head) } else { Piece::End(Some(&head)) })
    }
}

/// Trailers from their raw form; `None`: they are broken.
fn parsed_trailers(raw: &[u8], max_fields: usize) -> Option<Head> {
    let mut head = Head::default();
    head.bytes_mut().extend_from_slice(raw);
    h1::parse_trailers(&mut head, max_fields).ok()?;
    Some(head)
}

/// Queues a piece on an HTTP/1 connection; `chunked` says how payload is framed there.
pub fn send_h1(conn: &mut Conn, cx: &mut Context<'_>, chunked: bool, piece: &Piece<'_>) -> io::Result<()> {
    match piece {
        Piece::Raw(bytes) => conn.send(cx, bytes),
        Piece::Data(bytes) if !chunked => conn.send(cx, bytes),
        // An empty chunk would end the body.
        Piece::Data([]) => Ok(()),
        Piece::Data(bytes) => {
            h1::write_chunk_header(conn.out(), bytes.len());
            conn.send(cx, bytes)?;
            conn.send(cx, b"\r\n")
        }
        Piece::End(trailers) => {
            if chunked {
                h1::write_last_chunk(conn.out(), *trailers);
            }
            Ok(())
        }
        Piece::Trailers(trailers) => {
            h1::write_trailers(conn.out(), trailers);
            Ok(())
        }
    }
}
