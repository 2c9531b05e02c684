//! An inherited descriptor that is written to without ever waiting: standard output and error as
//! log targets. A line is one system call where the descriptor is a file or a pipe.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, RawFd};
use std::os::unix::fs::FileTypeExt;

use crate::sys;

/// See the module.
#[derive(Debug)]
pub struct Output {
    file: File,
    kind: Kind,
}

/// What keeps a write from waiting. The descriptor itself is not made non-blocking: others write to it,
/// too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A file never waits.
    File,
    /// A pipe can be asked to take what it has room for.
    Pipe,
    /// Anything else is asked whether it is ready first.
    Other,
}

impl Output {
    /// A copy of the descriptor `fd`.
    ///
    /// # Errors
    /// There is no such descriptor.
    pub fn new(fd: RawFd) -> io::Result<Self> {
        let file = File::from(sys::adopt(fd)?);
        let kind = file.metadata()?.file_type();
        let kind = match (kind.is_file(), kind.is_fifo()) {
            (true, _) => Kind::File,
            (_, true) => Kind::Pipe,
            _ => Kind::Other,
        };
        Ok(Self { file, kind })
    }

    /// Writes one line, or drops it, or its end, where the reader does not keep up.
    ///
    /// # Errors
    /// `WouldBlock`, or what the kernel says.
    pub fn write(&mut self, line: &[u8]) -> io::Result<()> {
        match self.kind {
            Kind::File => self.file.write_all(line),
            Kind::Pipe => match sys::write_now(self.file.as_fd(), line) {
                Ok(count) if count == line.len() => Ok(()),
                Ok(_) => Err(io::ErrorKind::WouldBlock.into()),
                // An older kernel.
                Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                    self.kind = Kind::Other;
                    self.write_ready(line)
                }
                Err(error) => Err(error),
            },
            Kind::Other => self.write_ready(line),
        }
    }

    /// "Writable" promises one page of a pipe, hence the pieces.
    fn write_ready(&mut self, line: &[u8]) -> io::Result<()> {
        const PAGE: usize = 4096;
        for piece in line.chunks(PAGE) {
            if !sys::is_writable(self.file.as_fd())? {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            self.file.write_all(piece)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::fd::AsRawFd;

    use super::*;

    #[test]
    fn a_full_pipe_takes_no_more() {
        let (mut reader, writer) = io::pipe().expect("a pipe");
        for kind in [Kind::Pipe, Kind::Other] {
            let mut output = Output::new(writer.as_raw_fd()).expect("a copy");
            assert_eq!(output.kind, Kind::Pipe);
            output.kind = kind;
            let line = [b'a'; 1000];
            let mut taken = 0;
            while output.write(&line).is_ok() {
                taken += 1;
            }
            assert!((16..1000).contains(&taken), "{taken} lines");
            assert_eq!(output.write(&line).map_err(|error| error.kind()), Err(io::ErrorKind::WouldBlock));
            let mut room = [0; 65_536];
            let count = reader.read(&mut room).expect("what was written");
            assert!(count >= taken * line.len());
            assert!(output.write(&line).is_ok());
            assert_eq!(reader.read(&mut room).expect("a line"), line.len());
        }
    }
}
