//! Families that are accepted and not executed yet.

use ir::config::StickTable;

use super::{DLB, FL, FLB, LB};
use crate::context::Context;
use crate::keyword::{Keyword, MANY, Set};
use crate::line::{Line, starts_condition};

fn stick_table(c: &mut Context<'_>, line: &Line<'_>) {
    let mut words = line.args.iter();
    while let Some(word) = words.next() {
        if !word.is("type") {
            continue;
        }
        let kind = words.next().map_or_else(String::new, |word| word.lossy().into_owned());
        if !matches!(kind.as_str(), "ip" | "ipv4" | "ipv6" | "integer" | "string" | "binary") {
            let text = format!("stick-table: unknown type '{kind}'.");
            return c.alert("bad-table", word.span, text);
        }
    }
    let words = line.args.iter().map(|word| word.text.clone()).collect();
    c.config.stick_tables.push(StickTable { name: c.px.proxy.name.clone(), words });
    let last = u32::try_from(c.config.stick_tables.len() - 1).unwrap_or(u32::MAX);
    c.px.proxy.stick_table = Some(ir::id::TableId(last));
}

/// `stick on`, `stick match`, `stick store-request`, `stick store-response`.
fn stick(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(way) = line.arg(0).filter(|word| {
        ["on", "match", "store", "store-request", "store-response"].iter().any(|way| word.is(way))
    }) else {
        return c.alert("unknown-keyword", line.span, "'stick' expects 'on', 'match', or 'store'.");
    };
    let words = &line.args[1..];
    if words.is_empty() {
        return c.alert("missing-argument", way.span, "'stick' expects a fetch method.");
    }
    let taken = match crate::expr::words(c, words) {
        Ok((_, taken)) => taken,
        Err(fail) => return c.alert(fail.code, fail.span, format!("'stick': {}", fail.message)),
    };
    let mut rest = &words[taken.min(words.len())..];
    if rest.first().is_some_and(|word| word.is("table")) {
        rest = rest.get(2..).unwrap_or_default();
    }
    match rest.first() {
        Some(word) if starts_condition(word) => {
            if let Err(fail) = crate::cond::check(c, rest) {
                let text =
                    format!("'stick': error detected while parsing sticking condition : {}.", fail.message);
                c.alert(fail.code, fail.span, text);
            }
        }
        Some(word) => {
            let text = format!("'stick': unknown keyword '{}'.", word.lossy());
            c.alert("unknown-keyword", word.span, text);
        }
        None => {}
    }
}

/// Accepted whole.
const fn parsed(
    name: &'static str,
    doc: &'static str,
    sections: ir::spec::Sections,
    usage: &'static str,
) -> Keyword {
    Keyword::new(name, doc, sections, usage, MANY, Set::Nothing).parsed()
}

pub const ROWS: &[Keyword] = &[
    Keyword::new(
        "stick-table",
        "A table of what clients did.",
        FLB,
        "type <type> size <size> …",
        MANY,
        Set::Line(stick_table),
    )
    .parsed(),
    Keyword::new(
        "stick",
        "Persistence by a table.",
        LB,
        "{ on | match | store-request | store-response } <pattern> …",
        MANY,
        Set::Line(stick),
    )
    .parsed(),
    parsed("filter", "A filter.", FLB, "<name> [param*]").listed(),
    parsed("filter-sequence", "The order of filters.", FLB, "{ request | response } <name>[,...]").listed(),
    parsed("http-check", "A step of an HTTP check.", DLB, "<action> …").listed(),
    parsed("tcp-check", "A step of a TCP check.", DLB, "<action> …").listed(),
    parsed("use-fcgi-app", "The FastCGI application of the backend.", LB, "<name>").listed(),
    Keyword::new(
        "ssl-f-use",
        "A certificate of the frontend.",
        FL,
        "[<sslbindconf>...]",
        MANY,
        Set::Line(|c, _| c.px.has_certificates = true),
    )
    .listed()
    .parsed(),
    parsed("crt", "A certificate of the frontend.", FL, "<crt> …"),
];
