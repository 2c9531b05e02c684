//! `check` and `explain` on small configurations.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> File {
        let path = std::env::temp_dir().join(format!("hxproxy-commands-{}-{name}", std::process::id()));
        fs::write(&path, text).expect("a file");
        File(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn run(words: &[&str], file: Option<&File>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hxproxy"));
    command.args(words).args(file.map(|file| &file.0)).output().expect("hxproxy runs")
}

/// The status, and pieces that standard output must hold.
fn check(words: &[&str], file: Option<&File>, status: i32, pieces: &[&str]) {
    let output = run(words, file);
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(status), "{words:?}: {out}");
    for piece in pieces {
        assert!(out.contains(piece), "{words:?}: no {piece:?} in {out}");
    }
}

const BAD: &str = "global\n\tmaxcon 5\nbackend b\n\tcontimeout 5s\n\toption htplog\n";

#[test]
fn refused() {
    let file = File::new("bad", BAD);
    check(
        &["check"],
        Some(&file),
        1,
        &[
            "error[unknown-keyword]: unknown keyword 'maxcon' in 'global' section; did you mean 'maxconn' maybe ?\n",
            "2 |  maxcon 5\n  |  ^^^^^^\n",
            "  = fix: write 'maxconn' in place of 'maxcon'\n",
            "  = fix: write 'timeout connect' in place of 'contimeout'\n",
            "  = manual: section 4.2 of HAProxy's configuration manual\n",
            "\nThe configuration is refused: 3 errors.\n",
        ],
    );
    check(
        &["check", "--format", "json"],
        Some(&file),
        1,
        &["\"valid\": false,", "\"replacement\": \"maxconn\""],
    );
    check(
        &["check", "--format", "sarif"],
        Some(&file),
        1,
        &["\"version\": \"2.1.0\"", "\"ruleId\": \"removed\""],
    );
}

/// The form of `-c` is that of `-c`.
#[test]
fn text() {
    for (name, text) in [("text-bad", BAD), ("text-good", "global\n")] {
        let file = File::new(name, text);
        let without_pid = |output: &Output| {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            let cut = |line: &str| line.split_once(") : ").map_or("", |(_, rest)| rest).to_owned();
            text.lines().map(cut).collect::<Vec<_>>()
        };
        let (ours, theirs) = (run(&["check", "--format=text"], Some(&file)), run(&["-c", "-f"], Some(&file)));
        assert_eq!(without_pid(&ours), without_pid(&theirs));
        assert_eq!((ours.stdout, ours.status), (theirs.stdout, theirs.status));
    }
}

#[test]
fn accepted() {
    let file = File::new("good", "frontend f\n\tmode http\n\tbind 127.0.0.1:1\n\ttimeout client 5s\n");
    check(&["check"], Some(&file), 0, &["The configuration is valid.\n"]);
    check(&["check", "--format", "json", "--zero-warning"], Some(&file), 0, &["\"valid\": true"]);
}

#[test]
fn warned() {
    let file = File::new("warned", "frontend f\n\tmode http\n\tbind 127.0.0.1:1\n");
    check(&["check"], Some(&file), 0, &["warning[", "The configuration is valid: 1 warning.\n"]);
    check(&["check", "--zero-warning"], Some(&file), 1, &["The configuration is refused: 1 warning.\n"]);
}

#[test]
fn command_lines() {
    check(&["check", "--help"], None, 0, &["Usage: hxproxy check"]);
    check(&["check"], None, 2, &[]);
    check(&["check", "--format", "xml", "x"], None, 2, &[]);
    check(&["check", "/nonexistent"], None, 1, &["error[refused]: Cannot open configuration file/directory"]);
    check(&["explain", "unmatched-quote"], None, 0, &["unmatched-quote: ", "section 2.2 "]);
    check(&["explain"], None, 0, &["unmatched-quote "]);
    check(&["explain", "unmatched-quotes"], None, 1, &[]);
}
