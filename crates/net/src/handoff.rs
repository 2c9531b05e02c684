//! A soft reload that loses nothing: the new process takes over copies of the listening sockets
//! that the old ones hold, through `pidfd_getfd(2)` (Linux 5.6). Both then accept from the very
//! same queue, and the old one just closes its copy. Where this is not permitted the new process
//! binds beside the old one (SO_REUSEPORT), and the old one drains its queue before it closes.
//! Left out: telling the old processes to stop, which is the process model's.

use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd, RawFd};

use ir::config::Bind;
use ir::expr::Address;
use socket2::SockRef;

use crate::connect::abstract_name;
use crate::listener::wanted_path;
use crate::sys;

/// Listening sockets of other processes, for [`crate::listener::open`] to take from. Those that
/// nobody takes are closed with it, which the other process does not notice.
#[derive(Debug, Default)]
pub struct Inherited {
    sockets: Vec<Socket>,
}

#[derive(Debug)]
struct Socket {
    address: Place,
    fd: OwnedFd,
}

/// A socket's address as the kernel tells it.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Ip(std::net::SocketAddr),
    Path(Vec<u8>),
    /// With its padding, without its leading NUL.
    Abstract(Vec<u8>),
}

impl Inherited {
    /// Copies the listening sockets of other processes. A process that is gone gives none; what
    /// else went wrong with a process comes back beside its number, and its sockets are then left
    /// to SO_REUSEPORT.
    pub fn collect(pids: &[i32]) -> (Self, Vec<(i32, io::Error)>) {
        let mut found = Self::default();
        let mut failed = Vec::new();
        for &pid in pids {
            match listening_sockets(pid) {
                Ok(sockets) => found.sockets.extend(sockets),
                Err(error) if error.raw_os_error() == Some(libc::ESRCH) => {}
                Err(error) => failed.push((pid, error)),
            }
        }
        (found, failed)
    }

    /// Whether no socket is left or none was found.
    pub fn is_empty(&self) -> bool {
        self.sockets.is_empty()
    }

    /// Takes all sockets of a `bind` line's address.
    pub(crate) fn take(&mut self, bind: &Bind) -> Vec<OwnedFd> {
        let (taken, left) = self.sockets.drain(..).partition(|socket| matches(socket, bind));
        self.sockets = left;
        let taken: Vec<Socket> = taken;
        taken.into_iter().map(|socket| socket.fd).collect()
    }
}

/// Whether a socket is what a `bind` line would open.
fn matches(socket: &Socket, bind: &Bind) -> bool {
    let view = SockRef::from(&socket.fd);
    match (&bind.address, &socket.address) {
        (Address::Ip(ip, port), Place::Ip(address)) => {
            let device = view.device().ok().flatten();
            let same_family_rules = !address.is_ipv6()
                || !(bind.v6only || bind.v4v6)
                || view.only_v6().is_ok_and(|only| only == bind.v6only);
            (address.ip(), address.port()) == (*ip, *port) && device == bind.interface && same_family_rules
        }
        (Address::Unix(path), Place::Path(found)) => path == found,
        (Address::Abstract(name, terminated), Place::Abstract(found)) => {
            abstract_name(name, *terminated)[1..] == **found
        }
        _ => false,
    }
}

/// Copies of a process's listening stream sockets, each socket once.
fn listening_sockets(pid: i32) -> io::Result<Vec<Socket>> {
    let process = sys::pidfd_open(pid)?;
    let mut seen = std::collections::HashSet::new();
    let mut sockets = Vec::new();
    for entry in fs::read_dir(format!("/proc/{pid}/fd"))? {
        let entry = entry?;
        let Some(number) = entry.file_name().to_str().and_then(|name| name.parse::<RawFd>().ok()) else {
            continue;
        };
        // `socket:[inode]`; a descriptor that was closed since is none.
        let Ok(link) = fs::read_link(entry.path()) else { continue };
        if !link.as_os_str().as_encoded_bytes().starts_with(b"socket:") || !seen.insert(link) {
            continue;
        }
        match sys::pidfd_getfd(process.as_fd(), number) {
            Ok(fd) => sockets.extend(listening(fd)),
            Err(error) if error.raw_os_error() == Some(libc::EBADF) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(sockets)
}

/// The socket, where it is a stream socket that listens.
fn listening(fd: OwnedFd) -> Option<Socket> {
    let view = SockRef::from(&fd);
    if !view.is_listener().ok()? || view.r#type().ok()? != socket2::Type::STREAM {
        return None;
    }
    let local = view.local_addr().ok()?;
    let address = match (local.as_socket(), local.as_pathname(), local.as_abstract_namespace()) {
        (Some(address), ..) => Place::Ip(address),
        (_, Some(path), _) => Place::Path(wanted_path(path).to_vec()),
        (.., Some(name)) => Place::Abstract(name.to_vec()),
        _ => return None,
    };
    Some(Socket { address, fd })
}

#[cfg(test)]
mod tests;
