//! A world for tests: files, names and variables in memory, and a small registry.
#![allow(dead_code, reason = "each test file uses its own part")]

pub mod actions;

use std::collections::BTreeMap;
use std::net::IpAddr;

use check::{Loader, LuaNames, Outcome, PathKind, Registry};
use diag::SourceMap;
use diag::render::text::{self, Header};
use ir::expr::MatchMethod;
use ir::sources::{Source, Sources};
use ir::spec::{AclAlias, ArgList, ArgType, ConverterSpec, FetchSpec, LogAliasNeed, LogAliasSpec, Support};
use ir::types::SampleType;

/// What the checker finds outside.
#[derive(Default)]
pub struct World {
    pub files: BTreeMap<Vec<u8>, Vec<u8>>,
    pub variables: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl World {
    pub fn with(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| (path.as_bytes().to_vec(), text.as_bytes().to_vec()));
        Self { files: files.collect(), ..Self::default() }
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
        name == b"LUA"
    }

    fn version(&self) -> &str {
        "3.5.0"
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

const NO_FILE: &str = "No such file or directory";

impl Loader for World {
    fn path_kind(&self, path: &[u8]) -> Result<PathKind, String> {
        if self.files.contains_key(path) {
            return Ok(PathKind::File);
        }
        let below = [path, b"/"].concat();
        match self.files.keys().any(|file| file.starts_with(&below)) {
            true => Ok(PathKind::Directory),
            false => Err(NO_FILE.into()),
        }
    }

    fn read_file(&self, path: &[u8]) -> Result<Vec<u8>, String> {
        self.files.get(path).cloned().ok_or_else(|| NO_FILE.into())
    }

    fn list_dir(&self, path: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        let below = [path, b"/"].concat();
        Ok(self
            .files
            .keys()
            .filter_map(|file| file.strip_prefix(below.as_slice()))
            .map(<[u8]>::to_vec)
            .collect())
    }

    fn resolve_host(&self, name: &[u8]) -> Option<IpAddr> {
        (name == b"localhost").then_some(IpAddr::from([127, 0, 0, 1]))
    }

    fn user_id(&self, name: &[u8]) -> Option<u32> {
        (name == b"haproxy").then_some(106)
    }

    fn group_id(&self, name: &[u8]) -> Option<u32> {
        (name == b"haproxy").then_some(113)
    }

    fn lua_load(&mut self, path: &[u8], _args: &[Vec<u8>], _per_thread: bool) -> Result<LuaNames, String> {
        let text = self.files.get(path).ok_or("Lua runtime error: cannot open file")?;
        let names = String::from_utf8_lossy(text);
        let services = names.lines().filter_map(|line| line.strip_prefix("service ")).map(|name| match name
            .strip_prefix("tcp ")
        {
            Some(name) => (format!("lua.{name}"), true),
            None => (format!("lua.{name}"), false),
        });
        Ok(LuaNames { services: services.collect(), ..LuaNames::default() })
    }

    fn lua_prepend_path(&mut self, _path: &[u8], _kind: &[u8]) {}

    fn check_certificate(&self, path: &[u8], pem: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        match String::from_utf8_lossy(pem).contains("-----BEGIN CERTIFICATE-----") {
            true => Ok(vec![b"example.com".to_vec()]),
            false => {
                let path = String::from_utf8_lossy(path);
                Err(format!("unable to load certificate from file '{path}': no start line."))
            }
        }
    }

    fn may_miss_addresses(&self) -> bool {
        false
    }

    fn password_cost(&self, hash: &[u8]) -> u64 {
        if hash.starts_with(b"$y$") { 12 } else { 9 }
    }

    fn tls_list_is_valid(&self, _: check::TlsList, list: &[u8]) -> bool {
        !list.starts_with(b"PROFILE=")
    }

    fn has_digest(&self, name: &[u8]) -> bool {
        matches!(name, b"sha1" | b"sha256")
    }

    fn check_regex(&self, source: &[u8], _ignore_case: bool) -> Result<(), String> {
        match source {
            b"(" => Err("regex '(' is invalid (error=missing closing parenthesis, erroffset=1)".into()),
            _ => Ok(()),
        }
    }

    fn set_variable(&mut self, name: &[u8], value: Option<&[u8]>) {
        match value {
            Some(value) => self.variables.insert(name.to_vec(), value.to_vec()),
            None => self.variables.remove(name),
        };
    }
}

const NONE: ArgList = ArgList::NONE;
const NAME: ArgList = ArgList::new(0, &[ArgType::Str, ArgType::Sint]);

const fn fetch(name: &'static str, args: ArgList, out: SampleType, uses: Sources) -> FetchSpec {
    FetchSpec {
        name,
        doc: "",
        args,
        out,
        uses,
        contexts: uses.contexts(),
        check: None,
        support: Support::Full,
    }
}

const ALL: Sources = Sources::of(&[Source::Constant]);
const CLIENT: Sources = Sources::of(&[Source::ClientAddress]);
const REQUEST: Sources = Sources::of(&[Source::RequestHeaders]);
const RESPONSE: Sources = Sources::of(&[Source::ResponseHeaders]);

static FETCHES: [FetchSpec; 17] = [
    fetch("always_true", NONE, SampleType::Bool, ALL),
    fetch("always_false", NONE, SampleType::Bool, ALL),
    fetch("src", NONE, SampleType::Addr, CLIENT),
    fetch("dst_port", NONE, SampleType::Sint, CLIENT),
    fetch("path", NONE, SampleType::Str, REQUEST),
    fetch("url", NONE, SampleType::Str, REQUEST),
    fetch("method", NONE, SampleType::Meth, REQUEST),
    fetch("hdr", NAME, SampleType::Str, REQUEST),
    fetch("req.hdr", NAME, SampleType::Str, REQUEST),
    fetch("res.hdr", NAME, SampleType::Str, RESPONSE),
    fetch("nbsrv", ArgList::new(0, &[ArgType::Backend]), SampleType::Sint, ALL),
    fetch("srv_is_up", ArgList::new(1, &[ArgType::Server]), SampleType::Bool, ALL),
    fetch("table_cnt", ArgList::new(0, &[ArgType::Table]), SampleType::Sint, ALL),
    fetch("http_auth", ArgList::new(1, &[ArgType::Userlist]), SampleType::Bool, REQUEST),
    fetch("var", ArgList::new(1, &[ArgType::Var]), SampleType::Str, ALL),
    fetch("int", ArgList::new(1, &[ArgType::Sint]), SampleType::Sint, ALL),
    fetch("req.payload", ArgList::new(2, &[ArgType::Sint, ArgType::Sint]), SampleType::Bin, REQUEST),
];

const fn converter(name: &'static str, args: ArgList, input: SampleType, out: SampleType) -> ConverterSpec {
    ConverterSpec { name, doc: "", args, input, out, check: None, map: None, support: Support::Full }
}

static CONVERTERS: [ConverterSpec; 6] = [
    converter("lower", NONE, SampleType::Str, SampleType::Str),
    converter("bool", NONE, SampleType::Sint, SampleType::Bool),
    converter("crc32", ArgList::new(0, &[ArgType::Sint]), SampleType::Bin, SampleType::Sint),
    converter("bytes", ArgList::new(1, &[ArgType::Str, ArgType::Str]), SampleType::Bin, SampleType::Bin),
    converter("hex", NONE, SampleType::Bin, SampleType::Str),
    converter("debug", ArgList::new(0, &[ArgType::Str]), SampleType::Any, SampleType::Any),
];

static ALIASES: [AclAlias; 6] = [
    AclAlias { name: "path", expr: "path", method: MatchMethod::Str },
    AclAlias { name: "path_beg", expr: "path", method: MatchMethod::Beg },
    AclAlias { name: "path_reg", expr: "path", method: MatchMethod::Reg },
    AclAlias { name: "hdr", expr: "req.hdr", method: MatchMethod::Str },
    AclAlias { name: "hdr_beg", expr: "req.hdr", method: MatchMethod::Beg },
    AclAlias { name: "method", expr: "method", method: MatchMethod::Str },
];

/// The aliases of log-formats, whose names HAProxy's manual lists.
pub fn log_aliases() -> Vec<&'static LogAliasSpec> {
    let table = include_str!("../../../../haproxy-compat-tests/tables/log-alias.tsv");
    let names = table.lines().skip(1).filter_map(|line| line.strip_prefix('%')?.split('\t').next());
    let row = |name| LogAliasSpec { name, doc: "", needs: LogAliasNeed::Nothing, support: Support::Full };
    names.map(|name| -> &'static LogAliasSpec { Box::leak(Box::new(row(name))) }).collect()
}

/// The small registry.
pub fn registry() -> Registry {
    Registry::new(
        FETCHES.iter().collect(),
        CONVERTERS.iter().collect(),
        actions::ACTIONS.iter().collect(),
        ALIASES.iter().collect(),
        &["prometheus-exporter"],
    )
    .with_log_aliases(log_aliases())
}

/// Checks one file called `t.cfg`.
pub fn run(world: &mut World, text: &str) -> (Outcome, SourceMap) {
    let mut sources = SourceMap::new();
    sources.add("t.cfg", text);
    let outcome = check::check(&mut registry(), world, &sources);
    (outcome, sources)
}

/// What is told, in HAProxy's form without the process id.
pub fn told(outcome: &Outcome, sources: &SourceMap) -> String {
    let mut out = String::new();
    for diagnostic in &outcome.reading {
        text::write(&mut out, Header { pid: 1, context: "config" }, sources, diagnostic);
    }
    for diagnostic in &outcome.checking {
        text::write(&mut out, Header { pid: 1, context: "" }, sources, diagnostic);
    }
    out.replace("(1) : ", "")
}
