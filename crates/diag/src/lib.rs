//! What the program tells people about their configuration: where ([`Span`]), how bad
//! ([`Severity`]), what ([`Diagnostic`]), and the forms it is printed in (`render`).
//!
//! Left out: finding the problems (`syntax`, `check`), and the logs of running traffic.

mod diagnostic;
pub mod render;
mod source;

pub use diagnostic::{Diagnostic, Effect, Place, Severity};
pub use source::{FileId, SourceFile, SourceMap, Span};
