//! Giving up what an attacker could use: `chroot`, `group`, `user`, in HAProxy's order.
//!
//! Left out: resolving names to numbers, which the checker does, and Linux capabilities.

use std::path::Path;

use super::sys;
use crate::console::Console;

/// Enters `chroot`. `auto` means a folder that is empty and already removed. The error is
/// HAProxy's message.
pub fn enter_chroot(console: &Console, program: &str, chroot: Option<&Path>) -> Result<(), String> {
    let Some(path) = chroot else {
        if sys::effective_user() == 0 {
            console.warning(&format!(
                "[{program}.main()] HAProxy was started as root without any 'chroot' directive. A chroot limits \
                 filesystem access of an intruder to a single, preferably empty, directory. It is strongly \
                 recommended to enable this feature whenever possible (it's always possible when starting as \
                 root), via 'chroot auto' in the global section. If you think you have good reasons for running \
                 outside a chroot, explicitly configure 'chroot /' to silence this warning."
            ));
        }
        return Ok(());
    };
    let entered = if path == Path::new("auto") { enter_nowhere() } else { enter(path) };
    entered.map_err(|_| format!("[{program}.main()] Cannot chroot({}).", path.display()))
}

fn enter(path: &Path) -> std::io::Result<()> {
    if path != Path::new("/") {
        std::os::unix::fs::chroot(path)?;
    }
    std::env::set_current_dir("/")
}

/// A folder that nobody can name: it is removed once it is the current one.
fn enter_nowhere() -> std::io::Result<()> {
    let path = std::env::temp_dir().join(format!("haproxy.{}", std::process::id()));
    std::fs::create_dir(&path)?;
    let inside = std::env::set_current_dir(&path);
    std::fs::remove_dir(&path)?;
    inside?;
    std::os::unix::fs::chroot(".")?;
    std::env::set_current_dir("/")
}

/// Takes the group and the user of the configuration. The error is HAProxy's message.
pub fn set_identity(
    console: &Console,
    program: &str,
    group: Option<u32>,
    user: Option<u32>,
) -> Result<(), String> {
    if let Some(group) = group.filter(|id| *id > 0) {
        if sys::drop_groups().is_err() {
            console.warning(&format!(
                "[{program}.main()] Failed to drop supplementary groups. Using 'gid'/'group' without \
                 'uid'/'user' is generally useless."
            ));
        }
        sys::set_group(group).map_err(|_| format!("[{program}.main()] Cannot set gid {group}."))?;
    }
    if let Some(user) = user.filter(|id| *id > 0) {
        sys::set_user(user).map_err(|_| format!("[{program}.main()] Cannot set uid {user}."))?;
    }
    if user.is_none() && sys::effective_user() == 0 {
        console.warning(&format!(
            "[{program}.main()] HAProxy was started as the root user and does not make use of 'user' nor 'uid' \
             global options to drop the privileges. This is generally considered as a bad practice \
             security-wise. If running as root is intentional, please make it explicit using 'uid 0' or 'user \
             root', and also please consider using the 'chroot' directive to isolate the process into a totally \
             empty and read-only directory if possible."
        ));
    }
    Ok(())
}
