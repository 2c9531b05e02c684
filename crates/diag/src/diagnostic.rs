//! The one diagnostic type. Left out: how it is printed (`render`).

use crate::{Span, codes};

/// How bad it is, in HAProxy's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Only printed in diagnostic mode (`-dD`), and then it counts as a warning.
    Diag,
    Notice,
    Warning,
    Alert,
}

impl Severity {
    /// HAProxy's label, as in `[ALERT]`.
    pub fn label(self) -> &'static str {
        match self {
            Severity::Diag => "DIAG",
            Severity::Notice => "NOTICE",
            Severity::Warning => "WARNING",
            Severity::Alert => "ALERT",
        }
    }

    /// The word of the other forms.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Diag => "remark",
            Severity::Notice => "notice",
            Severity::Warning => "warning",
            Severity::Alert => "error",
        }
    }
}

/// What the diagnostic means for the rest of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// The configuration stays usable.
    None,
    /// The configuration is refused; reading goes on to tell of other errors.
    Fatal,
    /// The configuration is refused and nothing more is read.
    Abort,
}

/// How HAProxy's text form writes the place in front of the message. It has several ways
/// for the same thing, and its words are kept to the letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// `parsing [file:line] : message`, the most common one.
    Parsing,
    /// `parsing [file:line]: message`
    ParsingTight,
    /// `[file:line] : message`, as for the parameters of a server
    Line,
    /// `[file:line] : parsing [file:line] : message`
    LineParsing,
    /// `message` alone, as in checks made after the last line was read. A span may still be
    /// there: the caret and JSON forms show it.
    Nowhere,
}

/// One thing to tell the user about the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable name, such as `unmatched-quote`.
    pub code: &'static str,
    pub severity: Severity,
    pub effect: Effect,
    pub place: Place,
    pub span: Option<Span>,
    /// HAProxy's words, without the place and without a final line end.
    pub message: String,
    /// Lines that HAProxy prints below the message to show the source. The caret form leaves
    /// them out: it shows the source itself.
    pub excerpt: Option<String>,
    /// Advice of our own, for all forms but HAProxy's, which has no place for it.
    pub help: Option<String>,
    /// The section of HAProxy's manual about the keyword of the line; see [`Diagnostic::manual`].
    pub keyword_manual: Option<&'static str>,
    pub fix: Option<Fix>,
}

/// A change of the source that removes the cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What is replaced.
    pub span: Span,
    pub replacement: String,
}

impl Diagnostic {
    /// A fatal alert at `span`.
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: Severity::Alert,
            effect: Effect::Fatal,
            place: Place::Parsing,
            span: Some(span),
            message: message.into(),
            excerpt: None,
            help: None,
            keyword_manual: None,
            fix: None,
        }
    }

    /// A warning at `span`.
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Warning,
            effect: Effect::None,
            ..Diagnostic::error(code, span, message)
        }
    }

    /// A notice at `span`.
    pub fn notice(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Notice, ..Diagnostic::warning(code, span, message) }
    }

    /// A remark for diagnostic mode at `span`.
    pub fn remark(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Diag, ..Diagnostic::warning(code, span, message) }
    }

    /// A fatal alert found after parsing, that names no line in HAProxy's form.
    pub fn post_error(code: &'static str, message: impl Into<String>) -> Diagnostic {
        let nowhere = Diagnostic::error(code, Span::default(), message);
        Diagnostic { span: None, place: Place::Nowhere, ..nowhere }
    }

    /// A warning found after parsing, that names no line in HAProxy's form.
    pub fn post_warning(code: &'static str, message: impl Into<String>) -> Diagnostic {
        let nowhere = Diagnostic::warning(code, Span::default(), message);
        Diagnostic { span: None, place: Place::Nowhere, ..nowhere }
    }

    /// Says how HAProxy writes the place.
    pub fn at(self, place: Place) -> Diagnostic {
        Diagnostic { place, ..self }
    }

    /// Gives a post-parsing diagnostic the place that the caret and JSON forms show.
    pub fn pointing(self, span: Span) -> Diagnostic {
        Diagnostic { span: Some(span), ..self }
    }

    pub fn with_effect(self, effect: Effect) -> Diagnostic {
        Diagnostic { effect, ..self }
    }

    pub fn with_help(self, help: impl Into<String>) -> Diagnostic {
        Diagnostic { help: Some(help.into()), ..self }
    }

    pub fn with_excerpt(self, excerpt: impl Into<String>) -> Diagnostic {
        Diagnostic { excerpt: Some(excerpt.into()), ..self }
    }

    /// The section of HAProxy's manual that says what is right: that of the code, or else that of
    /// the keyword.
    pub fn manual(&self) -> Option<&'static str> {
        let of_code = codes::find(self.code).and_then(|row| row.manual);
        of_code.or(self.keyword_manual)
    }

    /// What to do: its own advice, or else what there is to say about the code.
    pub fn advice(&self) -> Option<&str> {
        self.help.as_deref().or_else(|| codes::find(self.code).map(|row| row.explanation))
    }

    /// Whether the configuration must be refused.
    pub fn is_fatal(&self) -> bool {
        self.effect != Effect::None
    }
}
