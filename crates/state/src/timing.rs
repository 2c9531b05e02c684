//! When the steps of a stream happened: the source of all timers of a log line (manual,
//! section 8.4).

/// Monotonic milliseconds; `None` until the step happened.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timing {
    /// The connection was accepted, or the previous request on it ended.
    pub start: u64,
    /// The handshakes (PROXY, TLS) took this many milliseconds (`%Th`); 0 from the second
    /// request on.
    pub handshake: u64,
    /// The first byte of the request (`%Ti` ends).
    pub first_byte: Option<u64>,
    /// The whole request head was there (`%TR` ends).
    pub request: Option<u64>,
    /// The queue was left (`%Tw` ends).
    pub dequeued: Option<u64>,
    /// The server connection was there (`%Tc` ends).
    pub connected: Option<u64>,
    /// The whole response head was there (`%Tr` ends).
    pub response: Option<u64>,
    /// The stream ended (`%Ta`, `%Tt` end).
    pub end: Option<u64>,
}

impl Timing {
    /// Milliseconds between two steps, or -1 where either did not happen.
    fn between(from: Option<u64>, to: Option<u64>) -> i64 {
        match (from, to) {
            (Some(from), Some(to)) => to.saturating_sub(from) as i64,
            _ => -1,
        }
    }

    /// `%Ti`: idle before the request; 0 where none came.
    pub fn idle(&self) -> i64 {
        let handshaken = self.start + self.handshake;
        Self::between(Some(handshaken), self.first_byte.or(Some(handshaken)))
    }

    /// `%TR`: receiving the request.
    pub fn receive(&self) -> i64 {
        Self::between(self.first_byte, self.request)
    }

    /// `%Tq`: handshake, idle and receive together.
    pub fn query(&self) -> i64 {
        Self::between(Some(self.start), self.request)
    }

    /// `%Tw`: waiting in queues. Without a request, in `mode tcp`, HAProxy counts one
    /// millisecond too many, and so does this.
    pub fn queue(&self) -> i64 {
        match self.request {
            None if self.dequeued.is_some() => Self::between(Some(self.start), self.dequeued) + 1,
            request => Self::between(request, self.dequeued),
        }
    }

    /// `%Tc`: connecting to the server.
    pub fn connect(&self) -> i64 {
        Self::between(self.dequeued, self.connected)
    }

    /// `%Tr`: waiting for the server's response.
    pub fn respond(&self) -> i64 {
        Self::between(self.connected, self.response)
    }

    /// `%Ta`: active time of the request, from its first byte. Negative in lines of steps that come
    /// before the end counts.
    pub fn active(&self) -> i64 {
        let from = self.first_byte.unwrap_or(self.start + self.handshake);
        self.end.map_or(-1, |end| end as i64 - from as i64)
    }

    /// `%Td`: transferring the body.
    pub fn data(&self) -> i64 {
        Self::between(self.response, self.end)
    }

    /// `%Tt`: everything from the accept on.
    pub fn total(&self) -> i64 {
        Self::between(Some(self.start), self.end)
    }
}
