//! Names of the sections beside the proxies, in proxies and their servers.

use diag::Diagnostic;
use ir::Bytes;
use ir::spec::Section;

use crate::context::Context;
use crate::draft::Draft;

fn shown(name: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(name)
}

fn tell(c: &mut Context<'_>, draft: &Draft, code: &'static str, text: String) {
    c.push(Diagnostic::post_error(code, text).pointing(draft.header));
}

fn exists(c: &Context<'_>, section: Section, name: &[u8]) -> bool {
    c.seen.sections.contains_key(&(section, name.to_vec()))
}

/// The peers of the stick table, and the mailers.
pub fn sections(c: &mut Context<'_>, draft: &Draft) {
    let table = draft.proxy.stick_table.and_then(|id| c.config.stick_tables.get(id.index()));
    if let Some(peers) = table.and_then(|table| table.peers.clone()) {
        check_peers(c, draft, &peers);
    }
    let mailers = draft.mail.as_ref().filter(|mail| mail.has_from && mail.has_to);
    if let Some(name) = mailers.and_then(|mail| mail.mailers.clone()) {
        match exists(c, Section::Mailers, &name) {
            true => drop(c.used_mailers.insert(name)),
            false => {
                let text = format!("Proxy '{}': unable to find mailers '{}'.", draft.name(), shown(&name));
                tell(c, draft, "unknown-mailers", text);
            }
        }
    }
}

fn check_peers(c: &mut Context<'_>, draft: &Draft, name: &Bytes) {
    let found = c.peers.iter().find(|peers| peers.name == *name);
    let text = match found {
        None => format!("Proxy '{}': unable to find sync peers '{}'.", draft.name(), shown(name)),
        Some(peers) if !peers.disabled && peers.is_empty() => format!(
            "Proxy '{}': unable to find local peer '{}' in peers section '{}'.",
            draft.name(),
            shown(&c.variable(b"HAPROXY_LOCALPEER").unwrap_or_default()),
            shown(name)
        ),
        Some(_) => return,
    };
    tell(c, draft, "unknown-peers", text);
}

/// The resolvers of servers, told after all proxies.
pub fn servers(c: &mut Context<'_>, drafts: &[Draft]) {
    for draft in drafts.iter().filter(|draft| !draft.proxy.disabled) {
        for (server, names) in draft.proxy.servers.iter().zip(&draft.servers) {
            let Some(name) = names.resolvers.as_ref().filter(|name| !is_resolvers(c, name)) else { continue };
            let text = format!(
                "{} '{}', server '{}': unable to find required resolvers '{}'",
                draft.kind.type_name(),
                draft.name(),
                shown(&server.name),
                shown(name)
            );
            tell(c, draft, "unknown-resolvers", text);
        }
    }
}

/// Whether a name is one of resolvers. HAProxy makes those called `default` out of the system's
/// name servers.
pub fn is_resolvers(c: &Context<'_>, name: &[u8]) -> bool {
    exists(c, Section::Resolvers, name) || name == b"default"
}
