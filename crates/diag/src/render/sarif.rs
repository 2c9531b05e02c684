//! SARIF 2.1.0 (OASIS), which code hosts and editors read: the codes in use are its rules.

use super::Report;
use crate::json::Json;
use crate::{Diagnostic, Fix, Severity, SourceMap, Span, codes};

pub fn document(report: &Report<'_>) -> String {
    let mut rules: Vec<&str> = report.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    rules.sort_unstable();
    rules.dedup();
    let driver = Json::object([
        ("name", Json::text(report.tool)),
        ("version", Json::text(report.version)),
        ("rules", Json::list(rules.iter().map(|code| rule(code)))),
    ]);
    let run = Json::object([
        ("tool", Json::object([("driver", driver)])),
        ("columnKind", Json::text("unicodeCodePoints")),
        ("results", Json::list(report.diagnostics.iter().map(|d| result(report.sources, &rules, d)))),
    ]);
    Json::object([
        ("$schema", Json::text("https://json.schemastore.org/sarif-2.1.0.json")),
        ("version", Json::text("2.1.0")),
        ("runs", Json::list([run])),
    ])
    .document()
}

fn text(text: &str) -> Json {
    Json::object([("text", Json::text(text))])
}

fn rule(code: &str) -> Json {
    let row = codes::find(code);
    let manual = row.and_then(|row| row.manual);
    Json::object([("id", Json::text(code))])
        .with("shortDescription", row.map(|row| text(row.title)))
        .with("fullDescription", row.map(|row| text(row.explanation)))
        .with("properties", manual.map(|section| Json::object([("manual", Json::text(section))])))
}

fn result(sources: &SourceMap, rules: &[&str], diagnostic: &Diagnostic) -> Json {
    let level = match diagnostic.severity {
        Severity::Alert => "error",
        Severity::Warning => "warning",
        Severity::Notice | Severity::Diag => "note",
    };
    let index = rules.binary_search(&diagnostic.code).unwrap_or_default();
    let place = |span| Json::object([("physicalLocation", location(sources, span))]);
    let change = |fix: &Fix| Json::list([change(sources, fix)]);
    Json::object([
        ("ruleId", Json::text(diagnostic.code)),
        ("ruleIndex", Json::Number(i64::try_from(index).unwrap_or_default())),
        ("level", Json::text(level)),
        ("message", text(&diagnostic.message)),
    ])
    .with("locations", diagnostic.span.map(|span| Json::list([place(span)])))
    .with("fixes", diagnostic.fix.as_ref().map(change))
    .with("properties", diagnostic.manual().map(|section| Json::object([("manual", Json::text(section))])))
}

fn location(sources: &SourceMap, span: Span) -> Json {
    Json::object([("artifactLocation", artifact(sources, span)), ("region", region(sources, span))])
}

fn artifact(sources: &SourceMap, span: Span) -> Json {
    Json::object([("uri", Json::text(uri(sources.name(span.file))))])
}

/// Columns count characters, from 1; the last one is not part of the region.
fn region(sources: &SourceMap, span: Span) -> Json {
    let line = sources.line(span).unwrap_or_default();
    let column = |bytes: usize| {
        let before = &line[..bytes.min(line.len())];
        i64::try_from(String::from_utf8_lossy(before).chars().count() + 1).unwrap_or(i64::MAX)
    };
    let start = span.col as usize;
    Json::object([
        ("startLine", Json::Number(i64::from(span.line.max(1)))),
        ("startColumn", Json::Number(column(start))),
        ("endColumn", Json::Number(column(start.saturating_add(span.len as usize)))),
    ])
}

fn change(sources: &SourceMap, fix: &Fix) -> Json {
    let replacement = Json::object([
        ("deletedRegion", region(sources, fix.span)),
        ("insertedContent", text(&fix.replacement)),
    ]);
    let artifact_change = Json::object([
        ("artifactLocation", artifact(sources, fix.span)),
        ("replacements", Json::list([replacement])),
    ]);
    Json::object([
        ("description", text(&format!("Write '{}'", fix.replacement))),
        ("artifactChanges", Json::list([artifact_change])),
    ])
}

/// A path as a reference of RFC 3986.
fn uri(path: &str) -> String {
    let mut out = String::from(if path.starts_with('/') { "file://" } else { "" });
    // The first part of a relative path must not look like a scheme.
    let relative = !path.starts_with('/');
    if relative && path.split('/').next().is_some_and(|first| first.contains(':')) {
        out.push_str("./");
    }
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' | b':' | b'@' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: &str) {
        assert_eq!(uri(path), expected);
    }

    #[test]
    fn references() {
        check("a b/é.cfg", "a%20b/%C3%A9.cfg");
        check("/etc/haproxy.cfg", "file:///etc/haproxy.cfg");
        check("a:b/c:d", "./a:b/c:d");
        check("d/a:b", "d/a:b");
    }
}
