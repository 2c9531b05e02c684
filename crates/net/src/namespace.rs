//! Network namespaces (manual, `namespace`): a socket that is opened in one stays there, while the
//! thread goes back at once.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use ir::config::{Config, Namespace};

use crate::sys;

/// Those that the configuration names, opened before a chroot hides them.
#[derive(Debug, Default)]
pub struct Namespaces {
    /// The process's own, where others are named.
    own: Option<OwnedFd>,
    named: HashMap<Vec<u8>, OwnedFd>,
}

impl Namespaces {
    /// Opens all that `bind` and `server` lines name.
    ///
    /// # Errors
    /// That of a name, or of the process's own namespace.
    pub fn new(config: &Config) -> Result<Self, String> {
        let binds = config.proxies.iter().flat_map(|proxy| &proxy.binds);
        let servers = config.proxies.iter().flat_map(|proxy| &proxy.servers);
        let of_servers = servers.filter_map(|server| match &server.link.namespace {
            Some(Namespace::Named(name)) => Some(name),
            _ => None,
        });
        let mut opened = Self::default();
        for name in binds.filter_map(|bind| bind.namespace.as_ref()).chain(of_servers) {
            if !opened.named.contains_key(name) {
                opened.named.insert(name.clone(), open(name)?);
            }
        }
        if !opened.named.is_empty() {
            let own = sys::open_file(b"/proc/self/ns/net");
            opened.own = Some(own.map_err(|_| "Failed to open the default namespace.".to_owned())?);
        }
        Ok(opened)
    }

    /// Whether the configuration names it.
    pub fn knows(&self, name: &[u8]) -> bool {
        self.named.contains_key(name)
    }

    /// Makes a socket in a namespace; in the process's own where none is named.
    ///
    /// # Errors
    /// Those of `make`, and of a process that may not change its namespace.
    pub fn within<R>(&self, name: Option<&[u8]>, make: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        let (Some(own), Some(other)) = (&self.own, name.and_then(|name| self.named.get(name))) else {
            return make();
        };
        sys::enter_network(other.as_fd())?;
        let made = make();
        sys::enter_network(own.as_fd())?;
        made
    }
}

fn open(name: &[u8]) -> Result<OwnedFd, String> {
    let path = [b"/var/run/netns/", name].concat();
    sys::open_file(&path).map_err(|_| format!("Cannot open namespace '{}'.", String::from_utf8_lossy(name)))
}
