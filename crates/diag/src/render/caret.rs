//! The form with the source line and a caret under the place, for people.

use std::fmt::Write;

use crate::{Diagnostic, Fix, SourceMap, Span};

/// Longest piece of a source line that is shown, in characters.
const WIDTH: usize = 100;

/// Writes one diagnostic with its final line end.
pub fn write(out: &mut String, sources: &SourceMap, diagnostic: &Diagnostic) {
    // Writing to a String cannot fail, hence the ignored results.
    let _ = writeln!(
        out,
        "{}[{}]: {}",
        diagnostic.severity.word(),
        diagnostic.code,
        diagnostic.message.trim_end()
    );
    if let Some(span) = diagnostic.span {
        let _ = writeln!(out, "  --> {}:{}:{}", sources.name(span.file), span.line, span.col + 1);
        if let Some(line) = sources.line(span) {
            excerpt(out, line, span);
        }
    }
    if let Some(help) = diagnostic.advice() {
        let _ = writeln!(out, "  = help: {help}");
    }
    if let Some(fix) = &diagnostic.fix {
        let _ = writeln!(out, "  = fix: {}", change(sources, fix));
    }
    if let Some(section) = diagnostic.manual() {
        let _ = writeln!(out, "  = manual: section {section} of HAProxy's configuration manual");
    }
}

/// The change in words.
fn change(sources: &SourceMap, fix: &Fix) -> String {
    let start = fix.span.col as usize;
    let old = sources.line(fix.span).and_then(|line| line.get(start..start + fix.span.len as usize));
    match old {
        Some(old) if !old.is_empty() => {
            format!("write '{}' in place of '{}'", fix.replacement, printable(old))
        }
        _ => format!("write '{}'", fix.replacement),
    }
}

fn excerpt(out: &mut String, line: &[u8], span: Span) {
    let start = (span.col as usize).min(line.len());
    let end = (start + span.len as usize).min(line.len());
    let (before, piece) = (printable(&line[..start]), printable(&line[start..end]));
    let after = printable(&line[end..]);
    // A long line is shown from where its place comes into view.
    let skip = before.chars().count().saturating_sub(WIDTH / 2);
    let shown: String =
        before.chars().skip(skip).chain(piece.chars()).chain(after.chars()).take(WIDTH).collect();
    let pad = before.chars().count() - skip;
    let carets = piece.chars().count().clamp(1, WIDTH.saturating_sub(pad).max(1));
    let number = span.line.to_string();
    let gutter = " ".repeat(number.len());
    let _ = writeln!(out, "{gutter} |");
    let _ = writeln!(out, "{number} | {}", shown.trim_end());
    let _ = writeln!(out, "{gutter} | {}{}", " ".repeat(pad), "^".repeat(carets));
}

/// The text with every control character replaced, so that columns stay columns.
fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars()
        .map(|c| {
            if c == '\t' {
                ' '
            } else if c.is_control() {
                '?'
            } else {
                c
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, col: u32, len: u32, expected: &str) {
        let mut sources = SourceMap::new();
        let file = sources.add("a.cfg", text);
        let span = Span { file, line: 1, col, len };
        let mut out = String::new();
        write(&mut out, &sources, &Diagnostic::error("code", span, "bad").with_help("good"));
        assert_eq!(out, expected);
    }

    #[test]
    fn forms() {
        check(
            "\tbind :70000\n",
            6,
            6,
            "error[code]: bad\n  --> a.cfg:1:7\n  |\n1 |  bind :70000\n  |       ^^^^^^\n  = help: good\n",
        );
        // Past the end of the line, and on a line that is not there.
        check("ab\n", 9, 3, "error[code]: bad\n  --> a.cfg:1:10\n  |\n1 | ab\n  |   ^\n  = help: good\n");
        check("", 0, 0, "error[code]: bad\n  --> a.cfg:1:1\n  |\n1 | \n  | ^\n  = help: good\n");
    }

    #[test]
    fn code_with_a_row() {
        let mut sources = SourceMap::new();
        let file = sources.add("a.cfg", "maxcon 5");
        let span = Span { file, line: 1, col: 0, len: 6 };
        let mut diagnostic = Diagnostic::error("bad-size", span, "bad\n");
        diagnostic.fix = Some(Fix { span, replacement: "maxconn".into() });
        let mut out = String::new();
        write(&mut out, &sources, &diagnostic);
        assert_eq!(
            out,
            "error[bad-size]: bad\n  --> a.cfg:1:1\n  |\n1 | maxcon 5\n  | ^^^^^^\n\
             \x20 = help: A number of bytes, with `k`, `m` or `g` behind it.\n\
             \x20 = fix: write 'maxconn' in place of 'maxcon'\n\
             \x20 = manual: section 2.6 of HAProxy's configuration manual\n"
        );
    }

    #[test]
    fn long_line_is_cut_around_the_place() {
        let text = format!("{}X{}\n", "a".repeat(1000), "b".repeat(1000));
        let shown = format!("{}X{}", "a".repeat(50), "b".repeat(49));
        let caret = format!("{}^", " ".repeat(50));
        check(
            &text,
            1000,
            1,
            &format!("error[code]: bad\n  --> a.cfg:1:1001\n  |\n1 | {shown}\n  | {caret}\n  = help: good\n"),
        );
    }
}
