//! A stream through a service: a script that answers in place of a server, behind two bounded
//! queues.

use std::task::{Context, Poll, ready};

use actions::room;
use ir::config::LogOrigin;
use ir::id::ServiceId;
use ir::spec::RuleSet;
use lua::HttpService;
use net::clock::now_ms;
use net::timer::Timer;
use proto::h1;
use proto::message::Framing;
use state::plan::Outcome;
use state::stream::{Sent, Stream};
use state::termination::{Cause, State};

use crate::body::{Piece, SourceError};
use crate::buffers;
use crate::client::{Client, ResponseMode};
use crate::deadline::Deadline;
use crate::forward::Passage;
use crate::server::backend;
use crate::worker::Worker;
use crate::{forward, http, log, rules};

/// Bytes of a response's body that are handed on at once.
const PIECE: usize = 16 * 1024;

/// Has the service answer the request.
pub async fn run(
    worker: &Worker,
    stream: &mut Stream,
    client: &mut Client<'_>,
    timer: &mut Timer,
    id: ServiceId,
) {
    stream.server_label = worker.service_label(id);
    stream.termination.set(Cause::Local, State::Request);
    let now = Some(now_ms());
    (stream.timing.dequeued, stream.timing.connected) = (now, now);
    log::step(worker, stream, LogOrigin::Connect, 0);
    let name = &worker.plan.config.services[id.index()];
    let Some(Ok(service)) = worker.lua.as_ref().map(|host| HttpService::start(host, name, stream)) else {
        return fail(worker, stream, client, timer).await;
    };
    let limit = stream.client_timeout();
    let mut run = Run {
        service,
        started: false,
        script: Script::Running,
        uploaded: false,
        ended: false,
        bodyless: false,
        limit,
    };
    Deadline::after(now_ms(), limit).set(timer);
    let mut end = std::future::poll_fn(|cx| run.poll(cx, stream, client, timer)).await;
    if matches!(end, End::Head) {
        if !run.head_passes(worker, stream, client, timer).await {
            return;
        }
        end = match run.send_head(worker, stream, client) {
            Ok(()) => std::future::poll_fn(|cx| run.poll(cx, stream, client, timer)).await,
            Err(()) => End::ClientGone,
        };
    }
    match end {
        End::Done | End::Head => {}
        End::Failed if !run.started => fail(worker, stream, client, timer).await,
        End::Failed => client.abort(),
        End::ClientGone => {
            stream.termination.set(Cause::Client, State::Data);
            client.abort();
        }
    }
}

/// The service could not answer. As in HAProxy the page counts as its answer.
async fn fail(worker: &Worker, stream: &mut Stream, client: &mut Client<'_>, timer: &mut Timer) {
    stream.res.clear();
    stream.timing.response = Some(now_ms());
    http::refuse(worker, stream, client, timer, 500).await;
    stream.counts.response_head = h1::counted_response(&stream.res);
    let body = if let Framing::Length(bytes) = stream.res.framing { bytes } else { 0 };
    stream.counts.bytes_out = stream.counts.response_head + body;
}

/// How far the script is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Running,
    Finished,
    /// It raised an error or ran out of its time; what it sent before still goes to the client.
    Failed,
}

enum End {
    /// The response's head stands in the stream.
    Head,
    Done,
    Failed,
    ClientGone,
}

struct Run {
    service: HttpService,
    /// The response's head was sent.
    started: bool,
    script: Script,
    /// The request's body was handed over whole.
    uploaded: bool,
    /// The end of the response's body was queued.
    ended: bool,
    bodyless: bool,
    limit: Option<u64>,
}

impl Run {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut Stream,
        client: &mut Client<'_>,
        timer: &mut Timer,
    ) -> Poll<End> {
        loop {
            let up = self.upload(cx, stream, client);
            if self.script == Script::Running
                && let Poll::Ready(end) = self.service.poll(cx, stream)
            {
                self.script = if end.is_ok() { Script::Finished } else { Script::Failed };
            }
            if !self.started && self.service.take_head(&mut stream.res) {
                return Poll::Ready(End::Head);
            }
            if self.script != Script::Running && !self.started {
                return Poll::Ready(End::Failed);
            }
            match self.download(cx, stream, client) {
                Poll::Ready(Ok(0)) => return Poll::Ready(End::Done),
                Poll::Ready(Ok(_)) => {
                    Deadline::after(now_ms(), self.limit).set(timer);
                    continue;
                }
                Poll::Ready(Err(())) => return Poll::Ready(End::ClientGone),
                Poll::Pending if self.is_cut(client, cx) => return Poll::Ready(End::Failed),
                Poll::Pending => {}
            }
            match up {
                Poll::Ready(Ok(true)) => {
                    Deadline::after(now_ms(), self.limit).set(timer);
                    continue;
                }
                Poll::Ready(Err(())) => return Poll::Ready(End::ClientGone),
                _ => {}
            }
            ready!(timer.poll_expired(cx));
            return Poll::Ready(if self.started { End::ClientGone } else { End::Failed });
        }
    }

    /// Counts the head and runs the rules on it, as on that of a server's response. `false`: it is refused
    /// or replaced, and the client was told.
    async fn head_passes(
        &mut self,
        worker: &Worker,
        stream: &mut Stream,
        client: &mut Client<'_>,
        timer: &mut Timer,
    ) -> bool {
        stream.counts.response_head = h1::counted_response(&stream.res);
        stream.counts.bytes_out += stream.counts.response_head;
        if stream.res.reason().is_empty() {
            stream.counts.bytes_out += h1::reason_phrase(stream.res.status()).len() as u64;
        }
        if rules::any(stream, backend(stream), RuleSet::TcpResponse)
            && forward::content_rules(worker, stream, client, None, timer).await != Passage::Free
        {
            client.abort();
            return false;
        }
        stream.timing.response = Some(now_ms());
        stream.count_status();
        (stream.answer_status, stream.server_status) = (None, Some(stream.res.status()));
        let waiting = self.service.response().len();
        stream.held.response = room::held(stream, &stream.res, waiting);
        http::capture_response(stream);
        if worker.plan.needs.response_body {
            self.service.response().peek(&mut stream.res_body.bytes);
        }
        let Some(refused) = forward::response_rules(worker, stream, client, None, timer).await else {
            return true;
        };
        stream.counts.bytes_out += waiting as u64;
        match refused {
            Outcome::Failed => http::refuse(worker, stream, client, timer, 500).await,
            Outcome::Deny(status) => http::refuse(worker, stream, client, timer, status).await,
            Outcome::Reply => http::reply(worker, stream, client, timer).await,
            _ => client.abort(),
        }
        false
    }

    /// Queues the response's head.
    fn send_head(&mut self, worker: &Worker, stream: &mut Stream, client: &mut Client<'_>) -> Result<(), ()> {
        (self.started, self.bodyless) = (true, stream.is_bodyless());
        stream.sent = Sent::Forwarded;
        let mode = ResponseMode { close: worker.wants_close(stream), bodyless: self.bodyless };
        client.send_head(stream, mode).map_err(|_| ())?;
        log::step(worker, stream, LogOrigin::Response, 0);
        Ok(())
    }

    /// Whether a script failed in the middle of its answer, and what it had sent is gone.
    fn is_cut(&self, client: &mut Client<'_>, cx: &mut Context<'_>) -> bool {
        let sent = self.service.response().is_empty() && client.poll_flush(cx).is_ready();
        self.script == Script::Failed && sent
    }

    /// Hands over more of the request's body. `Ok(true)`: there was some.
    fn upload(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut Stream,
        client: &mut Client<'_>,
    ) -> Poll<Result<bool, ()>> {
        let pipe = self.service.request();
        if self.uploaded {
            return Poll::Ready(Ok(false));
        }
        // What was buffered before stands in front of the rest.
        pipe.push_all(&std::mem::take(&mut stream.req_body.bytes));
        if client.request_done() {
            pipe.push_eof();
            self.uploaded = true;
            return Poll::Ready(Ok(true));
        }
        if pipe.is_full() {
            pipe.wait_room(cx);
            return Poll::Pending;
        }
        let step = client.poll_body(cx, false, &mut |piece| {
            if let Piece::Data(bytes) | Piece::Raw(bytes) = piece {
                pipe.push_all(bytes);
            }
            Ok(())
        });
        match ready!(step) {
            Ok(count) => {
                stream.counts.bytes_in += count as u64;
                Poll::Ready(Ok(true))
            }
            Err(SourceError::Aborted | SourceError::Invalid | SourceError::Sink) => Poll::Ready(Err(())),
        }
    }

    /// Sends more of the response's body and gives the number of its bytes; 0 is the end.
    fn download(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut Stream,
        client: &mut Client<'_>,
    ) -> Poll<Result<usize, ()>> {
        if !self.started {
            return Poll::Pending;
        }
        ready!(client.poll_flush(cx)).map_err(|_| ())?;
        if self.ended {
            return Poll::Ready(Ok(0));
        }
        let pipe = self.service.response();
        let mut piece = buffers::take();
        let count = pipe.pop(&mut piece, PIECE);
        let mut sent = Ok(());
        stream.counts.bytes_out += count as u64;
        if count > 0 && !self.bodyless {
            sent = client.send(cx, &Piece::Data(&piece));
        }
        buffers::give(piece);
        if pipe.is_finished() {
            self.ended = true;
            if !self.bodyless {
                sent = sent.and_then(|()| client.send(cx, &Piece::End(None)));
            }
        }
        sent.map_err(|_| ())?;
        if count == 0 && !self.ended {
            pipe.wait_bytes(cx);
            return Poll::Pending;
        }
        ready!(client.poll_flush(cx)).map_err(|_| ())?;
        Poll::Ready(Ok(count))
    }
}
