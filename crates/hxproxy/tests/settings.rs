//! A setting that the checker stores is read by what runs it: a keyword that is called executed and
//! whose field nobody looks at would be ignored in silence.
//!
//! Left out: the sections that are parsed as a whole, and whether what is read has its effect.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The files of `ir::config` whose fields are looked for.
const FILES: [&str; 5] = ["bind", "global", "log", "proxy", "server"];

/// Fields that nothing reads when hxproxy runs, and why.
const NOT_READ: &[(&str, &str)] = &[
    ("allow_0rtt", "parsed"),
    ("contstats", "parsed"),
    ("dispatch", "removed from HAProxy"),
    ("forceclose", "removed from HAProxy"),
    ("http_cookielen", "the checker cuts captures to it"),
    ("http_no_delay", "what it asks for is always so"),
    ("log_health_checks", "parsed"),
    ("lua_paths", "the scripts are loaded while the configuration is read"),
    ("max_spread_checks", "parsed"),
    ("socket_stats", "parsed"),
    ("spread_checks", "parsed"),
    ("ssl_default_bind", "the checker begins each line with it"),
    ("stats_sockets", "parsed"),
    ("stats_timeout", "parsed"),
    ("stick_table", "rules name the table itself"),
    ("v1", "what is no version 2 is one"),
];

#[test]
fn what_is_stored_is_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut words = BTreeSet::new();
    for path in sources(&root) {
        words.extend(
            read(&path).split(|sign: char| !sign.is_alphanumeric() && sign != '_').map(str::to_owned),
        );
    }
    let fields: Vec<String> =
        FILES.iter().flat_map(|file| fields(&read(&root.join(format!("ir/src/config/{file}.rs"))))).collect();
    assert!(fields.len() > 150, "only {} fields found", fields.len());
    let is_listed = |field: &str| NOT_READ.iter().any(|(name, _)| *name == field);
    let unread: Vec<_> = fields.iter().filter(|field| !words.contains(*field) && !is_listed(field)).collect();
    assert!(unread.is_empty(), "nothing that runs reads {unread:?}");
    let read: Vec<_> = NOT_READ.iter().filter(|(name, _)| words.contains(*name)).collect();
    assert!(read.is_empty(), "these are read by now: {read:?}");
}

/// The files of what runs: neither the checker nor the vocabulary, no tests, no listings.
fn sources(root: &Path) -> Vec<PathBuf> {
    const LEFT_OUT: [&str; 9] =
        ["check", "ir", "diag", "tests", "tests.rs", "testing.rs", "dump", "generate", "fuzz"];
    let mut found = Vec::new();
    let mut pending = vec![root.to_path_buf()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if LEFT_OUT.contains(&name.as_str()) {
                continue;
            }
            if path.is_dir() {
                pending.push(path);
            } else if name.ends_with(".rs") {
                found.push(path);
            }
        }
    }
    found
}

/// The names of the public fields in a file.
fn fields(text: &str) -> Vec<String> {
    let field = |line: &str| {
        let (name, _) = line.strip_prefix("    pub ")?.split_once(':')?;
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_').then(|| name.to_owned())
    };
    text.lines().filter_map(field).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
