//! The outside world as the configuration sees it. Here: the environment, of which `setenv` and
//! its like change a copy, and the answers to the predicates of `.if` and `-cc`. The checker's
//! files and names are in [`crate::loader`], what the reader of lines asks in [`crate::discovery`].

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::ffi::OsStringExt;
use std::sync::Arc;

use ir::config::{LogPreset, Mode};

use crate::args::Args;
use crate::{features, process::sys, version};

/// Variables that hold HAProxy's own log-formats, for configurations that add to them.
const LOG_FORMATS: [(&str, LogPreset, Mode); 5] = [
    ("HAPROXY_HTTP_LOG_FMT", LogPreset::Httplog, Mode::Http),
    ("HAPROXY_HTTP_CLF_LOG_FMT", LogPreset::Clf, Mode::Http),
    ("HAPROXY_HTTPS_LOG_FMT", LogPreset::Httpslog, Mode::Http),
    ("HAPROXY_TCP_LOG_FMT", LogPreset::Tcplog, Mode::Tcp),
    ("HAPROXY_TCP_CLF_LOG_FMT", LogPreset::TcpClf, Mode::Tcp),
];

/// Lines of a key log, and the samples of each behind `ssl_fc_` and `ssl_bc_`.
const KEY_LOG: [(&str, &str); 8] = [
    ("CLIENT_RANDOM", "session_key,hex"),
    ("CLIENT_EARLY_TRAFFIC_SECRET", "client_early_traffic_secret"),
    ("CLIENT_HANDSHAKE_TRAFFIC_SECRET", "client_handshake_traffic_secret"),
    ("SERVER_HANDSHAKE_TRAFFIC_SECRET", "server_handshake_traffic_secret"),
    ("CLIENT_TRAFFIC_SECRET_0", "client_traffic_secret_0"),
    ("SERVER_TRAFFIC_SECRET_0", "server_traffic_secret_0"),
    ("EXPORTER_SECRET", "exporter_secret"),
    ("EARLY_EXPORTER_SECRET", "early_exporter_secret"),
];

/// The log-format that writes the keys of a side, `fc` or `bc`.
fn key_log(side: &str) -> String {
    let line = |(label, secret): (&str, &str)| {
        // As HAProxy has it.
        let gap = if (label, side) == ("CLIENT_RANDOM", "bc") { "  " } else { " " };
        format!("{label} %[ssl_{side}_client_random,hex]{gap}%[ssl_{side}_{secret}]")
    };
    KEY_LOG.map(line).join("\n")
}

/// See the module.
#[derive(Clone)]
pub struct World {
    variables: BTreeMap<Vec<u8>, Vec<u8>>,
    ssl_library: &'static str,
    splice: bool,
    reuseport: bool,
    verify_servers: bool,
    /// `-dr`
    pub may_miss_addresses: bool,
    /// What runs `lua-load`; none for `-cc` and in a master.
    pub lua: Option<Arc<lua::Host>>,
    /// All actions that Lua files registered so far.
    pub lua_actions: Vec<lua::Action>,
    /// The `backing-file`s of rings, in the rings' order.
    pub ring_files: Vec<Arc<File>>,
}

impl World {
    /// What the process was started with, and HAProxy's variables.
    pub fn new(args: &Args) -> World {
        let bytes = |(name, value): (std::ffi::OsString, _)| (name.into_vec(), OsStringExt::into_vec(value));
        let mut world = World {
            variables: std::env::vars_os().map(bytes).collect(),
            ssl_library: net::tls::library_info().running,
            splice: !args.no_splice,
            reuseport: !args.no_reuseport,
            verify_servers: !args.no_server_verify,
            may_miss_addresses: args.ignore_resolution,
            lua: None,
            lua_actions: Vec::new(),
            ring_files: Vec::new(),
        };
        let local_peer =
            args.local_peer.clone().map_or_else(|| sys::hostname().into_bytes(), OsStringExt::into_vec);
        world.variables.entry(b"HAPROXY_STARTUP_VERSION".into()).or_insert(version::VERSION.into());
        world.set(b"HAPROXY_BRANCH", Some(version::BRANCH.as_bytes()));
        world.set(b"HAPROXY_LOCALPEER", Some(&local_peer));
        for (name, preset, mode) in LOG_FORMATS {
            world.set(name.as_bytes(), preset.format(mode).map(str::as_bytes));
        }
        world.set(b"HAPROXY_KEYLOG_FC_LOG_FMT", Some(key_log("fc").as_bytes()));
        world.set(b"HAPROXY_KEYLOG_BC_LOG_FMT", Some(key_log("bc").as_bytes()));
        world
    }

    /// How the environment differs by now from that of the process. HAProxy's log-formats are only there
    /// while the configuration is read.
    pub fn changes(&self) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        let own: BTreeMap<Vec<u8>, Vec<u8>> =
            std::env::vars_os().map(|(name, value)| (name.into_vec(), value.into_vec())).collect();
        let is_format = |name: &[u8]| LOG_FORMATS.iter().any(|(format, ..)| format.as_bytes() == name);
        let set =
            self.variables.iter().filter(|(name, value)| own.get(*name) != Some(value) && !is_format(name));
        let removed = own.keys().filter(|name| !self.variables.contains_key(*name));
        let removed = removed.map(|name| (name.clone(), None));
        set.map(|(name, value)| (name.clone(), Some(value.clone()))).chain(removed).collect()
    }

    /// `None` removes the variable.
    pub fn set(&mut self, name: &[u8], value: Option<&[u8]>) {
        match value {
            Some(value) => self.variables.insert(name.to_vec(), value.to_vec()),
            None => self.variables.remove(name),
        };
    }
}

impl syntax::Facts for World {
    fn variable(&self, name: &[u8]) -> Option<Vec<u8>> {
        self.variables.get(name).cloned()
    }

    fn variable_names(&self) -> Vec<Vec<u8>> {
        self.variables.keys().cloned().collect()
    }

    fn feature(&self, name: &[u8]) -> bool {
        features::has(name)
    }

    fn version(&self) -> &str {
        version::SHORT
    }

    fn openssl_version(&self) -> Option<u32> {
        u32::try_from(net::tls::library_info().number).ok()
    }

    fn ssl_library(&self) -> &str {
        self.ssl_library
    }

    fn awslc_api(&self) -> Option<u32> {
        None
    }

    fn enabled(&self, option: &[u8]) -> bool {
        match option {
            b"POLL" | b"EPOLL" | b"GETADDRINFO" | b"FAST-FORWARD" => true,
            b"SPLICE" => self.splice,
            b"REUSEPORT" => self.reuseport,
            b"SERVER-SSL-VERIFY-NONE" => !self.verify_servers,
            _ => false,
        }
    }

    fn fips_mode(&self) -> bool {
        false
    }
}
