//! How much: connections, rates, threads, checks.

use base::time::Unit;
use ir::spec::Sections;

use crate::context::Context;
use crate::keyword::{Keyword, MANY, NONE, ONE, OPTIONAL, SOME, Set};
use crate::line::Line;

const HERE: Sections = Sections::GLOBAL;
const MAX: i64 = i32::MAX as i64;

fn maxconn(c: &mut Context<'_>, line: &Line<'_>) {
    if c.global().maxconn.is_some() {
        let text = "'maxconn' already specified. Continuing.";
        return super::process::told_twice(c, line, text);
    }
    let value = crate::numbers::int(c, line, 0, MAX).and_then(|n| u32::try_from(n).ok());
    // 0 asks for the computed value, as leaving it out does.
    c.global().maxconn = value.filter(|n| *n > 0);
}

fn spread_checks(c: &mut Context<'_>, line: &Line<'_>) {
    if c.global().spread_checks != 0 {
        let text = "spread-checks already specified. Continuing.";
        let told = diag::Diagnostic::error("already-specified", line.span, text);
        return c.push(told.with_effect(diag::Effect::None).at(diag::Place::ParsingTight));
    }
    let Some(word) = line.arg(0) else {
        let text = "'spread-checks' expects an integer argument (0..50).";
        return c.alert_tight("missing-argument", line.span, text);
    };
    // As HAProxy does, a value out of the range is told and kept.
    let value = crate::numbers::lenient(&word.text);
    if !(0..=50).contains(&value) {
        c.alert_tight("out-of-range", word.span, "'spread-checks' needs a positive value in range 0..50.");
    }
    c.global().spread_checks = u32::try_from(value).unwrap_or(0);
}

fn max_spread_checks(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = line.arg(0) else { return };
    let text = match crate::numbers::parse_time(c, word, Unit::Ms) {
        Ok(ms) => {
            c.global().max_spread_checks = ms;
            return;
        }
        Err(base::time::TimeError::Over) => format!(
            "timer overflow in argument <{}> to <max-spread-checks>, maximum value is 2147483647 ms (~24.8 days).",
            word.lossy()
        ),
        Err(base::time::TimeError::Unexpected(at)) => format!(
            "unsupported character '{}' in 'max-spread-checks' (wants an integer delay).",
            crate::numbers::character(&word.text, at)
        ),
    };
    c.alert_tight("bad-time", word.span, text);
}

fn nbthread(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = line.arg(0) else { return };
    let Some(value) = base::bytes::parse_i64(&word.text) else {
        let text = format!("'nbthread' passed a missing or unparsable integer value in '{}'", word.lossy());
        return c.alert("bad-number", word.span, text);
    };
    match u32::try_from(value) {
        Ok(threads @ 1..=MAX_THREADS) => c.global().nbthread = Some(threads),
        _ => {
            let text = format!("'nbthread' value must be between 1 and {MAX_THREADS} (was {value})");
            c.alert("out-of-range", word.span, text);
        }
    }
}

/// As HAProxy is built by default.
const MAX_THREADS: u32 = 1024;

pub const ROWS: &[Keyword] = &[
    Keyword::new("maxconn", "The greatest number of connections.", HERE, "<number>", ONE, Set::Line(maxconn))
        .unlisted()
        .missing("'{}' expects an integer argument."),
    Keyword::new(
        "ulimit-n",
        "The limit of file descriptors.",
        HERE,
        "<number>",
        ONE,
        Set::Int(0, MAX, |c, n| c.global().ulimit_n = u32::try_from(n).ok()),
    )
    .unlisted(),
    Keyword::new("nbthread", "The number of threads.", HERE, "<number>", ONE, Set::Line(nbthread)),
    Keyword::new(
        "spread-checks",
        "By how many percent the time of checks varies.",
        HERE,
        "<0..50, in percent>",
        OPTIONAL,
        Set::Line(spread_checks),
    )
    .unlisted()
    .missing("'{}' expects an integer argument (0..50).")
    .tight(),
    Keyword::new(
        "max-spread-checks",
        "How far apart the first checks may be.",
        HERE,
        "<delay in milliseconds>",
        ONE,
        Set::Line(max_spread_checks),
    )
    .unlisted()
    .missing("'{}' expects an integer argument (0..50).")
    .tight(),
    Keyword::new(
        "strict-limits",
        "Refuses to start when limits cannot be set.",
        HERE,
        "",
        NONE,
        Set::Switch(|c, on| c.global().strict_limits = on),
    )
    .unlisted(),
    Keyword::new(
        "fd-hard-limit",
        "The highest descriptor that is computed with.",
        HERE,
        "<number>",
        ONE,
        Set::Int(0, MAX, |_, _| {}),
    )
    .unlisted()
    .parsed(),
    Keyword::new("maxconnrate", "Connections a second.", HERE, "<number>", ONE, Set::Int(0, MAX, |_, _| {}))
        .unlisted()
        .parsed(),
    Keyword::new("maxsessrate", "Sessions a second.", HERE, "<number>", ONE, Set::Int(0, MAX, |_, _| {}))
        .unlisted()
        .parsed(),
    Keyword::new("maxsslrate", "TLS sessions a second.", HERE, "<number>", ONE, Set::Int(0, MAX, |_, _| {}))
        .unlisted()
        .parsed(),
    Keyword::new(
        "maxsslconn",
        "TLS connections at a time.",
        HERE,
        "<number>",
        ONE,
        Set::Int(0, MAX, |_, _| {}),
    )
    .parsed(),
    Keyword::new(
        "maxcomprate",
        "Compression input, in kB/s.",
        HERE,
        "<number>",
        ONE,
        Set::Int(0, MAX, |_, _| {}),
    )
    .unlisted()
    .missing("'{}' expects an integer argument in kb/s.")
    .parsed(),
    Keyword::new(
        "maxcompcpuusage",
        "The CPU share above which nothing is compressed.",
        HERE,
        "<percent>",
        ONE,
        Set::Int(0, 100, |_, _| {}),
    )
    .unlisted()
    .missing("'{}' expects an integer argument between 0 and 100.")
    .parsed(),
    Keyword::new("maxpipes", "Pipes for splicing.", HERE, "<number>", ONE, Set::Int(0, MAX, |_, _| {}))
        .unlisted()
        .parsed(),
    Keyword::new(
        "maxzlibmem",
        "Memory for compression, in MB.",
        HERE,
        "<number>",
        ONE,
        Set::Int(0, MAX, |_, _| {}),
    )
    .unlisted()
    .parsed(),
    Keyword::new(
        "max-threads-per-group",
        "Threads in a group.",
        HERE,
        "<number>",
        ONE,
        Set::Int(1, 1024, |_, _| {}),
    )
    .parsed(),
    Keyword::new(
        "thread-groups",
        "The number of thread groups.",
        HERE,
        "<number>",
        ONE,
        Set::Int(1, 64, |_, _| {}),
    )
    .parsed(),
    Keyword::new(
        "thread-group",
        "The threads of a group.",
        HERE,
        "<group> [<thread-range>...]",
        SOME,
        Set::Nothing,
    )
    .parsed(),
    Keyword::new(
        "thread-hard-limit",
        "The greatest number of threads.",
        HERE,
        "<number>",
        ONE,
        Set::Int(1, MAX, |_, _| {}),
    )
    .parsed(),
    Keyword::new(
        "cpu-map",
        "Binds threads to CPUs.",
        HERE,
        "[auto:]<thread-group>[/<thread-set>] <cpu-set>...",
        MANY,
        Set::Nothing,
    )
    .unlisted()
    .parsed(),
    Keyword::new("cpu-policy", "How threads are spread over CPUs.", HERE, "<policy>", SOME, Set::Nothing)
        .parsed(),
    Keyword::new(
        "cpu-affinity",
        "How tightly threads are bound to CPUs.",
        HERE,
        "<affinity>",
        SOME,
        Set::Nothing,
    )
    .parsed(),
    Keyword::new("cpu-set", "Which CPUs are used.", HERE, "<directive>...", SOME, Set::Nothing).parsed(),
    Keyword::new("numa-cpu-mapping", "Keeps to one NUMA node.", HERE, "", NONE, Set::Nothing)
        .unlisted()
        .with_no(),
    Keyword::new("prealloc-fd", "Reserves the table of descriptors.", HERE, "", NONE, Set::Nothing),
    Keyword::new("busy-polling", "Polls without sleeping.", HERE, "", NONE, Set::Nothing)
        .unlisted()
        .parsed()
        .with_no(),
    Keyword::new(
        "warn-blocked-traffic-after",
        "When a thread that does not move is told.",
        HERE,
        "<time>",
        ONE,
        Set::Time(Unit::Ms, |_, _| {}),
    )
    .parsed(),
    Keyword::new("profiling.tasks", "Measures tasks.", HERE, "{ auto | on | off }", OPTIONAL, Set::Nothing)
        .parsed(),
    Keyword::new("profiling.memory", "Measures memory.", HERE, "{ on | off }", OPTIONAL, Set::Nothing)
        .unlisted()
        .parsed(),
];
