//! From the files to the checked configuration, with everything that is to be told about it.

use std::fs::File;
use std::sync::Arc;

use check::{Outcome, Registry};
use diag::{Diagnostic, Severity, SourceMap};
use ir::config::{Config, LuaLimits};

use crate::args::Args;
use crate::console::Console;
use crate::modes::Modes;
use crate::scripts::Scripts;
use crate::world::World;
use crate::{lua_rows, registry};

/// A configuration that may run.
pub struct Configuration {
    pub config: Config,
    /// With the rows that Lua files added.
    pub registry: Registry,
    pub lua: Arc<lua::Host>,
    /// Where the scripts' messages go.
    pub scripts: Arc<Scripts>,
    /// The `backing-file`s of rings, in the rings' order.
    pub ring_files: Vec<Arc<File>>,
}

/// What reading and checking gave, whether it may run or not.
pub struct Checked {
    pub outcome: Outcome,
    registry: Registry,
    lua: Arc<lua::Host>,
    scripts: Arc<Scripts>,
    lua_actions: Vec<lua::Action>,
    ring_files: Vec<Arc<File>>,
}

/// Reads and checks. The error is a message about the program itself.
pub fn check(
    args: &Args,
    console: &'static Console,
    mut world: World,
    sources: &SourceMap,
) -> Result<Checked, String> {
    let scripts = Arc::new(Scripts::new(console, args.debug));
    let lua = lua::Host::new(&LuaLimits::default(), registry::catalog(), scripts.clone())?;
    world.lua = Some(lua.clone());
    lua_rows::use_host(&lua);
    let mut registry = registry::assemble();
    let mut outcome = check::check(&mut registry, &mut world, sources);
    outcome.checking.extend(service_warnings(&outcome.config));
    outcome.config.global.environment = world.changes();
    let World { lua_actions, ring_files, .. } = world;
    Ok(Checked { outcome, registry, lua, scripts, lua_actions, ring_files })
}

impl Checked {
    /// Whether there are warnings and none may be.
    pub fn has_forbidden_warnings(&self, args: &Args) -> bool {
        let remarks = if args.diagnostics { remarks(&self.outcome) } else { 0 };
        let warned = self.outcome.warnings() + remarks > 0;
        warned && (args.zero_warning || self.outcome.config.global.zero_warning)
    }

    /// The configuration, for one that may run.
    pub fn into_configuration(self, args: &Args, console: &Console) -> Configuration {
        let Checked { outcome, registry, lua, scripts, lua_actions, ring_files } = self;
        let mut config = outcome.config;
        lua_rows::number_actions(&mut config, &registry, &lua_actions);
        overrule(args, &mut config);
        if args.ignore_resolution {
            disable_unresolved(console, &mut config);
        }
        Configuration { config, registry, lua, scripts, ring_files }
    }
}

/// Reads, checks and tells. `None` when it must not run: that has been told.
pub fn read(
    args: &Args,
    console: &'static Console,
    world: World,
    sources: &SourceMap,
) -> Option<Configuration> {
    let checked = check(args, console, world, sources).map_err(|message| console.alert(&message)).ok()?;
    let outcome = &checked.outcome;
    console.set_quiet(Modes::new(args, &outcome.config.global).silent);
    tell(args, console, "config", sources, &outcome.reading);
    tell(args, console, "", sources, &outcome.checking);
    let mut is_usable = outcome.is_usable();
    if is_usable && !args.check {
        tell(args, console, "", sources, &outcome.starting);
        is_usable = !outcome.starting.iter().any(Diagnostic::is_fatal);
    }
    if !is_usable {
        return None;
    }
    if checked.has_forbidden_warnings(args) {
        console.alert("Some warnings were found and 'zero-warning' is set. Aborting.");
        return None;
    }
    Some(checked.into_configuration(args, console))
}

/// Services of our own are names only so far.
fn service_warnings(config: &Config) -> impl Iterator<Item = Diagnostic> {
    let used = |name: &str| config.services.iter().any(|used| used == name.as_bytes());
    services::SERVICES.iter().filter(move |row| used(row.name)).map(|row| {
        let text = format!("'{}' is accepted but not executed yet by hxproxy.", row.name);
        Diagnostic::post_warning(check::NOT_EXECUTED, text)
    })
}

/// The remarks of diagnostic mode count as warnings there.
fn remarks(outcome: &Outcome) -> usize {
    outcome.diagnostics().filter(|d| d.severity == Severity::Diag).count()
}

/// Remarks are for diagnostic mode only.
fn tell(args: &Args, console: &Console, context: &str, sources: &SourceMap, diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics.iter().filter(|d| args.diagnostics || d.severity != Severity::Diag) {
        console.diagnostic(context, sources, diagnostic);
    }
}

/// `-dr`: servers whose names have no address are disabled instead of being errors.
fn disable_unresolved(console: &Console, config: &mut Config) {
    let files = &config.files;
    for proxy in &mut config.proxies {
        let name = String::from_utf8_lossy(&proxy.name);
        for server in proxy.servers.iter_mut().filter(|s| s.address.is_none() && !s.may_miss_address) {
            let file = files.get(server.place.file as usize).map_or("", String::as_str);
            let text = String::from_utf8_lossy(&server.address_text);
            console.notice(&format!(
                "[{file}:{}] : 'server {name}/{}' : could not resolve address '{}', disabling server.",
                server.place.line,
                String::from_utf8_lossy(&server.name),
                text.rsplit_once(':').map_or(&*text, |(host, _)| host),
            ));
            server.disabled = true;
        }
    }
}

/// What the command line says against the configuration.
fn overrule(args: &Args, config: &mut Config) {
    config.global.no_reuseport |= args.no_reuseport;
    if args.no_splice {
        config.global.max_pipes = Some(0);
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
