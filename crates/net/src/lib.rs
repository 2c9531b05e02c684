//! Sockets, TLS, timers and threads: what the streams stand on.
//!
//! - [`worker`]: the threads, their accept loops and the commands they obey.
//! - [`listener`], [`handoff`]: listening sockets, new or taken over from the process before.
//! - [`io`], [`splice`], [`scratch`]: one connection's bytes, by poll functions.
//! - [`tls`]: the only place that names the TLS library.
//! - [`connect`], [`pool`]: connections to servers, new and idle.
//! - [`tcp_info`]: the kernel's numbers about a connection, as samples.
//! - [`timer`], [`clock`]: one coarse timer wheel a thread, one clock.
//!
//! Nothing here knows HTTP, a rule or a counter; the streams and what they mean are `proxy`'s.

pub mod clock;
pub mod connect;
pub mod handoff;
pub mod io;
pub mod listener;
pub mod output;
pub mod pool;
pub mod scratch;
pub mod socket;
pub mod splice;
mod sys;
pub mod tcp_info;
pub mod timer;
pub mod tls;
pub mod worker;
