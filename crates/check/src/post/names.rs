//! Names in arguments of expressions: proxies, servers, tables, userlists. What does not resolve
//! is told in the order of the lines; then every argument gets its id.

use std::collections::HashMap;

use diag::Diagnostic;
use ir::Bytes;
use ir::config::{StickTable, Userlist};
use ir::expr::{Arg, Expr};
use ir::id::{ProxyId, ServerId, TableId, UserlistId};
use ir::spec::{ArgList, ArgType};

use super::visit;
use crate::context::Context;
use crate::draft::{Draft, Kind, Unresolved};
use crate::registry::Registry;

/// Where everything that has a name stands.
pub struct Names {
    /// Proxies have one name space: two of one name were refused when they were read.
    proxies: HashMap<Bytes, usize>,
    tables: HashMap<Bytes, usize>,
    userlists: HashMap<Bytes, usize>,
    /// The servers of the proxies that were asked for.
    servers: HashMap<usize, HashMap<Bytes, usize>>,
}

impl Names {
    pub fn new(drafts: &[Draft], tables: &[StickTable], userlists: &[Userlist]) -> Self {
        Self {
            proxies: index(drafts.iter().map(|draft| &draft.proxy.name)),
            tables: index(tables.iter().map(|table| &table.name)),
            userlists: index(userlists.iter().map(|list| &list.name)),
            servers: HashMap::new(),
        }
    }

    /// The backend of that name.
    pub fn backend(&self, drafts: &[Draft], name: &[u8]) -> Option<usize> {
        self.proxies.get(name).copied().filter(|index| drafts[*index].kind.is_backend())
    }

    fn frontend(&self, drafts: &[Draft], name: &[u8]) -> Option<usize> {
        self.proxies.get(name).copied().filter(|index| drafts[*index].kind.is_frontend())
    }

    /// The server of that name in a proxy.
    pub fn server(&mut self, drafts: &[Draft], proxy: usize, name: &[u8]) -> Option<ServerId> {
        let servers = || index(drafts[proxy].proxy.servers.iter().map(|server| &server.name));
        self.servers.entry(proxy).or_insert_with(servers).get(name).map(|index| ServerId(id(*index)))
    }

    /// `backend/server`, or a server of the proxy `own`.
    fn server_path(&mut self, drafts: &[Draft], name: &[u8], own: usize) -> Option<Arg> {
        let (proxy, server) = match name.iter().position(|byte| *byte == b'/') {
            Some(0) => (own, &name[1..]),
            Some(slash) => (self.backend(drafts, &name[..slash])?, &name[slash + 1..]),
            None => (own, name),
        };
        Some(Arg::Server(ProxyId(id(proxy)), self.server(drafts, proxy, server)?))
    }

    /// What a name of a kind stands for, seen from the proxy `own`. An empty one is that proxy.
    fn find(&mut self, drafts: &[Draft], kind: ArgType, name: &[u8], own: usize) -> Option<Arg> {
        let proxy = |index| Arg::Proxy(ProxyId(id(index)));
        match kind {
            ArgType::Frontend if name.is_empty() => drafts[own].kind.is_frontend().then(|| proxy(own)),
            ArgType::Backend if name.is_empty() => drafts[own].kind.is_backend().then(|| proxy(own)),
            ArgType::Frontend => self.frontend(drafts, name).map(proxy),
            ArgType::Backend => self.backend(drafts, name).map(proxy),
            ArgType::Server => self.server_path(drafts, name, own),
            ArgType::Table => {
                let name = if name.is_empty() { &drafts[own].proxy.name } else { name };
                self.tables.get(name).map(|index| Arg::Table(TableId(id(*index))))
            }
            ArgType::Userlist => self.userlists.get(name).map(|index| Arg::Userlist(UserlistId(id(*index)))),
            _ => None,
        }
    }
}

/// Each name's first place.
fn index<'a>(names: impl Iterator<Item = &'a Bytes>) -> HashMap<Bytes, usize> {
    let mut places = HashMap::new();
    for (place, name) in names.enumerate() {
        places.entry(name.clone()).or_insert(place);
    }
    places
}

fn id(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// What the names in one proxy's expressions stand for.
type Answers = HashMap<(ArgType, Bytes), Arg>;

pub fn resolve(c: &mut Context<'_>, names: &mut Names, drafts: &mut [Draft], index: usize) {
    let arguments = std::mem::take(&mut drafts[index].unresolved);
    if arguments.is_empty() {
        return;
    }
    let mut answers = Answers::new();
    let mut missing = Vec::new();
    for (at, argument) in arguments.into_iter().enumerate() {
        if argument.kind == ArgType::Regex && is_regex(c, &argument) {
            continue;
        }
        match names.find(drafts, argument.kind, &argument.name, index) {
            Some(found) => drop(answers.insert((argument.kind, argument.name), found)),
            // The defaults section told about its own.
            None if at < drafts[index].inherited_names => {}
            None => missing.push(message(c, names, drafts, &drafts[index], &argument)),
        }
    }
    let draft = &mut drafts[index];
    if !missing.is_empty() {
        return tell(c, draft, &missing);
    }
    let registry = &*c.registry;
    visit::expressions(&mut draft.proxy, &mut |expr| patch(registry, &answers, expr));
}

fn is_regex(c: &Context<'_>, argument: &Unresolved) -> bool {
    !argument.name.is_empty() && c.loader.check_regex(&argument.name, false).is_ok()
}

/// The names in the rules of a defaults section: it has no servers and no table of its own.
pub fn check_defaults(c: &mut Context<'_>, names: &mut Names, drafts: &[Draft], defaults: &Draft) {
    let mut missing = Vec::new();
    for argument in &defaults.unresolved[defaults.inherited_names..] {
        let is_known = match argument.kind {
            ArgType::Regex => is_regex(c, argument),
            ArgType::Frontend | ArgType::Backend if argument.name.is_empty() => true,
            ArgType::Table if argument.name.is_empty() => false,
            ArgType::Server if !argument.name.contains(&b'/') => false,
            kind => names.find(drafts, kind, &argument.name, 0).is_some(),
        };
        if !is_known {
            missing.push(message(c, names, drafts, defaults, argument));
        }
    }
    if !missing.is_empty() {
        tell(c, defaults, &missing);
    }
}

fn tell(c: &mut Context<'_>, draft: &Draft, missing: &[String]) {
    let text = match missing {
        [one] => one.clone(),
        all => format!("multiple argument resolution errors:\n        {}", all.join("\n        ")),
    };
    c.push(Diagnostic::post_error("unknown-name", text).pointing(draft.header));
}

fn message(c: &Context<'_>, names: &Names, drafts: &[Draft], draft: &Draft, argument: &Unresolved) -> String {
    let is_defaults = draft.kind == Kind::Defaults;
    let name = String::from_utf8_lossy(&argument.name);
    let (keyword, place) = argument.usage.words();
    let converter =
        argument.converter.map_or_else(String::new, |name| format!("conversion keyword '{name}' for "));
    let rest = format!(
        "in arg {} of {converter}{keyword} '{}' {place} proxy '{}'",
        argument.position,
        argument.owner,
        draft.name()
    );
    let what = match argument.kind {
        ArgType::Frontend | ArgType::Backend if name.is_empty() => {
            return format!(
                "parsing [{}]: proxy '{}', referenced {rest}, has not {} capability.",
                c.at(argument.span),
                draft.name(),
                argument.kind.name()
            );
        }
        ArgType::Frontend => format!("unable to find frontend '{name}' referenced"),
        ArgType::Backend => format!("unable to find backend '{name}' referenced"),
        ArgType::Table if name.is_empty() && is_defaults => "table name must be set".to_owned(),
        ArgType::Table if name.is_empty() => format!("unable to find table '{}' referenced", draft.name()),
        ArgType::Table => format!("unable to find table '{name}' referenced"),
        ArgType::Regex if name.is_empty() => "missing regex".to_owned(),
        ArgType::Regex => {
            let error = c.loader.check_regex(&argument.name, false).err().unwrap_or_default();
            return format!("parsing [{}]: error in regex '{name}' {rest} : {error}.", c.at(argument.span));
        }
        ArgType::Userlist if name.is_empty() => "missing userlist name".to_owned(),
        ArgType::Userlist => format!("unable to find userlist '{name}' referenced"),
        _ => match name.split_once('/') {
            Some((proxy, _)) if names.backend(drafts, proxy.as_bytes()).is_none() => {
                format!("unable to find proxy '{proxy}' referenced")
            }
            Some((proxy, server)) => {
                format!("unable to find server '{server}' in proxy '{proxy}', referenced")
            }
            None if name.is_empty() => "missing server name".to_owned(),
            None if is_defaults => "backend name must be set".to_owned(),
            None => format!("unable to find server '{name}' in proxy '{}', referenced", draft.name()),
        },
    };
    format!("parsing [{}]: {what} {rest}.", c.at(argument.span))
}

/// Puts ids in the place of names.
fn patch(registry: &Registry, answers: &Answers, expr: &mut Expr) {
    if let Some(spec) = registry.fetches().get(expr.fetch.index()) {
        patch_args(answers, spec.args, &mut expr.args);
    }
    for (converter, args) in &mut expr.converters {
        if let Some(spec) = registry.converters().get(converter.index()) {
            patch_args(answers, spec.args, args);
        }
    }
}

fn patch_args(answers: &Answers, list: ArgList, args: &mut [Arg]) {
    for (kind, arg) in list.types.iter().zip(args) {
        let Arg::Str(name) = arg else { continue };
        if let Some(found) = answers.get(&(*kind, name.clone())) {
            *arg = found.clone();
        }
    }
}
