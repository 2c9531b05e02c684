//! A word of a `bind` or `server` line with the value behind it, as the functions of their rows
//! get it, and how such words are read.

use base::time::{TimeError, Unit};
use syntax::Word;

use crate::fail::{Checked, Fail};

/// One word and its value.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    pub word: &'a Word,
    /// Empty where there is none.
    pub value: &'a Word,
}

impl Given<'_> {
    /// The word as it was written.
    pub fn name(&self) -> String {
        self.word.lossy().into_owned()
    }

    pub fn fail(&self, code: &'static str, message: impl Into<String>) -> Fail {
        Fail::new(code, self.value.span, message)
    }

    /// One of the words; `listed` says what they are.
    pub fn one_of(&self, words: &[&str], message: impl FnOnce() -> String) -> Checked<()> {
        match words.iter().any(|word| self.value.is(word)) {
            true => Ok(()),
            false => Err(self.fail("bad-argument", message())),
        }
    }

    /// A time in milliseconds, in the words of those that say `(maximum value is …)`; `other` is the
    /// message about anything else.
    pub fn time(&self, other: impl FnOnce(String) -> String) -> Checked<base::time::Time> {
        base::time::parse(&self.value.text, Unit::Ms).map_err(|error| match error {
            TimeError::Over => self.fail(
                "bad-time",
                format!(
                    "timer overflow in argument '{}' to '{}' {}",
                    self.value.lossy(),
                    self.name(),
                    crate::numbers::limit(Unit::Ms)
                ),
            ),
            TimeError::Unexpected(at) => {
                self.fail("bad-time", other(crate::numbers::character(&self.value.text, at)))
            }
        })
    }

    /// The same, in the words of those that say `maximum value is …`.
    pub fn delay(&self, of: &str, other: impl FnOnce(String) -> String) -> Checked<base::time::Time> {
        base::time::parse(&self.value.text, Unit::Ms).map_err(|error| match error {
            TimeError::Over => self.fail(
                "bad-time",
                format!(
                    "timer overflow in argument <{}> to <{}> {of}, maximum value is 2147483647 ms (~24.8 days).",
                    self.value.lossy(),
                    self.name()
                ),
            ),
            TimeError::Unexpected(at) => {
                self.fail("bad-time", other(crate::numbers::character(&self.value.text, at)))
            }
        })
    }
}

/// Finds the row of a word: what follows a parenthesis is not part of the name.
pub fn find<'r, R>(
    word: &Word,
    rows: impl Iterator<Item = &'r R>,
    name: impl Fn(&R) -> &'static str,
) -> Option<&'r R> {
    let end = word.text.iter().position(|byte| *byte == b'(').unwrap_or(word.text.len());
    rows.into_iter().find(|row| name(row).as_bytes() == &word.text[..end])
}

/// HAProxy's form of a message of several lines: each two spaces further in, on lines of their
/// own. A single line loses its line end.
pub fn indented(message: &str) -> String {
    match message.strip_suffix('\n').unwrap_or(message) {
        line if !line.contains('\n') => line.to_owned(),
        _ => {
            let (mut text, mut rest) = (String::new(), message.trim_start_matches('\n'));
            while !rest.is_empty() {
                // Looked for behind the first byte: an empty line stays with the next one.
                let end = rest.bytes().skip(1).position(|byte| byte == b'\n').map_or(rest.len(), |at| at + 1);
                text.push_str("\n  ");
                text.push_str(&rest[..end]);
                rest = rest.get(end + 1..).unwrap_or("");
            }
            text
        }
    }
}
