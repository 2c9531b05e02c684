//! The form for editors and tools: one JSON document for all diagnostics. Its members are described
//! in `docs/diagnostics.md`; they may get company, and keep their meaning while `schema` is 1.

use super::Report;
use crate::json::Json;
use crate::{Diagnostic, Fix, Severity, SourceMap, Span, codes};

/// The number of this schema.
const SCHEMA: i64 = 1;

pub fn document(report: &Report<'_>) -> String {
    let count = |severity| {
        let number = report.diagnostics.iter().filter(|d| d.severity == severity).count();
        Json::Number(i64::try_from(number).unwrap_or(i64::MAX))
    };
    Json::object([
        ("schema", Json::Number(SCHEMA)),
        ("tool", Json::object([("name", Json::text(report.tool)), ("version", Json::text(report.version))])),
        ("valid", Json::Bool(report.valid)),
        (
            "counts",
            Json::object([
                ("errors", count(Severity::Alert)),
                ("warnings", count(Severity::Warning)),
                ("notices", count(Severity::Notice)),
                ("remarks", count(Severity::Diag)),
            ]),
        ),
        ("diagnostics", Json::list(report.diagnostics.iter().map(|d| diagnostic(report.sources, d)))),
    ])
    .document()
}

fn diagnostic(sources: &SourceMap, diagnostic: &Diagnostic) -> Json {
    let row = codes::find(diagnostic.code);
    Json::object([
        ("code", Json::text(diagnostic.code)),
        ("severity", Json::text(diagnostic.severity.word())),
        ("fatal", Json::Bool(diagnostic.is_fatal())),
        ("message", Json::text(&diagnostic.message)),
    ])
    .with("title", row.map(|row| Json::text(row.title)))
    .with("help", diagnostic.advice().map(Json::text))
    .with("manual", diagnostic.manual().map(Json::text))
    .with("location", diagnostic.span.map(|span| location(sources, span)))
    .with("fix", diagnostic.fix.as_ref().map(|change| fix(sources, change)))
}

/// Lines and columns start at 1; columns and lengths count bytes.
fn location(sources: &SourceMap, span: Span) -> Json {
    Json::object([
        ("file", Json::text(sources.name(span.file))),
        ("line", Json::Number(span.line.into())),
        ("column", Json::Number(i64::from(span.col) + 1)),
        ("length", Json::Number(span.len.into())),
    ])
}

fn fix(sources: &SourceMap, fix: &Fix) -> Json {
    Json::object([("location", location(sources, fix.span)), ("replacement", Json::text(&fix.replacement))])
}
