//! How a ring stands in its `backing-file` (manual, section 12.4, `ring`), for those who read it when the
//! process is gone: as HAProxy's rings stand in memory on a machine of 64 bits.
//!
//! ```text
//!   0  the size of the area        8  where the area begins
//!  64  in the area: the end of the newest message
//! 128  in the area: the byte in front of the oldest message
//! 192  the area: 0 [ length message 0 ]*, around its end
//! ```
//!
//! The zeros count readers, which are not told here; lengths are in HAProxy's variable form.

use std::fmt::Debug;

/// Where the area begins.
pub const HEAD: u64 = 192;
const BEGIN_AT: u64 = 8;
const TAIL_AT: u64 = 64;
const OLDEST_AT: u64 = 128;

/// What a file is written through.
pub trait Memory: Debug + Send {
    /// Writes inside of the file's first size.
    fn write(&mut self, at: u64, bytes: &[u8]);
}

/// What stands where in a file of `size` bytes, at least [`HEAD`] and one, that is an empty ring.
pub fn empty(size: u64) -> [(u64, [u8; 8]); 5] {
    // The area's first byte is written first, with what stands behind it.
    let numbers = [(HEAD, 0), (0, size - HEAD), (BEGIN_AT, HEAD), (OLDEST_AT, 0), (TAIL_AT, 1)];
    numbers.map(|(at, number)| (at, number.to_ne_bytes()))
}

/// Whether a file that begins with these bytes is to be kept under another name: it is a ring with
/// messages, or too short for one. What is something else is not, as in HAProxy.
pub fn is_kept(head: &[u8]) -> bool {
    let number = |at: u64| {
        let bytes = head.get(at as usize..at as usize + 8)?;
        Some(u64::from_ne_bytes(bytes.try_into().ok()?))
    };
    if (head.len() as u64) < HEAD {
        return true;
    }
    number(BEGIN_AT) == Some(HEAD) && (number(OLDEST_AT), number(TAIL_AT)) != (Some(0), Some(1))
}

/// The messages of a ring in its file, which follows the ring's memory step by step.
#[derive(Debug)]
pub struct Mirror {
    memory: Box<dyn Memory>,
    /// Bytes of the area.
    size: u64,
    oldest: u64,
    tail: u64,
}

impl Mirror {
    /// An empty ring in a file of `size` bytes.
    pub fn new(mut memory: Box<dyn Memory>, size: u64) -> Self {
        for (at, bytes) in empty(size) {
            memory.write(at, &bytes);
        }
        Self { memory, size: size - HEAD, oldest: 0, tail: 1 }
    }

    /// Adds a message, for which there is room.
    pub fn append(&mut self, message: &[u8]) {
        let mut length = [0; 10];
        let used = encode(message.len() as u64, &mut length);
        for part in [&length[..used], message, &[0]] {
            self.put(part);
        }
        self.memory.write(TAIL_AT, &self.tail.to_ne_bytes());
    }

    /// Forgets the oldest messages, which take `cost` bytes.
    pub fn drop_oldest(&mut self, cost: u64) {
        self.oldest = (self.oldest + cost) % self.size;
        self.memory.write(OLDEST_AT, &self.oldest.to_ne_bytes());
    }

    fn put(&mut self, bytes: &[u8]) {
        let room = usize::try_from(self.size - self.tail).unwrap_or(usize::MAX);
        let (front, back) = bytes.split_at(bytes.len().min(room));
        self.memory.write(HEAD + self.tail, front);
        self.memory.write(HEAD, back);
        self.tail = (self.tail + bytes.len() as u64) % self.size;
    }
}

/// Writes a number in the variable form; gives its length.
fn encode(number: u64, out: &mut [u8; 10]) -> usize {
    if number < 240 {
        out[0] = number as u8;
        return 1;
    }
    out[0] = number as u8 | 240;
    let mut rest = (number - 240) >> 4;
    let mut at = 1;
    while rest >= 128 {
        out[at] = rest as u8 | 128;
        rest = (rest - 128) >> 7;
        at += 1;
    }
    out[at] = rest as u8;
    at + 1
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    #[derive(Debug)]
    struct File(Arc<[AtomicU8]>);

    impl Memory for File {
        fn write(&mut self, at: u64, bytes: &[u8]) {
            for (place, byte) in self.0[at as usize..].iter().zip(bytes) {
                place.store(*byte, Ordering::Relaxed);
            }
        }
    }

    fn numbers(file: &[u8]) -> [u64; 4] {
        [0, BEGIN_AT, TAIL_AT, OLDEST_AT].map(|at| {
            let at = at as usize;
            u64::from_ne_bytes(file[at..at + 8].try_into().expect("eight bytes"))
        })
    }

    #[test]
    fn messages_go_around_the_end() {
        let file: Arc<[AtomicU8]> = vec![b'.'; 192 + 12].into_iter().map(AtomicU8::new).collect();
        let bytes = || file.iter().map(|byte| byte.load(Ordering::Relaxed)).collect::<Vec<u8>>();
        let mut mirror = Mirror::new(Box::new(File(file.clone())), 192 + 12);
        let check = |area: &[u8], tail, oldest| {
            let bytes = bytes();
            assert_eq!(bytes[192..], *area);
            assert_eq!(numbers(&bytes), [12, 192, tail, oldest]);
        };
        check(b"\0\0\0\0\0\0\0\0....", 1, 0);
        mirror.append(b"one");
        check(b"\0\x03one\0\0\0....", 6, 0);
        mirror.append(b"");
        check(b"\0\x03one\0\0\0....", 8, 0);
        mirror.drop_oldest(5);
        mirror.append(b"four");
        check(b"r\0one\0\0\0\x04fou", 2, 5);
    }

    #[test]
    fn lengths() {
        let check = |number: u64, expected: &[u8]| {
            let mut out = [0; 10];
            let used = encode(number, &mut out);
            assert_eq!(out[..used], *expected, "{number}");
        };
        check(0, &[0]);
        check(239, &[239]);
        check(240, &[240, 0]);
        check(300, &[252, 3]);
        check(2287, &[255, 127]);
        check(2288, &[240, 128, 0]);
    }

    #[test]
    fn files_that_are_kept() {
        let check = |begin: u64, oldest: u64, tail: u64, len: usize, kept: bool| {
            let mut file = vec![0; 256];
            for (at, number) in [(BEGIN_AT, begin), (OLDEST_AT, oldest), (TAIL_AT, tail)] {
                file[at as usize..at as usize + 8].copy_from_slice(&number.to_ne_bytes());
            }
            assert_eq!(is_kept(&file[..len]), kept, "{begin} {oldest} {tail} {len}");
        };
        check(192, 0, 1, 256, false);
        check(192, 0, 9, 256, true);
        check(192, 5, 1, 192, true);
        check(64, 0, 9, 256, false);
        check(192, 0, 1, 191, true);
        check(192, 0, 1, 0, true);
    }
}
