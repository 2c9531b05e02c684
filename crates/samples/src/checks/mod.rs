//! Checks of the values that a row's arguments may have, beyond their types. The messages are
//! HAProxy's.

mod converters;
mod crypto;
mod fetches;
mod protocols;

pub use converters::*;
pub use crypto::*;
pub use fetches::*;
pub use protocols::*;

use ir::expr::Arg;

type Checked = Result<(), String>;

/// The text of an argument; empty where it was left out.
fn text(args: &[Arg], index: usize) -> &[u8] {
    match args.get(index) {
        Some(Arg::Str(text)) => text,
        _ => b"",
    }
}

/// The number of an argument; 0 where it was left out.
fn number(args: &[Arg], index: usize) -> i64 {
    match args.get(index) {
        Some(Arg::Sint(number)) => *number,
        _ => 0,
    }
}

fn lossy(text: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(text)
}

fn require(holds: bool, otherwise: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// A time's unit at `index`, when it is given.
fn unit(args: &[Arg], index: usize) -> Checked {
    match args.get(index) {
        Some(Arg::Str(unit)) if !matches!(unit.as_slice(), b"s" | b"ms" | b"us") => {
            Err(format!("expects 's', 'ms' or 'us', got '{}'", lossy(unit)))
        }
        _ => Ok(()),
    }
}
