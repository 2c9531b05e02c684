//! `-D` and `daemon`: the process goes to the background, and the one that the user started
//! stays until it is known whether the start worked.
//!
//! Left out: detaching the standard descriptors, which happens when the start is over.

use std::io::{PipeWriter, Read, Write};

use super::sys::{self, Fork};
use crate::console::Console;

/// Held by the process in the background until it is ready.
#[derive(Debug)]
pub struct Launcher(PipeWriter);

impl Launcher {
    /// Lets the process that the user started leave with status 0.
    pub fn ready(mut self) {
        // It may have been killed; nobody waits then.
        let _ = self.0.write_all(b"READY\n");
    }
}

/// Forks. Comes back in the background process only; the other one leaves with the status of
/// the start.
pub fn detach(console: &Console, program: &str) -> Result<Launcher, String> {
    let (mut reader, writer) = std::io::pipe().map_err(|e| {
        format!("[{program}.main()] Cannot create pipe for getting the status of child process: {e}.")
    })?;
    match sys::fork().map_err(|_| format!("[{program}.main()] Cannot fork."))? {
        Fork::Child => {
            drop(reader);
            // Fails only for a process that leads its session already.
            let _ = sys::new_session();
            Ok(Launcher(writer))
        }
        Fork::Parent(child) => {
            drop(writer);
            let mut byte = [0];
            let status = match reader.read(&mut byte) {
                Ok(1) => 0,
                _ => failed_start(console, program, child),
            };
            std::process::exit(status)
        }
    }
}

/// The child closed the pipe without a word: tells its status and gives it.
fn failed_start(console: &Console, program: &str, child: i32) -> i32 {
    match sys::wait(child, true) {
        Ok(Some((pid, status))) => {
            console.alert(&format!("Process {pid} exited with code {status} ({})", sys::status_text(status)));
            if status == 143 { 0 } else { status }
        }
        Ok(None) => 1,
        Err(error) => {
            console.alert(&format!("[{program}.main()] waitpid() failed: {error}"));
            1
        }
    }
}
