//! `stick-table` and the rules that stick a client to a server by one.

use ir::config::{StickTable, StoredData};
use ir::id::TableId;
use ir::types::SampleType;

use super::{FLB, LB};
use crate::context::Context;
use crate::draft::{Draft, PendingStick, Usage};
use crate::keyword::{Keyword, MANY, Set};
use crate::keywords::stick_table;
use crate::line::{Line, starts_condition};
use crate::places::Place;

fn table(c: &mut Context<'_>, line: &Line<'_>) {
    if let Some(other) = c.table(&c.px.proxy.name) {
        let place = c.at_place(other.place);
        let text = format!(
            "stick-table name '{0}' conflicts with table declared in {1} '{0}' at {place}.",
            c.px.name(),
            c.px.kind.type_name()
        );
        return c.alert("same-name", line.span, text);
    }
    let Some(table) = stick_table::parse(c, line, line.args, c.px.proxy.name.clone(), false) else { return };
    c.px.proxy.stick_table = Some(c.add_table(table));
}

/// `stick on`, `stick match`, `stick store-request`, `stick store-response`.
fn stick(c: &mut Context<'_>, line: &Line<'_>) {
    const WAYS: [&str; 5] = ["on", "match", "store", "store-request", "store-response"];
    let Some(way) = line.arg(0).filter(|word| WAYS.iter().any(|way| word.is(way))) else {
        return c.alert("unknown-keyword", line.span, "'stick' expects 'on', 'match', or 'store'.");
    };
    let words = &line.args[1..];
    if words.is_empty() {
        return c.alert("missing-argument", way.span, "'stick' expects a fetch method.");
    }
    let (expr, taken) = match c.within(Usage::Stick, |c| crate::expr::words(c, words)) {
        Ok(done) => done,
        Err(fail) => return c.alert(fail.code, fail.span, format!("'stick': {}", fail.message)),
    };
    let on_response = way.is("store-response");
    let (place, when) = match on_response {
        true => (Place::BE_STO_RUL, "for 'store-response'"),
        false => (Place::BE_SET_SRV, "during request"),
    };
    let spec = c.registry.fetches().get(expr.fetch.index()).copied();
    if let Some(spec) = spec.filter(|spec| !place.allows(spec.contexts)) {
        let text = format!(
            "'stick': fetch method '{}' extracts information from '{}', none of which is available {when}.",
            spec.name,
            spec.uses.names()
        );
        return c.alert("unavailable-fetch", words[0].span, text);
    }
    let mut rest = &words[taken.min(words.len())..];
    let mut name = None;
    if rest.first().is_some_and(|word| word.is("table")) {
        name = Some(rest.get(1).map(|word| word.text.clone()).unwrap_or_default());
        rest = rest.get(2..).unwrap_or_default();
    }
    let mut condition = None;
    match rest.first() {
        Some(word) if starts_condition(word) => match crate::cond::check(c, rest) {
            Ok(cond) => {
                crate::conflicts::of_stick(c, &cond, place, line.span);
                condition = Some(cond);
            }
            Err(fail) => {
                let text =
                    format!("'stick': error detected while parsing sticking condition : {}.", fail.message);
                return c.alert(fail.code, fail.span, text);
            }
        },
        Some(word) => {
            let text = format!("'stick': unknown keyword '{}'.", word.lossy());
            return c.alert("unknown-keyword", word.span, text);
        }
        None => {}
    }
    c.px.sticks.push(PendingStick {
        name,
        expr,
        matches: way.is("on") || way.is("match"),
        stores: !way.is("match"),
        on_response,
        cond: condition,
        span: line.span,
    });
}

/// The kind of data that says which server was used.
const SERVER: &str = "server_id";

/// The table a rule means, when its keys can be those of the expression.
pub enum Found {
    Table,
    Missing,
    WrongType,
}

/// The id of a table: the proxy's own without a name.
pub fn id(c: &Context<'_>, draft: &Draft, name: Option<&[u8]>) -> Option<TableId> {
    let Some(name) = name else { return draft.proxy.stick_table };
    let found = c.config.stick_tables.iter().position(|table| table.name == name)?;
    Some(TableId(found as u32))
}

fn named<'a>(c: &'a Context<'_>, draft: &Draft, name: Option<&[u8]>) -> Option<&'a StickTable> {
    match name {
        Some(name) => c.table(name),
        None => draft.proxy.stick_table.and_then(|id| c.config.stick_tables.get(id.index())),
    }
}

/// Looks a table up: the proxy's own without a name.
pub fn find(c: &Context<'_>, draft: &Draft, name: Option<&[u8]>, out: SampleType) -> Found {
    match named(c, draft, name) {
        None => Found::Missing,
        Some(table) if out.casts_to(table.key) => Found::Table,
        Some(_) => Found::WrongType,
    }
}

/// Has a table store which server was used.
pub fn store_server(c: &mut Context<'_>, table: TableId) {
    let Some(table) = c.config.stick_tables.get_mut(table.index()) else { return };
    if !table.data.iter().any(|stored| stored.name == SERVER) {
        table.data.push(StoredData { name: SERVER, count: 1, period: 0 });
    }
}

/// Whether a table stores a kind of data.
pub fn stores(c: &Context<'_>, draft: &Draft, name: Option<&[u8]>, data: &str) -> bool {
    named(c, draft, name).is_some_and(|table| table.data.iter().any(|stored| stored.name == data))
}

pub const ROWS: &[Keyword] = &[
    Keyword::new(
        "stick-table",
        "A table of what clients did.",
        FLB,
        "type <type> size <size> …",
        MANY,
        Set::Line(table),
    ),
    Keyword::new(
        "stick",
        "Persistence by a table.",
        LB,
        "{ on | match | store-request | store-response } <pattern> …",
        MANY,
        Set::Line(stick),
    )
    .skipped(),
];
