//! Sample expressions: `fetch(args),converter(args),…` (manual, 2.2 and 7.1).

use crate::{Call, Error, SampleExpr, Word};

/// Reads an expression that is one word, as in an ACL.
///
/// # Errors
/// When there is no name at all; later errors are in the value.
pub fn parse_word(_word: &Word) -> Result<SampleExpr, Error> {
    todo!()
}

/// Reads an expression that may go on in the next words, as rules and `stick on` allow:
/// converters may stand in words of their own, for as long as `is_converter` knows them. Gives
/// the expression and the number of words it took.
///
/// # Errors
/// When there is no name at all; later errors are in the value.
pub fn parse_words(
    _words: &[Word],
    _is_converter: &dyn Fn(&[u8]) -> bool,
) -> Result<(SampleExpr, usize), Error> {
    todo!()
}

/// Reads a name with arguments that stands alone, such as `set-var(txn.x)`. Gives the call and
/// the number of bytes of the word that it took.
pub fn parse_call(_word: &Word) -> (Call, usize) {
    todo!()
}
