//! Listening sockets, made from `bind` lines. Left out: accepting ([`crate::worker`]).

use std::fmt;
use std::os::fd::OwnedFd;

use ir::config::{Bind, Tune};
use ir::id::{BindId, ProxyId};

use crate::handoff::Inherited;

/// A listening socket of one `bind` address. Several may stand for the same one, one a worker.
#[derive(Debug)]
pub struct Listener {
    pub proxy: ProxyId,
    pub bind: BindId,
    pub kind: Kind,
    pub backlog: i32,
    pub fd: OwnedFd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Tcp,
    Unix,
}

/// What [`open`] wants to know beside the `bind` line.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub proxy: ProxyId,
    pub bind: BindId,
    /// The line's own backlog or the frontend's, else its maxconn (manual, `backlog`).
    pub backlog: u32,
    /// Sockets for the same address: `nbthread`.
    pub sockets: usize,
    pub tune: &'a Tune,
}

/// Opens the sockets of a `bind` address, taking over those of other processes first. More than
/// `sockets` come back where other processes had more: all of them must be served.
///
/// # Errors
/// See [`BindError`].
pub fn open(
    _bind: &Bind,
    _wanted: Wanted<'_>,
    _inherited: &mut Inherited,
) -> Result<Vec<Listener>, BindError> {
    todo!()
}

/// Why a socket could not be opened. Displayed as HAProxy says it after `Binding [file:line] for
/// frontend http: `, as in `protocol tcpv4: cannot bind socket (Address already in use) for
/// [0.0.0.0:80]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindError {
    pub message: String,
    /// The address is taken: another try after SIGTTOU to the old process may help.
    pub in_use: bool,
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for BindError {}
