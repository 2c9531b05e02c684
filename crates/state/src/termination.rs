//! How a stream ended: one value gives the letters of the log line (manual, section 8.5), and
//! counters and status derive from the same place.

/// The first letter: who or what ended the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cause {
    /// `-`: normal.
    #[default]
    Normal,
    /// `C`: the client aborted.
    Client,
    /// `S`: the server aborted or refused.
    Server,
    /// `P`: the proxy refused: a rule, a limit, an invalid message.
    Proxy,
    /// `L`: answered locally: a redirect, an error file, a service.
    Local,
    /// `R`: a resource of the proxy ran out.
    Resource,
    /// `I`: an internal error.
    Internal,
    /// `D`: killed because its server went down.
    Down,
    /// `U`: killed because a preferred server came up.
    Up,
    /// `K`: killed by the administrator.
    Killed,
    /// `c`: the client's time ran out.
    ClientTimeout,
    /// `s`: the server's time ran out.
    ServerTimeout,
}

/// The second letter: the state in which it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// `-`: complete.
    #[default]
    Complete,
    /// `R`: waiting for the request.
    Request,
    /// `Q`: in a queue.
    Queue,
    /// `C`: connecting to the server.
    Connect,
    /// `H`: waiting for response headers.
    Headers,
    /// `D`: transferring data.
    Data,
    /// `L`: sending the last data.
    Last,
    /// `T`: tarpitted.
    Tarpit,
}

/// Cause and state of an end, with the two cookie letters of `%tsc`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Termination {
    pub cause: Cause,
    pub state: State,
    /// What the client's persistence cookie was: `N`, `I`, `D`, `V`, `E`, `O`, `U` or `-`.
    pub cookie_in: u8,
    /// What was done to the response's cookie: `N`, `I`, `U`, `P`, `R`, `D` or `-`.
    pub cookie_out: u8,
}

impl Default for Termination {
    fn default() -> Self {
        Self { cause: Cause::Normal, state: State::Complete, cookie_in: b'-', cookie_out: b'-' }
    }
}

impl Termination {
    /// Records an end; the first one counts.
    pub fn set(&mut self, cause: Cause, state: State) {
        if self.cause == Cause::Normal && self.state == State::Complete {
            (self.cause, self.state) = (cause, state);
        }
    }

    /// Whether nothing abnormal was recorded.
    pub fn is_normal(&self) -> bool {
        self.cause == Cause::Normal
    }

    /// The letters of `%ts` (the first two) and `%tsc` (all four).
    pub const fn letters(&self) -> [u8; 4] {
        let cause = match self.cause {
            Cause::Normal => b'-',
            Cause::Client => b'C',
            Cause::Server => b'S',
            Cause::Proxy => b'P',
            Cause::Local => b'L',
            Cause::Resource => b'R',
            Cause::Internal => b'I',
            Cause::Down => b'D',
            Cause::Up => b'U',
            Cause::Killed => b'K',
            Cause::ClientTimeout => b'c',
            Cause::ServerTimeout => b's',
        };
        let state = match self.state {
            State::Complete => b'-',
            State::Request => b'R',
            State::Queue => b'Q',
            State::Connect => b'C',
            State::Headers => b'H',
            State::Data => b'D',
            State::Last => b'L',
            State::Tarpit => b'T',
        };
        [cause, state, self.cookie_in, self.cookie_out]
    }
}
