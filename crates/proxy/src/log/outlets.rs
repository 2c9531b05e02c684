//! The sockets and descriptors that log lines leave through, of one thread: each takes a line with one
//! system call that never waits. A line that cannot leave at once is dropped and counted.

use std::cell::{OnceCell, RefCell};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixDatagram;

use ir::config::LogTransport;
use ir::expr::Address;
use net::datagram::set_send_buffer;
use net::output::Output;

/// See the module.
#[derive(Default)]
pub struct Outlets {
    v4: OnceCell<UdpSocket>,
    v6: OnceCell<UdpSocket>,
    unix: OnceCell<UnixDatagram>,
    outputs: RefCell<Vec<(i32, Output)>>,
    /// `tune.sndbuf.backend`, in bytes.
    send_buffer: Option<usize>,
}

impl Outlets {
    pub fn new(send_buffer: Option<usize>) -> Self {
        Self { send_buffer, ..Self::default() }
    }

    /// Sends a line to a target of its own.
    ///
    /// # Errors
    /// What the kernel says; `WouldBlock` where the reader does not keep up.
    pub fn send(&self, transport: &LogTransport, line: &[u8]) -> io::Result<()> {
        match transport {
            LogTransport::Datagram(Address::Fd(fd)) | LogTransport::Fd(fd) => self.write(*fd, line),
            LogTransport::Datagram(address) => self.datagram(address, line),
            LogTransport::Stdout => self.write(1, line),
            LogTransport::Stderr => self.write(2, line),
            // They have rings and servers, or do not exist.
            LogTransport::Ring(_) | LogTransport::Tcp(_) | LogTransport::Backend(_) => Ok(()),
        }
    }

    /// Sends a line as one datagram.
    ///
    /// # Errors
    /// As [`Outlets::send`].
    pub fn datagram(&self, address: &Address, line: &[u8]) -> io::Result<()> {
        match address {
            Address::Ip(ip, port) => {
                let (cell, any) = if ip.is_ipv4() { (&self.v4, "0.0.0.0:0") } else { (&self.v6, "[::]:0") };
                let open = || {
                    let socket = UdpSocket::bind(any)?;
                    set_send_buffer(&socket, self.send_buffer);
                    socket.set_nonblocking(true)?;
                    Ok(socket)
                };
                once(cell, open)?.send_to(line, SocketAddr::new(*ip, *port))?;
            }
            Address::Unix(path) => {
                let path = std::path::Path::new(std::ffi::OsStr::from_bytes(path));
                self.unix_socket()?.send_to(line, path)?;
            }
            Address::Abstract(name, _) => {
                let address = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
                self.unix_socket()?.send_to_addr(line, &address)?;
            }
            Address::Fd(fd) => self.write(*fd, line)?,
        }
        Ok(())
    }

    fn unix_socket(&self) -> io::Result<&UnixDatagram> {
        once(&self.unix, || {
            let socket = UnixDatagram::unbound()?;
            set_send_buffer(&socket, self.send_buffer);
            socket.set_nonblocking(true)?;
            Ok(socket)
        })
    }

    fn write(&self, fd: i32, line: &[u8]) -> io::Result<()> {
        let mut outputs = self.outputs.borrow_mut();
        let at = match outputs.iter().position(|(have, _)| *have == fd) {
            Some(at) => at,
            None => {
                outputs.push((fd, Output::new(fd)?));
                outputs.len() - 1
            }
        };
        outputs[at].1.write(line)
    }
}

/// What stands in `cell`, made with the first line that finds the descriptors for it.
fn once<T>(cell: &OnceCell<T>, open: impl FnOnce() -> io::Result<T>) -> io::Result<&T> {
    match cell.get() {
        Some(made) => Ok(made),
        None => {
            let made = open()?;
            Ok(cell.get_or_init(|| made))
        }
    }
}
