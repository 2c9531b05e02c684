//! The condition language of `.if` and `-cc` (manual, 2.4).

use crate::Facts;

/// Why a condition has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionError {
    /// HAProxy's words.
    pub message: String,
    /// Bytes of the condition before the wrong one.
    pub offset: usize,
}

/// The value of a condition; an empty one is false.
pub fn evaluate(_condition: &[u8], _facts: &dyn Facts) -> Result<bool, ConditionError> {
    todo!()
}
