//! Stick tables.

use ir::spec::CommandSpec;

use super::row;

pub const ROWS: &[CommandSpec] = &[
    row(
        "clear table",
        "<table> [ data.<type> <operator> <value> | key <key> | ptr <ptr> ]",
        "Removes entries of a table.",
    ),
    row("set table", "<table> { key <key> | ptr <ptr> } [data.<type> <value>]*", "Sets an entry of a table."),
    row(
        "show table",
        "[<table> [ data.<type> <operator> <value> | key <key> | ptr <ptr> ]]",
        "Lists the tables, or the entries of one.",
    ),
];
