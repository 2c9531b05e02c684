//! Sockets, TLS, timers and threads: what the streams stand on.
//!
//! - [`worker`]: the threads, their accept loops and the commands they obey.
//! - [`listener`], [`handoff`]: listening sockets, new or taken over from the process before;
//!   [`datagram`]: those of datagrams.
//! - [`io`], [`splice`], [`scratch`]: one connection's bytes, by poll functions.
//! - [`tls`]: the only place that names the TLS library.
//! - [`connect`], [`pool`]: connections to servers, new and idle.
//! - [`namespace`], [`ports`], [`marks`]: what sockets towards servers are made with.
//! - [`tcp_info`]: the kernel's numbers about a connection, as samples; [`actions`]: what rules do
//!   to it.
//! - [`timer`], [`clock`]: one coarse timer wheel a thread, one clock.
//!
//! Nothing here knows HTTP, a rule or a counter; the streams and what they mean are `proxy`'s.

pub mod actions;
pub mod clock;
pub mod connect;
pub mod datagram;
pub mod handoff;
pub mod io;
pub mod listener;
pub mod load;
pub mod marks;
pub mod namespace;
pub mod output;
pub mod pool;
pub mod ports;
pub mod scratch;
pub mod socket;
mod socks4;
pub mod splice;
mod sys;
pub mod tcp_info;
pub mod timer;
pub mod tls;
pub mod worker;

pub use sys::descriptor_limit;
