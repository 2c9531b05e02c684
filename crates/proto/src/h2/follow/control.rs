//! Frames of the connection and of the state of streams: SETTINGS, PING, WINDOW_UPDATE and their like.

use super::{By, FAREWELL, Farewell, Follower, Output, PROBE, Phase, Reset, Rest, Step};
use crate::h2::frame::{
    ACK, Code, Frame, GOAWAY, HEADER, MAX_STREAM, PING, PRIORITY, RST_STREAM, SETTINGS, WINDOW_UPDATE,
    number, widen, write_pong,
};

impl Follower {
    /// A frame that is neither DATA nor of a header block, all of it.
    pub(super) fn control(&mut self, frame: &Frame, payload: &[u8], out: &mut Output<'_>) -> (usize, Step) {
        let used = HEADER + frame.length;
        let passes = match frame.kind {
            SETTINGS => {
                if let Err(end) = self.settings(frame, payload, out) {
                    return (0, end);
                }
                if frame.has(ACK) {
                    self.acknowledge()
                } else {
                    write_settings(payload, out.codec);
                    return (used, Step::Next);
                }
            }
            PING if frame.has(ACK) && payload == FAREWELL => {
                self.farewell = Farewell::Seen;
                false
            }
            PING if frame.has(ACK) && payload == PROBE => {
                self.present = true;
                false
            }
            PING if !frame.has(ACK) => {
                // The crate's answer would be lost where the connection ends with what follows.
                write_pong(out.peer, payload);
                false
            }
            WINDOW_UPDATE => match self.window_update(frame, number(payload, 0) & MAX_STREAM, out) {
                Ok(passes) => passes,
                Err(step) => return if step == Step::End { (0, step) } else { (used, step) },
            },
            RST_STREAM => {
                let ended = self.has_ended(frame.stream);
                if self.streams.remove(frame.stream) {
                    frame.write(out.codec);
                    out.codec.extend_from_slice(payload);
                    let by = By::Client(number(payload, 0));
                    return (used, Step::Reset(Reset { stream: frame.stream, ended, by }));
                }
                false
            }
            PRIORITY if number(payload, 0) & MAX_STREAM == frame.stream => {
                return (0, self.end(Code::Protocol, out));
            }
            GOAWAY => {
                self.last.get_or_insert(number(payload, 0) & MAX_STREAM);
                false
            }
            _ => false,
        };
        if passes {
            self.rest = Rest::Pass(used);
            return (0, Step::Next);
        }
        (used, Step::Next)
    }

    /// The client has applied what we set. The crate takes an answer that it did not wait for amiss.
    fn acknowledge(&mut self) -> bool {
        let due = self.sent.take_ack();
        if due && !self.acknowledged {
            self.acknowledged = true;
            let more = i64::from(self.limits.body_window) - self.stream_room;
            self.stream_room += more;
            self.streams.make_room(more);
        }
        due
    }

    fn settings(&mut self, frame: &Frame, payload: &[u8], out: &mut Output<'_>) -> Result<(), Step> {
        if frame.has(ACK) {
            return if frame.length == 0 { Ok(()) } else { Err(self.end_logged(Code::FrameSize, out).1) };
        }
        for setting in payload.chunks_exact(6) {
            let value = number(setting, 2);
            match u16::from_be_bytes([setting[0], setting[1]]) {
                2 if value > 1 => return Err(self.end_logged(Code::Protocol, out).1),
                4 if value > MAX_STREAM => return Err(self.end_logged(Code::FlowControl, out).1),
                4 => {
                    let window = i64::from(value);
                    if self.phase == Phase::Frames
                        && window < self.stream_window
                        && let Some(end) = self.glitch(1, out)
                    {
                        self.faults.connection += 1;
                        return Err(end);
                    }
                    self.streams.widen(window - self.stream_window);
                    self.stream_window = window;
                }
                5 if !(16_384..=16_777_215).contains(&value) => {
                    return Err(self.end_logged(Code::Protocol, out).1);
                }
                _ => {}
            }
        }
        self.phase = Phase::Frames;
        Ok(())
    }

    /// Whether the crate is to see the frame.
    fn window_update(&mut self, frame: &Frame, more: u32, out: &mut Output<'_>) -> Result<bool, Step> {
        if frame.stream == 0 {
            return widen(&mut self.window, more).map_or(Ok(true), |code| Err(self.end(code, out)));
        }
        let Some(window) = self.streams.window(frame.stream) else { return Ok(false) };
        let Some(code) = widen(window, more) else { return Ok(true) };
        let end = self.glitch(1, out);
        let step = self.reset(frame.stream, code, By::Frames, out);
        Err(end.unwrap_or(step))
    }
}

/// Appends SETTINGS with what the crate knows; it takes some that it does not know amiss.
pub fn write_settings(payload: &[u8], out: &mut Vec<u8>) {
    let known = || {
        payload.chunks_exact(6).filter(|setting| matches!(setting, [0, 1..=6, ..] | [0, 8, 0, 0, 0, 0..=1]))
    };
    Frame { length: 6 * known().count(), kind: SETTINGS, flags: 0, stream: 0 }.write(out);
    known().for_each(|setting| out.extend_from_slice(setting));
}
