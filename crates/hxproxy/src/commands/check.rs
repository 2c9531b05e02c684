//! `check`: the verdict of `-c` in the form that is asked for.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use diag::render::{Report, caret, json, sarif};
use diag::{Diagnostic, Severity, SourceMap};

use crate::args::Args;
use crate::console::{self, Console};
use crate::runtime::Prepared;
use crate::start::{self, Program, Start};
use crate::world::World;
use crate::{configuration, files, version};

/// Codes that only sum up what was told.
const SUMS: [&str; 2] = ["fatal", "refused-file"];

pub fn command() -> Command {
    Command::new("check")
        .about("Checks a configuration and explains what is wrong with it")
        .after_help(
            "text is what -c prints; full shows the lines, with advice; json and sarif are for tools.\n\
             The exit status is 0 for a valid configuration, 1 for one with errors, 2 for a wrong command line.",
        )
        .arg(
            Arg::new("format")
                .long("format")
                .value_name("FORM")
                .value_parser(["text", "full", "json", "sarif"])
                .default_value("full")
                .help("How to print"),
        )
        .arg(
            Arg::new("zero-warning")
                .long("zero-warning")
                .action(ArgAction::SetTrue)
                .help("Warnings are errors, as with -dW"),
        )
        .arg(
            Arg::new("remarks")
                .long("remarks")
                .action(ArgAction::SetTrue)
                .help("Remarks on what is suspicious, as with -dD"),
        )
        .arg(
            Arg::new("files")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .action(ArgAction::Append)
                .required(true)
                .help("Files and folders of one configuration, in order, as with -f"),
        )
}

pub fn run(console: &'static Console, matches: &ArgMatches) -> u8 {
    let args = Args {
        files: matches.get_many::<PathBuf>("files").unwrap_or_default().cloned().collect(),
        check: true,
        zero_warning: matches.get_flag("zero-warning"),
        diagnostics: matches.get_flag("remarks"),
        ..Args::default()
    };
    let format = matches.get_one::<String>("format").map_or("full", String::as_str);
    if format == "text" {
        let program = Program::new(std::env::args_os().take(1).collect());
        return Start { args, program, console }.run();
    }
    // What scripts print must not stand between.
    console.set_quiet(true);
    let (sources, mut verdict) = judge(console, &args);
    verdict.diagnostics.retain(|told| !SUMS.contains(&told.code));
    if !args.diagnostics {
        verdict.diagnostics.retain(|told| told.severity != Severity::Diag);
    }
    let report = Report {
        tool: "hxproxy",
        version: version::VERSION,
        sources: &sources,
        diagnostics: &verdict.diagnostics,
        valid: verdict.valid,
    };
    console::print(&match format {
        "json" => json::document(&report),
        "sarif" => sarif::document(&report),
        _ => full(&report),
    });
    if verdict.valid { 0 } else { start::FAILED }
}

struct Verdict {
    diagnostics: Vec<Diagnostic>,
    valid: bool,
}

impl Verdict {
    /// Something that no line of the configuration is the cause of.
    fn refused(message: impl Into<String>) -> Verdict {
        Verdict { diagnostics: vec![Diagnostic::post_error("refused", message)], valid: false }
    }
}

fn judge(console: &'static Console, args: &Args) -> (SourceMap, Verdict) {
    let sources = match files::load(&args.files) {
        Ok(sources) => sources,
        Err(message) => return (SourceMap::new(), Verdict::refused(message)),
    };
    let mut checked = match configuration::check(args, console, World::new(args), &sources) {
        Ok(checked) => checked,
        Err(message) => return (sources, Verdict::refused(message)),
    };
    let valid = checked.outcome.is_usable() && !checked.has_forbidden_warnings(args);
    let mut diagnostics = std::mem::take(&mut checked.outcome.reading);
    diagnostics.append(&mut checked.outcome.checking);
    let mut verdict = Verdict { diagnostics, valid };
    if verdict.valid {
        let configuration = checked.into_configuration(args, console);
        let threads = start::threads(&configuration.config);
        if let Err(message) = Prepared::new(configuration, threads) {
            verdict.diagnostics.push(Diagnostic::post_error("refused", message));
            verdict.valid = false;
        }
    }
    (sources, verdict)
}

fn full(report: &Report<'_>) -> String {
    let mut out = String::new();
    for diagnostic in report.diagnostics {
        caret::write(&mut out, report.sources, diagnostic);
        out.push('\n');
    }
    let counts = [Severity::Alert, Severity::Warning, Severity::Notice, Severity::Diag].map(|severity| {
        let number = report.diagnostics.iter().filter(|told| told.severity == severity).count();
        let end = if number == 1 { "" } else { "s" };
        (number, format!("{number} {}{end}", severity.word()))
    });
    let told: Vec<String> =
        counts.into_iter().filter(|(number, _)| *number > 0).map(|(_, text)| text).collect();
    out.push_str(if report.valid { "The configuration is valid" } else { "The configuration is refused" });
    if !told.is_empty() {
        out.push_str(": ");
        out.push_str(&told.join(", "));
    }
    out.push_str(".\n");
    out
}
