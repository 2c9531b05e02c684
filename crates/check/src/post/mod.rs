//! What only the whole configuration can tell: names of other sections, formats that depend on
//! the mode, contradictions. Nothing here runs when reading failed.

mod backends;
mod filters;
mod formats;
mod groups;
mod names;
mod proxies;
mod rules;
mod sections;
mod servers;
mod state;
mod threads;
mod visit;

use crate::context::Context;
use crate::draft::Draft;

/// Resolves and checks all proxies, in order, and moves them into the configuration.
pub fn run(c: &mut Context<'_>) {
    let Some(threads) = threads::lay_out(c) else { return };
    let mut drafts = std::mem::take(&mut c.drafts);
    for draft in &mut drafts {
        let redirects = std::mem::take(&mut draft.redirects);
        draft.proxy.rules[ir::spec::RuleSet::HttpRequest as usize].extend(redirects);
    }
    proxies::number(&mut drafts);
    let mut names = names::Names::new(&drafts, &c.config.stick_tables, &c.config.userlists);
    let defaults = std::mem::take(&mut c.defaults);
    for used in defaults.iter().filter(|defaults| defaults.explicit_use || defaults.implicit_use) {
        rules::check(c, &drafts, used);
    }
    c.defaults = defaults;
    for index in 0..drafts.len() {
        if !drafts[index].proxy.disabled {
            one(c, &mut names, &mut drafts, index);
        }
    }
    sections::warn_log_forwards(c);
    for draft in drafts.iter_mut().filter(|draft| !draft.proxy.disabled) {
        proxies::forwarded(c, draft);
    }
    servers::check_defaults(c);
    for draft in drafts.iter().filter(|draft| !draft.proxy.disabled) {
        proxies::check_tls(c, draft);
    }
    for draft in std::mem::take(&mut c.log_forwards).iter().rev() {
        proxies::check_tls(c, draft);
    }
    sections::check(c);
    threads::warn_cpus(c, &threads);
    state::global_file(c);
    servers::unresolved(c, &drafts);
    c.config.proxies = drafts.into_iter().map(|draft| draft.proxy).collect();
}

/// One proxy, in the order in which HAProxy tells.
fn one(c: &mut Context<'_>, names: &mut names::Names, drafts: &mut [Draft], index: usize) {
    proxies::warn_mode(c, &mut drafts[index]);
    proxies::warn_without_bind(c, &drafts[index]);
    rules::warn_steps(c, &drafts[index], true);
    proxies::needs(c, &drafts[index]);
    backends::default(c, names, drafts, index);
    backends::switches(c, names, drafts, index);
    backends::use_servers(c, names, drafts, index);
    rules::sticks(c, &drafts[index]);
    rules::check(c, drafts, &drafts[index]);
    proxies::stats(c, &drafts[index]);
    formats::resolve(c, &mut drafts[index]);
    formats::balance(c, &mut drafts[index]);
    names::resolve(c, names, drafts, index);
    groups::check(c, &drafts[index]);
    proxies::warn_timeouts(c, &drafts[index]);
    rules::warn_steps(c, &drafts[index], false);
    proxies::warn_state_file(c, &drafts[index]);
    proxies::warn_log(c, &drafts[index]);
    proxies::warn_http_only(c, &drafts[index]);
    filters::check(c, drafts, &drafts[index]);
    servers::check(c, &drafts[index]);
}
