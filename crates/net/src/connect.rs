//! A new connection to a server: never blocks, waits as a future. Left out: names (resolved
//! before), TLS ([`crate::tls`]), the timeout (the caller's [`crate::timer::Timer`]).

use std::ffi::OsString;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStringExt;
use std::sync::Arc;

use ir::config::{Link, Probes, Tune};
use ir::expr::Address;
use socket2::SockRef;
use state::link::ConnError;
use tokio::net::{TcpSocket, UnixStream};

use crate::io::{Io, Socket};
use crate::marks::Marks;
use crate::namespace::Namespaces;
use crate::ports::Ports;
use crate::socket::Holds;
use crate::{socks4, sys};

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

/// What a socket is made with.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    pub link: &'a Link,
    /// The server's or the backend's `source`.
    pub source: Option<From<'a>>,
    pub tune: &'a Tune,
    /// `option srvtcpka`
    pub keepalive: Option<Probes>,
    /// Marks of its packets that rules set.
    pub marks: Marks,
    /// What is sent first stands ready: `tfo` may be used.
    pub fast_open: bool,
    /// `option tcp-smart-connect`: the handshake's last packet may leave with the first bytes.
    pub delays_ack: bool,
    /// The namespace to connect from.
    pub namespace: Option<(&'a Namespaces, &'a [u8])>,
}

impl<'a> Options<'a> {
    /// Those of a line alone.
    pub fn new(link: &'a Link, tune: &'a Tune) -> Self {
        Self {
            link,
            source: None,
            tune,
            keepalive: None,
            marks: Marks::default(),
            fast_open: false,
            delays_ack: false,
            namespace: None,
        }
    }
}

/// Where a connection comes from.
#[derive(Clone, Copy, Debug)]
pub struct From<'a> {
    /// With port 0 the kernel chooses one that is free towards this server.
    pub address: SocketAddr,
    /// A range of ports, instead of the address's.
    pub ports: Option<&'a Arc<Ports>>,
    /// The address that the server sees instead; it may be of another machine.
    pub foreign: Option<SocketAddr>,
    pub device: Option<&'a [u8]>,
}

/// Why there is no connection.
#[derive(Debug)]
pub enum Failure {
    /// There is no socket, or none with this source: something of ours ran out.
    Resource(ConnError),
    /// The system or the server refused.
    Refused(ConnError),
}

impl Failure {
    pub fn error(&self) -> ConnError {
        match self {
            Self::Resource(error) | Self::Refused(error) => *error,
        }
    }
}

/// Connects, with TCP_NODELAY. The future ends when the server answered; drop it to give up.
///
/// # Errors
/// See [`Failure`]. A UNIX socket whose backlog is full counts as one without free ports.
pub async fn connect(target: &Target, options: &Options<'_>) -> Result<Io, Failure> {
    let socket = match target {
        Target::Tcp(address) => {
            let to = options.link.socks4.unwrap_or(*address);
            let (socket, holds) = tcp_socket(to, options)?;
            Socket::Tcp(socket.connect(to).await.map_err(|error| refused(&error))?, holds)
        }
        Target::Unix(path) => Socket::unix(UnixStream::connect(path).await.map_err(|error| refused(&error))?),
    };
    let mut io = Io::Plain(socket);
    if let (Target::Tcp(address), Some(_)) = (target, options.link.socks4) {
        socks4::ask(&mut io, *address).await.map_err(Failure::Refused)?;
    }
    Ok(io)
}

/// Why `connect` failed.
fn refused(cause: &io::Error) -> Failure {
    match cause.raw_os_error() {
        Some(libc::EAGAIN | libc::EADDRNOTAVAIL) => Failure::Resource(ConnError::NoFreePorts),
        Some(libc::EADDRINUSE) => Failure::Resource(ConnError::AddressInUse),
        _ => Failure::Refused(failure(cause)),
    }
}

/// Our address on the way to another, as the kernel would choose it; the port says nothing.
pub fn local_towards(address: SocketAddr) -> Option<SocketAddr> {
    let any: SocketAddr = if address.is_ipv4() {
        (std::net::Ipv4Addr::UNSPECIFIED, 0).into()
    } else {
        (std::net::Ipv6Addr::UNSPECIFIED, 0).into()
    };
    // Nothing is sent.
    let socket = std::net::UdpSocket::bind(any).ok()?;
    socket.connect(address).ok()?;
    socket.local_addr().ok()
}

/// What samples say of a connection that failed.
pub fn failure(cause: &io::Error) -> ConnError {
    match cause.raw_os_error() {
        Some(libc::ECONNREFUSED) => ConnError::Refused,
        Some(libc::ECONNRESET) => ConnError::Reset,
        Some(libc::EHOSTUNREACH | libc::ENETUNREACH) => ConnError::Unreachable,
        Some(libc::EMFILE) => ConnError::ProcessFiles,
        Some(libc::ENFILE) => ConnError::SystemFiles,
        Some(libc::ENOMEM | libc::ENOBUFS) => ConnError::SystemMemory,
        _ => ConnError::Socket,
    }
}

/// A TCP socket that is ready to connect, and its port of a range.
fn tcp_socket(to: SocketAddr, options: &Options<'_>) -> Result<(TcpSocket, Holds), Failure> {
    let new = || if to.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let made = match options.namespace {
        Some((namespaces, name)) => namespaces.within(Some(name), new),
        None => new(),
    };
    let socket = made.map_err(|error| Failure::Resource(failure(&error)))?;
    // A wish like all others here: where the system refuses one, the connection is made without it.
    let _ = socket.set_nodelay(true);
    let fd = socket.as_fd();
    options.marks.set(fd, Some(to));
    if let Some(probes) = options.keepalive {
        let _ = crate::socket::set_keepalive(fd, probes);
    }
    let holds = match &options.source {
        Some(source) => bind(&socket, source)?,
        None => Holds::default(),
    };
    if options.delays_ack {
        let _ = sys::set_int(fd, libc::IPPROTO_TCP, libc::TCP_QUICKACK, 0);
    }
    let link = options.link;
    if let Some(name) = &link.congestion {
        let _ = sys::set_bytes(fd, libc::IPPROTO_TCP, libc::TCP_CONGESTION, name);
    }
    if let Some(secret) = &link.md5_secret {
        sys::set_md5_secret(fd, to, secret).map_err(|_| Failure::Refused(ConnError::None))?;
    }
    if let timeout @ 1.. = link.user_timeout {
        let timeout = std::time::Duration::from_millis(timeout.into());
        let _ = SockRef::from(&socket).set_tcp_user_timeout(Some(timeout));
    }
    if options.fast_open && link.fast_open {
        let _ = sys::set_int(fd, libc::IPPROTO_TCP, libc::TCP_FASTOPEN_CONNECT, 1);
    }
    if let Some(size) = options.tune.sndbuf_server {
        let _ = SockRef::from(&socket).set_send_buffer_size(size);
    }
    if let Ok(bytes @ 1..) = i32::try_from(options.tune.notsent_lowat_server) {
        let _ = sys::set_int(fd, libc::IPPROTO_TCP, libc::TCP_NOTSENT_LOWAT, bytes);
    }
    if let Some(size) = options.tune.rcvbuf_server {
        let _ = SockRef::from(&socket).set_recv_buffer_size(size);
    }
    Ok((socket, holds))
}

/// Binds a socket to where its connection comes from.
fn bind(socket: &TcpSocket, source: &From<'_>) -> Result<Holds, Failure> {
    /// How many ports of a range are tried.
    const ATTEMPTS: usize = 10;
    let cannot = |_| Failure::Resource(ConnError::CannotBind);
    let view = SockRef::from(socket);
    if let Some(device) = source.device {
        // It may fail without CAP_NET_RAW, as in HAProxy.
        let _ = view.bind_device(Some(device));
    }
    let Some(ports) = source.ports else {
        let _ = sys::set_int(socket.as_fd(), libc::IPPROTO_IP, libc::IP_BIND_ADDRESS_NO_PORT, 1);
        return bind_to(socket, source, source.address).map(|()| Holds::default()).map_err(cannot);
    };
    let mut result = Err(Failure::Resource(ConnError::PortRange));
    for _ in 0..ATTEMPTS {
        let Some(port) = ports.take() else { break };
        let address = SocketAddr::new(source.address.ip(), port.number());
        match bind_to(socket, source, address) {
            Ok(()) => return Ok(Holds::port(port)),
            Err(error) => result = Err(cannot(error)),
        }
    }
    result
}

/// Binds to one address, or to the foreign one in its place.
fn bind_to(socket: &TcpSocket, source: &From<'_>, own: SocketAddr) -> io::Result<()> {
    socket.set_reuseaddr(true)?;
    let Some(foreign) = source.foreign else { return socket.bind(own) };
    let view = SockRef::from(socket);
    match own {
        SocketAddr::V4(_) => view.set_ip_transparent_v4(true)?,
        SocketAddr::V6(_) => view.set_ip_transparent_v6(true)?,
    }
    socket.bind(foreign)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    fn from(address: &str) -> From<'_> {
        From { address: address.parse().unwrap(), ports: None, foreign: None, device: None }
    }

    #[tokio::test]
    async fn options_are_set_and_nodelay_always() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = Target::Tcp(listener.local_addr().unwrap());
        let link = Link { user_timeout: 4000, congestion: Some(b"reno".to_vec()), ..Link::default() };
        let tune = Tune { rcvbuf_server: Some(20_000), sndbuf_server: Some(30_000), ..Tune::default() };
        let all = Options {
            source: Some(from("127.0.0.9:0")),
            keepalive: Some(Probes { count: 3, idle: 70, interval: 8 }),
            marks: Marks { mark: None, tos: Some(0x20) },
            ..Options::new(&link, &tune)
        };
        let io = connect(&target, &all).await.unwrap();
        let socket = SockRef::from(io.socket());
        assert!(socket.tcp_nodelay().unwrap() && socket.keepalive().unwrap());
        // The kernel doubles what is asked for (socket(7)).
        assert_eq!(
            (socket.recv_buffer_size().unwrap(), socket.send_buffer_size().unwrap()),
            (40_000, 60_000)
        );
        assert_eq!(socket.tcp_user_timeout().unwrap().unwrap().as_millis(), 4000);
        assert_eq!((socket.tcp_keepalive_retries().unwrap(), socket.tos_v4().unwrap()), (3, 0x20));
        assert_eq!(socket.tcp_keepalive_time().unwrap().as_secs(), 70);
        assert_eq!(socket.tcp_keepalive_interval().unwrap().as_secs(), 8);
        let (_, peer) = listener.accept().await.unwrap();
        assert_eq!(peer.ip().to_string(), "127.0.0.9");
        let plain = connect(&target, &Options::new(&Link::default(), &Tune::default())).await.unwrap();
        assert!(SockRef::from(plain.socket()).tcp_nodelay().unwrap());
    }

    #[tokio::test]
    async fn a_range_of_ports_ends() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = Target::Tcp(listener.local_addr().unwrap());
        let (link, tune, ports) = (Link::default(), Tune::default(), Arc::new(Ports::new(24_990, 24_991)));
        let source = From { ports: Some(&ports), ..from("127.0.0.9:24990") };
        let ranged = Options { source: Some(source), ..Options::new(&link, &tune) };
        let first = connect(&target, &ranged).await.unwrap();
        let second = connect(&target, &ranged).await.unwrap();
        let port = |io: &Io| io.socket().local_addr().unwrap().port();
        assert_eq!((port(&first), port(&second)), (24_990, 24_991));
        assert_eq!(connect(&target, &ranged).await.unwrap_err().error(), ConnError::PortRange);
    }

    #[tokio::test]
    async fn failures_are_the_kernels() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (link, tune) = (Link::default(), Tune::default());
        let away = Options { source: Some(from("192.0.2.1:0")), ..Options::new(&link, &tune) };
        let cases = [
            (Target::Tcp(free), Options::new(&link, &tune), ConnError::Refused),
            (Target::Tcp(free), away, ConnError::CannotBind),
            (Target::Unix("/nope.sock".into()), Options::new(&link, &tune), ConnError::Socket),
        ];
        for (target, options, expected) in cases {
            assert_eq!(connect(&target, &options).await.unwrap_err().error(), expected, "{target:?}");
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
