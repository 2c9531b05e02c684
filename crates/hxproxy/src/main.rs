//! hxproxy: HAProxy's command line on hxproxy's crates.
//!
//! - [`args`]: what the command line says; [`version`], [`features`]: what `-v` and `-vv` print.
//! - [`commands`]: `check` and `explain`, which HAProxy has not.
//! - [`condition`], [`generate`], [`dump`]: the answers that need no running process.
//! - [`files`], [`world`], [`loader`], [`registry`]: what the checker reads and asks.
//! - [`configuration`]: text to checked configuration; [`check_mode`]: the verdict of `-c`.
//! - [`discovery`], [`modes`]: what a process must know before it is one.
//! - [`start`]: everything in order; [`process`]: the steps that touch the system.
//! - [`runtime`]: the plan and the worker threads; [`scripts`]: where Lua's messages go;
//!   [`lua_rows`]: the functions of what Lua files register.
//! - [`console`]: what is told to the person who started it.

mod args;
mod check_mode;
mod commands;
mod condition;
mod config_dump;
mod configuration;
mod console;
mod discovery;
mod dump;
mod features;
mod files;
mod generate;
mod loader;
mod lua_rows;
mod modes;
mod process;
mod registry;
mod ring_files;
mod runtime;
mod scripts;
mod start;
mod version;
mod world;

use std::process::ExitCode;

use args::{Args, Refusal};
use console::Console;
use start::{Program, Start};
use world::World;

/// The threads and the Lua host print through it as well, hence its place.
static CONSOLE: Console = Console::new();

fn main() -> ExitCode {
    let program = Program::new(std::env::args_os().collect());
    if let Some(status) = commands::run(&CONSOLE, &program) {
        return status.into();
    }
    let args = match args::parse(program.words.get(1..).unwrap_or_default()) {
        Ok(args) => args,
        Err(refusal) => return refuse(&program, refusal).into(),
    };
    if let Some(version) = args.version {
        console::print(&version::text(version));
        return ExitCode::SUCCESS;
    }
    if let Some(what) = &args.generate {
        return generate::run(&CONSOLE, what).into();
    }
    CONSOLE.set_quiet(args.quiet && !args.verbose);
    if let Some(condition) = &args.condition {
        return evaluate(&args, condition).into();
    }
    if let Some(folder) = &args.directory
        && let Err(error) = std::env::set_current_dir(folder)
    {
        let reason = files::strerror(&error);
        CONSOLE.alert(&format!("Could not change to directory {} : {reason}", folder.display()));
        return ExitCode::FAILURE;
    }
    if args.files.is_empty() {
        return refuse(&program, Refusal::Usage).into();
    }
    for switch in &args.without_effect {
        CONSOLE.notice(&format!("{switch} has no effect in hxproxy."));
    }
    Start { args, program, console: &CONSOLE }.run().into()
}

/// As HAProxy refuses a command line: the version on standard output, the usage on standard error.
fn refuse(program: &Program, refusal: Refusal) -> u8 {
    let (alert, usage) = match refusal {
        Refusal::Usage => (None, true),
        Refusal::Alert(text) => (Some(text), false),
        Refusal::AlertUsage(text) => (Some(text), true),
    };
    if let Some(text) = alert {
        CONSOLE.alert(&text);
    }
    if usage {
        console::print(&version::line());
        console::print_error(&args::usage(&program.name));
    }
    start::FAILED
}

/// `-cc`
fn evaluate(args: &Args, condition: &std::ffi::OsStr) -> u8 {
    match condition::evaluate(condition, &World::new(args)) {
        Ok(holds) => u8::from(!holds),
        Err(message) => {
            CONSOLE.alert(&message);
            condition::UNREADABLE
        }
    }
}
