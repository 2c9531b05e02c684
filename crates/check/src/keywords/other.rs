//! Sections that are accepted and not executed yet: their keywords are known by name. The
//! section itself prints the warning.

use ir::spec::{Section, Sections};

use crate::context::Context;
use crate::keyword::{Keyword, MANY, Set};
use crate::line::Line;

const PEERS: Sections = Sections::one(Section::Peers);
const RESOLVERS: Sections = Sections::one(Section::Resolvers);
const MAILERS: Sections = Sections::one(Section::Mailers);
const CACHE: Sections = Sections::one(Section::Cache);
const RING: Sections = Sections::one(Section::Ring);
const LOG_FORWARD: Sections = Sections::one(Section::LogForward);
const LOG_PROFILE: Sections = Sections::one(Section::LogProfile);
const HTTP_ERRORS: Sections = Sections::one(Section::HttpErrors);
const FCGI: Sections = Sections::one(Section::FcgiApp);
const CRT_STORE: Sections = Sections::one(Section::CrtStore);
const TRACES: Sections = Sections::one(Section::Traces);
const ACME: Sections = Sections::one(Section::Acme);
const HEALTHCHECK: Sections = Sections::one(Section::Healthcheck);

fn nameserver(c: &mut Context<'_>, line: &Line<'_>) {
    let (Some(name), Some(address)) = (line.arg(0), line.arg(1)) else {
        let text = "'nameserver' expects <name> and <addr>[:<port>] as arguments.";
        return c.alert("missing-argument", line.span, text);
    };
    let rules = base::addr::Rules::NAMESERVER;
    if let Err(fail) = crate::address::parse(c, &address.text, address, &rules) {
        c.alert(fail.code, fail.span, format!("'nameserver {}' : {}", name.lossy(), fail.message));
    }
}

const fn row(name: &'static str, sections: Sections, doc: &'static str) -> Keyword {
    Keyword::new(name, doc, sections, "", MANY, Set::Nothing)
}

pub const ROWS: &[Keyword] = &[
    row("bind", PEERS, "Where peers connect."),
    row("default-bind", PEERS, "What bind lines start from."),
    row("default-server", PEERS, "What peers start from."),
    row("disabled", PEERS, "Does not use the section."),
    row("enabled", PEERS, "Uses the section."),
    row("log", PEERS, "Where the section logs."),
    row("peer", PEERS, "A peer."),
    row("server", PEERS, "A peer."),
    row("shards", PEERS, "How tables are split over peers."),
    row("table", PEERS, "A table that peers share."),
    Keyword::new(
        "nameserver",
        "A name server.",
        RESOLVERS,
        "<name> <address>[:port] [param*]",
        MANY,
        Set::Line(nameserver),
    ),
    row("accepted_payload_size", RESOLVERS, "The largest answer."),
    row("parse-resolv-conf", RESOLVERS, "Takes the system's name servers."),
    row("hold", RESOLVERS, "How long answers are kept."),
    row("resolve_retries", RESOLVERS, "How often a query is sent."),
    row("timeout", RESOLVERS, "How long a query waits."),
    row("mailer", MAILERS, "A mail server."),
    row("timeout", MAILERS, "How long a mail server may take."),
    row("total-max-size", CACHE, "The memory of the cache."),
    row("max-object-size", CACHE, "The largest object."),
    row("max-age", CACHE, "How long objects are kept."),
    row("process-vary", CACHE, "Whether Vary is followed."),
    row("max-secondary-entries", CACHE, "Variants of an object."),
    row("backing-file", RING, "The file of the ring."),
    row("description", RING, "A text."),
    row("format", RING, "The format of entries."),
    row("maxlen", RING, "The largest entry."),
    row("server", RING, "Where entries are sent."),
    row("size", RING, "The size of the ring."),
    row("timeout", RING, "How long a server may take."),
    row("bind", LOG_FORWARD, "Where logs come in over streams."),
    row("dgram-bind", LOG_FORWARD, "Where logs come in over datagrams."),
    row("log", LOG_FORWARD, "Where logs go."),
    row("maxconn", LOG_FORWARD, "Clients at a time."),
    row("backlog", LOG_FORWARD, "Connections that wait."),
    row("timeout", LOG_FORWARD, "How long a client may be silent."),
    row("option", LOG_FORWARD, "An option."),
    row("log-tag", LOG_PROFILE, "The program's name."),
    row("on", LOG_PROFILE, "What a step logs."),
    row("errorfile", HTTP_ERRORS, "The page of an error."),
    row("docroot", FCGI, "The directory of the files."),
    row("index", FCGI, "The file of a directory."),
    row("log-stderr", FCGI, "Where errors are logged."),
    row("pass-header", FCGI, "A header that is passed on."),
    row("path-info", FCGI, "How a path is split."),
    row("option", FCGI, "An option."),
    row("set-param", FCGI, "A parameter."),
    row("acl", FCGI, "Names a test."),
    row("compression", FCGI, "Compression."),
    row("filter", FCGI, "A filter."),
    row("crt-base", CRT_STORE, "Where certificates are."),
    row("key-base", CRT_STORE, "Where keys are."),
    row("load", CRT_STORE, "A certificate."),
    row("trace", TRACES, "A trace."),
    row("account-key", ACME, "The account's key."),
    row("acme-vars", ACME, "What tools get."),
    row("bits", ACME, "The key's size."),
    row("challenge", ACME, "The kind of challenge."),
    row("challenge-ready", ACME, "When a challenge is ready."),
    row("contact", ACME, "The account's address."),
    row("curves", ACME, "The key's curve."),
    row("directory", ACME, "The server."),
    row("dns-delay", ACME, "How long DNS may take."),
    row("dns-timeout", ACME, "How long DNS is waited for."),
    row("eab-key-id", ACME, "The external account."),
    row("eab-mac-alg", ACME, "The external account's algorithm."),
    row("eab-mac-key", ACME, "The external account's key."),
    row("keytype", ACME, "The kind of key."),
    row("map", ACME, "The map of challenges."),
    row("profile", ACME, "The profile asked for."),
    row("provider-name", ACME, "The name of the DNS provider."),
    row("reuse-key", ACME, "Keeps the key."),
    row("type", HEALTHCHECK, "The kind of check."),
    row("tcp-check", HEALTHCHECK, "A step of a TCP check."),
    row("http-check", HEALTHCHECK, "A step of an HTTP check."),
];
