//! What a configuration looks like once read: words, lines, sections. Left out: the
//! meaning of any word.

use std::borrow::Cow;
use std::sync::Arc;

use diag::{FileId, Span};

/// One word of a line, with quotes, escapes and variables already resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The resolved bytes, never empty and without zero bytes. A variable or an escape may have
    /// put any other byte there.
    pub text: Vec<u8>,
    /// The word as written, with its quotes.
    pub span: Span,
    /// Where in the span the bytes of `text` stand unchanged: 0 for a plain word, 1 for a quoted
    /// one, `None` when an escape or a variable changed them.
    pub verbatim: Option<usize>,
}

impl Word {
    /// Whether the word is exactly `text`.
    pub fn is(&self, text: &str) -> bool {
        self.text == text.as_bytes()
    }

    /// The text for a message; bytes that are not UTF-8 are replaced.
    pub fn lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.text)
    }

    /// The text, when it is UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.text).ok()
    }

    /// The place of `len` bytes of the text from `offset`; the whole word when its source is
    /// not verbatim.
    pub fn piece(&self, offset: usize, len: usize) -> Span {
        self.verbatim.map_or(self.span, |start| self.span.within(start + offset, len))
    }
}

/// One line with at least one word, that no `.if` masks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Never empty, and no word is empty.
    pub words: Vec<Word>,
    /// From the first to the last word.
    pub span: Span,
    /// An empty word, which was told, ends the line: it says nothing but what HAProxy looks for before
    /// it reads the lines.
    pub refused: bool,
}

/// The word in front of a keyword that turns it off, or back to what it is by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modifier {
    None,
    /// `no option …`
    No,
    /// `default option …`
    Default,
}

impl Line {
    /// The first word.
    pub fn keyword(&self) -> &Word {
        // A line is only made with at least one word.
        &self.words[0]
    }

    /// Splits `no` or `default` from the words that follow it, which may be none.
    pub fn modifier(&self) -> (Modifier, &[Word]) {
        match self.words.split_first() {
            Some((first, rest)) if first.is("no") => (Modifier::No, rest),
            Some((first, rest)) if first.is("default") => (Modifier::Default, rest),
            _ => (Modifier::None, &self.words),
        }
    }
}

/// A section: its header line and the lines below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// `frontend http`: the section's keyword, then its name and options.
    pub header: Line,
    pub lines: Vec<Line>,
}

impl Section {
    /// The section's keyword.
    pub fn keyword(&self) -> &Word {
        self.header.keyword()
    }

    /// The word after the section's keyword, when there is one.
    pub fn name(&self) -> Option<&Word> {
        self.header.words.get(1)
    }
}

/// One configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub id: FileId,
    /// Lines above the first section.
    pub orphans: Vec<Line>,
    pub sections: Vec<Section>,
}

/// What is wrong with an expression inside a word or a list of words. The caller knows what
/// the expression stands for, and puts that around the message.
///
/// A value with an `error` field holds what was read up to the error. HAProxy tells errors in
/// reading order, so the names in the value come first and its `error` last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Stable name, such as `missing-parenthesis`.
    pub code: &'static str,
    /// HAProxy's words.
    pub message: String,
    pub span: Span,
}

/// A name with optional arguments: a sample fetch, a converter, or an action's
/// `set-var(txn.x)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub name: Vec<u8>,
    /// Empty without parentheses. `()` gives one empty argument, as `(a,)` gives two; whether
    /// an empty one counts depends on the row's argument types.
    pub args: Vec<Arg>,
    pub end: ArgsEnd,
    /// The whole word or log-format that the call stands in, for messages that show the rest of
    /// it; `Arg::offset` counts in it.
    pub source: Arc<[u8]>,
    /// The name and its parentheses.
    pub span: Span,
}

impl Call {
    /// The name for a message.
    pub fn name_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.name)
    }
}

/// How the arguments of a [`Call`] end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgsEnd {
    /// There is no opening parenthesis.
    None,
    Closed,
    /// The closing parenthesis is missing.
    Open,
    /// The text ends with a lone backslash at this offset of the source, inside the last
    /// argument.
    Backslash(usize),
}

/// One argument, with its own level of quotes and escapes resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arg {
    pub text: Vec<u8>,
    /// Where in the source the argument starts: at the comma in front of it, or after the
    /// opening parenthesis.
    pub offset: usize,
    pub span: Span,
}

/// `fetch(args),converter(args),…`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleExpr {
    pub fetch: Call,
    pub converters: Vec<Call>,
    /// Where the expression starts in the source of its fetch.
    pub start: usize,
    /// Where it ends there; the source's end when it goes on in the next word.
    pub end: usize,
    /// From its start to its end, in its first word.
    pub span: Span,
    pub error: Option<Error>,
}

/// `if …` or `unless …`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// `unless`: the verdict of `any` is inverted.
    pub unless: bool,
    /// True when every term of at least one list is; an empty list of lists is false.
    pub any: Vec<Vec<Term>>,
    pub span: Span,
    pub error: Option<Error>,
}

/// One ACL in a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    pub negated: bool,
    pub acl: AclRef,
    pub span: Span,
}

/// Which ACL a term asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AclRef {
    /// By name; the exclamation marks are gone.
    Named(Word),
    /// `{ criterion … }`: the words between the braces, for [`crate::acl::parse`].
    Anonymous(Vec<Word>),
}

/// The words of an ACL after its name: `criterion [flags] [patterns]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclExpr {
    /// The first word. It is a sample expression whose fetch may be an ACL's own criterion
    /// (`path_beg`).
    pub criterion: Word,
    /// Flags in the order given, which matters.
    pub flags: Vec<AclFlag>,
    pub patterns: Vec<Word>,
    /// `--` was given: no warning about missing patterns.
    pub end_of_flags: bool,
    pub error: Option<Error>,
}

/// A flag in front of an ACL's patterns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AclFlag {
    /// `-i`
    IgnoreCase,
    /// `-n`
    NoDns,
    /// `-M`
    Map,
    /// `-f file`; the file is `None` when the line ends first.
    File(Option<Word>),
    /// `-m method`
    Method(Option<Word>),
    /// `-u id`
    Id(Option<Word>),
}

/// A log-format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFormat {
    pub nodes: Vec<LogNode>,
    pub error: Option<Error>,
}

/// A piece of a log-format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogNode {
    Text(Vec<u8>),
    /// One or more spaces, where the caller asked to merge them.
    Separator,
    /// `%alias`; `%o` is one too, whose flags hold for what follows.
    Alias {
        tag: LogTag,
        name: Vec<u8>,
        span: Span,
    },
    /// `%[expression]`
    Expr {
        tag: LogTag,
        expr: SampleExpr,
    },
}

/// What may stand between `%` and an alias or expression: `%(name:type){+Q,-X}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogTag {
    /// `%(name)`: the key in structured encodings.
    pub name: Option<Vec<u8>>,
    /// `%(name:type)`
    pub cast: Option<LogCast>,
    /// The text between the braces.
    pub arg: Option<Vec<u8>>,
    /// The flags found in `arg`. HAProxy ignores names it does not know.
    pub flags: Vec<LogFlag>,
}

/// The type a log-format item is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogCast {
    Str,
    Sint,
    Bool,
    Raw,
}

/// `+Q` or `-Q`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFlag {
    pub on: bool,
    /// `Q`, `X`, `E`, `M`, `json`, …
    pub name: Vec<u8>,
}
