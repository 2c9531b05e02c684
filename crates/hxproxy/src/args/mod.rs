//! The command line as it is meant. [`switches`] knows how HAProxy spells it; clap collects
//! the values; this file gives them their types.
//!
//! Left out: what the configuration's `global` section says about the same things
//! (`modes`).

mod switches;
mod usage;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::config_dump::ConfigDump;
pub use switches::Refusal;
pub use usage::{usage, usage_of};

use switches::GENERATE;
pub use switches::{SWITCHES, Switch, Takes};

/// Everything a command line says.
#[derive(Clone, Debug, Default)]
pub struct Args {
    /// What to print instead of running.
    pub version: Option<Version>,
    pub generate: Option<Generate>,
    /// `-cc`
    pub condition: Option<OsString>,
    /// `-f` and the words behind `--`, in order: files or folders.
    pub files: Vec<PathBuf>,
    /// `-c`
    pub check: bool,
    /// `-q`
    pub quiet: bool,
    /// `-V`
    pub verbose: bool,
    /// `-d`
    pub debug: bool,
    /// `-db`, and part of `-Ws`
    pub foreground: bool,
    /// `-D`
    pub daemon: bool,
    /// `-W` or `-Ws`
    pub master_worker: bool,
    /// `-Ws`
    pub systemd: bool,
    /// `-dW`
    pub zero_warning: bool,
    /// `-dD`
    pub diagnostics: bool,
    /// `-dL`
    pub dump_libs: bool,
    /// `-dK`: the classes, separated by commas.
    pub dump_keywords: Option<String>,
    /// `-dC`
    pub dump_config: Option<ConfigDump>,
    /// `-dR`
    pub no_reuseport: bool,
    /// `-dS`
    pub no_splice: bool,
    /// `-dr`
    pub ignore_resolution: bool,
    /// `-dV`
    pub no_server_verify: bool,
    /// `-dM`, `-dt` and the like were given: accepted without effect, and worth a word.
    pub without_effect: Vec<&'static str>,
    /// `-C`
    pub directory: Option<PathBuf>,
    /// `-p`
    pub pidfile: Option<PathBuf>,
    /// `-n`
    pub maxconn: Option<u32>,
    /// `-N`
    pub proxy_maxconn: Option<u32>,
    /// `-m`, in MiB
    pub memory: Option<u32>,
    /// `-L`
    pub local_peer: Option<OsString>,
    /// `-S`
    pub master_cli: Vec<OsString>,
    pub old: OldProcesses,
}

/// `-sf` and `-st`: the processes that this one replaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OldProcesses {
    pub pids: Vec<i32>,
    /// `-st`: they stop at once.
    pub terminate: bool,
}

impl OldProcesses {
    /// The signal that ends them.
    pub fn signal(&self) -> i32 {
        if self.terminate { libc::SIGTERM } else { libc::SIGUSR1 }
    }
}

/// What `-v` and its relatives print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `-v`
    Line,
    /// `-vv`
    Build,
    /// `-vq`: `3.5.0-hxproxy`
    Plain,
    /// `-vqs`: `3.5.0`
    Short,
    /// `-vqb`: `3.5`
    Branch,
}

/// `--generate`: what to write, and where when it is not to be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generate {
    pub what: String,
    pub folder: Option<PathBuf>,
}

/// Reads the words behind the program's name.
pub fn parse(words: &[OsString]) -> Result<Args, Refusal> {
    let rewritten = switches::rewrite(words)?;
    let matches = command().try_get_matches_from(rewritten).map_err(clap_refusal)?;
    Args::from_matches(&matches)
}

/// The long option of every row, once each.
fn command() -> Command {
    let mut command = Command::new("hxproxy").no_binary_name(true).disable_help_flag(true);
    for (at, switch) in SWITCHES.iter().enumerate() {
        let again = SWITCHES[..at].iter().any(|earlier| earlier.option == switch.option);
        if again {
            continue;
        }
        let arg = Arg::new(switch.option).long(switch.option);
        let arg = match switch.takes {
            Takes::Nothing => arg.action(ArgAction::Count),
            _ => arg.action(ArgAction::Append).value_parser(clap::value_parser!(OsString)),
        };
        command = command.arg(arg);
    }
    let generate = Arg::new(GENERATE).long(GENERATE).action(ArgAction::Append);
    command.arg(generate.value_parser(clap::value_parser!(OsString)))
}

fn clap_refusal(error: clap::Error) -> Refusal {
    Refusal::Alert(error.to_string().trim_end().to_string())
}

impl Args {
    fn from_matches(matches: &ArgMatches) -> Result<Args, Refusal> {
        let flag = |name: &str| matches.get_count(name) > 0;
        let last =
            |name: &str| matches.get_many::<OsString>(name).and_then(|mut all| all.next_back()).cloned();
        let all = |name: &str| -> Vec<OsString> {
            matches.get_many::<OsString>(name).map(|all| all.cloned().collect()).unwrap_or_default()
        };
        let text = |name: &str| last(name).map(|value| value.to_string_lossy().into_owned());
        Ok(Args {
            version: version(&flag),
            generate: generate(&all(GENERATE))?,
            condition: last("condition"),
            files: all("file").into_iter().map(PathBuf::from).collect(),
            check: flag("check"),
            quiet: flag("quiet"),
            verbose: flag("verbose"),
            debug: flag("debug"),
            foreground: flag("foreground") || flag("systemd"),
            daemon: flag("daemon"),
            master_worker: flag("master-worker") || flag("systemd"),
            systemd: flag("systemd"),
            zero_warning: flag("zero-warning"),
            diagnostics: flag("diagnostics"),
            dump_libs: flag("dump-libs"),
            dump_keywords: text("dump-keywords"),
            dump_config: text("dump-config").as_deref().map(ConfigDump::new),
            no_reuseport: flag("no-reuseport"),
            no_splice: flag("no-splice"),
            ignore_resolution: flag("ignore-resolution"),
            no_server_verify: flag("no-server-verify"),
            without_effect: without_effect(matches),
            directory: last("directory").map(PathBuf::from),
            pidfile: last("pidfile").map(PathBuf::from),
            maxconn: number("-n", last("maxconn"))?,
            proxy_maxconn: number("-N", last("proxy-maxconn"))?,
            memory: number("-m", last("memory"))?,
            local_peer: last("local-peer"),
            master_cli: all("master-cli"),
            old: old_processes(matches, all("finish"), all("terminate"))?,
        })
    }
}

fn version(flag: &dyn Fn(&str) -> bool) -> Option<Version> {
    let rows = [
        ("version", Version::Line),
        ("version-build", Version::Build),
        ("version-plain", Version::Plain),
        ("version-short", Version::Short),
        ("version-branch", Version::Branch),
    ];
    rows.into_iter().find(|(name, _)| flag(name)).map(|(_, version)| version)
}

/// Switches that promise output or a socket which this program does not give.
fn without_effect(matches: &ArgMatches) -> Vec<&'static str> {
    let rows = [("-dt", "traces"), ("-dM", "memory-debug"), ("-dA", "collect-libs"), ("-dc", "dump-cpus")];
    let given = |name: &str| matches.value_source(name) == Some(clap::parser::ValueSource::CommandLine);
    rows.into_iter().filter(|(_, name)| given(name)).map(|(switch, _)| switch).collect()
}

fn generate(words: &[OsString]) -> Result<Option<Generate>, Refusal> {
    let (what, folder) = match words {
        [] => return Ok(None),
        [what] => (what, None),
        [what, folder] => (what, Some(PathBuf::from(folder))),
        _ => return Err(Refusal::Usage),
    };
    let what = what.to_string_lossy().into_owned();
    match crate::generate::is_known(&what, folder.is_some()) {
        true => Ok(Some(Generate { what, folder })),
        false => Err(Refusal::Usage),
    }
}

/// HAProxy reads `abc` as 0 here; a word that is no number is refused instead.
fn number(switch: &str, value: Option<OsString>) -> Result<Option<u32>, Refusal> {
    let Some(value) = value else { return Ok(None) };
    let text = value.to_string_lossy();
    let number = text.parse::<u32>();
    number
        .map(Some)
        .map_err(|_| Refusal::Alert(format!("{switch} option: '{text}' is not a positive number")))
}

/// The pids of both switches; the switch given last chooses the signal for all, as HAProxy does.
fn old_processes(
    matches: &ArgMatches,
    finish: Vec<OsString>,
    terminate: Vec<OsString>,
) -> Result<OldProcesses, Refusal> {
    let place = |name: &str| matches.indices_of(name).and_then(|mut all| all.next_back());
    let mut pids = Vec::new();
    for (switch, words) in [("-sf", finish), ("-st", terminate)] {
        for word in words.iter().filter(|word| !word.is_empty()) {
            pids.push(pid(switch, &word.to_string_lossy())?);
        }
    }
    Ok(OldProcesses { pids, terminate: place("terminate") > place("finish") })
}

fn pid(switch: &str, word: &str) -> Result<i32, Refusal> {
    let word = word.trim();
    let (sign, digits) = word.strip_prefix('-').map_or(("", word), |digits| ("-", digits));
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let (digits, behind) = digits.split_at(end);
    if digits.is_empty() || !behind.trim().is_empty() {
        let left = if digits.is_empty() { word } else { behind };
        return Err(Refusal::Alert(format!("{switch} option: some bytes unconsumed in PID list {{{left}}}")));
    }
    match format!("{sign}{digits}").parse::<i32>() {
        Ok(pid) if pid > 0 => Ok(pid),
        Ok(_) => Err(Refusal::Usage),
        Err(_) => Err(Refusal::Alert(format!(
            "{switch} option: failed to parse {{{word}}}: Numerical result out of range"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Args, Refusal> {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        parse(&words)
    }

    fn check(line: &str, holds: impl Fn(&Args) -> bool) {
        let args = read(line).unwrap_or_else(|refusal| panic!("{line}: {refusal:?}"));
        assert!(holds(&args), "{line}: {args:?}");
    }

    #[test]
    fn values() {
        check("-f a -f b -- c", |a| a.files == ["a", "b", "c"].map(PathBuf::from));
        check("-c -c -q -V", |a| a.check && a.quiet && a.verbose);
        check("-Ws", |a| a.master_worker && a.systemd && a.foreground);
        check("-W", |a| a.master_worker && !a.systemd && !a.foreground);
        check("-D -p x -p y", |a| a.daemon && a.pidfile == Some("y".into()));
        check("-n 10 -N 5 -m 64", |a| {
            (a.maxconn, a.proxy_maxconn, a.memory) == (Some(10), Some(5), Some(64))
        });
        check("-dCline", |a| a.dump_config == Some(ConfigDump { numbered: true, key: 0 }));
        check("-dC123,line", |a| a.dump_config == Some(ConfigDump { numbered: true, key: 123 }));
        check("-dKall", |a| a.dump_keywords.as_deref() == Some("all"));
        check("-c", |a| a.dump_keywords.is_none() && a.dump_config.is_none() && a.version.is_none());
        check("-S a -S b,level,admin", |a| a.master_cli.len() == 2);
        check("-vv", |a| a.version == Some(Version::Build));
        check("-dt -dMno-cache -c", |a| a.without_effect == ["-dt", "-dM"]);
        check("-c", |a| a.without_effect.is_empty());
        let generate = |what: &str, folder: Option<&str>| {
            Some(Generate { what: what.into(), folder: folder.map(PathBuf::from) })
        };
        check("--generate reference x", |a| a.generate == generate("reference", Some("x")));
        check("--generate bash", |a| a.generate == generate("bash", None));
        check("-de -dp -dk -dv -dS -dG -dR -dF -dI -dV -dZ -dD -dW -dr -dL -dT -4 -db -d", |a| {
            a.no_splice && a.no_reuseport && a.no_server_verify && a.ignore_resolution && a.debug
        });
    }

    #[test]
    fn old_pids() {
        let old = |pids: &[i32], terminate| OldProcesses { pids: pids.to_vec(), terminate };
        check("-f x -sf 12 13", |a| a.old == old(&[12, 13], false));
        check("-st 12 -f x", |a| a.old == old(&[12], true));
        check("-st 12 -sf 13", |a| !a.old.terminate && a.old.pids.len() == 2);
        check("-sf 12 -st 13", |a| a.old.terminate);
        check("-sf", |a| a.old == old(&[], false));
    }

    #[test]
    fn refused() {
        let alert = |line: &str, text: &str| {
            assert_eq!(read(line).map(|_| ()), Err(Refusal::Alert(text.into())), "{line}");
        };
        alert("-sf abc", "-sf option: some bytes unconsumed in PID list {abc}");
        alert("-st 12x", "-st option: some bytes unconsumed in PID list {x}");
        alert(
            "-sf 99999999999999999999",
            "-sf option: failed to parse {99999999999999999999}: Numerical result out of range",
        );
        alert("-n abc", "-n option: 'abc' is not a positive number");
        for line in ["-sf 0", "--generate bogus", "--generate reference"] {
            assert_eq!(read(line).map(|_| ()), Err(Refusal::Usage), "{line}");
        }
    }
}
