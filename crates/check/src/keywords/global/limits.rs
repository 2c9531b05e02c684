//! How much: connections, rates, checks.

use base::time::{TimeError, Unit};
use ir::spec::Sections;

use crate::context::Context;
use crate::keyword::{ALREADY, Again, Keyword, MANY, NONE, ONE, Set};
use crate::line::Line;
use crate::numbers;

use super::tune::u32_of;

const HERE: Sections = Sections::GLOBAL;
const ONCE: Again = Again::Alert(ALREADY);

/// A number as C reads it, once.
const fn number(name: &'static str, doc: &'static str, set: fn(&mut Context<'_>, i64)) -> Keyword {
    Keyword::new(name, doc, HERE, "<number>", ONE, Set::Atol(i64::MIN, i64::MAX, set)).again(ONCE)
}

/// The same; nothing reads it yet.
const fn unread(name: &'static str, doc: &'static str) -> Keyword {
    number(name, doc, |_, _| {}).parsed()
}

fn warn_blocked(c: &mut Context<'_>, line: &Line<'_>) {
    let (template, at) = match numbers::time(c, line, Unit::Ms) {
        Ok(1..=1000) => return,
        Ok(_) => ("timer out of range in argument '{v}' to '{}' (value must be between 1 and 1000 ms)", 0),
        Err(TimeError::Over) => ("timer overflow in argument '{v}' to '{}' (maximum value is 1000 ms)", 0),
        Err(TimeError::Unexpected(at)) => ("unexpected character '{c}' in argument to <{}>.\n", at),
    };
    c.alert("bad-time", line.span, numbers::fill(template, line, at));
}

fn profiled_tasks(c: &mut Context<'_>, line: &Line<'_>) {
    const KNOWN: [&str; 7] = ["on", "auto", "off", "lock", "no-lock", "memory", "no-memory"];
    let unknown = line.args.iter().find(|word| !KNOWN.iter().any(|known| word.is(known)));
    if line.args.is_empty() || unknown.is_some() {
        let text = format!(
            "'{}' expects a combination of either 'on', 'auto', 'off', 'lock', 'no-lock', 'memory', or \
             'no-memory', but got '{}'.",
            line.keyword(),
            unknown.map_or_else(String::new, |word| word.lossy().into_owned())
        );
        c.alert("bad-value", line.span, text);
    }
}

pub const ROWS: &[Keyword] = &[
    Keyword::new(
        "maxconn",
        "The greatest number of connections.",
        HERE,
        "<number>",
        ONE,
        // Nothing above 0 asks for the computed value, as leaving it out does.
        Set::Int(i64::MIN, i64::MAX, |c, n| c.global().maxconn = Some(u32_of(n)).filter(|n| *n > 0)),
    )
    .unlisted()
    .again(ONCE),
    number("ulimit-n", "The limit of file descriptors.", |c, n| {
        c.global().ulimit_n = u32::try_from(n).ok().filter(|n| *n > 0)
    })
    .unlisted(),
    number("fd-hard-limit", "The highest descriptor that is computed with.", |c, n| {
        c.global().fd_hard_limit = u32::try_from(n).ok().filter(|n| *n > 0)
    })
    .unlisted()
    .hidden(),
    number("maxconnrate", "Connections a second.", |c, n| c.global().rates.connections = u32_of(n))
        .unlisted(),
    number("maxsessrate", "Sessions a second.", |c, n| c.global().rates.sessions = u32_of(n)).unlisted(),
    number("maxsslrate", "TLS sessions a second.", |c, n| c.global().rates.tls = u32_of(n)).unlisted(),
    number("maxpipes", "Pipes for splicing.", |c, n| {
        let most = c.global().max_pipes.filter(|most| *most == 0);
        c.global().max_pipes = most.or_else(|| u32::try_from(n).ok().filter(|n| *n > 0));
    })
    .unlisted(),
    unread("maxcomprate", "Compression input, in kB/s.")
        .unlisted()
        .again(Again::Taken)
        .missing("'{}' expects an integer argument in kb/s."),
    unread("maxzlibmem", "Memory for compression, in MB.").unlisted().again(Again::Taken),
    Keyword::new(
        "maxcompcpuusage",
        "The CPU share above which nothing is compressed.",
        HERE,
        "<percent>",
        ONE,
        // HAProxy takes the value from 100 before it looks at it.
        Set::Atoi(0, i64::MAX, |_, _| {}),
    )
    .unlisted()
    .missing("'{}' expects an integer argument between 0 and 100.")
    .range("'{}' expects an integer argument between 0 and 100.")
    .parsed(),
    Keyword::new(
        "spread-checks",
        "By how many percent the time of checks varies.",
        HERE,
        "<0..50, in percent>",
        ONE,
        Set::Atol(0, 50, |c, percent| c.global().spread_checks = u32_of(percent)),
    )
    .unlisted()
    .again(Again::Alert("spread-checks already specified. Continuing."))
    .missing("'{}' expects an integer argument (0..50).")
    .range("'spread-checks' needs a positive value in range 0..50.")
    .tight()
    .parsed(),
    Keyword::new(
        "max-spread-checks",
        "How far apart the first checks may be.",
        HERE,
        "<delay in milliseconds>",
        ONE,
        Set::Time(Unit::Ms, |c, ms| c.global().max_spread_checks = ms),
    )
    .unlisted()
    .missing("'{}' expects an integer argument (0..50).")
    .malformed("unsupported character '{c}' in '{}' (wants an integer delay).")
    .range("timer overflow in argument <{v}> to <{}>, maximum value is 2147483647 ms (~24.8 days).")
    .tight()
    .parsed(),
    Keyword::new(
        "strict-limits",
        "Refuses to start when limits cannot be set.",
        HERE,
        "",
        NONE,
        Set::Switch(|c, on| c.global().strict_limits = on),
    )
    .unlisted(),
    Keyword::new("prealloc-fd", "Reserves the table of descriptors.", HERE, "", NONE, Set::Nothing),
    Keyword::new(
        "busy-polling",
        "Polls without sleeping.",
        HERE,
        "",
        NONE,
        Set::Switch(|c, on| c.global().busy_polling = on),
    )
    .unlisted(),
    Keyword::new(
        "warn-blocked-traffic-after",
        "When a thread that does not move is told.",
        HERE,
        "<time>",
        (1, usize::MAX),
        Set::Line(warn_blocked),
    )
    .missing("'{}' expects <time> as argument between 1 and 1000 ms.\n")
    .parsed(),
    Keyword::new(
        "profiling.tasks",
        "Measures tasks.",
        HERE,
        "{ auto | on | off | [no-]lock | [no-]memory }",
        MANY,
        Set::Line(profiled_tasks),
    )
    .parsed(),
    Keyword::new(
        "stress-level",
        "Makes rare paths common, for tests.",
        HERE,
        "<level>",
        ONE,
        Set::Int(0, 9, |_, _| {}),
    )
    .missing("'{}' expects a level as an argument.")
    .malformed(STRESS)
    .range(STRESS)
    .parsed(),
    Keyword::new(
        "mworker-max-reloads",
        "How many reloads an old worker survives.",
        HERE,
        "<number>",
        ONE,
        Set::Atoi(0, i64::MAX, |c, n| c.global().max_reloads = u32::try_from(n).ok()),
    )
    .range("'{}' expects a positive value or zero.")
    .early(),
];

const STRESS: &str = "'{}' level must be between 0 and 9 inclusive.";
