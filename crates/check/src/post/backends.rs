//! Names of backends and servers in rules become ids.

use diag::Diagnostic;
use ir::config::{ServerTarget, Switch, SwitchTarget};
use ir::expr::{Cond, FormatNode};
use ir::id::ProxyId;

use syntax::Word;

use super::names::Names;
use crate::context::Context;
use crate::draft::{Draft, Usage};
use crate::line::place;
use crate::logformat::{self, Use};
use crate::places::Place;

/// A mode as messages name it.
fn mode(draft: &Draft) -> &'static str {
    match draft.proxy.mode {
        ir::config::Mode::Tcp => "tcp",
        ir::config::Mode::Http => "http",
        ir::config::Mode::Log => "syslog",
        ir::config::Mode::Spop => "spop",
        ir::config::Mode::Haterm => "http",
    }
}

/// Why a name is no backend for this proxy.
enum Refused {
    Unknown,
    Loop,
    Mode(usize),
}

fn find(names: &Names, drafts: &[Draft], from: usize, name: &[u8]) -> Result<ProxyId, Refused> {
    match names.backend(drafts, name) {
        None => Err(Refused::Unknown),
        Some(index) if index == from => Err(Refused::Loop),
        Some(index) if mode(&drafts[index]) != mode(&drafts[from]) && !may_upgrade(drafts, from, index) => {
            Err(Refused::Mode(index))
        }
        Some(index) => Ok(ProxyId(u32::try_from(index).unwrap_or(u32::MAX))),
    }
}

/// A TCP frontend may use an HTTP backend: the stream is upgraded.
fn may_upgrade(drafts: &[Draft], from: usize, to: usize) -> bool {
    drafts[from].proxy.mode == ir::config::Mode::Tcp && drafts[to].proxy.mode == ir::config::Mode::Http
}

fn refuse(
    c: &mut Context<'_>,
    drafts: &[Draft],
    from: usize,
    name: &str,
    why: Refused,
    rule: &str,
    clash: &str,
) {
    let draft = &drafts[from];
    let text = match why {
        Refused::Unknown => format!("Proxy '{}': unable to find required {rule}: '{name}'.", draft.name()),
        Refused::Loop => format!("Proxy '{}': loop detected for {rule}: '{name}'.", draft.name()),
        Refused::Mode(to) => format!(
            "{} {} ({}) tries to use incompatible {} {} ({}) {clash} (see 'mode').",
            mode(draft),
            draft.title(),
            c.at(draft.header),
            mode(&drafts[to]),
            drafts[to].title(),
            c.at(drafts[to].header)
        ),
    };
    c.push(Diagnostic::post_error("unknown-backend", text).pointing(draft.header));
}

pub fn default(c: &mut Context<'_>, names: &Names, drafts: &mut [Draft], index: usize) {
    let Some(name) = drafts[index].default_backend.clone() else { return };
    match find(names, drafts, index, &name.text) {
        Ok(id) => {
            drafts[index].proxy.default_backend = Some(id);
            drafts[index].upgrades |= may_upgrade(drafts, index, id.index());
            if !drafts[index].proxy.servers.is_empty() {
                let text = format!(
                    "In proxy '{}', the 'default_backend' rule always has precedence over the servers, which will \
                     never be used.",
                    drafts[index].name()
                );
                c.push(Diagnostic::post_warning("unused-servers", text).pointing(name.span));
            }
        }
        Err(why) => refuse(c, drafts, index, &name.lossy(), why, "default_backend", "as its default backend"),
    }
}

pub fn switches(c: &mut Context<'_>, names: &Names, drafts: &mut [Draft], index: usize) {
    for switch in std::mem::take(&mut drafts[index].switches) {
        let name = switch.target.lossy().into_owned();
        let target = if switch.target.text.contains(&b'%') {
            std::mem::swap(&mut c.px, &mut drafts[index]);
            let format = c.within(Usage::UseBackend, |c| {
                logformat::check(c, &switch.target, Use::Value, Place::FE_SET_BCK)
            });
            std::mem::swap(&mut c.px, &mut drafts[index]);
            let is_text = |node: &FormatNode| matches!(node, FormatNode::Text(_));
            match format {
                // Only text: it is a name as it stands.
                Ok(format) if format.nodes.iter().all(is_text) => {
                    refuse(c, drafts, index, &name, Refused::Unknown, "use_backend", "");
                    continue;
                }
                Ok(format) => SwitchTarget::Dynamic(format),
                Err(fail) => {
                    let text = format!(
                        "Parsing [{}]: failed to parse use_backend rule '{name}' : {}.",
                        c.at(switch.target.span),
                        fail.message
                    );
                    c.push(Diagnostic::post_error(fail.code, text).pointing(fail.span));
                    continue;
                }
            }
        } else {
            match find(names, drafts, index, &switch.target.text) {
                Ok(id) => {
                    drafts[index].upgrades |= may_upgrade(drafts, index, id.index());
                    SwitchTarget::Backend(id)
                }
                Err(why) => {
                    refuse(c, drafts, index, &name, why, "use_backend", "in a 'use_backend' rule");
                    continue;
                }
            }
        };
        if matches!(target, SwitchTarget::Backend(_)) {
            super::rules::warn_buffers(c, &drafts[index], switch.cond.as_ref(), switch.target.span);
        }
        drafts[index].proxy.switches.push(Switch { target, cond: switch.cond });
    }
}

/// A `use-server` line whose server a log-format names.
fn dynamic_server(c: &mut Context<'_>, draft: &mut Draft, name: &Word, cond: Option<Cond>) {
    std::mem::swap(&mut c.px, draft);
    let format = c.within(Usage::Balance, |c| logformat::check(c, name, Use::Value, Place::FE_HRQ_HDR));
    std::mem::swap(&mut c.px, draft);
    match format {
        Ok(format) => draft.proxy.use_servers.push((ServerTarget::Dynamic(format), cond)),
        Err(fail) => {
            let text = format!(
                "Parsing [{}]; use-server rule failed to parse log-format '{}' : {}.",
                c.at(name.span),
                name.lossy(),
                fail.message
            );
            c.push(Diagnostic::post_error(fail.code, text).pointing(fail.span));
        }
    }
}

pub fn use_servers(c: &mut Context<'_>, names: &mut Names, drafts: &mut [Draft], index: usize) {
    for (name, cond) in std::mem::take(&mut drafts[index].use_servers) {
        if name.text.contains(&b'%') {
            dynamic_server(c, &mut drafts[index], &name, cond);
            continue;
        }
        super::rules::warn_buffers(c, &drafts[index], cond.as_ref(), name.span);
        match names.server(drafts, index, &name.text) {
            Some(id) => drafts[index].proxy.use_servers.push((ServerTarget::Server(id), cond)),
            None => {
                let text = format!(
                    "{} : unable to find server '{}' referenced in a 'use-server' rule.",
                    drafts[index].title(),
                    name.lossy()
                );
                c.push(Diagnostic::post_error("unknown-server", text).pointing(name.span));
            }
        }
    }
    drafts[index].proxy.place = place(drafts[index].header);
}
