//! Whether the server of an idle HTTP/2 connection is still there (`idle-ping`).

use std::task::{Context, Poll};

use bytes::Bytes;
use h2::client::Connection;
use h2::{Ping, PingPong};
use net::clock::now_ms;

use super::server_io::ServerIo;
use crate::deadline::Deadline;

/// See the module.
pub struct Pings {
    /// Milliseconds between an answer and the next question.
    every: u64,
    channel: PingPong,
    /// When the last one went either way, in monotonic milliseconds.
    since: u64,
    /// The last question has no answer.
    waiting: bool,
}

impl Pings {
    pub fn new(every: u64, connection: &mut Connection<ServerIo, Bytes>) -> Option<Self> {
        let channel = connection.ping_pong()?;
        Some(Self { every, channel, since: now_ms(), waiting: false })
    }

    /// When the server is to be asked next, or must have answered. `idle`: since when no stream runs.
    pub fn due(&mut self, cx: &mut Context<'_>, idle: u64) -> Deadline {
        if self.waiting && matches!(self.channel.poll_pong(cx), Poll::Ready(Ok(_))) {
            (self.since, self.waiting) = (now_ms(), false);
        }
        Deadline::after(self.since.max(idle), Some(self.every))
    }

    /// Asks; `false` where the last question has no answer.
    pub fn send(&mut self) -> bool {
        self.since = now_ms();
        !std::mem::replace(&mut self.waiting, true) && self.channel.send_ping(Ping::opaque()).is_ok()
    }
}
