//! Lines of a file in order, after words were cut and `.if` blocks taken or left. Left out: what
//! a line means.

use diag::{Diagnostic, FileId};

use crate::{File, Host, Line};

/// Reads one file line by line. The caller may change the environment between two lines.
pub struct Reader<'a> {
    _text: &'a [u8],
}

impl<'a> Reader<'a> {
    /// `name` is what messages and `"${.FILE}"` call the file.
    pub fn new(_file: FileId, _name: &'a str, _text: &'a [u8]) -> Reader<'a> {
        todo!()
    }

    /// The next line that no `.if` masks; `None` at the end of the file, or after a diagnostic
    /// whose effect is to abort.
    pub fn next_line(&mut self, _host: &dyn Host, _diags: &mut Vec<Diagnostic>) -> Option<Line> {
        todo!()
    }
}

/// Reads a whole file. Diagnostics are in line order.
pub fn parse(_file: FileId, _name: &str, _text: &[u8], _host: &mut dyn Host) -> (File, Vec<Diagnostic>) {
    todo!()
}
