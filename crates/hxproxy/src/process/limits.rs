//! How many descriptors the process needs, how many connections that allows, and the limits of
//! the system that follow from it (`maxconn`, `ulimit-n`, `-m`, `strict-limits`).

use super::sys::{self, Limit};
use crate::console::Console;

/// Descriptors kept for files, logs and the like, as HAProxy reserves them.
const RESERVED: u64 = 10;

/// An event queue, a timer and a wake-up pipe.
const PER_THREAD: u64 = 3;

/// Without any limit in the configuration no more than this many descriptors are used.
const MOST_DESCRIPTORS: u64 = 1_048_576;

/// The automatic `maxconn` is never below this.
const LEAST_CONNECTIONS: u64 = 100;

/// What the configuration says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    /// `maxconn` or `-n`
    pub maxconn: Option<u32>,
    /// `ulimit-n`
    pub descriptors: Option<u32>,
    /// `fd-hard-limit`
    pub descriptor_limit: Option<u32>,
    /// `-m`, in MiB
    pub memory: Option<u32>,
    /// Listeners and servers with checks.
    pub sockets: u64,
    pub threads: u64,
    /// `no strict-limits` is off.
    pub strict: bool,
}

/// What follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// Connections of the process.
    pub maxconn: u32,
    /// Open descriptors.
    pub descriptors: u64,
}

impl Wish {
    /// What it takes under the limits that the process was started with.
    pub fn need(self) -> Need {
        need(self, sys::descriptor_limit().unwrap_or(Limit { soft: 1024, hard: 1024 }))
    }
}

/// Sets the limits. The error is HAProxy's message.
pub fn apply(console: &Console, program: &str, wish: Wish, need: Need) -> Result<(), String> {
    if wish.maxconn.is_none() {
        console.notice(&format!("Automatically setting global.maxconn to {}.", need.maxconn));
    }
    raise_descriptors(console, program, wish, need)?;
    if let Some(megabytes) = wish.memory {
        limit_memory(console, program, wish.strict, megabytes)?;
    }
    Ok(())
}

fn fixed(wish: Wish) -> u64 {
    RESERVED + wish.sockets + PER_THREAD * wish.threads
}

/// Two descriptors a connection, beside those that are always there.
fn need(wish: Wish, boot: Limit) -> Need {
    let fixed = fixed(wish);
    let maxconn = wish.maxconn.unwrap_or_else(|| {
        let limited = wish.descriptors.is_some() || wish.memory.is_some();
        let limit = wish.descriptor_limit.map_or(MOST_DESCRIPTORS, u64::from);
        let most = boot.soft.max(boot.hard);
        let usable = if limited && wish.descriptor_limit.is_none() { most } else { most.min(limit) };
        let connections = (usable.saturating_sub(fixed) / 2).max(LEAST_CONNECTIONS);
        u32::try_from(connections).unwrap_or(u32::MAX)
    });
    let descriptors = wish.descriptors.map_or(fixed + 2 * u64::from(maxconn), u64::from);
    Need { maxconn, descriptors }
}

fn raise_descriptors(console: &Console, program: &str, wish: Wish, need: Need) -> Result<(), String> {
    let Ok(now) = sys::descriptor_limit() else { return Ok(()) };
    let wanted = Limit { soft: need.descriptors.max(now.soft), hard: need.descriptors.max(now.hard) };
    let most = wish.descriptor_limit.map_or(u64::MAX, u64::from);
    if need.descriptors <= most && (wanted == now || sys::set_descriptor_limit(wanted).is_ok()) {
        return Ok(());
    }
    let now = Limit { soft: now.soft.min(most), ..now };
    let advice = format!(
        "[{program}.main()] Cannot raise FD limit to {}, current limit is {} and hard limit is {}. You may prefer \
         to let HAProxy adjust the limit by itself; for this, please just drop any 'maxconn' and 'ulimit-n' from \
         the global section, and possibly add 'fd-hard-limit' lower than this hard limit. You may also force a \
         new 'maxconn' value that is a bit lower than half of the hard limit minus listeners and checks. This \
         results in roughly {} here.",
        need.descriptors,
        now.soft,
        now.hard,
        two_digits(now.hard.saturating_sub(fixed(wish)).max(3) * 49 / 100)
    );
    if wish.strict {
        return Err(advice);
    }
    let most = Limit { soft: now.hard.min(most), ..now };
    let limit = if sys::set_descriptor_limit(most).is_ok() { most } else { now };
    console.warning(&format!(
        "[{program}.main()] Cannot raise FD limit to {}, limit is {}.",
        need.descriptors, limit.soft
    ));
    console.warning(&advice);
    Ok(())
}

/// The two leading digits, the others zero.
fn two_digits(number: u64) -> u64 {
    if number < 100 { number } else { two_digits(number / 10) * 10 }
}

/// `set-dumpable`: has the system write what is left of a process that crashed. The error is HAProxy's
/// message.
pub fn allow_dumps(console: &Console, program: &str, strict: bool) -> Result<(), String> {
    let limits = [(libc::RLIMIT_FSIZE, "maximum file"), (libc::RLIMIT_CORE, "core dump")];
    for (limit, what) in limits {
        if sys::lift_limit(limit).is_ok() {
            continue;
        }
        let message = format!("[{program}.main()] Failed to set the raise the {what} size.");
        if strict {
            return Err(message);
        }
        console.warning(&message);
    }
    if sys::set_dumpable().is_err() {
        let message = format!("[{program}.main()] Failed to set the dumpable flag, no core will be dumped.");
        console.warning(&message);
    }
    Ok(())
}

fn limit_memory(console: &Console, program: &str, strict: bool, megabytes: u32) -> Result<(), String> {
    if sys::set_memory_limit(u64::from(megabytes) << 20).is_ok() {
        return Ok(());
    }
    let message = format!("[{program}.main()] Cannot fix MEM limit to {megabytes} megs.");
    if strict {
        return Err(message);
    }
    console.warning(&message);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOT: Limit = Limit { soft: 1024, hard: 20000 };

    fn check(wish: Wish, maxconn: u32, descriptors: u64) {
        let wish = Wish { sockets: 4, threads: 2, ..wish };
        assert_eq!(need(wish, BOOT), Need { maxconn, descriptors }, "{wish:?}");
    }

    #[test]
    fn needs() {
        check(Wish::default(), 9990, 20000);
        check(Wish { maxconn: Some(8192), ..Wish::default() }, 8192, 16404);
        check(Wish { maxconn: Some(10), ..Wish::default() }, 10, 40);
        check(Wish { descriptors: Some(500), ..Wish::default() }, 9990, 500);
        check(Wish { descriptor_limit: Some(1000), ..Wish::default() }, 490, 1000);
        check(Wish { descriptor_limit: Some(50_000), ..Wish::default() }, 9990, 20000);
        let huge = Limit { soft: 1 << 40, hard: 1 << 40 };
        assert_eq!(need(Wish::default(), huge).maxconn, (1_048_576 - 10) / 2);
        let tiny = Limit { soft: 8, hard: 8 };
        assert_eq!(need(Wish::default(), tiny).maxconn, 100);
    }

    #[test]
    fn digits() {
        for (number, expected) in [(0, 0), (99, 99), (100, 100), (9799, 9700), (123_456, 120_000)] {
            assert_eq!(two_digits(number), expected, "{number}");
        }
    }
}
