//! Rings: messages in bounded memory, from which others send them on (manual, section 12.4, `ring`).
//! A writer never waits for a reader. Where room is short the oldest messages go, unless a reader
//! has not got them yet: then the new one is dropped and counted.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use ir::Bytes;
use ir::config::{LogFraming, Server, Timeouts};

use super::ring_file::{HEAD, Memory, Mirror};

/// What a ring is made from.
#[derive(Debug)]
pub struct RingSettings {
    /// What `ring@` names; empty for those of a single target.
    pub name: Bytes,
    /// How messages are framed; none: as the `log` line says.
    pub framing: Option<LogFraming>,
    /// The greatest length of a message.
    pub maxlen: usize,
    /// Bytes, with the room that HAProxy's own notes take.
    pub size: u64,
    /// Each gets all messages.
    pub servers: Vec<Server>,
    pub timeouts: Timeouts,
}

/// See the module.
#[derive(Debug)]
pub struct Ring {
    pub settings: RingSettings,
    inner: Mutex<Inner>,
    dropped: AtomicU64,
}

#[derive(Debug)]
struct Inner {
    /// Messages, each behind its length in [`PREFIX`] bytes.
    bytes: VecDeque<u8>,
    /// What they would take in HAProxy's ring.
    used: u64,
    /// The number of the first byte in `bytes`, counted from the ring's beginning.
    start: u64,
    /// By server.
    readers: Vec<Reader>,
    /// `backing-file`: shows the same.
    mirror: Option<Mirror>,
}

#[derive(Debug, Default)]
struct Reader {
    /// The number of the byte it reads next, once it began.
    at: Option<u64>,
    waker: Option<Waker>,
}

const PREFIX: usize = 4;
/// What HAProxy's rings leave free, and the byte in front of the oldest message.
const SPARE: u64 = 3;
/// Bytes that a ring takes when it is first used; a larger one grows.
const MOST_AT_ONCE: u64 = 1 << 22;

impl Ring {
    pub fn new(settings: RingSettings) -> Self {
        let readers = settings.servers.iter().map(|_| Reader::default()).collect();
        let inner = Inner { bytes: VecDeque::new(), used: 0, start: 0, readers, mirror: None };
        Self { settings, inner: Mutex::new(inner), dropped: AtomicU64::new(0) }
    }

    /// Has a file of the ring's size show what is in the ring, which is empty.
    pub fn show_in(&self, memory: Box<dyn Memory>) {
        self.lock().mirror = Some(Mirror::new(memory, self.settings.size));
    }

    /// Adds a message. `false`: there is no room, and the message is counted as dropped.
    pub fn push(&self, message: &[u8]) -> bool {
        let mut inner = self.lock();
        let size = self.settings.size.saturating_sub(HEAD);
        let is_taken = inner.make_room(cost(message.len()), size);
        if inner.bytes.capacity() == 0 {
            // Most of what it will ever need; nothing for a ring that nobody uses.
            inner.bytes.reserve(size.saturating_add(size / 8).min(MOST_AT_ONCE) as usize);
        }
        if is_taken {
            inner.append(message);
        } else {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        is_taken
    }

    /// How many messages were dropped since this was last asked.
    pub fn take_dropped(&self) -> u64 {
        // Most of the time there is nothing to write.
        if self.dropped.load(Ordering::Relaxed) == 0 { 0 } else { self.dropped.swap(0, Ordering::Relaxed) }
    }

    /// Counts messages as dropped that could not be told of.
    pub fn give_back_dropped(&self, count: u64) {
        self.dropped.fetch_add(count, Ordering::Relaxed);
    }

    /// Appends the next messages of a server to `out` until it holds `most` bytes: each with a line
    /// feed behind it, or with its length in front of it (RFC 6587, section 3.4.1). Pending while
    /// there is none.
    pub fn poll_read(
        &self,
        server: usize,
        counts_octets: bool,
        (out, most): (&mut Vec<u8>, usize),
        cx: &Context<'_>,
    ) -> Poll<()> {
        let mut inner = self.lock();
        let Inner { bytes, start, readers, .. } = &mut *inner;
        let Some(reader) = readers.get_mut(server) else { return Poll::Pending };
        let end = *start + bytes.len() as u64;
        let mut at = reader.at.unwrap_or(*start);
        if at == end {
            reader.at = Some(at);
            reader.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        while at < end && out.len() < most {
            let from = (at - *start) as usize + PREFIX;
            let len = length(bytes, from - PREFIX);
            if counts_octets {
                out.extend_from_slice(base::bytes::digits(len as u64, &mut [0; 20]));
                out.push(b' ');
            }
            copy(bytes, from..from + len, out);
            if !counts_octets {
                out.push(b'\n');
            }
            at += (PREFIX + len) as u64;
        }
        reader.at = Some(at);
        Poll::Ready(())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here panics.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Makes room for a message of that cost; `false` where there can be none, and nothing is gone.
    fn make_room(&mut self, cost: u64, size: u64) -> bool {
        let end = self.start + self.bytes.len() as u64;
        let (mut at, mut freed) = (self.start, 0);
        while self.used - freed + cost + SPARE > size {
            if at == end || self.readers.iter().any(|reader| reader.at == Some(at)) {
                return false;
            }
            let len = length(&self.bytes, (at - self.start) as usize);
            at += (PREFIX + len) as u64;
            freed += self::cost(len);
        }
        if freed > 0 {
            self.bytes.drain(..(at - self.start) as usize);
            self.start = at;
            self.used -= freed;
            if let Some(mirror) = &mut self.mirror {
                mirror.drop_oldest(freed);
            }
        }
        true
    }

    fn append(&mut self, message: &[u8]) {
        self.used += cost(message.len());
        self.bytes.extend((message.len() as u32).to_le_bytes());
        self.bytes.extend(message);
        if let Some(mirror) = &mut self.mirror {
            mirror.append(message);
        }
        for reader in &mut self.readers {
            if let Some(waker) = reader.waker.take() {
                waker.wake();
            }
        }
    }
}

/// What a message takes: its length stands in front of it, in one byte and more, and a byte is
/// behind it.
fn cost(len: usize) -> u64 {
    let prefix = match len {
        0..240 => 1,
        240..2288 => 2,
        2288..264_432 => 3,
        _ => 4,
    };
    len as u64 + prefix + 1
}

fn length(bytes: &VecDeque<u8>, at: usize) -> usize {
    let byte = |index: usize| bytes.get(at + index).copied().unwrap_or_default();
    u32::from_le_bytes(std::array::from_fn(byte)) as usize
}

fn copy(bytes: &VecDeque<u8>, range: std::ops::Range<usize>, out: &mut Vec<u8>) {
    let (front, back) = bytes.as_slices();
    let split = front.len();
    out.extend_from_slice(&front[range.start.min(split)..range.end.min(split)]);
    out.extend_from_slice(&back[range.start.saturating_sub(split)..range.end.saturating_sub(split)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(room: u64, servers: usize) -> Ring {
        let settings = RingSettings {
            name: Bytes::new(),
            framing: None,
            maxlen: usize::MAX,
            size: HEAD + room,
            servers: (0..servers).map(|_| crate::testing::server("s", 1)).collect(),
            timeouts: Timeouts::default(),
        };
        Ring::new(settings)
    }

    fn read(ring: &Ring, server: usize, counts_octets: bool) -> String {
        let mut out = Vec::new();
        let cx = Context::from_waker(Waker::noop());
        while ring.poll_read(server, counts_octets, (&mut out, 10_000), &cx).is_ready() {}
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn every_server_gets_all() {
        let ring = ring(1000, 2);
        assert!(ring.push(b"one") && ring.push(b"") && ring.push(b"three"));
        assert_eq!(read(&ring, 0, false), "one\n\nthree\n");
        assert!(ring.push(b"four"));
        assert_eq!(read(&ring, 0, false), "four\n");
        assert_eq!(read(&ring, 1, true), "3 one0 5 three4 four");
    }

    #[test]
    fn the_oldest_go_unless_a_reader_waits_for_them() {
        let ring = ring(22, 1);
        for message in [b"aaaaaaa", b"bbbbbbb", b"ccccccc"] {
            assert!(ring.push(message));
        }
        assert_eq!(read(&ring, 0, false), "bbbbbbb\nccccccc\n");
        for message in [b"ddddddd", b"eeeeeee"] {
            assert!(ring.push(message));
        }
        assert!(!ring.push(b"fffffff"), "the reader has not got the oldest");
        assert_eq!((ring.take_dropped(), ring.take_dropped()), (1, 0));
        assert_eq!(read(&ring, 0, false), "ddddddd\neeeeeee\n");
        assert!(ring.push(b"ggggggg"));
        assert!(!ring.push(&[b'h'; 22]), "larger than the ring");
        assert_eq!(read(&ring, 0, false), "ggggggg\n");
    }
}
