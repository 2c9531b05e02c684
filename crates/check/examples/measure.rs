//! Checks many configurations and compares each verdict and first alert with a table of what
//! HAProxy says.
//!
//! Usage: `measure FACTS EXPECTED FILE...`, where FACTS holds `fetch.tsv`, `converter.tsv` and
//! `acl.tsv` (name, arguments, types, contexts), and EXPECTED has a line `file, exit code, alerts,
//! warnings, first alert`.

#[path = "../tests/support/mod.rs"]
mod support;

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::net::{IpAddr, ToSocketAddrs};
use std::os::unix::ffi::OsStrExt;

use check::{Loader, LuaNames, PathKind, Registry};
use diag::SourceMap;
use ir::expr::MatchMethod;
use ir::sources::Sources;
use ir::spec::{AclAlias, ArgList, ArgType, Contexts, ConverterSpec, FetchSpec, Support};
use ir::types::SampleType;
use support::World;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(facts), Some(expected)) = (args.next(), args.next()) else {
        return Err("usage: measure FACTS EXPECTED FILE...".into());
    };
    let expected = fs::read_to_string(expected)?;
    let expected: HashMap<&str, Vec<&str>> = expected
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(file, rest)| (file, rest.split('\t').collect()))
        .collect();
    let (mut files, mut verdicts, mut firsts) = (0, 0, 0);
    for path in args {
        let name = path.rsplit('/').next().unwrap_or(&path).to_owned();
        let Some([exit, _, _, first, ..]) = expected.get(name.as_str()).map(Vec::as_slice) else { continue };
        let (got_exit, told) = run(&facts, &path)?;
        let got_first = told.lines().find_map(|line| line.strip_prefix("[ALERT]    ")).unwrap_or("");
        files += 1;
        verdicts += usize::from(*exit == got_exit);
        // The table cuts long messages.
        let same_first = *first == got_first || (first.len() >= 300 && got_first.starts_with(first));
        firsts += usize::from(*exit == got_exit && same_first);
        if *exit != got_exit || !same_first {
            println!("{name}\n  want {exit} {first}\n  got  {got_exit} {got_first}");
        }
    }
    println!("{files} files, {verdicts} with the same exit code, {firsts} with the same first alert too");
    Ok(())
}

/// The exit code and what is told.
fn run(facts: &str, path: &str) -> Result<(&'static str, String), Box<dyn Error>> {
    let mut sources = SourceMap::new();
    sources.add(path, fs::read(path)?);
    let outcome = check::check(&mut registry(facts)?, &mut Disk::default(), &sources);
    let exit = if outcome.is_usable() { "0" } else { "1" };
    // `quiet` hides everything.
    if outcome.config.global.quiet {
        return Ok((exit, String::new()));
    }
    Ok((exit, support::told(&outcome, &sources)))
}

fn registry(facts: &str) -> Result<Registry, Box<dyn Error>> {
    let rows = |name: &str| -> Result<Vec<Vec<String>>, Box<dyn Error>> {
        let text = fs::read_to_string(format!("{facts}/{name}.tsv"))?;
        Ok(text.lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect()).collect())
    };
    let column = |row: &[String], index: usize| row.get(index).cloned().unwrap_or_default();
    let mut fetches: Vec<&'static FetchSpec> = Vec::new();
    for row in rows("fetch")? {
        fetches.push(Box::leak(Box::new(FetchSpec {
            name: leak(column(&row, 0)),
            doc: "",
            args: args(&column(&row, 1)),
            out: kind(&column(&row, 2)),
            uses: Sources::of(&[]),
            check: None,
            contexts: Contexts::new(&column(&row, 3)),
            support: Support::Full,
        })));
    }
    let mut converters: Vec<&'static ConverterSpec> = Vec::new();
    for row in rows("converter")? {
        // The dump's third column is what comes out, its fourth what goes in.
        converters.push(Box::leak(Box::new(ConverterSpec {
            name: leak(column(&row, 0)),
            doc: "",
            args: args(&column(&row, 1)),
            input: kind(&column(&row, 3)),
            out: kind(&column(&row, 2)),
            check: None,
            map: None,
            support: Support::Full,
        })));
    }
    let mut aliases: Vec<&'static AclAlias> = Vec::new();
    for row in rows("acl")? {
        let expression = column(&row, 1);
        let Some((expr, method)) = expression.split_once(" -m ") else { continue };
        aliases.push(Box::leak(Box::new(AclAlias {
            name: leak(column(&row, 0)),
            expr: leak(expr.to_owned()),
            method: method_of(method),
        })));
    }
    let actions = support::actions::ACTIONS.iter().collect();
    let registry = Registry::new(fetches, converters, actions, aliases, &["prometheus-exporter"]);
    Ok(registry.with_log_aliases(support::log_aliases()))
}

fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// `(string,integer[,table])`: what stands before the bracket is required.
fn args(text: &str) -> ArgList {
    let inner = text.trim_start_matches('(').trim_end_matches(')');
    let required = inner.split('[').next().unwrap_or("");
    let count = required.split(',').filter(|part| !part.is_empty()).count();
    let types: Vec<ArgType> = inner
        .split([',', '[', ']'])
        .filter(|part| !part.is_empty())
        .map(|part| match part {
            "integer" => ArgType::Sint,
            "table" => ArgType::Table,
            "backend" => ArgType::Backend,
            "frontend" => ArgType::Frontend,
            "server" => ArgType::Server,
            "user list" => ArgType::Userlist,
            "IPv4 address" => ArgType::Ipv4,
            "IPv6 address" => ArgType::Ipv6,
            "IPv4 mask" => ArgType::Mask4,
            "IPv6 mask" => ArgType::Mask6,
            "delay" => ArgType::Time,
            "size" => ArgType::Size,
            "regex" => ArgType::Regex,
            "map" => ArgType::Map,
            _ => ArgType::Str,
        })
        .collect();
    ArgList::new(count, Box::leak(types.into_boxed_slice()))
}

fn kind(text: &str) -> SampleType {
    use SampleType::*;
    let all = [Bool, Sint, Addr, Ipv4, Ipv6, Str, Bin, Meth];
    all.into_iter().find(|kind| kind.name() == text).unwrap_or(Any)
}

fn method_of(text: &str) -> MatchMethod {
    match text {
        "beg" => MatchMethod::Beg,
        "dir" => MatchMethod::Dir,
        "dom" => MatchMethod::Dom,
        "end" => MatchMethod::End,
        "len" => MatchMethod::Len,
        "reg" => MatchMethod::Reg,
        "sub" => MatchMethod::Sub,
        "int" => MatchMethod::Int,
        "bin" => MatchMethod::Bin,
        _ => MatchMethod::Str,
    }
}

/// The real file system, with a test world's libraries.
#[derive(Default)]
struct Disk {
    world: World,
}

impl syntax::Facts for Disk {
    fn variable(&self, name: &[u8]) -> Option<Vec<u8>> {
        self.world.variable(name)
    }

    fn variable_names(&self) -> Vec<Vec<u8>> {
        self.world.variable_names()
    }

    fn feature(&self, name: &[u8]) -> bool {
        self.world.feature(name)
    }

    fn version(&self) -> &str {
        "3.5.0"
    }

    fn openssl_version(&self) -> Option<u32> {
        self.world.openssl_version()
    }

    fn ssl_library(&self) -> &str {
        "OpenSSL 3.0.17 1 Jul 2025"
    }

    fn awslc_api(&self) -> Option<u32> {
        None
    }

    fn enabled(&self, option: &[u8]) -> bool {
        self.world.enabled(option)
    }

    fn fips_mode(&self) -> bool {
        false
    }
}

fn os(path: &[u8]) -> &std::path::Path {
    std::path::Path::new(std::ffi::OsStr::from_bytes(path))
}

fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

impl Loader for Disk {
    fn path_kind(&self, path: &[u8]) -> Result<PathKind, String> {
        let data = fs::metadata(os(path)).map_err(|error| reason(&error))?;
        Ok(if data.is_dir() { PathKind::Directory } else { PathKind::File })
    }

    fn read_file(&self, path: &[u8]) -> Result<Vec<u8>, String> {
        fs::read(os(path)).map_err(|error| reason(&error))
    }

    fn list_dir(&self, path: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        let entries = fs::read_dir(os(path)).map_err(|error| reason(&error))?;
        Ok(entries.flatten().map(|entry| entry.file_name().as_bytes().to_vec()).collect())
    }

    fn resolve_host(&self, name: &[u8]) -> Option<IpAddr> {
        let name = std::str::from_utf8(name).ok()?;
        (name, 0).to_socket_addrs().ok()?.next().map(|address| address.ip())
    }

    fn user_id(&self, name: &[u8]) -> Option<u32> {
        id_in("/etc/passwd", name)
    }

    fn group_id(&self, name: &[u8]) -> Option<u32> {
        id_in("/etc/group", name)
    }

    /// Scripts are not run: the names are found in their text.
    fn lua_load(&mut self, path: &[u8], _args: &[Vec<u8>], _per_thread: bool) -> Result<LuaNames, String> {
        let text = String::from_utf8_lossy(&self.read_file(path)?).into_owned();
        let named = |call: &str| -> Vec<String> {
            text.split(call)
                .skip(1)
                .filter_map(|rest| rest.split(['"', '\'']).nth(1))
                .map(|name| format!("lua.{name}"))
                .collect()
        };
        Ok(LuaNames {
            services: named("register_service(").into_iter().map(|name| (name, false)).collect(),
            fetches: named("register_fetches("),
            converters: named("register_converters("),
            actions: named("register_action(").into_iter().map(|name| (name, 0xff, 0)).collect(),
            ..LuaNames::default()
        })
    }

    fn lua_prepend_path(&mut self, _path: &[u8], _kind: &[u8]) {}

    fn check_certificate(&self, path: &[u8], pem: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        self.world.check_certificate(path, pem)
    }

    fn may_miss_addresses(&self) -> bool {
        false
    }

    fn tls_list_is_valid(&self, kind: check::TlsList, list: &[u8]) -> bool {
        self.world.tls_list_is_valid(kind, list)
    }

    fn has_digest(&self, name: &[u8]) -> bool {
        self.world.has_digest(name)
    }

    fn check_regex(&self, source: &[u8], ignore_case: bool) -> Result<(), String> {
        self.world.check_regex(source, ignore_case)
    }

    fn set_variable(&mut self, name: &[u8], value: Option<&[u8]>) {
        self.world.set_variable(name, value);
    }
}

/// The third field of the line that begins with the name.
fn id_in(file: &str, name: &[u8]) -> Option<u32> {
    let text = fs::read(file).ok()?;
    let line = text
        .split(|byte| *byte == b'\n')
        .find(|line| line.split(|byte| *byte == b':').next() == Some(name))?;
    std::str::from_utf8(line.split(|byte| *byte == b':').nth(2)?).ok()?.parse().ok()
}
