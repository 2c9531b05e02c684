//! The rings, backends and log-profiles that `log` lines name. HAProxy looks at them when it starts,
//! and not with `-c`.

use diag::{Diagnostic, FileId, Span};
use ir::config::{LogTarget, LogTransport, Mode};

use crate::context::Context;
use crate::draft::Draft;
use crate::keywords::ring::BUILT_IN;

pub fn check(c: &mut Context<'_>, drafts: &[Draft]) {
    let global = std::mem::take(&mut c.config.global.log);
    section(c, drafts, &global, None);
    c.config.global.log = global;
    for draft in drafts.iter().filter(|draft| !draft.proxy.disabled) {
        section(c, drafts, &draft.proxy.logs, Some(("proxy", &draft.proxy.name)));
    }
    let forwards = std::mem::take(&mut c.config.log_forwards);
    for forward in &forwards {
        section(c, drafts, &forward.logs, Some(("log-forward", &forward.name)));
    }
    c.config.log_forwards = forwards;
}

fn section(c: &mut Context<'_>, drafts: &[Draft], logs: &[LogTarget], owner: Option<(&str, &[u8])>) {
    for target in logs {
        let Some(what) = wrong(c, drafts, target) else { continue };
        let file = FileId(target.place.file);
        let name = c.sources.name(file);
        let text = match owner {
            None => format!(
                "global log directive declared in file {name} at line '{}' {what}.",
                target.place.line
            ),
            Some((kind, owner)) => format!(
                "log directive declared in {kind} section '{}' in file '{name}' at line {} {what}.",
                String::from_utf8_lossy(owner),
                target.place.line
            ),
        };
        let span = Span { file, line: target.place.line, ..Span::default() };
        c.push(Diagnostic::post_error("unknown-log-target", text).pointing(span));
    }
}

/// What is wrong with the names of a target, in HAProxy's words.
fn wrong(c: &Context<'_>, drafts: &[Draft], target: &LogTarget) -> Option<String> {
    let shown = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    let wrong = match &target.transport {
        LogTransport::Ring(name) => ring(c, name),
        LogTransport::Backend(name) => backend(drafts, name),
        _ => None,
    };
    let profile = target.profile.as_deref().filter(|name| {
        let is_it = |profile: &ir::config::LogProfile| profile.name == *name;
        !c.config.log_profiles.iter().any(is_it)
    });
    wrong.or_else(|| profile.map(|name| format!("unknown log-profile '{}'", shown(name))))
}

/// Messages about the ring of a name; `None`: it can be logged to.
pub fn ring(c: &Context<'_>, name: &[u8]) -> Option<String> {
    let shown = String::from_utf8_lossy(name);
    match BUILT_IN.iter().find(|known| known.as_bytes() == name) {
        Some(known) if known.starts_with("std") => Some(format!("uses incompatible ring '{shown}'")),
        None if !c.config.rings.iter().any(|ring| ring.name == name) => {
            Some(format!("uses unknown ring named '{shown}'"))
        }
        _ => None,
    }
}

fn backend(drafts: &[Draft], name: &[u8]) -> Option<String> {
    let shown = String::from_utf8_lossy(name);
    match drafts.iter().find(|draft| draft.proxy.is_backend && draft.proxy.name == name) {
        None => Some(format!("uses unknown log backend '{shown}'")),
        Some(draft) if draft.proxy.mode != Mode::Log => {
            Some(format!("uses incompatible log backend '{shown}'"))
        }
        Some(_) => None,
    }
}
