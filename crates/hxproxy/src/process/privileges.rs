//! Giving up what an attacker could use: `chroot`, `group`, `user`, in HAProxy's order, but for the
//! rights that `setcap` keeps.
//!
//! Left out: resolving names to numbers, which the checker does.

use std::io;
use std::path::Path;

use super::sys;
use crate::console::Console;
use crate::files::strerror;

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

/// Whom the process becomes.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    pub group: Option<u32>,
    pub user: Option<u32>,
    /// `setcap`, as bits.
    pub kept: u32,
}

/// Number of the right to change one's user (capabilities(7)).
const CAP_SETUID: u32 = 7;

/// Lets the capabilities in `kept` outlive root's change to `user`. The error is HAProxy's message.
fn keep_rights(kept: u32, user: u32) -> Result<(), String> {
    let told = |what: &str, error: io::Error| format!("{what}: {}", strerror(&error));
    let all = kept | 1 << CAP_SETUID;
    let set =
        || sys::set_capabilities(sys::Capabilities { effective: all, permitted: all, ..Default::default() });
    sys::keep_capabilities().map_err(|e| told("Failed to preserve capabilities using prctl()", e))?;
    set().map_err(|e| told("Failed to preset the capabilities to preserve using capset()", e))?;
    sys::set_effective_user(user).map_err(|e| told(&format!("Failed to set effective uid to {user}"), e))?;
    set().map_err(|e| told("Failed to set the final capabilities using capset()", e))
}

/// Takes the right back that the change of the user needed.
fn settle_rights(kept: u32) -> Result<(), String> {
    let left = sys::Capabilities { effective: kept, permitted: kept, ..Default::default() };
    sys::set_capabilities(left)
        .map_err(|e| format!("Failed to drop the setuid capability using capset(): {}", strerror(&e)))
}

/// Uses what `setcap` names of the rights that the program's file has. HAProxy says nothing where that
/// fails, either.
pub fn use_permitted(kept: u32) {
    if let Ok(now) = sys::capabilities()
        && now.permitted & kept & !now.effective != 0
    {
        let _ = sys::set_capabilities(sys::Capabilities {
            effective: now.effective | now.permitted & kept,
            ..now
        });
    }
}

/// Takes the group and the user of the configuration. The error is HAProxy's message.
pub fn set_identity(
    console: &Console,
    program: &str,
    Identity { group, user, kept }: Identity,
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
        let keeps = kept != 0 && sys::effective_user() == 0;
        let refused = |message: String| {
            console.alert(&message);
            format!("[{program}.main()] Cannot switch uid to {user}.")
        };
        if keeps {
            keep_rights(kept, user).map_err(refused)?;
        }
        sys::set_user(user).map_err(|_| format!("[{program}.main()] Cannot set uid {user}."))?;
        if keeps {
            settle_rights(kept).map_err(refused)?;
        }
    } else if kept != 0 && sys::effective_user() != 0 {
        use_permitted(kept);
    }
    if user.is_none() && sys::effective_user() == 0 {
        console.warning(&format!(
            "[{program}.main()] HAProxy was started as the root user and does not make use of 'user' nor 'uid' \
             global options to drop the privileges. This is generally considered as a bad practice \
             security-wise. If running as root is intentional, please make it explicit using 'uid 0' or 'user \
             root', and also please consider using the 'chroot' directive to isolate the process into a totally \
             empty and read-only directory if possible. Also, since your operating system supports it, always \
             prefer relying on capabilities with unprivileged users than running with full privileges (look for \
             'setcap' in the configurationmanual)."
        ));
    }
    Ok(())
}
