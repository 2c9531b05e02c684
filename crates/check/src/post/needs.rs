//! What a line of a proxy needs elsewhere: in another line, in `global`, in another section.

use std::collections::BTreeMap;

use diag::Diagnostic;
use ir::config::{ErrorFile, Forwarded, ForwardedPart, Mode};
use ir::spec::RuleSet;

use super::proxies::{is_http, warn};
use crate::context::Context;
use crate::draft::{Draft, ErrorLine, ErrorSection};
use crate::places::Place;

/// Sections of error pages that `errorfiles` and `http-error` name.
pub fn error_pages(c: &mut Context<'_>, draft: &Draft) {
    for line in &draft.error_lines {
        if let ErrorLine::Section(wanted) = line {
            section_of_errors(c, draft, wanted);
        }
    }
}

/// What the lines about error pages come to.
pub fn resolve_error_pages(c: &mut Context<'_>, draft: &mut Draft) {
    let mut last: BTreeMap<u16, Last> = BTreeMap::new();
    for line in std::mem::take(&mut draft.error_lines) {
        match line {
            ErrorLine::Page(page) => drop(last.insert(page.status, Last::Page(page))),
            ErrorLine::Reply(status, index) => drop(last.insert(status, Last::Reply(index))),
            ErrorLine::Default(status) => drop(last.remove(&status)),
            ErrorLine::Section(wanted) => {
                let found = c.config.http_errors.iter().find(|section| section.name == wanted.name.text);
                let pages = found.map(|section| section.pages.iter()).unwrap_or_default();
                for page in pages {
                    if wanted.statuses.is_empty() || wanted.statuses.contains(&page.status) {
                        last.insert(page.status, Last::Page(page.clone()));
                    }
                }
            }
        }
    }
    let mut replies: Vec<_> = std::mem::take(&mut draft.proxy.error_replies).into_iter().map(Some).collect();
    for last in last.into_values() {
        match last {
            Last::Page(page) => draft.proxy.errors.push(page),
            Last::Reply(index) => {
                draft.proxy.error_replies.extend(replies.get_mut(index).and_then(Option::take))
            }
        }
    }
}

/// The last word about the page of a status.
enum Last {
    Page(ErrorFile),
    /// The reply of this number.
    Reply(usize),
}

fn section_of_errors(c: &mut Context<'_>, draft: &Draft, wanted: &ErrorSection) {
    let (proxy, name, at) = (draft.name(), wanted.name.lossy(), c.at(wanted.name.span));
    let found = c.config.http_errors.iter().find(|section| section.name == wanted.name.text);
    let Some(section) = found else {
        let text = format!("proxy '{proxy}': unknown http-errors section '{name}' (at {at}).");
        return c.push(Diagnostic::post_error("unknown-section", text).pointing(wanted.name.span));
    };
    let has = |status: u16| section.pages.iter().any(|page| page.status == status);
    let missing: Vec<u16> = wanted.statuses.iter().copied().filter(|status| !has(*status)).collect();
    for status in missing {
        let text = format!(
            "config: proxy '{proxy}' : status '{status}' not declared in http-errors section '{name}' (at {at})."
        );
        c.push(Diagnostic::post_warning("missing-status", text).pointing(wanted.name.span));
    }
}

/// Persistence by an RDP cookie names the server's port.
pub fn rdp_ports(c: &mut Context<'_>, draft: &Draft) {
    let is_mapped = |server: &&ir::config::Server| {
        server.port_offset.is_some() || matches!(server.address, Some(ir::expr::Address::Ip(_, 0)))
    };
    let servers = draft.proxy.servers.iter().filter(|_| draft.rdp_persistence);
    for server in servers.filter(is_mapped) {
        let text = format!(
            "{} : RDP cookie persistence will not work for server '{}' because it lacks an explicit port number.",
            draft.title(),
            String::from_utf8_lossy(&server.name)
        );
        warn(c, draft, "no-port", text);
    }
}

/// The application of `use-fcgi-app`.
pub fn fcgi_app(c: &mut Context<'_>, draft: &Draft) {
    let Some(name) = &draft.fcgi_app else { return };
    if !c.config.fcgi_apps.iter().any(|app| app.name == name.text) {
        let text = format!("proxy '{}' : fcgi-app '{}' not found.", draft.name(), name.lossy());
        c.push(Diagnostic::post_error("unknown-app", text).pointing(name.span));
    }
}

/// What backends of `mode log` take and leave; HAProxy tells after all proxies.
pub fn log_backend(c: &mut Context<'_>, draft: &Draft) {
    if draft.proxy.mode != Mode::Log || !draft.kind.is_backend() {
        return;
    }
    let title = draft.title();
    let own = |set: RuleSet| draft.proxy.rules[set as usize].len() > draft.inherited_rules[set as usize];
    let requests = [RuleSet::TcpContent, RuleSet::TcpConnection, RuleSet::TcpSession];
    let ignored = [
        (requests.into_iter().any(own), "use tcp-request rules", "They"),
        (own(RuleSet::TcpResponse), "use tcp-response rules", "They"),
        (draft.proxy.stick_table.is_some(), "use stick table", "It"),
        (!draft.sticks.is_empty(), "use sticking rules", "They"),
        (draft.log_ignored.name_header, "set \"http-send-name-header\"", "It"),
        (draft.log_ignored.cookie_key, "set \"dynamic-cookie-key\"", "It"),
        (!draft.proxy.use_servers.is_empty(), "use \"use-server\" rules", "They"),
        (draft.log_ignored.steps, "use \"log-steps\"", "It"),
    ];
    for (_, what, subject) in ignored.into_iter().filter(|(used, ..)| *used) {
        let text = format!("Cannot {what} with 'mode log' in {title}. {subject} will be ignored.");
        warn(c, draft, "needs-other-mode", text);
    }
    if !["roundrobin", "random", "sticky", "log-hash"].contains(&draft.proxy.balance.algorithm) {
        let text =
            format!("in {title}: \"balance\" only supports 'roundrobin', 'random', 'sticky' and 'log-hash'.");
        c.push(Diagnostic::post_error("bad-balance", text).pointing(draft.header));
    }
}

/// Backends with a FastCGI application need a server that speaks FastCGI, and the reverse. HAProxy
/// tells of the first one only.
pub fn fcgi_servers(c: &mut Context<'_>, drafts: &[Draft]) {
    let Some((draft, text)) = drafts.iter().find_map(|draft| Some((draft, fcgi_error(draft)?))) else {
        return;
    };
    let text = format!("proxy '{}': {text}", draft.name());
    c.push(Diagnostic::post_error("bad-fcgi", text).pointing(draft.header));
}

fn fcgi_error(draft: &Draft) -> Option<String> {
    let is_app = |filter: &crate::draft::Filter| matches!(filter.kind, crate::draft::FilterKind::Fcgi(_));
    let has_app = draft.fcgi_app.is_some() || draft.filters.iter().any(is_app);
    let mut speakers =
        draft.proxy.servers.iter().filter(|server| server.proto.as_deref() == Some(b"fcgi".as_slice()));
    if has_app && !is_http(draft) {
        return Some("FCGI application cannot be used in non-HTTP mode.".to_owned());
    }
    match speakers.next() {
        Some(server) if !has_app => {
            let name = String::from_utf8_lossy(&server.name);
            Some(format!("FCGI server '{name}' has no FCGI app configured."))
        }
        None if has_app => Some("FCGI app configured but no FCGI server found.".to_owned()),
        _ => None,
    }
}

/// Options about forwarded addresses, of which HAProxy tells after all proxies.
pub fn forwarded(c: &mut Context<'_>, draft: &mut Draft) {
    if is_http(draft) || draft.upgrades {
        return expressions(c, draft);
    }
    let options = [
        (draft.forwarded.is_some(), "forwarded"),
        (draft.proxy.forwardfor.is_some(), "forwardfor"),
        (draft.http_only.originalto, "originalto"),
    ];
    for (_, option) in options.into_iter().filter(|(used, _)| *used) {
        let text = format!("'option {option}' ignored for {} as it requires HTTP mode.", draft.title());
        warn(c, draft, "needs-http", text);
    }
}

/// Those of `option forwarded`.
fn expressions(c: &mut Context<'_>, draft: &mut Draft) {
    /// The order in which HAProxy reads them.
    const ORDER: [&str; 5] = ["host", "by", "by_port", "for", "for_port"];
    let Some(forwarded) = draft.forwarded.take().filter(|_| draft.kind.is_backend()) else { return };
    let mut done =
        Forwarded { proto: forwarded.words.iter().any(|(name, _)| *name == "proto"), ..Forwarded::default() };
    if forwarded.words.is_empty() {
        (done.proto, done.client) = (true, ForwardedPart::Own);
    }
    for name in ORDER {
        // The last one of a name counts.
        let is = |known: &str| known.strip_suffix("-expr").unwrap_or(known) == name;
        let Some((_, word)) = forwarded.words.iter().rfind(|(known, _)| is(known)) else { continue };
        let part = match name {
            "host" => &mut done.host,
            "by" => &mut done.by,
            "by_port" => &mut done.by_port,
            "for" => &mut done.client,
            _ => &mut done.client_port,
        };
        *part = ForwardedPart::Own;
        let Some(word) = word else { continue };
        let start = format!("{} [{}]: ", draft.title(), c.at(forwarded.span));
        std::mem::swap(&mut c.px, draft);
        let checked = crate::expr::word(c, word);
        std::mem::swap(&mut c.px, draft);
        let text = match checked {
            Ok(expr) => {
                let spec = c.registry.fetches().get(expr.fetch.index()).copied();
                *part = ForwardedPart::Expr(expr);
                let Some(spec) = spec.filter(|spec| !Place::BE_HRQ_HDR.allows(spec.contexts)) else {
                    continue;
                };
                let text = format!(
                    "{start}in 'option forwarded' sample expression '{}' : some args extract information from \
                     '{}', none of which is available here.",
                    word.lossy(),
                    spec.uses.names()
                );
                warn(c, draft, "bad-place", text);
                continue;
            }
            Err(fail) => fail.message,
        };
        let text =
            format!("{start}failed to parse 'option forwarded' expression '{}' in : {text}.", word.lossy());
        c.push(Diagnostic::post_error("bad-expression", text).pointing(word.span));
    }
    draft.proxy.forwarded = Some(Box::new(done));
}

/// What lines about checks, mails and servers' states need of each other.
pub fn lines(c: &mut Context<'_>, draft: &Draft) {
    let title = draft.title();
    let name = draft.name();
    let checks = &draft.checks;
    let error = |c: &mut Context<'_>, text: String| {
        c.push(Diagnostic::post_error("missing-keyword", text).pointing(draft.header));
    };
    if checks.external {
        let start = format!("Proxy '{name}' : 'option external-check' unable to find required ");
        if !c.seen.keywords.contains("external-check") {
            error(c, format!("{start}'global.external-check'."));
        }
        if checks.command.is_none() {
            error(c, format!("{start}'external-check command'."));
        }
        if !c.seen.keywords.contains("insecure-fork-wanted") {
            let text = format!(
                "Proxy '{name}' : 'insecure-fork-wanted' not enabled in the global section, \
                 'option external-check' will likely fail."
            );
            warn(c, draft, "missing-keyword", text);
        }
    }
    if let Some(mail) = &draft.mail
        && !(mail.has_from && mail.has_to && mail.mailers.is_some())
    {
        let text = format!(
            "'email-alert' will be ignored for {title} (the presence any of 'email-alert from', \
             'email-alert level' 'email-alert mailers', 'email-alert myhostname', or 'email-alert to' requires each \
             of 'email-alert from', 'email-alert mailers' and 'email-alert to' to be present)."
        );
        warn(c, draft, "missing-keyword", text);
    }
    let ignored = |what: &str| {
        format!("'external-check {what}' will be ignored for {title} (requires 'option external-check').")
    };
    if let Some(command) = &checks.command {
        if !checks.external {
            warn(c, draft, "missing-keyword", ignored("command"));
        }
        if !command.starts_with(b"/") && !checks.has_path {
            let text = format!(
                "Proxy '{name}': 'external-check command' does not have a leading '/' and 'external-check path' is \
                 not set."
            );
            error(c, text);
        }
    }
    if checks.has_path && !checks.external {
        warn(c, draft, "missing-keyword", ignored("path"));
    }
}

/// `stats http-request` rules leave no place for accounts.
pub fn stats(c: &mut Context<'_>, draft: &Draft) {
    if draft.stats.as_ref().is_some_and(crate::keywords::proxy::stats_contradict) {
        let text = format!(
            "proxy '{}': stats 'auth'/'realm' and 'http-request' can't be used at the same time.",
            draft.name()
        );
        c.push(Diagnostic::post_error("bad-stats", text).pointing(draft.header));
    }
}

/// `load-server-state-from-file global`
pub fn state_file(c: &mut Context<'_>, draft: &Draft) {
    if draft.needs_state_file && !c.seen.keywords.contains("server-state-file") {
        let text = format!(
            "backend '{}' configured to load server state file from global section 'server-state-file' directive. \
             Unfortunately, 'server-state-file' is not set!",
            draft.name()
        );
        warn(c, draft, "missing-keyword", text);
    }
}
