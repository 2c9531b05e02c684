//! Sets of byte strings that are compared whole, by their start, end or a part (manual,
//! section 7.1.3). Many whole strings are hashed.

use std::collections::HashMap;

use bumpalo::Bump;
use ir::expr::MatchMethod;

/// Up to this many whole strings are compared one after the other, which is faster.
const FEW: usize = 8;

/// See the module.
#[derive(Debug)]
pub(super) struct Words {
    how: How,
    ignore_case: bool,
    /// In lower case with `ignore_case`.
    words: Vec<Box<[u8]>>,
    /// Of all words where there are many.
    index: Option<HashMap<Box<[u8]>, usize>>,
}

#[derive(Clone, Copy, Debug)]
enum How {
    Whole,
    Start,
    End,
    Part,
    /// A part between slashes and question marks.
    Path,
    /// A part between slashes, question marks, dots and colons.
    Domain,
}

impl Words {
    /// Methods that do not compare strings compare whole strings here.
    pub fn new(method: MatchMethod, ignore_case: bool, patterns: &[Vec<u8>]) -> Self {
        let how = match method {
            MatchMethod::Beg => How::Start,
            MatchMethod::End => How::End,
            MatchMethod::Sub => How::Part,
            MatchMethod::Dir => How::Path,
            MatchMethod::Dom => How::Domain,
            _ => How::Whole,
        };
        let word = |pattern: &Vec<u8>| {
            let word = match how {
                How::Path | How::Domain => trim(pattern, how),
                _ => pattern,
            };
            if ignore_case { word.to_ascii_lowercase().into() } else { word.into() }
        };
        let words: Vec<Box<[u8]>> = patterns.iter().map(word).collect();
        let index = (matches!(how, How::Whole) && words.len() > FEW).then(|| {
            let mut index = HashMap::with_capacity(words.len());
            for (at, word) in words.iter().enumerate() {
                index.entry(word.clone()).or_insert(at);
            }
            index
        });
        Self { how, ignore_case, words, index }
    }

    /// The index of a word that `text` matches: the longest start, else the first word.
    pub fn find(&self, text: &[u8], arena: &Bump) -> Option<usize> {
        let text = if self.ignore_case { lower(text, arena) } else { text };
        if let Some(index) = &self.index {
            return index.get(text).copied();
        }
        let mut words = self.words.iter().enumerate();
        match self.how {
            How::Whole => words.find(|(_, word)| ***word == *text),
            How::Start if self.ignore_case => words.find(|(_, word)| text.starts_with(word)),
            How::Start => words.filter(|(_, word)| text.starts_with(word)).max_by(|a, b| {
                // Of two equal words the first one counts.
                a.1.len().cmp(&b.1.len()).then(b.0.cmp(&a.0))
            }),
            How::End => words.find(|(_, word)| text.ends_with(word)),
            How::Part => words.find(|(_, word)| base::bytes::find(text, word).is_some()),
            How::Path | How::Domain => words.find(|(_, word)| has_word(text, word, self.how)),
        }
        .map(|(at, _)| at)
    }
}

fn lower<'a>(text: &'a [u8], arena: &'a Bump) -> &'a [u8] {
    if text.iter().any(u8::is_ascii_uppercase) {
        let copy = arena.alloc_slice_copy(text);
        copy.make_ascii_lowercase();
        copy
    } else {
        text
    }
}

fn is_delimiter(byte: u8, how: How) -> bool {
    match how {
        How::Domain => matches!(byte, b'/' | b'?' | b'.' | b':'),
        _ => matches!(byte, b'/' | b'?'),
    }
}

fn trim(mut word: &[u8], how: How) -> &[u8] {
    while let [first, rest @ ..] = word
        && is_delimiter(*first, how)
    {
        word = rest;
    }
    while let [rest @ .., last] = word
        && is_delimiter(*last, how)
    {
        word = rest;
    }
    word
}

/// Whether `word` stands in `text` with a delimiter or an end at both sides.
fn has_word(text: &[u8], word: &[u8], how: How) -> bool {
    memchr::memmem::find_iter(text, word).any(|start| {
        let end = start + word.len();
        (start == 0 || is_delimiter(text[start - 1], how))
            && text.get(start).is_some_and(|byte| !is_delimiter(*byte, how))
            && text.get(end).is_none_or(|byte| is_delimiter(*byte, how))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: MatchMethod, ignore_case: bool, words: &[&str], text: &str, expected: Option<usize>) {
        let bytes: Vec<_> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
        let got = Words::new(method, ignore_case, &bytes).find(text.as_bytes(), &Bump::new());
        assert_eq!(got, expected, "{method:?} {words:?} on {text}");
    }

    #[test]
    fn methods() {
        use MatchMethod::*;
        check(Str, false, &["a", "b"], "b", Some(1));
        check(Str, false, &["a"], "A", None);
        check(Str, true, &["aB"], "Ab", Some(0));
        check(Beg, false, &["/", "/api", "/a"], "/api/x", Some(1));
        check(Beg, true, &["/", "/API"], "/api/x", Some(0));
        check(Beg, false, &["/b"], "/", None);
        check(End, false, &[".png", ".gif"], "x.gif", Some(1));
        check(End, true, &[".PNG"], "x.png", Some(0));
        check(Sub, false, &["bc"], "abcd", Some(0));
        check(Sub, false, &["bd"], "abcd", None);
        check(Dir, false, &["img"], "/a/img/x", Some(0));
        check(Dir, false, &["/img/"], "/img", Some(0));
        check(Dir, false, &["img"], "/imgs/img2", None);
        check(Dir, false, &["img"], "/imgs/img?x", Some(0));
        check(Dom, false, &["example.com"], "www.example.com:80", Some(0));
        check(Dom, false, &["example"], "www.example.com", Some(0));
        check(Dom, false, &["exam"], "www.example.com", None);
        check(Dom, true, &["Example.Com"], "WWW.EXAMPLE.COM", Some(0));
    }

    #[test]
    fn many() {
        let words: Vec<String> = (0..100).map(|number| format!("word{number}")).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        check(MatchMethod::Str, false, &words, "word42", Some(42));
        check(MatchMethod::Str, true, &words, "WORD42", Some(42));
        check(MatchMethod::Str, false, &words, "word", None);
    }
}
