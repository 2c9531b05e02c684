//! Polling, sockets, resolvers of the process and the HTTP client.

use ir::spec::Sections;

use crate::context::Context;
use crate::keyword::{Keyword, MANY, NONE, ONE, SOME, Set};
use crate::line::Line;

const HERE: Sections = Sections::GLOBAL;

fn unix_bind(c: &mut Context<'_>, line: &Line<'_>) {
    for pair in line.args.chunks(2) {
        match (pair[0].lossy().as_ref(), pair.get(1)) {
            ("prefix", Some(prefix)) => c.unix_prefix = prefix.text.clone(),
            ("prefix", None) => {
                c.alert("missing-argument", line.span, "unix_bind 'prefix' expects a path as an argument.");
            }
            ("mode" | "uid" | "gid" | "user" | "group", Some(_)) => c.warn_parsed("unix-bind", line.span),
            _ => {
                let text = "'unix-bind' only supports the 'prefix', 'mode', 'uid', 'gid', 'user' and 'group' options.";
                c.alert("unknown-keyword", line.span, text);
            }
        }
    }
}

/// A switch whose feature this program has in no other form.
const fn without_meaning(name: &'static str, doc: &'static str) -> Keyword {
    Keyword::new(name, doc, HERE, "", NONE, Set::Nothing)
}

const fn parsed(name: &'static str, doc: &'static str, usage: &'static str) -> Keyword {
    Keyword::new(name, doc, HERE, usage, SOME, Set::Nothing).parsed()
}

const fn parsed_flag(name: &'static str, doc: &'static str) -> Keyword {
    Keyword::new(name, doc, HERE, "", NONE, Set::Nothing).parsed()
}

pub const ROWS: &[Keyword] = &[
    without_meaning("noepoll", "Does not use epoll."),
    without_meaning("nopoll", "Does not use poll."),
    without_meaning("nokqueue", "Does not use kqueue."),
    without_meaning("noevports", "Does not use event ports."),
    without_meaning("no-memory-trimming", "Does not give memory back to the system."),
    parsed_flag("nosplice", "Does not splice.").unlisted(),
    without_meaning("nogetaddrinfo", "Resolves without getaddrinfo.").unlisted(),
    parsed_flag("noreuseport", "Does not share ports among processes.").unlisted(),
    parsed_flag("noktls", "Does not use kernel TLS."),
    parsed_flag("no-quic", "Does not use QUIC.").unlisted(),
    parsed_flag("limited-quic", "Uses QUIC with limits.").unlisted(),
    parsed_flag("h2-workaround-bogus-websocket-clients", "Does not announce extended CONNECT.").unlisted(),
    parsed_flag("pp2-never-send-local", "Never sends LOCAL in the PROXY protocol."),
    parsed_flag("h1-accept-payload-with-any-method", "Accepts a body with any method."),
    parsed_flag(
        "h1-do-not-close-on-insecure-transfer-encoding",
        "Keeps connections with an unsafe transfer-encoding.",
    ),
    parsed("h1-case-adjust", "Writes a header's name in another case.", "<from> <to>"),
    parsed("h1-case-adjust-file", "The file of header names in another case.", "<hdrs-file>"),
    parsed("dns-accept-family", "Which addresses resolvers may use.", "<family>[,...]"),
    parsed("harden.reject-privileged-ports.tcp", "Refuses clients from low ports.", "{ on | off }"),
    parsed("harden.reject-privileged-ports.quic", "Refuses clients from low ports.", "{ on | off }"),
    parsed("httpclient.resolvers.disabled", "The HTTP client does not resolve.", "<on|off>"),
    parsed("httpclient.resolvers.id", "The HTTP client's resolvers.", "<resolvers id>"),
    parsed("httpclient.resolvers.prefer", "The family the HTTP client prefers.", "<ipv4|ipv6>"),
    parsed("httpclient.retries", "How often the HTTP client retries.", "<number>"),
    parsed("httpclient.ssl.ca-file", "The HTTP client's authorities.", "<cafile>"),
    parsed("httpclient.ssl.verify", "Whether the HTTP client verifies.", "[none|required]"),
    parsed("httpclient.timeout.connect", "How long the HTTP client connects.", "<time>"),
    parsed("ocsp-update.disable", "Does not update OCSP responses.", "[on|off]"),
    parsed("ocsp-update.httpproxy", "The proxy for OCSP updates.", "<address>[:port]"),
    parsed("ocsp-update.maxdelay", "The longest time between OCSP updates.", "<number>"),
    parsed("ocsp-update.mindelay", "The shortest time between OCSP updates.", "<number>"),
    parsed("ocsp-update.mode", "Whether OCSP responses are updated.", "[on|off]"),
    parsed("acme.scheduler", "Whether ACME runs by itself.", "{ auto | off }"),
    Keyword::new(
        "unix-bind",
        "What paths of UNIX sockets start from.",
        HERE,
        "[prefix <prefix>] [mode <mode>] …",
        MANY,
        Set::Line(unix_bind),
    )
    .unlisted(),
    Keyword::new("module-path", "Where modules are looked for.", HERE, "<path>", ONE, Set::Nothing)
        .unlisted()
        .parsed(),
    Keyword::new("module-load", "Loads a module.", HERE, "<module>...", SOME, Set::Nothing)
        .unlisted()
        .parsed(),
];
