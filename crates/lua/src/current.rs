//! The current stream: lends the stream of the running function to the API for as long as the
//! function runs, and not longer.
//!
//! Lua values must be `Send` and may outlive a stream, so none of them can hold one. They hold a
//! stream's id; [`with`] gives the stream only while it is the current one of this thread.
//!
//! `unsafe` stands here because a thread-local cannot hold a borrow: a pointer is put there by
//! [`enter`], which holds the exclusive borrow meanwhile, and [`with`] takes the pointer out while
//! it uses it, so that no second reference can be made.

use std::cell::Cell;
use std::ptr::NonNull;

use state::Stream;

#[derive(Clone, Copy)]
enum Lent {
    Exclusive(NonNull<Stream>),
    Shared(NonNull<Stream>),
}

thread_local! {
    static CURRENT: Cell<Option<Lent>> = const { Cell::new(None) };
}

/// Puts back what was there, also when the caller unwinds.
struct Restore(Option<Lent>);

impl Drop for Restore {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

/// Runs `f` with `stream` as the current one.
pub(crate) fn enter<R>(stream: &mut Stream, f: impl FnOnce() -> R) -> R {
    let _restore = Restore(CURRENT.replace(Some(Lent::Exclusive(NonNull::from(stream)))));
    f()
}

/// Runs `f` with `stream` as the current one, which can only be read: for fetches and converters.
pub(crate) fn enter_shared<R>(stream: &Stream, f: impl FnOnce() -> R) -> R {
    let _restore = Restore(CURRENT.replace(Some(Lent::Shared(NonNull::from(stream)))));
    f()
}

/// Runs `f` with the current stream if it is the one with this `id`.
pub(crate) fn with<R>(id: u64, f: impl FnOnce(&Stream) -> R) -> Option<R> {
    let lent = CURRENT.take();
    let _restore = Restore(lent);
    let pointer = match lent? {
        Lent::Exclusive(pointer) | Lent::Shared(pointer) => pointer,
    };
    // SAFETY: `enter` or `enter_shared` further up the stack holds the borrow this comes from, and
    // `CURRENT` is empty until `_restore` drops, so nothing else uses it.
    let stream = unsafe { pointer.as_ref() };
    (stream.id == id).then(|| f(stream))
}

/// The same, to change it; not in fetches and converters.
pub(crate) fn with_mut<R>(id: u64, f: impl FnOnce(&mut Stream) -> R) -> Option<R> {
    let lent = CURRENT.take();
    let _restore = Restore(lent);
    let Some(Lent::Exclusive(mut pointer)) = lent else { return None };
    // SAFETY: as above, and `enter` was given an exclusive borrow.
    let stream = unsafe { pointer.as_mut() };
    (stream.id == id).then(|| f(stream))
}
