//! Polling, sockets, resolvers of the process and the HTTP client.

use base::time::{TimeError, Unit};
use ir::spec::Sections;

use crate::context::Context;
use crate::keyword::{Keyword, MANY, NONE, ONE, OPTIONAL, SOME, Set};
use crate::line::Line;
use crate::numbers;

use super::tune::{EITHER, INTEGER, choice, switch};

const HERE: Sections = Sections::GLOBAL;

fn unix_bind(c: &mut Context<'_>, line: &Line<'_>) {
    for pair in line.args.chunks(2) {
        let value = pair.get(1).map_or(b"".as_slice(), |word| &word.text);
        let shown = String::from_utf8_lossy(value);
        let text = match (pair[0].lossy().as_ref(), pair.get(1)) {
            ("prefix", _) if !c.unix_prefix.is_empty() => {
                super::process::told_twice(c, line, "unix-bind 'prefix' already specified. Continuing.");
                continue;
            }
            ("prefix", Some(prefix)) => {
                c.unix_prefix = prefix.text.clone();
                continue;
            }
            ("prefix", None) => "unix_bind 'prefix' expects a path as an argument.".to_owned(),
            ("user", _) if c.loader.user_id(value).is_none() => {
                format!("'unix-bind' : '{shown}' unknown user.")
            }
            ("group", _) if c.loader.group_id(value).is_none() => {
                format!("'unix-bind' : '{shown}' unknown group.")
            }
            ("mode" | "uid" | "gid" | "user" | "group", _) => {
                c.warn_parsed("unix-bind", line.span);
                continue;
            }
            _ => "'unix-bind' only supports the 'prefix', 'mode', 'uid', 'gid', 'user' and 'group' options."
                .to_owned(),
        };
        return c.alert("bad-value", line.span, text);
    }
}

/// `ipv4,ipv6`, or `auto`
fn accept_family(c: &mut Context<'_>, line: &Line<'_>) {
    let list = line.lossy(0);
    let mut families = list.split_terminator(',');
    let wrong = families.find(|family| !matches!(*family, "ipv4" | "ipv6" | "auto"));
    if list.is_empty() || wrong.is_some() {
        // HAProxy cuts its list while it reads it.
        let text = format!(
            "'{}' expects a comma-delimited list of 'ipv4' and 'ipv6' but got '{}'.",
            line.keyword(),
            list.split(',').next().unwrap_or_default()
        );
        c.alert("bad-value", line.span, text);
    }
}

fn client_connect_time(c: &mut Context<'_>, line: &Line<'_>) {
    let (template, at) = match numbers::time(c, line, Unit::Ms) {
        _ if line.args.is_empty() => {
            c.alert("missing-argument", line.span, numbers::fill(INTEGER, line, 0));
            ("(null)", 0)
        }
        Ok(_) => return,
        Err(TimeError::Over) => {
            ("timer overflow in argument '{v}' to '{}' (maximum value is 2147483647 ms or ~24.8 days)", 0)
        }
        Err(TimeError::Unexpected(at)) => ("unexpected character '{c}' in '{}'", at),
    };
    c.alert("bad-time", line.span, numbers::fill(template, line, at));
}

fn acme_scheduler(c: &mut Context<'_>, line: &Line<'_>) {
    let place = c.at(line.span);
    let section = c.section_name.clone();
    let keyword = format!("parsing [{place}]: keyword '{}' in '{section}' section", line.keyword());
    let text = match line.args {
        [] => format!("{keyword} requires an argument\n"),
        [_, extra, ..] => {
            let text = format!("'{}' cannot handle unexpected argument '{}'.", line.keyword(), extra.lossy());
            c.alert("extra-argument", extra.span, text);
            "(null)".to_owned()
        }
        [word] if word.is("auto") || word.is("off") => return,
        [_] => format!("{keyword} requires either 'auto' or 'off' argument"),
    };
    c.alert("bad-value", line.span, text);
}

/// A switch whose feature this program has in no other form.
const fn without_meaning(name: &'static str, doc: &'static str) -> Keyword {
    Keyword::new(name, doc, HERE, "", NONE, Set::Nothing)
}

const fn parsed_flag(name: &'static str, doc: &'static str) -> Keyword {
    Keyword::new(name, doc, HERE, "", NONE, Set::Nothing).parsed()
}

/// `on` or `off`, whatever stands behind it.
const fn privileged_ports(name: &'static str, set: fn(&mut Context<'_>, bool)) -> Keyword {
    const RANGE: &str = "'{}' expects either 'on' or 'off'.";
    Keyword::new(name, "Refuses clients from low ports.", HERE, "{ on | off }", SOME, Set::OnOff(set))
        .missing(RANGE)
        .range(RANGE)
}

pub const ROWS: &[Keyword] = &[
    without_meaning("noepoll", "Does not use epoll.").early(),
    without_meaning("nopoll", "Does not use poll.").early(),
    without_meaning("nokqueue", "Does not use kqueue.").early(),
    without_meaning("noevports", "Does not use event ports.").early(),
    without_meaning("no-memory-trimming", "Does not give memory back to the system."),
    Keyword::new(
        "nosplice",
        "Does not splice.",
        HERE,
        "",
        NONE,
        Set::Flag(|c| c.global().max_pipes = Some(0)),
    )
    .unlisted(),
    without_meaning("nogetaddrinfo", "Resolves without getaddrinfo.").unlisted(),
    Keyword::new(
        "noreuseport",
        "Does not share ports among processes.",
        HERE,
        "",
        NONE,
        Set::Flag(|c| c.global().no_reuseport = true),
    )
    .unlisted(),
    parsed_flag("noktls", "Does not use kernel TLS.").early(),
    parsed_flag("limited-quic", "Uses QUIC with limits.").unlisted(),
    parsed_flag("pp2-never-send-local", "Never sends LOCAL in the PROXY protocol."),
    Keyword::new(
        "dns-accept-family",
        "Which addresses resolvers may use.",
        HERE,
        "<family>[,...]",
        OPTIONAL,
        Set::Line(accept_family),
    )
    .parsed(),
    privileged_ports("harden.reject-privileged-ports.tcp", |c, on| c.global().rejects_privileged_ports = on),
    privileged_ports("harden.reject-privileged-ports.quic", |_, _| {}).parsed(),
    switch("httpclient.resolvers.disabled", "The HTTP client does not resolve.", EITHER),
    Keyword::new(
        "httpclient.resolvers.id",
        "The HTTP client's resolvers.",
        HERE,
        "<resolvers id>",
        OPTIONAL,
        Set::Word(|c, id| c.process.client_resolvers = id),
    )
    .parsed(),
    choice(
        "httpclient.resolvers.prefer",
        "The family the HTTP client prefers.",
        "<ipv4|ipv6>",
        &["ipv4", "ipv6"],
        "'{}' expects 'ipv4' or 'ipv6' as argument.",
    )
    .null(),
    Keyword::new(
        "httpclient.retries",
        "How often the HTTP client retries.",
        HERE,
        "<number>",
        ONE,
        Set::Atol(i64::MIN, i64::MAX, |_, _| {}),
    )
    .null()
    .parsed(),
    Keyword::new(
        "httpclient.ssl.ca-file",
        "The HTTP client's authorities.",
        HERE,
        "<cafile>",
        OPTIONAL,
        Set::Nothing,
    )
    .parsed(),
    choice(
        "httpclient.ssl.verify",
        "Whether the HTTP client verifies.",
        "[none|required]",
        &["none", "required"],
        "'{}' expects 'none' or 'required' as argument.",
    )
    .null(),
    Keyword::new(
        "httpclient.timeout.connect",
        "How long the HTTP client connects.",
        HERE,
        "<time>",
        OPTIONAL,
        Set::Line(client_connect_time),
    )
    .parsed(),
    Keyword::new(
        "acme.scheduler",
        "Whether ACME runs by itself.",
        HERE,
        "{ auto | off }",
        MANY,
        Set::Line(acme_scheduler),
    )
    .parsed(),
    Keyword::new(
        "unix-bind",
        "What paths of UNIX sockets start from.",
        HERE,
        "[prefix <prefix>] [mode <mode>] …",
        MANY,
        Set::Line(unix_bind),
    )
    .unlisted(),
];
