//! The thread's pools of byte buffers, last in first out: a connection borrows one only while
//! bytes are left over, so that steady state allocates nothing and idle connections own nothing.
//!
//! A read lands in a [`Block`]; what its consumer leaves over stays there, uncopied.

use std::cell::RefCell;

/// Capacity of a new buffer, in bytes.
const NEW: usize = 16 * 1024;
/// A buffer that grew past this is not kept, in bytes.
const LARGEST: usize = 256 * 1024;
/// Buffers that a thread keeps at most.
const KEPT: usize = 256;

thread_local! {
    static POOL: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Size of a block, in bytes: what one read may bring.
const BLOCK: usize = 64 * 1024;
/// Blocks that a thread keeps at most.
const KEPT_BLOCKS: usize = 64;

thread_local! {
    static BLOCKS: RefCell<Vec<Box<[u8]>>> = const { RefCell::new(Vec::new()) };
}

/// Memory that reads land in, and which part of it holds bytes not used yet.
#[derive(Debug)]
pub struct Block {
    memory: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Block {
    /// An empty block.
    pub fn take() -> Self {
        let memory = BLOCKS.with_borrow_mut(Vec::pop).unwrap_or_else(|| vec![0; BLOCK].into_boxed_slice());
        Self { memory, start: 0, end: 0 }
    }

    /// The memory behind the bytes, to read into; then [`Block::filled`]. Grows where it is full:
    /// the caller bounds how much is kept.
    pub fn space(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.memory.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.end == self.memory.len() {
            let mut larger = std::mem::take(&mut self.memory).into_vec();
            larger.resize(self.end + BLOCK, 0);
            self.memory = larger.into_boxed_slice();
        }
        &mut self.memory[self.end..]
    }

    /// `count` bytes were read into [`Block::space`].
    pub fn filled(&mut self, count: usize) {
        self.end = (self.end + count).min(self.memory.len());
    }

    /// Drops the first `count` bytes.
    pub fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }
}

impl std::ops::Deref for Block {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.memory[self.start..self.end]
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        let memory = std::mem::take(&mut self.memory);
        if memory.len() == BLOCK {
            // The pool is gone when its thread is ending.
            let _ = BLOCKS.try_with(|blocks| {
                let mut blocks = blocks.borrow_mut();
                if blocks.len() < KEPT_BLOCKS {
                    blocks.push(memory);
                }
            });
        }
    }
}

/// An empty buffer with some capacity.
pub fn take() -> Vec<u8> {
    POOL.with_borrow_mut(Vec::pop).unwrap_or_else(|| Vec::with_capacity(NEW))
}

/// Takes a buffer back.
pub fn give(mut buffer: Vec<u8>) {
    if buffer.capacity() == 0 || buffer.capacity() > LARGEST {
        return;
    }
    buffer.clear();
    // The pool is gone when its thread is ending.
    let _ = POOL.try_with(|pool| {
        let mut pool = pool.borrow_mut();
        if pool.len() < KEPT {
            pool.push(buffer);
        }
    });
}

/// A buffer that is borrowed from the pool on first use and goes back when it is emptied.
#[derive(Debug, Default)]
pub struct Lent(Vec<u8>);

impl Lent {
    /// The buffer, borrowed if it was not yet.
    pub fn get(&mut self) -> &mut Vec<u8> {
        if self.0.capacity() == 0 {
            self.0 = take();
        }
        &mut self.0
    }

    pub fn extend(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.get().extend_from_slice(bytes);
        }
    }

    /// Drops the first `count` bytes; an emptied buffer goes back to the pool.
    pub fn consume(&mut self, count: usize) {
        if count >= self.0.len() {
            give(std::mem::take(&mut self.0));
        } else {
            self.0.drain(..count);
        }
    }
}

impl std::ops::Deref for Lent {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        give(std::mem::take(&mut self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_keeps_what_is_left_over() {
        let mut block = Block::take();
        block.space()[..5].copy_from_slice(b"abcde");
        block.filled(5);
        block.consume(3);
        assert_eq!(&*block, b"de");
        let space = block.space();
        let len = space.len();
        space.fill(b'x');
        block.filled(len);
        assert_eq!((block.len(), &block[..3]), (BLOCK, &b"dex"[..]));
        assert_eq!(block.space().len(), BLOCK);
        block.consume(usize::MAX / 2);
        assert!(block.is_empty());
    }

    #[test]
    fn an_emptied_buffer_is_reused() {
        let mut lent = Lent::default();
        lent.extend(b"abc");
        let at = lent.as_ptr();
        lent.consume(1);
        assert_eq!(&*lent, b"bc");
        lent.consume(2);
        assert!(lent.is_empty());
        let again = take();
        assert_eq!(again.as_ptr(), at);
    }
}
