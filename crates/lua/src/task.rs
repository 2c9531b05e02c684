//! Tasks: functions of `core.register_task`, each on the runtime of one thread.

use std::future::poll_fn;
use std::sync::Arc;

use mlua::{Lua, MultiValue};

use crate::run::{Failure, Run};
use crate::shim::Answer;
use crate::vm::Vm;

/// The runtime of the calling thread: what waits for time or a socket needs one.
pub(crate) fn runtime() -> Answer<tokio::runtime::Handle> {
    tokio::runtime::Handle::try_current().map_err(|_| "not available outside of a worker".into())
}

/// Starts the tasks of a state that wait for it, on the runtime of the calling thread.
pub(crate) fn spawn(vm: &Arc<Vm>) {
    let Ok(runtime) = runtime() else { return };
    let tasks = std::mem::take(&mut vm.registry().tasks);
    for (function, args) in tasks {
        let args: MultiValue = args.into_iter().collect();
        match Run::new(vm, &function, args, vm.env.limits().task_timeout, true) {
            Ok(mut run) => {
                let vm = Arc::clone(vm);
                runtime.spawn(async move {
                    if let Err(failure) = poll_fn(|cx| run.poll(cx)).await {
                        log(&vm, &failure);
                    }
                });
            }
            Err(failure) => log(vm, &failure),
        }
    }
}

fn log(vm: &Vm, failure: &Failure) {
    vm.env.logger.failure(None, &format!("Lua task: {failure}."));
}

/// Starts a task that a running function has just registered.
pub(crate) fn wake(lua: &Lua) {
    if let Some(vm) = Vm::of(lua) {
        spawn(&vm);
    }
}
