//! Tunnels of which one side at least is a stream of HTTP/2: WebSocket and CONNECT. The bytes come and
//! go as bodies do. Between two connections of HTTP/1 see [`crate::tunnel`].

use std::task::{Context, Poll, ready};

use net::clock::now_ms;
use net::timer::Timer;
use state::stream::Stream;

use crate::body::{Piece, SourceError};
use crate::client::Client;
use crate::tunnel::{Broken, Limits, Waiting};
use crate::upstream::Upstream;

/// Bytes on their way.
pub struct Relay {
    limits: Limits,
    /// When bytes moved last, in monotonic milliseconds.
    moved: u64,
    /// The end of a direction was passed on.
    up_ended: bool,
    down_ended: bool,
}

impl Relay {
    pub fn new(stream: &Stream) -> Self {
        Self { limits: Limits::new(stream), moved: now_ms(), up_ended: false, down_ended: false }
    }

    /// Moves bytes until both directions ended, one side failed, or nothing moved for too long.
    pub async fn run(
        mut self,
        stream: &mut Stream,
        client: &mut Client<'_>,
        server: &mut Upstream,
        timer: &mut Timer,
    ) -> Result<(), Broken> {
        std::future::poll_fn(|cx| self.poll(cx, stream, client, server, timer)).await
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut Stream,
        client: &mut Client<'_>,
        server: &mut Upstream,
        timer: &mut Timer,
    ) -> Poll<Result<(), Broken>> {
        stream.wakes += 1;
        let up = self.poll_up(cx, stream, client, server);
        let down = self.poll_down(cx, stream, client, server);
        match (up, down) {
            (Poll::Ready(Err(broken)), _) | (_, Poll::Ready(Err(broken))) => {
                return Poll::Ready(Err(broken));
            }
            (Poll::Ready(Ok(())), Poll::Ready(Ok(()))) => return Poll::Ready(Ok(())),
            _ => {}
        }
        let active = self.moved;
        let client = Waiting { active, owes: !self.up_ended, told: self.down_ended };
        let server = Waiting { active, owes: !self.down_ended, told: self.up_ended };
        let (deadline, broken) = self.limits.deadline(client, server);
        deadline.set(timer);
        ready!(timer.poll_expired(cx));
        Poll::Ready(Err(broken))
    }

    fn poll_up(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut Stream,
        client: &mut Client<'_>,
        server: &mut Upstream,
    ) -> Poll<Result<(), Broken>> {
        while !self.up_ended {
            ready!(server.poll_flush(cx)).map_err(|_| Broken::ServerAborted)?;
            if client.request_done() {
                // A side that is gone already needs not be told.
                let _ = ready!(server.poll_end(cx));
                self.up_ended = true;
                break;
            }
            let (mut reading, mut writing) =
                (Context::from_waker(cx.waker()), Context::from_waker(cx.waker()));
            let sink = &mut |piece: Piece<'_>| server.send(&mut writing, &piece);
            match ready!(client.poll_body(&mut reading, true, sink)) {
                Ok(count) => {
                    stream.counts.bytes_in += count as u64;
                    self.moved = now_ms();
                }
                Err(SourceError::Sink) => return Poll::Ready(Err(Broken::ServerAborted)),
                Err(_) => return Poll::Ready(Err(Broken::ClientAborted)),
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_down(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut Stream,
        client: &mut Client<'_>,
        server: &mut Upstream,
    ) -> Poll<Result<(), Broken>> {
        while !self.down_ended {
            ready!(client.poll_flush(cx)).map_err(|_| Broken::ClientAborted)?;
            if server.body_done() {
                let _ = ready!(client.poll_end(cx));
                self.down_ended = true;
                break;
            }
            let (mut reading, mut writing) =
                (Context::from_waker(cx.waker()), Context::from_waker(cx.waker()));
            let sink = &mut |piece: Piece<'_>| client.send(&mut writing, &piece);
            match ready!(server.poll_body(&mut reading, true, sink)) {
                Ok(count) => {
                    stream.counts.bytes_out += count as u64;
                    self.moved = now_ms();
                }
                Err(SourceError::Sink) => return Poll::Ready(Err(Broken::ClientAborted)),
                Err(_) => return Poll::Ready(Err(Broken::ServerAborted)),
            }
        }
        Poll::Ready(Ok(()))
    }
}
