//! UNIX listening sockets. A path is bound under a temporary name and renamed, so that clients
//! always find a socket that listens.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use ir::config::Bind;
use socket2::{Domain, SockAddr, SockRef, Socket, Type};

use super::{BindError, Wanted, backlog, reason};
use crate::connect::abstract_name;

/// The size of `sun_path`, its NUL included.
const PATH_SIZE: usize = 108;

/// A socket at a path, with the line's mode and owner.
pub fn open_path(
    bind: &Bind,
    path: &[u8],
    wanted: Wanted<'_>,
    taken: Vec<OwnedFd>,
) -> Result<OwnedFd, BindError> {
    if let Some(fd) = taken.into_iter().next() {
        let listening = SockRef::from(&fd).listen(backlog(wanted));
        return listening.map(|()| fd).map_err(|e| failure(path, &listen_text(&e), &e));
    }
    let (temporary, backup) = (beside(path, "tmp"), beside(path, "bak"));
    if temporary.as_os_str().len() >= PATH_SIZE {
        let too_long = io::Error::from(io::ErrorKind::InvalidInput);
        return Err(failure(path, "name too long for UNIX socket (limit usually 97)", &too_long));
    }
    let real = PathBuf::from(OsString::from_vec(path.to_vec()));
    let opened = preserve(&real, &temporary, &backup).and_then(|()| {
        let socket = bound_path(bind, &temporary, wanted)?;
        match fs::rename(&temporary, &real) {
            Ok(()) => Ok(socket),
            Err(e) => Err((format!("cannot switch final and temporary UNIX sockets ({})", reason(&e)), e)),
        }
    });
    // Both are gone already where all went well or nothing stood there before.
    let _ = fs::remove_file(&temporary);
    let _ = fs::remove_file(&backup);
    opened.map(OwnedFd::from).map_err(|(what, e)| failure(path, &what, &e))
}

/// A socket in the abstract namespace.
pub fn open_abstract(
    name: &[u8],
    terminated: bool,
    wanted: Wanted<'_>,
    taken: Vec<OwnedFd>,
) -> Result<OwnedFd, BindError> {
    let fail = |what: String, e: io::Error| failure(name, &what, &e);
    if let Some(fd) = taken.into_iter().next() {
        return Ok(fd);
    }
    let full = OsString::from_vec(abstract_name(name, terminated));
    let address = SockAddr::unix(full).map_err(|e| fail(bind_text(&e), e))?;
    let socket = stream_socket().map_err(|(what, e)| fail(what, e))?;
    socket.bind(&address).map_err(|e| fail(bind_text(&e), e))?;
    socket.listen(backlog(wanted)).map_err(|e| fail(listen_text(&e), e))?;
    Ok(socket.into())
}

/// Removes remains of our own names and links the socket that stands at the path, so that an
/// error leaves it in place.
fn preserve(real: &Path, temporary: &Path, backup: &Path) -> Result<(), (String, io::Error)> {
    for name in [temporary, backup] {
        if let Err(e) = fs::remove_file(name)
            && e.kind() != io::ErrorKind::NotFound
        {
            return Err((format!("error when trying to unlink previous UNIX socket ({})", reason(&e)), e));
        }
    }
    match fs::hard_link(real, backup) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => {
            Err((format!("error when trying to preserve previous UNIX socket ({})", reason(&e)), e))
        }
        _ => Ok(()),
    }
}

/// A socket that listens under its temporary name.
fn bound_path(bind: &Bind, temporary: &Path, wanted: Wanted<'_>) -> Result<Socket, (String, io::Error)> {
    let socket = stream_socket()?;
    let address = SockAddr::unix(temporary).map_err(|e| (bind_text(&e), e))?;
    socket.bind(&address).map_err(|e| (bind_text(&e), e))?;
    let owner = || {
        if bind.unix_uid.is_some() || bind.unix_gid.is_some() {
            std::os::unix::fs::chown(temporary, bind.unix_uid, bind.unix_gid)?;
        }
        match bind.unix_mode.filter(|&mode| mode != 0) {
            Some(mode) => fs::set_permissions(temporary, fs::Permissions::from_mode(mode)),
            None => Ok(()),
        }
    };
    owner().map_err(|e| (format!("cannot change UNIX socket ownership ({})", reason(&e)), e))?;
    socket.listen(backlog(wanted)).map_err(|e| (listen_text(&e), e))?;
    Ok(socket)
}

fn stream_socket() -> Result<Socket, (String, io::Error)> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)
        .map_err(|e| (format!("cannot create receiving socket ({})", reason(&e)), e))?;
    socket.set_nonblocking(true).map_err(|e| ("cannot make socket non-blocking".to_string(), e))?;
    Ok(socket)
}

/// `path.PID.suffix`
fn beside(path: &[u8], suffix: &str) -> PathBuf {
    let mut name = path.to_vec();
    name.extend_from_slice(format!(".{}.{suffix}", std::process::id()).as_bytes());
    PathBuf::from(OsString::from_vec(name))
}

/// The path that was wanted, from the temporary name that a socket keeps for life: `path.PID.tmp`,
/// with any process's number.
pub fn wanted_path(path: &Path) -> &[u8] {
    let bytes = path.as_os_str().as_bytes();
    let stripped = || {
        let rest = bytes.strip_suffix(b".tmp")?;
        let dot = rest.iter().rposition(|&b| b == b'.')?;
        let pid = &rest[dot + 1..];
        (!pid.is_empty() && pid.iter().all(u8::is_ascii_digit)).then_some(&rest[..dot])
    };
    stripped().unwrap_or(bytes)
}

fn bind_text(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "cannot bind UNIX socket (already in use)".to_string(),
        _ => format!("cannot bind UNIX socket ({})", reason(error)),
    }
}

fn listen_text(error: &io::Error) -> String {
    format!("cannot listen on UNIX socket ({})", reason(error))
}

fn failure(path: &[u8], what: &str, cause: &io::Error) -> BindError {
    let shown = String::from_utf8_lossy(path);
    BindError::new(format!("protocol unix_stream: {what} [{shown}]"), cause)
}
