//! The process's standard outputs, for lines that are written while expressions are evaluated.
//! The runtime, which may write, says how.

use std::sync::OnceLock;

/// One of the standard outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    Stdout,
    Stderr,
}

/// Writes a line to an output, or drops it where that would take time.
pub type Writer = fn(Output, &[u8]);

/// See the module.
#[derive(Debug, Default)]
pub struct Outputs(OnceLock<Writer>);

impl Outputs {
    /// From here on lines are written.
    pub fn connect(&self, writer: Writer) {
        // A second runtime in one process does not exist.
        let _ = self.0.set(writer);
    }

    /// Writes the line that `make` makes, if there is somebody who writes.
    pub fn write(&self, output: Output, make: impl FnOnce() -> Vec<u8>) {
        if let Some(writer) = self.0.get() {
            writer(output, &make());
        }
    }
}
