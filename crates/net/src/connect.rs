//! A new connection to a server: never blocks, waits as a future. Left out: names (resolved
//! before), TLS ([`crate::tls`]), the timeout (the caller's [`crate::timer::Timer`]).

use std::ffi::OsString;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStringExt;

use ir::expr::Address;
use socket2::SockRef;
use state::link::ConnError;
use tokio::net::{TcpSocket, UnixStream};

use crate::io::{Io, Socket};
use crate::sys;

/// Where a connection goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Tcp(SocketAddr),
    /// A path, or a NUL and a name in the abstract namespace.
    Unix(OsString),
}

impl Target {
    /// The target of a checked address; `None` for an inherited descriptor, which nobody can
    /// connect to.
    pub fn new(address: &Address) -> Option<Self> {
        match address {
            Address::Ip(ip, port) => Some(Target::Tcp(SocketAddr::new(*ip, *port))),
            Address::Unix(path) => Some(Target::Unix(OsString::from_vec(path.clone()))),
            Address::Abstract(name, terminated) => {
                Some(Target::Unix(OsString::from_vec(abstract_name(name, *terminated))))
            }
            Address::Fd(_) => None,
        }
    }
}

/// The name of an abstract socket as the kernel compares it, with its leading NUL: `abns@` pads
/// the name with NULs to the full size, `abnsz@` does not (manual, `bind`).
pub(crate) fn abstract_name(name: &[u8], terminated: bool) -> Vec<u8> {
    const PATH_SIZE: usize = 108;
    let mut bytes = Vec::with_capacity(PATH_SIZE);
    bytes.push(0);
    bytes.extend_from_slice(name);
    if !terminated {
        bytes.resize(PATH_SIZE.max(bytes.len()), 0);
    }
    bytes
}

/// What is set on the socket before it connects.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `source`: port 0 lets the kernel choose one that is free towards this server.
    pub source: Option<SocketAddr>,
    /// `tune.rcvbuf.server`, in bytes.
    pub rcvbuf: Option<usize>,
    /// `tune.sndbuf.server`, in bytes.
    pub sndbuf: Option<usize>,
    /// `option srvtcpka`
    pub keepalive: bool,
}

/// Connects, with TCP_NODELAY. The future ends when the server answered; drop it to give up.
///
/// # Errors
/// What the kernel says, as it says it: `ConnectionRefused`, `AddrNotAvailable` (out of source
/// ports), EMFILE, `TimedOut`, … A UNIX socket whose backlog is full gives `WouldBlock`.
pub async fn connect(target: &Target, options: &Options) -> io::Result<Io> {
    let socket = match target {
        Target::Tcp(address) => Socket::Tcp(tcp_socket(*address, options)?.connect(*address).await?),
        Target::Unix(path) => Socket::Unix(UnixStream::connect(path).await?),
    };
    Ok(Io::Plain(socket))
}

/// What samples say of a connect that failed.
pub fn failure(cause: &io::Error) -> ConnError {
    match cause.raw_os_error() {
        Some(libc::ECONNREFUSED) => ConnError::Refused,
        Some(libc::ECONNRESET) => ConnError::Reset,
        Some(libc::EHOSTUNREACH | libc::ENETUNREACH) => ConnError::Unreachable,
        Some(libc::EMFILE) => ConnError::ProcessFiles,
        Some(libc::ENFILE) => ConnError::SystemFiles,
        Some(libc::ENOMEM | libc::ENOBUFS) => ConnError::SystemMemory,
        Some(libc::EADDRNOTAVAIL) => ConnError::NoFreePorts,
        Some(libc::EADDRINUSE) => ConnError::AddressInUse,
        _ => ConnError::Socket,
    }
}

/// A TCP socket that is ready to connect.
fn tcp_socket(address: SocketAddr, options: &Options) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_nodelay(true)?;
    // The sizes are wishes, as in HAProxy: the kernel's limits win without an error.
    if let Some(size) = options.rcvbuf {
        SockRef::from(&socket).set_recv_buffer_size(size)?;
    }
    if let Some(size) = options.sndbuf {
        SockRef::from(&socket).set_send_buffer_size(size)?;
    }
    if options.keepalive {
        socket.set_keepalive(true)?;
    }
    if let Some(source) = options.source {
        socket.set_reuseaddr(true)?;
        if source.port() == 0 {
            sys::set_int(socket.as_fd(), libc::IPPROTO_IP, libc::IP_BIND_ADDRESS_NO_PORT, 1)?;
        }
        socket.bind(source)?;
    }
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn options_are_set_and_nodelay_always() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = Target::Tcp(listener.local_addr().unwrap());
        let options = Options {
            source: Some("127.0.0.9:0".parse().unwrap()),
            rcvbuf: Some(20_000),
            sndbuf: Some(30_000),
            keepalive: true,
        };
        let io = connect(&target, &options).await.unwrap();
        let socket = SockRef::from(io.socket());
        assert!(socket.tcp_nodelay().unwrap() && socket.keepalive().unwrap());
        // The kernel doubles what is asked for (socket(7)).
        assert_eq!(
            (socket.recv_buffer_size().unwrap(), socket.send_buffer_size().unwrap()),
            (40_000, 60_000)
        );
        let (_, peer) = listener.accept().await.unwrap();
        assert_eq!(peer.ip().to_string(), "127.0.0.9");
        let plain = connect(&target, &Options::default()).await.unwrap();
        assert!(SockRef::from(plain.socket()).tcp_nodelay().unwrap());
    }

    #[tokio::test]
    async fn failures_are_the_kernels() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let cases = [
            (Target::Tcp(free), Options::default(), io::ErrorKind::ConnectionRefused),
            (
                Target::Tcp(free),
                Options { source: Some("192.0.2.1:0".parse().unwrap()), ..Options::default() },
                io::ErrorKind::AddrNotAvailable,
            ),
            (Target::Unix("/nope.sock".into()), Options::default(), io::ErrorKind::NotFound),
        ];
        for (target, options, expected) in cases {
            assert_eq!(connect(&target, &options).await.unwrap_err().kind(), expected, "{target:?}");
        }
    }

    #[test]
    fn targets() {
        #[track_caller]
        fn check(address: Address, expected: Option<Target>) {
            assert_eq!(Target::new(&address), expected);
        }
        let v6 = "::1".parse().unwrap();
        check(Address::Ip(v6, 80), Some(Target::Tcp("[::1]:80".parse().unwrap())));
        check(Address::Unix(b"/a".to_vec()), Some(Target::Unix("/a".into())));
        check(Address::Abstract(b"a".to_vec(), true), Some(Target::Unix("\0a".into())));
        let padded = format!("\0a{}", "\0".repeat(106));
        check(Address::Abstract(b"a".to_vec(), false), Some(Target::Unix(padded.into())));
        check(Address::Fd(3), None);
    }
}
