//! The thread's pool of byte buffers, last in first out: a connection borrows one only while
//! bytes are left over, so that steady state allocates nothing and idle connections own nothing.

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
    POOL.with_borrow_mut(|pool| {
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
    fn an_emptied_buffer_is_reused() {
        let mut lent = Lent::default();
        lent.extend(b"abc");
        let at = lent.as_ptr();
        lent.consume(1);
        assert_eq!(&*lent, b"bc");
        lent.consume(2);
        assert!(lent.is_empty());
        assert_eq!(take().as_ptr(), at);
    }
}
