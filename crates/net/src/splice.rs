//! Moving bytes between two plain sockets inside the kernel (hot-path rule 7): `splice(2)`
//! through a pipe, with the thread's pool of pipes. Left out: TLS and small bodies, which are
//! read and written.

use std::cell::RefCell;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::task::{Context, Poll};

use tokio::io::Interest;

use crate::socket::Socket;
use crate::sys;

/// Bytes a new pipe holds at most (pipe(7)).
pub const PIPE_SIZE: usize = 64 * 1024;
/// Idle pipes a thread keeps.
const KEPT_PIPES: usize = 64;

thread_local! {
    static PIPES: RefCell<Vec<Pipe>> = const { RefCell::new(Vec::new()) };
}

#[derive(Debug)]
struct Pipe {
    read: OwnedFd,
    write: OwnedFd,
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

    /// Takes up to `max` bytes from a socket; 0 is its end. Only with nothing [`Splice::held`]:
    /// then "would block" can only mean the socket.
    ///
    /// # Errors
    /// Those of `splice(2)`, and those of `pipe2(2)` where the pool is empty and descriptors ran
    /// out: the caller then copies.
    pub fn poll_fill(&mut self, cx: &mut Context<'_>, from: &Socket, max: usize) -> Poll<io::Result<usize>> {
        debug_assert_eq!(self.held, 0, "drain first");
        loop {
            match from.poll_read_ready(cx) {
                Poll::Ready(ready) => ready?,
                Poll::Pending => {
                    self.release();
                    return Poll::Pending;
                }
            }
            let pipe = match self.pipe.take() {
                Some(pipe) => pipe,
                None => take_pipe()?,
            };
            let (source, sink) = (from.as_raw_fd(), pipe.write.as_raw_fd());
            self.pipe = Some(pipe);
            match from.try_io(Interest::READABLE, || sys::splice(source, sink, max)) {
                Ok(count) => {
                    self.held = count;
                    if count == 0 {
                        self.release();
                    }
                    return Poll::Ready(Ok(count));
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
        let (sink, held) = (to.as_raw_fd(), self.held);
        while held > 0 {
            std::task::ready!(to.poll_write_ready(cx))?;
            match to.try_io(Interest::WRITABLE, || sys::splice(source, sink, held)) {
                Ok(count) => {
                    self.held -= count;
                    return Poll::Ready(Ok(count));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(0))
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

/// A pipe of the pool, or a new one.
fn take_pipe() -> io::Result<Pipe> {
    if let Some(pipe) = PIPES.with_borrow_mut(Vec::pop) {
        return Ok(pipe);
    }
    let (read, write) = sys::pipe()?;
    Ok(Pipe { read, write })
}
