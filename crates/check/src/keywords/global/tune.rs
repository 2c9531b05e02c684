//! `tune.*` numbers. Those of Lua stand with Lua.

use base::time::Unit;
use ir::spec::Sections;

use crate::context::Context;
use crate::keyword::{Keyword, MANY, ONE, Set};
use crate::line::Line;

const HERE: Sections = Sections::GLOBAL;
const MAX: i64 = i32::MAX as i64;

fn usize_of(n: i64) -> usize {
    usize::try_from(n).unwrap_or(0)
}

fn u32_of(n: i64) -> u32 {
    u32::try_from(n).unwrap_or(0)
}

fn logurilen(c: &mut Context<'_>, n: i64) {
    c.global().tune.http_logurilen = usize_of(n);
}

fn ssl_default_dh_param(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = line.arg(0) else { return };
    let bits = crate::numbers::lenient(&word.text);
    if bits < 1024 {
        return c.alert("out-of-range", word.span, "'tune.ssl.default-dh-param' expects a value >= 1024.");
    }
    c.global().tune.ssl_default_dh_param = u32_of(bits);
}

/// A number that is kept, in bytes or units.
const fn number(
    name: &'static str,
    doc: &'static str,
    min: i64,
    max: i64,
    set: fn(&mut Context<'_>, i64),
) -> Keyword {
    Keyword::new(name, doc, HERE, "<number>", ONE, Set::Int(min, max, set))
}

/// A size in bytes that is kept.
const fn size(name: &'static str, doc: &'static str, set: fn(&mut Context<'_>, u64)) -> Keyword {
    Keyword::new(name, doc, HERE, "<size>", ONE, Set::Size(set)).missing("'{}' expects an integer argument.")
}

const fn parsed(name: &'static str, doc: &'static str) -> Keyword {
    Keyword::new(name, doc, HERE, "<value>", MANY, Set::Nothing).parsed()
}

fn bytes(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

pub const ROWS: &[Keyword] = &[
    size("tune.bufsize", "The size of a buffer.", |c, n| c.global().tune.bufsize = bytes(n)),
    number("tune.maxrewrite", "How much of a buffer is kept free for rewriting.", 0, MAX, |c, n| {
        c.global().tune.maxrewrite = usize_of(n)
    }),
    number("tune.http.maxhdr", "The greatest number of headers.", 1, 32767, |c, n| {
        c.global().tune.http_maxhdr = usize_of(n)
    })
    .range("'{}' expects a numeric value between 1 and 32767"),
    number("tune.http.logurilen", "How much of a URI a log line shows.", 0, MAX, logurilen),
    Keyword::new(
        "tune.ssl.default-dh-param",
        "Bits of the Diffie-Hellman parameters.",
        HERE,
        "<number>",
        ONE,
        Set::Line(ssl_default_dh_param),
    )
    .missing("'{}' expects an integer argument."),
    number("tune.ssl.cachesize", "TLS sessions that are kept.", 0, MAX, |c, n| {
        c.global().tune.ssl_cachesize = u32_of(n)
    }),
    Keyword::new(
        "tune.ssl.lifetime",
        "How long TLS sessions are kept.",
        HERE,
        "<timeout>",
        ONE,
        Set::Time(Unit::S, |c, s| c.global().tune.ssl_lifetime = s.saturating_mul(1000)),
    )
    .missing("'{}' expects ssl sessions <lifetime> in seconds as argument."),
    number("tune.maxaccept", "Connections accepted in a row.", -1, MAX, |c, n| {
        c.global().tune.maxaccept = i32::try_from(n).unwrap_or(-1)
    }),
    number(
        "tune.pool-low-fd-ratio",
        "The share of descriptors above which idle connections are not kept.",
        0,
        100,
        |c, n| c.global().tune.pool_low_fd_ratio = u32_of(n),
    ),
    number("tune.rcvbuf.client", "Receive buffers towards clients.", 0, MAX, |c, n| {
        c.global().tune.rcvbuf_client = Some(usize_of(n))
    }),
    number("tune.rcvbuf.server", "Receive buffers towards servers.", 0, MAX, |c, n| {
        c.global().tune.rcvbuf_server = Some(usize_of(n))
    }),
    number("tune.sndbuf.client", "Send buffers towards clients.", 0, MAX, |c, n| {
        c.global().tune.sndbuf_client = Some(usize_of(n))
    }),
    number("tune.sndbuf.server", "Send buffers towards servers.", 0, MAX, |c, n| {
        c.global().tune.sndbuf_server = Some(usize_of(n))
    }),
    number("tune.h2.max-concurrent-streams", "Streams of an HTTP/2 connection.", 0, MAX, |c, n| {
        c.global().tune.h2_max_concurrent_streams = u32_of(n)
    }),
    number(
        "tune.h2.fe.max-concurrent-streams",
        "Streams of a client's HTTP/2 connection.",
        0,
        MAX,
        |c, n| c.global().tune.h2_max_concurrent_streams = u32_of(n),
    ),
    number("tune.h2.initial-window-size", "The window of an HTTP/2 stream.", 0, MAX, |c, n| {
        c.global().tune.h2_initial_window_size = u32_of(n)
    }),
    number("tune.h2.fe.initial-window-size", "The window of a client's HTTP/2 stream.", 0, MAX, |c, n| {
        c.global().tune.h2_initial_window_size = u32_of(n)
    }),
    number("tune.h2.header-table-size", "The HPACK table.", 0, 65535, |c, n| {
        c.global().tune.h2_header_table_size = u32_of(n)
    }),
    number("tune.h2.max-frame-size", "The largest HTTP/2 frame.", 16384, 16_777_215, |c, n| {
        c.global().tune.h2_max_frame_size = u32_of(n)
    })
    .range("'{}' expects a numeric value between 16384 and 16777215."),
    parsed("tune.h2.be.max-concurrent-streams", "Streams of a server's HTTP/2 connection."),
    parsed("tune.h2.be.initial-window-size", "The window of a server's HTTP/2 stream."),
    parsed("tune.h2.be.rxbuf", "Buffers of a server's HTTP/2 connection."),
    parsed("tune.h2.fe.rxbuf", "Buffers of a client's HTTP/2 connection."),
    parsed("tune.h2.be.glitches-threshold", "Oddities after which a connection is closed."),
    parsed("tune.h2.fe.glitches-threshold", "Oddities after which a connection is closed."),
    parsed("tune.h2.be.max-frames-at-once", "Frames handled in a row."),
    parsed("tune.h2.fe.max-frames-at-once", "Frames handled in a row."),
    parsed("tune.h2.fe.max-rst-at-once", "Resets handled in a row."),
    parsed("tune.h2.fe.max-total-streams", "Streams after which a connection is closed."),
    parsed("tune.h2.log-errors", "Which HTTP/2 errors are logged."),
    parsed("tune.h2.zero-copy-fwd-send", "Sends without a copy."),
    parsed("tune.h1.be.glitches-threshold", "Oddities after which a connection is closed."),
    parsed("tune.h1.fe.glitches-threshold", "Oddities after which a connection is closed."),
    parsed("tune.h1.zero-copy-fwd-recv", "Receives without a copy."),
    parsed("tune.h1.zero-copy-fwd-send", "Sends without a copy."),
    parsed("tune.applet.zero-copy-forwarding", "Forwards from applets without a copy."),
    parsed("tune.pt.zero-copy-forwarding", "Forwards raw data without a copy."),
    parsed("tune.disable-fast-forward", "Does not forward in a hurry."),
    parsed("tune.disable-zero-copy-forwarding", "Does not forward without a copy."),
    parsed("tune.buffers.limit", "Buffers of a process."),
    parsed("tune.buffers.reserve", "Buffers kept for what is urgent."),
    parsed("tune.bufsize.large", "The size of a large buffer."),
    parsed("tune.bufsize.small", "The size of a small buffer."),
    parsed("tune.cli.max-payload-size", "The largest payload on the CLI."),
    parsed("tune.comp.maxlevel", "The highest compression level."),
    parsed("tune.defaults.purge", "Forgets unused defaults."),
    parsed("tune.epoll.mask-events", "Which events are not asked for."),
    parsed("tune.events.max-events-at-once", "Events handled in a row."),
    parsed("tune.fail-alloc", "Makes allocations fail, for tests."),
    parsed("tune.fd.edge-triggered", "Registers descriptors edge-triggered."),
    parsed("tune.fd.tables", "How descriptors are shared."),
    parsed("tune.glitches.kill.cpu-usage", "The CPU share above which odd connections are closed."),
    parsed("tune.http.cookielen", "How much of a captured cookie is kept."),
    parsed("tune.idle-pool.shared", "Whether threads share idle connections."),
    parsed("tune.idletimer", "When a stream counts as idle."),
    parsed("tune.listener.default-shards", "Into how many sockets a bind line is split."),
    parsed("tune.listener.multi-queue", "How connections are spread over threads."),
    parsed("tune.max-checks-per-thread", "Checks a thread runs at a time."),
    parsed("tune.max-rules-at-once", "Rules evaluated in a row."),
    parsed("tune.maxpollevents", "Events taken at a time."),
    parsed("tune.memory.hot-size", "Memory that a thread keeps."),
    parsed("tune.notsent-lowat.client", "Unsent data towards clients."),
    parsed("tune.notsent-lowat.server", "Unsent data towards servers."),
    parsed("tune.pattern.cache-size", "Results of pattern lookups that are kept."),
    parsed("tune.peers.max-updates-at-once", "Updates sent to a peer in a row."),
    parsed("tune.pipesize", "The size of a pipe."),
    parsed("tune.pool-high-fd-ratio", "The share of descriptors above which idle connections are closed."),
    parsed("tune.rcvbuf.backend", "Receive buffers of datagrams towards servers."),
    parsed("tune.rcvbuf.frontend", "Receive buffers of datagrams towards clients."),
    parsed("tune.sndbuf.backend", "Send buffers of datagrams towards servers."),
    parsed("tune.sndbuf.frontend", "Send buffers of datagrams towards clients."),
    parsed("tune.recv_enough", "How much is enough to stop receiving."),
    parsed("tune.renice.runtime", "The priority of the process."),
    parsed("tune.renice.startup", "The priority while starting."),
    parsed("tune.ring.queues", "Queues of a ring."),
    parsed("tune.runqueue-depth", "Tasks run in a row."),
    parsed("tune.sched.low-latency", "Prefers latency over throughput."),
    parsed("tune.ssl.capture-buffer-size", "How much of a client hello is kept."),
    parsed("tune.ssl.capture-cipherlist-size", "How much of a cipher list is kept."),
    parsed("tune.ssl.certificate-compression", "Whether certificates are compressed."),
    parsed("tune.ssl.force-private-cache", "Does not share TLS sessions."),
    parsed("tune.ssl.hard-maxrecord", "The largest TLS record."),
    parsed("tune.ssl.keylog", "Keeps TLS keys for the logs."),
    parsed("tune.ssl.keyupdate-rate-limit", "Key updates a second."),
    parsed("tune.ssl.maxrecord", "The largest TLS record at the start."),
    parsed("tune.ssl.ocsp-update.maxdelay", "The longest time between OCSP updates."),
    parsed("tune.ssl.ocsp-update.mindelay", "The shortest time between OCSP updates."),
    parsed("tune.ssl.ssl-ctx-cache-size", "Generated certificates that are kept."),
    Keyword::new(
        "tune.stick-counters",
        "Stick counters of a stream.",
        HERE,
        "<number>",
        MANY,
        Set::Line(|c, line| {
            c.stick_counters = line.arg(0).map_or(0, |word| crate::numbers::lenient(&word.text));
        }),
    )
    .parsed(),
    parsed("tune.streams-elasticity", "How streams are spread when there are many."),
    parsed("tune.takeover-other-tg-connections", "Whether thread groups share idle connections."),
    parsed("tune.vars.check-max-size", "Memory of a check's variables."),
    parsed("tune.vars.global-max-size", "Memory of all variables."),
    parsed("tune.vars.proc-max-size", "Memory of the process' variables."),
    parsed("tune.vars.reqres-max-size", "Memory of a request's variables."),
    parsed("tune.vars.sess-max-size", "Memory of a session's variables."),
    parsed("tune.vars.txn-max-size", "Memory of a transaction's variables."),
];
