//! `explain`: what the code of a diagnostic means.

use clap::{Arg, ArgMatches, Command};
use diag::codes::{self, Code};

use crate::console::{self, Console};
use crate::start;

pub fn command() -> Command {
    Command::new("explain")
        .about("Says what the code of a diagnostic means")
        .arg(Arg::new("code").value_name("CODE").help("The code; without one, all codes are listed"))
}

pub fn run(console: &'static Console, matches: &ArgMatches) -> u8 {
    let Some(code) = matches.get_one::<String>("code") else {
        let lines = codes::all().map(|row| format!("{:<24} {}\n", row.name, row.title));
        console::print(&lines.collect::<String>());
        return 0;
    };
    match codes::find(code) {
        Some(row) => {
            console::print(&text(row));
            0
        }
        None => {
            let names = codes::all().map(|row| row.name.as_bytes());
            let similar = base::word::best_match(code.as_bytes(), names).map(String::from_utf8_lossy);
            let hint = similar.map_or_else(String::new, |name| format!("; did you mean '{name}' maybe ?"));
            console.alert(&format!("no such code: '{code}'{hint}"));
            start::FAILED
        }
    }
}

fn text(row: &Code) -> String {
    let manual = match row.manual {
        Some(section) => format!("See section {section} of HAProxy's configuration manual."),
        None => "See the keyword's description in HAProxy's configuration manual.".to_owned(),
    };
    format!("{}: {}\n\n{}\n{manual}\n", row.name, row.title, row.explanation)
}
