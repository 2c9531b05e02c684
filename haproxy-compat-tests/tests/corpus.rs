//! Configurations of real sites: `-c` gives the exit code that HAProxy 3.5 gives, and its first alert
//! names the same file and line. They are others' text and stay outside of this repository, in
//! `../shared/corpus` beside it; without them there is nothing to run.
//!
//! Left out: the words of the messages (`scripts/verdicts.py` compares those with a real binary).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use haproxy_compat_tests::{Proxy, folder};

/// What HAProxy says of a configuration: a line of `expected.tsv`.
struct Expected<'a> {
    file: &'a str,
    exit: i32,
    /// Without the label and the number of the process; long ones are cut.
    first_alert: &'a str,
}

#[test]
fn verdicts_are_those_of_haproxy() {
    let proxy = Proxy::under_test().unwrap_or_else(|error| panic!("{error}"));
    let corpus = corpus();
    let Ok(table) = fs::read_to_string(corpus.join("expected.tsv")) else {
        return println!("skipped: no {}", corpus.display());
    };
    if proxy.version < (3, 5) {
        return println!("skipped: the table is that of HAProxy 3.5");
    }
    let rows: Vec<Expected> = table.lines().skip(1).filter_map(expected).collect();
    assert!(!rows.is_empty(), "no row in {}", corpus.display());
    let complaints: Vec<String> = rows.iter().filter_map(|row| complaint(&proxy, &corpus, row)).collect();
    let (bad, all) = (complaints.len(), rows.len());
    assert!(complaints.is_empty(), "{bad} of {all} differ:\n{}", complaints.join("\n"));
}

fn corpus() -> PathBuf {
    folder("../../shared/corpus")
}

fn expected(line: &str) -> Option<Expected<'_>> {
    let mut cells = line.split('\t');
    let (file, exit) = (cells.next()?, cells.next()?.parse().ok()?);
    Some(Expected { file, exit, first_alert: cells.nth(2).unwrap_or_default() })
}

/// How the proxy's verdict differs.
fn complaint(proxy: &Proxy, corpus: &Path, row: &Expected) -> Option<String> {
    // The environment that the table was made in.
    let kept = ["HOME", "PATH"].into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
    let run = Command::new(&proxy.path)
        .args(["-c", "-f", &format!("cfg/{}", row.file)])
        .current_dir(corpus)
        .env_clear()
        .envs(kept)
        .output();
    let output = match run {
        Ok(output) => output,
        Err(error) => return Some(format!("{}: {error}", row.file)),
    };
    let told = String::from_utf8_lossy(&output.stderr);
    let first = told.lines().find_map(|line| line.strip_prefix("[ALERT]"));
    let first = first.and_then(|line| line.split_once(" : ")).map_or("", |(_, message)| message);
    let exit = output.status.code();
    let same = exit == Some(row.exit) && place(first) == place(row.first_alert);
    (!same).then(|| {
        let (file, wanted) = (row.file, row.first_alert);
        format!("{file}\n  want {}: {wanted}\n  got  {exit:?}: {first}", row.exit)
    })
}

/// `file:line` of a message, or the beginning of one without a place.
fn place(message: &str) -> &str {
    let bracket = message.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
    match bracket {
        Some((place, _)) if place.contains(".cfg:") => place,
        _ => message.split(' ').next().unwrap_or_default(),
    }
}
