//! Bytes made in the stream's arena, where the greatest length is known before.

use bumpalo::Bump;

/// Room of a fixed size that is filled from the front. What does not fit is dropped.
pub struct Room<'a> {
    bytes: &'a mut [u8],
    len: usize,
}

impl<'a> Room<'a> {
    pub fn new(arena: &'a Bump, size: usize) -> Self {
        Self { bytes: arena.alloc_slice_fill_copy(size, 0), len: 0 }
    }

    pub fn push(&mut self, byte: u8) {
        self.extend(&[byte]);
    }

    pub fn extend(&mut self, bytes: &[u8]) {
        let len = bytes.len().min(self.bytes.len() - self.len);
        self.bytes[self.len..self.len + len].copy_from_slice(&bytes[..len]);
        self.len += len;
    }

    /// Adds a number in decimal.
    pub fn decimal(&mut self, mut number: u64) {
        let mut digits = [0; 20];
        let mut start = digits.len();
        loop {
            start -= 1;
            digits[start] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.extend(&digits[start..]);
    }

    /// The bytes that are filled.
    pub fn filled(&self) -> usize {
        self.len
    }

    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    pub fn finish(self) -> &'a [u8] {
        let Self { bytes, len } = self;
        &bytes[..len]
    }
}

/// The parts, joined.
pub fn join<'a>(arena: &'a Bump, parts: &[&[u8]]) -> &'a [u8] {
    let mut room = Room::new(arena, parts.iter().map(|part| part.len()).sum());
    parts.iter().for_each(|part| room.extend(part));
    room.finish()
}
