//! Listening sockets, made from `bind` lines. Left out: accepting ([`crate::worker`]), and trying
//! again while an old process holds the address (the process model's).

mod tcp;
mod unix;

use std::fmt;
use std::io;
use std::os::fd::OwnedFd;

use ir::config::{Bind, Tune};
use ir::expr::Address;
use ir::id::{BindId, ProxyId};
use socket2::SockRef;

pub(crate) use self::unix::wanted_path;
use crate::handoff::Inherited;
use crate::namespace::Namespaces;
use crate::sys;

/// A listening socket of one `bind` address. Several may stand for the same one, one a worker.
#[derive(Debug)]
pub struct Listener {
    pub proxy: ProxyId,
    pub bind: BindId,
    pub kind: Kind,
    pub backlog: i32,
    /// The threads that may serve it, from 1; empty: all.
    pub threads: Vec<u16>,
    pub fd: OwnedFd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A TCP socket of our own.
    Tcp,
    /// A UNIX socket, or an inherited descriptor: others may use it, so it is never shut down.
    Shared,
}

/// What [`open`] wants to know beside the `bind` line.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub proxy: ProxyId,
    pub bind: BindId,
    /// The line's own backlog or the frontend's, else its maxconn (manual, `backlog`).
    pub backlog: u32,
    /// The threads that serve the address: each gets a descriptor.
    pub sockets: usize,
    pub tune: &'a Tune,
    /// Several sockets may listen on the address; not with `noreuseport`.
    pub reuse_port: bool,
    /// `option nolinger`: connections end with a reset.
    pub nolinger: bool,
    /// `option tcp-smart-accept`: clients' first packets are not acknowledged by packets of their own.
    pub delays_ack: bool,
    pub namespaces: &'a Namespaces,
}

/// What [`open`] gives.
#[derive(Debug, Default)]
pub struct Opened {
    /// At least one for each worker; more where other processes had more, all of which must be
    /// served.
    pub listeners: Vec<Listener>,
    /// Options that the kernel refused, in [`BindError`]'s form; the sockets work without them.
    pub warnings: Vec<String>,
}

/// Opens the sockets of a `bind` address, taking over those of other processes first.
///
/// # Errors
/// See [`BindError`].
pub fn open(bind: &Bind, wanted: Wanted<'_>, inherited: &mut Inherited) -> Result<Opened, BindError> {
    let mut warnings = Vec::new();
    let taken = inherited.take(bind);
    let (kind, fds) = match &bind.address {
        Address::Ip(ip, port) => {
            let address = std::net::SocketAddr::new(*ip, *port);
            (Kind::Tcp, tcp::open(bind, address, wanted, taken, &mut warnings)?)
        }
        Address::Unix(path) => (Kind::Shared, clones(unix::open_path(bind, path, wanted, taken)?, wanted)?),
        Address::Abstract(name, terminated) => {
            let socket = unix::open_abstract(name, *terminated, wanted, taken)?;
            (Kind::Shared, clones(socket, wanted)?)
        }
        Address::Fd(fd) => (Kind::Shared, clones(inherited_fd(bind, *fd, wanted, &mut warnings)?, wanted)?),
    };
    let backlog = backlog(wanted);
    let listener = |fd| {
        let threads = bind.threads.clone();
        Listener { proxy: wanted.proxy, bind: wanted.bind, kind, backlog, threads, fd }
    };
    Ok(Opened { listeners: fds.into_iter().map(listener).collect(), warnings })
}

/// Why a socket could not be opened. Displayed as HAProxy says it after `Binding [file:line] for
/// frontend http: `, as in `protocol tcpv4: cannot bind socket (Address already in use) for
/// [0.0.0.0:80]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindError {
    pub message: String,
    /// The address is taken: another try after SIGTTOU to the old process may help. Never send
    /// that to a process whose sockets were taken over: it would pause ours too.
    pub in_use: bool,
}

impl BindError {
    fn new(message: String, cause: &io::Error) -> Self {
        Self { message, in_use: cause.kind() == io::ErrorKind::AddrInUse }
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for BindError {}

/// The C library's text of an error, without Rust's number behind it.
pub(crate) fn reason(error: &io::Error) -> String {
    let mut text = error.to_string();
    if let Some(end) = text.find(" (os error") {
        text.truncate(end);
    }
    text
}

fn backlog(wanted: Wanted<'_>) -> i32 {
    i32::try_from(wanted.backlog).unwrap_or(i32::MAX).max(1)
}

/// The same socket once for each worker.
fn clones(fd: OwnedFd, wanted: Wanted<'_>) -> Result<Vec<OwnedFd>, BindError> {
    let mut fds = Vec::with_capacity(wanted.sockets);
    for _ in 1..wanted.sockets {
        let copy = fd.try_clone();
        fds.push(
            copy.map_err(|e| BindError::new(format!("cannot dup() receiving socket ({})", reason(&e)), &e))?,
        );
    }
    fds.push(fd);
    Ok(fds)
}

/// `fd@n`: bound already, by whoever started us.
fn inherited_fd(
    bind: &Bind,
    fd: i32,
    wanted: Wanted<'_>,
    warnings: &mut Vec<String>,
) -> Result<OwnedFd, BindError> {
    let fail = |what: &str, e: io::Error| BindError::new(format!("{what} ({}) [fd {fd}]", reason(&e)), &e);
    let socket = sys::adopt(fd).map_err(|e| fail("cannot dup() receiving socket", e))?;
    let view = SockRef::from(&socket);
    view.set_nonblocking(true).map_err(|e| fail("cannot make socket non-blocking", e))?;
    if let Ok(Some(address)) = view.local_addr().map(|address| address.as_socket()) {
        tcp::set_options(bind, address, wanted, &socket, warnings)?;
    }
    view.listen(backlog(wanted)).map_err(|e| fail("cannot listen to socket:", e))?;
    Ok(socket)
}

#[cfg(test)]
pub(crate) mod tests;
