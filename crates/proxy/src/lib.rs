//! Sessions and streams: what happens between an accepted connection and its log line.
//!
//! [`worker`] accepts, [`session`] chooses a mux, [`mux`] makes streams of a connection's bytes,
//! [`http`] takes a stream through its rules, [`forward`] and [`exchange`] through a server,
//! [`service`] through a script; [`tcp`] and [`tunnel`] move bytes that at most [`inspect`] looks into; [`log`]
//! writes the line at the end.
//!
//! Everything of a connection runs in one task on one thread; nothing here locks.

mod body;
mod buffers;
mod client;
mod closing;
mod conn;
mod deadline;
mod exchange;
mod exhausted;
mod filters;
mod forward;
mod http;
mod inspect;
mod linger;
pub mod log;
mod lua_action;
mod mux;
mod proxy_header;
mod relay;
mod resolve;
mod rooms;
mod rules;
mod server;
mod service;
mod session;
mod tcp;
mod tunnel;
mod upstream;
mod worker;

pub use worker::Shared;
