//! The sections beside the proxies, once all proxies are known: incomplete ones are told and left
//! out, and names of them are looked up.

use diag::{Diagnostic, Effect};
use ir::config::{LogTransport, Peer, Peers};

use super::{loggers, references, servers};
use crate::context::Context;
use crate::draft::Draft;
use crate::keywords::peers::PeersDraft;
use crate::line::place;

/// Peers, mailers and resolvers, in the order in which HAProxy tells.
pub fn check(c: &mut Context<'_>, drafts: &[Draft]) {
    // HAProxy looks at the last section first.
    for peers in std::mem::take(&mut c.peers).into_iter().rev() {
        check_peers(c, peers);
    }
    check_mailers(c);
    check_resolvers(c);
    references::servers(c, drafts);
    check_acme(c);
    check_fcgi(c);
    check_fcgi_logs(c);
}

/// The rings and proxies that applications log to.
fn check_fcgi_logs(c: &mut Context<'_>) {
    for (app, span, target) in std::mem::take(&mut c.fcgi_logs) {
        let what = match target {
            LogTransport::Ring(name) => match loggers::ring(c, &name) {
                Some(what) => what,
                None => continue,
            },
            LogTransport::Backend(name) if !c.seen.proxies.contains_key(&name) => {
                format!("uses unknown log backend '{}'", String::from_utf8_lossy(&name))
            }
            _ => continue,
        };
        let text = format!(
            "log directive declared in fcgi-app section '{}' in file '{}' at line {} {what}.",
            String::from_utf8_lossy(&app),
            c.sources.name(span.file),
            span.line
        );
        c.push(Diagnostic::post_error("unknown-log-target", text).pointing(span));
    }
}

/// Log-forward sections are frontends, told before what is checked of all proxies together.
pub fn warn_log_forwards(c: &mut Context<'_>) {
    let silent =
        |section: &&ir::config::LogForward| section.binds.is_empty() && section.datagram_binds.is_empty();
    let names: Vec<String> = c
        .config
        .log_forwards
        .iter()
        .rev()
        .filter(silent)
        .map(|section| String::from_utf8_lossy(&section.name).into_owned())
        .collect();
    for name in names {
        let text = format!(
            "frontend '{name}' has no 'bind' directive. Please declare it as a backend if this was intended."
        );
        c.push(Diagnostic::post_warning("no-bind", text));
    }
}

fn check_peers(c: &mut Context<'_>, peers: PeersDraft) {
    if peers.disabled {
        return;
    }
    let name = String::from_utf8_lossy(&peers.name).into_owned();
    let local_name = c.variable(b"HAPROXY_LOCALPEER").unwrap_or_default();
    let local_name = String::from_utf8_lossy(&local_name);
    if !peers.complete {
        let text = format!("Removing incomplete section 'peers {name}' (no peer named '{local_name}').");
        return c.push(Diagnostic::post_warning("incomplete", text).pointing(peers.place));
    }
    let mut draft = peers.draft.clone();
    draft.proxy.name = local_name.into_owned().into_bytes();
    servers::check_peers(c, &mut draft);
    warn_tls(c, &peers, &draft);
    super::binds::check_tls(c, &mut draft);
    for peer in peers.peers.iter().rev() {
        let who = String::from_utf8_lossy(&peer.name);
        let text = match peer.local {
            true if peer.shard != 0 => {
                format!("Peers section '{name}': shard ignored for '{who}' local peer")
            }
            false if peer.shard > peers.shards => format!(
                "Peers section '{name}': shard ignored for '{who}' local peer because {} shard value is greater \
                 than the section number of shards ({})",
                peer.shard, peers.shards
            ),
            _ => continue,
        };
        c.push(Diagnostic::post_warning("ignored", text).pointing(peer.place));
    }
    c.config.peers.push(store(peers, draft));
}

/// Doubts a local peer of which one side only speaks TLS.
fn warn_tls(c: &mut Context<'_>, peers: &PeersDraft, draft: &Draft) {
    let Some(bind) = draft.proxy.binds.first() else { return };
    let locals = peers.peers.iter().zip(&draft.proxy.servers).filter(|(peer, _)| peer.local);
    for (peer, server) in locals {
        let (listener, other) = match (bind.tls.is_some(), server.tls.is_some()) {
            (false, true) => ("non-SSL", "SSL"),
            (true, false) => ("SSL", "non-SSL"),
            _ => continue,
        };
        let article = if other == "SSL" { "a SSL server" } else { "a non-SSL server" };
        let text = format!(
            "Peers section '{}': local peer have a {listener} listener and {article} configured at line {}.",
            draft.name(),
            c.at(peer.place)
        );
        c.push(Diagnostic::post_warning("half-tls", text).pointing(peer.place));
    }
}

fn store(peers: PeersDraft, draft: Draft) -> Peers {
    let proxy = draft.proxy;
    let peer = |(peer, server): (crate::keywords::peers::PeerDraft, _)| Peer {
        name: peer.name,
        local: peer.local,
        server,
        place: place(peer.place),
    };
    Peers {
        name: peers.name,
        disabled: false,
        shards: peers.shards,
        peers: peers.peers.into_iter().zip(proxy.servers).map(peer).collect(),
        bind: proxy.binds.into_iter().next(),
        logs: proxy.logs,
        tables: peers.tables,
        place: place(peers.place),
    }
}

/// Mailers that nothing names are left out.
fn check_mailers(c: &mut Context<'_>) {
    let used = &c.used_mailers;
    let (kept, left_out): (Vec<_>, Vec<_>) =
        std::mem::take(&mut c.config.mailers).into_iter().partition(|mailers| used.contains(&mailers.name));
    c.config.mailers = kept;
    for mailers in left_out.iter().rev() {
        let name = String::from_utf8_lossy(&mailers.name);
        let text = format!("Removing incomplete section 'mailers {name}'.");
        c.push(Diagnostic::post_warning("unused", text));
    }
}

fn check_resolvers(c: &mut Context<'_>) {
    let servers =
        || c.config.resolvers.iter().flat_map(|one| one.nameservers.iter().map(move |server| (one, server)));
    let lost = servers().filter(|(_, server)| !server.stream && !c.loader.can_connect(&server.address));
    let texts: Vec<String> = lost
        .map(|(resolvers, server)| {
            let name = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
            let (resolvers, server) = (name(&resolvers.name), name(&server.name));
            format!("resolvers '{resolvers}': can't connect socket for nameserver '{server}'.")
        })
        .collect();
    for text in texts {
        c.push(Diagnostic::post_warning("no-nameserver", text));
    }
    let empty = c.config.resolvers.iter().filter(|resolvers| resolvers.nameservers.is_empty());
    let texts: Vec<String> = empty
        .map(|resolvers| {
            format!(
                "resolvers '{}' [{}] has no nameservers configured!",
                String::from_utf8_lossy(&resolvers.name),
                c.at_place(resolvers.place)
            )
        })
        .collect();
    for text in texts {
        c.push(Diagnostic::post_warning("no-nameserver", text));
    }
}

fn check_acme(c: &mut Context<'_>) {
    let known = |name: &[u8]| c.config.acmes.iter().any(|acme| acme.name == name);
    let mut missing: Vec<_> = c.acme_uses.iter().filter(|(name, _)| !known(name)).collect();
    missing.sort_by_key(|(_, (span, _))| std::cmp::Reverse((span.file, span.line)));
    let texts: Vec<_> = missing
        .into_iter()
        .map(|(name, (span, at))| {
            let name = String::from_utf8_lossy(name);
            (*span, format!("acme '{name}' was used on a crt line [{at}], but no '{name}' section exists!"))
        })
        .collect();
    for (span, text) in texts {
        c.push(Diagnostic::post_error("unknown-acme", text).pointing(span));
    }
    let lost =
        |acme: &&ir::config::Acme| acme.map.as_ref().is_some_and(|map| !c.pattern_files.contains_key(map));
    let lost: Vec<_> = c.config.acmes.iter().rev().filter(lost).cloned().collect();
    for acme in lost {
        let text = format!(
            "acme section '{}' line [{}] has the map '{}' configured, but this map doesn't exist",
            String::from_utf8_lossy(&acme.name),
            c.at_place(acme.place),
            String::from_utf8_lossy(&acme.map.unwrap_or_default())
        );
        c.push(Diagnostic::post_error("unknown-name", text));
    }
}

fn check_fcgi(c: &mut Context<'_>) {
    let mut told = Vec::new();
    for app in c.config.fcgi_apps.iter_mut().rev() {
        let name = String::from_utf8_lossy(&app.name).into_owned();
        if app.docroot.is_none() {
            let text = format!("fcgi-app '{name}': no docroot configured.");
            told.push(Diagnostic::post_error("no-docroot", text));
            break;
        }
        if !app.mpxs_conns && !app.get_values {
            if app.max_reqs > 1 {
                let text =
                    format!("fcgi-app '{name}': multiplexing not supported, ignore the option 'max-reqs'.");
                // HAProxy takes its own warning for an error.
                let warning = Diagnostic::post_warning("ignored", text);
                told.push(warning.with_effect(Effect::Fatal));
            }
            app.max_reqs = 1;
        }
    }
    c.diags.extend(told);
}
