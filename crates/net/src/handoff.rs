//! A soft reload that loses nothing: the new process takes over copies of the listening sockets
//! that the old ones hold, through `pidfd_getfd(2)` (Linux 5.6). Both then accept from the very
//! same queue, and the old one just closes its copy. Where this is not permitted the new process
//! binds beside the old one (SO_REUSEPORT), and the old one drains its queue before it closes.
//! Left out: telling the old processes to stop, which is the process model's.

use std::os::fd::OwnedFd;

use ir::expr::Address;

/// Listening sockets of other processes, for [`crate::listener::open`] to take from.
#[derive(Debug, Default)]
pub struct Inherited {
    sockets: Vec<(Address, OwnedFd)>,
}
