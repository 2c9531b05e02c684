//! The forms that are one document, on the same report.

use super::{Report, json, sarif};
use crate::{Diagnostic, Fix, SourceMap, Span};

fn check(form: fn(&Report<'_>) -> String, expected: &str) {
    let mut sources = SourceMap::new();
    let file = sources.add("a.cfg", "global\n é bogus\n");
    let span = Span { file, line: 2, col: 4, len: 5 };
    let mut error = Diagnostic::error("unknown-keyword", span, "unknown keyword 'bogus'");
    error.keyword_manual = Some("3.1");
    error.fix = Some(Fix { span, replacement: "log".into() });
    let diagnostics = [error, Diagnostic::post_warning("no such code", "m")];
    let report =
        Report { tool: "t", version: "1", sources: &sources, diagnostics: &diagnostics, valid: false };
    let given: String = form(&report).split_whitespace().collect::<Vec<_>>().join(" ");
    let expected: String = expected.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(given, expected);
}

#[test]
fn as_json() {
    check(
        json::document,
        r#"{ "schema": 1, "tool": { "name": "t", "version": "1" }, "valid": false,
        "counts": { "errors": 1, "warnings": 1, "notices": 0, "remarks": 0 },
        "diagnostics": [
        { "code": "unknown-keyword", "severity": "error", "fatal": true, "message": "unknown keyword 'bogus'",
          "title": "An unknown keyword",
          "help": "The section, or the line, has no such word. Check its spelling and the section it stands in.",
          "manual": "3.1",
          "location": { "file": "a.cfg", "line": 2, "column": 5, "length": 5 },
          "fix": { "location": { "file": "a.cfg", "line": 2, "column": 5, "length": 5 }, "replacement": "log" } },
        { "code": "no such code", "severity": "warning", "fatal": false, "message": "m" } ] }"#,
    );
}

#[test]
fn as_sarif() {
    let region = r#"{ "startLine": 2, "startColumn": 4, "endColumn": 9 }"#;
    let at = r#""artifactLocation": { "uri": "a.cfg" }"#;
    let expected = format!(
        r#"{{ "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [ {{
        "tool": {{ "driver": {{ "name": "t", "version": "1", "rules": [
          {{ "id": "no such code" }},
          {{ "id": "unknown-keyword", "shortDescription": {{ "text": "An unknown keyword" }},
             "fullDescription": {{ "text": "The section, or the line, has no such word. Check its spelling and the section it stands in." }} }} ] }} }},
        "columnKind": "unicodeCodePoints",
        "results": [
        {{ "ruleId": "unknown-keyword", "ruleIndex": 1, "level": "error", "message": {{ "text": "unknown keyword 'bogus'" }},
           "locations": [ {{ "physicalLocation": {{ {at}, "region": {region} }} }} ],
           "fixes": [ {{ "description": {{ "text": "Write 'log'" }},
             "artifactChanges": [ {{ {at}, "replacements": [
               {{ "deletedRegion": {region}, "insertedContent": {{ "text": "log" }} }} ] }} ] }} ],
           "properties": {{ "manual": "3.1" }} }},
        {{ "ruleId": "no such code", "ruleIndex": 0, "level": "warning", "message": {{ "text": "m" }} }} ] }} ] }}"#
    );
    check(sarif::document, &expected);
}
