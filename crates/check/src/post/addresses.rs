//! Checks of all servers that HAProxy makes when the proxies are complete: modes, ports of checks,
//! and addresses that did not resolve.

use base::addr::Transport;
use diag::{Diagnostic, Severity};
use ir::config::{Mode, Server};
use ir::expr::Address;

use super::servers::{name, told};
use super::{filters, needs};
use crate::context::Context;
use crate::draft::{Draft, Step};
use crate::keywords::server::{Family, Method, ServerMore, Told};

/// Proxies one by one; HAProxy stops at the first that has errors.
pub fn check(c: &mut Context<'_>, drafts: &mut [Draft]) {
    let checks: [fn(&mut Context<'_>, &Draft, &Server, &ServerMore); 2] = [mode, check_of];
    let is_fatal = |c: &Context<'_>| c.diags.iter().any(Diagnostic::is_fatal);
    for draft in drafts.iter_mut().filter(|draft| !draft.proxy.disabled) {
        let servers = || draft.proxy.servers.iter().zip(&draft.servers);
        for check in checks {
            for (server, more) in servers() {
                if !is_fatal(c) {
                    check(c, draft, server, more);
                }
            }
        }
        if !is_fatal(c) {
            filters::sequences(c, draft);
        }
        if !is_fatal(c) {
            needs::log_backend(c, draft);
            needs::forwarded(c, draft);
        }
        if is_fatal(c) {
            return c.push(Diagnostic::post_error("fatal", "Fatal errors found in configuration."));
        }
    }
}

fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Tcp => "tcp",
        Mode::Http => "http",
        Mode::Log => "syslog",
        Mode::Spop => "spop",
        Mode::Haterm => "haterm",
    }
}

fn mode(c: &mut Context<'_>, draft: &Draft, server: &Server, more: &ServerMore) {
    // HAProxy says the place alone here.
    let mut told = Told::new(super::servers::span(server));
    fits(c, mode_name(draft.proxy.mode), more, &mut told);
}

/// Whether a server's address is one for its mode; peers and rings have modes of their own.
pub fn fits(c: &mut Context<'_>, mode: &str, more: &ServerMore, told: &mut Told) {
    if mode == "syslog" {
        if !matches!(more.family, Family::Ip | Family::Name) {
            let text = "log server address family not supported for log backend server.";
            return told.alert(c, "bad-address", text);
        }
    } else if more.transport == Transport::Datagram {
        let text = format!("unsupported transport for server address in '{mode}' backend.");
        return told.alert(c, "bad-address", text);
    }
    if !matches!(mode, "tcp" | "http") && more.proxy_protocol {
        told.warn(c, "unused-option", "'send-proxy*' server option is unsupported there, ignoring it");
    }
}

/// A check must speak its protocol, and know which port to ask.
fn check_of(c: &mut Context<'_>, draft: &Draft, server: &Server, more: &ServerMore) {
    if !server.check {
        return;
    }
    let own =
        more.healthcheck.as_ref().and_then(|name| c.config.healthchecks.iter().find(|one| one.name == *name));
    let method = own.map_or(draft.checks.method.as_bytes(), |own| own.kind.as_deref().unwrap_or_default());
    let wrong = match more.check_proto.as_deref() {
        None => false,
        Some(b"spop") => method != b"spop-check",
        Some(b"none") => method == b"httpchk",
        Some(_) => method != b"httpchk",
    };
    let what = match wrong {
        true => "uses an incompatible MUX protocol for the selected check type",
        false if draft.checks.external || has_port(server, more) => return,
        false => match steps(draft, method) {
            [] => "has neither service port nor check port.",
            [Step::Connect(true), rest @ ..] if rest.contains(&Step::Connect(false)) => {
                "has neither service port nor check port, and a tcp_check rule 'connect' with no port information."
            }
            [Step::Connect(true), ..] => return,
            _ => {
                "has neither service port nor check port nor tcp_check rule 'connect' with port information."
            }
        },
    };
    let text = format!("config: {}: server '{}' {what}", draft.title(), name(server));
    let code = if wrong { "bad-check" } else { "no-check-port" };
    c.push(Diagnostic::post_error(code, text).pointing(super::servers::span(server)));
}

/// The steps of a check from the first that does something on.
fn steps<'d>(draft: &'d Draft, method: &[u8]) -> &'d [Step] {
    let steps = match method {
        b"" | b"tcp-check" => draft.steps.tcp.as_slice(),
        b"httpchk" if !draft.steps.http.is_empty() => draft.steps.http.as_slice(),
        // The steps of the others are HAProxy's own.
        _ => &[Step::Connect(false)],
    };
    match steps.iter().position(|step| *step != Step::Other) {
        Some(first) => &steps[first..],
        None => steps,
    }
}

/// Whether the port of a check is known, or none is needed.
fn has_port(server: &Server, more: &ServerMore) -> bool {
    let is_ip =
        |address: Option<&Address>| matches!(address, Some(Address::Ip(ip, _)) if !ip.is_unspecified());
    if more.check_port > 0 || (!more.maps_ports && more.port > 0) {
        return true;
    }
    match &more.check_address {
        Some(Address::Ip(_, 1..)) => true,
        Some(Address::Ip(ip, _)) if ip.is_unspecified() => !is_ip(server.address.as_ref()),
        Some(other) => !is_ip(Some(other)),
        None => more.family != Family::Ip || !is_ip(server.address.as_ref()),
    }
}

/// Told last, as HAProxy resolves last.
pub fn resolve(c: &mut Context<'_>, drafts: &mut [Draft]) {
    let mut failed = false;
    for draft in drafts.iter_mut().filter(|draft| !draft.proxy.disabled) {
        for at in 0..draft.servers.len() {
            if draft.servers[at].family != Family::Name {
                continue;
            }
            let mut told = told(draft, at);
            let (server, more) = (&mut draft.proxy.servers[at], &draft.servers[at]);
            failed |= !find_address(c, server, more, &mut told);
        }
    }
    if failed {
        c.push(Diagnostic::post_error("unresolved-address", "Failed to initialize server(s) addr."));
    }
}

/// Gives a server the address that its methods find; false when none does.
fn find_address(c: &mut Context<'_>, server: &mut Server, more: &ServerMore, told: &mut Told) -> bool {
    let host = host(&server.address_text);
    // Names of SRV records are for the resolvers alone.
    let is_record = host.starts_with(b"_");
    let shown = String::from_utf8_lossy(host).into_owned();
    let found = server.address.take().filter(|_| !is_record);
    let mut methods = more.init_addr.methods.clone();
    if methods.is_empty() {
        methods.extend([Method::Last, Method::Libc]);
        methods.extend(more.resolvers.as_ref().map(|_| Method::None));
    }
    // `-dr` lets servers start without an address.
    methods.extend(c.loader.may_miss_addresses().then_some(Method::None));
    let mut tried = false;
    for method in methods {
        let outcome = match method {
            // The state file that it reads is not there yet.
            Method::Last => continue,
            Method::Libc if is_record => continue,
            Method::Libc if found.is_some() => {
                server.address = found;
                return true;
            }
            Method::Libc => {
                tried = true;
                continue;
            }
            Method::None => {
                server.may_miss_address = true;
                "disabling server"
            }
            Method::Ip(ip) => {
                server.address = Some(Address::Ip(ip, more.port));
                "falling back to configured address"
            }
        };
        if tried {
            let text = format!("could not resolve address '{shown}', {outcome}.");
            let notice = Diagnostic {
                severity: Severity::Notice,
                ..Diagnostic::warning("unresolved-address", told.at, text)
            };
            told.push(c, notice);
        }
        return true;
    }
    let text = match tried {
        true => format!("could not resolve address '{shown}'."),
        false => format!("no method found to resolve address '{shown}'."),
    };
    told.alert(c, "unresolved-address", text);
    false
}

/// The host of an address, without prefixes and port.
fn host(text: &[u8]) -> &[u8] {
    let start = text.iter().rposition(|byte| *byte == b'@').map_or(0, |at| at + 1);
    let text = &text[start..];
    let colon = text.iter().rposition(|byte| *byte == b':');
    &text[..colon.unwrap_or(text.len())]
}
