//! The repository's own rules as a test: which crate may depend on which, which files may name
//! locks or `unsafe`, how long a file may be and how it begins.
//!
//! Left out: formatting and lints, which rustfmt and clippy know better.

use std::fs;
use std::path::{Path, PathBuf};

/// The crates by layer. An arrow points to a lower layer, or to the left inside its own.
const LAYERS: [&[&str]; 5] = [
    &["base", "diag", "ir"],
    &["syntax", "check"],
    &["proto", "state", "samples", "actions"],
    &["net", "lua", "services", "proxy", "cli"],
    &["hxproxy"],
];

/// Crates of others that do I/O or run foreign code, and so live in the third layer only.
const THIRD_LAYER_ONLY: &[&str] =
    &["h2", "http-body-util", "hyper", "hyper-util", "mlua", "openssl", "socket2", "tokio", "tokio-openssl"];

/// Files, or folders with their slash, and why they are excepted.
type Exceptions = &'static [(&'static str, &'static str)];

/// May name a lock or a cell. A cell stays on its thread; a lock is never held while waiting.
const MAY_LOCK: Exceptions = &[
    ("crates/hxproxy/tests/tidy.rs", "the words it looks for"),
    ("crates/lua/src/", "a script's state is reached from callbacks, and one Lua state from all threads"),
    ("crates/net/src/pool.rs", "the thread's timer of its pool"),
    ("crates/net/src/pool/shared.rs", "the idle connections of each thread, for the others to take"),
    ("crates/net/src/pool/slot.rs", "an idle connection and the task that watches it"),
    ("crates/net/src/splice.rs", "the thread's spare pipes"),
    ("crates/net/src/timer.rs", "the thread's timer wheel"),
    ("crates/net/src/tls/forge.rs", "certificates that were made for clients, for all threads"),
    ("crates/net/src/worker/tests.rs", "what a test's handler saw"),
    ("crates/proxy/src/buffers.rs", "the thread's scratch buffers"),
    ("crates/proxy/src/log/outlets.rs", "the thread's sockets to log targets"),
    ("crates/proxy/src/log/sender.rs", "the thread's line on its way to log targets"),
    ("crates/proxy/src/mux/h2/front.rs", "a client's connection, which the codec and the streams share"),
    ("crates/proxy/src/mux/h2/links.rs", "the thread's HTTP/2 connections to servers"),
    (
        "crates/proxy/src/mux/h2/links/parking.rs",
        "the threads' idle HTTP/2 connections, a lock for each thread's",
    ),
    (
        "crates/proxy/src/mux/h2/links/wire.rs",
        "what may serve several threads: a connection's follower and session",
    ),
    ("crates/proxy/src/mux/h2/reverse.rs", "connections that servers made to us, of all threads"),
    ("crates/proxy/src/rooms.rs", "the thread's memory for the futures of requests"),
    ("crates/proxy/src/worker.rs", "the thread's reserve of streams"),
    ("crates/samples/src/crypt.rs", "the thread's working memory of crypt(3)"),
    ("crates/state/src/balance/sequence.rs", "the order of servers, changed when one comes or goes"),
    (
        "crates/state/src/live/patterns/reference.rs",
        "writers of a list exclude each other; readers never wait",
    ),
    ("crates/state/src/live/queue.rs", "streams that wait for a server, from all threads"),
    ("crates/state/src/live/rings.rs", "the messages of a ring, for the moment of a copy"),
    ("crates/state/src/live/tables/mod.rs", "a lock for each shard of a stick table"),
    ("crates/state/src/live/variables.rs", "variables of the process"),
    ("crates/state/src/session.rs", "the counters and variables of a session, which its streams share"),
    ("crates/state/src/stream.rs", "the variables that evaluating an expression may set"),
];

/// May say `unsafe`; the reason stands above each use.
const MAY_BE_UNSAFE: Exceptions = &[
    ("crates/hxproxy/src/process/sys.rs", "fork, wait, signals, limits, identity and shared memory"),
    ("crates/hxproxy/tests/allocations.rs", "an allocator that counts"),
    ("crates/hxproxy/tests/tidy.rs", "the words it looks for"),
    ("crates/lua/src/clock.rs", "local time and the thread's clock"),
    ("crates/lua/src/current.rs", "a stream is lent to callbacks that cannot borrow it"),
    ("crates/lua/src/vm.rs", "all standard libraries of Lua, as HAProxy opens them"),
    ("crates/net/src/sys.rs", "system calls on sockets and pipes"),
    ("crates/net/src/tls/ffi.rs", "functions of OpenSSL that its crate does not offer"),
    ("crates/net/src/tls/ffi/tickets.rs", "the callback of OpenSSL for keys of tickets"),
    ("crates/proto/src/h1/scan.rs", "SSE2, for sixteen bytes at a time"),
    ("crates/samples/src/crypt.rs", "crypt(3)"),
    ("crates/samples/src/localtime.rs", "local time"),
];

/// May have more than [`MOST_LINES`].
const MAY_BE_LONG: Exceptions = &[];

const MOST_LINES: usize = 600;

#[test]
fn arrows_point_down() {
    let mut complaints = Vec::new();
    for folder in folders(&root().join("crates")) {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        complaints.extend(arrows(&name, &read(&folder.join("Cargo.toml"))));
    }
    none(&complaints);
}

#[test]
fn files_keep_the_rules() {
    let mut complaints = Vec::new();
    let files = sources();
    assert!(files.len() > 50, "only {} files found", files.len());
    for path in &files {
        complaints.extend(file(path, &read(&root().join(path))));
    }
    none(&complaints);
}

/// An exception that nobody needs any more is struck from its list.
#[test]
fn exceptions_are_needed() {
    let mut complaints = Vec::new();
    let texts: Vec<(String, String)> =
        sources().into_iter().map(|path| (path.clone(), read(&root().join(path)))).collect();
    let mut look = |list: Exceptions, needed: &dyn Fn(&str) -> bool| {
        for (excepted, _) in list {
            if !texts.iter().any(|(path, text)| is_in(path, excepted) && needed(text)) {
                complaints.push(format!("{excepted}: the exception is not needed"));
            }
        }
    };
    look(MAY_LOCK, &names_a_lock);
    look(MAY_BE_UNSAFE, &|text| code_has(text, "unsafe"));
    look(MAY_BE_LONG, &|text| text.lines().count() > MOST_LINES);
    none(&complaints);
}

/// Whether a path is the excepted file, or inside of the excepted folder.
fn is_in(path: &str, excepted: &str) -> bool {
    path == excepted || (excepted.ends_with('/') && path.starts_with(excepted))
}

/// What is wrong with the dependencies of one crate.
fn arrows(name: &str, manifest: &str) -> Vec<String> {
    let Some(from) = place(name) else {
        return vec![format!("crates/{name}: not in the table of layers")];
    };
    let mut complaints = Vec::new();
    for dependency in dependencies(manifest) {
        if THIRD_LAYER_ONLY.contains(&dependency.as_str()) && from.0 != 3 {
            complaints.push(format!("{name} uses {dependency}, which belongs to the third layer"));
        }
        let Some(to) = place(&dependency) else { continue };
        if to >= from {
            complaints.push(format!("{name} -> {dependency} points up"));
        }
        if from.0 == 2 && to.0 == 1 {
            complaints.push(format!("{name} -> {dependency}: the second layer does not know the first"));
        }
    }
    complaints
}

/// Layer and place in the layer.
fn place(name: &str) -> Option<(usize, usize)> {
    let find = |layer: &&[&str]| layer.iter().position(|known| *known == name);
    LAYERS.iter().enumerate().find_map(|(at, layer)| find(layer).map(|inside| (at, inside)))
}

/// The names under `[dependencies]` and `[build-dependencies]`.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut inside = false;
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line == "[dependencies]" || line == "[build-dependencies]";
            let table = line.strip_prefix("[dependencies.").and_then(|rest| rest.strip_suffix(']'));
            names.extend(table.map(str::to_string));
        } else if inside && !line.starts_with('#') {
            let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
            names.extend((!name.is_empty()).then(|| name.to_string()));
        }
    }
    names
}

/// What is wrong with one file of source.
fn file(path: &str, text: &str) -> Vec<String> {
    let listed = |list: Exceptions| list.iter().any(|(excepted, _)| is_in(path, excepted));
    let mut complaints = Vec::new();
    if !text.starts_with("//!") {
        complaints.push(format!("{path}: does not begin with `//!`"));
    }
    let lines = text.lines().count();
    if lines > MOST_LINES && !listed(MAY_BE_LONG) {
        complaints.push(format!("{path}: {lines} lines"));
    }
    if names_a_lock(text) && !listed(MAY_LOCK) {
        complaints.push(format!("{path}: names a lock or a cell"));
    }
    if code_has(text, "unsafe") && !listed(MAY_BE_UNSAFE) {
        complaints.push(format!("{path}: says unsafe"));
    }
    for left in ["todo!", "unimplemented!", "dbg!"] {
        if code(text).any(|line| line.contains(&format!("{left}("))) {
            complaints.push(format!("{path}: has {left}"));
        }
    }
    complaints
}

fn names_a_lock(text: &str) -> bool {
    ["Mutex", "RwLock", "RefCell"].iter().any(|name| code_has(text, name))
}

/// Whether the code holds `word`, comments and strings left out.
fn code_has(text: &str, word: &str) -> bool {
    let apart = |c: char| !c.is_alphanumeric() && c != '_' && c != '-';
    code(text).any(|line| line.split(apart).any(|part| part == word))
}

/// The lines without comments and string literals.
fn code(text: &str) -> impl Iterator<Item = String> {
    text.lines().map(|line| {
        let unquoted: String = line.split('"').step_by(2).collect::<Vec<_>>().join("\"\"");
        unquoted.split("//").next().unwrap_or_default().to_string()
    })
}

fn none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn folders(path: &Path) -> Vec<PathBuf> {
    entries(path).into_iter().filter(|entry| entry.is_dir()).collect()
}

fn entries(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a folder's entry").path()).collect();
    paths.sort();
    paths
}

/// All Rust files, as paths from the root.
fn sources() -> Vec<String> {
    let mut found = Vec::new();
    let mut pending = vec![root().join("crates"), root().join("haproxy-compat-tests")];
    while let Some(folder) = pending.pop() {
        for path in entries(&folder) {
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let path = path.strip_prefix(root()).expect("a path below the root");
                found.push(path.to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

/// The rules do find what they look for.
mod rules {
    use super::*;

    fn check_arrows(name: &str, manifest: &str, expected: &[&str]) {
        assert_eq!(arrows(name, manifest), expected, "{name}: {manifest}");
    }

    #[test]
    fn of_arrows() {
        check_arrows("check", "[dependencies]\nir.workspace = true\nsyntax = { path = \"x\" }\n", &[]);
        check_arrows("check", "[dependencies]\nstate.workspace = true\n", &["check -> state points up"]);
        check_arrows("diag", "[dependencies]\nir.workspace = true\n", &["diag -> ir points up"]);
        check_arrows("net", "[dependencies.proxy]\npath = \"x\"\n", &["net -> proxy points up"]);
        check_arrows("proxy", "[dependencies]\ntokio = \"1\"\nnet.workspace = true\n", &[]);
        check_arrows("proxy", "[dev-dependencies]\ncli.workspace = true\n", &[]);
        check_arrows("bogus", "", &["crates/bogus: not in the table of layers"]);
        check_arrows(
            "state",
            "[dependencies]\n# no syntax here\ncheck.workspace = true\nopenssl = \"0\"\n",
            &[
                "state -> check: the second layer does not know the first",
                "state uses openssl, which belongs to the third layer",
            ],
        );
    }

    fn check_file(text: &str, expected: &[&str]) {
        let expected: Vec<String> = expected.iter().map(|rule| format!("x.rs: {rule}")).collect();
        assert_eq!(file("x.rs", text), expected, "{text}");
    }

    #[test]
    fn of_files() {
        check_file("//! x\n", &[]);
        check_file("fn x() {}\n", &["does not begin with `//!`"]);
        check_file("//! x\n// Mutex, unsafe, todo!()\nlet a = \"unsafe RefCell\";\n", &[]);
        check_file("//! x\nuse std::sync::Mutex;\n", &["names a lock or a cell"]);
        check_file("//! x\nlet a = unsafe { b };\n", &["says unsafe"]);
        check_file("//! x\nlet unsafe_name = 1;\n", &[]);
        check_file("//! x\ntodo!()\n", &["has todo!"]);
        check_file(&format!("//! x\n{}", "\n".repeat(600)), &["601 lines"]);
    }
}
