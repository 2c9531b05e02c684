//! Names in arguments of expressions: proxies, servers, tables, userlists. What does not resolve
//! is told in the order of the lines; then every argument gets its id.

use diag::Diagnostic;
use ir::Bytes;
use ir::config::{StickTable, Userlist};
use ir::expr::{Arg, Expr};
use ir::id::{ProxyId, ServerId, TableId, UserlistId};
use ir::spec::{ArgList, ArgType};

use super::visit;
use crate::context::Context;
use crate::draft::{Draft, Unresolved};
use crate::registry::Registry;

/// All names of the configuration. They are plain copies, so that a proxy can be changed while
/// its names are looked up.
struct Names {
    proxies: Vec<ProxyNames>,
    tables: Vec<Bytes>,
    userlists: Vec<Bytes>,
}

struct ProxyNames {
    name: Bytes,
    is_frontend: bool,
    is_backend: bool,
    servers: Vec<Bytes>,
}

impl Names {
    fn of(drafts: &[Draft], tables: &[StickTable], userlists: &[Userlist]) -> Self {
        let proxies = drafts.iter().map(|draft| ProxyNames {
            name: draft.proxy.name.clone(),
            is_frontend: draft.kind.is_frontend(),
            is_backend: draft.kind.is_backend(),
            servers: draft.proxy.servers.iter().map(|server| server.name.clone()).collect(),
        });
        Self {
            proxies: proxies.collect(),
            tables: tables.iter().map(|table| table.name.clone()).collect(),
            userlists: userlists.iter().map(|list| list.name.clone()).collect(),
        }
    }

    fn proxy(&self, name: &[u8], own: usize, side: fn(&ProxyNames) -> bool) -> Option<usize> {
        if name.is_empty() {
            return Some(own);
        }
        self.proxies.iter().position(|proxy| side(proxy) && proxy.name == name)
    }

    /// `backend/server`, or a server of the proxy at hand.
    fn server(&self, name: &[u8], own: usize) -> Option<Arg> {
        let slash = name.iter().position(|byte| *byte == b'/');
        let (proxy, server) = match slash {
            Some(slash) => (self.proxy(&name[..slash], own, |proxy| proxy.is_backend)?, &name[slash + 1..]),
            None => (own, name),
        };
        let index = self.proxies.get(proxy)?.servers.iter().position(|known| known == server)?;
        Some(Arg::Server(ProxyId(id(proxy)), ServerId(id(index))))
    }

    /// What a name of a kind stands for, seen from the proxy `own`.
    fn find(&self, kind: ArgType, name: &[u8], own: usize) -> Option<Arg> {
        let proxy = |side| self.proxy(name, own, side).map(|index| Arg::Proxy(ProxyId(id(index))));
        match kind {
            ArgType::Frontend => proxy(|proxy| proxy.is_frontend),
            ArgType::Backend => proxy(|proxy| proxy.is_backend),
            ArgType::Server => self.server(name, own),
            ArgType::Table => {
                let name = if name.is_empty() { &self.proxies.get(own)?.name } else { name };
                let index = self.tables.iter().position(|table| table == name)?;
                Some(Arg::Table(TableId(id(index))))
            }
            ArgType::Userlist => {
                let index = self.userlists.iter().position(|list| list == name)?;
                Some(Arg::Userlist(UserlistId(id(index))))
            }
            _ => None,
        }
    }
}

fn id(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

pub fn resolve(c: &mut Context<'_>, drafts: &mut [Draft], index: usize) {
    let names = Names::of(drafts, &c.config.stick_tables, &c.config.userlists);
    let draft = &mut drafts[index];
    let missing: Vec<String> = draft
        .unresolved
        .iter()
        .filter(|argument| names.find(argument.kind, &argument.name, index).is_none())
        .map(|argument| message(c, &names, draft, argument))
        .collect();
    if !missing.is_empty() {
        let text = match missing.as_slice() {
            [one] => one.clone(),
            all => format!("multiple argument resolution errors:\n        {}", all.join("\n        ")),
        };
        c.push(Diagnostic::post_error("unknown-name", text).pointing(draft.header));
        return;
    }
    let registry = &*c.registry;
    visit::expressions(&mut draft.proxy, &mut |expr| patch(registry, &names, index, expr));
}

fn message(c: &Context<'_>, names: &Names, draft: &Draft, argument: &Unresolved) -> String {
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
        ArgType::Frontend => format!("unable to find frontend '{name}' referenced"),
        ArgType::Backend => format!("unable to find backend '{name}' referenced"),
        ArgType::Table if name.is_empty() => format!("no table in proxy '{}' referenced", draft.name()),
        ArgType::Table => format!("unable to find table '{name}' referenced"),
        ArgType::Userlist if name.is_empty() => "missing userlist name".to_owned(),
        ArgType::Userlist => format!("unable to find userlist '{name}' referenced"),
        _ => match name.split_once('/') {
            Some((proxy, _)) if names.proxy(proxy.as_bytes(), 0, |proxy| proxy.is_backend).is_none() => {
                format!("unable to find proxy '{proxy}' referenced")
            }
            Some((proxy, server)) => {
                format!("unable to find server '{server}' in proxy '{proxy}', referenced")
            }
            None if name.is_empty() => "missing server name".to_owned(),
            None => format!("unable to find server '{name}' in proxy '{}', referenced", draft.name()),
        },
    };
    format!("parsing [{}]: {what} {rest}.", c.at(argument.span))
}

/// Puts ids in the place of names.
fn patch(registry: &Registry, names: &Names, own: usize, expr: &mut Expr) {
    if let Some(spec) = registry.fetches().get(expr.fetch.index()) {
        patch_args(names, own, spec.args, &mut expr.args);
    }
    for (converter, args) in &mut expr.converters {
        if let Some(spec) = registry.converters().get(converter.index()) {
            patch_args(names, own, spec.args, args);
        }
    }
}

fn patch_args(names: &Names, own: usize, list: ArgList, args: &mut [Arg]) {
    for (kind, arg) in list.types.iter().zip(args) {
        let Arg::Str(name) = arg else { continue };
        if let Some(found) = names.find(*kind, name, own) {
            *arg = found;
        }
    }
}
