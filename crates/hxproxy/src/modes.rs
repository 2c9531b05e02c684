//! How the process runs, out of the command line and the `global` section: in the background or
//! not, silent or not.

use ir::config::Global;

use crate::args::Args;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modes {
    /// The process leaves its terminal once it has started.
    pub daemon: bool,
    /// Nothing is printed.
    pub silent: bool,
    /// `-d` was given together with `quiet` or `daemon`, which it turns off.
    pub conflict: bool,
}

impl Modes {
    /// The command line wins: `-d` and `-db` turn off `daemon` and `quiet` of the configuration,
    /// `-D` turns off `-d` and `-db`, and `-V` turns off every `quiet`.
    pub fn new(args: &Args, global: &Global) -> Modes {
        let stays = args.debug || args.foreground;
        let debug = args.debug && !args.daemon;
        let daemon = args.daemon || (global.daemon && !stays);
        let quiet = args.quiet || (global.quiet && !stays);
        let conflict = debug && (daemon || quiet);
        Modes { daemon: daemon && !conflict, silent: quiet && !conflict && !args.verbose, conflict }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, daemon: bool, quiet: bool, expected: (bool, bool, bool)) {
        let words: Vec<_> = line.split_whitespace().map(std::ffi::OsString::from).collect();
        let args = crate::args::parse(&words).unwrap_or_default();
        let modes = Modes::new(&args, &Global { daemon, quiet, ..Global::default() });
        assert_eq!((modes.daemon, modes.silent, modes.conflict), expected, "{line} {daemon} {quiet}");
    }

    #[test]
    fn command_line_wins() {
        check("", false, false, (false, false, false));
        check("", true, true, (true, true, false));
        check("-db", true, true, (false, false, false));
        check("-d", true, true, (false, false, false));
        check("-Ws", true, false, (false, false, false));
        check("-D", false, false, (true, false, false));
        check("-D -db", false, false, (true, false, false));
        check("-q", false, false, (false, true, false));
        check("-q -V", false, true, (false, false, false));
        check("-d -q", false, false, (false, false, true));
        check("-d -D", false, false, (true, false, false));
    }
}
