//! Scope lines: `[name]` alone on a line. HAProxy uses them in the files of filters; in the main
//! configuration they change nothing, but must be well formed.

use diag::Diagnostic;

use super::Source;
use crate::lex::is_space;
use crate::sample::is_name_byte;

/// What is wrong with a line that starts with `[`.
pub(super) fn check(source: &Source<'_>) -> Option<Diagnostic> {
    let end = source.text.iter().position(|b| *b == b']').unwrap_or(1);
    if end == 1 {
        let message = "empty scope name is forbidden.";
        return Some(Diagnostic::error("scope-name", source.at.within(0, 1), message));
    }
    let wrong = source.text[1..end].iter().position(|b| !is_name_byte(*b));
    if let Some(offset) = wrong {
        return Some(refused(source, 1 + offset, "in a scope name"));
    }
    let after = end + 1;
    let blanks = source.text[after..].iter().take_while(|b| is_space(**b)).count();
    match source.text.get(after + blanks) {
        None | Some(b'#') => None,
        Some(_) => Some(refused(source, after + blanks, "after scope declaration")),
    }
}

fn refused(source: &Source<'_>, offset: usize, place: &str) -> Diagnostic {
    let found = String::from_utf8_lossy(&source.text[offset..=offset]);
    let message = format!("character '{found}' is not permitted {place}.");
    Diagnostic::error("scope-name", source.at.within(offset, 1), message)
}
