//! `-dK` prints what HAProxy 3.5 prints: its names, arguments, types, contexts, order and headings,
//! which `haproxy-compat-tests/tables` holds.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

/// The rows of a table behind its heading, cut at the tabs.
fn table(name: &str) -> Vec<Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../haproxy-compat-tests/tables");
    let text = std::fs::read_to_string(folder.join(format!("{name}.tsv"))).expect("a table");
    text.lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

fn run(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hxproxy")).args(words).output().expect("hxproxy runs")
}

fn print(classes: &str) -> String {
    let output = run(&[&format!("-dK{classes}"), "-c", "-f", "/dev/null"]);
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stdout).expect("text")
}

fn acls() -> String {
    lines("ACL keywords", table("acl").iter().map(|row| format!("{} = {}", row[0], row[1])))
}

fn configuration() -> String {
    let mut sections: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in table("config") {
        sections.entry(row[0].clone()).or_default().push(format!("\t{}", row[1]));
    }
    let names = ["global", "listen", "userlist", "peers", "crt-list", "crt-store", "traces", "acme"];
    let of = |name: &str| {
        let rows = sections.get(name).cloned().unwrap_or_default();
        std::iter::once(name.to_owned()).chain(rows)
    };
    lines("configuration keywords", names.into_iter().flat_map(of))
}

fn commands() -> String {
    lines("CLI keywords", table("cli").iter().map(|row| format!("{} {} ", row[0], row[1])))
}

fn converters() -> String {
    let line = |row: &Vec<String>| format!("{}{}: {} => {}", row[0], row[1], row[2], row[3]);
    lines("sample converter functions", table("converter").iter().map(line))
}

fn filters() -> String {
    lines("filter names", table("filter").iter().map(|row| format!("{} {}", row[0], row[1])))
}

fn fetches() -> String {
    let line = |row: &Vec<String>| {
        let contexts: Vec<String> = row[3].chars().map(String::from).collect();
        format!("[ {} ] {}{}: {}", contexts.join(" "), row[0], row[1], row[2])
    };
    lines("sample fetch functions", table("fetch").iter().map(line))
}

fn services() -> String {
    lines("service names", table("service").iter().map(|row| row[0].clone()))
}

fn lines(title: &str, rows: impl Iterator<Item = String>) -> String {
    let mut out = format!("# List of registered {title}:\n");
    rows.for_each(|row| out.extend([row.as_str(), "\n"]));
    out
}

/// The first line that differs, with its number, is easier to read than both texts.
fn same(given: &str, expected: &str) {
    let pairs = given.lines().zip(expected.lines()).enumerate();
    for (number, (given, expected)) in pairs {
        assert_eq!(given, expected, "line {}", number + 1);
    }
    assert_eq!(given.lines().count(), expected.lines().count());
}

type Class = (&'static str, fn() -> String);

const CLASSES: [Class; 7] = [
    ("acl", acls),
    ("cfg", configuration),
    ("cli", commands),
    ("cnv", converters),
    ("flt", filters),
    ("smp", fetches),
    ("svc", services),
];

/// The drawing above the fetches, which explains their columns.
fn without_drawing(text: &str) -> String {
    let kept = text.lines().filter(|line| !line.starts_with('#') || line.starts_with("# List of"));
    kept.flat_map(|line| [line, "\n"]).collect()
}

#[test]
fn every_class() {
    for (class, expected) in CLASSES {
        same(&without_drawing(&print(class)), &expected());
    }
}

#[test]
fn all_names() {
    let names = ["acl", "cli", "config", "converter", "fetch", "filter", "service"];
    assert_eq!(names.iter().map(|name| table(name).len()).sum::<usize>(), 1768);
    let expected: String = CLASSES.iter().map(|(_, expected)| expected()).collect();
    same(&without_drawing(&print("all")), &expected);
}

#[test]
fn lists_of_classes() {
    assert_eq!(print("bogus"), "");
    assert_eq!(print(""), "");
    assert_eq!(print("svc,svc"), [services(), services()].concat());
    assert_eq!(print("svc,all"), [services(), print("all")].concat());
    let help = print("help,flt");
    assert!(help.starts_with("# List of supported keyword classes:\nall: "), "{help}");
    assert!(help.ends_with(&filters()), "{help}");
}

/// A configuration that is refused prints no names.
#[test]
fn refused() {
    let output = run(&["-dKall", "-c", "-f", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
}
