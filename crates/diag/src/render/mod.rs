//! One form a file: [`text`] is HAProxy's own, [`caret`] shows the source line, [`json`] is
//! for editors and tools. Left out: choosing the form, and writing it anywhere.

pub mod caret;
pub mod json;
pub mod text;
