//! Every code that a diagnostic can have is a row of `diag::codes`, and every row is in use.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use diag::codes;

/// Whose sources make diagnostics.
const CRATES: [&str; 4] = ["base", "syntax", "check", "hxproxy"];

/// The functions that take a code: words that are part of their names.
const TELLERS: [&str; 10] =
    ["alert", "warn", "error", "notice", "remark", "fail", "Fail::new", "tell", "told", "refuse"];

/// The text of all sources, without their tests.
fn sources() -> String {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders: Vec<PathBuf> = CRATES.iter().map(|name| crates.join(name).join("src")).collect();
    let mut text = String::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
                let file = fs::read_to_string(&path).expect("a source");
                text.push_str(file.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default());
            }
        }
    }
    text
}

/// Whether a literal looks like a code.
fn is_code(literal: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_compound = literal.contains('-') && !literal.starts_with('-');
    is_compound && literal.bytes().all(is_plain)
}

/// Whether the text in front of a literal calls something that takes a code, as its first argument
/// or behind the context.
fn is_told(before: &str) -> bool {
    let before = before.trim_end();
    let call = match before.strip_suffix(',') {
        None => before.strip_suffix('('),
        Some(before) => before
            .trim_end_matches(|c: char| c.is_alphanumeric() || matches!(c, '_' | '&' | '.' | ' '))
            .strip_suffix('('),
    };
    let Some(call) = call else { return before.ends_with("code:") || before.ends_with("code =") };
    let start = call.rfind(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | ':' | '.')));
    let name = &call[start.map_or(0, |start| start + 1)..];
    // That one takes a keyword.
    !name.ends_with("warn_parsed") && TELLERS.iter().any(|teller| name.contains(teller))
}

/// The codes that are told, as far as the text shows.
fn told(text: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    let mut rest = 0;
    while let Some(open) = text[rest..].find('"').map(|at| rest + at) {
        let Some(length) = text[open + 1..].find(['"', '\\', '\n']) else { break };
        let literal = &text[open + 1..open + 1 + length];
        if is_code(literal) && is_told(&text[..open]) {
            found.insert(literal);
        }
        rest = open + 1 + length + 1;
    }
    found
}

#[test]
fn codes_have_rows() {
    let text = sources();
    let told = told(&text);
    assert!(told.len() > 80, "only {} codes found", told.len());
    let missing: Vec<_> = told.into_iter().filter(|code| codes::find(code).is_none()).collect();
    assert!(missing.is_empty(), "no row in diag::codes: {missing:?}");
}

#[test]
fn rows_are_used() {
    let text = sources();
    let unused: Vec<_> =
        codes::all().map(|row| row.name).filter(|name| !text.contains(&format!("\"{name}\""))).collect();
    assert!(unused.is_empty(), "no diagnostic has the code: {unused:?}");
}
