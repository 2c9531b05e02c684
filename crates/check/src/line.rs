//! One line as a row's function sees it.

use diag::Span;
use ir::expr::Place;
use syntax::{Modifier, Word};

use crate::fail::Fail;

/// A line whose row is known.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// The words of the keyword: one to three.
    pub name: &'a [Word],
    /// The words behind it.
    pub args: &'a [Word],
    pub modifier: Modifier,
    pub span: Span,
}

impl<'a> Line<'a> {
    /// The keyword as messages quote it.
    pub fn keyword(&self) -> String {
        join(self.name)
    }

    /// Whether `no` stands in front.
    pub fn is_no(&self) -> bool {
        self.modifier == Modifier::No
    }

    pub fn arg(&self, index: usize) -> Option<&'a Word> {
        self.args.get(index)
    }

    /// The argument's text for a message; empty where there is none.
    pub fn lossy(&self, index: usize) -> String {
        self.arg(index).map_or_else(String::new, |word| word.lossy().into_owned())
    }

    pub fn place(&self) -> Place {
        place(self.span)
    }

    /// What is wrong when there are more than `most` words behind the keyword and its first
    /// `quoted` arguments, which the message repeats.
    pub fn too_many(&self, quoted: usize, most: usize) -> Option<Fail> {
        let extra = self.arg(quoted + most)?;
        let words: Vec<Word> = self.name.iter().chain(&self.args[..quoted]).cloned().collect();
        let message = format!("'{}' cannot handle unexpected argument '{}'.", join(&words), extra.lossy());
        Some(Fail::new("extra-argument", extra.span, message))
    }
}

/// Words with a space between, as HAProxy joins them in messages and descriptions.
pub fn join(words: &[Word]) -> String {
    words.iter().map(Word::lossy).collect::<Vec<_>>().join(" ")
}

/// The same, as bytes.
pub fn join_bytes(words: &[Word]) -> Vec<u8> {
    words.iter().map(|word| word.text.as_slice()).collect::<Vec<_>>().join(&b' ')
}

/// A span without its columns, as the checked configuration keeps it.
pub fn place(span: Span) -> Place {
    Place { file: span.file.0, line: span.line }
}

/// `if` or `unless`: where a condition begins.
pub fn starts_condition(word: &Word) -> bool {
    word.is("if") || word.is("unless")
}
