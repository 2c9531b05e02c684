//! Sample fetches, converters, ACL keywords and log aliases: a row and a function each.
//!
//! A family is a file. [`fetches::rows`] and [`converters::rows`] give all rows in the order
//! of their ids; [`fill`] puts the functions in the same order. Rows of crates above this one, as
//! those that need the TLS library, stand behind them.

pub mod acl_aliases;
pub mod aliases;
pub mod checks;
pub mod converters;
mod crypt;
pub mod fetches;
pub mod forwarded;
mod host;
pub mod json;
mod localtime;
mod random;
mod readings;
pub mod room;
mod row;
pub mod testing;

pub use crypt::verify as verify_password;
pub use host::name as host_name;
pub use random::next as random;
pub use row::{Converter, Example, Fetch};

use state::plan::Functions;

/// Puts the functions of rows and of the log aliases into `functions`. The order of the rows is that
/// of their ids.
pub fn fill(
    functions: &mut Functions,
    fetches: impl Iterator<Item = &'static Fetch>,
    converters: impl Iterator<Item = &'static Converter>,
) {
    let fetch = |row: &Fetch| state::plan::Fetch {
        run: row.run,
        of_stream: row.spec.uses.are_of(ir::sources::Sources::STREAM),
        needs: row.needs,
    };
    functions.fetches.extend(fetches.map(fetch));
    functions.converters.extend(converters.map(|row| state::plan::Converter {
        run: row.run,
        input: row.spec.input,
        map: row.spec.map,
        out: row.spec.out,
        prepare: row.prepare,
    }));
    functions.aliases.extend(
        aliases::rows().map(|row| (row.spec.name, state::plan::Alias { run: row.run, needs: row.keeps })),
    );
}
