//! One line to words: quotes, escapes, comments and variables (manual, 2.2 and 2.3). Left out:
//! messages and places in a file (`reader`).

use std::ops::Range;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while};
use nom::combinator::{opt, recognize};
use nom::sequence::preceded;
use nom::{IResult, Parser};

/// HAProxy takes this many words a line.
pub const MAX_WORDS: usize = 64;

/// What stands for a variable's value: `None` when it is not set.
pub type Lookup<'a> = &'a dyn Fn(&[u8]) -> Option<Vec<u8>>;

/// The names of the variables that the reader itself answers.
pub const PSEUDO_VARIABLES: [&[u8]; 3] = [b".FILE", b".LINE", b".SECTION"];

/// One word and where the line has it, quotes included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub text: Vec<u8>,
    pub range: Range<usize>,
}

/// The words of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pieces {
    /// At most [`MAX_WORDS`].
    pub words: Vec<Piece>,
    /// The first word that is empty.
    pub empty: Option<Empty>,
    /// There are more words than [`MAX_WORDS`].
    pub too_many: bool,
    /// Where HAProxy's messages end the line they show: it writes a zero over the closing brace
    /// behind a default value.
    pub cut: Option<usize>,
}

/// An empty word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Empty {
    /// Its number in the line, from 0.
    pub word: usize,
    /// Where HAProxy points: to the name of a variable that is not set, or the closing quote; or to
    /// a word in front that ends with a variable's value, which it takes for the empty one.
    pub offset: usize,
    /// The length of that name; 0 when there is none.
    pub variable: usize,
}

/// Why a line has no words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LexError {
    pub kind: LexErrorKind,
    /// Where the wrong sequence starts.
    pub offset: usize,
    /// See [`Pieces::cut`].
    pub cut: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LexErrorKind {
    Quote,
    Brace,
    VariableName,
    Hex,
    Expansion,
}

/// Cuts a line into words. It ends at a line feed, a zero byte, or a carriage return, quoted or
/// not; only right behind a blank a carriage return is one more blank. `comments` is whether `#`
/// starts a comment.
///
/// # Errors
/// For what HAProxy refuses the whole line for.
pub fn split(line: &[u8], comments: bool, variable: Lookup<'_>) -> Result<Pieces, LexError> {
    let is_end = |b: &u8| matches!(b, b'\n' | 0);
    let line = &line[..line.iter().position(is_end).unwrap_or(line.len())];
    let out = Pieces::default();
    Splitter { line, comments, variable, at: 0, quote: None, word: None, taken_for_empty: None, out }.run()
}

struct Splitter<'a> {
    line: &'a [u8],
    comments: bool,
    variable: Lookup<'a>,
    at: usize,
    quote: Option<Quote>,
    word: Option<Open>,
    /// The first word that ended with a variable's value: see [`Empty::offset`].
    taken_for_empty: Option<Range<usize>>,
    out: Pieces,
}

/// The quote that the current byte stands in.
struct Quote {
    mark: u8,
    offset: usize,
    /// Nothing came out of it yet, so that its end makes an empty word.
    empty: bool,
}

/// The word being read.
struct Open {
    text: Vec<u8>,
    start: usize,
    /// Where HAProxy sees it begin; an empty word is reported there.
    begin: Option<usize>,
    unset: Option<Range<usize>>,
    /// It is a word even if nothing is in it.
    forced: bool,
    /// Its last byte came out of a variable.
    ends_in_value: bool,
}

impl Splitter<'_> {
    fn run(mut self) -> Result<Pieces, LexError> {
        while let Some(byte) = self.line.get(self.at).copied() {
            let mark = self.quote.as_ref().map(|quote| quote.mark);
            match (byte, mark) {
                (b'\r', _) => break,
                (b'#', None) if self.comments => break,
                (b'"' | b'\'', None) => {
                    self.open();
                    self.quote = Some(Quote { mark: byte, offset: self.at, empty: true });
                    self.at += 1;
                }
                (b'"' | b'\'', Some(mark)) if mark == byte => self.close_quote(),
                (b'\\', None | Some(b'"')) => self.escape(mark)?,
                (b'$', Some(b'"')) => self.variable()?,
                (byte, None) if is_space(byte) => {
                    self.close();
                    let rest = &self.line[self.at..];
                    self.at += rest.iter().take_while(|b| is_space(**b)).count();
                }
                _ => self.push_run(),
            }
        }
        if let Some(quote) = &self.quote {
            return Err(self.error(LexErrorKind::Quote, quote.offset));
        }
        self.close();
        Ok(self.out)
    }

    fn error(&self, kind: LexErrorKind, offset: usize) -> LexError {
        LexError { kind, offset, cut: self.out.cut }
    }

    fn open(&mut self) -> &mut Open {
        let start = self.at;
        self.word.get_or_insert_with(|| Open {
            text: Vec::new(),
            start,
            begin: None,
            unset: None,
            forced: false,
            ends_in_value: false,
        })
    }

    /// Adds a byte that `taken` bytes of the source stand for.
    fn push(&mut self, byte: u8, taken: usize) {
        let at = self.at;
        let word = self.open();
        word.text.push(byte);
        word.begin.get_or_insert(at);
        word.ends_in_value = taken == 0;
        self.at += taken;
        self.fill_quote();
    }

    /// Adds the byte at hand, which stands for itself, with all that follow it and can be nothing else.
    fn push_run(&mut self) {
        let at = self.at;
        let rest = &self.line[at..];
        let run = rest.iter().skip(1).position(|byte| !is_plain(*byte)).map_or(rest.len(), |more| 1 + more);
        let word = self.open();
        word.text.extend_from_slice(&rest[..run]);
        word.begin.get_or_insert(at);
        word.ends_in_value = false;
        self.at += run;
        self.fill_quote();
    }

    fn fill_quote(&mut self) {
        if let Some(quote) = &mut self.quote {
            quote.empty = false;
        }
    }

    fn close_quote(&mut self) {
        let at = self.at;
        if self.quote.take().is_some_and(|quote| quote.empty) {
            let word = self.open();
            word.forced = true;
            word.begin.get_or_insert(at);
        }
        self.at += 1;
    }

    /// Ends the word, if one is being read.
    fn close(&mut self) {
        let Some(mut word) = self.word.take() else { return };
        // HAProxy's words are C strings: a zero byte made by an escape ends one.
        let end = word.text.iter().position(|b| *b == 0).unwrap_or(word.text.len());
        let was_empty = word.text.is_empty();
        word.text.truncate(end);
        if was_empty && !word.forced {
            return;
        }
        if self.out.words.len() == MAX_WORDS {
            self.out.too_many = true;
            return;
        }
        let begin = word.begin.unwrap_or(word.start);
        let at = word.unset.unwrap_or(begin..begin);
        if word.text.is_empty() && self.out.empty.is_none() {
            let at = self.taken_for_empty.take().unwrap_or(at);
            let number = self.out.words.len();
            self.out.empty = Some(Empty { word: number, offset: at.start, variable: at.len() });
        } else if word.ends_in_value {
            self.taken_for_empty.get_or_insert(at);
        }
        self.out.words.push(Piece { text: word.text, range: word.start..self.at });
    }

    /// A backslash outside of single quotes.
    fn escape(&mut self, mark: Option<u8>) -> Result<(), LexError> {
        let (byte, taken) = match self.line.get(self.at + 1).copied() {
            Some(b't') => (b'\t', 2),
            Some(b'n') => (b'\n', 2),
            Some(b'r') => (b'\r', 2),
            Some(b'x') => {
                let hex = |at: usize| base::bytes::hex_digit(*self.line.get(at)?);
                match (hex(self.at + 2), hex(self.at + 3)) {
                    (Some(high), Some(low)) => (high << 4 | low, 4),
                    _ => return Err(self.error(LexErrorKind::Hex, self.at)),
                }
            }
            Some(byte @ (b' ' | b'\\' | b'\'' | b'"')) => (byte, 2),
            Some(b'#') if self.comments => (b'#', 2),
            Some(b'$') if mark.is_some() => (b'$', 2),
            // Others are no escapes: the backslash stands for itself.
            _ => (b'\\', 1),
        };
        self.push(byte, taken);
        Ok(())
    }

    /// A dollar in double quotes.
    fn variable(&mut self) -> Result<(), LexError> {
        let start = self.at;
        let reference =
            reference(&self.line[start..]).map_err(|(kind, offset)| self.error(kind, start + offset))?;
        let value = (self.variable)(reference.name);
        let name = start + reference.name_at..start + reference.name_at + reference.name.len();
        let taken = reference.len;
        if reference.default.is_some() {
            self.out.cut.get_or_insert(start + taken - 1);
        }
        if reference.expand {
            // A list that is empty or not set leaves no word behind.
            self.fill_quote();
        }
        match value.as_deref().or(reference.default) {
            Some(value) if reference.expand => self.push_list(value),
            Some(value) => {
                let word = self.open();
                word.unset = None;
                if !value.is_empty() {
                    word.text.extend_from_slice(value);
                    word.begin.get_or_insert(start);
                    word.ends_in_value = true;
                    self.fill_quote();
                }
            }
            None if reference.expand => {}
            None => {
                let word = self.open();
                word.forced = true;
                word.unset.get_or_insert(name);
            }
        }
        self.at = start + taken;
        Ok(())
    }

    /// Adds the words of a list; the first and the last join what stands around them.
    fn push_list(&mut self, list: &[u8]) {
        for byte in list {
            if is_space(*byte) {
                self.close();
            } else {
                self.push(*byte, 0);
            }
        }
    }
}

/// Whether the byte stands for itself wherever it is.
fn is_plain(byte: u8) -> bool {
    !is_space(byte) && !matches!(byte, b'"' | b'\'' | b'\\' | b'$' | b'#')
}

/// Whether a byte may make something else of the words around it, or end their line early.
pub(crate) fn is_special(byte: u8) -> bool {
    matches!(byte, 0 | b'"' | b'\'' | b'\\' | b'$')
}

/// C's `isspace`.
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// `$NAME`, `${NAME}`, `${NAME-default}`, `${NAME[*]}`.
struct Reference<'a> {
    name: &'a [u8],
    name_at: usize,
    expand: bool,
    default: Option<&'a [u8]>,
    len: usize,
}

/// Reads a reference at its dollar.
fn reference(text: &[u8]) -> Result<Reference<'_>, (LexErrorKind, usize)> {
    let braced = text.get(1) == Some(&b'{');
    let name_at = 1 + usize::from(braced);
    let (rest, name) = variable_name(&text[name_at..]).map_err(|_| (LexErrorKind::VariableName, name_at))?;
    if name.starts_with(b".") && !PSEUDO_VARIABLES.contains(&name) {
        return Err((LexErrorKind::VariableName, name_at));
    }
    let offset = |rest: &[u8]| text.len() - rest.len();
    let plain = Reference { name, name_at, expand: false, default: None, len: offset(rest) };
    if !braced {
        return Ok(plain);
    }
    let (rest, expand) = match rest.strip_prefix(b"[*]") {
        Some(after) => (after, true),
        None if rest.starts_with(b"[") => return Err((LexErrorKind::Expansion, offset(rest))),
        None => (rest, false),
    };
    let (rest, default) = default_value(rest).map_err(|_| (LexErrorKind::Brace, 1))?;
    Ok(Reference { expand, default, len: offset(rest), ..plain })
}

fn variable_name(text: &[u8]) -> IResult<&[u8], &[u8]> {
    let first = nom::bytes::complete::take_while_m_n(1, 1, |b: u8| b.is_ascii_alphabetic() || b == b'_');
    let rest = |text| take_while(|b: u8| b.is_ascii_alphanumeric() || b == b'_')(text);
    alt((recognize((tag(&b"."[..]), rest)), recognize((first, rest)))).parse(text)
}

/// The default, if there is one, and the closing brace.
fn default_value(text: &[u8]) -> IResult<&[u8], Option<&[u8]>> {
    let value = preceded(tag(&b"-"[..]), take_while(|b| b != b'}'));
    let (rest, (value, _)) = (opt(value), tag(&b"}"[..])).parse(text)?;
    Ok((rest, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &[u8]) -> Option<Vec<u8>> {
        let value: &[u8] = match name {
            b"A" => b"x y",
            b"EMPTY" => b"",
            b"LIST" => b" a  b c ",
            b".LINE" => b"7",
            _ => return None,
        };
        Some(value.to_vec())
    }

    fn check(line: &str, expected: &[&str]) {
        let got = split(line.as_bytes(), true, &variable).expect(line);
        let words: Vec<_> = got.words.iter().map(|w| String::from_utf8_lossy(&w.text)).collect();
        assert_eq!(words, expected, "{line}");
    }

    fn check_error(line: &str, kind: LexErrorKind, offset: usize) {
        let got = split(line.as_bytes(), true, &variable);
        assert_eq!(got.map_err(|error| (error.kind, error.offset)), Err((kind, offset)), "{line}");
    }

    #[test]
    fn words() {
        check("", &[]);
        check("  \t ", &[]);
        check("a b\tc", &["a", "b", "c"]);
        check("a b # c", &["a", "b"]);
        check("a b#c d", &["a", "b"]);
        check("a 'b # c' \"#\" \\#d", &["a", "b # c", "#", "#d"]);
        check("a\rb", &["a"]);
        check("a \rb\r", &["a", "b"]);
        check("a \x0b\x0cb", &["a", "b"]);
        check("%{+Q}o\\ %t\\ %s", &["%{+Q}o %t %s"]);
        check("\"%{+Q}o %t\"' %s %{-Q}r'", &["%{+Q}o %t %s %{-Q}r"]);
        check("é 'ü'", &["é", "ü"]);
    }

    #[test]
    fn escapes() {
        check(r"a\ b \\ \' \", &["a b", "\\", "'", "\\"]);
        check(r#"\" \n \t \r \x41 \1 \$ $A"#, &["\"", "\n", "\t", "\r", "A", "\\1", "\\$", "$A"]);
        check(r#""\" \\ \' \$A \x41 \1 \#""#, &["\" \\ ' $A A \\1 #"]);
        check(r"'\n \\ \x4'", &[r"\n \\ \x4"]);
        check(r"a\x00b c", &["a", "c"]);
        check_error(r"a \x4", LexErrorKind::Hex, 2);
        check_error(r"a \xg0", LexErrorKind::Hex, 2);
    }

    #[test]
    fn variables() {
        check("$A '$A' \"$A\" a\"$A\"b", &["$A", "$A", "x y", "ax yb"]);
        check("\"${A}\" \"${A-d}\" \"${B-d e}\" \"${B-}z\"", &["x y", "x y", "d e", "z"]);
        check("\"${LIST[*]}\" z", &["a", "b", "c", "z"]);
        check("\"x${A[*]}z\"", &["xx", "yz"]);
        check("a \"${EMPTY[*]}\" \"${NONE[*]}\" b", &["a", "b"]);
        check("\"${NONE[*]-d e}\"", &["d", "e"]);
        check("\"l${.LINE}\"", &["l7"]);
        check("\"${A-}}\"", &["x y}"]);
    }

    #[test]
    fn empty_words() {
        let check = |line: &str, count: usize, expected: Option<(usize, usize, usize)>| {
            let got = split(line.as_bytes(), true, &variable).expect(line);
            let empty = got.empty.map(|e| (e.word, e.offset, e.variable));
            assert_eq!((got.words.len(), empty), (count, expected), "{line}");
        };
        check("a ''", 2, Some((1, 3, 0)));
        check("a \"\" b ''", 4, Some((1, 3, 0)));
        check("a ''b", 2, None);
        check("a \"$EMPTY\"", 2, Some((1, 9, 0)));
        check("a \"$NONE\" b", 3, Some((1, 4, 4)));
        check("a \"${NONE}\" b", 3, Some((1, 5, 4)));
        check("a \"x$NONE\"", 2, None);
        check("\"${A[*]} \" b", 3, None);
        check("a \"$A\" ''", 3, Some((2, 3, 0)));
        check("\"x$A\" \"$NONE\"", 2, Some((1, 1, 0)));
        check("\"$A$NONE\" ''", 2, Some((1, 4, 4)));
        check("\"${A}b\" ''", 2, Some((1, 9, 0)));
    }

    #[test]
    fn errors() {
        check_error("set-header X \"abc", LexErrorKind::Quote, 13);
        check_error("a 'b\" c", LexErrorKind::Quote, 2);
        check_error("a 'b\rc'", LexErrorKind::Quote, 2);
        check_error("a \"${A", LexErrorKind::Brace, 4);
        check_error("a \"${A+b}\"", LexErrorKind::Brace, 4);
        check_error("a \"${A-b", LexErrorKind::Brace, 4);
        check_error("a \"${1A}\"", LexErrorKind::VariableName, 5);
        check_error("a \"$-\"", LexErrorKind::VariableName, 4);
        check_error("a \"$", LexErrorKind::VariableName, 4);
        check_error("a \"${.FOO}\"", LexErrorKind::VariableName, 5);
        check_error("a \"${A[x]}\"", LexErrorKind::Expansion, 6);
        check_error("a \"${A[*}\"", LexErrorKind::Expansion, 6);
    }

    #[test]
    fn places() {
        let got = split(b" a 'b c' d\\ e", true, &variable).expect("words");
        let ranges: Vec<_> = got.words.iter().map(|w| w.range.clone()).collect();
        assert_eq!(ranges, [1..2, 3..8, 9..13]);
    }

    #[test]
    fn too_many() {
        let count = |n: usize| {
            let got = split("w ".repeat(n).as_bytes(), true, &variable).expect("words");
            (got.words.len(), got.too_many)
        };
        assert_eq!(count(64), (64, false));
        assert_eq!(count(65), (64, true));
        assert_eq!(count(100_000), (64, true));
        // An error in the line comes before their number.
        let line = format!("{}'", "w ".repeat(70));
        check_error(&line, LexErrorKind::Quote, 140);
    }
}
