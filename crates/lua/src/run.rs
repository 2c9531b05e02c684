//! One running function: its coroutine, its clock, and how it ended.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use mlua::thread::AsyncThread;
use mlua::{Error, Function, IntoLuaMulti, MultiValue, Thread, Value};

use crate::limits::{Clock, Expired};
use crate::vm::Vm;

/// Why a Lua function ended early. It displays as HAProxy's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The script raised an error: its text with the stack.
    Raised(String),
    /// The cumulated running time passed its limit.
    ExecutionTimeout,
    /// It ran too long without a pause.
    BurstTimeout,
    OutOfMemory,
    /// It waited where it must not.
    YieldNotAllowed,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Raised(text) => text,
            Self::ExecutionTimeout => "execution timeout",
            Self::BurstTimeout => "burst timeout",
            Self::OutOfMemory => "out of memory error",
            Self::YieldNotAllowed => "yield not allowed",
        })
    }
}

impl From<Expired> for Failure {
    fn from(expired: Expired) -> Self {
        match expired {
            Expired::Execution => Self::ExecutionTimeout,
            Expired::Burst => Self::BurstTimeout,
        }
    }
}

/// What Lua says when it has no memory left.
pub(crate) const NO_MEMORY: &str = "not enough memory";

/// See the module. Dropping it closes the coroutine.
pub(crate) struct Run {
    vm: Arc<Vm>,
    thread: Thread,
    future: Option<AsyncThread<MultiValue>>,
    clock: Arc<Clock>,
}

impl Run {
    /// A coroutine of `function` that may run for `limit` milliseconds, 0 for no limit.
    pub fn new(
        vm: &Arc<Vm>,
        function: &Function,
        args: impl IntoLuaMulti,
        limit: u64,
        may_pause: bool,
    ) -> Result<Self, Failure> {
        let make = || {
            let thread = vm.lua.create_thread(vm.protect.clone())?;
            let mut args = args.into_lua_multi(&vm.lua)?;
            args.push_front(Value::Function(function.clone()));
            let future = thread.clone().into_async(args)?;
            Ok((thread, future))
        };
        let (thread, future) = make().map_err(failure)?;
        let clock = Clock::new(vm.env.limits(), limit, thread.state().cast(), may_pause);
        Ok(Self { vm: Arc::clone(vm), thread, future: Some(future), clock })
    }

    /// Goes on until the function must wait or ends. Not to be polled again once it is ready.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<MultiValue, Failure>> {
        let Some(future) = &mut self.future else { return Poll::Ready(Ok(MultiValue::new())) };
        let polled = self.clock.measure(|| Pin::new(future).poll(cx));
        match polled {
            Poll::Pending => match (self.clock.take_exit(), self.clock.expired()) {
                (Some(values), _) => Poll::Ready(Ok(values)),
                (None, Some(expired)) => Poll::Ready(Err(expired.into())),
                (None, None) => Poll::Pending,
            },
            Poll::Ready(result) => {
                self.future = None;
                Poll::Ready(result.map_err(failure).and_then(outcome))
            }
        }
    }

    /// Runs a function that must not wait to its end.
    pub fn finish(mut self) -> Result<MultiValue, Failure> {
        match self.poll(&mut Context::from_waker(std::task::Waker::noop())) {
            Poll::Ready(result) => result,
            Poll::Pending => Err(Failure::YieldNotAllowed),
        }
    }
}

impl Drop for Run {
    /// Closes what the function left open; the clock bounds its `__close` functions.
    fn drop(&mut self) {
        if self.future.take().is_some() {
            let _ = self.clock.measure(|| self.thread.reset(self.vm.noop.clone()));
        }
    }
}

/// What `protect` of the shim gave: `true, results...` or `false, text`.
fn outcome(mut values: MultiValue) -> Result<MultiValue, Failure> {
    if let Some(Value::Boolean(true)) = values.pop_front() {
        return Ok(values);
    }
    match values.pop_front() {
        Some(Value::String(text)) if *text.as_bytes() == *NO_MEMORY.as_bytes() => Err(Failure::OutOfMemory),
        Some(Value::String(text)) => Err(Failure::Raised(text.to_string_lossy())),
        Some(Value::Error(error)) => Err(failure(*error)),
        _ => Err(Failure::Raised("unknown error".into())),
    }
}

/// An error of the Lua machinery itself.
fn failure(error: Error) -> Failure {
    match error {
        Error::MemoryError(_) => Failure::OutOfMemory,
        Error::CallbackError { cause, .. } => failure((*cause).clone()),
        other => Failure::Raised(other.to_string()),
    }
}
