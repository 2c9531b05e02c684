//! How a connection ends but for a fault of the client's.

use super::{FAREWELL, Farewell, Follower, Output, PROBE, Phase, RESET_FOR_FRAMES, Step};
use crate::h2::frame::{self, Code, MAX_STREAM};

impl Follower {
    /// Tells the client to open no more streams than may be on their way.
    pub(super) fn renew(&mut self, out: &mut Output<'_>) {
        let last = self.highest.saturating_add(2 * self.limits.streams).min(MAX_STREAM);
        if self.last.is_none_or(|told| told == 0 || told > last) {
            self.last = Some(last);
            self.told = true;
            frame::write_goaway(out.peer, last, Code::NoError);
        }
    }

    /// Tells the client that the process stops: first to open no more streams, then, `finally`, which one was
    /// the last. Says whether the client has seen the first.
    pub fn goodbye(&mut self, finally: bool, out: &mut Vec<u8>) -> bool {
        if finally {
            self.phase = Phase::Over;
            frame::write_goaway(out, self.highest, Code::NoError);
        } else if self.farewell == Farewell::No {
            self.farewell = Farewell::Told;
            if !self.told {
                frame::write_goaway(out, *self.last.get_or_insert(MAX_STREAM), Code::NoError);
            }
            frame::write_ping(out, &FAREWELL);
        }
        self.farewell == Farewell::Seen
    }

    /// Asks whether the client is still there.
    pub fn probe(&self, out: &mut Vec<u8>) {
        frame::write_ping(out, &PROBE);
    }

    /// Whether it answered that since this was asked last.
    pub fn take_presence(&mut self) -> bool {
        std::mem::take(&mut self.present)
    }

    /// The client ended its direction: requests that are not complete never will be. `silent`: one that has
    /// never said anything is no fault.
    pub fn cut(&mut self, silent: bool, out: &mut Output<'_>) {
        if self.phase == Phase::Preface && !silent {
            self.hang_up();
        }
        self.streams.cut(|stream, begun, answered| {
            if !answered {
                let code = if begun { Code::Cancel } else { Code::RefusedStream };
                frame::write_reset(out.peer, stream, code as u32);
            }
            frame::write_reset(out.codec, stream, RESET_FOR_FRAMES);
        });
    }

    /// Ends the connection because a rule said so.
    pub fn kill(&mut self, peer: &mut Vec<u8>, codec: &mut Vec<u8>) {
        self.glitches -= u32::from(self.end(Code::EnhanceYourCalm, &mut Output { peer, codec }) == Step::End);
    }
}
