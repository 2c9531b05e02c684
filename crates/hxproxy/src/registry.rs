//! Joins the rows of the crates that bring them: the checker gets what they say, the plan their
//! functions, both in the same order.

use actions::Action;
use check::Registry;
use ir::id::ActionId;
use lua::Catalog;
use samples::{Converter, Fetch};
use state::plan::Functions;

use crate::lua_rows;

/// All fetches; the position is the id.
fn fetches() -> impl Iterator<Item = &'static Fetch> {
    samples::fetches::rows().chain(net::tcp_info::ROWS).chain(net::tls::samples::fetches())
}

/// All converters; the position is the id.
fn converters() -> impl Iterator<Item = &'static Converter> {
    samples::converters::rows().chain(net::tls::samples::converters())
}

/// All actions; the position is the id.
fn actions() -> impl Iterator<Item = &'static Action> {
    actions::rows().chain(net::actions::ROWS)
}

/// What the checker sees.
pub fn assemble() -> Registry {
    Registry::new(
        fetches().map(|row| &row.spec).collect(),
        converters().map(|row| &row.spec).collect(),
        actions().map(|row| &row.spec).collect(),
        samples::acl_aliases::ROWS.iter().collect(),
        &services::SERVICES.iter().map(|row| row.name).collect::<Vec<_>>(),
    )
    .with_log_aliases(samples::aliases::rows().map(|row| &row.spec).collect())
}

/// The functions behind the ids of `registry`, which may have more rows than [`assemble`] gave:
/// those are Lua's.
pub fn functions(registry: &Registry) -> Functions {
    let mut functions = Functions::default();
    samples::fill(&mut functions, fetches(), converters());
    functions.actions.extend(actions().map(|row| row.run));
    functions.token_keys = Some(net::tls::samples::load_keys);
    functions.fetches.resize(registry.fetches().len(), lua_rows::FETCH);
    functions.converters.resize(registry.converters().len(), lua_rows::CONVERTER);
    functions.actions.resize(registry.actions().len(), lua_rows::action);
    functions
}

/// Whether a row came from a Lua file.
pub fn is_lua_action(id: ActionId) -> bool {
    id.index() >= actions().count()
}

/// What Lua scripts may call.
pub fn catalog() -> Catalog {
    Catalog {
        fetches: fetches().map(|row| (row.spec, row.run)).collect(),
        converters: converters().map(|row| (row.spec, row.run, row.prepare)).collect(),
    }
}

#[cfg(test)]
mod tests;
