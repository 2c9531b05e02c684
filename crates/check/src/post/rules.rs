//! What rules name: tables, resolvers, slots, filters, groups, log profiles, error pages.

use diag::{Diagnostic, FileId, Span};
use ir::config::{Mode, Stick};
use ir::expr::{Cond, Rule};
use ir::sources::Sources;
use ir::spec::RuleSet;

use super::references::is_resolvers;
use crate::context::Context;
use crate::draft::{Draft, FilterKind, Kind, PendingRule, PendingStick};
use crate::keywords::stick::{self, Found};

/// The order in which HAProxy checks the sets.
const ORDER: [RuleSet; RuleSet::COUNT] = [
    RuleSet::TcpConnection,
    RuleSet::TcpSession,
    RuleSet::TcpContent,
    RuleSet::TcpResponse,
    RuleSet::HttpRequest,
    RuleSet::HttpResponse,
    RuleSet::HttpAfterResponse,
    RuleSet::QuicInitial,
];

const DELAY: &str = " contents without any 'tcp-request inspect-delay' setting. This means that this rule will \
                     randomly find its contents. This can be fixed by setting the tcp-request inspect-delay.";

/// The tables of `stick` lines, those for requests first.
pub fn sticks(c: &mut Context<'_>, drafts: &mut [Draft], index: usize) {
    let lines = std::mem::take(&mut drafts[index].sticks);
    check_sticks(c, &drafts[index], &lines);
    for stick in &lines {
        let Some(table) = stick::id(c, &drafts[index], stick.name.as_deref()) else { continue };
        stick::store_server(c, table);
        let PendingStick { expr, matches, stores, on_response, cond, .. } = stick.clone();
        drafts[index].proxy.sticks.push(Stick { table, expr, matches, stores, on_response, cond });
    }
    drafts[index].sticks = lines;
}

fn check_sticks(c: &mut Context<'_>, draft: &Draft, lines: &[PendingStick]) {
    let (responses, requests): (Vec<_>, Vec<_>) = lines.iter().partition(|stick| stick.on_response);
    for stick in requests.into_iter().chain(responses) {
        let name = stick.name.as_ref().unwrap_or(&draft.proxy.name);
        let shown = String::from_utf8_lossy(name);
        let what = match stick::find(c, draft, stick.name.as_deref(), stick.expr.out) {
            Found::Table => None,
            Found::Missing => Some(format!("unable to find stick-table '{shown}'.")),
            Found::WrongType => Some(format!("type of fetch not usable with type of stick-table '{shown}'.")),
        };
        if let Some(what) = what {
            let text = format!("Proxy '{}': {what}", draft.name());
            c.push(Diagnostic::post_error("unknown-table", text).pointing(draft.header));
        }
        if !stick.on_response {
            warn_buffers(c, draft, stick.cond.as_ref(), stick.span);
        }
    }
}

/// Steps of a check that does not run.
pub fn warn_steps(c: &mut Context<'_>, draft: &Draft, is_http: bool) {
    let (unused, steps, option) = match is_http {
        true => (draft.steps.unused_http, "http-check", "httpchk"),
        false => (draft.steps.unused_tcp, "tcp-check", "tcp-check"),
    };
    if unused {
        let text = format!(
            "{} uses {steps} rules without 'option {option}', so the rules are ignored.",
            draft.title()
        );
        c.push(Diagnostic::post_warning("ignored", text).pointing(draft.header));
    }
}

/// The rules of one proxy, or of one defaults section, that it did not inherit.
pub fn check(c: &mut Context<'_>, drafts: &[Draft], draft: &Draft) {
    let requests = draft.proxy.rules[RuleSet::HttpRequest as usize].len();
    let first_redirect = requests.saturating_sub(draft.redirect_lines);
    for set in ORDER {
        let first = draft.inherited_rules[set as usize];
        let of_set = |(of, ..): &&(RuleSet, usize, PendingRule)| *of == set;
        let mut pending = draft.pending.iter().filter(of_set).peekable();
        for (index, rule) in draft.proxy.rules[set as usize].iter().enumerate().skip(first) {
            while let Some((.., what)) = pending.next_if(|(_, at, _)| *at <= index) {
                if let Err(text) = named(c, drafts, draft, set, rule, what) {
                    let text = format!("Proxy '{}': {text}.", draft.name());
                    c.push(Diagnostic::post_error("unknown-name", text).pointing(draft.header));
                }
            }
            // HAProxy keeps those of 'redirect' lines in a list of their own, where it does not look.
            if set == RuleSet::HttpRequest && index >= first_redirect {
                continue;
            }
            let place = Span { file: FileId(rule.place.file), line: rule.place.line, ..draft.header };
            warn_buffers(c, draft, rule.cond.as_ref(), place);
        }
    }
}

/// Checks what a rule names.
fn named(
    c: &mut Context<'_>,
    drafts: &[Draft],
    draft: &Draft,
    set: RuleSet,
    rule: &Rule,
    what: &PendingRule,
) -> Result<(), String> {
    let lossy = String::from_utf8_lossy;
    match what {
        PendingRule::Table { name, out, counter, late, contents } => {
            let shown = lossy(name.as_ref().unwrap_or(&draft.proxy.name));
            match stick::find(c, draft, name.as_deref(), *out) {
                Found::Table => {}
                Found::Missing => {
                    return Err(format!("unable to find table '{shown}' referenced by track-sc{counter}"));
                }
                Found::WrongType => {
                    return Err(format!(
                        "stick-table '{shown}' uses a type incompatible with the 'track-sc{counter}' rule"
                    ));
                }
            }
            if set == RuleSet::TcpContent && draft.kind.is_frontend() {
                warn_tracking(c, draft, rule, *late, *contents);
            }
        }
        PendingRule::LateCapture => {
            let has_delay = draft.proxy.inspect_delay.is_some_and(|delay| delay != 0);
            if draft.kind.is_frontend() && !has_delay {
                let text = format!(
                    "{} : a 'tcp-request capture' rule explicitly depending on request{DELAY}",
                    draft.title()
                );
                warn(c, draft, text);
            }
        }
        PendingRule::Resolvers(name) => {
            if !is_resolvers(c, name) {
                return Err(format!("Can't find resolvers section '{}' for do-resolve action", lossy(name)));
            }
        }
        PendingRule::Slot(id) => slot(draft, set, *id)?,
        PendingRule::Limit(name, has_limit, has_period) => limit(draft, name, *has_limit, *has_period)?,
        PendingRule::Group(engine, group) => self::group(draft, engine, group)?,
        PendingRule::Profile(name) => {
            if !c.config.log_profiles.iter().any(|profile| profile.name == *name) {
                return Err(format!("do-log action: profile '{}' is invalid", lossy(name)));
            }
        }
        PendingRule::Errors(name, status) => errors(c, draft, name, *status)?,
        PendingRule::LargeBuffer(span) => {
            if !c.has_large_buffers {
                return Err(format!(
                    "unable to use large buffers at {}, 'tune.bufsize.large' global parameter must be set",
                    c.at(*span)
                ));
            }
        }
        PendingRule::Attach(server, _) => attach(drafts, draft, server)?,
    }
    Ok(())
}

fn warn(c: &mut Context<'_>, draft: &Draft, text: String) {
    c.push(Diagnostic::post_warning("late-rule", text).pointing(draft.header));
}

fn warn_tracking(c: &mut Context<'_>, draft: &Draft, rule: &Rule, late: bool, contents: bool) {
    let start = format!("{} : a 'tcp-request content track-sc*' rule", draft.title());
    let has_delay = draft.proxy.inspect_delay.is_some_and(|delay| delay != 0);
    if late && !has_delay {
        warn(c, draft, format!("{start} explicitly depending on request{DELAY}"));
    }
    let waits = rule.cond.as_ref().is_some_and(|cond| uses(c, draft, cond, Sources::REQUEST));
    if draft.proxy.mode == Mode::Http && !contents && !waits {
        let text = format!(
            "{start} not depending on request contents for an HTTP frontend should be executed at the session \
             level, using a 'tcp-request session' rule (mandatory to track invalid HTTP requests)."
        );
        warn(c, draft, text);
    }
}

/// Whether a condition reads one of the sources.
fn uses(c: &Context<'_>, draft: &Draft, cond: &Cond, sources: Sources) -> bool {
    let acls = cond.any.iter().flatten().filter_map(|term| draft.proxy.acls.get(term.acl.index()));
    let mut fetches = acls.flat_map(|acl| &acl.tests).map(|test| test.expr.fetch.index());
    fetches.any(|fetch| c.registry.fetches().get(fetch).is_some_and(|spec| spec.uses.meets(sources)))
}

/// HTTP proxies do not look at the bytes of connections.
pub fn warn_buffers(c: &mut Context<'_>, draft: &Draft, cond: Option<&Cond>, place: Span) {
    let Some(cond) = cond.filter(|_| draft.proxy.mode == Mode::Http) else { return };
    if uses(c, draft, cond, Sources::BUFFERS) {
        let text = format!(
            "Proxy '{}': L6 sample fetches ignored on HTTP proxies (declared at {}).",
            draft.name(),
            c.at(place)
        );
        c.push(Diagnostic::post_warning("needs-tcp", text).pointing(place));
    }
}

fn slot(draft: &Draft, set: RuleSet, id: i64) -> Result<(), String> {
    let (slots, rule) = match set {
        RuleSet::HttpRequest => (&draft.proxy.request_captures, "http-request"),
        _ => (&draft.proxy.response_captures, "http-response"),
    };
    // Slots are the frontends'; defaults have none to refer to, and those of backends refer to others'.
    let has_slots = draft.kind.takes_frontend() && draft.used_as != Some(Kind::Backend);
    match has_slots && usize::try_from(id).is_ok_and(|id| id >= slots.len()) {
        true => Err(format!(
            "unable to find capture id '{}' referenced by {rule} capture rule",
            crate::numbers::truncated(id)
        )),
        false => Ok(()),
    }
}

fn limit(draft: &Draft, wanted: &[u8], has_limit: bool, has_period: bool) -> Result<(), String> {
    let found = draft.filters.iter().find_map(|filter| match &filter.kind {
        FilterKind::Bandwidth { name, table, .. } if name == wanted => Some(table.is_some()),
        _ => None,
    });
    let what = match found {
        None => {
            return Err(format!(
                "unable to find bwlim filter '{}' referenced by set-bandwidth-limit rule",
                String::from_utf8_lossy(wanted)
            ));
        }
        Some(true) if has_limit => "limit",
        Some(true) if has_period => "period",
        Some(_) => return Ok(()),
    };
    Err(format!("set-bandwidth-limit rule cannot define a {what} for a shared bwlim filter"))
}

fn group(draft: &Draft, engine: &[u8], group: &[u8]) -> Result<(), String> {
    let groups = draft.filters.iter().find_map(|filter| match &filter.kind {
        FilterKind::Spoe { name, groups, .. } if name == engine => Some(groups),
        _ => None,
    });
    let (engine, shown) = (String::from_utf8_lossy(engine), String::from_utf8_lossy(group));
    match groups {
        None => Err(format!("unable to find SPOE engine '{engine}' used by the send-spoe-group '{shown}'")),
        Some(groups) if !groups.iter().any(|name| name == group) => {
            Err(format!("unable to find SPOE group '{shown}' into SPOE engine '{engine}' configuration"))
        }
        Some(_) => Ok(()),
    }
}

fn errors(c: &mut Context<'_>, draft: &Draft, name: &[u8], status: i64) -> Result<(), String> {
    let shown = String::from_utf8_lossy(name);
    let Some(section) = c.config.http_errors.iter().find(|section| section.name == name) else {
        return Err(format!("unknown http-errors section '{shown}' referenced by an http reply "));
    };
    if !section.pages.iter().any(|page| i64::from(page.status) == status) {
        let text = format!(
            "Proxy '{}': status '{status}' referenced by an http reply not declared in http-errors section '{shown}'.",
            draft.name()
        );
        c.push(Diagnostic::post_warning("no-error-page", text).pointing(draft.header));
    }
    Ok(())
}

fn attach(drafts: &[Draft], draft: &Draft, target: &[u8]) -> Result<(), String> {
    if draft.proxy.mode != Mode::Http {
        return Err("attach-srv rule requires HTTP proxy mode".into());
    }
    let shown = String::from_utf8_lossy(target);
    let Some(slash) = target.iter().position(|byte| *byte == b'/').filter(|slash| slash + 1 < target.len())
    else {
        return Err(format!("attach-srv rule: invalid server name '{shown}'"));
    };
    let (backend, server) = (&target[..slash], &target[slash + 1..]);
    let found = drafts.iter().find(|draft| draft.kind.is_backend() && draft.proxy.name == backend);
    match found {
        None => Err(format!("attach-srv rule: no such backend '{shown}'")),
        Some(backend) if !backend.proxy.servers.iter().any(|known| known.name == server) => {
            Err(format!("attach-srv rule: no such server '{shown}'"))
        }
        Some(_) => Ok(()),
    }
}
