//! What the program tells people about their configuration: where ([`Span`]), how bad
//! ([`Severity`]), what ([`Diagnostic`]), what the stable codes mean ([`codes`]), and the forms it is printed in
//! (`render`).
//!
//! Left out: finding the problems (`syntax`, `check`), and the logs of running traffic.

pub mod codes;
mod diagnostic;
pub mod json;
pub mod render;
mod source;

pub use diagnostic::{Diagnostic, Effect, Fix, Place, Severity};
pub use source::{FileId, SourceFile, SourceMap, Span};
