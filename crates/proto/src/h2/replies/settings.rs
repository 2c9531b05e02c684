//! The server's SETTINGS and windows.

use super::{Next, Phase, Replies};
use crate::h2::follow::{Output, write_settings};
use crate::h2::frame::{ACK, Code, Frame, MAX_STREAM, number, widen};

impl Replies {
    /// Whether the crate is to see the frame as it is.
    pub(super) fn settings(
        &mut self,
        frame: &Frame,
        payload: &[u8],
        out: &mut Output<'_>,
    ) -> Result<bool, Next> {
        if frame.has(ACK) {
            // The crate takes an answer that it did not wait for amiss.
            return if frame.length == 0 {
                Ok(self.sent.take_ack())
            } else {
                Err(self.close(Code::FrameSize, out))
            };
        }
        for setting in payload.chunks_exact(6) {
            let value = number(setting, 2);
            match u16::from_be_bytes([setting[0], setting[1]]) {
                2 if value > 1 => return Err(self.end(Code::Protocol, out)),
                4 if value > MAX_STREAM => return Err(self.end(Code::FlowControl, out)),
                4 => {
                    let window = i64::from(value);
                    if self.phase == Phase::Frames
                        && window < self.stream_window
                        && let Some(end) = self.glitch(1, out)
                    {
                        return Err(end);
                    }
                    self.streams.widen(window - self.stream_window);
                    self.stream_window = window;
                }
                5 if !(16_384..=16_777_215).contains(&value) => {
                    return Err(self.end(Code::Protocol, out));
                }
                _ => {}
            }
        }
        self.phase = Phase::Frames;
        write_settings(payload, out.codec);
        Ok(false)
    }

    /// Whether the crate is to see the frame.
    pub(super) fn window_update(
        &mut self,
        frame: &Frame,
        more: u32,
        out: &mut Output<'_>,
    ) -> Result<bool, Next> {
        if frame.stream == 0 {
            return widen(&mut self.window, more).map_or(Ok(true), |code| Err(self.end(code, out)));
        }
        let Some(window) = self.streams.window(frame.stream) else { return Ok(false) };
        let Some(code) = widen(window, more) else { return Ok(true) };
        if let Some(end) = self.glitch(1, out) {
            return Err(end);
        }
        self.reset(frame.stream, code, false, out);
        Err(Next::Step)
    }
}
