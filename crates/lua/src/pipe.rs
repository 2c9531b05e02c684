//! A bounded queue of bytes between a stream and its service.
//!
//! One end belongs to the stream, the other to a coroutine. Each end waits through a waker, so
//! that neither polls in vain.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

#[derive(Debug, Default)]
struct Inner {
    bytes: VecDeque<u8>,
    /// Bytes that may wait here.
    bound: usize,
    /// The writer has finished.
    eof: bool,
    /// The reader has gone: what is written is dropped.
    closed: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// See the module. A clone is the same queue.
#[derive(Clone, Debug)]
pub struct Pipe(Arc<Mutex<Inner>>);

impl Pipe {
    /// A queue in which `bound` bytes may wait.
    pub fn new(bound: usize) -> Self {
        Self(Arc::new(Mutex::new(Inner { bound, ..Inner::default() })))
    }

    /// A panic elsewhere leaves the queue consistent: every method ends its work in one step.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // --- the writer's end -----------------------------------------------------------------

    /// How many bytes may be pushed now.
    pub fn room(&self) -> usize {
        let inner = self.lock();
        inner.bound.saturating_sub(inner.bytes.len())
    }

    /// Appends as many of `bytes` as there is room for and gives their number. After
    /// [`Pipe::close`] all are taken and dropped.
    pub fn push(&self, bytes: &[u8]) -> usize {
        let mut inner = self.lock();
        if inner.closed {
            return bytes.len();
        }
        let count = bytes.len().min(inner.bound.saturating_sub(inner.bytes.len()));
        inner.bytes.extend(&bytes[..count]);
        if count > 0 {
            wake(inner.reader.take());
        }
        count
    }

    /// Appends all of `bytes`, past the bound if need be, and gives their number: for a writer
    /// that asked [`Pipe::is_full`] and cannot give a part of its piece back.
    pub fn push_all(&self, bytes: &[u8]) -> usize {
        let mut inner = self.lock();
        if !inner.closed {
            inner.bytes.extend(bytes);
            wake(inner.reader.take());
        }
        bytes.len()
    }

    /// No more will be pushed.
    pub fn push_eof(&self) {
        let mut inner = self.lock();
        inner.eof = true;
        wake(inner.reader.take());
    }

    /// Has `cx` woken when there is room again.
    pub fn wait_room(&self, cx: &Context<'_>) {
        self.lock().writer = Some(cx.waker().clone());
    }

    // --- the reader's end -----------------------------------------------------------------

    /// How many bytes wait.
    pub fn len(&self) -> usize {
        self.lock().bytes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the writer has finished and everything was taken.
    pub fn is_finished(&self) -> bool {
        let inner = self.lock();
        inner.eof && inner.bytes.is_empty()
    }

    /// Whether the writer has finished, even if bytes still wait.
    pub fn is_eof(&self) -> bool {
        self.lock().eof
    }

    /// Moves at most `max` bytes to the end of `out` and gives their number.
    pub fn pop(&self, out: &mut Vec<u8>, max: usize) -> usize {
        let mut inner = self.lock();
        let count = inner.bytes.len().min(max);
        let (front, back) = inner.bytes.as_slices();
        let split = count.min(front.len());
        out.extend_from_slice(&front[..split]);
        out.extend_from_slice(&back[..count - split]);
        inner.bytes.drain(..count);
        if count > 0 {
            wake(inner.writer.take());
        }
        count
    }

    /// Adds what waits to the end of `out`; it stays.
    pub fn peek(&self, out: &mut Vec<u8>) {
        let inner = self.lock();
        let (front, back) = inner.bytes.as_slices();
        out.extend_from_slice(front);
        out.extend_from_slice(back);
    }

    /// How many bytes stand before and with the first `byte`; `None` where there is none.
    pub fn find(&self, byte: u8) -> Option<usize> {
        self.lock().bytes.iter().position(|have| *have == byte).map(|at| at + 1)
    }

    /// Whether no more can be pushed until something is taken.
    pub fn is_full(&self) -> bool {
        self.room() == 0
    }

    /// The reader goes: what waits and what comes is dropped.
    pub fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        inner.bytes = VecDeque::new();
        wake(inner.writer.take());
    }

    /// Has `cx` woken when bytes or the end come.
    pub fn wait_bytes(&self, cx: &Context<'_>) {
        self.lock().reader = Some(cx.waker().clone());
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_holds() {
        let pipe = Pipe::new(4);
        assert_eq!(pipe.push(b"abcdef"), 4);
        assert!(pipe.is_full());
        let mut out = Vec::new();
        assert_eq!(pipe.pop(&mut out, 3), 3);
        assert_eq!(pipe.push(b"efg"), 3);
        assert_eq!(pipe.find(b'f'), Some(3));
        pipe.push_eof();
        assert!(!pipe.is_finished());
        pipe.pop(&mut out, usize::MAX);
        assert_eq!(out, b"abcdefg");
        assert!(pipe.is_finished());
    }

    #[test]
    fn a_closed_pipe_swallows() {
        let pipe = Pipe::new(2);
        pipe.push(b"ab");
        pipe.close();
        assert_eq!(pipe.push(b"0123456789"), 10);
        assert!(pipe.is_empty());
    }
}
