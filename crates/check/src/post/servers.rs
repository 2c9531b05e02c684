//! Servers: what their TLS, tracks, mode and protocol need.

use diag::{Diagnostic, FileId, Span};
use ir::config::{Mode, Server, TlsServer, Verify};
use ir::id::ServerId;
use ir::spec::Section;

use syntax::Word;

use super::names::Names;
use super::versions::{self, Versions};
use crate::context::Context;
use crate::draft::{Draft, Usage};
use crate::keywords::server::{Family, Told};
use crate::loader::TlsList;

pub fn span(server: &Server) -> Span {
    Span { file: FileId(server.place.file), line: server.place.line, col: 0, len: 0 }
}

pub fn name(server: &Server) -> String {
    String::from_utf8_lossy(&server.name).into_owned()
}

/// How messages about a server begin.
pub fn told(draft: &Draft, at: usize) -> Told {
    let server = &draft.proxy.servers[at];
    let mut told = Told::new(span(server));
    // The first server of a template still bears the template's name.
    let (what, shown) = match &draft.servers[at].template {
        Some(prefix) => ("server-template", String::from_utf8_lossy(prefix).into_owned()),
        None => ("server", name(server)),
    };
    told.who = ["'", what, " ", &draft.name(), "/", &shown, "' : "].concat();
    told
}

/// Health checks, TLS and tracks, before the proxy's mode is looked at.
pub fn prepare(c: &mut Context<'_>, names: &mut Names, drafts: &mut [Draft], index: usize) {
    for at in 0..drafts[index].servers.len() {
        let mut told = told(&drafts[index], at);
        if !has_healthcheck(c, &drafts[index], at, &mut told) {
            return;
        }
        tls(c, &mut drafts[index], at, &mut told);
        warn_fast_open(c, &drafts[index], at, &mut told);
        track(c, names, drafts, (index, at), &mut told);
    }
}

/// The health checks of a ring's servers.
pub fn check_ring(c: &mut Context<'_>, draft: &Draft) {
    for at in 0..draft.servers.len() {
        if !has_healthcheck(c, draft, at, &mut told(draft, at)) {
            return;
        }
    }
}

/// Whether the section that a server's check names exists. HAProxy looks at no server behind one
/// of which it does not.
fn has_healthcheck(c: &mut Context<'_>, draft: &Draft, at: usize, told: &mut Told) -> bool {
    let Some(name) = draft.servers[at].healthcheck.as_ref() else { return true };
    if c.seen.sections.contains_key(&(Section::Healthcheck, name.clone())) {
        return true;
    }
    let server = &draft.proxy.servers[at];
    let text = format!(
        "parsing [{}]: healthcheck section '*healthcheck-{}' not found for server '{}'.",
        c.at_place(server.place),
        String::from_utf8_lossy(name),
        self::name(server)
    );
    told.alert(c, "unknown-healthcheck", text);
    false
}

/// The TLS of peers: HAProxy's messages do not name them.
pub fn check_peers(c: &mut Context<'_>, draft: &mut Draft) {
    for at in 0..draft.servers.len() {
        let mut told = Told::nameless(span(&draft.proxy.servers[at]));
        tls(c, draft, at, &mut told);
    }
}

fn tls(c: &mut Context<'_>, draft: &mut Draft, at: usize, told: &mut Told) {
    let more = &draft.servers[at];
    let steps = match &more.healthcheck {
        Some(name) => c.tls_healthchecks.contains(name),
        None => draft.steps.tls,
    };
    let is_used = more.ssl == Some(true) || more.check_ssl == Some(true) || more.default_ssl || steps;
    if !is_used {
        return;
    }
    let mut tls = more.tls.clone();
    if let Some(word) = more.crt.clone() {
        match crate::certs::load_one(c, &word) {
            Ok(source) => tls.crt = Some(source),
            Err(fail) => told.alert(c, fail.code, fail.message),
        }
    }
    automatic_name(c, draft, at, &mut tls);
    let title = format!("{}: ", draft.title());
    let shown = name(&draft.proxy.servers[at]);
    let settled = versions::settle(&mut tls.versions, None);
    for problem in settled {
        versions_told(c, told, &title, &shown, problem);
    }
    authorities(c, &tls, told);
    let names = (draft.name(), name(&draft.proxy.servers[at]));
    lists(c, (&names.0, &names.1), &tls, told);
    let server = &mut draft.proxy.servers[at];
    server.tls = server.tls.is_some().then_some(Box::new(tls));
}

/// `sni-auto`: in HTTP the name asked for is that of the request's host, where nothing else is said.
fn automatic_name(c: &mut Context<'_>, draft: &mut Draft, at: usize, tls: &mut TlsServer) {
    const HOST: &[u8] = b"req.hdr(host),field(1,:)";
    let more = &draft.servers[at];
    let is_wanted = more.ssl == Some(true) && !more.no_sni_auto;
    if draft.proxy.mode != Mode::Http || !is_wanted || tls.sni.is_some() {
        return;
    }
    let word = Word { text: HOST.to_vec(), span: span(&draft.proxy.servers[at]), verbatim: None };
    std::mem::swap(&mut c.px, draft);
    // An expression of our own is right.
    tls.sni = c.within(Usage::Server, |c| crate::expr::word(c, &word)).ok();
    std::mem::swap(&mut c.px, draft);
}

fn versions_told(c: &mut Context<'_>, told: &mut Told, title: &str, server: &str, problem: Versions) {
    match problem {
        Versions::Ignored => {
            let text = "no-sslv3/no-tlsv1x are ignored for this server. Use only 'ssl-min-ver' and \
                        'ssl-max-ver' to fix.";
            told.warn(c, "bad-version", text);
        }
        Versions::Hole(version) => {
            let text = format!(
                "{title}SSL/TLS versions range not contiguous for server '{server}'. Hole find for {}. \
                 Use only 'ssl-min-ver' and 'ssl-max-ver' to fix.",
                version.name()
            );
            told.warn(c, "bad-version", text);
        }
        Versions::None => {
            let text = format!("{title}all SSL/TLS versions are disabled for server '{server}'.");
            told.alert(c, "bad-version", text);
        }
        Versions::Ambiguous(..) => {}
    }
}

fn authorities(c: &mut Context<'_>, tls: &TlsServer, told: &mut Told) {
    let by_default = !c.config.global.ssl_server_verify_none;
    let verifies = tls.verify.map_or(by_default, |verify| verify == Verify::Required);
    if !verifies || tls.ca_file.is_some() {
        return;
    }
    let text = match by_default {
        true => {
            "verify is enabled by default but no CA file specified. If you're running on a LAN where you're \
             certain to trust the server's certificate, please set an explicit 'verify none' statement on the \
             'server' line, or use 'ssl-server-verify none' in the global section to disable server-side \
             verifications by default."
        }
        false => "verify is enabled but no CA file specified.",
    };
    told.alert(c, "no-ca-file", text);
}

/// Lists of names that the TLS library must understand.
fn lists(c: &mut Context<'_>, (proxy, server): (&str, &str), tls: &TlsServer, told: &mut Told) {
    let own = |what: &str| (String::new(), format!("{what} to '"), "'.".to_owned());
    let named = |what: &str| {
        (format!("Proxy '{proxy}': "), format!("{what} to '"), format!("' for server '{server}'."))
    };
    let lists = [
        (TlsList::Ciphers, tls.ciphers.as_ref(), own("SSL cipher list")),
        (TlsList::Ciphersuites, tls.ciphersuites.as_ref(), own("TLS 1.3 cipher suites")),
        (TlsList::Sigalgs, tls.sigalgs.as_ref(), named("SSL Signature Algorithm list")),
        (TlsList::Sigalgs, tls.client_sigalgs.as_ref(), named("SSL Client Signature Algorithm list")),
        (TlsList::Curves, tls.curves.as_ref(), named("SSL curves list")),
    ];
    for (kind, list, (start, what, end)) in lists {
        let Some(list) = list.filter(|list| !c.loader.tls_list_is_valid(kind, list)) else {
            continue;
        };
        let list = String::from_utf8_lossy(list);
        told.alert(c, "bad-ciphers", format!("{start}unable to set {what}{list}{end}"));
    }
}

fn warn_fast_open(c: &mut Context<'_>, draft: &Draft, at: usize, told: &mut Told) {
    use ir::config::retry;
    let needed = retry::EMPTY_RESPONSE | retry::RESPONSE_TIMEOUT;
    if draft.proxy.servers[at].link.fast_open && draft.proxy.retry_on & needed != needed {
        let text = "server has tfo activated, the backend should be configured with at least 'conn-failure', \
                    'empty-response' and 'response-timeout' or we wouldn't be able to retry the connection on \
                    failure.";
        told.warn(c, "tfo-retries", text);
    }
}

fn track(
    c: &mut Context<'_>,
    names: &mut Names,
    drafts: &mut [Draft],
    (index, at): (usize, usize),
    told: &mut Told,
) {
    let Some(target) = drafts[index].servers[at].track.clone() else { return };
    let shown = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    let slash = target.iter().rposition(|byte| *byte == b'/');
    let (proxy, server) = match slash {
        None => (Some(index), target.as_slice()),
        Some(slash) => (names.backend(drafts, &target[..slash]), &target[slash + 1..]),
    };
    let Some(proxy) = proxy else {
        let text =
            format!("unable to find required proxy '{}' for tracking.", shown(&target[..slash.unwrap_or(0)]));
        return told.alert(c, "unknown-server", text);
    };
    let Some(ServerId(found)) = names.server(drafts, proxy, server) else {
        let text = format!("unable to find required server '{}' for tracking.", shown(server));
        return told.alert(c, "unknown-server", text);
    };
    let found = (proxy, found as usize);
    let path =
        |at: (usize, usize)| format!("{}/{}", drafts[at.0].name(), name(&drafts[at.0].proxy.servers[at.1]));
    let more = &drafts[found.0].servers[found.1];
    let is_checked = drafts[found.0].proxy.servers[found.1].check || more.agent;
    if !is_checked && more.tracked.is_none() && more.track.is_none() {
        let text = format!(
            "unable to use {} for tracking as it does not have any check nor agent enabled.",
            path(found)
        );
        return told.alert(c, "bad-track", text);
    }
    // A chain that is already known has no loop: only one that ends here does.
    let next = |at: (usize, usize)| drafts[at.0].servers[at.1].tracked;
    let mut end = found;
    while end != (index, at) {
        match next(end) {
            Some(further) => end = further,
            None => break,
        }
    }
    if end == (index, at) {
        let text = format!(
            "unable to track {} as it belongs to a tracking chain looping back to {}.",
            path(found),
            path(end)
        );
        return told.alert(c, "bad-track", text);
    }
    drafts[index].servers[at].tracked = Some(found);
}

/// What a server may not have in the proxy's mode.
pub fn check_mode(c: &mut Context<'_>, draft: &Draft) {
    if draft.proxy.mode == Mode::Http {
        return;
    }
    let title = draft.title();
    for (server, more) in draft.proxy.servers.iter().zip(&draft.servers) {
        let shown = name(server);
        let at = span(server);
        let mut warn = |text: String| c.push(Diagnostic::post_warning("needs-http", text).pointing(at));
        if server.cookie.is_some() {
            warn(format!("{title} : ignoring cookie for server '{shown}' as HTTP mode is disabled."));
        }
        if let Some(header) = &more.source_header {
            let header = String::from_utf8_lossy(header);
            warn(format!(
                "{title} : server {shown} cannot use header {header} as source IP in non-HTTP mode."
            ));
        }
        let mut alert = |text: String| c.push(Diagnostic::post_error("needs-http", text).pointing(at));
        if server.redir.is_some() {
            alert(format!("{title} : server cannot have cookie or redirect prefix in non-HTTP mode."));
        }
        if more.family == Family::Reverse {
            return alert(format!(
                "{title} : server {shown} uses reverse HTTP addressing which can only be used with HTTP mode."
            ));
        }
    }
}

/// The modes in which a multiplexer speaks; `server` for the side of servers.
pub fn is_usable(proto: &[u8], mode: Mode, server: bool) -> bool {
    match proto {
        b"h1" | b"h2" => mode == Mode::Http,
        b"fcgi" => mode == Mode::Http && server,
        b"spop" => mode == Mode::Spop && server,
        _ => !matches!(mode, Mode::Http | Mode::Spop),
    }
}

/// The multiplexers of the servers.
pub fn check_protocols(c: &mut Context<'_>, draft: &Draft) {
    for server in &draft.proxy.servers {
        let Some(proto) = server.proto.as_ref().filter(|proto| !is_usable(proto, draft.proxy.mode, true))
        else {
            continue;
        };
        let text = format!(
            "{} : MUX protocol '{}' is not usable for server '{}' at [{}].",
            draft.title(),
            String::from_utf8_lossy(proto),
            name(server),
            c.at(span(server))
        );
        c.push(Diagnostic::post_error("bad-proto", text).pointing(span(server)));
    }
}

/// What HAProxy's own HTTP client and OCSP updates would use: it is told after that of the
/// configuration's servers.
pub fn check_defaults(c: &mut Context<'_>, _: &mut [Draft]) {
    let tls = c.config.global.ssl_default_server.clone();
    let (before, mut told) = (c.diags.len(), Told::nameless(Span::default()));
    lists(c, ("<OCSP-UPDATE>", "<HTTPSCLIENT>"), &tls, &mut told);
    for (at, told) in c.diags[before..].iter_mut().enumerate() {
        told.span = None;
        if at == 0 {
            told.message.insert_str(0, "'server <OCSP-UPDATE>/<HTTPSCLIENT>' : ");
        }
    }
}
