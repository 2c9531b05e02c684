//! The limits of running functions: forced pauses, and how long one may run.
//!
//! A hook of the Lua VM looks at the clock every `tune.lua.forced-yield` instructions. Where Lua
//! can pause there, it does, so that other streams go on; a function past its time is dropped in
//! that pause. Where it cannot (inside a callback of `string.gsub`, or in a coroutine of the
//! script's own), it gets an error, and after that one each instruction, so that no `pcall` keeps
//! it alive.

use std::cell::RefCell;
use std::ffi::c_void;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ir::config::LuaLimits;
use mlua::debug::Debug;
use mlua::{Error, HookTriggers, Lua, MultiValue, Result, VmState};

use crate::{clock, shim};

/// Which limit was passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expired {
    Execution,
    Burst,
}

impl Expired {
    const fn text(self) -> &'static str {
        match self {
            Self::Execution => "execution timeout",
            Self::Burst => "burst timeout",
        }
    }
}

#[derive(Debug)]
struct Times {
    /// Time spent in earlier runs.
    spent: Duration,
    /// When the run under way began.
    since: Duration,
    expired: Option<Expired>,
}

impl Times {
    fn burst(&self) -> Duration {
        clock::thread_time().saturating_sub(self.since)
    }
}

/// The clock of one running function. It counts the thread's processor time, so that waiting for
/// another thread that uses the same state costs nothing.
#[derive(Debug)]
pub(crate) struct Clock {
    /// Cumulated running time.
    limit: Option<Duration>,
    /// Time between two pauses.
    burst: Option<Duration>,
    /// The coroutine's address: only there may the hook pause.
    thread: usize,
    /// Fetches and converters must not pause.
    may_pause: bool,
    times: Mutex<Times>,
    /// What `core.done` was given: the function ended there.
    exit: Mutex<Option<MultiValue>>,
}

thread_local! {
    /// The clock of the function that this thread runs now.
    static RUNNING: RefCell<Option<Arc<Clock>>> = const { RefCell::new(None) };
}

impl Clock {
    /// A clock for the coroutine at `thread` with a `limit` in milliseconds, 0 for none.
    pub fn new(limits: &LuaLimits, limit: u64, thread: *const c_void, may_pause: bool) -> Arc<Self> {
        let millis = |value: u64| (value > 0).then(|| Duration::from_millis(value));
        let times = Times { spent: Duration::ZERO, since: Duration::ZERO, expired: None };
        Arc::new(Self {
            limit: millis(limit),
            burst: millis(limits.burst_timeout),
            thread: thread as usize,
            may_pause,
            times: Mutex::new(times),
            exit: Mutex::new(None),
        })
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `f`, which resumes the coroutine, on this clock.
    pub fn measure<R>(self: &Arc<Self>, f: impl FnOnce() -> R) -> R {
        self.times().since = clock::thread_time();
        let outer = RUNNING.replace(Some(Arc::clone(self)));
        let result = f();
        RUNNING.set(outer);
        let mut times = self.times();
        let burst = times.burst();
        times.spent += burst;
        result
    }

    /// The limit that was passed, if any. At a pause, only the cumulated time counts.
    pub fn expired(&self) -> Option<Expired> {
        let times = self.times();
        let spent = self.limit.is_some_and(|max| times.spent > max);
        times.expired.or(spent.then_some(Expired::Execution))
    }

    /// The results, if the function ended by `core.done`.
    pub fn take_exit(&self) -> Option<MultiValue> {
        self.exit.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Looks at the clock. The flag says whether the limit had been passed before.
    fn check(&self) -> Option<(Expired, bool)> {
        let mut times = self.times();
        if let Some(expired) = times.expired {
            return Some((expired, true));
        }
        let burst = times.burst();
        let expired = if self.burst.is_some_and(|max| burst > max) {
            Expired::Burst
        } else if self.limit.is_some_and(|max| times.spent + burst > max) {
            Expired::Execution
        } else {
            return None;
        };
        times.expired = Some(expired);
        Some((expired, false))
    }
}

/// Ends the function that this thread runs with these results, at its next pause.
pub(crate) fn exit(values: MultiValue) {
    if let Some(clock) = RUNNING.with_borrow(Option::clone) {
        *clock.exit.lock().unwrap_or_else(PoisonError::into_inner) = Some(values);
    }
}

/// Installs the memory limit and the hook in a state; coroutines inherit the hook.
pub(crate) fn install(lua: &Lua, limits: &LuaLimits) -> Result<()> {
    lua.set_memory_limit(usize::try_from(limits.maxmem).unwrap_or(usize::MAX))?;
    let every = HookTriggers::new().every_nth_instruction(limits.forced_yield.max(1));
    lua.set_global_hook(every, |lua, debug| {
        let Some(clock) = RUNNING.with_borrow(Option::clone) else { return Ok(VmState::Continue) };
        // A coroutine of the script's own would take the pause for a `coroutine.yield`.
        let own = || lua.current_thread().state() as usize == clock.thread;
        match clock.check() {
            None if clock.may_pause && !is_in(debug, WAITING) && own() => Ok(VmState::Yield),
            None => Ok(VmState::Continue),
            // The pause does nothing where Lua cannot pause: then the hook comes here again.
            Some((_, false)) if own() => Ok(VmState::Yield),
            Some((expired, _)) => {
                lua.set_hook(HookTriggers::new().every_nth_instruction(1), move |_, debug| {
                    // Outside of the script nothing would give the error its text.
                    if is_in(debug, shim::BOTTOM) {
                        return Ok(VmState::Continue);
                    }
                    Err(Error::RuntimeError(expired.text().into()))
                })?;
                Err(Error::RuntimeError(expired.text().into()))
            }
        }
    })
}

/// The name of mlua's loop around a future. It has polled the future and is about to wait: a pause
/// there would take the wake-up that the future has asked for.
const WAITING: &str = "__mlua_async_poll";

/// Whether the chunk of this name is running.
fn is_in(debug: &Debug, chunk: &str) -> bool {
    debug.source().short_src.as_deref() == Some(chunk)
}
