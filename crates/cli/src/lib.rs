//! The runtime API behind `stats socket`. So far its commands are rows only: `-dK` and the reference
//! pages name them, and none is executed.

mod commands;

pub use commands::all as commands;
