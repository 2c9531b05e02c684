//! Lines of a file in order, after words were cut and `.if` blocks taken or left (manual, 2.1 to
//! 2.4). Left out: what a line means.

mod directive;
mod excerpt;
mod scope;
#[cfg(test)]
mod tests;

use diag::{Diagnostic, Effect, FileId, Place, Span};

use crate::lex::{self, Empty, LexError, LexErrorKind, Piece, Pieces};
use crate::{File, Host, Line, Section, Word};
use directive::{After, Block};
pub use directive::{MESSAGE, UNKNOWN_DIRECTIVE};

/// HAProxy stops reading a file after this many fatal errors.
const MAX_FATAL: usize = 50;
/// Columns of a source line in HAProxy's messages.
const EXCERPT_WIDTH: usize = 80;

/// Reads one file line by line. The caller may change the environment between two lines.
pub struct Reader<'a> {
    file: FileId,
    name: &'a str,
    /// What is still to be read.
    rest: &'a [u8],
    /// The number of the last line read.
    line: u32,
    blocks: Vec<Block>,
    /// The name of the current section, or its keyword when it has none.
    section: Option<Vec<u8>>,
    fatal: usize,
    /// The length of the last line, when it ended without a line feed.
    missing_lf: Option<usize>,
    done: bool,
}

impl<'a> Reader<'a> {
    /// `name` is what messages and `"${.FILE}"` call the file.
    pub fn new(file: FileId, name: &'a str, text: &'a [u8]) -> Reader<'a> {
        Reader {
            file,
            name,
            rest: text,
            line: 0,
            blocks: Vec::new(),
            section: None,
            fatal: 0,
            missing_lf: None,
            done: false,
        }
    }

    /// Counts a fatal error that the caller found in a line: after 50 of them, the reader's own
    /// included, HAProxy reads no further.
    pub fn count_fatal(&mut self) {
        self.fatal += 1;
    }

    /// The next line that no `.if` masks; `None` at the end of the file, or after an error that
    /// ends reading. Pass the same list of diagnostics for all files of a run: the explanation
    /// of empty arguments is given once.
    pub fn next_line(&mut self, host: &dyn Host, diags: &mut Vec<Diagnostic>) -> Option<Line> {
        self.next(host, diags, |reader, source, pieces, diags| reader.line(source, pieces, host, diags))
    }

    /// Passes over lines about which reading has nothing to tell: short ones of plain words, the
    /// first of which is not `wanted`. For a caller who looks for some lines only.
    pub fn skip_plain(&mut self, wanted: impl Fn(&[u8]) -> bool) {
        while self.missing_lf.is_none() && self.fatal < MAX_FATAL {
            let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') else { return };
            let (raw, rest) = (&self.rest[..end], &self.rest[end + 1..]);
            let indent = raw.iter().take_while(|byte| lex::is_space(**byte)).count();
            let text = &raw[indent..];
            let first = text.split(|byte| lex::is_space(*byte) || *byte == b'#').next().unwrap_or_default();
            // So short a line has not too many words.
            let is_plain = raw.len() < 2 * lex::MAX_WORDS && !raw.iter().any(|byte| lex::is_special(*byte));
            if !is_plain || first.starts_with(b".") || first.starts_with(b"[") || wanted(first) {
                return;
            }
            self.line = self.line.saturating_add(1);
            self.rest = rest;
        }
    }

    /// The number and the words of the next line, whatever they are: directives are words, and
    /// nothing masks a line. A line may have no word, or empty ones.
    pub fn next_words(
        &mut self,
        host: &dyn Host,
        diags: &mut Vec<Diagnostic>,
    ) -> Option<(u32, Vec<Vec<u8>>)> {
        self.next(host, diags, |reader, _, pieces, _| {
            Some((reader.line, pieces.words.into_iter().map(|word| word.text).collect()))
        })
    }

    /// What `read` makes of the next line that it makes something of.
    fn next<T>(
        &mut self,
        host: &dyn Host,
        diags: &mut Vec<Diagnostic>,
        read: impl Fn(&mut Self, &Source<'_>, Pieces, &mut Vec<Diagnostic>) -> Option<T>,
    ) -> Option<T> {
        while !self.done {
            let Some((raw, has_lf)) = self.take_line() else {
                self.finish(diags);
                break;
            };
            if let Some(length) = self.missing_lf.take() {
                let message = format!("Stray NUL character at position {}.", length + 1);
                self.report(diags, "stray-nul", self.at(length, 1), message);
                self.finish(diags);
                break;
            }
            self.line = self.line.saturating_add(1);
            if self.fatal >= MAX_FATAL {
                let message = format!("too many fatal errors ({}), stopping now.", self.fatal);
                self.report(diags, "too-many-errors", self.at(0, 0), message);
                self.finish(diags);
                break;
            }
            self.missing_lf = (!has_lf).then_some(raw.len());
            let indent = raw.iter().take_while(|b| lex::is_space(**b)).count();
            let source = Source { text: &raw[indent..], at: self.at(indent, 0) };
            let pieces = self.pieces(&source, host, diags);
            if let Some(done) = pieces.and_then(|pieces| read(self, &source, pieces, diags)) {
                return Some(done);
            }
        }
        None
    }

    /// The next line as a C string, and whether a line feed ended it.
    fn take_line(&mut self) -> Option<(&'a [u8], bool)> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.iter().position(|b| *b == b'\n');
        let (raw, rest) = match end {
            Some(end) => (&self.rest[..end], &self.rest[end + 1..]),
            None => (self.rest, &b""[..]),
        };
        let nul = raw.iter().position(|b| *b == 0);
        if self.missing_lf.is_none() {
            self.rest = rest;
        }
        Some((&raw[..nul.unwrap_or(raw.len())], end.is_some() && nul.is_none()))
    }

    /// The words of a line, unless it is a scope or wrong.
    fn pieces(
        &mut self,
        source: &Source<'_>,
        host: &dyn Host,
        diags: &mut Vec<Diagnostic>,
    ) -> Option<Pieces> {
        if source.text.starts_with(b"[") {
            diags.extend(scope::check(source));
            return None;
        }
        let told = match lex::split(source.text, true, &|name| self.variable(name, host)) {
            Ok(pieces) if !pieces.too_many => return Some(pieces),
            Ok(pieces) => too_many_words(source, &pieces),
            Err(error) => lex_error(source, error),
        };
        self.fatal += 1;
        diags.push(told);
        None
    }

    fn line(
        &mut self,
        source: &Source<'_>,
        pieces: Pieces,
        host: &dyn Host,
        diags: &mut Vec<Diagnostic>,
    ) -> Option<Line> {
        // HAProxy takes a line whose first word is empty for an empty line.
        let keyword = pieces.words.first().filter(|word| !word.text.is_empty())?;
        if keyword.text.starts_with(b".") {
            match self.directive(source, &pieces.words, host, diags) {
                After::Line => {}
                After::End => self.finish(diags),
                After::Abort => self.done = true,
            }
            return None;
        }
        if self.is_masked() {
            return None;
        }
        let refused = pieces.empty.is_some();
        if let Some(empty) = pieces.empty {
            empty_argument(source, empty, pieces.cut, host, diags);
        }
        let mut words: Vec<Word> =
            pieces.words.into_iter().map(|piece| word(source.text, source.at, piece)).collect();
        if let Some(end) = words.iter().position(|word| word.text.is_empty()).filter(|_| refused) {
            words.truncate(end);
        }
        let line = line(words, refused)?;
        if refused {
            return Some(line);
        }
        if host.is_section(&line.keyword().text) {
            self.section = line.words.get(1).or(line.words.first()).map(|word| word.text.clone());
        }
        Some(line)
    }

    /// What `"$name"` stands for on the current line.
    fn variable(&self, name: &[u8], host: &dyn Host) -> Option<Vec<u8>> {
        match name {
            b".FILE" => Some(self.name.as_bytes().to_vec()),
            b".LINE" => Some(self.line.to_string().into_bytes()),
            b".SECTION" => self.section.clone(),
            name => host.variable(name),
        }
    }

    /// What HAProxy checks when it stops reading, at the end or before it.
    fn finish(&mut self, diags: &mut Vec<Diagnostic>) {
        self.done = true;
        if let Some(length) = self.missing_lf {
            let message = format!(
                "Missing LF on last line, file might have been truncated at position {}.",
                length + 1
            );
            self.report(diags, "missing-lf", self.at(length, 0), message);
        }
        if !self.blocks.is_empty() {
            let message = "non-terminated '.if' block.";
            let told = Diagnostic::error("open-if", self.at(0, 0), message).at(Place::ParsingTight);
            diags.push(told.with_effect(ABORT));
        }
    }

    fn at(&self, col: usize, len: usize) -> Span {
        Span { file: self.file, line: self.line, ..Span::default() }.within(col, len)
    }

    fn report(&self, diags: &mut Vec<Diagnostic>, code: &'static str, span: Span, message: String) {
        diags.push(Diagnostic::error(code, span, message).at(Place::ParsingTight));
    }
}

/// A line without its indentation, and the place of its first byte.
struct Source<'a> {
    text: &'a [u8],
    at: Span,
}

impl Source<'_> {
    /// HAProxy's position: bytes from the start of the line, from 1.
    fn position(&self, offset: usize) -> usize {
        self.at.col as usize + offset + 1
    }

    /// The line as messages show it, up to `cut`, with a caret below.
    fn excerpt(&self, offset: usize, cut: Option<usize>) -> String {
        let shown = cut.and_then(|cut| self.text.get(..cut)).unwrap_or(self.text);
        excerpt::lines("", shown, offset, EXCERPT_WIDTH)
    }
}

fn line(words: Vec<Word>, refused: bool) -> Option<Line> {
    let span = words.first()?.span.to(words.last()?.span);
    Some(Line { words, span, refused })
}

/// A word of the line `text`, whose first byte stands at `at`.
pub(crate) fn word(text: &[u8], at: Span, piece: Piece) -> Word {
    let source = &text[piece.range.clone()];
    let inner = match source {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => inner,
        _ => &[],
    };
    let verbatim = if source == piece.text { Some(0) } else { (inner == piece.text).then_some(1) };
    let span = at.within(piece.range.start, piece.range.len());
    Word { text: piece.text, span, verbatim }
}

fn lex_error(source: &Source<'_>, error: LexError) -> Diagnostic {
    let (code, what) = match error.kind {
        LexErrorKind::Quote => ("unmatched-quote", "unmatched quote"),
        LexErrorKind::Brace => ("unmatched-brace", "unmatched brace in environment variable name"),
        LexErrorKind::VariableName => ("variable-name", "forbidden first char in environment variable name"),
        LexErrorKind::Hex => ("bad-hex", "truncated or invalid hexadecimal sequence"),
        LexErrorKind::Expansion => ("bad-expansion", "truncated or invalid word expansion sequence"),
    };
    let message = format!("{what} at position {}:", source.position(error.offset));
    Diagnostic::error(code, source.at.within(error.offset, 1), message)
        .at(Place::ParsingTight)
        .with_excerpt(source.excerpt(error.offset, error.cut))
}

fn too_many_words(source: &Source<'_>, pieces: &Pieces) -> Diagnostic {
    // HAProxy's position counts in the words themselves, each with its final zero.
    let (last, before) = match pieces.words.split_last() {
        Some((last, before)) => (last.text.as_slice(), before),
        None => (&b""[..], &[][..]),
    };
    let position: usize = before.iter().map(|word| word.text.len() + 1).sum();
    let message = format!(
        "too many words, truncating after word {}, position {}: <{}>.",
        lex::MAX_WORDS,
        position + 1,
        String::from_utf8_lossy(last)
    );
    let offset = pieces.words.last().map_or(0, |word| word.range.end);
    Diagnostic::error("too-many-words", source.at.within(offset, 1), message).at(Place::ParsingTight)
}

/// The code of what is told about an empty argument.
pub const EMPTY_ARGUMENT: &str = "empty-argument";

fn empty_argument(
    source: &Source<'_>,
    empty: Empty,
    cut: Option<usize>,
    host: &dyn Host,
    diags: &mut Vec<Diagnostic>,
) {
    let message = format!(
        "argument number {} at position {} is empty and marks the end of the argument list:",
        empty.word,
        source.position(empty.offset)
    );
    let mut excerpt = source.excerpt(empty.offset, cut);
    if diags.iter().all(|known| known.code != EMPTY_ARGUMENT) {
        excerpt.push_str(
            "\nAborting to prevent all subsequent arguments from being silently ignored. If this \
             is caused by an environment variable expansion, please have a look at section 2.3 \
             of the configuration manual to find solutions to address this.",
        );
    }
    let span = source.at.within(empty.offset, empty.variable.max(1));
    diags
        .push(Diagnostic::error(EMPTY_ARGUMENT, span, message).at(Place::ParsingTight).with_excerpt(excerpt));
    let name = source.text.get(empty.offset..empty.offset + empty.variable).unwrap_or_default();
    let names = host.variable_names();
    let similar = base::word::best_match(name, names.iter().map(Vec::as_slice));
    if let Some(similar) = similar.filter(|_| !name.is_empty()) {
        let hint = format!("Hint: maybe you meant {} instead ?", String::from_utf8_lossy(similar));
        diags.push(Diagnostic::notice("similar-variable", span, hint).at(Place::Nowhere));
    }
}

/// Reads a whole file. Diagnostics are in line order.
pub fn parse(file: FileId, name: &str, text: &[u8], host: &mut dyn Host) -> (File, Vec<Diagnostic>) {
    let mut reader = Reader::new(file, name, text);
    let mut diags = Vec::new();
    let mut tree = File { id: file, orphans: Vec::new(), sections: Vec::<Section>::new() };
    while let Some(line) = reader.next_line(host, &mut diags) {
        if line.refused {
            continue;
        }
        let opens = host.is_section(&line.keyword().text);
        host.line(tree.sections.last().map(|section| &section.header), &line);
        match tree.sections.last_mut() {
            _ if opens => tree.sections.push(Section { header: line, lines: Vec::new() }),
            Some(section) => section.lines.push(line),
            None => tree.orphans.push(line),
        }
    }
    (tree, diags)
}

/// The effect of errors after which HAProxy reads no further line.
const ABORT: Effect = Effect::Abort;
