//! HTTP/2 without I/O (RFC 9113): frames, header blocks, and followers of what clients and servers send, which
//! react as HAProxy 3.5 does.
//!
//! Left out: flow control of what is received and everything about sending, which is the `h2` crate's
//! matter.

mod follow;
mod frame;
mod hpack;
mod huffman;
mod replies;
mod request;
mod response;
mod sent;
mod streams;
#[cfg(test)]
mod tests;

pub use follow::{
    Begun, By, Faults, Follower, Limits, Output, RESET_FOR_FRAMES, RESET_FOR_MESSAGE, Reset, Step, Work,
};
pub use frame::Code;
pub use hpack::{Decoder, Fields, Malformed, Most};
pub use replies::{Bounds, Next, Replies, Taken};
pub use request::{Invalid, Request, Rules, Tunnel, request, trailers};
