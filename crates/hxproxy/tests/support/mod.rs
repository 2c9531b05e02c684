//! A checker for tests and fuzz targets: the whole registry, and a world in memory in which every
//! file, name and library answers yes. Nothing here reads a file.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::collections::BTreeMap;
use std::net::IpAddr;

use check::{Loader, LuaNames, Outcome, PathKind, Registry};
use diag::SourceMap;
use diag::render::text::{self, Header};

/// As the binary assembles it.
pub fn registry() -> Registry {
    Registry::new(
        samples::fetches::rows().chain(net::tls::samples::fetches()).map(|row| &row.spec).collect(),
        samples::converters::rows().chain(net::tls::samples::converters()).map(|row| &row.spec).collect(),
        actions::rows().map(|row| &row.spec).collect(),
        samples::acl_aliases::ROWS.iter().collect(),
        &["prometheus-exporter"],
    )
    .with_log_aliases(samples::aliases::rows().map(|row| &row.spec).collect())
}

/// Checks one file that stands in memory alone.
pub fn check(registry: &mut Registry, text: &[u8]) -> Outcome {
    let mut sources = SourceMap::new();
    sources.add("t.cfg", text);
    check::check(registry, &mut World::default(), &sources)
}

/// What is told about one file, in HAProxy's form.
pub fn told(registry: &mut Registry, text: &[u8]) -> String {
    let mut sources = SourceMap::new();
    sources.add("t.cfg", text);
    let outcome = check::check(registry, &mut World::default(), &sources);
    let mut out = String::new();
    for diagnostic in outcome.diagnostics() {
        text::write(&mut out, Header { pid: 1, context: "config" }, &sources, diagnostic);
    }
    out
}

/// See the module.
#[derive(Default)]
pub struct World {
    variables: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl syntax::Facts for World {
    fn variable(&self, name: &[u8]) -> Option<Vec<u8>> {
        match name {
            b"LIST" => Some(b"one two  three".to_vec()),
            b"EMPTY" => Some(Vec::new()),
            name => self.variables.get(name).cloned(),
        }
    }

    fn variable_names(&self) -> Vec<Vec<u8>> {
        self.variables.keys().cloned().chain([b"LIST".to_vec(), b"EMPTY".to_vec()]).collect()
    }

    fn feature(&self, name: &[u8]) -> bool {
        matches!(name, b"OPENSSL" | b"LUA")
    }

    fn version(&self) -> &str {
        "3.5-dev5"
    }

    fn openssl_version(&self) -> Option<u32> {
        Some(0x3000_0110)
    }

    fn ssl_library(&self) -> &str {
        "OpenSSL 3.0.17 1 Jul 2025"
    }

    fn awslc_api(&self) -> Option<u32> {
        None
    }

    fn enabled(&self, _option: &[u8]) -> bool {
        false
    }

    fn fips_mode(&self) -> bool {
        false
    }
}

impl Loader for World {
    fn path_kind(&self, path: &[u8]) -> Result<PathKind, String> {
        match path {
            b"" | b"/missing" => Err("No such file or directory".into()),
            path if path.ends_with(b"/") => Ok(PathKind::Directory),
            _ => Ok(PathKind::File),
        }
    }

    fn read_file(&self, path: &[u8]) -> Result<Vec<u8>, String> {
        let content = match path {
            b"/empty" => b"".as_slice(),
            b"/base64" => b"dGhpcyBpcyBhIGtleSB0aGF0IGlzIGxvbmcgZW5vdWdo",
            b"/cases" => b"host Host\n",
            // Three keys of 48 bytes.
            b"/ticket-keys" => return Ok(vec![b"A".repeat(64); 3].join(&b'\n')),
            _ => b"-----BEGIN PRIVATE KEY-----\n",
        };
        self.path_kind(path).map(|_| content.to_vec())
    }

    fn list_dir(&self, _path: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        Ok(vec![b"a.pem".to_vec()])
    }

    fn resolve_host(&self, _name: &[u8]) -> Option<IpAddr> {
        Some(IpAddr::from([127, 0, 0, 1]))
    }

    fn user_id(&self, _name: &[u8]) -> Option<u32> {
        Some(1)
    }

    fn group_id(&self, _name: &[u8]) -> Option<u32> {
        Some(1)
    }

    fn lua_load(&mut self, _path: &[u8], _args: &[Vec<u8>], _per_thread: bool) -> Result<LuaNames, String> {
        Ok(LuaNames::default())
    }

    fn lua_prepend_path(&mut self, _path: &[u8], _kind: &[u8]) {}

    fn check_certificate(&self, _path: &[u8], _pem: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        Ok(vec![b"example.com".to_vec()])
    }

    fn may_miss_addresses(&self) -> bool {
        false
    }

    fn tls_list_is_valid(&self, _: check::TlsList, _list: &[u8]) -> bool {
        true
    }

    fn has_digest(&self, _name: &[u8]) -> bool {
        true
    }

    fn check_regex(&self, _source: &[u8], _ignore_case: bool) -> Result<(), String> {
        Ok(())
    }

    fn set_variable(&mut self, name: &[u8], value: Option<&[u8]>) {
        match value {
            Some(value) => self.variables.insert(name.to_vec(), value.to_vec()),
            None => self.variables.remove(name),
        };
    }
}
