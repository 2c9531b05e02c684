//! The plan: the checked configuration made runnable. Regexes are compiled, files are loaded,
//! ids are turned into functions. Immutable; a reload is a new process, so the plan lives as
//! long as the process and is used as `&'static`.

mod acl;
mod build;
mod expr;
mod format;
mod log_profile;
mod log_routes;
mod map;
mod matcher;
mod patterns;
mod process_vars;
mod regex;
mod rule;

use std::any::Any;
use std::collections::HashMap;

use ir::config::{Config, Proxy};
use ir::expr::MatchMethod;
use ir::id::{LogProfileId, ProxyId, ServerId, TableId};
use ir::spec::RuleSet;
use ir::types::SampleType;

pub use acl::{Acl, Answer, Cond};
pub use expr::Expr;
pub use format::{AliasFn, Escape, Format, Item};
pub use log_profile::{LogProfile, LogStep};
pub use log_routes::{LogOwner, LogRoute, LogRoutes, LogServer, LogWay};
pub use map::Map;
pub use matcher::Matcher;
pub use regex::Regex;
pub use rule::{ActionFn, ActionValue, Args, Outcome, Rule};

use crate::live::Live;
use crate::needs::Needs;
use crate::sample::{ConverterFn, FetchFn, Prepare};

/// The functions behind the ids of the registry, in the registry's order. The binary makes it.
#[derive(Default)]
pub struct Functions {
    pub fetches: Vec<Fetch>,
    pub converters: Vec<Converter>,
    pub actions: Vec<ActionFn>,
    pub token_keys: Option<fn(&Config) -> TokenKeys>,
    /// Log aliases by name, without the percent sign.
    pub aliases: HashMap<&'static str, Alias>,
}

/// What the plan must know of a sample fetch.
#[derive(Clone, Copy)]
pub struct Fetch {
    pub run: FetchFn,
    /// Only streams have its values.
    pub of_stream: bool,
    pub needs: Needs,
}

/// What the plan must know of a log alias.
#[derive(Clone, Copy)]
pub struct Alias {
    pub run: AliasFn,
    pub needs: Needs,
}

/// The keys of tokens, made of what the configuration holds of them. Their form is known to the crate
/// that has the TLS library.
pub type TokenKeys = Box<dyn Any + Send + Sync>;

/// What the plan must know of a converter.
#[derive(Clone, Copy)]
pub struct Converter {
    pub run: ConverterFn,
    /// The type that a value is cast to before.
    pub input: SampleType,
    /// How the keys of its map are compared, for the `map_…` family.
    pub map: Option<MatchMethod>,
    /// The type of what it gives, and so of its map's values.
    pub out: SampleType,
    pub prepare: Option<Prepare>,
}

/// See the module.
#[derive(Debug)]
pub struct Plan {
    pub config: Config,
    pub proxies: Vec<ProxyPlan>,
    /// What formats and fetches ask for.
    pub needs: Needs,
    pub live: Live,
    /// What [`Functions::token_keys`] made.
    pub token_keys: Option<TokenKeys>,
    /// By [`LogProfileId`].
    pub log_profiles: Vec<LogProfile>,
    pub log_routes: LogRoutes,
    /// The maps that scripts made while they were loaded.
    script_maps: Vec<(MatchMethod, Map)>,
}

/// The runnable part of a proxy; its settings are in `config.proxies` at the same index.
#[derive(Debug)]
pub struct ProxyPlan {
    pub id: ProxyId,
    /// By [`RuleSet`].
    pub rules: [Vec<Rule>; RuleSet::COUNT],
    pub switches: Vec<Switch>,
    /// `force-be-switch`
    pub force_switch: Vec<Cond>,
    pub use_servers: Vec<UseServer>,
    /// `force-persist` (true) and `ignore-persist`, in order.
    pub persist_rules: Vec<(bool, Cond)>,
    pub sticks: Vec<Stick>,
    /// The persistence cookie of each server, at the server's index.
    pub server_cookies: Vec<Option<Box<[u8]>>>,
    pub log_format: Format,
    pub log_format_sd: Option<Format>,
    pub error_log_format: Option<Format>,
    pub unique_id_format: Option<Format>,
    pub monitor_fail: Vec<Cond>,
    /// How errors are answered that have no page of their own, by status.
    pub error_replies: Vec<(u16, Rule)>,
    pub forwarded: Option<Forwarded>,
    pub balance: crate::balance::Balance,
    /// The PROXY protocol header that each server gets, at the server's index.
    pub server_proxy: Vec<Option<ProxyHeader>>,
    /// The `sni` expression of each server, at the server's index.
    pub server_sni: Vec<Option<Expr>>,
    /// What keeps connections of each server apart, at the server's index: `pool-conn-name`, or
    /// `sni` without one.
    pub server_names: Vec<Option<Expr>>,
}

/// `option forwarded`: see [`ir::config::Forwarded`].
#[derive(Debug)]
pub struct Forwarded {
    pub proto: bool,
    pub host: ForwardedPart,
    pub by: ForwardedPart,
    pub by_port: ForwardedPart,
    pub client: ForwardedPart,
    pub client_port: ForwardedPart,
}

/// See [`ir::config::ForwardedPart`].
#[derive(Debug)]
pub enum ForwardedPart {
    None,
    Own,
    Expr(Expr),
}

/// What a server's PROXY protocol header says beside the addresses: see [`ir::config::SendProxy`].
#[derive(Debug)]
pub struct ProxyHeader {
    pub settings: ir::config::SendProxy,
    pub ssl_parts: Vec<(u8, Format)>,
    pub tlvs: Vec<(u8, Format)>,
}

/// A `use_backend` line.
#[derive(Debug)]
pub struct Switch {
    pub target: SwitchTarget,
    pub cond: Option<Cond>,
}

#[derive(Debug)]
pub enum SwitchTarget {
    Backend(ProxyId),
    Dynamic(Format),
}

/// A `use-server` line.
#[derive(Debug)]
pub struct UseServer {
    pub target: ServerTarget,
    pub cond: Option<Cond>,
}

#[derive(Debug)]
pub enum ServerTarget {
    Server(ServerId),
    Dynamic(Format),
}

/// A `stick` line: see [`ir::config::Stick`].
#[derive(Debug)]
pub struct Stick {
    pub table: TableId,
    pub expr: Expr,
    pub matches: bool,
    pub stores: bool,
    pub on_response: bool,
    pub cond: Option<Cond>,
}

/// Why a plan cannot be made: a regex that does not compile, a file that changed since the
/// check. The text is a message for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildError(pub String);

impl Plan {
    /// Makes a checked configuration runnable for `threads` workers.
    pub fn build(config: Config, functions: &Functions, threads: usize) -> Result<Self, BuildError> {
        build::plan(config, functions, threads)
    }

    /// The map that a script made of a file, by the name that it gave.
    pub fn script_map(&self, name: &[u8], method: MatchMethod) -> Option<&Map> {
        let path = base::pattern::FileName::parse(name).path;
        let is =
            |(have, map): &&(MatchMethod, Map)| *have == method && *map.reference().identity.path == *path;
        self.script_maps.iter().find(is).map(|(_, map)| map)
    }

    /// The log-profile of a name.
    pub fn log_profile(&self, name: &[u8]) -> Option<LogProfileId> {
        log_profile::profile_named(&self.config, name)
    }

    pub fn proxy(&self, id: ProxyId) -> &ProxyPlan {
        &self.proxies[id.index()]
    }

    pub fn settings(&self, id: ProxyId) -> &Proxy {
        &self.config.proxies[id.index()]
    }
}
