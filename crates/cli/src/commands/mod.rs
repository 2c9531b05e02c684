//! All rows of the runtime API: a file a family.

mod debugging;
mod patterns;
mod process;
mod proxies;
mod servers;
mod session;
mod tables;
mod tls;

use ir::spec::{CommandMode, CommandScope, CommandSpec, Support};

const TABLES: &[&[CommandSpec]] = &[
    session::ROWS,
    process::ROWS,
    proxies::ROWS,
    servers::ROWS,
    tables::ROWS,
    patterns::ROWS,
    tls::ROWS,
    debugging::ROWS,
];

/// Every row.
pub fn all() -> impl Iterator<Item = &'static CommandSpec> {
    TABLES.iter().flat_map(|rows| rows.iter())
}

/// A command of the workers that is not executed yet.
const fn row(name: &'static str, usage: &'static str, doc: &'static str) -> CommandSpec {
    let (scope, mode, support) = (CommandScope::Worker, CommandMode::Usual, Support::Parsed);
    CommandSpec { name, usage, doc, scope, mode, support }
}

/// A command of the master alone.
const fn master(name: &'static str, usage: &'static str, doc: &'static str) -> CommandSpec {
    CommandSpec { scope: CommandScope::Master, ..row(name, usage, doc) }
}

/// A command of both.
const fn both(name: &'static str, usage: &'static str, doc: &'static str) -> CommandSpec {
    CommandSpec { scope: CommandScope::Both, ..row(name, usage, doc) }
}

/// A command that `expert-mode on` must allow.
const fn expert(name: &'static str, usage: &'static str, doc: &'static str) -> CommandSpec {
    CommandSpec { mode: CommandMode::Expert, ..row(name, usage, doc) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_once() {
        let mut names: Vec<_> = all().map(|row| row.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!((names.len(), count), (163, 163));
    }
}
