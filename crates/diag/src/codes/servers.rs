//! Servers, binds and TLS.

use super::{Code, by_keyword, row};

pub const ROWS: &[Code] = &[
    row("unknown-server", "4.2", "No such server", "`use-server` and `track` name a server of a backend."),
    row(
        "unknown-resolvers",
        "5.3.2",
        "No such resolvers section",
        "`resolvers` names a section of that kind.",
    ),
    row("unknown-peers", "11.2", "No such peers section", "`peers` names a section of that kind."),
    row(
        "unknown-mailers",
        "12.3",
        "No such mailers section",
        "`email-alert mailers` names a section of that kind.",
    ),
    row(
        "unknown-healthcheck",
        "12.9",
        "No such healthcheck section",
        "`healthcheck` names a section of that kind.",
    ),
    row(
        "not-in-default-server",
        "5.2",
        "An option that default-server does not take",
        "It belongs to one server: write it there.",
    ),
    row("check-and-track", "5.2", "A server that is checked and tracks another", "Use `check` or `track`."),
    by_keyword("usesrc", "A wrong `usesrc`", "It stands behind `source`, and needs transparent proxying."),
    row("reverse-http", "5.2", "A wrong reverse connection", "The message says which option is missing."),
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
    row(
        "bad-track",
        "5.2",
        "A server that cannot be tracked",
        "It must be checked, and not track another one.",
    ),
    row(
        "tfo-retries",
        "5.2",
        "Early data without retries",
        "Data that the server did not take must be sent again: see `retry-on`.",
    ),
    row(
        "zero-weight",
        "5.2",
        "A server that is never chosen",
        "Its weight is 0, and the algorithm cannot change it.",
    ),
    row(
        "unused-filter",
        "5.1",
        "A filter of a crt-list without effect",
        "Names are taken out of a wildcard on the same line.",
    ),
    row(
        "weak-certificate",
        "3.2",
        "Weak Diffie-Hellman parameters",
        "Raise `tune.ssl.default-dh-param` to 2048, or lower `ssl-security-level`.",
    ),
    row("unknown-log-target", "4.2", "No such ring or log backend", "Name one that the configuration has."),
    by_keyword("unused-option", "An option without effect", "Another option takes its place."),
];
