//! Log-formats (manual, 8.2.6).

use crate::{LogFormat, Word};

/// Reads a log-format. `merge_spaces` turns runs of spaces into separators, as `log-format`
/// itself does; other users of the language keep them.
pub fn parse(_word: &Word, _merge_spaces: bool) -> LogFormat {
    todo!()
}
