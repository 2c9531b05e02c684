//! The usage text, in HAProxy's words. Left out: when it is printed.

/// The usage for a program called `name`.
pub fn usage(name: &str) -> String {
    format!(
        "Usage : {name} [-f <cfgfile|cfgdir>]* [ -vdVD ] [ -n <maxconn> ] [ -N <maxpconn> ]\n        \
         [ -p <pidfile> ] [ -m <max megs> ] [ -C <dir> ] [-- <cfgfile>*]\n{}\n",
        SWITCHES.map(|line| format!("        {line}\n")).concat()
    )
}

/// What the usage says about a switch; empty where it says nothing.
pub fn usage_of(start: &str) -> &'static str {
    let line = |line: &&'static str| {
        let end = line.find([' ', '[', '{', '<', '/']).unwrap_or(line.len());
        &line[..end] == start
    };
    SWITCHES.into_iter().find(line).and_then(|line| line.split_once(' ')).map_or("", |(_, text)| text)
}

const SWITCHES: [&str; 43] = [
    "-v displays version ; -vv shows known build options.",
    "-vq/-vqs/-vqb only displays version, short version, branch.",
    "-d enters debug mode ; -db only disables background mode.",
    "-dM[<byte>,help,...] debug memory (accepted, no effect)",
    "-dt activate traces on stderr (accepted, no effect)",
    "-V enters verbose mode (disables quiet mode)",
    "-D goes daemon ; -C changes to <dir> before loading files.",
    "-W master-worker mode.",
    "-Ws master-worker mode with systemd notify support.",
    "-q quiet mode : don't display messages",
    "-c check mode : only check config files and exit",
    "-cc check condition : evaluate a condition and exit",
    "-4 force resolvers to consider IPv4 responses only",
    "-n sets the maximum total # of connections (uses ulimit -n)",
    "-m limits the usable amount of memory (in MB)",
    "-N sets the default, per-proxy maximum # of connections (0)",
    "-L set local peer name (default to hostname)",
    "-p writes pids of all children to this file",
    "-dC[[key],line] display the configuration file, if there is a key, the file will be anonymised",
    "-de disables epoll() usage even when available (accepted, no effect)",
    "-dp disables poll() usage even when available (accepted, no effect)",
    "-dS disables splice usage (broken on old kernels)",
    "-dG disables getaddrinfo() usage (accepted, no effect)",
    "-dR disables SO_REUSEPORT usage",
    "-dL dumps loaded object files after config checks",
    "-dA[file] collects libs into a tar file at <file> (accepted, no effect)",
    "-dc dumps the list of selected and evicted CPUs (accepted, no effect)",
    "-dK{class[,...]} dump registered keywords (use 'help' for list)",
    "-dr ignores server address resolution failures",
    "-dV disables SSL verify on servers side",
    "-dW fails if any warning is emitted",
    "-dD diagnostic mode : warn about suspicious configuration statements",
    "-dF disable fast-forward (accepted, no effect)",
    "-dI enable insecure fork (accepted, no effect)",
    "-dZ disable zero-copy forwarding (accepted, no effect)",
    "-dT disable kTLS (accepted, no effect)",
    "-sf/-st [pid ]* finishes/terminates old pids.",
    "-x <unix_socket> get listening sockets from a unix socket (accepted, see -sf)",
    "-S <bind>[,<bind options>...] new master CLI (accepted, no effect)",
    "--generate support|keywords|bash|zsh|fish|reference [<dir>] writes what is supported,",
    "    the keywords for editors, a shell's completion, or the reference pages",
    "Instead of switches: check [--format text|full|json|sarif] <file>... explains what is wrong,",
    "    explain [<code>] says what a code means",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_as_haproxy_does() {
        let text = usage("haproxy");
        assert!(text.starts_with(
            "Usage : haproxy [-f <cfgfile|cfgdir>]* [ -vdVD ] [ -n <maxconn> ] [ -N <maxpconn> ]\n        \
             [ -p <pidfile> ] [ -m <max megs> ] [ -C <dir> ] [-- <cfgfile>*]\n        \
             -v displays version ; -vv shows known build options.\n"
        ));
        assert!(text.ends_with("\n\n"));
    }
}
