//! HAProxy's switches, one row each, and the adapter that turns a command line in HAProxy's
//! spelling into one that clap reads: every switch becomes a long option.
//!
//! Left out: what the switches mean ([`super::Args`]), and whether a value makes sense.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// What follows a switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Nothing; letters behind the switch are ignored, as HAProxy does.
    Nothing,
    /// The next word, whatever it looks like.
    Next,
    /// The rest of the same word.
    Tail,
    /// The rest of the same word, or the next word when there is no rest and it is no switch.
    TailOrNext,
    /// All following words up to the next switch.
    Pids,
}

/// One switch.
#[derive(Clone, Copy, Debug)]
pub struct Switch {
    /// How it starts, with its dash.
    pub start: &'static str,
    /// The long option it stands for; several switches may share one.
    pub option: &'static str,
    pub takes: Takes,
    /// The program prints something and leaves: the words behind it are not read.
    pub last: bool,
}

const fn row(start: &'static str, option: &'static str, takes: Takes) -> Switch {
    Switch { start, option, takes, last: false }
}

const fn version(start: &'static str, option: &'static str) -> Switch {
    Switch { start, option, takes: Takes::Nothing, last: true }
}

/// In the order in which HAProxy tries them: the first that the word starts with wins, so the
/// longer ones come first.
pub const SWITCHES: &[Switch] = &[
    version("-vqs", "version-short"),
    version("-vqb", "version-branch"),
    version("-vq", "version-plain"),
    version("-vv", "version-build"),
    version("-v", "version"),
    row("-de", "no-epoll", Takes::Nothing),
    row("-dp", "no-poll", Takes::Nothing),
    row("-dk", "no-kqueue", Takes::Nothing),
    row("-dv", "no-evports", Takes::Nothing),
    row("-dS", "no-splice", Takes::Nothing),
    row("-dG", "no-getaddrinfo", Takes::Nothing),
    row("-dR", "no-reuseport", Takes::Nothing),
    row("-dc", "dump-cpus", Takes::Nothing),
    row("-dF", "no-fast-forward", Takes::Nothing),
    row("-dI", "insecure-fork", Takes::Nothing),
    row("-dV", "no-server-verify", Takes::Nothing),
    row("-dZ", "no-zero-copy", Takes::Nothing),
    row("-dC", "dump-config", Takes::Tail),
    row("-db", "foreground", Takes::Nothing),
    row("-dD", "diagnostics", Takes::Nothing),
    row("-dW", "zero-warning", Takes::Nothing),
    row("-dM", "memory-debug", Takes::Tail),
    row("-dr", "ignore-resolution", Takes::Nothing),
    row("-dL", "dump-libs", Takes::Nothing),
    row("-dA", "collect-libs", Takes::Tail),
    row("-dK", "dump-keywords", Takes::Tail),
    row("-dt", "traces", Takes::TailOrNext),
    row("-dT", "no-ktls", Takes::Nothing),
    row("-d", "debug", Takes::Nothing),
    row("-V", "verbose", Takes::Nothing),
    row("-cc", "condition", Takes::Next),
    row("-c", "check", Takes::Nothing),
    row("-4", "ipv4-only", Takes::Nothing),
    row("-D", "daemon", Takes::Nothing),
    row("-Ws", "systemd", Takes::Nothing),
    row("-W", "master-worker", Takes::Nothing),
    row("-q", "quiet", Takes::Nothing),
    row("-x", "old-socket", Takes::Next),
    row("-S", "master-cli", Takes::Next),
    row("-sf", "finish", Takes::Pids),
    row("-st", "terminate", Takes::Pids),
    row("-C", "directory", Takes::Next),
    row("-n", "maxconn", Takes::Next),
    row("-m", "memory", Takes::Next),
    row("-N", "proxy-maxconn", Takes::Next),
    row("-L", "local-peer", Takes::Next),
    row("-f", "file", Takes::Next),
    row("-p", "pidfile", Takes::Next),
];

/// hxproxy's own option: what to write, and for some a folder.
pub const GENERATE: &str = "generate";

/// Why a command line is refused. The exit status is 1 for all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The version and the usage are printed.
    Usage,
    /// One alert is printed.
    Alert(String),
    /// One alert, then the usage.
    AlertUsage(String),
}

/// The words behind the program's name, for clap.
pub fn rewrite(words: &[OsString]) -> Result<Vec<OsString>, Refusal> {
    let mut out = Vec::new();
    let mut rest = words;
    while let Some((word, behind)) = rest.split_first() {
        rest = behind;
        if word == "--" {
            out.extend(rest.iter().map(|file| option("file", file)));
            break;
        }
        if word == "--generate" {
            let values = rest.iter().take_while(|w| !w.as_bytes().starts_with(b"-"));
            let before = out.len();
            out.extend(values.map(|value| option(GENERATE, value)));
            rest = &rest[out.len() - before..];
            if out.len() == before {
                return Err(Refusal::Usage);
            }
            continue;
        }
        let switch = SWITCHES.iter().find(|s| word.as_bytes().starts_with(s.start.as_bytes()));
        let switch = switch.ok_or(Refusal::Usage)?;
        rest = take(switch, word, rest, &mut out)?;
        if switch.last {
            break;
        }
    }
    Ok(out)
}

/// Adds one switch with its values to `out`; gives the words that are left.
fn take<'a>(
    switch: &Switch,
    word: &OsStr,
    rest: &'a [OsString],
    out: &mut Vec<OsString>,
) -> Result<&'a [OsString], Refusal> {
    let tail = OsStr::from_bytes(&word.as_bytes()[switch.start.len()..]);
    match switch.takes {
        Takes::Nothing => out.push(OsString::from(format!("--{}", switch.option))),
        Takes::Tail => out.push(option(switch.option, tail)),
        Takes::TailOrNext => {
            if let (true, Some((next, behind))) = (tail.is_empty(), rest.split_first())
                && !next.as_bytes().starts_with(b"-")
            {
                out.push(option(switch.option, next));
                return Ok(behind);
            }
            out.push(option(switch.option, tail));
        }
        Takes::Next => {
            let (next, behind) = rest.split_first().ok_or_else(|| missing(switch.start))?;
            out.push(option(switch.option, next));
            return Ok(behind);
        }
        Takes::Pids => {
            let count = rest.iter().take_while(|w| !w.as_bytes().starts_with(b"-")).count();
            // The switch alone still chooses the signal.
            out.push(option(switch.option, OsStr::new("")));
            out.extend(rest[..count].iter().map(|pid| option(switch.option, pid)));
            return Ok(&rest[count..]);
        }
    }
    Ok(rest)
}

/// What HAProxy says when the value of a switch is missing.
fn missing(start: &str) -> Refusal {
    match start {
        "-cc" => Refusal::Usage,
        "-x" => Refusal::AlertUsage("Unix socket path expected with the -x flag\n".into()),
        _ => Refusal::Alert("failed to copy argv.".into()),
    }
}

fn option(name: &str, value: &OsStr) -> OsString {
    let mut word = OsString::from(format!("--{name}="));
    word.push(value);
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Result<&str, Refusal>) {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let given = rewrite(&words)
            .map(|out| out.iter().map(|w| w.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" "));
        assert_eq!(given, expected.map(str::to_string), "{line}");
    }

    #[test]
    fn spellings() {
        check("", Ok(""));
        check("-f a -f b", Ok("--file=a --file=b"));
        check("-f -odd", Ok("--file=-odd"));
        check("-c -- a -b c", Ok("--check --file=a --file=-b --file=c"));
        check("-c -f a --", Ok("--check --file=a"));
        check("-Ws -W -D -db -d", Ok("--systemd --master-worker --daemon --foreground --debug"));
        check("-sf 1 2 -st 3", Ok("--finish= --finish=1 --finish=2 --terminate= --terminate=3"));
        check("-sf -c", Ok("--finish= --check"));
        check("-dC123,line -dKall -dM", Ok("--dump-config=123,line --dump-keywords=all --memory-debug="));
        check("-dt h2 -dth1 -dt -c", Ok("--traces=h2 --traces=h1 --traces= --check"));
        check("-dbx -Wfoo -cx", Ok("--foreground --master-worker --check"));
        check("-cc feature(SSL)", Ok("--condition=feature(SSL)"));
        check("--generate reference docs", Ok("--generate=reference --generate=docs"));
    }

    #[test]
    fn version_ends_the_line() {
        check("-c -v --bogus", Ok("--check --version"));
        check("-vv", Ok("--version-build"));
        check("-vq -Z", Ok("--version-plain"));
        check("-vqs", Ok("--version-short"));
        check("-vqb", Ok("--version-branch"));
        check("-version", Ok("--version"));
    }

    /// As HAProxy 3.5 refuses them.
    #[test]
    fn refusals() {
        let alert = |text: &str| Err(Refusal::Alert(text.into()));
        check("foo", Err(Refusal::Usage));
        check("-c foo", Err(Refusal::Usage));
        check("-Z", Err(Refusal::Usage));
        check("--help", Err(Refusal::Usage));
        check("-h", Err(Refusal::Usage));
        check("-cc", Err(Refusal::Usage));
        check("--generate", Err(Refusal::Usage));
        check("-f", alert("failed to copy argv."));
        check("-p", alert("failed to copy argv."));
        check("-x", Err(Refusal::AlertUsage("Unix socket path expected with the -x flag\n".into())));
    }

    /// A switch that stands behind a shorter one would never be found.
    #[test]
    fn no_row_is_hidden() {
        for (at, switch) in SWITCHES.iter().enumerate() {
            let first = SWITCHES.iter().position(|s| switch.start.starts_with(s.start));
            assert_eq!(first, Some(at), "{}", switch.start);
        }
    }
}
