//! The thread's scratch memory (hot-path rules 4 and 5): a read lands here, and a head is
//! serialised here, so that an idle connection owns no buffer. Access is by closure and ends
//! before the task waits. Left out: memory that outlives a poll, which is the connection's.

use std::cell::Cell;

/// Size of the read scratch, in bytes.
pub const READ_SIZE: usize = 64 * 1024;

/// A write scratch that grew past this is not kept, in bytes.
const WRITE_KEEP: usize = 256 * 1024;

thread_local! {
    static READ: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    static WRITE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Lends the read scratch, [`READ_SIZE`] bytes of old content. A nested call gets a fresh
/// buffer, which is slower, never wrong.
pub fn with_read<R>(run: impl FnOnce(&mut [u8]) -> R) -> R {
    READ.with(|cell| {
        let mut buf = cell.take();
        if buf.len() != READ_SIZE {
            buf = vec![0; READ_SIZE];
        }
        let result = run(&mut buf);
        cell.set(buf);
        result
    })
}

/// Lends the write scratch, empty, with the capacity it had. A nested call gets a fresh one.
pub fn with_write<R>(run: impl FnOnce(&mut Vec<u8>) -> R) -> R {
    WRITE.with(|cell| {
        let mut buf = cell.take();
        buf.clear();
        let result = run(&mut buf);
        if buf.capacity() <= WRITE_KEEP {
            cell.set(buf);
        }
        result
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_use_gets_its_own_memory() {
        with_write(|outer| {
            outer.extend_from_slice(b"outer");
            with_write(|inner| {
                assert!(inner.is_empty());
                inner.extend_from_slice(b"inner");
            });
            assert_eq!(outer, b"outer");
        });
        with_read(|outer| {
            outer[0] = 1;
            with_read(|inner| inner[0] = 2);
            assert_eq!((outer[0], outer.len()), (1, READ_SIZE));
        });
    }

    #[test]
    fn memory_is_kept_between_uses() {
        let first = with_write(|buf| {
            buf.resize(1000, 0);
            buf.as_ptr()
        });
        assert_eq!(with_write(|buf| (buf.len(), buf.as_ptr())), (0, first));
        let big = with_write(|buf| {
            buf.resize(WRITE_KEEP + 1, 0);
            buf.capacity()
        });
        assert!(with_write(|buf| buf.capacity()) < big);
    }
}
