//! Threads, their groups, and the CPUs that they run on.

use diag::Diagnostic;
use ir::spec::Sections;
use syntax::Word;

use crate::context::Context;
use crate::keyword::{Keyword, MANY, ONE, Set};
use crate::line::Line;
use crate::numbers;
use crate::process::{CPUS, CpuMap};

use super::tune::usize_of;

const HERE: Sections = Sections::GLOBAL;
/// As HAProxy is built by default.
const MAX_THREADS: i64 = 1024;
const MAX_GROUPS: i64 = 32;
const MAX_GROUP_THREADS: i64 = 64;
const MAX_CPU: u32 = 1023;

const UNPARSABLE: &str = "'{}' passed a missing or unparsable integer value in '{v}'";

const POLICIES: [(&str, &str); 13] = [
    ("none", "use all available CPUs"),
    ("performance", "make one thread group per perf. core cluster"),
    ("group-by-ccx", "make one thread group per CCX"),
    ("group-by-2-ccx", "make one thread group per 2 CCX"),
    ("group-by-3-ccx", "make one thread group per 3 CCX"),
    ("group-by-4-ccx", "make one thread group per 4 CCX"),
    ("group-by-cluster", "make one thread group per core cluster"),
    ("group-by-2-clusters", "make one thread group per 2 core clusters"),
    ("group-by-3-clusters", "make one thread group per 3 core clusters"),
    ("group-by-4-clusters", "make one thread group per 4 core clusters"),
    ("efficiency", "make one thread group per eff. core cluster"),
    ("resource", "make one thread group from the smallest cluster"),
    ("first-usable-node", "use only first usable node if nbthreads not set"),
];

/// Whether the line may stand here; tells when it may not.
fn is_early_enough(c: &mut Context<'_>, line: &Line<'_>) -> bool {
    if c.process.past_global {
        let text = format!(
            "'{}' not allowed if a non-global section was previously defined. This parameter must be declared \
             in the first global section",
            line.keyword()
        );
        c.alert("misplaced", line.span, text);
    }
    !c.process.past_global
}

/// The one number of a line that must stand in front of all other sections.
fn early_number(c: &mut Context<'_>, line: &Line<'_>, max: i64) -> Option<u32> {
    if !is_early_enough(c, line) {
        return None;
    }
    let text = line.arg(0).map_or(b"".as_slice(), |word| &word.text);
    let (value, rest) = numbers::strtol(text, false);
    if text.is_empty() || !rest.is_empty() {
        c.alert("bad-number", line.span, numbers::fill(UNPARSABLE, line, 0));
        return None;
    }
    let number = u32::try_from(value).ok().filter(|_| (1..=max).contains(&value));
    if number.is_none() {
        let text = format!("'{}' value must be between 1 and {max} (was {value})", line.keyword());
        c.alert("out-of-range", line.span, text);
    }
    number
}

fn doubt_second(c: &mut Context<'_>, line: &Line<'_>, is_given: bool) {
    if is_given {
        let text = format!("'{}' is already defined and will be overridden.", line.keyword());
        c.push(Diagnostic::remark("overridden", line.span, text));
    }
}

fn nbthread(c: &mut Context<'_>, line: &Line<'_>) {
    if let Some(threads) = early_number(c, line, MAX_THREADS) {
        doubt_second(c, line, c.config.global.nbthread.is_some());
        c.global().nbthread = Some(threads);
    }
}

fn thread_groups(c: &mut Context<'_>, line: &Line<'_>) {
    if let Some(groups) = early_number(c, line, MAX_GROUPS) {
        doubt_second(c, line, c.process.groups.is_some());
        c.process.groups = usize::try_from(groups).ok();
    }
}

fn thread_group(c: &mut Context<'_>, line: &Line<'_>) {
    if !is_early_enough(c, line) {
        return;
    }
    let text = line.arg(0).map_or(b"".as_slice(), |word| &word.text);
    let (number, rest) = numbers::strtol(text, false);
    if text.is_empty() || !rest.is_empty() {
        return c.alert("bad-number", line.span, numbers::fill(UNPARSABLE, line, 0));
    }
    let keyword = line.keyword();
    let Some(group) = usize::try_from(number).ok().filter(|_| (1..=MAX_GROUPS).contains(&number)) else {
        let text =
            format!("'{keyword}' thread-group number must be between 1 and {MAX_GROUPS} (was {number})");
        return c.alert("out-of-range", line.span, text);
    };
    let name = format!("'{keyword} {group}'");
    if c.process.thread_groups.contains(&Some(group)) {
        let text = format!("'{keyword} {group}' was already defined and will be overridden.");
        c.warn("already-specified", line.span, text);
        c.process.thread_groups.iter_mut().filter(|of| **of == Some(group)).for_each(|of| *of = None);
    }
    for word in &line.args[1..] {
        let Some((first, last)) = thread_range(&word.text) else {
            let text = format!(
                "{name} passed an unparsable or invalid thread number '{}' (valid range is 1 to {MAX_THREADS})",
                word.lossy()
            );
            return c.alert("bad-value", word.span, text);
        };
        for thread in first..=last {
            assign(c, line, &name, thread, group);
        }
    }
    let threads = &c.process.thread_groups;
    let is_ours = |of: &Option<usize>| *of == Some(group);
    let (first, last) = (threads.iter().position(is_ours), threads.iter().rposition(is_ours));
    let count = threads.iter().filter(|of| is_ours(of)).count();
    if first.zip(last).is_some_and(|(first, last)| last - first + 1 > count) {
        let text = format!("{name} assigned sparse threads, only contiguous supported");
        c.alert("bad-value", line.span, text);
    }
}

/// `3` or `1-4`
fn thread_range(text: &[u8]) -> Option<(usize, usize)> {
    let (first, rest) = numbers::strtol(text, false);
    let (last, rest) = match rest {
        [b'-', last @ ..] => numbers::strtol(last, false),
        _ => (first, rest),
    };
    let valid = 1..=MAX_THREADS;
    let is_range = rest.is_empty() && valid.contains(&first) && valid.contains(&last);
    is_range.then(|| Some((usize::try_from(first).ok()?, usize::try_from(last).ok()?)))?
}

fn assign(c: &mut Context<'_>, line: &Line<'_>, name: &str, thread: usize, group: usize) {
    if c.process.thread_groups.len() < thread {
        c.process.thread_groups.resize(thread, None);
    }
    let before = c.process.thread_groups[thread - 1].replace(group);
    let text = match before {
        Some(other) if other == group => {
            format!("{name}: thread {thread} assigned more than once on the same line.")
        }
        Some(other) => format!(
            "{name}: thread {thread} was previously assigned to thread group {other} and will be overridden."
        ),
        None => return,
    };
    c.warn("already-specified", line.span, text);
}

fn cpu_map(c: &mut Context<'_>, line: &Line<'_>) {
    let (Some(threads), [_, cpus @ ..]) = (line.arg(0), line.args) else {
        return cpu_map_usage(c, line);
    };
    if cpus.is_empty() {
        return cpu_map_usage(c, line);
    }
    let text = threads.lossy();
    let (is_auto, rest) = text.strip_prefix("auto:").map_or((false, text.as_ref()), |rest| (true, rest));
    let (groups, threads) = rest.split_once('/').map_or((rest, "all"), |(groups, threads)| (groups, threads));
    let texts: Vec<_> = cpus.iter().map(|word| word.lossy().into_owned()).collect();
    let checked = thread_set(groups)
        .and_then(|groups| Ok((groups, thread_set(threads)?)))
        .and_then(|(groups, threads)| Ok((groups, threads, cpu_set(&texts)?)));
    let told = match checked {
        Ok((groups, threads, cpus)) => {
            let size = cpus.iter().map(|word| word.count_ones()).sum();
            if !is_auto || groups.count_ones() == size || threads.count_ones() == size {
                return c.process.cpu_maps.push(CpuMap { groups, threads, cpus, is_auto });
            }
            "TGROUP/THREAD range and CPU sets must have the same size to be automatically bound".to_owned()
        }
        Err(told) => told,
    };
    c.alert("bad-value", line.span, format!("{} : {told}", line.keyword()));
}

fn cpu_map_usage(c: &mut Context<'_>, line: &Line<'_>) {
    let text = "cpu-map expects a thread group number  ('all', 'odd', 'even', a number from 1 to 64 or a range),  \
                followed by a list of CPU ranges with numbers from 0 to 63.";
    c.alert("missing-argument", line.span, text);
}

/// `all`, `odd`, `even`, or a range of 1 to 64, as bits.
fn thread_set(text: &str) -> Result<u64, String> {
    match text {
        "all" => return Ok(u64::MAX),
        "odd" => return Ok(u64::MAX / 3),
        "even" => return Ok((u64::MAX / 3) << 1),
        _ => {}
    }
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    if !low.bytes().chain(high.bytes()).all(|byte| byte.is_ascii_digit()) {
        return Err(format!("'{text}' is not a valid number/range."));
    }
    let number = |text: &str| u32::try_from(numbers::lenient(text.as_bytes())).unwrap_or(u32::MAX);
    // A range may be open.
    let high = if high.is_empty() { 64 } else { number(high) };
    let (low, high) = (number(low).min(high), number(low).max(high));
    if low < 1 || high > 64 {
        return Err(format!("'{text}' is not a valid number/range. It supports numbers from 1 to 64.\n"));
    }
    Ok((low..=high).fold(0, |bits, number| bits | 1 << (number - 1)))
}

/// The CPUs that words such as `0-3,6` name.
fn cpu_set<T: AsRef<str>>(words: &[T]) -> Result<[u64; CPUS], String> {
    let mut cpus = [0; CPUS];
    let number = |text: &str| u32::try_from(numbers::lenient(text.as_bytes())).unwrap_or(u32::MAX);
    for word in words.iter().map(AsRef::as_ref) {
        if !word.starts_with(|first: char| first.is_ascii_digit()) {
            return Err(format!("'{word}' is not a CPU range."));
        }
        for range in word.split_terminator(',') {
            let (low, high) = range.split_once('-').unwrap_or((range, range));
            let high = if high.is_empty() { MAX_CPU } else { number(high) };
            let (low, high) = (number(low).min(high), number(low).max(high));
            if high > MAX_CPU {
                return Err(format!("supports CPU numbers from 0 to {MAX_CPU}."));
            }
            (low..=high).for_each(|cpu| cpus[cpu as usize / 64] |= 1 << (cpu % 64));
        }
    }
    Ok(cpus)
}

fn cpu_policy(c: &mut Context<'_>, line: &Line<'_>) {
    let keyword = line.keyword();
    let text = match (line.lossy(1).as_str(), line.lossy(2).as_str()) {
        ("" | "threads-per-core", "1" | "auto") | ("", _) => {
            if POLICIES.iter().any(|(name, _)| line.arg(0).is_some_and(|word| word.is(name))) {
                // The first one ignores nothing.
                c.process.cpu_policy = !line.arg(0).is_some_and(|word| word.is(POLICIES[0].0));
                let is_plain = |word: &Word| word.is("none") || word.is("first-usable-node");
                c.process.plain_policy = line.arg(0).is_some_and(is_plain);
                return;
            }
            let name = line.lossy(0);
            let list: Vec<_> = POLICIES.iter().map(|(name, about)| format!("'{name}' ({about})")).collect();
            let (last, others) = list.split_last().map_or(("", &list[..]), |(last, others)| (last, others));
            format!(
                "'{keyword}' passed an unknown CPU policy '{name}'. Supported values are: and {}, and {last}.\n",
                others.join(", ")
            )
        }
        ("threads-per-core", value) => format!(
            "'{keyword}' passed an unknown value '{value}' to keyword 'threads-per-core', known values are 1 or auto"
        ),
        (other, _) => format!(
            "'{keyword}' passed an unknown keyword '{other}', the only known values are threads-per-core"
        ),
    };
    c.alert("bad-value", line.span, text);
}

fn cpu_affinity(c: &mut Context<'_>, line: &Line<'_>) {
    let (name, option) = (line.lossy(0), line.lossy(1));
    let text = match (name.as_str(), option.as_str()) {
        ("per-core" | "per-group" | "per-thread" | "per-ccx" | "auto", "")
        | ("per-group", "loose" | "auto") => return,
        ("per-group", _) => format!(
            "'{name}' provided with unknown optional argument '{option}'.  Known values are : loose auto"
        ),
        ("per-core" | "per-thread" | "per-ccx" | "auto", _) => {
            format!("'{name}' provided with unknown optional argument '{option}'. ")
        }
        _ => format!(
            "'{}' parsed an unknown directive '{name}'. Known values are : per-core per-group per-thread per-ccx auto",
            line.keyword()
        ),
    };
    c.alert("bad-value", line.span, text);
}

fn cpu_choice(c: &mut Context<'_>, line: &Line<'_>) {
    const KNOWN: &str = "(only 'reset', 'only-cpu', 'drop-cpu', 'only-node', 'drop-node', 'only-cluster', \
                         'drop-cluster', 'only-core', 'drop-core', 'only-thread', 'drop-thread' supported).";
    let keyword = line.keyword();
    if line.args.is_empty() {
        let text = format!("'{keyword}' requires a directive and an optional value {KNOWN}");
        return c.alert("missing-argument", line.span, text);
    }
    let mut words = line.args.iter();
    while let Some(word) = words.next() {
        let directive = word.lossy();
        let of = match directive.strip_prefix("drop-").or(directive.strip_prefix("only-")) {
            _ if directive == "reset" => continue,
            Some(of @ ("cpu" | "node" | "cluster" | "core" | "thread")) => of,
            _ => {
                let text = format!("'{keyword}' passed an unknown directive '{directive}' {KNOWN}");
                return c.alert("bad-value", word.span, text);
            }
        };
        let set = words.next().map(|set| cpu_set(&[set.lossy()]));
        let missing = || format!("missing {} set", if of == "cpu" { "CPU" } else { of });
        if let Err(why) = set.unwrap_or_else(|| Err(missing())) {
            return c.alert("bad-value", word.span, format!("'{keyword} {directive}': {why}\n."));
        }
    }
}

pub const ROWS: &[Keyword] = &[
    Keyword::new("nbthread", "The number of threads.", HERE, "<number>", (0, 1), Set::Line(nbthread)),
    Keyword::new(
        "thread-groups",
        "The number of thread groups.",
        HERE,
        "<number>",
        (0, 1),
        Set::Line(thread_groups),
    )
    .parsed(),
    Keyword::new(
        "thread-group",
        "The threads of a group.",
        HERE,
        "<group> [<thread-range>...]",
        MANY,
        Set::Line(thread_group),
    )
    .parsed(),
    Keyword::new(
        "max-threads-per-group",
        "Threads in a group.",
        HERE,
        "<number>",
        ONE,
        Set::Int(0, MAX_GROUP_THREADS, |c, n| c.process.group_threads = usize_of(n)),
    )
    .missing(GROUP_THREADS)
    .malformed(GROUP_THREADS)
    .range(GROUP_THREADS)
    .parsed(),
    Keyword::new(
        "thread-hard-limit",
        "The greatest number of threads.",
        HERE,
        "<number>",
        ONE,
        Set::Int(1, MAX_THREADS, |c, n| c.global().thread_hard_limit = u32::try_from(n).ok()),
    )
    .missing(UNPARSABLE)
    .malformed(UNPARSABLE)
    .range("'{}' value must be at least 1 (was {n})"),
    Keyword::new(
        "cpu-map",
        "Binds threads to CPUs.",
        HERE,
        "[auto:]<thread-group>[/<thread-set>] <cpu-set>...",
        MANY,
        Set::Line(cpu_map),
    )
    .unlisted(),
    Keyword::new(
        "cpu-policy",
        "How threads are spread over CPUs.",
        HERE,
        "<policy>",
        (0, 3),
        Set::Line(cpu_policy),
    )
    .parsed(),
    Keyword::new(
        "cpu-affinity",
        "How tightly threads are bound to CPUs.",
        HERE,
        "<affinity>",
        (0, 2),
        Set::Line(cpu_affinity),
    )
    .parsed(),
    Keyword::new("cpu-set", "Which CPUs are used.", HERE, "<directive>...", MANY, Set::Line(cpu_choice))
        .parsed(),
    Keyword::new("numa-cpu-mapping", "Keeps to one NUMA node.", HERE, "", MANY, Set::Nothing)
        .unlisted()
        .with_no(),
];

const GROUP_THREADS: &str = "'{}' value must be an integer between 1 and 64,  got '{v}'";
