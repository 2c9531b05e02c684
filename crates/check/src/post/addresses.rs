//! Checks of all servers that HAProxy makes when the proxies are complete: modes, ports of checks,
//! and addresses that did not resolve.

use base::addr::Transport;
use diag::{Diagnostic, Severity};
use ir::config::{Mode, Server};
use ir::expr::Address;

use super::needs;
use super::servers::{name, told};
use crate::context::Context;
use crate::draft::{Draft, Step};
use crate::keywords::server::{Family, Method, ServerMore, Told};

/// Proxies one by one; HAProxy stops at the first that has errors.
pub fn check(c: &mut Context<'_>, drafts: &mut [Draft]) {
    let checks: [fn(&mut Context<'_>, &Draft, &Server, &ServerMore); 2] = [mode, ports];
    let is_fatal = |c: &Context<'_>| c.diags.iter().any(Diagnostic::is_fatal);
    for draft in drafts.iter_mut().filter(|draft| !draft.proxy.disabled) {
        let servers = || draft.proxy.servers.iter().zip(&draft.servers);
        for check in checks {
            for (server, more) in servers().take_while(|_| !is_fatal(c)).collect::<Vec<_>>() {
                check(c, draft, server, more);
            }
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
    let mode = draft.proxy.mode;
    if mode == Mode::Log {
        if !matches!(more.family, Family::Ip | Family::Name) {
            let text = "log server address family not supported for log backend server.";
            return told.alert(c, "bad-address", text);
        }
    } else if more.transport == Transport::Datagram {
        let text = format!("unsupported transport for server address in '{}' backend.", mode_name(mode));
        return told.alert(c, "bad-address", text);
    }
    if !matches!(mode, Mode::Tcp | Mode::Http) && more.proxy_protocol {
        told.warn(c, "unused-option", "'send-proxy*' server option is unsupported there, ignoring it");
    }
}

/// A check must know which port to ask.
fn ports(c: &mut Context<'_>, draft: &Draft, server: &Server, more: &ServerMore) {
    // A step of the check may say where it connects to.
    let connects = draft.steps.tcp.iter().chain(&draft.steps.http).any(|step| *step == Step::Connect);
    if !server.check || has_port(more) || connects || draft.checks.external {
        return;
    }
    let text = format!(
        "config: {}: server '{}' has neither service port nor check port nor tcp_check rule 'connect' with port \
         information.",
        draft.title(),
        name(server)
    );
    c.push(Diagnostic::post_error("no-check-port", text).pointing(super::servers::span(server)));
}

fn has_port(more: &ServerMore) -> bool {
    let is_ip = match &more.check_address {
        Some(Address::Ip(_, port)) if *port > 0 => return true,
        Some(Address::Ip(..)) => true,
        Some(_) => false,
        None => more.family == Family::Ip,
    };
    more.check_port > 0 || (!more.maps_ports && more.port > 0) || !is_ip
}

/// Told last, as HAProxy resolves last.
pub fn resolve(c: &mut Context<'_>, drafts: &mut [Draft]) {
    let mut failed = false;
    for draft in drafts.iter_mut().filter(|draft| !draft.proxy.disabled) {
        for at in 0..draft.servers.len() {
            if draft.servers[at].family != Family::Name {
                continue;
            }
            let mut told = told(draft, &draft.proxy.servers[at]);
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
