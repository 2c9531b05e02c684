//! The form for editors and tools: one JSON object a line (RFC 8259).

use std::fmt::Write;

use crate::{Diagnostic, Severity, SourceMap};

/// Writes one diagnostic as an object on a line of its own. Lines and columns start at 1,
/// columns count bytes.
pub fn write(out: &mut String, sources: &SourceMap, diagnostic: &Diagnostic) {
    let severity = match diagnostic.severity {
        Severity::Alert => "alert",
        Severity::Warning => "warning",
        Severity::Notice => "notice",
        Severity::Diag => "diag",
    };
    // Writing to a String cannot fail, hence the ignored results.
    let _ = write!(out, "{{\"code\":");
    string(out, diagnostic.code);
    let _ = write!(out, ",\"severity\":\"{severity}\",\"fatal\":{},\"message\":", diagnostic.is_fatal());
    string(out, &diagnostic.message);
    if let Some(help) = &diagnostic.help {
        out.push_str(",\"help\":");
        string(out, help);
    }
    if let Some(span) = diagnostic.span {
        out.push_str(",\"file\":");
        string(out, sources.name(span.file));
        let _ = write!(out, ",\"line\":{},\"column\":{},\"length\":{}", span.line, span.col + 1, span.len);
    }
    out.push_str("}\n");
}

/// Writes a JSON string with its quotes.
fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if u32::from(c) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Span;

    fn check(diagnostic: Diagnostic, expected: &str) {
        let mut sources = SourceMap::new();
        sources.add("a\".cfg", "x\n");
        let mut out = String::new();
        write(&mut out, &sources, &diagnostic);
        assert_eq!(out, expected);
    }

    #[test]
    fn forms() {
        let at = Span { line: 1, col: 2, len: 3, ..Span::default() };
        check(
            Diagnostic::error("c", at, "a\"b\\c\n\u{1}é").with_help("h\t"),
            "{\"code\":\"c\",\"severity\":\"alert\",\"fatal\":true,\"message\":\"a\\\"b\\\\c\\n\\u0001é\",\
             \"help\":\"h\\t\",\"file\":\"a\\\".cfg\",\"line\":1,\"column\":3,\"length\":3}\n",
        );
        check(
            Diagnostic::post_warning("c", "m"),
            "{\"code\":\"c\",\"severity\":\"warning\",\"fatal\":false,\"message\":\"m\"}\n",
        );
    }
}
