//! Sample fetches, converters, ACL keywords and log aliases: a row and a function each.
//!
//! A family is a file. [`fetches::rows`] and [`converters::rows`] give all rows in the order
//! of their ids; [`fill`] puts the functions in the same order.

pub mod acl_aliases;
pub mod aliases;
mod checks;
pub mod converters;
mod crypt;
pub mod fetches;
mod host;
mod localtime;
mod random;
mod room;
mod row;

pub use row::{Converter, Example, Fetch};

use state::plan::Functions;

/// Puts the functions of all rows into `functions`, in the order of their ids.
pub fn fill(functions: &mut Functions) {
    functions.fetches.extend(fetches::rows().map(|row| row.run));
    let acl_fetch = fetches::rows().position(|row| row.spec.name == "acl");
    functions.acl_fetch = acl_fetch.and_then(|id| u32::try_from(id).ok()).map(ir::id::FetchId);
    functions.converters.extend(converters::rows().map(|row| state::plan::Converter {
        run: row.run,
        input: row.spec.input,
        map: row.spec.map,
    }));
    functions.aliases.extend(aliases::rows().map(|row| (row.spec.name, row.run)));
}
