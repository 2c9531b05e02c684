//! The Queue and Concat classes of `core.queue()` and `core.concat()`: values between coroutines,
//! and strings put together.
//!
//! Left out: `Queue.alarm`, which belongs to `core.wait`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mlua::{AnyUserData, Lua, Result, Table, UserData, Value};
use tokio::sync::Notify;

use crate::body;
use crate::run::NO_MEMORY;
use crate::shim::{Answer, Args, Functions, Results, Shims};

/// The places of the items in a Lua table: from behind `head` to `tail`.
#[derive(Default)]
struct Places {
    head: i64,
    tail: i64,
}

/// The host's part of a Queue object; the items are in a table, its user value.
#[derive(Clone, Default)]
struct Queue {
    places: Arc<Mutex<Places>>,
    pushed: Arc<Notify>,
}

impl UserData for Queue {}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, items: &Table, value: &Value) -> Answer<()> {
        let mut places = self.lock();
        items.raw_set(places.tail + 1, value)?;
        places.tail += 1;
        self.pushed.notify_one();
        Ok(())
    }

    /// The oldest item, nil where there is none.
    fn pop(&self, items: &Table) -> Answer<Value> {
        let mut places = self.lock();
        if places.head == places.tail {
            return Ok(Value::Nil);
        }
        places.head += 1;
        let value = items.raw_get(places.head)?;
        items.raw_set(places.head, Value::Nil)?;
        if places.head < places.tail {
            // Another one may wait for what is left.
            self.pushed.notify_one();
        }
        Ok(value)
    }
}

/// The host's part of a Concat object.
struct Concat(Mutex<Vec<u8>>);

impl UserData for Concat {}

/// Adds `core.queue` and `core.concat`.
pub(crate) fn install(lua: &Lua, shims: &Shims, core: &Functions<'_>) -> Result<()> {
    let class = queue_class(lua, shims)?;
    core.add("queue", Results::One, move |lua, _| {
        let handle = lua.create_userdata(Queue::default())?;
        handle.set_user_value(lua.create_table()?)?;
        Ok(object(lua, handle, &class)?)
    })?;
    let class = concat_class(lua, shims)?;
    core.add("concat", Results::One, move |lua, _| {
        let handle = lua.create_userdata(Concat(Mutex::default()))?;
        Ok(object(lua, handle, &class)?)
    })
}

fn object(lua: &Lua, handle: AnyUserData, class: &Table) -> Result<Table> {
    let object = lua.create_table_with_capacity(1, 0)?;
    object.raw_set(0, handle)?;
    object.set_metatable(Some(class.clone()))?;
    Ok(object)
}

/// The queue that a method was called on, with its items.
fn parts(args: &Args) -> Answer<(Queue, Table)> {
    let queue = args.this::<Queue>()?.clone();
    let handle: AnyUserData = args.object()?.raw_get(0)?;
    Ok((queue, handle.user_value()?))
}

fn queue_class(lua: &Lua, shims: &Shims) -> Result<Table> {
    let functions = Functions::class(lua, shims)?;
    functions.add("size", Results::One, |_, args| {
        let (queue, _) = parts(args)?;
        let places = queue.lock();
        Ok(places.tail - places.head)
    })?;
    functions.add("push", Results::One, |_, args| {
        let (queue, items) = parts(args)?;
        if args.get(1).is_nil() {
            return Err("unexpected argument".into());
        }
        queue.push(&items, args.get(1))?;
        Ok(true)
    })?;
    functions.add("pop", Results::One, |_, args| {
        let (queue, items) = parts(args)?;
        queue.pop(&items)
    })?;
    functions.add_async("pop_wait", Results::One, |_, args| {
        let parts = parts(&args);
        async move {
            let (queue, items) = parts?;
            loop {
                let value = queue.pop(&items)?;
                if !value.is_nil() {
                    return Ok(value);
                }
                queue.pushed.notified().await;
            }
        }
    })?;
    functions.into_class("Queue")
}

fn concat_class(lua: &Lua, shims: &Shims) -> Result<Table> {
    let functions = Functions::class(lua, shims)?;
    functions.add("add", Results::None, |lua, args| {
        let text = args.string(lua, 1)?;
        let this = args.this::<Concat>()?;
        let mut bytes = this.0.lock().unwrap_or_else(PoisonError::into_inner);
        if bytes.len() > body::most(lua) {
            return Err(NO_MEMORY.into());
        }
        bytes.extend_from_slice(&text.as_bytes());
        Ok(())
    })?;
    functions.add("dump", Results::One, |lua, args| {
        let this = args.this::<Concat>()?;
        let bytes = this.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(lua.create_string(&*bytes)?)
    })?;
    functions.into_class("Concat")
}
