//! What only the whole configuration can tell: names of other sections, formats that depend on
//! the mode, contradictions. Nothing here runs when reading failed.

pub mod addresses;
mod backends;
mod binds;
mod filters;
mod formats;
mod groups;
mod log_moment;
mod loggers;
mod names;
mod needs;
mod process;
mod proxies;
mod references;
mod rules;
mod sections;
mod servers;
mod threads;
mod versions;
mod visit;

use crate::action::answers;
use crate::context::Context;
use crate::draft::Draft;

/// Resolves and checks all proxies, in order, and moves them into the configuration.
pub fn run(c: &mut Context<'_>) {
    process::buffers(c);
    let Some(threads) = threads::lay_out(c) else { return };
    if let Some(fault) = c.userlist_faults.pop() {
        return c.push(diag::Diagnostic::post_error("unknown-name", fault));
    }
    let mut drafts = std::mem::take(&mut c.drafts);
    for draft in &mut drafts {
        let redirects = std::mem::take(&mut draft.redirects);
        draft.redirect_lines = redirects.len();
        draft.proxy.rules[ir::spec::RuleSet::HttpRequest as usize].extend(redirects);
    }
    proxies::number(&mut drafts);
    let mut names = names::Names::new(&drafts, &c.config.stick_tables, &c.config.userlists);
    let defaults = std::mem::take(&mut c.defaults);
    for draft in &defaults {
        if draft.explicit_use || draft.implicit_use {
            rules::check(c, &drafts, draft);
            names::check_defaults(c, &mut names, &drafts, draft);
        }
        // Those without a name are gone when the proxies are looked at.
        if !draft.proxy.name.is_empty() {
            needs::error_pages(c, draft);
        }
    }
    c.defaults = defaults;
    for index in 0..drafts.len() {
        if !drafts[index].proxy.disabled {
            one(c, &mut names, &mut drafts, index);
        }
    }
    sections::warn_log_forwards(c);
    process::huge_buffers(c, &drafts);
    // Each step is taken when there was no error so far.
    let steps: [&Step<'_>; 5] = [
        &servers::check_defaults,
        &prepare,
        &addresses::check,
        &|c, _| {
            threads::give_cpus(c, &threads);
            process::global_file(c);
            process::stats_file(c);
        },
        &addresses::resolve,
    ];
    for step in steps {
        if !c.diags.iter().any(diag::Diagnostic::is_fatal) {
            step(c, &mut drafts);
        }
    }
    c.config.proxies = drafts.into_iter().map(|draft| draft.proxy).collect();
    answers::fill_in_pages(c);
}

/// A step over all proxies.
type Step<'s> = dyn Fn(&mut Context<'_>, &mut [Draft]) + 's;

/// What HAProxy prepares when all proxies are known.
fn prepare(c: &mut Context<'_>, drafts: &mut [Draft]) {
    for draft in drafts.iter_mut().filter(|draft| !draft.proxy.disabled) {
        binds::check_tls(c, draft);
    }
    for draft in std::mem::take(&mut c.log_forwards).iter_mut().rev() {
        binds::check_tls(c, draft);
    }
    for ring in std::mem::take(&mut c.rings) {
        servers::check_ring(c, &ring);
    }
    needs::fcgi_servers(c, drafts);
    sections::check(c, drafts);
    let before = c.diags.len();
    loggers::check(c, drafts);
    c.starting = c.diags.split_off(before);
    process::client_resolvers(c);
    process::header_cases(c);
    process::experimental(c);
}

/// One proxy, in the order in which HAProxy tells.
fn one(c: &mut Context<'_>, names: &mut names::Names, drafts: &mut [Draft], index: usize) {
    binds::check_protocols(c, &drafts[index]);
    proxies::warn_mode(c, &mut drafts[index]);
    proxies::warn_without_bind(c, &drafts[index]);
    rules::warn_steps(c, &drafts[index], true);
    needs::lines(c, &drafts[index]);
    backends::default(c, names, drafts, index);
    backends::switches(c, names, drafts, index);
    backends::use_servers(c, names, drafts, index);
    rules::sticks(c, drafts, index);
    rules::check(c, drafts, &drafts[index]);
    references::sections(c, &drafts[index]);
    needs::stats(c, &drafts[index]);
    formats::resolve(c, &mut drafts[index]);
    log_moment::choose(c, &mut drafts[index]);
    formats::balance(c, &mut drafts[index]);
    names::resolve(c, names, drafts, index);
    groups::check(c, &drafts[index]);
    proxies::warn_timeouts(c, &drafts[index]);
    rules::warn_steps(c, &drafts[index], false);
    needs::state_file(c, &drafts[index]);
    proxies::cut_captures(c, &mut drafts[index]);
    servers::prepare(c, names, drafts, index);
    proxies::warn_log(c, &drafts[index]);
    needs::error_pages(c, &drafts[index]);
    needs::resolve_error_pages(c, &mut drafts[index]);
    proxies::warn_http_only(c, &drafts[index]);
    servers::check_mode(c, &drafts[index]);
    filters::check(c, drafts, &drafts[index]);
    filters::lead(names, drafts, index);
    servers::check_protocols(c, &drafts[index]);
    needs::rdp_ports(c, &drafts[index]);
    needs::fcgi_app(c, &drafts[index]);
}
