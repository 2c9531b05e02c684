//! Whole files with what HAProxy prints about them, without the process id and the notices:
//! `golden/NAME.cfg` and `golden/NAME.out`, and `golden/rules.list`, a line a case, each put into
//! a small `listen` section, with the first line told in `golden/rules.out`.
//!
//! With `GOLDEN_HAPROXY` set to a HAProxy 3.5, the expectations themselves are held against it.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use diag::SourceMap;
use support::World;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// What this checker tells about a text, without its own warnings.
fn ours(name: &str, text: &str) -> String {
    let mut sources = SourceMap::new();
    sources.add(name, text);
    let mut outcome = check::check(&mut support::registry(), &mut World::default(), &sources);
    outcome.reading.retain(|diagnostic| diagnostic.code != check::NOT_EXECUTED);
    outcome.checking.retain(|diagnostic| diagnostic.code != check::NOT_EXECUTED);
    support::told(&outcome, &sources)
}

/// What HAProxy tells about a file, when there is one to ask.
fn theirs(directory: &Path, name: &str) -> Option<String> {
    let binary = std::env::var_os("GOLDEN_HAPROXY")?;
    let mode = if name == "remarks.cfg" { "-dD" } else { "-c" };
    let run = Command::new(binary).current_dir(directory).args(["-c", mode, "-f", name]).output().ok()?;
    let told = String::from_utf8_lossy(&run.stderr).into_owned();
    let lines = told.lines().filter(|line| {
        !line.starts_with("[NOTICE]") && !line.contains(": Created ") && *line != "Warnings were found."
    });
    Some(lines.map(without_pid).collect())
}

/// `[ALERT]    (123) : text` without its number, nor the quote that one of HAProxy's messages
/// leaves behind its line.
fn without_pid(line: &str) -> String {
    let line = line.strip_prefix('\'').filter(|rest| rest.starts_with('[')).unwrap_or(line);
    match (line.find('('), line.find(") : ")) {
        (Some(open), Some(close)) if line.contains("] ") && open <= 12 => {
            format!("{}{}\n", &line[..open], &line[close + 4..])
        }
        _ => format!("{line}\n"),
    }
}

/// Files at whose errors HAProxy stops reading.
const STOPS: [&str; 2] = ["early.cfg", "names.cfg"];

/// Whether all lines of `part` stand in `whole`, in the same order.
fn is_part(part: &str, whole: &str) -> bool {
    let mut lines = whole.lines();
    part.lines().all(|line| lines.any(|other| other == line))
}

/// Without the lines that depend on how fast the machine is.
fn untimed(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.contains(" milliseconds to verify")).collect()
}

/// The lines that only one text has.
fn difference(expected: &str, got: &str) -> String {
    let only = |mark: &str, one: &str, other: &str| -> Vec<String> {
        let lines = one.lines().filter(|line| !other.lines().any(|known| known == *line));
        lines.map(|line| format!("  {mark} {line}")).collect()
    };
    let mut lines = only("want", expected, got);
    lines.extend(only("got ", got, expected));
    if lines.is_empty() {
        lines.push(format!("  another order:\n{got}"));
    }
    lines.join("\n")
}

#[test]
fn files() {
    let mut wrong = Vec::new();
    for entry in fs::read_dir(folder()).expect("folder").flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != "cfg") {
            continue;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("configuration");
        let expected = fs::read_to_string(path.with_extension("out")).expect("expectation");
        if let Some(real) = theirs(&folder(), &name) {
            assert_eq!(untimed(&real), untimed(&expected), "{name} against the real one");
        }
        let got = ours(&name, &text);
        // Where HAProxy stops at once, this checker goes on and tells more.
        let stops = STOPS.contains(&name.as_str());
        if got != expected && !(stops && is_part(&expected, &got)) {
            wrong.push(format!("{name}\n{}", difference(&expected, &got)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rules() {
    let list = fs::read_to_string(folder().join("rules.list")).expect("list");
    let expected = fs::read_to_string(folder().join("rules.out")).expect("expectation");
    assert_eq!(list.lines().count(), expected.lines().count());
    let mut wrong = Vec::new();
    for (rule, expected) in list.lines().zip(expected.lines()) {
        let text = format!(
            "defaults\n mode http\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n\
             listen f\n bind :1080\n {rule}\n"
        );
        let got = ours("rule.cfg", &text);
        let got = got.lines().next().unwrap_or("");
        if got != expected {
            wrong.push(format!("{rule}\n  want {expected}\n  got  {got}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
