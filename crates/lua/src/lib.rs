//! The embedded Lua 5.4 host: it loads scripts, keeps what they register, and runs their
//! services, actions, fetches, converters and tasks (HAProxy's Lua API, doc/lua-api).
//!
//! One Lua state serves all threads for `lua-load`, under mlua's own lock; `lua-load-per-thread`
//! gets a state for each thread. A running function is a coroutine that is polled with its stream
//! as the *current* one: nothing here keeps a stream, and nothing here moves bytes of a
//! connection: a service only reads and fills bounded queues.
//!
//! Left out: filters, event subscriptions, channels and stick tables. What scripts may name of
//! them while they are loaded is in `later`.

mod action;
mod address;
mod applet_http;
mod applet_tcp;
mod arguments;
mod body;
mod clock;
mod convert;
mod converters;
mod core;
mod current;
mod fetches;
mod host;
mod http;
mod httpclient;
mod later;
mod limits;
mod log;
mod maps;
mod pipe;
mod proxies;
mod queue;
mod register;
mod run;
mod service;
mod shim;
mod socket;
mod task;
mod trace;
mod txn;
mod values;
mod vars;
mod vm;

pub use action::LuaAction;
pub use host::{Catalog, Host};
pub use log::LogSink;
pub use maps::NewMap;
pub use pipe::Pipe;
pub use register::{Action, Mode, Registered, Service};
pub use run::Failure;
pub use service::{HttpService, ServiceError, TcpService};

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
