//! How many threads there are, in which groups, and on which CPUs: HAProxy counts them before it
//! looks at the proxies, and doubts their CPUs behind.

use diag::{Diagnostic, Effect, Severity};

use crate::context::Context;
use crate::process::{CPUS, CpuMap};

/// As HAProxy is built by default.
const GROUP_THREADS: usize = 64;
const USUAL_GROUP_THREADS: usize = 16;
const GROUPS: usize = 32;

/// For each thread its group and its place there, both from 0; none when they do not fit.
pub fn lay_out(c: &mut Context<'_>) -> Option<Vec<(usize, usize)>> {
    let (threads, groups) = count(c);
    let mut group_of = std::mem::take(&mut c.process.thread_groups);
    let last = group_of.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
    group_of.resize(threads.max(last), None);
    let sizes: Vec<usize> =
        (1..=groups).map(|group| group_of.iter().filter(|of| **of == Some(group)).count()).collect();
    let free = group_of[..threads].iter().filter(|of| of.is_none()).count();
    let empty: Vec<usize> = (1..=groups).filter(|group| sizes[group - 1] == 0).collect();
    let text = match empty.len() {
        empty if empty > free => format!(
            "More unassigned thread-groups ({empty}) than threads ({free}). Please reduce thread-groups"
        ),
        0 if free > 0 => format!(
            "Remaining unassigned threads found ({free}) because all groups are in use. Please increase \
             'thread-groups', reduce 'nbthreads' or remove or extend 'thread-group' enumerations."
        ),
        _ => {
            fill(&mut group_of[..threads], &empty, free);
            return Some(places(&group_of[..threads]));
        }
    };
    c.push(Diagnostic::post_error("bad-value", text));
    None
}

/// The numbers of threads and of groups.
fn count(c: &mut Context<'_>) -> (usize, usize) {
    let cpus = c.loader.cpus();
    let limit = c.global().thread_hard_limit.map(|limit| limit as usize);
    let mut forced = c.global().nbthread.and_then(|threads| usize::try_from(threads).ok());
    if let Some((threads, limit)) = forced.zip(limit).filter(|(threads, limit)| threads > limit) {
        let text = format!(
            "nbthread forced to a higher value ({threads}) than the configured thread-hard-limit ({limit}), \
             enforcing the limit. Please fix either value to remove this warning."
        );
        c.push(Diagnostic::post_warning("out-of-range", text));
        forced = Some(limit);
    }
    let wanted_groups = c.process.groups;
    if wanted_groups.is_some() && c.process.group_threads > 0 {
        notice(
            c,
            "max-threads-per-group is used to automatically calculate the optimal number of thread groups. It \
             is ignored when thread-groups is set."
                .into(),
        );
    }
    if forced.is_some() && c.process.cpu_policy {
        notice(c, "cpu-policy is ignored when nbthreads is set.".into());
    }
    let most = match (wanted_groups, c.process.group_threads) {
        (Some(_), _) => GROUP_THREADS,
        (None, 0) => USUAL_GROUP_THREADS,
        (None, given) => given,
    };
    let threads = forced.unwrap_or_else(|| cpus.max(1).min(limit.unwrap_or(usize::MAX)));
    let groups = wanted_groups.unwrap_or_else(|| threads.div_ceil(most).clamp(1, GROUPS));
    if let Some(threads) = forced
        && wanted_groups.is_none()
        && c.process.cpu_maps.is_empty()
        && limit.is_none_or(|limit| threads < limit)
        && (2..cpus).contains(&threads)
    {
        let text = format!(
            "{cpus} usable CPUs detected but 'nbthread' forced to {threads} ({}%). Remove 'nbthread' for optimal \
             tuning.",
            threads * 100 / cpus
        );
        notice(c, text);
    }
    let threads = threads.min(most * groups);
    if forced.is_none() && wanted_groups.is_none() && !c.process.plain_policy && cpus > 0 {
        let text = format!("Created {threads} threads split into {groups} groups");
        let told = Diagnostic::post_warning("out-of-range", text);
        c.push(Diagnostic { severity: Severity::Diag, ..told });
    }
    (threads, groups)
}

fn notice(c: &mut Context<'_>, text: String) {
    let notice = Diagnostic::post_warning("out-of-range", text).with_effect(Effect::None);
    c.push(Diagnostic { severity: Severity::Notice, ..notice });
}

/// Puts the threads without a group into the empty groups, as evenly as they go.
fn fill(group_of: &mut [Option<usize>], empty: &[usize], free: usize) {
    let mut threads = group_of.iter_mut().filter(|of| of.is_none());
    let (mut free, mut groups) = (free, empty.len());
    for group in empty {
        let size = free.div_ceil(groups);
        threads.by_ref().take(size).for_each(|of| *of = Some(*group));
        (free, groups) = (free - size, groups - 1);
    }
}

fn places(group_of: &[Option<usize>]) -> Vec<(usize, usize)> {
    let mut next = [0; GROUPS];
    let place = |of: &Option<usize>| {
        let group = of.unwrap_or(1).clamp(1, GROUPS) - 1;
        next[group] += 1;
        (group, next[group] - 1)
    };
    group_of.iter().map(place).collect()
}

/// Gives threads their CPUs; warns when some have their own and others not, or several have to share one.
pub fn give_cpus(c: &mut Context<'_>, threads: &[(usize, usize)]) {
    let all = c.loader.cpus();
    if all == 0 {
        return;
    }
    let maps = std::mem::take(&mut c.process.cpu_maps);
    let of =
        |place: (usize, usize)| maps.iter().rev().find_map(|map| cpus_of(map, place)).unwrap_or([0; CPUS]);
    // Without CPUs for the first thread HAProxy gives all of them to each.
    let given: Vec<_> = match of((0, 0)) == [0; CPUS] {
        true => threads.iter().map(|_| first_cpus(all)).collect(),
        false => threads.iter().map(|place| of(*place)).collect(),
    };
    if !maps.is_empty() {
        c.global().thread_cpus = threads.iter().map(|place| of(*place)).collect();
    }
    let is_bound = |cpus: &[u64; CPUS]| *cpus != [0; CPUS];
    let bound = given.iter().filter(|cpus| is_bound(cpus)).count();
    let (first, not) = (given.iter().position(is_bound), given.iter().position(|cpus| !is_bound(cpus)));
    if let Some((first, not)) = first.zip(not) {
        let text = format!(
            "Found {bound} thread(s) mapped to a CPU and {} thread(s) not mapped to any CPU. This will result in \
             some threads being randomly assigned to the same CPU, which will occasionally cause severe \
             performance degradation. First thread bound is {first} and first thread not bound is {not}. Please \
             either bind all threads or none (maybe some cpu-map directives are missing?).",
            given.len() - bound
        );
        c.push(Diagnostic::post_warning("bad-value", text));
    }
    let join = |one: [u64; CPUS], other: &[u64; CPUS]| std::array::from_fn(|at| one[at] | other[at]);
    let mapped = given.iter().fold([0; CPUS], join);
    let usable = if bound < given.len() { join(mapped, &first_cpus(all)) } else { mapped };
    let count = |cpus: [u64; CPUS]| cpus.iter().map(|word| word.count_ones() as usize).sum::<usize>();
    let text = match (count(mapped), count(usable)) {
        (mapped, _) if mapped > 0 && bound > mapped => format!(
            "This configuration binds {bound} threads to a total of {mapped} CPUs via cpu-map directives. This \
             means that some threads will compete for the same CPU, which will cause severe performance \
             degradation. Please fix either the 'cpu-map' directives or set the global 'nbthread' value \
             accordingly."
        ),
        (_, usable) if usable > 0 && given.len() > usable => format!(
            "This configuration enables {} threads running on a total of {usable} CPUs. This means that some \
             threads will compete for the same CPU, which will cause severe performance degradation. Please \
             either the 'cpu-map' directives to adjust the CPUs to use, or fix the global 'nbthread' value.",
            given.len()
        ),
        _ => return,
    };
    c.push(Diagnostic::post_warning("bad-value", text));
}

fn first_cpus(count: usize) -> [u64; CPUS] {
    let mut cpus = [0; CPUS];
    (0..count.min(64 * CPUS)).for_each(|cpu| cpus[cpu / 64] |= 1 << (cpu % 64));
    cpus
}

/// The CPUs that a line gives a thread of a group.
fn cpus_of(map: &CpuMap, (group, thread): (usize, usize)) -> Option<[u64; CPUS]> {
    if group >= GROUPS
        || thread >= GROUP_THREADS
        || map.groups >> group & 1 == 0
        || map.threads >> thread & 1 == 0
    {
        return None;
    }
    if !map.is_auto {
        return Some(map.cpus);
    }
    // Each thread of the line gets the next CPU.
    let before = (map.threads & ((1 << thread) - 1)).count_ones() as usize;
    let mut bits = (0..64 * CPUS).filter(|cpu| map.cpus[cpu / 64] >> (cpu % 64) & 1 == 1);
    let mut cpus = [0; CPUS];
    if let Some(cpu) = bits.nth(before) {
        cpus[cpu / 64] |= 1 << (cpu % 64);
    }
    Some(cpus)
}
