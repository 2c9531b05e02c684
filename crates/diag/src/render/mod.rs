//! One form a file: [`text`] is HAProxy's own, [`caret`] shows the source line, [`json`] and
//! [`sarif`] are for editors and tools. Left out: choosing the form, and writing it anywhere.

pub mod caret;
pub mod json;
pub mod sarif;
pub mod text;

#[cfg(test)]
mod tests;

use crate::{Diagnostic, SourceMap};

/// Everything there is to say about a configuration, for the forms that are one document.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// Who says it.
    pub tool: &'a str,
    pub version: &'a str,
    pub sources: &'a SourceMap,
    pub diagnostics: &'a [Diagnostic],
    /// Whether the configuration may run.
    pub valid: bool,
}
