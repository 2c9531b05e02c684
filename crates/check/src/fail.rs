//! What is wrong with a piece of a line. The caller puts around it what the piece stands for.

use diag::Span;

/// One error on its way up to the function that knows how HAProxy introduces it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fail {
    /// Stable name, such as `unknown-fetch`.
    pub code: &'static str,
    /// HAProxy's words, so far.
    pub message: String,
    pub span: Span,
}

pub type Checked<T> = Result<T, Fail>;

impl Fail {
    pub fn new(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), span }
    }

    /// The same error with its message put into another one.
    pub fn wrap(self, around: impl FnOnce(&str) -> String) -> Self {
        Self { message: around(&self.message), ..self }
    }
}

impl From<syntax::Error> for Fail {
    fn from(error: syntax::Error) -> Self {
        Self::new(error.code, error.span, error.message)
    }
}
