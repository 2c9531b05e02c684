//! `tune.*`: buffers, events, memory. Those of HTTP, TLS and Lua stand in files of their own.

use base::time::{TimeError, Unit};
use ir::config::{Shards, VarLimits};
use ir::spec::Sections;

use crate::context::Context;
use crate::keyword::{ALREADY, Again, Keyword, MANY, NONE, ONE, OPTIONAL, Set};
use crate::line::Line;
use crate::numbers;

const HERE: Sections = Sections::GLOBAL;
pub const ANY: (i64, i64) = (i64::MIN, i64::MAX);
pub const POSITIVE: (i64, i64) = (0, i64::MAX);
/// The greatest size that C's `int` holds.
const INT_MAX: u64 = 2_147_483_647;
/// The same with room for two pointers.
const BUFSIZE_MAX: u32 = 2_147_483_631;

pub fn usize_of(n: i64) -> usize {
    usize::try_from(n).unwrap_or(0)
}

pub fn u32_of(n: i64) -> u32 {
    u32::try_from(n).unwrap_or(0)
}

/// A number that may be left out, and is 0 then.
pub const fn number(
    name: &'static str,
    doc: &'static str,
    (min, max): (i64, i64),
    range: &'static str,
    set: fn(&mut Context<'_>, i64),
) -> Keyword {
    Keyword::new(name, doc, HERE, "<number>", OPTIONAL, Set::Atoi(min, max, set)).range(range)
}

/// The same; nothing reads it yet.
pub const fn unread(
    name: &'static str,
    doc: &'static str,
    bounds: (i64, i64),
    range: &'static str,
) -> Keyword {
    number(name, doc, bounds, range, |_, _| {}).parsed()
}

/// A number that must be there.
pub const fn needed(
    name: &'static str,
    doc: &'static str,
    (min, max): (i64, i64),
    range: &'static str,
    set: fn(&mut Context<'_>, i64),
) -> Keyword {
    Keyword::new(name, doc, HERE, "<number>", ONE, Set::Atoi(min, max, set)).range(range)
}

/// A size in bytes that must be there.
const fn size(name: &'static str, doc: &'static str, set: fn(&mut Context<'_>, u64)) -> Keyword {
    Keyword::new(name, doc, HERE, "<size>", ONE, Set::Size(0, u64::MAX, set)).missing(INTEGER)
}

/// The same, once.
const fn socket_size(name: &'static str, doc: &'static str, set: fn(&mut Context<'_>, u64)) -> Keyword {
    size(name, doc, set).again(Again::Warning(ALREADY))
}

/// A share in percent.
const fn ratio(name: &'static str, doc: &'static str, set: fn(&mut Context<'_>, i64)) -> Keyword {
    needed(name, doc, (0, 100), RATIO, set).missing(RATIO)
}

/// The size of the socket buffers that all datagrams of a side share.
const fn datagram_size(name: &'static str, doc: &'static str) -> Keyword {
    Keyword::new(name, doc, HERE, "<size>", OPTIONAL, Set::Line(datagrams))
}

/// One of these words; nothing reads it yet.
pub const fn choice(
    name: &'static str,
    doc: &'static str,
    usage: &'static str,
    words: &'static [&'static str],
    range: &'static str,
) -> Keyword {
    Keyword::new(name, doc, HERE, usage, OPTIONAL, Set::Choice(words, |_, _| {})).range(range).parsed()
}

/// `on` or `off`; nothing reads it yet.
pub const fn switch(name: &'static str, doc: &'static str, range: &'static str) -> Keyword {
    choice(name, doc, "{ on | off }", &["on", "off"], range)
}

const fn flag(name: &'static str, doc: &'static str) -> Keyword {
    Keyword::new(name, doc, HERE, "", NONE, Set::Nothing).parsed()
}

/// The greatest memory of a scope's variables; as in HAProxy, 32 bits of it count.
const fn variables(name: &'static str, doc: &'static str, set: fn(&mut Context<'_>, i64)) -> Keyword {
    Keyword::new(name, doc, HERE, "<size>", MANY, Set::Int(i64::MIN, i64::MAX, set))
        .malformed("{}: '{v}' is an invalid size")
}

fn limits<'c>(c: &'c mut Context<'_>) -> &'c mut VarLimits {
    &mut c.global().tune.vars
}

fn low(size: i64) -> i64 {
    i64::from(size as u32)
}

pub const INTEGER: &str = "'{}' expects an integer argument.";
pub const POSITIVE_NUMBER: &str = "'{}' expects a positive numeric value.";
pub const EITHER: &str = "'{}' expects either 'on' or 'off' but got '{v}'.";
pub const ON_OFF: &str = "'{}' expects 'on' or 'off'.";
const RATIO: &str = "'{}' expects an integer argument between 0 and 100.";
const SHORT_TIME: &str = "'{}' expects a timer value between 0 and 65535 ms.";

fn bytes(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

fn bufsize(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = line.arg(0) else { return };
    let size = match base::size::parse_u32(&word.text) {
        Ok(size @ 1..=BUFSIZE_MAX) => size,
        Ok(0) => {
            return c.alert("out-of-range", word.span, "'tune.bufsize' expects a positive integer argument.");
        }
        Ok(_) => {
            let text = format!("'tune.bufsize' expects a size in bytes from 0 to {BUFSIZE_MAX}.");
            return c.alert("out-of-range", word.span, text);
        }
        Err(error) => {
            let text = numbers::fill("unexpected '{rest}' after size passed to '{}'", line, error.offset);
            return c.alert("bad-size", word.span, text);
        }
    };
    // HAProxy aligns it for two pointers.
    c.global().tune.bufsize = bytes(u64::from(size)).next_multiple_of(16);
}

/// A time of at most 65535 milliseconds.
fn short_time(c: &mut Context<'_>, line: &Line<'_>) -> Option<u64> {
    let told = match numbers::time(c, line, Unit::Ms) {
        Ok(ms @ 0..=65535) => return Some(ms),
        Ok(_) => numbers::fill(SHORT_TIME, line, 0),
        Err(TimeError::Over) => {
            numbers::fill("timer overflow in argument <{v}> to <{}>, maximum value is 65535 ms.", line, 0)
        }
        Err(TimeError::Unexpected(at)) => {
            numbers::fill("unexpected character '{c}' in argument to <{}>.", line, at)
        }
    };
    c.alert("bad-time", line.span, told);
    None
}

fn idle_timer(c: &mut Context<'_>, line: &Line<'_>) {
    if let Some(ms) = short_time(c, line) {
        c.global().tune.idletimer = ms;
    }
}

fn datagrams(c: &mut Context<'_>, line: &Line<'_>) {
    let text = line.arg(0).map_or(b"".as_slice(), |word| &word.text);
    // Messages name the place a second time.
    let at = c.at(line.span);
    let told = match base::size::parse_u32(text) {
        _ if c.process.given.contains(datagram_name(line)) => {
            let text =
                format!("parsing [{at}] : ignoring '{}' which was already specified.\n", line.keyword());
            return c.warn("already-specified", line.span, text);
        }
        Ok(0) => {
            format!("parsing [{at}] : '{}' expects a strictly positive integer argument.\n", line.keyword())
        }
        Ok(size) => {
            let name = datagram_name(line);
            c.process.given.insert(name);
            let tune = &mut c.global().tune;
            let buffers = match name.ends_with("frontend") {
                true => &mut tune.datagrams_client,
                false => &mut tune.datagrams_server,
            };
            let side = if name.starts_with("tune.rcvbuf") { &mut buffers.receive } else { &mut buffers.send };
            *side = Some(bytes(u64::from(size)));
            return;
        }
        Err(error) => {
            let rest = numbers::fill("unexpected '{rest}' after size passed to '{}'", line, error.offset);
            format!("parsing [{at}]: {rest}")
        }
    };
    c.alert("bad-size", line.span, told);
}

fn datagram_name(line: &Line<'_>) -> &'static str {
    let is_it = |row: &&Keyword| line.name[0].is(row.spec.name);
    ROWS.iter().find(is_it).map_or("", |row| row.spec.name)
}

/// `proxies,servers`, or one of `all` and `none`.
fn purge(c: &mut Context<'_>, line: &Line<'_>) {
    let value = line.lossy(0);
    if matches!(value.as_str(), "all" | "none") {
        return;
    }
    for name in value.split_terminator(',').chain(value.is_empty().then_some("")) {
        let text = match name {
            "proxies" | "servers" => continue,
            "all" | "none" => format!("'{}' value '{name}' is exclusive.", line.keyword()),
            _ => format!("'{}' unknown directive '{name}'.", line.keyword()),
        };
        return c.alert("bad-value", line.span, text);
    }
}

/// `err,hup,rdhup`
fn mask_events(c: &mut Context<'_>, line: &Line<'_>) {
    let value = line.lossy(0);
    let unknown = value.split_terminator(',').find(|name| !matches!(*name, "err" | "hup" | "rdhup"));
    if let Some(name) = unknown {
        let text = format!(
            "'{}' expects a comma-delimited list of 'err', 'hup' and 'rdhup' but got '{name}'.",
            line.keyword()
        );
        c.alert("bad-value", line.span, text);
    }
}

fn takeover(c: &mut Context<'_>, line: &Line<'_>) {
    let text = "'tune.takeover-other-tg-connections' is deprecated and will be removed in version 3.7. \
                Please use 'tune.idle-pool.shared";
    c.warn_tight("deprecated", line.span, text);
    let template = match line.lossy(0).as_str() {
        "none" | "restricted" | "full" => return,
        "" => "'{}' expects 'none', 'restricted', or 'full'",
        _ => "'{}' expects 'none', 'restricted', or 'full', got '{v}'",
    };
    c.alert("bad-value", line.span, numbers::fill(template, line, 0));
}

fn stick_counters(c: &mut Context<'_>, line: &Line<'_>) {
    let text = line.arg(0).map_or(b"".as_slice(), |word| &word.text);
    let counters = i64::from(numbers::wrapped(text));
    let told = match u32::try_from(counters) {
        _ if !numbers::strtol(text, false).1.is_empty() => {
            numbers::fill("{}: '{v}' is an invalid number", line, 0)
        }
        Ok(counters @ 0..=100) => {
            c.stick_counters = i64::from(counters);
            return;
        }
        _ => format!(
            "{}: the number of stick-counters must be between 1 and 100 (was {counters})",
            line.keyword()
        ),
    };
    c.alert("bad-value", line.span, told);
}

fn elasticity(c: &mut Context<'_>, line: &Line<'_>) {
    let text = line.arg(0).map_or(b"".as_slice(), |word| &word.text);
    let (percent, rest) = numbers::strtol(text, false);
    if text.is_empty() || !rest.is_empty() || (percent != 0 && percent < 100) {
        let told = "'{}' expects 0 or a positive percentage value of 100 or above";
        c.alert("bad-value", line.span, numbers::fill(told, line, 0));
    }
}

pub const ROWS: &[Keyword] = &[
    Keyword::new("tune.bufsize", "The size of a buffer.", HERE, "<size>", ONE, Set::Line(bufsize))
        .missing("'{}' expects an integer argument"),
    needed(
        "tune.maxrewrite",
        "How much of a buffer is kept free for rewriting.",
        POSITIVE,
        "'{}' expects a positive integer argument.",
        |c, n| c.global().tune.maxrewrite = usize_of(n),
    ),
    Keyword::new(
        "tune.maxaccept",
        "Connections accepted in a row.",
        HERE,
        "<number>",
        ONE,
        Set::Atol(i64::MIN, i32::MAX as i64, |c, n| {
            c.global().tune.maxaccept = i32::try_from(n).unwrap_or(-1)
        }),
    )
    .missing("'{}' expects an integer argument")
    .range("'{}' expects -1 or an integer from 0 to INT_MAX.")
    .again(Again::Warning(ALREADY)),
    ratio(
        "tune.pool-low-fd-ratio",
        "The share of descriptors above which idle connections are not kept.",
        |c, n| c.global().tune.pool_low_fd_ratio = u32_of(n),
    ),
    ratio(
        "tune.pool-high-fd-ratio",
        "The share of descriptors above which idle connections are closed.",
        |c, n| c.global().tune.pool_high_fd_ratio = u32_of(n),
    ),
    socket_size("tune.rcvbuf.client", "Receive buffers towards clients.", |c, n| {
        c.global().tune.rcvbuf_client = Some(bytes(n))
    }),
    socket_size("tune.rcvbuf.server", "Receive buffers towards servers.", |c, n| {
        c.global().tune.rcvbuf_server = Some(bytes(n))
    }),
    socket_size("tune.sndbuf.client", "Send buffers towards clients.", |c, n| {
        c.global().tune.sndbuf_client = Some(bytes(n))
    }),
    socket_size("tune.sndbuf.server", "Send buffers towards servers.", |c, n| {
        c.global().tune.sndbuf_server = Some(bytes(n))
    }),
    socket_size("tune.notsent-lowat.client", "Unsent data towards clients.", |c, n| {
        c.global().tune.notsent_lowat_client = bytes(n)
    }),
    socket_size("tune.notsent-lowat.server", "Unsent data towards servers.", |c, n| {
        c.global().tune.notsent_lowat_server = bytes(n)
    }),
    datagram_size("tune.rcvbuf.backend", "Receive buffers of datagrams towards servers.").parsed(),
    datagram_size("tune.rcvbuf.frontend", "Receive buffers of datagrams towards clients."),
    datagram_size("tune.sndbuf.backend", "Send buffers of datagrams towards servers."),
    datagram_size("tune.sndbuf.frontend", "Send buffers of datagrams towards clients."),
    size("tune.pipesize", "The size of a pipe.", |c, n| c.global().tune.pipesize = bytes(n)),
    size("tune.cli.max-payload-size", "The largest payload on the CLI.", |_, _| {})
        .missing("'{}' expects a size argument.")
        .parsed(),
    Keyword::new(
        "tune.recv_enough",
        "How much is enough to stop receiving.",
        HERE,
        "<size>",
        ONE,
        Set::Size(0, INT_MAX, |_, _| {}),
    )
    .missing(INTEGER)
    .range("'{}' expects a size in bytes from 0 to 2147483647.")
    .parsed(),
    Keyword::new(
        "tune.bufsize.large",
        "The size of a large buffer.",
        HERE,
        "<size>",
        ONE,
        Set::Size(1, u64::MAX, |c, _| c.has_large_buffers = true),
    )
    .missing("'{}' expects an integer argument.\n")
    .range("'{}' expects a positive integer argument.\n")
    .parsed(),
    Keyword::new(
        "tune.bufsize.small",
        "The size of a small buffer.",
        HERE,
        "<size>",
        ONE,
        Set::Size(1, u64::MAX, |c, size| c.process.small_bufsize = size),
    )
    .missing("'{}' expects an integer argument.\n")
    .range("'{}' expects a positive integer argument.\n")
    .parsed(),
    unread(
        "tune.buffers.limit",
        "Buffers of a process.",
        POSITIVE,
        "'{}' expects a non-negative number but got '{v}'.",
    ),
    unread(
        "tune.buffers.reserve",
        "Buffers kept for what is urgent.",
        POSITIVE,
        "'{}' expects a non-negative number but got '{v}'.",
    ),
    switch("tune.applet.zero-copy-forwarding", "Forwards from applets without a copy.", ON_OFF),
    switch("tune.pt.zero-copy-forwarding", "Forwards raw data without a copy.", ON_OFF),
    flag("tune.disable-fast-forward", "Does not forward in a hurry."),
    flag("tune.disable-zero-copy-forwarding", "Does not forward without a copy."),
    needed(
        "tune.comp.maxlevel",
        "The highest compression level.",
        (1, 9),
        "'{}' expects a numeric value between 1 and 9",
        |_, _| {},
    )
    .missing("'{}' expects a numeric value between 1 and 9")
    .parsed(),
    Keyword::new(
        "tune.defaults.purge",
        "Forgets unused defaults.",
        HERE,
        "{ none | all | <kind>[,...] }",
        OPTIONAL,
        Set::Line(purge),
    )
    .parsed(),
    Keyword::new(
        "tune.epoll.mask-events",
        "Which events are not asked for.",
        HERE,
        "<event>[,...]",
        OPTIONAL,
        Set::Line(mask_events),
    )
    .parsed(),
    needed(
        "tune.events.max-events-at-once",
        "Events handled in a row.",
        (1, 10_000),
        "'{}' expects an integer argument between 1 and 10000.",
        |_, _| {},
    )
    .missing("'{}' expects an integer argument between 1 and 10000.")
    .parsed(),
    unread(
        "tune.fail-alloc",
        "Makes allocations fail, for tests.",
        (0, 100),
        "'{}' expects a numeric value between 0 and 100.",
    ),
    switch("tune.fd.edge-triggered", "Registers descriptors edge-triggered.", EITHER).experimental(),
    choice(
        "tune.fd.tables",
        "How descriptors are shared.",
        "{ shared | per-thread-group }",
        &["shared", "per-thread-group"],
        "'{}' expects 'shared' or 'per-thread-group', got '{v}'",
    )
    .experimental(),
    needed(
        "tune.glitches.kill.cpu-usage",
        "The CPU share above which odd connections are closed.",
        (0, 100),
        "'{}' expects a numeric value between 0 and 100",
        |c, n| c.global().tune.glitches_kill_cpu_usage = u32_of(n),
    )
    .missing("'{}' expects a numeric value between 0 and 100"),
    Keyword::new(
        "tune.idle-pool.shared",
        "Whether threads share idle connections.",
        HERE,
        "{ full | on | off }",
        OPTIONAL,
        Set::Choice(&["full", "on", "off"], |c, at| c.global().tune.idle_pool_shared = at < 2),
    )
    .range("'{}' expects 'full', 'on' or 'off' but got '{v}'."),
    Keyword::new(
        "tune.takeover-other-tg-connections",
        "Whether thread groups share idle connections.",
        HERE,
        "{ none | restricted | full }",
        OPTIONAL,
        Set::Line(takeover),
    )
    .parsed(),
    Keyword::new(
        "tune.idletimer",
        "When a stream counts as idle.",
        HERE,
        "<timeout>",
        ONE,
        Set::Line(idle_timer),
    )
    .missing(SHORT_TIME),
    Keyword::new(
        "force-cfg-parser-pause",
        "Waits between lines, for tests.",
        HERE,
        "<time>",
        ONE,
        Set::Line(|c, line| _ = short_time(c, line)),
    )
    .missing(SHORT_TIME)
    .experimental()
    .parsed(),
    Keyword::new(
        "tune.listener.default-shards",
        "Into how many sockets a bind line is split.",
        HERE,
        "{ by-process | by-thread | by-group }",
        OPTIONAL,
        Set::Choice(&["by-process", "by-thread", "by-group"], |c, choice| {
            c.process.default_shards = [Shards::Count(1), Shards::ByThread, Shards::ByGroup][choice]
        }),
    )
    .range("'{}' expects either 'by-process', 'by-group', or 'by-thread' but got '{v}'."),
    choice(
        "tune.listener.multi-queue",
        "How connections are spread over threads.",
        "{ on | fair | off }",
        &["on", "fair", "off"],
        "'{}' expects either 'on', 'fair', or 'off' but got '{v}'.",
    ),
    unread("tune.max-checks-per-thread", "Checks a thread runs at a time.", ANY, ""),
    needed(
        "tune.max-rules-at-once",
        "Rules evaluated in a row.",
        POSITIVE,
        "'{}' expects a positive numeric value",
        |_, _| {},
    )
    .missing("'{}' expects a positive numeric value")
    .parsed(),
    needed(
        "tune.pattern.cache-size",
        "Results of pattern lookups that are kept.",
        POSITIVE,
        "'{}' expects a positive numeric value",
        |_, _| {},
    )
    .missing("'{}' expects a positive numeric value")
    .parsed(),
    Keyword::new(
        "tune.maxpollevents",
        "Events taken at a time.",
        HERE,
        "<number>",
        ONE,
        Set::Atol(i64::MIN, 1_000_000, |c, n| {
            c.global().tune.max_poll_events = Some(usize_of(n)).filter(|n| *n > 0)
        }),
    )
    .range("'{}' expects an integer value lower than or equal to 1000000.")
    .again(Again::Warning(ALREADY)),
    needed("tune.runqueue-depth", "Tasks run in a row.", ANY, "", |c, n| {
        c.global().tune.runqueue_depth = Some(u32_of(n)).filter(|n| *n > 0)
    })
    .again(Again::Warning(ALREADY)),
    Keyword::new(
        "tune.memory.hot-size",
        "Memory that a thread keeps.",
        HERE,
        "<number>",
        OPTIONAL,
        Set::Atol(1, i64::MAX, |_, _| {}),
    )
    .range("'{}' expects a strictly positive value.")
    .parsed(),
    needed(
        "tune.peers.max-updates-at-once",
        "Updates sent to a peer in a row.",
        (1, i64::MAX),
        "'{}' expects an integer argument greater than 0.",
        |_, _| {},
    )
    .missing("'{}' expects an integer argument greater than 0.")
    .parsed(),
    unread(
        "tune.ring.queues",
        "Queues of a ring.",
        (0, 16),
        "'{}' expects a number between 0 and 16 but got '{v}'.",
    ),
    switch("tune.sched.low-latency", "Prefers latency over throughput.", EITHER),
    Keyword::new(
        "tune.stick-counters",
        "Stick counters of a stream.",
        HERE,
        "<number>",
        MANY,
        Set::Line(stick_counters),
    ),
    Keyword::new(
        "tune.streams-elasticity",
        "How streams are spread when there are many.",
        HERE,
        "<percent>",
        OPTIONAL,
        Set::Line(elasticity),
    )
    .parsed(),
    variables("tune.vars.check-max-size", "Memory of a check's variables.", |_, _| {}).parsed(),
    variables("tune.vars.global-max-size", "Memory of all variables.", |c, n| limits(c).global = low(n)),
    variables("tune.vars.proc-max-size", "Memory of the process' variables.", |c, n| {
        limits(c).proc = low(n);
    }),
    variables("tune.vars.reqres-max-size", "Memory of a request's variables.", |c, n| {
        limits(c).reqres = low(n);
    }),
    variables("tune.vars.sess-max-size", "Memory of a session's variables.", |c, n| {
        limits(c).sess = low(n);
    }),
    variables("tune.vars.txn-max-size", "Memory of a transaction's variables.", |c, n| {
        limits(c).txn = low(n);
    }),
];
