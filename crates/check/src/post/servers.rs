//! Servers: what their mode and TLS need, and addresses that did not resolve.

use diag::{Diagnostic, FileId, Span};
use ir::config::{Mode, Server, Verify};

use crate::context::Context;
use crate::draft::Draft;

fn span(server: &Server) -> Span {
    Span { file: FileId(server.place.file), line: server.place.line, col: 0, len: 0 }
}

fn name(draft: &Draft, server: &Server) -> String {
    format!("{}/{}", draft.name(), String::from_utf8_lossy(&server.name))
}

pub fn check(c: &mut Context<'_>, draft: &Draft) {
    for (index, server) in draft.proxy.servers.iter().enumerate() {
        if draft.proxy.mode != Mode::Http {
            mode(c, draft, server);
        }
        let start = format!("[{}] : 'server {}' : ", c.at(span(server)), name(draft, server));
        tls(c, server, &start);
        if draft.steps.tls
            && let Ok(found) = draft.without_ca.binary_search_by_key(&index, |(index, _)| *index)
        {
            needs_ca(c, server, draft.without_ca[found].1, &start);
        }
    }
}

/// The TLS of peers: HAProxy's messages do not name them.
pub fn check_peers(c: &mut Context<'_>, draft: &Draft) {
    for server in &draft.proxy.servers {
        tls(c, server, "");
    }
}

fn mode(c: &mut Context<'_>, draft: &Draft, server: &Server) {
    let title = draft.title();
    if server.redir.is_some() {
        let text = format!("{title} : server cannot have cookie or redirect prefix in non-HTTP mode.");
        c.push(Diagnostic::post_error("needs-http", text).pointing(span(server)));
    }
    if server.cookie.is_some() {
        let shown = String::from_utf8_lossy(&server.name);
        let text = format!("{title} : ignoring cookie for server '{shown}' as HTTP mode is disabled.");
        c.push(Diagnostic::post_warning("needs-http", text).pointing(span(server)));
    }
}

fn tls(c: &mut Context<'_>, server: &Server, start: &str) {
    let Some(tls) = &server.tls else { return };
    let place = span(server);
    if tls.ca_file.is_none() {
        needs_ca(c, server, tls.verify, start);
    }
    if let Some(ciphers) = tls.ciphers.clone().filter(|ciphers| !c.loader.cipher_list_is_valid(ciphers)) {
        let text =
            format!("{start}unable to set SSL cipher list to '{}'.", String::from_utf8_lossy(&ciphers));
        c.push(Diagnostic::post_error("bad-ciphers", text).pointing(place));
    }
}

/// Refuses a server without a CA that verifies the other side.
fn needs_ca(c: &mut Context<'_>, server: &Server, verify: Option<Verify>, start: &str) {
    let verifies =
        verify.map_or(!c.config.global.ssl_server_verify_none, |verify| verify == Verify::Required);
    if verifies {
        let text = match c.config.global.ssl_server_verify_none {
            false => {
                "verify is enabled by default but no CA file specified. If you're running on a LAN where you're \
                 certain to trust the server's certificate, please set an explicit 'verify none' statement on the \
                 'server' line, or use 'ssl-server-verify none' in the global section to disable server-side \
                 verifications by default."
            }
            true => "verify is enabled but no CA file specified.",
        };
        c.push(Diagnostic::post_error("no-ca-file", format!("{start}{text}")).pointing(span(server)));
    }
}

/// The ciphers that HAProxy's own HTTP client and OCSP updates would use: they are told after those
/// of the configuration's servers.
pub fn check_defaults(c: &mut Context<'_>) {
    let Some(ciphers) = c.config.global.ssl_default_server.ciphers.clone() else { return };
    if !c.loader.cipher_list_is_valid(&ciphers) {
        let text = format!(
            "'server <OCSP-UPDATE>/<HTTPSCLIENT>' : unable to set SSL cipher list to '{}'.",
            String::from_utf8_lossy(&ciphers)
        );
        c.push(Diagnostic::post_error("bad-ciphers", text));
    }
}

/// Told last, as HAProxy resolves last.
pub fn unresolved(c: &mut Context<'_>, drafts: &[Draft]) {
    // `-dr` lets servers start without an address.
    if c.loader.may_miss_addresses() || c.diags.iter().any(Diagnostic::is_fatal) {
        return;
    }
    let mut failed = false;
    for draft in drafts.iter().filter(|draft| !draft.proxy.disabled) {
        let lost = |server: &&Server| server.address.is_none() && !server.may_miss_address;
        for server in draft.proxy.servers.iter().filter(lost) {
            let host = host(&server.address_text);
            let text = format!(
                "[{}] : 'server {}' : could not resolve address '{}'.",
                c.at(span(server)),
                name(draft, server),
                String::from_utf8_lossy(host)
            );
            c.push(Diagnostic::post_error("unresolved-address", text).pointing(span(server)));
            failed = true;
        }
    }
    if failed {
        c.push(Diagnostic::post_error("unresolved-address", "Failed to initialize server(s) addr."));
    }
}

/// The host of an address without its port.
fn host(text: &[u8]) -> &[u8] {
    let colon = text.iter().rposition(|byte| *byte == b':');
    &text[..colon.unwrap_or(text.len())]
}
