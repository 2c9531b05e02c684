//! HTTP/2 clients on the `h2` crate: each request becomes a stream in a task of its own, in the
//! same message type as HTTP/1. Bodies are bounded by the flow-control windows.

mod convert;
mod io;

use std::io::Error;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use h2::server::{Builder, Connection, SendResponse};
use h2::{Reason, RecvStream, SendStream};
use net::clock::now_ms;
use net::timer::Timer;
use proto::message::{Framing, Head};
use state::session::Session;
use state::stream::Stream;

use crate::body::{Piece, Sink, SourceError};
use crate::client::{Client, ResponseMode};
use crate::conn::Conn;
use crate::deadline::Deadline;
use crate::worker::Worker;
use crate::{http, log};

/// The client's side of one HTTP/2 stream.
pub struct H2Client {
    body: RecvStream,
    body_done: bool,
    respond: SendResponse<Bytes>,
    /// There once the head was sent without END_STREAM.
    send: Option<SendStream<Bytes>>,
    /// Payload that waits for the client's window.
    pending: Vec<Bytes>,
    /// END_STREAM goes with the last pending payload.
    ending: bool,
}

/// Serves an HTTP/2 connection until it ends. The preface may be left over in `conn`.
pub async fn run(worker: &Rc<Worker>, session: &Rc<Session>, conn: Conn, handshake: u64) {
    let tune = &worker.plan.config.global.tune;
    let mut builder = Builder::new();
    builder
        .initial_window_size(tune.h2_initial_window_size)
        .max_concurrent_streams(tune.h2_max_concurrent_streams)
        .max_frame_size(tune.h2_max_frame_size.clamp(16_384, 16_777_215))
        .max_header_list_size(u32::try_from(tune.bufsize).unwrap_or(u32::MAX))
        .max_send_buffer_size(tune.bufsize);
    let timeouts = worker.plan.settings(session.frontend).timeouts;
    let mut timer = Timer::new();
    Deadline::after(now_ms(), timeouts.http_request.or(timeouts.client)).set(&mut timer);
    let mut greeting = pin!(builder.handshake(io::Joined::new(conn)));
    let opened = std::future::poll_fn(|cx| match greeting.as_mut().poll(cx) {
        Poll::Ready(end) => Poll::Ready(end.ok()),
        Poll::Pending => {
            ready!(timer.poll_expired(cx));
            Poll::Ready(None)
        }
    })
    .await;
    if let Some(connection) = opened {
        let open = Rc::new(());
        let mut serving = Serving { worker, session, connection, open, handshake, closing: false };
        serving.arm(&mut timer);
        std::future::poll_fn(|cx| serving.poll(cx, &mut timer)).await;
    }
}

struct Serving<'a> {
    worker: &'a Rc<Worker>,
    session: &'a Rc<Session>,
    connection: Connection<io::Joined, Bytes>,
    /// Each running stream holds a clone.
    open: Rc<()>,
    handshake: u64,
    /// GOAWAY was sent.
    closing: bool,
}

impl Serving<'_> {
    /// The time limit of an idle connection.
    fn arm(&self, timer: &mut Timer) {
        let timeouts = self.worker.plan.settings(self.session.frontend).timeouts;
        let idle = timeouts.http_keep_alive.or(timeouts.http_request).or(timeouts.client);
        Deadline::after(now_ms(), idle).set(timer);
    }

    fn is_idle(&self) -> bool {
        Rc::strong_count(&self.open) == 1
    }

    /// Begins streams until the connection ends.
    fn poll(&mut self, cx: &mut Context<'_>, timer: &mut Timer) -> Poll<()> {
        loop {
            if self.worker.plan.live.is_stopping() && !self.closing {
                self.closing = true;
                self.connection.graceful_shutdown();
            }
            match self.connection.poll_accept(cx) {
                Poll::Ready(Some(Ok((request, respond)))) => {
                    self.begin(request, respond);
                    self.arm(timer);
                }
                Poll::Ready(Some(Err(_)) | None) => return Poll::Ready(()),
                Poll::Pending => {
                    ready!(timer.poll_expired(cx));
                    if self.closing && self.is_idle() {
                        return Poll::Ready(());
                    }
                    if self.is_idle() {
                        self.closing = true;
                        self.connection.graceful_shutdown();
                    }
                    self.arm(timer);
                }
            }
        }
    }

    fn begin(&mut self, request: ::http::Request<RecvStream>, respond: SendResponse<Bytes>) {
        let session = self.session;
        session.requests.set(session.requests.get() + 1);
        let mut stream = self.worker.stream(session);
        let now = now_ms();
        stream.timing.start = if session.requests.get() == 1 { session.accepted } else { now };
        stream.timing.handshake = std::mem::take(&mut self.handshake);
        (stream.timing.first_byte, stream.timing.request) = (Some(now), Some(now));
        let scheme = if session.tls.is_some() { "https" } else { "http" };
        let (parts, body) = request.into_parts();
        let valid = convert::request(&parts, body.is_end_stream(), scheme, &mut stream.req);
        let body_done = body.is_end_stream();
        let client = H2Client { body, body_done, respond, send: None, pending: Vec::new(), ending: false };
        let (worker, open) = (self.worker.clone(), self.open.clone());
        tokio::task::spawn_local(async move {
            serve(&worker, stream, client, valid).await;
            drop(open);
        });
    }
}

/// Runs one stream and logs it.
async fn serve(worker: &Rc<Worker>, mut stream: Box<Stream>, mut client: H2Client, valid: bool) {
    let mut timer = Timer::new();
    stream.counts.bytes_in += stream.req.bytes().len() as u64;
    if valid {
        http::serve(worker, &mut stream, &mut Client::H2(&mut client), &mut timer).await;
    } else {
        http::refuse(worker, &mut stream, &mut Client::H2(&mut client), &mut timer, 400).await;
    }
    stream.timing.end = Some(now_ms());
    log::stream(worker, &mut stream);
    worker.recycle(stream);
}

impl H2Client {
    pub fn request_done(&self) -> bool {
        self.body_done
    }

    /// See [`Client::poll_body`].
    pub fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        sink: &mut Sink<'_>,
    ) -> Poll<Result<usize, SourceError>> {
        match ready!(self.body.poll_data(cx)) {
            Some(Ok(bytes)) => {
                sink(Piece::Data(&bytes)).map_err(|_| SourceError::Sink)?;
                let count = bytes.len();
                // Cannot fail: it gives back what was received.
                let _ = self.body.flow_control().release_capacity(count);
                Poll::Ready(Ok(count))
            }
            Some(Err(_)) => Poll::Ready(Err(SourceError::Aborted)),
            None => {
                let trailers = ready!(self.body.poll_trailers(cx)).map_err(|_| SourceError::Aborted)?;
                self.body_done = true;
                let trailers = trailers.map(|fields| convert::trailers(&fields));
                sink(Piece::End(trailers.as_ref())).map_err(|_| SourceError::Sink)?;
                Poll::Ready(Ok(0))
            }
        }
    }

    /// See [`Client::send_interim`].
    pub fn send_interim(&mut self, head: &Head) -> Result<(), Error> {
        let response = convert::response(head).ok_or_else(|| Error::other("invalid head"))?;
        self.respond.send_informational(response).map_err(Error::other)
    }

    /// See [`Client::send_head`].
    pub fn send_head(&mut self, stream: &Stream, mode: ResponseMode) -> Result<(), Error> {
        let head = &stream.res;
        let response = convert::response(head).ok_or_else(|| Error::other("invalid head"))?;
        let end = mode.bodyless || matches!(head.framing, Framing::None | Framing::Length(0));
        let send = self.respond.send_response(response, end).map_err(Error::other)?;
        self.send = (!end).then_some(send);
        Ok(())
    }

    /// See [`Client::send`].
    pub fn send(&mut self, piece: &Piece<'_>) -> Result<(), Error> {
        let Some(send) = &mut self.send else { return Ok(()) };
        match piece {
            Piece::Raw([]) | Piece::Data([]) => {}
            Piece::Raw(bytes) | Piece::Data(bytes) => {
                send.reserve_capacity(bytes.len());
                self.pending.push(Bytes::copy_from_slice(bytes));
            }
            Piece::End(None) => self.ending = true,
            Piece::End(Some(trailers)) => {
                // Trailers wait for nothing but the data before them, which the codec orders.
                self.flush_all(trailers)?;
            }
        }
        Ok(())
    }

    /// Queues everything in the codec and ends the stream with trailers.
    fn flush_all(&mut self, trailers: &Head) -> Result<(), Error> {
        let Some(send) = &mut self.send else { return Ok(()) };
        for bytes in self.pending.drain(..) {
            send.send_data(bytes, false).map_err(Error::other)?;
        }
        send.send_trailers(convert::trailer_map(trailers)).map_err(Error::other)?;
        self.send = None;
        Ok(())
    }

    /// See [`Client::poll_flush`].
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let Some(send) = &mut self.send else { return Poll::Ready(Ok(())) };
        while let Some(first) = self.pending.first_mut() {
            if send.capacity() == 0 {
                send.reserve_capacity(first.len());
                match ready!(send.poll_capacity(cx)) {
                    Some(Ok(_)) => continue,
                    Some(Err(error)) => return Poll::Ready(Err(Error::other(error))),
                    None => return Poll::Ready(Err(Error::other("closed"))),
                }
            }
            let part = first.split_to(first.len().min(send.capacity()));
            let done = !first.has_remaining();
            if done {
                self.pending.remove(0);
            }
            let last = self.ending && self.pending.is_empty();
            send.send_data(part, last).map_err(Error::other)?;
            if last {
                self.send = None;
                return Poll::Ready(Ok(()));
            }
        }
        if self.ending {
            send.send_data(Bytes::new(), true).map_err(Error::other)?;
            self.send = None;
        }
        Poll::Ready(Ok(()))
    }

    /// See [`Client::poll_gone`].
    pub fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.send {
            Some(send) => send.poll_reset(cx).map(|_| ()),
            None => self.respond.poll_reset(cx).map(|_| ()),
        }
    }

    /// See [`Client::abort`].
    pub fn reset(&mut self) {
        match &mut self.send {
            Some(send) => send.send_reset(Reason::INTERNAL_ERROR),
            None => self.respond.send_reset(Reason::REFUSED_STREAM),
        }
    }
}
