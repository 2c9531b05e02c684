//! Servers, binds and TLS.

use super::{Code, by_keyword, row};

pub const ROWS: &[Code] = &[
    row("unknown-server", "4.2", "No such server", "`use-server` and `track` name a server of a backend."),
    row(
        "not-in-default-server",
        "5.2",
        "An option that default-server does not take",
        "It belongs to one server: write it there.",
    ),
    row("check-and-track", "5.2", "A server that is checked and tracks another", "Use `check` or `track`."),
    row(
        "bad-track",
        "5.2",
        "Nothing to track",
        "The tracked server has checks of its own, and does not track back.",
    ),
    row(
        "bad-from",
        "5.2",
        "No such settings to start from",
        "`none`, `be:<backend>` or `srv:<backend>/<server>`.",
    ),
    row("bad-address", "5.2", "An address that the keyword does not take", "The message says why."),
    by_keyword("bad-id", "An id for several sockets", "It stands on a line with one address."),
    by_keyword("bad-thread", "A wrong set of threads", "Numbers and ranges, all of a group or of none."),
    row("no-check-port", "5.2", "A check without a port", "Give the server or its check one."),
    by_keyword("no-namespace", "No such network namespace", "Make it with `ip netns add`."),
    row(
        "reverse-http",
        "2.9",
        "Something that reverse HTTP does not take",
        "Such a line has no socket of its own.",
    ),
    row(
        "suspicious-time",
        "2.5",
        "A very short time",
        "A number without a unit is in milliseconds: write the unit.",
    ),
    row("tfo-retries", "5.2", "Fast open without the retries it needs", "Add them with `retry-on`."),
    by_keyword("unused-option", "An option that does nothing here", "Leave it out."),
    row("zero-weight", "5.2", "A server that is never chosen", "Its weight is 0."),
    by_keyword("usesrc", "A wrong `usesrc`", "It stands behind `source`, and needs transparent proxying."),
    row("bad-proto", "5.1", "No such protocol", "The message says which there are."),
    by_keyword(
        "bad-alpn",
        "A wrong list of protocols",
        "Names of at most 255 bytes with commas between them.",
    ),
    by_keyword("bad-verify", "No such kind of verification", "`none`, `optional` or `required`."),
    by_keyword(
        "bad-ciphers",
        "Ciphers that the TLS library does not know",
        "The list is that of `openssl ciphers`.",
    ),
    row(
        "bad-certificate",
        "5.1",
        "A certificate that cannot be used",
        "The file holds the certificate, its chain and its key in PEM.",
    ),
    row("no-certificate", "5.1", "TLS without a certificate", "Give one with `crt` or `crt-list`."),
    row(
        "temporary-certificate",
        "5.1",
        "A certificate made for the time being",
        "ACME will put the real one in its place.",
    ),
    row(
        "bad-crt-list",
        "5.1",
        "A wrong line in a crt-list",
        "A certificate, options in brackets, and names.",
    ),
    row("no-ca-file", "5.2", "Verification without authorities", "Give `ca-file`, or `verify none`."),
    by_keyword("no-directory", "A directory that cannot be read", "Check its path and the rights."),
];
