//! The outside world for the checker: real files, names of users and hosts, the TLS library, the
//! Lua host.

use std::ffi::{CString, OsStr};
use std::fs;
use std::io::Write;
use std::net::{IpAddr, ToSocketAddrs, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::sync::Arc;

use check::{Loader, LuaMap, LuaNames, PathKind, RingFault, TlsList};
use ir::expr::Address;

use crate::files::strerror;
use crate::process::sys;
use crate::ring_files;
use crate::world::World;

/// Only the owner may read or write.
const PRIVATE: u32 = 0o600;

fn path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

fn lua_map(map: lua::NewMap) -> LuaMap {
    LuaMap { name: map.name, method: map.method, script: map.script, line: map.line }
}

impl Loader for World {
    fn path_kind(&self, name: &[u8]) -> Result<PathKind, String> {
        let told = fs::metadata(path(name)).map_err(|e| strerror(&e))?;
        Ok(if told.is_dir() { PathKind::Directory } else { PathKind::File })
    }

    fn read_file(&self, name: &[u8]) -> Result<Vec<u8>, String> {
        fs::read(path(name)).map_err(|e| strerror(&e))
    }

    fn list_dir(&self, name: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        let entries = fs::read_dir(path(name)).map_err(|e| strerror(&e))?;
        entries.map(|entry| Ok(entry.map_err(|e| strerror(&e))?.file_name().into_vec())).collect()
    }

    fn resolve_host(&self, name: &[u8]) -> Option<IpAddr> {
        let name = std::str::from_utf8(name).ok()?;
        (name, 0).to_socket_addrs().ok()?.next().map(|address| address.ip())
    }

    fn stream_socket(&self, fd: i32) -> Result<bool, String> {
        sys::is_stream_socket(fd).map_err(|e| strerror(&e))
    }

    fn can_connect(&self, address: &Address) -> bool {
        let connected = match address {
            Address::Ip(ip, port) => {
                let any = if ip.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                UdpSocket::bind(any).and_then(|socket| socket.connect((*ip, *port)))
            }
            Address::Unix(name) => UnixDatagram::unbound().and_then(|socket| socket.connect(path(name))),
            Address::Abstract(name, _) => SocketAddr::from_abstract_name(name)
                .and_then(|name| UnixDatagram::unbound()?.connect_addr(&name)),
            Address::Fd(_) => return true,
        };
        connected.is_ok()
    }

    fn user_id(&self, name: &[u8]) -> Option<u32> {
        sys::user_id(&CString::new(name).ok()?)
    }

    fn group_id(&self, name: &[u8]) -> Option<u32> {
        sys::group_id(&CString::new(name).ok()?)
    }

    fn lua_load(&mut self, file: &[u8], args: &[Vec<u8>], per_thread: bool) -> Result<LuaNames, String> {
        let lua = self.lua.as_ref().ok_or("Lua is not started")?;
        // What each thread loads is named in full.
        let full = match per_thread && !file.starts_with(b"/") {
            true => [self.current_dir().as_slice(), b"/", file].concat(),
            false => file.to_vec(),
        };
        let registered = lua.load(&full, args, per_thread)?;
        self.lua_actions.extend_from_slice(&registered.actions);
        let prefixed = |name: &String| format!("lua.{name}");
        Ok(LuaNames {
            services: registered
                .services
                .iter()
                .map(|one| (prefixed(&one.name), one.mode == lua::Mode::Tcp))
                .collect(),
            actions: registered.actions.iter().map(|a| (prefixed(&a.name), a.sets, a.args)).collect(),
            fetches: registered.fetches.iter().map(prefixed).collect(),
            converters: registered.converters.iter().map(prefixed).collect(),
            filters: registered.filters.iter().map(prefixed).collect(),
            maps: registered.maps.into_iter().map(lua_map).collect(),
            not_executed: registered.not_executed,
        })
    }

    fn lua_leave_out(&mut self, libraries: &[&'static str]) {
        if let Some(lua) = &self.lua {
            lua.leave_out(libraries);
        }
    }

    fn lua_prepend_path(&mut self, pattern: &[u8], kind: &[u8]) {
        // The pattern becomes a part of Lua's own search path, which any text can be.
        let _ = self.lua.as_ref().map(|lua| lua.prepend_path(pattern, kind));
    }

    fn check_certificate(&self, name: &[u8], pem: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        let name = String::from_utf8_lossy(name);
        net::tls::check_pem(&name, pem)?;
        let names = net::tls::certificate_names(&name, pem)?;
        Ok(names.into_iter().map(String::into_bytes).collect())
    }

    fn has_foreign_key(&self, pem: &[u8]) -> bool {
        net::tls::has_foreign_key(pem)
    }

    fn try_certificate(&self, pem: &[u8], level: u32) -> Result<(), (&'static str, String)> {
        net::tls::try_certificate(pem, level).map_err(|refusal| (refusal.what, refusal.reason))
    }

    fn dh_is_strong(&self, pem: &[u8], level: u32) -> Option<bool> {
        net::tls::dh_is_strong(pem, level)
    }

    fn has_issuer(&self, pem: &[u8], issuer: Option<&[u8]>) -> bool {
        net::tls::has_issuer(pem, issuer)
    }

    fn names_responder(&self, pem: &[u8]) -> bool {
        net::tls::names_responder(pem)
    }

    fn is_public_key(&self, pem: &[u8]) -> bool {
        net::tls::is_public_key(pem)
    }

    fn is_web_key(&self, json: &[u8]) -> bool {
        net::tls::samples::is_web_key(json)
    }

    fn open_ring(&mut self, name: &[u8], size: u64) -> Result<(), RingFault> {
        let file = ring_files::open(path(name), size)?;
        self.ring_files.push(Arc::new(file));
        Ok(())
    }

    fn set_priority(&mut self, nice: i32) -> Result<(), String> {
        sys::set_priority(nice).map_err(|e| strerror(&e))
    }

    fn write_secret(&self, name: &[u8], content: &[u8]) -> Result<(), String> {
        let mut options = fs::File::options();
        let opened = options.write(true).create(true).truncate(true).mode(PRIVATE).open(path(name));
        opened.and_then(|mut file| file.write_all(content)).map_err(|e| strerror(&e))
    }

    fn create_key(&self, rsa_bits: Option<i64>, curve: Option<&[u8]>) -> Result<Vec<u8>, String> {
        net::tls::private_key(rsa_bits, curve.and_then(|curve| std::str::from_utf8(curve).ok()))
    }

    fn temporary_certificate(&self) -> Result<Vec<u8>, String> {
        net::tls::temporary_certificate()
    }

    fn may_miss_addresses(&self) -> bool {
        self.may_miss_addresses
    }

    fn current_dir(&self) -> Vec<u8> {
        let current = std::env::current_dir().unwrap_or_default();
        current.into_os_string().into_encoded_bytes()
    }

    fn cpus(&self) -> usize {
        std::thread::available_parallelism().map_or(0, std::num::NonZero::get)
    }

    fn tls_list_is_valid(&self, kind: TlsList, list: &[u8]) -> bool {
        net::tls::is_valid_list(match kind {
            TlsList::Ciphers => net::tls::List::Ciphers(list),
            TlsList::Ciphersuites => net::tls::List::Ciphersuites(list),
            TlsList::Curves => net::tls::List::Curves(list),
            TlsList::Sigalgs => net::tls::List::Sigalgs(list),
        })
    }

    fn password_cost(&self, hash: &[u8]) -> u64 {
        let start = std::time::Instant::now();
        samples::verify_password(b"", hash);
        u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn check_authorities(&self, path: &[u8]) -> Result<usize, String> {
        net::tls::check_ca_file(path)
    }

    fn has_digest(&self, name: &[u8]) -> bool {
        net::tls::has_digest(name)
    }

    fn check_regex(&self, source: &[u8], ignore_case: bool) -> Result<(), String> {
        state::plan::Regex::new(source, ignore_case).map(drop).map_err(|error| error.0)
    }

    fn set_variable(&mut self, name: &[u8], value: Option<&[u8]>) {
        self.set(name, value);
    }
}
