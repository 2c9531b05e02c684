//! What the applets share: reading their input, writing their output, and private data.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use mlua::{AnyUserData, Lua, Result, Value};

use crate::pipe::Pipe;
use crate::run::NO_MEMORY;
use crate::shim::{Answer, Args, Functions, Results};
use crate::task;
use crate::vm::Vm;

/// Writes all of `bytes`, as fast as the queue is emptied.
pub(crate) async fn send(pipe: &Pipe, mut bytes: &[u8]) {
    poll_fn(|cx| {
        bytes = &bytes[pipe.push(bytes)..];
        if bytes.is_empty() {
            return Poll::Ready(());
        }
        pipe.wait_room(cx);
        Poll::Pending
    })
    .await
}

/// Takes from the queue until `wanted` says that it is enough, or to the end. It gives how many
/// more bytes may be taken at most; 0: no more are wanted.
async fn collect(
    pipe: &Pipe,
    bytes: &mut Vec<u8>,
    max: usize,
    wanted: impl Fn(&Pipe, &[u8]) -> usize + Send,
) -> Answer<()> {
    poll_fn(|cx| {
        loop {
            let count = wanted(pipe, bytes);
            if count == 0 || pipe.is_finished() {
                return Poll::Ready(Ok(()));
            }
            if bytes.len() > max {
                return Poll::Ready(Err(NO_MEMORY.into()));
            }
            if pipe.pop(bytes, count) == 0 {
                pipe.wait_bytes(cx);
                return Poll::Pending;
            }
        }
    })
    .await
}

/// What [`collect`] wants for a line with its end.
fn line(pipe: &Pipe, have: &[u8]) -> usize {
    if have.ends_with(b"\n") { 0 } else { pipe.find(b'\n').unwrap_or(usize::MAX) }
}

/// What [`collect`] wants for so many bytes; `None`: for all there are.
fn sized(count: Option<usize>) -> impl Fn(&Pipe, &[u8]) -> usize + Send {
    move |_, have| count.map_or(usize::MAX, |count| count - have.len())
}

/// The argument of `receive` that says how many bytes; a negative number stands for all.
fn count(lua: &Lua, args: &Args) -> Answer<Option<usize>> {
    Ok(args.optional_integer(lua, 1)?.and_then(|count| usize::try_from(count).ok()))
}

/// How many bytes may be collected: as many as all Lua states may have.
pub(crate) fn most(lua: &Lua) -> usize {
    let maxmem = Vm::of(lua).map_or(0, |vm| vm.env.limits().maxmem);
    if maxmem == 0 { usize::MAX } else { usize::try_from(maxmem).unwrap_or(usize::MAX) }
}

/// Adds `getline` to a class whose objects have an input.
pub(crate) fn getline<T: 'static>(functions: &Functions<'_>, input: fn(&T) -> &Pipe) -> Result<()> {
    functions.add_async("getline", Results::One, move |lua, args| {
        let pipe = args.this::<T>().map(|this| input(&this).clone());
        async move {
            let mut bytes = Vec::new();
            collect(&pipe?, &mut bytes, most(&lua), line).await?;
            Ok(lua.create_string(bytes)?)
        }
    })
}

/// Adds `receive` to a class whose objects have an input. With `timed`, a second argument limits
/// the time in milliseconds: then nil says that there was nothing.
pub(crate) fn receive<T: 'static>(
    functions: &Functions<'_>,
    input: fn(&T) -> &Pipe,
    timed: bool,
) -> Result<()> {
    functions.add_async("receive", Results::One, move |lua, args| {
        let prepared = args.this::<T>().and_then(|this| {
            let limit = if timed { args.optional_integer(&lua, 2)? } else { None };
            let limit = limit.and_then(|limit| u64::try_from(limit).ok()).map(Duration::from_millis);
            Ok((input(&this).clone(), count(&lua, &args)?, limit))
        });
        async move {
            let (pipe, count, limit) = prepared?;
            let mut bytes = Vec::new();
            let work = collect(&pipe, &mut bytes, most(&lua), sized(count));
            match limit {
                None => work.await?,
                Some(limit) => {
                    task::runtime()?;
                    // What came before the limit is given.
                    tokio::time::timeout(limit, work).await.unwrap_or(Ok(()))?;
                    if bytes.is_empty() && !pipe.is_finished() {
                        return Ok(None);
                    }
                }
            }
            Ok(Some(lua.create_string(bytes)?))
        }
    })
}

/// Adds `set_priv` and `get_priv`: any value that lives as long as the object.
pub(crate) fn private(functions: &Functions<'_>) -> Result<()> {
    functions.add("set_priv", Results::None, |_, args| {
        let handle: AnyUserData = args.object()?.raw_get(0)?;
        Ok(handle.set_user_value(args.get(1).clone())?)
    })?;
    functions.add("get_priv", Results::One, |_, args| {
        let handle: AnyUserData = args.object()?.raw_get(0)?;
        Ok(handle.user_value::<Value>()?)
    })
}
