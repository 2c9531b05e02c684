//! What the applets share: reading their input, writing their output, and private data.

use std::future::poll_fn;
use std::task::Poll;

use mlua::{AnyUserData, LuaString, Result, Value};

use crate::pipe::Pipe;
use crate::shim::{Functions, Results};

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

/// Reads up to and with the next line feed, or to the end.
async fn line(pipe: &Pipe) -> Vec<u8> {
    let mut line = Vec::new();
    poll_fn(|cx| {
        let found = pipe.find(b'\n');
        pipe.pop(&mut line, found.unwrap_or(usize::MAX));
        if found.is_some() || pipe.is_finished() {
            return Poll::Ready(());
        }
        pipe.wait_bytes(cx);
        Poll::Pending
    })
    .await;
    line
}

/// Reads `count` bytes, or to the end; `None`: everything to the end.
pub(crate) async fn receive(pipe: &Pipe, count: Option<usize>) -> Vec<u8> {
    let mut bytes = Vec::new();
    poll_fn(|cx| {
        let wanted = count.map_or(usize::MAX, |count| count - bytes.len());
        pipe.pop(&mut bytes, wanted);
        if count == Some(bytes.len()) || pipe.is_finished() {
            return Poll::Ready(());
        }
        pipe.wait_bytes(cx);
        Poll::Pending
    })
    .await;
    bytes
}

/// Adds `getline` and `receive` to a class whose objects have an input.
pub(crate) fn methods<T: 'static>(functions: &Functions<'_>, input: fn(&T) -> &Pipe) -> Result<()> {
    functions.add_async("getline", Results::One, move |lua, args| {
        let pipe = args.this::<T>().map(|this| input(&this).clone());
        async move { Ok(lua.create_string(line(&pipe?).await)?) }
    })?;
    functions.add_async("receive", Results::One, move |lua, args| {
        let prepared = args.this::<T>().and_then(|this| {
            let count = args.optional_integer(&lua, 1)?;
            // HAProxy takes any negative number as "to the end".
            Ok((input(&this).clone(), count.and_then(|count| usize::try_from(count).ok())))
        });
        async move {
            let (pipe, count) = prepared?;
            Ok::<LuaString, _>(lua.create_string(receive(&pipe, count).await)?)
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
