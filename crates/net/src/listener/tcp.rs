//! TCP listening sockets: one a worker for the same address, by SO_REUSEPORT, so that the kernel
//! spreads the connections.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use ir::config::{Bind, Shards};
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::{BindError, Wanted, backlog, reason};
use crate::sys;

/// Opens what `taken` leaves missing and sets the line's options on all.
pub fn open(
    bind: &Bind,
    address: SocketAddr,
    wanted: Wanted<'_>,
    taken: Vec<OwnedFd>,
    warnings: &mut Vec<String>,
) -> Result<Vec<OwnedFd>, BindError> {
    let mut fds = taken;
    let threads = wanted.sockets.max(1);
    let sockets = match bind.shards {
        _ if !wanted.reuse_port => 1,
        Shards::ByThread => threads,
        Shards::ByGroup => 1,
        Shards::Count(count) => usize::from(count).min(threads),
    };
    while fds.len() < sockets {
        // The options of one socket are those of all: one warning is enough.
        let warnings = if fds.is_empty() { &mut *warnings } else { &mut Vec::new() };
        let socket = bound(bind, address, wanted, warnings);
        fds.push(socket.map_err(|(what, e)| failure(address, what, &e))?.into());
    }
    for (index, fd) in fds.iter().enumerate() {
        let warnings = if index == 0 { &mut *warnings } else { &mut Vec::new() };
        set_options(bind, address, wanted, fd, warnings)?;
        let listening = SockRef::from(fd).listen(backlog(wanted));
        listening.map_err(|e| failure(address, "cannot listen to socket:", &e))?;
    }
    // Threads without a socket of their own share those that there are.
    for shared in 0..threads.saturating_sub(fds.len()) {
        let copy = fds[shared].try_clone();
        fds.push(copy.map_err(|e| failure(address, "cannot dup() receiving socket", &e))?);
    }
    Ok(fds)
}

/// A new socket that is bound and does not listen yet; the error says at which step.
fn bound(
    bind: &Bind,
    address: SocketAddr,
    wanted: Wanted<'_>,
    warnings: &mut Vec<String>,
) -> Result<Socket, (&'static str, io::Error)> {
    let step = |what: &'static str| move |e| (what, e);
    let new = || Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP));
    let socket = wanted
        .namespaces
        .within(bind.namespace.as_deref(), new)
        .map_err(step("cannot create receiving socket"))?;
    socket.set_nonblocking(true).map_err(step("cannot make socket non-blocking"))?;
    socket.set_reuse_address(true).map_err(step("cannot do so_reuseaddr"))?;
    if wanted.reuse_port {
        socket.set_reuse_port(true).map_err(step("cannot do so_reuseport"))?;
    }
    if bind.transparent {
        let set = if address.is_ipv4() {
            socket.set_ip_transparent_v4(true)
        } else {
            socket.set_ip_transparent_v6(true)
        };
        set.map_err(step("cannot make receiving socket transparent"))?;
    }
    if let Some(interface) = &bind.interface
        && let Err(e) = socket.bind_device(Some(interface))
    {
        let name = String::from_utf8_lossy(interface);
        warnings.push(message(address, &format!("cannot bind receiver to device '{name}'"), &e));
    }
    if address.is_ipv6() && (bind.v6only || bind.v4v6) {
        socket.set_only_v6(bind.v6only).map_err(step("cannot bind socket"))?;
    }
    socket.bind(&address.into()).map_err(step("cannot bind socket"))?;
    Ok(socket)
}

/// The options that accepted connections inherit or that steer the accepting.
pub fn set_options(
    bind: &Bind,
    address: SocketAddr,
    wanted: Wanted<'_>,
    fd: &OwnedFd,
    warnings: &mut Vec<String>,
) -> Result<(), BindError> {
    let socket = SockRef::from(fd);
    let mut try_to = |what: &str, done: io::Result<()>| {
        if let Err(e) = done {
            warnings.push(message(address, what, &e));
        }
    };
    let set = |option, value| sys::set_int(fd.as_fd(), libc::IPPROTO_TCP, option, value);
    try_to("cannot set TCP_NODELAY,", set(libc::TCP_NODELAY, 1));
    if let Some(size) = wanted.tune.rcvbuf_client {
        try_to("cannot set the receive buffer,", socket.set_recv_buffer_size(size));
    }
    if let Some(size) = wanted.tune.sndbuf_client {
        try_to("cannot set the send buffer,", socket.set_send_buffer_size(size));
    }
    if let Ok(bytes @ 1..) = i32::try_from(wanted.tune.notsent_lowat_client) {
        try_to("cannot set TCP_NOTSENT_LOWAT,", set(libc::TCP_NOTSENT_LOWAT, bytes));
    }
    if wanted.nolinger {
        try_to("cannot set SO_LINGER,", socket.set_linger(Some(Duration::ZERO)));
    }
    if let Some(mss) = bind.mss.filter(|mss| *mss > 0) {
        try_to(&format!("cannot set MSS to {mss},"), set(libc::TCP_MAXSEG, mss));
    }
    if let Some(name) = &bind.congestion {
        let done = sys::set_bytes(fd.as_fd(), libc::IPPROTO_TCP, libc::TCP_CONGESTION, name);
        try_to("cannot set TCP congestion control algorithm,", done);
    }
    if bind.save_syn > 0 {
        try_to("cannot set TCP SAVE_SYN,", set(libc::TCP_SAVE_SYN, i32::from(bind.save_syn)));
    }
    if let Some(timeout) = bind.tcp_ut {
        let timeout = Some(Duration::from_millis(timeout.into()));
        try_to("cannot set TCP User Timeout,", socket.set_tcp_user_timeout(timeout));
    }
    if bind.defer_accept {
        try_to("cannot enable DEFER_ACCEPT,", set(libc::TCP_DEFER_ACCEPT, 1));
    }
    if bind.tcp_fast_open {
        try_to("cannot enable TCP_FASTOPEN,", set(libc::TCP_FASTOPEN, backlog(wanted)));
    }
    if wanted.delays_ack {
        // The system's own choice costs packets, nothing else.
        let _ = set(libc::TCP_QUICKACK, 0);
    }
    match &bind.md5_secret {
        Some(secret) => sys::set_md5_secret(fd.as_fd(), address, secret)
            .map_err(|e| failure(address, "cannot set TCP MD5 signature,", &e)),
        None => Ok(()),
    }
}

fn failure(address: SocketAddr, what: &str, cause: &io::Error) -> BindError {
    BindError::new(message(address, what, cause), cause)
}

/// `protocol tcpv4: cannot bind socket (Address already in use) for [0.0.0.0:80]`
fn message(address: SocketAddr, what: &str, cause: &io::Error) -> String {
    let family = if address.is_ipv4() { "tcpv4" } else { "tcpv6" };
    // HAProxy writes IPv6 addresses without brackets of their own.
    format!("protocol {family}: {what} ({}) for [{}:{}]", reason(cause), address.ip(), address.port())
}
