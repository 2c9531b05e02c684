//! What the checker asks of the outside. The binary answers with files, names and libraries;
//! tests and fuzzers with what they like.

use std::net::IpAddr;

use ir::expr::{Address, MatchMethod};

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    File,
    Directory,
}

/// A list of names that the TLS library is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsList {
    /// TLS 1.2 and below.
    Ciphers,
    /// TLS 1.3.
    Ciphersuites,
    Curves,
    Sigalgs,
}

/// The names that a Lua file registered, for the registry's dynamic list.
#[derive(Clone, Debug, Default)]
pub struct LuaNames {
    /// As written after `use-service` (`lua.name`), and whether it serves TCP.
    pub services: Vec<(String, bool)>,
    /// Each with the bits of its rule sets ([`ir::spec::RuleSet::bit`]) and the number of its
    /// arguments.
    pub actions: Vec<(String, u16, usize)>,
    pub fetches: Vec<String>,
    pub converters: Vec<String>,
    /// As written behind `filter`: `lua.name`.
    pub filters: Vec<String>,
    pub maps: Vec<LuaMap>,
    /// What the file called that does nothing yet.
    pub not_executed: Vec<&'static str>,
}

/// A map that a Lua file made, which was read without an error.
#[derive(Clone, Debug)]
pub struct LuaMap {
    /// The name of its file as it was given.
    pub name: Vec<u8>,
    pub method: MatchMethod,
    /// The Lua file, and the line in it.
    pub script: String,
    pub line: usize,
}

/// What cannot be done with a ring's file, and the system's reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RingFault {
    Open(String),
    Resize(String),
}

/// The outside world. Errors of the system are given as `strerror` words them.
pub trait Loader: syntax::Facts {
    fn path_kind(&self, path: &[u8]) -> Result<PathKind, String>;

    fn read_file(&self, path: &[u8]) -> Result<Vec<u8>, String>;

    /// The names in a directory, without `.` and `..`, in any order.
    fn list_dir(&self, path: &[u8]) -> Result<Vec<Vec<u8>>, String>;

    /// The first address of a host; `None` when it has none.
    fn resolve_host(&self, name: &[u8]) -> Option<IpAddr>;

    /// Whether the descriptor is a stream socket; the error is the system's. Tests have no
    /// descriptors: any is one.
    fn stream_socket(&self, _fd: i32) -> Result<bool, String> {
        Ok(true)
    }

    /// Whether a datagram socket can be connected to the address. A world in memory has none that
    /// cannot.
    fn can_connect(&self, _address: &Address) -> bool {
        true
    }

    fn user_id(&self, name: &[u8]) -> Option<u32>;

    fn group_id(&self, name: &[u8]) -> Option<u32>;

    /// Runs a Lua file and tells what it registered. The error is the whole message.
    fn lua_load(&mut self, path: &[u8], args: &[Vec<u8>], per_thread: bool) -> Result<LuaNames, String>;

    /// `tune.lua.openlibs`: scripts get none of these standard libraries.
    fn lua_leave_out(&mut self, _libraries: &[&'static str]) {}

    /// `lua-prepend-path`, which must hold before the next file is loaded.
    fn lua_prepend_path(&mut self, path: &[u8], kind: &[u8]);

    /// Parses a certificate with its chain and key. Gives the names it is valid for; the error is
    /// the message as it follows `'bind …' in section '…' : `.
    fn check_certificate(&self, path: &[u8], pem: &[u8]) -> Result<Vec<Vec<u8>>, String>;

    /// Whether a certificate in PEM has a key, and that of another one.
    fn has_foreign_key(&self, _pem: &[u8]) -> bool {
        false
    }

    /// Whether the TLS library takes the certificates of a PEM at a security level (0 to 5); else what it
    /// refuses, as messages name it, and its reason. A world in memory takes all, and knows nothing more.
    fn try_certificate(&self, _pem: &[u8], _level: u32) -> Result<(), (&'static str, String)> {
        Ok(())
    }

    /// Whether the Diffie-Hellman parameters of a PEM are strong enough for a security level; `None`
    /// without any.
    fn dh_is_strong(&self, _pem: &[u8], _level: u32) -> Option<bool> {
        None
    }

    /// Whether the issuer of a certificate is known: of its chain, or given.
    fn has_issuer(&self, _pem: &[u8], issuer: Option<&[u8]>) -> bool {
        issuer.is_some()
    }

    /// Whether a certificate says where to ask for its state (OCSP).
    fn names_responder(&self, _pem: &[u8]) -> bool {
        false
    }

    /// Whether there is a public key in a text in PEM form.
    fn is_public_key(&self, pem: &[u8]) -> bool {
        base::bytes::find(pem, b"-----BEGIN PUBLIC KEY-----").is_some()
    }

    /// Whether a key in JSON (JWK) is complete.
    fn is_web_key(&self, _json: &[u8]) -> bool {
        true
    }

    /// Makes a file of `size` bytes an empty ring; a file with another ring's messages is renamed
    /// first. A world in memory has nothing to write to, here and below.
    fn open_ring(&mut self, _path: &[u8], _size: u64) -> Result<(), RingFault> {
        Ok(())
    }

    /// Sets the priority of the process. The error is the system's reason.
    fn set_priority(&mut self, _nice: i32) -> Result<(), String> {
        Ok(())
    }

    /// Makes a file that only its owner may read.
    fn write_secret(&self, _path: &[u8], _content: &[u8]) -> Result<(), String> {
        Ok(())
    }

    /// Makes a private key, in PEM: RSA with so many bits, or one of a curve.
    fn create_key(&self, _rsa_bits: Option<i64>, _curve: Option<&[u8]>) -> Result<Vec<u8>, String> {
        Ok(Vec::new())
    }

    /// Makes a certificate with its key, in PEM, that stands in until there is a real one.
    fn temporary_certificate(&self) -> Result<Vec<u8>, String> {
        Ok(Vec::new())
    }

    /// Whether servers may start without an address (`-dr`).
    fn may_miss_addresses(&self) -> bool;

    /// The directory that relative paths start from; empty when nobody knows.
    fn current_dir(&self) -> Vec<u8> {
        Vec::new()
    }

    /// How many CPUs the process may use; 0 when nobody knows, and nothing is said of them.
    fn cpus(&self) -> usize {
        0
    }

    /// Whether the TLS library understands a list of names.
    fn tls_list_is_valid(&self, kind: TlsList, list: &[u8]) -> bool;

    /// How many milliseconds it takes to compare a password with a hash; 0 when nobody knows.
    fn password_cost(&self, _hash: &[u8]) -> u64 {
        0
    }

    /// Loads a file or directory of authorities or revocations. Gives how many there are; the
    /// error is HAProxy's message.
    fn check_authorities(&self, path: &[u8]) -> Result<usize, String> {
        let shown = String::from_utf8_lossy(path);
        let found = self.path_kind(path).map(|_| 1);
        found.map_err(|error| format!("Couldn't open the ca-file '{shown}' ({error})."))
    }

    /// Whether the TLS library knows a digest of that name.
    fn has_digest(&self, name: &[u8]) -> bool;

    /// Compiles a regular expression; the error is HAProxy's: `regex '(' is invalid (…)`.
    fn check_regex(&self, source: &[u8], ignore_case: bool) -> Result<(), String>;

    /// `setenv` and its like; `None` removes the variable.
    fn set_variable(&mut self, name: &[u8], value: Option<&[u8]>);
}
