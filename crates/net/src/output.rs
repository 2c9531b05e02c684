//! An inherited descriptor that is written to without ever waiting: standard output and error as
//! log targets.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, RawFd};

use crate::sys;

/// See the module.
#[derive(Debug)]
pub struct Output(File);

impl Output {
    /// A copy of the descriptor `fd`.
    ///
    /// # Errors
    /// There is no such descriptor.
    pub fn new(fd: RawFd) -> io::Result<Self> {
        sys::adopt(fd).map(|copy| Self(File::from(copy)))
    }

    /// Writes one line, or drops it, or its end, where the reader does not keep up. "Writable"
    /// promises one page of a pipe, hence the pieces.
    ///
    /// # Errors
    /// `WouldBlock`, or what the kernel says.
    pub fn write(&mut self, line: &[u8]) -> io::Result<()> {
        const PAGE: usize = 4096;
        for piece in line.chunks(PAGE) {
            if !sys::is_writable(self.0.as_fd())? {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            self.0.write_all(piece)?;
        }
        Ok(())
    }
}
