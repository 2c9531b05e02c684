//! What the packets of a connection carry below TCP: the mark that the system's own rules see, and
//! the field of the type of service.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::BorrowedFd;

use crate::sys;

/// See the module; what is none stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    pub mark: Option<u32>,
    pub tos: Option<i32>,
}

impl Marks {
    /// Sets them on a socket with this peer. A system that refuses leaves the packets as they are,
    /// as in HAProxy.
    pub fn set(self, fd: BorrowedFd<'_>, peer: Option<SocketAddr>) {
        if let Some(mark) = self.mark {
            let _ = sys::set_int(fd, libc::SOL_SOCKET, libc::SO_MARK, mark.cast_signed());
        }
        if let (Some(tos), Some(peer)) = (self.tos, peer) {
            // An IPv4 address in IPv6's form goes by IPv4.
            let _ = match peer.ip().to_canonical() {
                IpAddr::V4(_) => sys::set_int(fd, libc::IPPROTO_IP, libc::IP_TOS, tos),
                IpAddr::V6(_) => sys::set_int(fd, libc::IPPROTO_IPV6, libc::IPV6_TCLASS, tos),
            };
        }
    }
}
