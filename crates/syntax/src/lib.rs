//! The configuration's grammar: words, lines, sections, `.if` blocks, sample expressions, ACLs,
//! conditions and log-formats, each with its place in the source. Reading never fails: it gives
//! a value and what is wrong with it.
//!
//! Left out: every keyword's name and meaning, which the caller brings in (`check`), and all
//! access to files and to the environment (see [`Facts`] and [`Host`]).

pub mod acl;
pub mod args;
pub mod ast;
pub mod cond;
pub mod conditional;
mod host;
pub mod lex;
pub mod logformat;
pub mod reader;
pub mod sample;
#[cfg(test)]
mod testing;

pub use ast::*;
pub use host::{Facts, Host};
pub use reader::{EMPTY_ARGUMENT, MESSAGE, Reader, UNKNOWN_DIRECTIVE, parse};
