//! The accept loop of one listening socket. A connection is accepted only with a slot in hand:
//! what exceeds a maxconn waits in the backlog and is never refused.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;
use std::time::Duration;

use ir::id::{BindId, ProxyId};
use socket2::SockRef;
use tokio::io::unix::AsyncFd;
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::watch;

use super::{Accepted, Mode, Reserved, Slot, Worker};
use crate::clock;
use crate::listener::{Kind, Listener};
use crate::socket::Socket;
use crate::sys;

/// How long to wait after the process ran out of descriptors or memory, unless a session ends.
const EXHAUSTED_DELAY: Duration = Duration::from_millis(100);

/// Accepts until the stop, through pauses. Dropping the listener at the end closes the socket.
pub async fn serve(worker: Rc<Worker>, listener: Listener, mut mode: watch::Receiver<Mode>) {
    loop {
        let now = *mode.borrow_and_update();
        match now {
            Mode::Running => {
                let Ok(fd) = sys::watch(listener.fd.as_fd()) else {
                    // No memory for the registration: the same as any other exhaustion.
                    tokio::time::sleep(EXHAUSTED_DELAY).await;
                    continue;
                };
                tokio::select! {
                    biased;
                    changed = mode.changed() => if changed.is_err() { return },
                    () = accept_all(&worker, &listener, &fd) => {}
                }
            }
            Mode::Paused => {
                suspend(&worker, &listener);
                if mode.changed().await.is_err() {
                    return;
                }
                if *mode.borrow() == Mode::Running {
                    resume(&listener);
                }
            }
            Mode::Stopping => return drain(&worker, &listener),
            Mode::Ended => return,
        }
    }
}

/// Accepts for ever.
async fn accept_all(worker: &Rc<Worker>, listener: &Listener, fd: &AsyncFd<std::os::fd::BorrowedFd<'_>>) {
    let (proxy, bind) = (listener.proxy, listener.bind);
    let mut in_a_row = 0;
    loop {
        // Ready means that a connection waits; only then a slot is taken.
        let Ok(mut ready) = fd.readable().await else { return };
        reserve(worker, proxy, bind).await;
        match accept_one(worker, listener) {
            Ok(()) => {
                in_a_row += 1;
                if in_a_row >= worker.maxaccept {
                    in_a_row = 0;
                    drop(ready);
                    tokio::task::yield_now().await;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                in_a_row = 0;
                ready.clear_ready();
            }
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) => {
                worker.handler().exhausted(proxy, &error);
                tokio::select! {
                    () = tokio::time::sleep(EXHAUSTED_DELAY) => {}
                    () = worker.context.gate.opened() => {}
                }
            }
        }
    }
}

/// Waits until a slot was taken.
async fn reserve(worker: &Worker, proxy: ProxyId, bind: BindId) {
    loop {
        let mut wait = None;
        let gate = &worker.context.gate;
        gate.wait(|| match worker.handler().reserve(proxy, bind) {
            Reserved::Yes => true,
            Reserved::Full => false,
            Reserved::After(ms) => {
                wait = Some(ms);
                true
            }
        })
        .await;
        match wait {
            Some(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
            None => return,
        }
    }
}

/// Accepts one connection in the slot that was reserved, or gives the slot back.
fn accept_one(worker: &Rc<Worker>, listener: &Listener) -> io::Result<()> {
    let slot = Slot::new(worker.clone(), listener.proxy, listener.bind);
    let (socket, peer) = accept(&listener.fd)?;
    worker.handler().accept(Accepted {
        socket,
        peer,
        proxy: listener.proxy,
        bind: listener.bind,
        accepted_us: clock::now_us(),
        slot,
    });
    Ok(())
}

/// One `accept4`, and the only registration of the new descriptor.
fn accept(fd: &OwnedFd) -> io::Result<(Socket, Option<SocketAddr>)> {
    let (socket, peer) = SockRef::from(fd).accept4(libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC)?;
    let fd = OwnedFd::from(socket);
    match peer.as_socket() {
        Some(peer) => Ok((Socket::tcp(TcpStream::from_std(fd.into())?), Some(peer))),
        None => Ok((Socket::unix(UnixStream::from_std(fd.into())?), None)),
    }
}

/// Errors of a connection that ended in the queue (accept(2)): the next one may be fine.
fn is_of_the_connection(error: &io::Error) -> bool {
    const ERRORS: [i32; 10] = [
        libc::ECONNABORTED,
        libc::EINTR,
        libc::EPROTO,
        libc::EPERM,
        libc::ENETDOWN,
        libc::ENETUNREACH,
        libc::EHOSTDOWN,
        libc::EHOSTUNREACH,
        libc::ENOPROTOOPT,
        libc::EOPNOTSUPP,
    ];
    error.raw_os_error().is_some_and(|code| ERRORS.contains(&code))
}

/// Accepts what waits in the backlog, as far as slots and descriptors reach. The last chance for
/// connections that no other process shares.
fn drain(worker: &Rc<Worker>, listener: &Listener) {
    for _ in 0..listener.backlog {
        if worker.handler().reserve(listener.proxy, listener.bind) != Reserved::Yes {
            return;
        }
        match accept_one(worker, listener) {
            Err(error) if !is_of_the_connection(&error) => return,
            _ => {}
        }
    }
}

/// Ends the listening and keeps the address: what arrives is refused or goes to another process
/// on the same address. A shared socket stays as it is, others may accept from it.
fn suspend(worker: &Rc<Worker>, listener: &Listener) {
    if listener.kind == Kind::Tcp {
        drain(worker, listener);
        // The only error is of a socket that does not listen.
        let _ = SockRef::from(&listener.fd).shutdown(std::net::Shutdown::Read);
    }
}

/// Listens again. Where another process took the address over, the socket stays silent, as
/// HAProxy's does.
fn resume(listener: &Listener) {
    if listener.kind == Kind::Tcp {
        let _ = SockRef::from(&listener.fd).listen(listener.backlog);
    }
}
