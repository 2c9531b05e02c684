//! What the `h2` crate does without telling its user, seen in the bytes that pass: streams that
//! it refuses, which HAProxy logs, and clients whose first frame is not SETTINGS, which it
//! accepts. Left out: what the other frames say.

use std::cell::Cell;

/// Refused streams that are remembered until they are logged; more are not told.
const MOST_REFUSED: usize = 1024;
/// Length of a frame's header (RFC 9113, section 4.1).
const FRAME_HEADER: usize = 9;
/// Where the type of the first frame stands behind the client's preface of 24 bytes.
const FIRST_TYPE: u64 = 24 + 3;
const SETTINGS: u8 = 4;
const RST_STREAM: u8 = 3;

/// What a connection and the bytes below it share.
#[derive(Default)]
pub struct Watch {
    /// Bytes that came.
    received: Cell<u64>,
    /// The first frame was not SETTINGS.
    unsettled: Cell<bool>,
    /// The last stream that was accepted.
    accepted: Cell<u32>,
    /// Streams that were reset and not accepted so far.
    refused: Cell<Vec<u32>>,
}

impl Watch {
    /// Bytes that came from the client.
    pub fn received(&self) -> u64 {
        self.received.get()
    }

    /// Whether the client began with something else than SETTINGS.
    pub fn is_unsettled(&self) -> bool {
        self.unsettled.get()
    }

    /// Notes what was read; `false` where it breaks the order of the first frames.
    pub fn read(&self, bytes: &[u8]) -> bool {
        let before = self.received.get();
        self.received.set(before + bytes.len() as u64);
        let Some(at) = FIRST_TYPE.checked_sub(before) else { return true };
        let first = usize::try_from(at).ok().and_then(|at| bytes.get(at));
        if first.is_some_and(|kind| *kind != SETTINGS) {
            self.unsettled.set(true);
        }
        !self.unsettled.get()
    }

    /// Notes that a stream was accepted: what happens to it is its task's matter.
    pub fn accept(&self, id: u32) {
        self.accepted.set(id);
        let mut refused = self.refused.take();
        refused.retain(|one| *one != id);
        self.refused.set(refused);
    }

    /// How many streams were refused since the last call. Ask when no accepted one is waiting.
    pub fn take_refused(&self) -> usize {
        self.refused.take().len()
    }

    fn reset(&self, id: u32) {
        let mut refused = self.refused.take();
        if id > self.accepted.get() && refused.len() < MOST_REFUSED {
            refused.push(id);
        }
        self.refused.set(refused);
    }
}

/// Follows the frames that are sent, however they are cut.
#[derive(Default)]
pub struct Sent {
    header: [u8; FRAME_HEADER],
    /// Bytes of the header that went by.
    have: usize,
    /// Bytes of the payload that are to come.
    payload: usize,
}

impl Sent {
    /// Notes bytes that the socket took.
    pub fn write(&mut self, mut bytes: &[u8], watch: &Watch) {
        while !bytes.is_empty() {
            let wanted = if self.payload > 0 { self.payload } else { FRAME_HEADER - self.have };
            let (part, rest) = bytes.split_at(wanted.min(bytes.len()));
            bytes = rest;
            if self.payload > 0 {
                self.payload -= part.len();
                continue;
            }
            self.header[self.have..self.have + part.len()].copy_from_slice(part);
            self.have += part.len();
            if self.have == FRAME_HEADER {
                self.have = 0;
                let [a, b, c, kind, _, stream @ ..] = self.header;
                self.payload = u32::from_be_bytes([0, a, b, c]) as usize;
                if kind == RST_STREAM {
                    watch.reset(u32::from_be_bytes(stream));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
        [&[0, 0, payload.len() as u8, kind, 0, 0, 0, 0, stream], payload].concat()
    }

    #[test]
    fn resets_are_found_in_any_cut() {
        // A payload that looks like a reset is none.
        let decoy = frame(RST_STREAM, 9, &[0; 4]);
        let sent =
            [frame(0, 1, &decoy), frame(RST_STREAM, 3, &[0; 4]), frame(4, 0, &[]), frame(3, 7, &[0; 4])];
        let sent = sent.concat();
        for size in 1..=sent.len() {
            let (watch, mut frames) = (Watch::default(), Sent::default());
            sent.chunks(size).for_each(|part| frames.write(part, &watch));
            assert_eq!(watch.refused.take(), [3, 7], "in parts of {size}");
        }
    }

    #[test]
    fn accepted_streams_are_not_refused_ones() {
        let (watch, mut frames) = (Watch::default(), Sent::default());
        watch.accept(5);
        frames.write(&frame(RST_STREAM, 3, &[0; 4]), &watch);
        frames.write(&frame(RST_STREAM, 7, &[0; 4]), &watch);
        frames.write(&frame(RST_STREAM, 9, &[0; 4]), &watch);
        watch.accept(9);
        assert_eq!((watch.take_refused(), watch.take_refused()), (1, 0));
    }

    #[test]
    fn the_first_frame_is_settings() {
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        for (kind, fine) in [(4, true), (6, false), (0, false)] {
            let bytes = [&preface[..], &frame(kind, 0, &[0; 8])].concat();
            for size in 1..=bytes.len() {
                let watch = Watch::default();
                assert_eq!(bytes.chunks(size).all(|part| watch.read(part)), fine, "in parts of {size}");
                assert_eq!(watch.is_unsettled(), !fine);
            }
        }
    }
}
