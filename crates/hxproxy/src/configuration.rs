//! From the files to the checked configuration, with everything that is to be told about it.

use std::sync::Arc;

use check::Registry;
use diag::{Diagnostic, Effect, Severity, SourceMap};
use ir::config::{Config, LuaLimits};

use crate::args::Args;
use crate::console::Console;
use crate::modes::Modes;
use crate::registry;
use crate::scripts::Scripts;
use crate::world::World;

/// A configuration that may run.
pub struct Configuration {
    pub config: Config,
    /// With the rows that Lua files added.
    pub registry: Registry,
    pub lua: Arc<lua::Host>,
    /// Where the scripts' messages go.
    pub scripts: Arc<Scripts>,
}

/// Reads and checks. `None` when it must not run: that has been told.
pub fn read(
    args: &Args,
    console: &'static Console,
    mut world: World,
    sources: &SourceMap,
) -> Option<Configuration> {
    let scripts = Arc::new(Scripts::new(console, args.debug));
    let lua = match lua::Host::new(&LuaLimits::default(), registry::catalog(), scripts.clone()) {
        Ok(lua) => lua,
        Err(message) => {
            console.alert(&message);
            return None;
        }
    };
    world.lua = Some(lua.clone());
    let mut registry = registry::assemble();
    let mut outcome = check::check(&mut registry, &mut world, sources);
    if args.ignore_resolution {
        tolerate_unresolved(&mut outcome);
    }
    let usable = outcome.is_usable();
    console.set_quiet(Modes::new(args, &outcome.config.global).silent);
    tell(args, console, "config", sources, &outcome.reading);
    tell(args, console, "", sources, &outcome.checking);
    if !usable {
        return None;
    }
    if console.warnings() > 0 && (args.zero_warning || outcome.config.global.zero_warning) {
        console.alert("Some warnings were found and 'zero-warning' is set. Aborting.");
        return None;
    }
    let mut config = outcome.config;
    overrule(args, &mut config);
    Some(Configuration { config, registry, lua, scripts })
}

/// Remarks are for diagnostic mode only.
fn tell(args: &Args, console: &Console, context: &str, sources: &SourceMap, diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics.iter().filter(|d| args.diagnostics || d.severity != Severity::Diag) {
        console.diagnostic(context, sources, diagnostic);
    }
}

/// `-dr`: servers whose names have no address are disabled instead of being errors.
fn tolerate_unresolved(outcome: &mut check::Outcome) {
    const CODE: &str = "unresolved-address";
    // The last one of that code sums up the others.
    outcome.checking.retain(|d| d.code != CODE || d.span.is_some());
    for diagnostic in outcome.checking.iter_mut().filter(|d| d.code == CODE) {
        let message = diagnostic.message.trim_end_matches('.');
        diagnostic.message = format!("{message}, disabling server.");
        diagnostic.severity = Severity::Notice;
        diagnostic.effect = Effect::None;
    }
    for proxy in &mut outcome.config.proxies {
        proxy.servers.iter_mut().filter(|s| s.address.is_none()).for_each(|server| server.disabled = true);
    }
}

/// What the command line says against the configuration.
fn overrule(args: &Args, config: &mut Config) {
    if args.no_server_verify {
        config.global.ssl_server_verify_none = true;
    }
    for proxy in &mut config.proxies {
        if args.no_splice {
            proxy.options.splice_auto = false;
            proxy.options.splice_request = false;
            proxy.options.splice_response = false;
        }
        if proxy.is_frontend && proxy.maxconn.is_none() {
            proxy.maxconn = args.proxy_maxconn.filter(|number| *number > 0);
        }
    }
}
