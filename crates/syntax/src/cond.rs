//! ACL conditions: `if a !b || { path /x }` (manual, 7.2).

use crate::{Condition, Error, Word};

/// Reads a condition with its `if` or `unless`.
///
/// # Errors
/// When the first word is neither; later errors are in the value.
pub fn parse(_words: &[Word]) -> Result<Condition, Error> {
    todo!()
}
