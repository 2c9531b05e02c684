//! `keywords.json`: all rows, for editors. Its members are described in `docs/diagnostics.md`.

use check::{Keyword, Registry};
use diag::codes;
use diag::json::Json;
use ir::spec::{ActionArg, ActionSpec, LogAliasSpec, RuleSet, Section, Support};

use super::pages;
use crate::{dump, version};

/// The number of this schema.
const SCHEMA: i64 = 1;

pub fn document(registry: &Registry) -> String {
    let list = |rows: Vec<Json>| Json::list(rows);
    Json::object([
        ("schema", Json::Number(SCHEMA)),
        ("version", Json::text(version::VERSION)),
        ("keywords", list(check::keywords().map(keyword).collect())),
        ("bind", list(check::bind_keywords().map(bind_option).collect())),
        ("server", list(check::server_keywords().map(server_option).collect())),
        ("actions", list(registry.actions().iter().map(|row| action(row)).collect())),
        ("fetches", list(registry.fetches().iter().map(|row| fetch(row)).collect())),
        ("converters", list(registry.converters().iter().map(|row| converter(row)).collect())),
        ("acls", list(registry.aliases().iter().map(|row| acl(row)).collect())),
        ("log_aliases", list(registry.log_aliases().iter().map(|row| log_alias(row)).collect())),
        (
            "filters",
            list(services::FILTERS.iter().map(|row| named(row.name, row.doc, row.support, "9")).collect()),
        ),
        (
            "services",
            list(services::SERVICES.iter().map(|row| named(row.name, row.doc, row.support, "4.4")).collect()),
        ),
        ("commands", list(cli::commands().map(command).collect())),
        ("codes", list(codes::all().map(code).collect())),
    ])
    .document()
}

/// What each row says.
fn named(name: &str, doc: &str, support: Support, manual: &str) -> Json {
    Json::object([
        ("name", Json::text(name)),
        ("doc", Json::text(doc)),
        ("support", Json::text(support.name())),
        ("manual", Json::text(manual)),
    ])
}

fn keyword(row: &Keyword) -> Json {
    let spec = &row.spec;
    let inside = Section::ALL.iter().filter(|section| spec.meant_for.contains(**section));
    named(spec.name, spec.doc, spec.support, spec.manual())
        .with("sections", Some(Json::list(inside.map(|section| Json::text(section.name())))))
        .with("arguments", Some(Json::text(spec.usage)))
        .with("no", Some(Json::Bool(spec.no)))
        .with("successor", spec.successor.map(Json::text))
}

fn values(count: usize) -> Option<Json> {
    i64::try_from(count).ok().map(Json::Number)
}

fn bind_option(row: &check::BindKeyword) -> Json {
    named(row.name, row.doc, row.support, "5.1")
        .with("values", values(row.args))
        .with("crt_list", Some(Json::Bool(row.crt_list)))
}

fn server_option(row: &check::ServerKeyword) -> Json {
    named(row.name, row.doc, row.support, "5.2")
        .with("values", values(row.args))
        .with("default_server", Some(Json::Bool(row.in_default)))
}

fn action(row: &ActionSpec) -> Json {
    let inside = RuleSet::ALL.into_iter().filter(|set| row.sets & set.bit() != 0);
    let paren = row.paren.map(argument);
    named(row.name, row.doc, row.support, "4.4")
        .with("rule_sets", Some(Json::list(inside.map(|set| Json::text(set.name())))))
        .with("parentheses", paren.map(Json::text))
        .with("arguments", Some(Json::list(row.args.iter().map(|kind| Json::text(argument(*kind))))))
        .with("options", Some(Json::list(row.options.iter().map(|option| Json::text(option.keyword)))))
        .with("final", Some(Json::Bool(row.is_final)))
}

fn argument(kind: ActionArg) -> &'static str {
    match kind {
        ActionArg::Str => "string",
        ActionArg::Fmt => "log-format",
        ActionArg::Expr => "expression",
        ActionArg::Int(..) => "integer",
        ActionArg::Time => "time",
        ActionArg::Size => "size",
        ActionArg::IntOrExpr(..) => "integer or expression",
        ActionArg::TimeOrExpr => "time or expression",
        ActionArg::Regex => "regex",
        ActionArg::Service => "service",
        ActionArg::File => "file",
        ActionArg::FmtFile => "file with a log-format",
        ActionArg::Var => "variable",
    }
}

fn fetch(row: &ir::spec::FetchSpec) -> Json {
    named(row.name, row.doc, row.support, "7.3")
        .with("arguments", Some(Json::text(dump::arguments(row.args))))
        .with("type", Some(Json::text(row.out.name())))
}

fn converter(row: &ir::spec::ConverterSpec) -> Json {
    named(row.name, row.doc, row.support, "7.3.1")
        .with("arguments", Some(Json::text(dump::arguments(row.args))))
        .with("input", Some(Json::text(row.input.name())))
        .with("type", Some(Json::text(row.out.name())))
}

fn acl(row: &ir::spec::AclAlias) -> Json {
    Json::object([
        ("name", Json::text(row.name)),
        ("expression", Json::text(row.expr)),
        ("method", Json::text(dump::method(row.method))),
    ])
}

fn log_alias(row: &LogAliasSpec) -> Json {
    let needs = Some(pages::need(row.needs)).filter(|needs| !needs.is_empty());
    named(row.name, row.doc, row.support, "8.2.6").with("needs", needs.map(Json::text))
}

fn command(row: &ir::spec::CommandSpec) -> Json {
    Json::object([
        ("name", Json::text(row.name)),
        ("doc", Json::text(row.doc)),
        ("support", Json::text(row.support.name())),
        ("arguments", Json::text(row.usage)),
        ("scope", Json::text(pages::scope(row.scope))),
    ])
    .with("mode", pages::mode(row.mode).map(Json::text))
}

fn code(row: &codes::Code) -> Json {
    Json::object([
        ("name", Json::text(row.name)),
        ("title", Json::text(row.title)),
        ("explanation", Json::text(row.explanation)),
    ])
    .with("manual", row.manual.map(Json::text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_all_kinds() {
        let text = document(&crate::registry::assemble());
        for piece in [
            "\"name\": \"timeout client\"",
            "\"name\": \"show info\"",
            "\"name\": \"HM\"",
            "\"name\": \"bad-time\"",
        ] {
            assert!(text.contains(piece), "{piece}");
        }
    }
}
