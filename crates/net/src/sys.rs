//! System calls that no safe crate offers. Every `unsafe` of this crate outside `tls::ffi` stands
//! here: each block passes owned or borrowed descriptors and buffers whose lengths go along, and
//! the kernel checks the rest.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::clock::CalendarTime;

/// A system call's answer: -1 is `errno`.
fn answer(value: isize) -> io::Result<usize> {
    usize::try_from(value).map_err(|_| io::Error::last_os_error())
}

/// Looks at the first byte of the receive queue without waiting or taking it: 0 is the end.
pub fn peek(fd: RawFd) -> io::Result<usize> {
    let mut byte = 0u8;
    let flags = libc::MSG_PEEK | libc::MSG_DONTWAIT;
    // SAFETY: the buffer is one byte and lives through the call.
    answer(unsafe { libc::recv(fd, (&raw mut byte).cast(), 1, flags) })
}

/// Looks at what stands in the receive queue without waiting or taking it: 0 is the end.
pub fn look(fd: RawFd, buf: &mut [u8]) -> io::Result<usize> {
    let flags = libc::MSG_PEEK | libc::MSG_DONTWAIT;
    // SAFETY: the buffer is that long and lives through the call.
    answer(unsafe { libc::recv(fd, buf.as_mut_ptr().cast(), buf.len(), flags) })
}

/// A descriptor that somebody else keeps open for as long as the answer lives.
pub fn borrow<'a>(fd: RawFd) -> BorrowedFd<'a> {
    // SAFETY: a session's socket is open for as long as its streams know the number.
    unsafe { BorrowedFd::borrow_raw(fd) }
}

/// How many descriptors the process may have.
pub fn descriptor_limit() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the struct lives through the call.
    match unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } {
        0 => limit.rlim_cur,
        _ => 0,
    }
}

/// Reads and forgets what stands in the receive queue, as far as a usual one reaches.
pub fn drain(fd: BorrowedFd<'_>) {
    const MOST: usize = 64;
    let mut buf = [0u8; 4096];
    for _ in 0..MOST {
        // SAFETY: the buffer is that long and lives through the call.
        let read =
            unsafe { libc::recv(fd.as_raw_fd(), buf.as_mut_ptr().cast(), buf.len(), libc::MSG_DONTWAIT) };
        if read <= 0 {
            break;
        }
    }
}

/// `splice(2)` of at most `len` bytes, never waiting. One of the two is a pipe.
pub fn splice(from: RawFd, to: RawFd, len: usize) -> io::Result<usize> {
    let flags = libc::SPLICE_F_MOVE | libc::SPLICE_F_NONBLOCK;
    // SAFETY: null offsets are what sockets and pipes want.
    answer(unsafe { libc::splice(from, std::ptr::null_mut(), to, std::ptr::null_mut(), len, flags) })
}

/// A pipe that never waits: (read end, write end).
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends = [0; 2];
    // SAFETY: the array has room for the two descriptors, which nobody else owns.
    unsafe {
        answer(libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC | libc::O_NONBLOCK) as isize)?;
        Ok((OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])))
    }
}

/// How many bytes a pipe holds.
pub fn set_pipe_size(fd: BorrowedFd<'_>, size: usize) -> io::Result<()> {
    let size = i32::try_from(size).unwrap_or(i32::MAX);
    // SAFETY: the call takes integers.
    answer(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETPIPE_SZ, size) } as isize).map(drop)
}

/// A handle on another process (Linux 5.3).
pub fn pidfd_open(pid: i32) -> io::Result<OwnedFd> {
    // SAFETY: the call takes two integers and gives a new descriptor.
    let fd = answer(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) } as isize)?;
    // SAFETY: the descriptor is new.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

/// A copy of another process's descriptor (Linux 5.6); wants the right to trace it.
pub fn pidfd_getfd(process: BorrowedFd<'_>, fd: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: the call takes three integers and gives a new descriptor.
    let fd = answer(unsafe { libc::syscall(libc::SYS_pidfd_getfd, process.as_raw_fd(), fd, 0) } as isize)?;
    // SAFETY: the descriptor is new.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

/// A descriptor that this process inherited, as one it owns.
pub fn adopt(fd: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: fcntl only looks; the copy it gives is new, the inherited number stays open.
    let copy = answer(unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 3) } as isize)?;
    // SAFETY: the descriptor is new.
    Ok(unsafe { OwnedFd::from_raw_fd(copy as RawFd) })
}

/// Has the calling thread run on these CPUs only, as bits.
pub fn set_cpus(cpus: &[u64; 16]) -> io::Result<()> {
    // SAFETY: the set is that long and lives through the call; 0 is the calling thread.
    answer(unsafe { libc::sched_setaffinity(0, size_of_val(cpus), cpus.as_ptr().cast()) } as isize).map(drop)
}

/// Registers a listening socket with the thread's runtime for as long as the answer lives.
pub fn watch(fd: BorrowedFd<'_>) -> io::Result<AsyncFd<BorrowedFd<'_>>> {
    // SAFETY: the borrow keeps the descriptor open and the same for longer than the registration.
    Ok(unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE)? })
}

/// A socket option that is one integer.
pub fn set_int(fd: BorrowedFd<'_>, level: i32, option: i32, value: i32) -> io::Result<()> {
    let len = size_of::<i32>() as libc::socklen_t;
    // SAFETY: the value lives through the call and its size goes along.
    let done = unsafe { libc::setsockopt(fd.as_raw_fd(), level, option, (&raw const value).cast(), len) };
    answer(done as isize).map(drop)
}

/// Reads a socket option that is one integer.
pub fn get_int(fd: BorrowedFd<'_>, level: i32, option: i32) -> io::Result<i32> {
    let mut value = [0; size_of::<i32>()];
    get_bytes(fd.as_raw_fd(), level, option, &mut value)?;
    Ok(i32::from_ne_bytes(value))
}

/// Where an IPv4 connection went before the packet filter changed that; `None` where it did not.
pub fn original_destination(fd: BorrowedFd<'_>) -> Option<std::net::SocketAddr> {
    /// `struct sockaddr_in`: the family, the port, the address, and what fills it up.
    const SIZE: usize = 16;
    let mut bytes = [0; SIZE];
    get_bytes(fd.as_raw_fd(), libc::IPPROTO_IP, libc::SO_ORIGINAL_DST, &mut bytes).ok()?;
    let ip = std::net::Ipv4Addr::new(bytes[4], bytes[5], bytes[6], bytes[7]);
    Some((ip, u16::from_be_bytes([bytes[2], bytes[3]])).into())
}

/// A socket option that is bytes.
pub fn set_bytes(fd: BorrowedFd<'_>, level: i32, option: i32, value: &[u8]) -> io::Result<()> {
    let len = libc::socklen_t::try_from(value.len()).unwrap_or(0);
    // SAFETY: the value lives through the call and its length goes along.
    let done = unsafe { libc::setsockopt(fd.as_raw_fd(), level, option, value.as_ptr().cast(), len) };
    answer(done as isize).map(drop)
}

/// Moves the calling thread to a network namespace.
pub fn enter_network(namespace: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: the call takes two integers.
    answer(unsafe { libc::setns(namespace.as_raw_fd(), libc::CLONE_NEWNET) } as isize).map(drop)
}

/// Opens a file to refer to it.
pub fn open_file(path: &[u8]) -> io::Result<OwnedFd> {
    std::fs::File::open(std::ffi::OsStr::from_bytes(path)).map(OwnedFd::from)
}

/// The secret of a TCP connection's signatures (RFC 2385), for packets of `peer`.
pub fn set_md5_secret(fd: BorrowedFd<'_>, peer: std::net::SocketAddr, secret: &[u8]) -> io::Result<()> {
    const MAX_SECRET: usize = 80;
    const TCP_MD5SIG: i32 = 14;
    /// `struct tcp_md5sig` of <linux/tcp.h>: the address, flags, lengths and the secret.
    const SIZE: usize = 216;
    const LEN_AT: usize = 130;
    const SECRET_AT: usize = 136;
    let mut bytes = [0; SIZE];
    let address = socket2::SockAddr::from(peer);
    // SAFETY: the storage is that long, and plain data.
    let raw = unsafe { std::slice::from_raw_parts(address.as_ptr().cast::<u8>(), address.len() as usize) };
    bytes[..raw.len()].copy_from_slice(raw);
    let secret = &secret[..secret.len().min(MAX_SECRET)];
    bytes[LEN_AT..LEN_AT + 2].copy_from_slice(&(secret.len() as u16).to_ne_bytes());
    bytes[SECRET_AT..SECRET_AT + secret.len()].copy_from_slice(secret);
    set_bytes(fd, libc::IPPROTO_TCP, TCP_MD5SIG, &bytes)
}

/// A socket option of a variable length; gives how much of `room` it filled.
pub fn get_bytes(fd: RawFd, level: i32, option: i32, room: &mut [u8]) -> io::Result<usize> {
    let mut len = libc::socklen_t::try_from(room.len()).unwrap_or(libc::socklen_t::MAX);
    // SAFETY: the room lives through the call and its length goes along.
    let done = unsafe { libc::getsockopt(fd, level, option, room.as_mut_ptr().cast(), &raw mut len) };
    answer(done as isize).map(|_| len as usize)
}

/// Whether a write to `fd` would not wait: for a pipe, that one page fits.
pub fn is_writable(fd: BorrowedFd<'_>) -> io::Result<bool> {
    let mut polled = libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLOUT, revents: 0 };
    // SAFETY: one entry, which lives through the call; no waiting.
    answer(unsafe { libc::poll(&raw mut polled, 1, 0) } as isize).map(|count| count == 1)
}

/// Writes to a pipe what it has room for.
///
/// # Errors
/// `WouldBlock` where that is nothing; `Unsupported` where the kernel cannot promise not to wait.
pub fn write_now(fd: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    let part = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    // SAFETY: one part, which lives through the call and is only read.
    answer(unsafe { libc::pwritev2(fd.as_raw_fd(), &raw const part, 1, -1, libc::RWF_NOWAIT) })
}

/// Microseconds of the monotonic clock. The standard library's `Instant` costs three times as
/// much, and a request reads the clock several times.
pub fn monotonic_us() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the struct lives through the call, which cannot fail for this clock.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    time.tv_sec as u64 * 1_000_000 + time.tv_nsec as u64 / 1000
}

/// Microseconds that the calling thread has run on a processor.
pub fn thread_run_us() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the struct lives through the call, which cannot fail for this clock.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec as u64 * 1_000_000 + time.tv_nsec as u64 / 1000
}

/// The calendar fields of a second, in the local time zone.
pub fn local_time(secs: u64) -> CalendarTime {
    let secs = secs as libc::time_t;
    // SAFETY: `tm` is plain data for which zeroes are valid; the C library fills it.
    let tm = unsafe {
        let mut tm: libc::tm = std::mem::zeroed();
        libc::localtime_r(&raw const secs, &raw mut tm);
        tm
    };
    CalendarTime {
        year: tm.tm_year + 1900,
        month: tm.tm_mon as u32 + 1,
        day: tm.tm_mday as u32,
        hour: tm.tm_hour as u32,
        minute: tm.tm_min as u32,
        second: tm.tm_sec as u32,
        weekday: tm.tm_wday as u32,
        offset: tm.tm_gmtoff as i32,
    }
}
