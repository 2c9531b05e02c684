//! Follows what the `h2` crate sends to a server, and leaves out streams that are over before they begin.

use std::ops::Range;

use super::follow::Sent;
use super::frame::HEADERS;

/// See the module.
#[derive(Debug, Default)]
pub struct Replies {
    sent: Sent,
    /// Streams that the server must not hear of but by their reset.
    withheld: Vec<u32>,
}

impl Replies {
    /// The server is not to see the head of a stream that was not sent yet.
    pub fn withhold(&mut self, stream: u32) {
        self.withheld.push(stream);
    }

    /// The bytes of those that are to be sent next that are left out instead.
    pub fn left_out(&self, next: &[u8]) -> Option<Range<usize>> {
        if self.withheld.is_empty() {
            return None;
        }
        self.sent.find_headers(next, |stream| self.withheld.contains(&stream))
    }

    /// Notes bytes of the crate's that were sent or left out.
    pub fn sent(&mut self, bytes: &[u8]) {
        let withheld = &mut self.withheld;
        self.sent.follow(bytes, |frame, _| {
            if frame.kind == HEADERS && !withheld.is_empty() {
                withheld.retain(|stream| *stream != frame.stream);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_left_out() {
        const PING: &[u8] = b"\0\0\x08\x06\0\0\0\0\0pingpong";
        const HEAD: &[u8] = b"\0\0\x03\x01\x05\0\0\0\x03\x82\x86\x84";
        const RESET: &[u8] = b"\0\0\x04\x03\0\0\0\0\x03\0\0\0\x02";
        #[track_caller]
        fn check(before: &[u8], next: &[u8], expected: Option<Range<usize>>) {
            let mut replies = Replies::default();
            replies.withhold(3);
            replies.sent(before);
            assert_eq!(replies.left_out(next), expected);
            if let Some(range) = expected {
                replies.sent(&next[..range.end]);
                assert_eq!(replies.left_out(HEAD), None);
            }
        }
        check(b"", HEAD, Some(0..12));
        check(PING, &[HEAD, RESET].concat(), Some(0..12));
        check(b"", &[PING, HEAD, RESET].concat(), Some(17..29));
        check(&PING[..5], &[&PING[5..], HEAD].concat(), Some(12..24));
        check(&PING[..12], &[&PING[12..], HEAD].concat(), Some(5..17));
        check(b"", PING, None);
        check(b"", &HEAD[..11], None);
        check(b"", b"\0\0\x03\x01\x05\0\0\0\x05\x82\x86\x84", None);
        check(HEAD, HEAD, None);
    }
}
