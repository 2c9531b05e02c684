//! Moving bytes between two plain sockets inside the kernel (hot-path rule 7): `splice(2)`
//! through a pipe, with the thread's pool of pipes. Left out: TLS and small bodies, which are
//! read and written.

use std::cell::RefCell;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio::io::Interest;

use crate::socket::Socket;
use crate::sys;

/// Bytes a new pipe holds at most (pipe(7)).
pub const PIPE_SIZE: usize = 64 * 1024;
/// Idle pipes a thread keeps.
const KEPT_PIPES: usize = 64;

/// How many pipes all threads may have, and the size that new ones get; 0 is the system's own.
static MOST: AtomicUsize = AtomicUsize::new(usize::MAX);
static SIZE: AtomicUsize = AtomicUsize::new(0);
/// How many there are.
static OPEN: AtomicUsize = AtomicUsize::new(0);

/// `maxpipes` or none with `nosplice`, and `tune.pipesize` in bytes; before the threads start.
pub fn configure(most: Option<usize>, size: usize) {
    MOST.store(most.unwrap_or(usize::MAX), Ordering::Relaxed);
    SIZE.store(size, Ordering::Relaxed);
}

thread_local! {
    static PIPES: RefCell<Vec<Pipe>> = const { RefCell::new(Vec::new()) };
}

#[derive(Debug)]
struct Pipe {
    read: OwnedFd,
    write: OwnedFd,
}

impl Drop for Pipe {
    fn drop(&mut self) {
        OPEN.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One direction of a splice. Takes a pipe from the thread's pool when bytes come, and gives it
/// back when they have gone, so that a stalled direction holds none.
#[derive(Debug, Default)]
pub struct Splice {
    pipe: Option<Pipe>,
    held: usize,
}

impl Splice {
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes that were taken from the source and not yet given to the other side.
    pub fn held(&self) -> usize {
        self.held
    }

    /// Takes up to `max` bytes from a socket; 0 is its end. `None`: there is no pipe to be had, and
    /// the caller copies what waits. Only with nothing [`Splice::held`]: then "would block" can only
    /// mean the socket.
    ///
    /// # Errors
    /// Those of `splice(2)`.
    pub fn poll_fill(
        &mut self,
        cx: &mut Context<'_>,
        from: &Socket,
        max: usize,
    ) -> Poll<io::Result<Option<usize>>> {
        debug_assert_eq!(self.held, 0, "drain first");
        loop {
            match from.poll_read_ready(cx) {
                Poll::Ready(ready) => ready?,
                Poll::Pending => {
                    self.release();
                    return Poll::Pending;
                }
            }
            let Some(pipe) = self.pipe.take().or_else(take_pipe) else { return Poll::Ready(Ok(None)) };
            let (source, sink) = (from.as_raw_fd(), pipe.write.as_raw_fd());
            self.pipe = Some(pipe);
            match from.try_io(Interest::READABLE, || sys::splice(source, sink, max)) {
                Ok(count) => {
                    self.held = count;
                    if count == 0 {
                        self.release();
                    }
                    return Poll::Ready(Ok(Some(count)));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Gives held bytes to a socket and says how many; at least one, unless none are held.
    pub fn poll_drain(&mut self, cx: &mut Context<'_>, to: &Socket) -> Poll<io::Result<usize>> {
        let Some(source) = self.pipe.as_ref().map(|pipe| pipe.read.as_raw_fd()) else {
            return Poll::Ready(Ok(0));
        };
        if self.held == 0 {
            return Poll::Ready(Ok(0));
        }
        loop {
            std::task::ready!(to.poll_write_ready(cx))?;
            match to.try_io(Interest::WRITABLE, || sys::splice(source, to.as_raw_fd(), self.held)) {
                Ok(count) => {
                    self.held -= count;
                    return Poll::Ready(Ok(count));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Gives an empty pipe back to the pool; one that still holds bytes is closed.
    fn release(&mut self) {
        let Some(pipe) = self.pipe.take() else { return };
        if self.held == 0 {
            // The pool is gone when its thread is ending.
            let _ = PIPES.try_with(|pipes| {
                if let Ok(mut pipes) = pipes.try_borrow_mut()
                    && pipes.len() < KEPT_PIPES
                {
                    pipes.push(pipe);
                }
            });
        }
    }
}

impl Drop for Splice {
    fn drop(&mut self) {
        self.release();
    }
}

/// A pipe of the pool, or a new one where one more is allowed and the system has one.
fn take_pipe() -> Option<Pipe> {
    if let Some(pipe) = PIPES.with_borrow_mut(Vec::pop) {
        return Some(pipe);
    }
    let most = MOST.load(Ordering::Relaxed);
    let one_more = |open| (open < most).then_some(open + 1);
    OPEN.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok()?;
    match sys::pipe() {
        Ok((read, write)) => {
            let size = SIZE.load(Ordering::Relaxed);
            if size > 0 {
                // A size that the system refuses leaves its own.
                let _ = sys::set_pipe_size(write.as_fd(), size);
            }
            Some(Pipe { read, write })
        }
        Err(_) => {
            OPEN.fetch_sub(1, Ordering::Relaxed);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    async fn pair() -> (TcpStream, Socket) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (theirs, ours) = tokio::join!(TcpStream::connect(address), listener.accept());
        (theirs.unwrap(), Socket::tcp(ours.unwrap().0))
    }

    /// Moves everything until the end, as a tunnel does.
    async fn relay(from: &Socket, to: &Socket) -> io::Result<usize> {
        let mut splice = Splice::new();
        let mut moved = 0;
        loop {
            let filled = std::future::poll_fn(|cx| splice.poll_fill(cx, from, PIPE_SIZE)).await?;
            let count = filled.expect("a pipe");
            if count == 0 {
                return Ok(moved);
            }
            while splice.held() > 0 {
                moved += std::future::poll_fn(|cx| splice.poll_drain(cx, to)).await?;
            }
        }
    }

    #[tokio::test]
    async fn moves_all_bytes_in_order_and_sees_the_end() {
        let (mut sender, from) = pair().await;
        let (mut receiver, to) = pair().await;
        let body: Vec<u8> = (0..3_000_000u32).map(|n| (n ^ (n >> 9)) as u8).collect();
        let mut received = Vec::new();
        let (sent, moved, read) = tokio::join!(
            async {
                // In pieces of many sizes, so that pipe slots are filled badly as well.
                for piece in body.chunks(777) {
                    sender.write_all(piece).await?;
                }
                sender.shutdown().await
            },
            async {
                let moved = relay(&from, &to).await;
                drop(to);
                moved
            },
            receiver.read_to_end(&mut received)
        );
        sent.unwrap();
        read.unwrap();
        assert_eq!(moved.unwrap(), body.len());
        assert!(received == body, "bytes differ");
        assert_eq!(PIPES.with_borrow(Vec::len), 1, "the pipe went back to the pool");
    }

    #[tokio::test]
    async fn a_stalled_source_holds_no_pipe() {
        let (mut sender, from) = pair().await;
        let (mut receiver, to) = pair().await;
        let mut splice = Splice::new();
        sender.write_all(b"hello").await.unwrap();
        assert_eq!(std::future::poll_fn(|cx| splice.poll_fill(cx, &from, PIPE_SIZE)).await.unwrap(), Some(5));
        assert_eq!(std::future::poll_fn(|cx| splice.poll_drain(cx, &to)).await.unwrap(), 5);
        let mut cx = Context::from_waker(std::task::Waker::noop());
        assert!(splice.poll_fill(&mut cx, &from, PIPE_SIZE).is_pending());
        assert!(splice.pipe.is_none());
        assert_eq!(PIPES.with_borrow(Vec::len), 1);
        let mut buf = [0; 8];
        assert_eq!(receiver.read(&mut buf).await.unwrap(), 5);
    }

    #[tokio::test]
    async fn a_pipe_with_bytes_is_not_reused() {
        let (mut sender, from) = pair().await;
        let mut splice = Splice::new();
        sender.write_all(b"left over").await.unwrap();
        std::future::poll_fn(|cx| splice.poll_fill(cx, &from, PIPE_SIZE)).await.unwrap();
        drop(splice);
        assert_eq!(PIPES.with_borrow(Vec::len), 0);
    }
}
