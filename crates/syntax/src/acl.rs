//! An ACL's words after its name: criterion, flags, patterns (manual, 7.1).

use crate::{AclExpr, Error, Word};

/// Reads `criterion [flags] [--] [patterns]`.
///
/// # Errors
/// When there is no word at all; later errors are in the value.
pub fn parse(_words: &[Word]) -> Result<AclExpr, Error> {
    todo!()
}
