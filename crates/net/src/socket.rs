//! A plain stream socket, TCP or UNIX, registered with the thread's runtime exactly once
//! (hot-path rule 2). Left out: TLS, which stands on top in [`crate::tls`].

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ir::config::Probes;
use state::live::Held;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

use crate::ports::Port;

/// A connected plain socket.
#[derive(Debug)]
pub enum Socket {
    Tcp(TcpStream, Holds),
    Unix(UnixStream, Holds),
}

/// What a socket has for as long as it lives; most have nothing.
#[derive(Debug, Default)]
pub struct Holds(Option<Box<(Option<Port>, Option<Held>)>>);

impl Holds {
    /// The port of a `source` range.
    pub fn port(port: Port) -> Self {
        Self(Some(Box::new((Some(port), None))))
    }
}

/// Runs one expression on whichever stream the socket is.
macro_rules! each {
    ($self:expr, $stream:ident => $body:expr) => {
        match $self {
            Socket::Tcp($stream, _) => $body,
            Socket::Unix($stream, _) => $body,
        }
    };
}

impl Socket {
    /// A TCP socket without a port that others wait for.
    pub fn tcp(stream: TcpStream) -> Self {
        Self::Tcp(stream, Holds::default())
    }

    /// A UNIX socket.
    pub fn unix(stream: UnixStream) -> Self {
        Self::Unix(stream, Holds::default())
    }

    /// Gives the socket a place among those that a limit allows.
    pub fn hold(&mut self, place: Held) {
        let (Socket::Tcp(_, holds) | Socket::Unix(_, holds)) = self;
        holds.0.get_or_insert_default().1 = Some(place);
    }

    /// The address of the other side; `None` for a UNIX socket.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        match self {
            Socket::Tcp(stream, _) => stream.peer_addr().ok(),
            Socket::Unix(..) => None,
        }
    }

    /// Our address, one system call each time; `None` for a UNIX socket.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Socket::Tcp(stream, _) => stream.local_addr().ok(),
            Socket::Unix(..) => None,
        }
    }

    /// Moves a socket that another thread's runtime watches to this thread's: a copy of its
    /// descriptor is registered here, and the old one goes.
    pub fn adopt(&mut self) -> io::Result<()> {
        *self = match self {
            Socket::Tcp(stream, holds) => {
                let copy = stream.as_fd().try_clone_to_owned()?;
                Socket::Tcp(TcpStream::from_std(copy.into())?, std::mem::take(holds))
            }
            Socket::Unix(stream, holds) => {
                let copy = stream.as_fd().try_clone_to_owned()?;
                Socket::Unix(UnixStream::from_std(copy.into())?, std::mem::take(holds))
            }
        };
        Ok(())
    }

    /// The IPv4 address that the client connected to before the system's packet filter sent it here
    /// (`REDIRECT`, `DNAT`), one system call each time.
    pub fn original_destination(&self) -> Option<SocketAddr> {
        match self {
            Socket::Tcp(stream, _) => crate::sys::original_destination(stream.as_fd()),
            Socket::Unix(..) => None,
        }
    }

    /// Turns Nagle's algorithm off or on; nothing for a UNIX socket.
    pub fn set_nodelay(&self, on: bool) -> io::Result<()> {
        match self {
            Socket::Tcp(stream, _) => stream.set_nodelay(on),
            Socket::Unix(..) => Ok(()),
        }
    }

    /// Makes the next close send RST instead of FIN (`option nolinger`, silent-drop's kin).
    pub fn set_linger0(&self) -> io::Result<()> {
        socket2::SockRef::from(self).set_linger(Some(std::time::Duration::ZERO))
    }

    /// Waits until a read is worth trying; says so at once after a stale edge.
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => stream.poll_read_ready(cx))
    }

    /// Waits until a write is worth trying.
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => stream.poll_write_ready(cx))
    }

    /// Runs a non-blocking system call; `WouldBlock` clears the readiness of that direction.
    pub fn try_io<R>(&self, interest: Interest, call: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        each!(self, stream => stream.try_io(interest, call))
    }

    /// Before a drop that follows our last words: ends our direction and empties the receive
    /// queue, for unread bytes would turn the close into a reset that overtakes those words.
    /// Never waits: what comes later is not read.
    pub fn end_with_unread_input(&self) {
        let view = socket2::SockRef::from(self);
        let _ = view.shutdown(std::net::Shutdown::Write);
        crate::scratch::with_read(|buf| {
            // As far as a usual receive buffer reaches.
            for _ in 0..4 {
                let read = each!(self, stream => stream.try_read(buf));
                if !matches!(read, Ok(1..)) {
                    break;
                }
            }
        });
    }

    /// Waits for bytes and shows them to `see` without taking them; none are the end. What does not
    /// fit the thread's buffer is not seen.
    pub fn poll_look<R>(&self, cx: &mut Context<'_>, mut see: impl FnMut(&[u8]) -> R) -> Poll<io::Result<R>> {
        loop {
            ready!(self.poll_read_ready(cx))?;
            let fd = self.as_raw_fd();
            let looked = crate::scratch::with_read(|buf| {
                match self.try_io(Interest::READABLE, || crate::sys::look(fd, buf)) {
                    Ok(count) => Ok(Some(see(&buf[..count]))),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
                    Err(error) => Err(error),
                }
            });
            if let Some(seen) = looked.transpose() {
                return Poll::Ready(seen);
            }
        }
    }

    /// Takes bytes that were looked at, and drops them.
    pub fn drop_bytes(&self, mut len: usize) -> io::Result<()> {
        crate::scratch::with_read(|buf| {
            while len > 0 {
                let most = len.min(buf.len());
                let read = each!(self, stream => stream.try_read(&mut buf[..most]))?;
                if read == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                len -= read;
            }
            Ok(())
        })
    }

    /// Has the system look now and then whether the other side is still there.
    pub fn set_keepalive(&self, probes: Probes) -> io::Result<()> {
        set_keepalive(self.as_fd(), probes)
    }

    /// Makes the largest segment smaller by a (negative) number of bytes.
    pub fn lower_mss(&self, by: i32) -> io::Result<()> {
        let mss = crate::sys::get_int(self.as_fd(), libc::IPPROTO_TCP, libc::TCP_MAXSEG)?;
        crate::sys::set_int(self.as_fd(), libc::IPPROTO_TCP, libc::TCP_MAXSEG, mss + by)
    }

    /// Whether what comes is acknowledged at once, or with what is sent next if that comes soon.
    pub fn set_quick_ack(&self, on: bool) -> io::Result<()> {
        crate::sys::set_int(self.as_fd(), libc::IPPROTO_TCP, libc::TCP_QUICKACK, i32::from(on))
    }

    /// Looks whether an idle connection is still usable: see [`Idle`]. One system call, which
    /// takes no bytes out of the socket.
    pub fn peek(&self) -> Idle {
        let fd = self.as_raw_fd();
        match self.try_io(Interest::READABLE, || crate::sys::peek(fd)) {
            Ok(0) => Idle::Closed,
            Ok(_) => Idle::Data,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Idle::Quiet,
            Err(_) => Idle::Closed,
        }
    }
}

/// SO_KEEPALIVE with the probes' own times where they are set.
pub(crate) fn set_keepalive(fd: BorrowedFd<'_>, probes: Probes) -> io::Result<()> {
    crate::sys::set_int(fd, libc::SOL_SOCKET, libc::SO_KEEPALIVE, 1)?;
    let times = [
        (libc::TCP_KEEPCNT, probes.count),
        (libc::TCP_KEEPIDLE, probes.idle),
        (libc::TCP_KEEPINTVL, probes.interval),
    ];
    for (option, value) in times.into_iter().filter(|(_, value)| *value != 0) {
        crate::sys::set_int(fd, libc::IPPROTO_TCP, option, value)?;
    }
    Ok(())
}

/// What stands in the receive queue of a connection that should be idle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// Nothing: usable.
    Quiet,
    /// Bytes nobody asked for; for HTTP/1 the connection is unusable.
    Data,
    /// The other side closed or reset it.
    Closed,
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        each!(self, stream => stream.as_raw_fd())
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        each!(self, stream => stream.as_fd())
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        each!(self.get_mut(), stream => Pin::new(stream).poll_read(cx, buf))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        each!(self.get_mut(), stream => Pin::new(stream).poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        each!(self.get_mut(), stream => Pin::new(stream).poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self.get_mut(), stream => Pin::new(stream).poll_shutdown(cx))
    }
}
