//! Sockets that take datagrams: UDP, and UNIX datagram sockets (manual, section 12.5, `dgram-bind`).

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr as UnixAddress, UnixDatagram as StdUnixDatagram};
use std::path::Path;

use ir::config::DatagramBuffers;
use ir::expr::Address;
use socket2::{Domain, Socket as RawSocket, Type};
use tokio::net::{UdpSocket, UnixDatagram};

use crate::sys;

/// A socket at work on its thread.
#[derive(Debug)]
pub enum Datagrams {
    Udp(UdpSocket),
    Unix(UnixDatagram),
}

/// How a socket is to be.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Several sockets may be bound to the address.
    pub reuse_port: bool,
    pub buffers: DatagramBuffers,
}

/// Binds a socket to an address. Others may be bound to it as well: an old process still is.
///
/// # Errors
/// What the kernel says.
pub fn bind(address: &Address, wanted: Wanted) -> io::Result<OwnedFd> {
    let socket: OwnedFd = match address {
        Address::Ip(ip, port) => {
            let address = SocketAddr::new(*ip, *port);
            let socket = RawSocket::new(Domain::for_address(address), Type::DGRAM, None)?;
            socket.set_reuse_address(true)?;
            if wanted.reuse_port {
                socket.set_reuse_port(true)?;
            }
            socket.bind(&address.into())?;
            // What the kernel refuses costs nothing but room.
            let _ = wanted.buffers.receive.map(|size| socket.set_recv_buffer_size(size));
            let _ = wanted.buffers.send.map(|size| socket.set_send_buffer_size(size));
            socket.into()
        }
        Address::Unix(path) => {
            let path = Path::new(std::ffi::OsStr::from_bytes(path));
            // What an earlier process left; that there is nothing is as good.
            let _ = std::fs::remove_file(path);
            StdUnixDatagram::bind(path)?.into()
        }
        Address::Abstract(name, _) => {
            StdUnixDatagram::bind_addr(&UnixAddress::from_abstract_name(name)?)?.into()
        }
        Address::Fd(fd) => sys::adopt(*fd)?,
    };
    Ok(socket)
}

/// Sets the room for what a socket is to send. What the kernel refuses costs nothing but room.
pub fn set_send_buffer(socket: &impl AsFd, size: Option<usize>) {
    let _ = size.map(|size| socket2::SockRef::from(socket).set_send_buffer_size(size));
}

impl Datagrams {
    /// A copy of a bound socket for this thread's runtime.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn new(socket: &OwnedFd) -> io::Result<Self> {
        let socket = socket.try_clone()?;
        let is_unix = socket2::SockRef::from(&socket).domain()? == Domain::UNIX;
        socket2::SockRef::from(&socket.as_fd()).set_nonblocking(true)?;
        Ok(match is_unix {
            true => Self::Unix(UnixDatagram::from_std(socket.into())?),
            false => Self::Udp(UdpSocket::from_std(socket.into())?),
        })
    }

    /// Waits for a datagram; gives its length and who sent it.
    ///
    /// # Errors
    /// What the kernel says.
    pub async fn receive(&self, room: &mut [u8]) -> io::Result<(usize, Option<IpAddr>)> {
        match self {
            Self::Udp(socket) => {
                let (len, source) = socket.recv_from(room).await?;
                Ok((len, Some(source.ip())))
            }
            Self::Unix(socket) => Ok((socket.recv(room).await?, None)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn datagrams_come_in() {
        let buffers = DatagramBuffers { receive: Some(100_000), send: None };
        let wanted = Wanted { reuse_port: true, buffers };
        let first = bind(&Address::Ip("127.0.0.1".parse().expect("address"), 0), wanted).expect("a socket");
        let size = socket2::SockRef::from(&first).recv_buffer_size().expect("a size");
        assert_eq!(size, 200_000, "the kernel counts its own notes, too");
        let name = Address::Abstract(format!("hx-datagrams-{}", std::process::id()).into_bytes(), false);
        let second = bind(&name, wanted).expect("a socket");
        let address = StdUdp::from(first.try_clone().expect("a copy")).local_addr().expect("address");
        let (udp, unix) = (Datagrams::new(&first).expect("udp"), Datagrams::new(&second).expect("unix"));
        let mut room = [0; 10];
        StdUdp::bind("127.0.0.1:0").expect("a socket").send_to(b"one", address).expect("sent");
        let source = Some("127.0.0.1".parse().expect("address"));
        assert_eq!(udp.receive(&mut room).await.expect("received"), (3, source));
        let sender = StdUnixDatagram::unbound().expect("a socket");
        let Address::Abstract(name, _) = &name else { return };
        let address = UnixAddress::from_abstract_name(name).expect("a name");
        sender.send_to_addr(b"three", &address).expect("sent");
        assert_eq!(unix.receive(&mut room).await.expect("received"), (5, None));
    }

    use std::net::UdpSocket as StdUdp;
}
