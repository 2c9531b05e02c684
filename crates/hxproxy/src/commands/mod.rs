//! Commands of our own, in the place of HAProxy's switches: a first word without a dash, which
//! HAProxy refuses.

mod check;
mod explain;

use std::ffi::OsString;

use clap::{ArgMatches, Command};

use crate::console::{self, Console};
use crate::start::Program;

/// A command: how it is written, and what it does with the words.
struct Row {
    command: fn() -> Command,
    run: fn(&'static Console, &ArgMatches) -> u8,
}

const ROWS: &[Row] =
    &[Row { command: check::command, run: check::run }, Row { command: explain::command, run: explain::run }];

/// The commands, for completion.
pub fn all() -> impl Iterator<Item = Command> {
    ROWS.iter().map(|row| (row.command)())
}

/// Runs the command that the first word names; gives its exit status. `None` when it names none.
pub fn run(console: &'static Console, program: &Program) -> Option<u8> {
    let words = program.words.get(1..)?;
    let first = words.first()?.to_str()?;
    let row = ROWS.iter().find(|row| (row.command)().get_name() == first)?;
    Some(match matches((row.command)(), program, words) {
        Ok(matches) => (row.run)(console, &matches),
        Err(refusal) => refuse(&refusal),
    })
}

fn matches(command: Command, program: &Program, words: &[OsString]) -> Result<ArgMatches, clap::Error> {
    let shown = format!("{} {}", program.name, command.get_name());
    command.bin_name(shown).try_get_matches_from(words)
}

/// Help goes to standard output, a refusal to standard error.
fn refuse(refusal: &clap::Error) -> u8 {
    match refusal.use_stderr() {
        true => console::print_error(&refusal.to_string()),
        false => console::print(&refusal.to_string()),
    }
    u8::try_from(refusal.exit_code()).unwrap_or(crate::start::FAILED)
}
