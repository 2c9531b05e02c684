//! The forms in which keys of text are compared: in lower case, from their end, cut to a word.

use std::borrow::Cow;

use bumpalo::Bump;
use ir::expr::MatchMethod;

use super::elements::Elements;
use super::trie::{Common, Keys, Tail};

/// How a key and a text are changed before they are compared byte by byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    pub ignore_case: bool,
    /// From the last byte to the first one.
    pub reversed: bool,
}

impl Form {
    /// How many bytes of a key, in this form, and of a text in it already are the same.
    fn common(self, key: &[u8], text: &[u8]) -> usize {
        let is_same = |(a, b): &(&u8, &u8)| a == b;
        let is_alike = |(a, b): &(&u8, &u8)| a.to_ascii_lowercase() == **b;
        match (self.reversed, self.ignore_case) {
            (false, false) => {
                let same =
                    key.chunks_exact(8).zip(text.chunks_exact(8)).take_while(|(a, b)| a == b).count() * 8;
                same + key[same..].iter().zip(&text[same..]).take_while(is_same).count()
            }
            (false, true) => key.iter().zip(text).take_while(is_alike).count(),
            (true, false) => key.iter().rev().zip(text).take_while(is_same).count(),
            (true, true) => key.iter().rev().zip(text).take_while(is_alike).count(),
        }
    }

    /// The byte of a key at a place in its form.
    fn byte(self, key: &[u8], at: usize) -> Option<u8> {
        let at = if self.reversed { key.len().checked_sub(at + 1)? } else { at };
        let byte = *key.get(at)?;
        Some(if self.ignore_case { byte.to_ascii_lowercase() } else { byte })
    }

    pub fn of_key(self, key: &[u8]) -> Cow<'_, [u8]> {
        let is_other = self.reversed || self.ignore_case && key.iter().any(u8::is_ascii_uppercase);
        if !is_other {
            return Cow::Borrowed(key);
        }
        let mut key = key.to_vec();
        if self.reversed {
            key.reverse();
        }
        if self.ignore_case {
            key.make_ascii_lowercase();
        }
        Cow::Owned(key)
    }

    pub fn of_text<'a>(self, text: &'a [u8], arena: &'a Bump) -> &'a [u8] {
        if self.reversed {
            let bytes = text.iter().rev();
            return if self.ignore_case {
                arena.alloc_slice_fill_iter(bytes.map(u8::to_ascii_lowercase))
            } else {
                arena.alloc_slice_fill_iter(bytes.copied())
            };
        }
        if self.ignore_case && text.iter().any(u8::is_ascii_uppercase) {
            let copy = arena.alloc_slice_copy(text);
            copy.make_ascii_lowercase();
            return copy;
        }
        text
    }
}

/// The keys of elements, in a form.
pub(super) struct TextKeys<'a> {
    pub elements: &'a Elements,
    pub form: Form,
}

impl Keys for TextKeys<'_> {
    fn compare(&self, slot: u32, text: &[u8]) -> Common {
        let key = self.elements.key(slot);
        let bytes = self.form.common(key, text);
        let next = self.form.byte(key, bytes).unwrap_or_default();
        Common { bytes, len: key.len(), next, tail: Tail::default() }
    }
}

/// What ends a word for `dir` and `dom`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delimiters {
    /// Slashes and question marks.
    Path,
    /// The same, and dots and colons.
    Domain,
}

impl Delimiters {
    pub fn of(method: MatchMethod) -> Self {
        if method == MatchMethod::Dom { Self::Domain } else { Self::Path }
    }

    pub fn has(self, byte: u8) -> bool {
        match byte {
            b'/' | b'?' => true,
            b'.' | b':' => self == Self::Domain,
            _ => false,
        }
    }

    /// Without the delimiters around it.
    pub fn trim(self, word: &[u8]) -> &[u8] {
        let is_word = |byte: &u8| !self.has(*byte);
        let Some(start) = word.iter().position(is_word) else { return b"" };
        let end = word.iter().rposition(is_word).map_or(start, |last| last + 1);
        &word[start..end]
    }

    pub fn count(self, word: &[u8]) -> usize {
        word.iter().filter(|byte| self.has(**byte)).count()
    }

    /// Calls `visit` with each part of `text` that begins and ends with a word and has at most
    /// this many delimiters inside; it goes on while `visit` says so.
    pub fn parts(self, text: &[u8], most: usize, mut visit: impl FnMut(&[u8]) -> bool) {
        let begins = |at: usize| !self.has(text[at]) && (at == 0 || self.has(text[at - 1]));
        for start in (0..text.len()).filter(|at| begins(*at)) {
            let mut inside = 0;
            for end in start + 1..=text.len() {
                let is_end = text.get(end).is_none_or(|byte| self.has(*byte));
                if is_end && !self.has(text[end - 1]) && !visit(&text[start..end]) {
                    return;
                }
                inside += usize::from(is_end);
                if inside > most {
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        let check = |text: &str, most, expected: &[&str]| {
            let mut found = Vec::new();
            Delimiters::Path.parts(text.as_bytes(), most, |part| {
                found.push(String::from_utf8_lossy(part).into_owned());
                true
            });
            assert_eq!(found, expected, "{text} {most}");
        };
        check("/a/bc//d?", 0, &["a", "bc", "d"]);
        check("a/bc//d", 1, &["a", "a/bc", "bc", "d"]);
        check("a/bc//d", 2, &["a", "a/bc", "bc", "bc//d", "d"]);
        check("", 5, &[]);
        check("//", 5, &[]);
    }

    #[test]
    fn words() {
        assert_eq!(Delimiters::Path.trim(b"/?a/b//"), b"a/b");
        assert_eq!(Delimiters::Path.trim(b"//"), b"");
        assert_eq!(Delimiters::Domain.trim(b".a.b:"), b"a.b");
        assert_eq!(Delimiters::Domain.count(b"a.b:c"), 2);
    }
}
