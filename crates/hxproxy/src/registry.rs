//! Joins the rows of the crates that bring them: the checker gets what they say, the plan their
//! functions, both in the same order.

use check::Registry;
use lua::Catalog;
use state::plan::Functions;

/// Built-in services; Lua adds its own while the configuration is read.
const SERVICES: &[&str] = &[];

/// What the checker sees.
pub fn assemble() -> Registry {
    Registry::new(
        samples::fetches::rows().map(|row| &row.spec).collect(),
        samples::converters::rows().map(|row| &row.spec).collect(),
        actions::rows().map(|row| &row.spec).collect(),
        samples::acl_aliases::ROWS.iter().collect(),
        SERVICES,
    )
}

/// The functions behind the ids of a registry.
pub fn functions() -> Functions {
    let mut functions = Functions::default();
    samples::fill(&mut functions);
    actions::fill(&mut functions);
    functions
}

/// What Lua scripts may call.
pub fn catalog() -> Catalog {
    Catalog {
        fetches: samples::fetches::rows().map(|row| (row.spec, row.run)).collect(),
        converters: samples::converters::rows().map(|row| (row.spec, row.run)).collect(),
    }
}
