//! The system calls the process model needs and the standard library does not offer, each behind
//! a safe function. All `unsafe` of this crate is in this file.
//!
//! Left out: any decision; the files beside this one make them.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

/// Which side of a fork this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fork {
    Child,
    /// With the child's pid.
    Parent(i32),
}

/// How a child ended, as HAProxy counts it: its exit status, or 128 plus the signal.
pub type Status = i32;

fn checked(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// fork(2). Only call it while the process has one thread.
pub fn fork() -> io::Result<Fork> {
    // SAFETY: the callers stand before the first thread is started, so the child's copy of the
    // memory has no lock that another thread holds.
    match checked(unsafe { libc::fork() })? {
        0 => Ok(Fork::Child),
        pid => Ok(Fork::Parent(pid)),
    }
}

/// setsid(2)
pub fn new_session() -> io::Result<()> {
    // SAFETY: takes no memory.
    checked(unsafe { libc::setsid() }).map(drop)
}

/// kill(2). A pid below 1 would mean a group, and is refused.
pub fn signal(pid: i32, signal: i32) -> io::Result<()> {
    if pid < 1 {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // SAFETY: takes no memory.
    checked(unsafe { libc::kill(pid, signal) }).map(drop)
}

/// waitpid(2) for one child, or for any with `-1`. `None` when none has ended and `block` is off.
pub fn wait(pid: i32, block: bool) -> io::Result<Option<(i32, Status)>> {
    let mut status = 0;
    let flags = if block { 0 } else { libc::WNOHANG };
    // SAFETY: `status` outlives the call.
    match checked(unsafe { libc::waitpid(pid, &mut status, flags) })? {
        0 => Ok(None),
        pid if libc::WIFEXITED(status) => Ok(Some((pid, libc::WEXITSTATUS(status)))),
        pid if libc::WIFSIGNALED(status) => Ok(Some((pid, 128 + libc::WTERMSIG(status)))),
        pid => Ok(Some((pid, 255))),
    }
}

/// `Terminated` for 143 and so on; `Exit` below 128.
pub fn status_text(status: Status) -> String {
    if status < 128 {
        return "Exit".into();
    }
    // SAFETY: strsignal gives a string that is valid until its next call, and this process has
    // one thread that calls it.
    let text = unsafe { CStr::from_ptr(libc::strsignal(status - 128)) };
    text.to_string_lossy().into_owned()
}

/// Whether a descriptor is a stream socket; an error when it is no socket.
pub fn is_stream_socket(fd: i32) -> io::Result<bool> {
    let mut kind: libc::c_int = 0;
    let mut size = libc::socklen_t::try_from(size_of::<libc::c_int>()).unwrap_or(0);
    let (value, length) = (std::ptr::from_mut(&mut kind).cast(), std::ptr::from_mut(&mut size));
    // SAFETY: both pointers are to live values of the size told; any number may be asked about.
    checked(unsafe { libc::getsockopt(fd, libc::SOL_SOCKET, libc::SO_TYPE, value, length) })?;
    Ok(kind == libc::SOCK_STREAM)
}

/// Makes the three standard descriptors mean `null`.
pub fn detach_stdio(null: BorrowedFd<'_>) -> io::Result<()> {
    for standard in 0..3 {
        // SAFETY: both numbers are descriptors; replacing the standard ones is the purpose.
        checked(unsafe { libc::dup2(null.as_raw_fd(), standard) })?;
    }
    Ok(())
}

/// geteuid(2)
pub fn effective_user() -> u32 {
    // SAFETY: takes no memory and cannot fail.
    unsafe { libc::geteuid() }
}

/// setgroups(2) with an empty list, when there is any group to drop.
pub fn drop_groups() -> io::Result<()> {
    // SAFETY: a size of 0 asks for the count, and no list is read for a length of 0.
    unsafe {
        if libc::getgroups(0, std::ptr::null_mut()) > 0 {
            checked(libc::setgroups(0, std::ptr::null()))?;
        }
    }
    Ok(())
}

/// setgid(2)
pub fn set_group(group: u32) -> io::Result<()> {
    // SAFETY: takes no memory.
    checked(unsafe { libc::setgid(group) }).map(drop)
}

/// setuid(2)
pub fn set_user(user: u32) -> io::Result<()> {
    // SAFETY: takes no memory.
    checked(unsafe { libc::setuid(user) }).map(drop)
}

/// A soft and a hard limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    pub soft: u64,
    pub hard: u64,
}

/// The limit of open descriptors.
pub fn descriptor_limit() -> io::Result<Limit> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` outlives the call.
    checked(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) })?;
    Ok(Limit { soft: limit.rlim_cur, hard: limit.rlim_max })
}

/// Sets the limit of open descriptors.
pub fn set_descriptor_limit(limit: Limit) -> io::Result<()> {
    let limit = libc::rlimit { rlim_cur: limit.soft, rlim_max: limit.hard };
    // SAFETY: `limit` outlives the call.
    checked(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) }).map(drop)
}

/// Limits the data segment to `bytes`.
pub fn set_memory_limit(bytes: u64) -> io::Result<()> {
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
    // SAFETY: `limit` outlives the call.
    checked(unsafe { libc::setrlimit(libc::RLIMIT_DATA, &limit) }).map(drop)
}

/// Sets the effective user only.
pub fn set_effective_user(user: u32) -> io::Result<()> {
    // SAFETY: takes no memory.
    checked(unsafe { libc::seteuid(user) }).map(drop)
}

/// Has the capabilities outlive a change of the user.
pub fn keep_capabilities() -> io::Result<()> {
    // SAFETY: takes no memory.
    checked(unsafe { libc::prctl(libc::PR_SET_KEEPCAPS, 1) }).map(drop)
}

/// The capabilities of a process, as bits by their numbers: capget(2) and capset(2) speak of 64.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Capabilities {
    pub effective: u32,
    pub permitted: u32,
    pub inheritable: u32,
}

/// What the two calls are told first: the version of their form, and whose capabilities.
#[repr(C)]
struct CapabilityHeader {
    version: u32,
    pid: i32,
}

const OWN_CAPABILITIES: CapabilityHeader = CapabilityHeader { version: 0x2008_0522, pid: 0 };

/// The lower half of the process's capabilities.
pub fn capabilities() -> io::Result<Capabilities> {
    let (mut header, mut sets) = (OWN_CAPABILITIES, [Capabilities::default(); 2]);
    let (to, out) = (std::ptr::from_mut(&mut header), sets.as_mut_ptr());
    // SAFETY: both live through the call, and have the form of that version.
    match unsafe { libc::syscall(libc::SYS_capget, to, out) } {
        0 => Ok(sets[0]),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Leaves the process these capabilities only.
pub fn set_capabilities(lower: Capabilities) -> io::Result<()> {
    let (mut header, sets) = (OWN_CAPABILITIES, [lower, Capabilities::default()]);
    let (to, from) = (std::ptr::from_mut(&mut header), sets.as_ptr());
    // SAFETY: both live through the call, and have the form of that version.
    match unsafe { libc::syscall(libc::SYS_capset, to, from) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Takes a limit of the system away.
pub fn lift_limit(limit: libc::__rlimit_resource_t) -> io::Result<()> {
    let none = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: `none` outlives the call.
    checked(unsafe { libc::setrlimit(limit, &none) }).map(drop)
}

/// Lets the process leave a core dump, whoever it has become.
pub fn set_dumpable() -> io::Result<()> {
    // SAFETY: takes no memory.
    checked(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 1, 0, 0, 0) }).map(drop)
}

/// setpriority(2) of this process.
pub fn set_priority(nice: i32) -> io::Result<()> {
    // SAFETY: takes no memory.
    checked(unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) }).map(drop)
}

/// The first bytes of a file as memory that is shared with all who have it open, until the process ends.
#[derive(Debug)]
pub struct SharedMemory(&'static [AtomicU8]);

impl SharedMemory {
    /// mmap(2). The file has at least `size` bytes.
    pub fn of(file: &File, size: u64) -> io::Result<SharedMemory> {
        let size = usize::try_from(size).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let place = std::ptr::null_mut();
        // SAFETY: no place is asked for, so no memory in use is replaced; the descriptor is open.
        let memory = unsafe { libc::mmap(place, size, protection, libc::MAP_SHARED, file.as_raw_fd(), 0) };
        if memory == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the mapping is that large and is never taken away; atomics allow for others who write.
        Ok(SharedMemory(unsafe { std::slice::from_raw_parts(memory.cast(), size) }))
    }

    /// Writes what fits.
    pub fn write(&self, at: u64, bytes: &[u8]) {
        let places = usize::try_from(at).ok().and_then(|at| self.0.get(at..)).unwrap_or_default();
        for (place, byte) in places.iter().zip(bytes) {
            place.store(*byte, Ordering::Relaxed);
        }
    }
}

/// A set of signals that are blocked and waited for.
#[derive(Clone)]
pub struct SignalSet(libc::sigset_t);

impl SignalSet {
    pub fn new(signals: &[i32]) -> SignalSet {
        // SAFETY: sigemptyset makes the zeroed set a valid one; both calls only write to it.
        unsafe {
            let mut set = std::mem::zeroed();
            libc::sigemptyset(&mut set);
            for signal in signals {
                libc::sigaddset(&mut set, *signal);
            }
            SignalSet(set)
        }
    }

    /// Blocks exactly these signals in this thread and in those it starts.
    pub fn block(&self) -> io::Result<()> {
        // SAFETY: the set outlives the call; no old set is asked for.
        let error = unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.0, std::ptr::null_mut()) };
        if error == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(error)) }
    }

    /// Waits for one of them: `None` when the time is over.
    pub fn wait(&self, limit: Option<Duration>) -> io::Result<Option<i32>> {
        let info = std::ptr::null_mut();
        // SAFETY: the set and the time outlive the call; a null time waits for ever.
        let signal = unsafe {
            match limit {
                None => libc::sigtimedwait(&self.0, info, std::ptr::null()),
                Some(limit) => libc::sigtimedwait(&self.0, info, &timespec(limit)),
            }
        };
        match checked(signal) {
            Ok(signal) => Ok(Some(signal)),
            Err(error) if error.raw_os_error() == Some(libc::EAGAIN) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn timespec(time: Duration) -> libc::timespec {
    libc::timespec {
        tv_sec: libc::time_t::try_from(time.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: time.subsec_nanos().into(),
    }
}

/// Gives a signal back what it does by default: a shell's background jobs start with SIGINT
/// ignored.
pub fn default_signal(signal: i32) {
    // SAFETY: the default action is no function of ours.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
}

/// Replaces this program by another one, looked up as the shell does. The mask of blocked signals
/// and those that are pending stay, which the standard library's `exec` does not promise. Only
/// comes back when it fails.
pub fn execute(program: &CStr, words: &[CString], environment: &[CString]) -> io::Error {
    let list = |words: &[CString]| -> Vec<*const libc::c_char> {
        words.iter().map(|word| word.as_ptr()).chain([std::ptr::null()]).collect()
    };
    let (words, environment) = (list(words), list(environment));
    // SAFETY: both lists end with a null pointer, and their strings outlive the call.
    unsafe { libc::execvpe(program.as_ptr(), words.as_ptr(), environment.as_ptr()) };
    io::Error::last_os_error()
}

/// Asks the kernel for `signal` when the parent dies. Does not survive a change of identity.
pub fn signal_on_parents_death(signal: i32) -> io::Result<()> {
    // SAFETY: takes no memory.
    checked(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal) }).map(drop)
}

/// The number of a user, or of a group, by name.
pub fn user_id(name: &CStr) -> Option<u32> {
    // SAFETY: the result points to static memory that the next call overwrites; it is read at
    // once, and only the main thread asks, before other threads start.
    unsafe { libc::getpwnam(name.as_ptr()).as_ref() }.map(|entry| entry.pw_uid)
}

/// See [`user_id`].
pub fn group_id(name: &CStr) -> Option<u32> {
    // SAFETY: as above.
    unsafe { libc::getgrnam(name.as_ptr()).as_ref() }.map(|entry| entry.gr_gid)
}

/// CLOCK_MONOTONIC, which systemd compares with its own.
pub fn monotonic_us() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` outlives the call.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    now.tv_sec as u64 * 1_000_000 + now.tv_nsec as u64 / 1000
}

/// The host's name.
pub fn hostname() -> String {
    let mut name = [0u8; 256];
    // SAFETY: the length leaves room for the final zero byte.
    let result = unsafe { libc::gethostname(name.as_mut_ptr().cast(), name.len() - 1) };
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(0);
    if result == 0 { String::from_utf8_lossy(&name[..end]).into_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses() {
        assert_eq!(status_text(0), "Exit");
        assert_eq!(status_text(1), "Exit");
        assert_eq!(status_text(143), "Terminated");
        assert_eq!(status_text(137), "Killed");
    }

    #[test]
    fn no_signal_to_groups() {
        assert!(signal(0, 0).is_err());
        assert!(signal(-1, 0).is_err());
        assert!(signal(std::process::id() as i32, 0).is_ok());
    }
}
