//! Warnings about what a proxy lacks or cannot use in its mode.

use std::collections::HashSet;

use diag::Diagnostic;
use ir::config::{LogPreset, Mode};
use ir::spec::RuleSet;

use crate::context::Context;
use crate::draft::Draft;

/// Gives numbers to proxies, binds and servers that have none. HAProxy keeps number 1 for a proxy
/// of its own.
pub fn number(drafts: &mut [Draft]) {
    let taken: HashSet<u32> =
        drafts.iter().filter(|draft| draft.has_id).map(|draft| draft.proxy.id).collect();
    let mut free = (2..).filter(|id| !taken.contains(id));
    for draft in drafts.iter_mut() {
        if !draft.has_id {
            draft.proxy.id = free.next().unwrap_or(0);
        }
        let proxy = &mut draft.proxy;
        let taken: HashSet<u32> = proxy.servers.iter().map(|server| server.id).collect();
        let mut free = (1..).filter(|id| !taken.contains(id));
        for server in proxy.servers.iter_mut().filter(|server| server.id == 0) {
            server.id = free.next().unwrap_or(0);
        }
    }
}

pub fn warn(c: &mut Context<'_>, draft: &Draft, code: &'static str, text: String) {
    c.push(Diagnostic::post_warning(code, text).pointing(draft.header));
}

/// `mode haterm` is `mode http` with an answer of its own.
pub fn is_http(draft: &Draft) -> bool {
    matches!(draft.proxy.mode, Mode::Http | Mode::Haterm)
}

pub fn warn_without_bind(c: &mut Context<'_>, draft: &Draft) {
    if draft.kind.is_frontend() && draft.proxy.binds.is_empty() {
        let text = format!(
            "{} has no 'bind' directive. Please declare it as a backend if this was intended.",
            draft.title()
        );
        warn(c, draft, "no-bind", text);
    }
}

/// What needs another mode and changes when that is not there.
pub fn warn_mode(c: &mut Context<'_>, draft: &mut Draft) {
    if !is_http(draft) {
        warn_without_http(c, draft);
    }
    if draft.proxy.mode != Mode::Log && draft.proxy.balance.algorithm == "log-hash" {
        let text = format!(
            "Unusable balance algorithm for {} (needs 'mode log'). Falling back to round robin.",
            draft.title()
        );
        warn(c, draft, "needs-log", text);
        draft.proxy.balance = ir::config::Balance { algorithm: "roundrobin", ..Default::default() };
    }
}

fn warn_without_http(c: &mut Context<'_>, draft: &mut Draft) {
    let title = draft.title();
    if draft.http_only.cookie {
        warn(c, draft, "needs-http", format!("cookie will be ignored for {title} (needs 'mode http')."));
    }
    if matches!(draft.proxy.balance.algorithm, "uri" | "url_param" | "hdr") {
        let text = format!(
            "Layer 7 hash not possible for {title} (needs 'mode http'). Falling back to round robin."
        );
        warn(c, draft, "needs-http", text);
        draft.proxy.balance = ir::config::Balance { algorithm: "roundrobin", ..Default::default() };
    }
    let (option, instead) = match draft.proxy.log_preset {
        LogPreset::Httplog => ("httplog", "tcplog"),
        LogPreset::Clf => ("httplog clf", "tcplog clf"),
        LogPreset::Httpslog => ("httpslog", "tcplog"),
        _ => return,
    };
    if draft.kind.is_frontend() || draft.log_option.is_some() {
        let text = format!(
            "parsing [{}] : 'option {option}' not usable with {title} (needs 'mode http'). \
             Falling back to 'option {instead}'.",
            c.at(draft.log_option.unwrap_or(draft.header))
        );
        warn(c, draft, "needs-http", text);
    }
    draft.proxy.log_preset =
        if draft.proxy.log_preset == LogPreset::Clf { LogPreset::TcpClf } else { LogPreset::Tcplog };
}

pub fn warn_timeouts(c: &mut Context<'_>, draft: &Draft) {
    let proxy = &draft.proxy;
    if matches!(proxy.mode, Mode::Log | Mode::Spop) {
        return;
    }
    let times = &proxy.timeouts;
    let front = draft.kind.is_frontend() && times.client.is_none();
    let without_server = times.server.is_none() && (is_http(draft) || times.tunnel.is_none());
    let back =
        draft.kind.is_backend() && !proxy.servers.is_empty() && (times.connect.is_none() || without_server);
    if front || back {
        let text = format!(
            "missing timeouts for {}.\n\
             \x20  | While not properly invalid, you will certainly encounter various problems\n\
             \x20  | with such a configuration. To fix this, please ensure that all following\n\
             \x20  | timeouts are set to a non-zero value: 'client', 'connect', 'server'.",
            draft.title()
        );
        warn(c, draft, "no-timeouts", text);
    }
}

/// A captured cookie has a greatest length.
pub fn cut_captures(c: &mut Context<'_>, draft: &mut Draft) {
    let most = c.global().tune.http_cookielen;
    if let Some(capture) = draft.proxy.capture_cookie.as_mut().filter(|capture| capture.len > most) {
        capture.len = most;
        let text = format!("truncating capture length to {most} bytes for {}.", draft.title());
        warn(c, draft, "out-of-range", text);
    }
}

pub fn warn_log(c: &mut Context<'_>, draft: &Draft) {
    let has_format = draft.proxy.log_preset != LogPreset::Default || draft.log_format_sd.is_some();
    let logs = !matches!(draft.proxy.mode, Mode::Log | Mode::Spop);
    if logs && draft.kind.is_frontend() && draft.proxy.logs.is_empty() && has_format {
        let text = format!("log format ignored for {} since it has no log address.", draft.title());
        warn(c, draft, "no-log", text);
    }
}

/// What is ignored in `mode tcp`.
pub fn warn_http_only(c: &mut Context<'_>, draft: &Draft) {
    let proxy = &draft.proxy;
    let switches = proxy.rules[RuleSet::TcpContent as usize].iter().any(|rule| {
        c.registry.actions().get(rule.action.index()).is_some_and(|spec| spec.name == "switch-mode")
    });
    if is_http(draft) || draft.upgrades || switches {
        return;
    }
    let title = draft.title();
    // Rules of the defaults stay there.
    let own = |set: RuleSet| proxy.rules[set as usize].len() - draft.inherited_rules[set as usize];
    let statements = [
        (draft.stats.is_some(), "'stats' statement", "it requires"),
        (proxy.capture_cookie.is_some(), "'capture' statement", "it requires"),
        (proxy.monitor_uri.is_some(), "'monitor-uri' statement", "it requires"),
        (own(RuleSet::HttpRequest) > draft.redirect_lines, "'http-request' rules", "they require"),
        (own(RuleSet::HttpResponse) > 0, "'http-response' rules", "they require"),
        (own(RuleSet::HttpAfterResponse) > 0, "'http-after-response' rules", "they require"),
        (draft.redirect_lines > 0, "'redirect' rules", "they require"),
    ];
    for (_, what, verb) in statements.into_iter().filter(|(used, ..)| *used) {
        warn(c, draft, "needs-http", format!("{what} ignored for {title} as {verb} HTTP mode."));
    }
    for option in crate::keywords::proxy::http_options(draft) {
        warn(c, draft, "needs-http", format!("'{option}' ignored for {title} as it requires HTTP mode."));
    }
    if let Some(header) = &draft.source_header {
        let name = String::from_utf8_lossy(header);
        let text = format!("{title} : ignoring use of header {name} as source IP in non-HTTP mode.");
        warn(c, draft, "needs-http", text);
    }
}
