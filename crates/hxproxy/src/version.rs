//! What `-v`, `-vq` and `-vv` print: HAProxy's layout, our own facts.
//!
//! Left out: which version of a library the program was built against, where only the running one
//! can be asked.

use crate::args::Version;
use crate::features;

/// What `-v` shows behind `HAProxy version`.
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "-hxproxy");

/// The day of the release.
pub const DATE: &str = "2026/11/22";

/// `3.5.0`
pub const SHORT: &str = env!("CARGO_PKG_VERSION");

/// `3.5`, also `HAPROXY_BRANCH`.
pub const BRANCH: &str = concat!(env!("CARGO_PKG_VERSION_MAJOR"), ".", env!("CARGO_PKG_VERSION_MINOR"));

/// The text for one of the version switches, with its final line end.
pub fn text(version: Version) -> String {
    match version {
        Version::Line => line(),
        Version::Build => line() + &build(),
        Version::Plain => format!("{VERSION}\n"),
        Version::Short => format!("{SHORT}\n"),
        Version::Branch => format!("{BRANCH}\n"),
    }
}

/// What `-v` prints, and what stands above the usage.
pub fn line() -> String {
    format!(
        "HAProxy version {VERSION} {DATE} - https://haproxy.org/\n\
         Status: hxproxy, a drop-in for HAProxy {BRANCH} in Rust - not made by the HAProxy project.\n\
         Known bugs: see docs/differences.md\n\
         Running on: {}\n",
        running_on()
    )
}

/// The system, as `uname -srvm` names it.
fn running_on() -> String {
    let read = |name: &str| {
        let text = std::fs::read_to_string(format!("/proc/sys/kernel/{name}"));
        text.map(|text| text.trim().to_string()).unwrap_or_default()
    };
    format!("{} {} {} {}", read("ostype"), read("osrelease"), read("version"), std::env::consts::ARCH)
}

fn build() -> String {
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    format!(
        "Build options : \n  TARGET  = {}\n  CC      = rustc\n  CFLAGS  = profile {profile}\n  \
         OPTIONS = {}\n  DEBUG   = {}\n\n\
         Feature list : {}\nDetected feature list :\n\n\
         Default settings :\n  bufsize = {}, maxrewrite = {}, maxpollevents = {}\n\n{}\n{}",
        target(),
        options(),
        if cfg!(debug_assertions) { "debug_assertions" } else { "" },
        features::list(),
        DEFAULTS.bufsize,
        DEFAULTS.maxrewrite,
        POLL_EVENTS,
        libraries(),
        TABLES,
    )
}

/// As HAProxy names its build targets.
fn target() -> String {
    let libc = if cfg!(target_env = "musl") { "musl" } else { "glibc" };
    format!("{}-{libc}", std::env::consts::OS)
}

fn options() -> String {
    let chosen =
        ["OPENSSL", "LUA", "PCRE2", "PCRE2_JIT"].into_iter().filter(|name| features::has(name.as_bytes()));
    chosen.map(|name| format!("USE_{name}=1")).collect::<Vec<_>>().join(" ")
}

struct Defaults {
    bufsize: usize,
    maxrewrite: usize,
}

const DEFAULTS: Defaults = Defaults { bufsize: 16384, maxrewrite: 1024 };

/// How many events one wake-up of tokio's driver takes.
const POLL_EVENTS: usize = 1024;

/// Lua's version is a choice of this workspace: mlua brings Lua 5.4's source with it.
fn libraries() -> String {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let (major, minor, jit) = state::plan::Regex::library();
    let yes = |value| if value { "yes" } else { "no" };
    format!(
        "Built with multi-threading support (MAX_TGROUPS=1, MAX_THREADS=1024, default={threads}).\n\
         Running on SSL library version : {}\n\
         SSL library supports TLS extensions : yes\n\
         SSL library supports SNI : yes\n\
         Built with Lua version : Lua 5.4\n\
         Compression algorithms supported : identity(\"identity\")\n\
         Built with PCRE2 version : {major}.{minor}\n\
         PCRE2 library supports JIT : {}\n\
         Encrypted password support via crypt(3): {}\n",
        net::tls::library_info().running,
        yes(jit),
        yes(features::has(b"LIBCRYPT")),
    )
}

/// Pollers, multiplexers, services and filters.
const TABLES: &str = "Available polling systems :
      epoll : pref=300,  test result OK
Total: 1 (1 usable), will use epoll.

Available multiplexer protocols :
(protocols marked as <default> cannot be specified using 'proto' keyword)
         h2 : mode=HTTP  side=FE     mux=H2    flags=HTX|HOL_RISK|NO_UPG
  <default> : mode=HTTP  side=FE|BE  mux=H1    flags=HTX
         h1 : mode=HTTP  side=FE|BE  mux=H1    flags=HTX|NO_UPG
  <default> : mode=TCP   side=FE|BE  mux=PASS  flags=
       none : mode=TCP   side=FE|BE  mux=PASS  flags=NO_UPG

Available services : none

Available filters : none

";

#[cfg(test)]
mod tests {
    use super::*;

    /// `HAProxy version X.Y.Z-suffix YYYY/MM/DD - https://…`, which tools cut apart.
    fn check(line: &str) {
        let rest = line.strip_prefix("HAProxy version ").expect(line);
        let (version, rest) = rest.split_once(' ').expect(line);
        let (numbers, suffix) = version.split_once('-').expect(line);
        let numbers: Vec<_> = numbers.split('.').map(str::parse::<u32>).collect();
        assert!(numbers.len() == 3 && numbers.iter().all(Result::is_ok), "{line}");
        assert!(!suffix.is_empty() && !suffix.contains(char::is_whitespace), "{line}");
        let (date, url) = rest.split_once(" - ").expect(line);
        let date: Vec<_> = date.split('/').map(|part| (part.len(), part.parse::<u32>().is_ok())).collect();
        assert_eq!(date, [(4, true), (2, true), (2, true)], "{line}");
        assert!(url.starts_with("https://"), "{line}");
    }

    #[test]
    fn first_line() {
        for version in [Version::Line, Version::Build] {
            let text = text(version);
            check(text.lines().next().unwrap_or_default());
            assert!(text.lines().any(|line| line.starts_with("Running on: Linux ")), "{text}");
        }
    }

    #[test]
    fn plain_forms() {
        assert_eq!(text(Version::Plain), format!("{VERSION}\n"));
        assert_eq!(text(Version::Short), "3.5.0\n");
        assert_eq!(text(Version::Branch), "3.5\n");
    }

    /// The headings that scripts look for.
    #[test]
    fn build_layout() {
        let text = text(Version::Build);
        let headings = [
            "Build options : \n",
            "  OPTIONS = USE_OPENSSL=1",
            "\nFeature list : -51DEGREES",
            "\nDefault settings :\n  bufsize = 16384, maxrewrite = 1024",
            "\nBuilt with multi-threading support",
            "\nRunning on SSL library version : ",
            "\nBuilt with Lua version : Lua 5.4",
            "\nCompression algorithms supported : ",
            "\nBuilt with PCRE2 version : 10.",
            "\nAvailable polling systems :\n",
            "\nAvailable multiplexer protocols :\n",
            "\nAvailable services :",
            "\nAvailable filters :",
        ];
        let mut from = 0;
        for heading in headings {
            let at = text[from..].find(heading);
            from += at.unwrap_or_else(|| panic!("{heading:?} is missing or out of place in\n{text}"));
        }
    }
}
