//! Sans-IO state machines of the protocols, and the one message type in which they meet.
//!
//! Nothing here performs I/O, knows a runtime or reads a clock: bytes go in, events and bytes
//! come out.

pub mod h1;
pub mod h2;
pub mod message;
pub mod netscaler_cip;
pub mod proxy_protocol;
pub mod syslog;
pub mod wear;
pub mod websocket;
