//! Actions: a row and a function each, by families, and the evaluator of rule lists.
//!
//! A row says how the arguments are written; the checker reads, types and bounds them, so that
//! a function here only acts. [`rows`] gives all rows in the order of their ids, [`fill`] the
//! functions in the same order. Left out: waiting, which an [`state::plan::Outcome`] asks the
//! runtime for, and actions that Lua files register.

mod binary_headers;
mod counters;
mod ends;
mod flow;
mod headers;
mod limits;
mod log;
mod normalize;
pub mod pages;
mod parsed;
mod patterns;
mod redirect;
mod reply;
pub mod room;
pub mod row;
mod rules;
mod start_line;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod uri;
mod variables;

pub use row::Action;
pub use rules::run;

use state::plan::Functions;

/// All actions, in the order of their ids.
pub fn rows() -> impl Iterator<Item = &'static Action> {
    const TABLES: &[&[Action]] = &[
        flow::ROWS,
        reply::ROWS,
        redirect::ROWS,
        headers::ROWS,
        binary_headers::ROWS,
        limits::ROWS,
        uri::ROWS,
        normalize::ROWS,
        start_line::ROWS,
        variables::ROWS,
        log::ROWS,
        counters::ROWS,
        ends::ROWS,
        patterns::ROWS,
        parsed::ROWS,
    ];
    TABLES.iter().flat_map(|table| table.iter())
}

/// Puts the functions of all rows into `functions`, in the order of their ids.
pub fn fill(functions: &mut Functions) {
    functions.actions.extend(rows().map(|row| row.run));
}
