//! From the checked configuration to the plan: ids become functions, regexes are compiled, map
//! files are loaded, casts are put between a fetch and its converters.

use std::cell::Cell;
use std::sync::Arc;

use ir::config::{Config, Proxy};
use ir::expr as checked;
use ir::id::ProxyId;

use super::acl::{AclTest, Term};
use super::expr::Step;
use super::format::Node;
use super::patterns::Lists;
use super::rule::{ActionValue, Args, Rule};
use super::{
    Acl, BuildError, Cond, Converter, Expr, Format, Forwarded, ForwardedPart, Functions, LogProfile,
    LogRoutes, LogStep, Map, Matcher, Plan, ProxyHeader, ProxyPlan, Regex, ServerTarget, Stick, Switch,
    SwitchTarget, UseServer, process_vars,
};
use crate::balance::Balance;
use crate::live::Live;
use crate::needs::Needs;
use crate::sample::Arg;

pub(super) fn plan(mut config: Config, functions: &Functions, threads: usize) -> Result<Plan, BuildError> {
    let lists = Lists::load(&mut config)?;
    let needs = Cell::default();
    let proxies = (0..)
        .map(ProxyId)
        .zip(&config.proxies)
        .map(|(id, settings)| proxy(id, settings, functions, (&config, &lists), &needs))
        .collect::<Result<Vec<_>, _>>()?;
    let log_profiles = log_profiles(functions, (&config, &lists), &needs)?;
    let script_map = |(list, method): &(ir::id::PatternListId, checked::MatchMethod)| {
        let reference = lists.get(*list).ok_or_else(|| unknown("list", list.0))?;
        Ok((*method, Map::new(&lists, reference, *method, ir::types::SampleType::Str)?))
    };
    let script_maps = config.script_maps.iter().map(script_map).collect::<Result<_, BuildError>>()?;
    // The process model computes the limit before it builds the plan; without one there is none.
    let maxconn = config.global.maxconn.unwrap_or(0);
    let mut live = Live::new(&config, maxconn, threads);
    process_vars::fill(&config, &lists, functions, &live.variables)?;
    live.patterns = lists.into_patterns();
    let (log_routes, rings) = LogRoutes::new(&config);
    live.rings = rings;
    // A script may call any fetch.
    let needs = if config.global.lua_loads.is_empty() { needs.get() } else { Needs::ALL };
    let token_keys = functions.token_keys.map(|make| make(&config));
    Ok(Plan { config, proxies, needs, live, token_keys, log_profiles, log_routes, script_maps })
}

/// A value of the global section's `set-var`, in the plan where it is evaluated.
pub(super) fn process_value(
    value: &checked::ActionValue,
    config: &Config,
    lists: &Lists,
    functions: &Functions,
) -> Result<ActionValue, BuildError> {
    let own = config.proxies.first().ok_or_else(|| unknown("proxy", 0))?;
    let needs = &Cell::default();
    Builder { config, lists, own, functions, acls: Vec::new(), needs }.action_value(value)
}

fn proxy(
    id: ProxyId,
    settings: &Proxy,
    functions: &Functions,
    (config, lists): (&Config, &Lists),
    needs: &Cell<Needs>,
) -> Result<ProxyPlan, BuildError> {
    let mut build = Builder { config, lists, own: settings, functions, acls: Vec::new(), needs };
    for acl in &settings.acls {
        let acl = Arc::new(build.acl(acl)?);
        build.acls.push(acl);
    }
    let mut rules: [Vec<Rule>; _] = Default::default();
    for (built, checked) in rules.iter_mut().zip(&settings.rules) {
        *built = checked.iter().map(|rule| build.rule(rule)).collect::<Result<_, _>>()?;
    }
    let persist_rule = |(force, cond): &(bool, checked::Cond)| Ok((*force, build.cond(cond)?));
    let reply = |reply: &ir::config::ErrorReply| Ok((reply.status, build.rule(&reply.rule)?));
    let sni = |server: &ir::config::Server| {
        let sni = server.tls.as_ref().and_then(|tls| tls.sni.as_ref());
        sni.map(|expr| build.expr(expr)).transpose()
    };
    let name = |server: &ir::config::Server| {
        let name = server.pool_conn_name.as_deref();
        name.or(server.tls.as_ref().and_then(|tls| tls.sni.as_ref())).map(|expr| build.expr(expr)).transpose()
    };
    let maybe_format =
        |format: &Option<checked::LogFormat>| format.as_ref().map(|format| build.format(format)).transpose();
    let balance_expr = settings.balance.expr.as_ref().map(|expr| build.expr(expr)).transpose()?;
    Ok(ProxyPlan {
        id,
        force_switch: settings.force_switch.iter().map(|cond| build.cond(cond)).collect::<Result<_, _>>()?,
        switches: settings.switches.iter().map(|switch| build.switch(switch)).collect::<Result<_, _>>()?,
        use_servers: settings
            .use_servers
            .iter()
            .map(|(target, cond)| build.use_server(target, cond))
            .collect::<Result<_, _>>()?,
        persist_rules: settings.persist_rules.iter().map(persist_rule).collect::<Result<_, BuildError>>()?,
        sticks: settings.sticks.iter().map(|stick| build.stick(stick)).collect::<Result<_, _>>()?,
        server_cookies: crate::persist::cookies_of(settings),
        log_format: build.format(&settings.log_format)?,
        log_format_sd: maybe_format(&settings.log_format_sd)?,
        error_log_format: maybe_format(&settings.error_log_format)?,
        unique_id_format: maybe_format(&settings.unique_id_format)?,
        monitor_fail: settings.monitor_fail.iter().map(|cond| build.cond(cond)).collect::<Result<_, _>>()?,
        forwarded: settings.forwarded.as_ref().map(|forwarded| build.forwarded(forwarded)).transpose()?,
        error_replies: settings.error_replies.iter().map(reply).collect::<Result<_, BuildError>>()?,
        server_proxy: settings
            .servers
            .iter()
            .map(|server| build.proxy_header(server))
            .collect::<Result<_, _>>()?,
        server_sni: settings.servers.iter().map(sni).collect::<Result<_, _>>()?,
        server_names: settings.servers.iter().map(name).collect::<Result<_, _>>()?,
        balance: Balance::new(id, settings, balance_expr),
        rules,
    })
}

/// Without a proxy nothing uses them.
fn log_profiles(
    functions: &Functions,
    (config, lists): (&Config, &Lists),
    needs: &Cell<Needs>,
) -> Result<Vec<LogProfile>, BuildError> {
    let Some(own) = config.proxies.first() else { return Ok(Vec::new()) };
    let build = Builder { config, lists, own, functions, acls: Vec::new(), needs };
    let format =
        |format: &Option<checked::LogFormat>| format.as_ref().map(|format| build.format(format)).transpose();
    let profile = |profile: &ir::config::LogProfile| {
        let steps = profile.steps.iter().map(|step| {
            let done = LogStep { drop: step.drop, format: format(&step.format)?, sd: format(&step.sd)? };
            Ok((step.step.as_slice(), done))
        });
        let steps = steps.collect::<Result<_, BuildError>>()?;
        Ok(LogProfile::new(profile.log_tag.as_deref(), steps))
    };
    config.log_profiles.iter().map(profile).collect()
}

/// Makes the parts of one proxy.
struct Builder<'a> {
    functions: &'a Functions,
    config: &'a Config,
    lists: &'a Lists,
    /// The proxy whose parts are made.
    own: &'a Proxy,
    acls: Vec<Arc<Acl>>,
    /// Of everything that was built so far.
    needs: &'a Cell<Needs>,
}

impl Builder<'_> {
    fn need(&self, more: Needs) {
        self.needs.set(self.needs.get().with(more));
    }

    fn acl(&self, acl: &checked::Acl) -> Result<Acl, BuildError> {
        let test = |test: &checked::AclTest| {
            Ok(AclTest { expr: self.expr(&test.expr)?, matcher: Matcher::new(test, self.lists)? })
        };
        let tests = acl.tests.iter().map(test).collect::<Result<_, BuildError>>()?;
        Ok(Acl { name: acl.name.as_slice().into(), tests })
    }

    fn cond(&self, cond: &checked::Cond) -> Result<Cond, BuildError> {
        let term = |term: &checked::CondTerm| {
            let acl = self.acls.get(term.acl.index()).cloned();
            let acl = acl.ok_or_else(|| unknown("ACL", term.acl.0))?;
            Ok(Term { acl, negated: term.negated })
        };
        let all = |terms: &Vec<checked::CondTerm>| terms.iter().map(term).collect::<Result<_, BuildError>>();
        Ok(Cond { unless: cond.unless, any: cond.any.iter().map(all).collect::<Result<_, _>>()? })
    }

    fn maybe_cond(&self, cond: &Option<checked::Cond>) -> Result<Option<Cond>, BuildError> {
        cond.as_ref().map(|cond| self.cond(cond)).transpose()
    }

    fn switch(&self, switch: &ir::config::Switch) -> Result<Switch, BuildError> {
        let target = match &switch.target {
            ir::config::SwitchTarget::Backend(id) => SwitchTarget::Backend(*id),
            ir::config::SwitchTarget::Dynamic(format) => SwitchTarget::Dynamic(self.format(format)?),
        };
        Ok(Switch { target, cond: self.maybe_cond(&switch.cond)? })
    }

    fn rule(&self, rule: &checked::Rule) -> Result<Rule, BuildError> {
        let run = self.functions.actions.get(rule.action.index()).copied();
        let values = |values: &[checked::ActionValue]| {
            values.iter().map(|value| self.action_value(value)).collect::<Result<Vec<_>, _>>()
        };
        let option = |(index, given): &(usize, Vec<_>)| Ok((*index, values(given)?));
        let options = rule.options.iter().map(option).collect::<Result<_, BuildError>>()?;
        Ok(Rule {
            cond: self.maybe_cond(&rule.cond)?,
            run: run.ok_or_else(|| unknown("action", rule.action.0))?,
            args: Args { values: values(&rule.args)?, options },
            place: rule.place,
        })
    }

    fn action_value(&self, value: &checked::ActionValue) -> Result<ActionValue, BuildError> {
        Ok(match value {
            checked::ActionValue::Str(bytes) => ActionValue::Str(bytes.as_slice().into()),
            checked::ActionValue::File(bytes) => ActionValue::File(bytes.as_slice().into()),
            checked::ActionValue::Fmt(format) => ActionValue::Fmt(self.format(format)?),
            checked::ActionValue::Expr(expr) => ActionValue::Expr(self.expr(expr)?),
            checked::ActionValue::Int(number) => ActionValue::Int(*number),
            checked::ActionValue::Time(ms) => ActionValue::Time(*ms),
            checked::ActionValue::Regex { source, ignore_case } => {
                ActionValue::Regex(Regex::new(source, *ignore_case)?)
            }
            checked::ActionValue::Service(id) => ActionValue::Service(*id),
            checked::ActionValue::Var(var) => ActionValue::Var(*var),
            checked::ActionValue::Table(name) => ActionValue::Table(self.table(name)?),
        })
    }

    fn forwarded(&self, forwarded: &ir::config::Forwarded) -> Result<Forwarded, BuildError> {
        let part = |part: &ir::config::ForwardedPart| {
            Ok(match part {
                ir::config::ForwardedPart::None => ForwardedPart::None,
                ir::config::ForwardedPart::Own => ForwardedPart::Own,
                ir::config::ForwardedPart::Expr(expr) => ForwardedPart::Expr(self.expr(expr)?),
            })
        };
        Ok(Forwarded {
            proto: forwarded.proto,
            host: part(&forwarded.host)?,
            by: part(&forwarded.by)?,
            by_port: part(&forwarded.by_port)?,
            client: part(&forwarded.client)?,
            client_port: part(&forwarded.client_port)?,
        })
    }

    fn proxy_header(&self, server: &ir::config::Server) -> Result<Option<ProxyHeader>, BuildError> {
        let settings = &server.send_proxy;
        let formats = |formats: &[(u8, checked::LogFormat)]| {
            formats
                .iter()
                .map(|(kind, format)| Ok((*kind, self.format(format)?)))
                .collect::<Result<_, BuildError>>()
        };
        let header = || {
            let (ssl_parts, tlvs) = (formats(&settings.ssl_parts)?, formats(&settings.tlvs)?);
            Ok(ProxyHeader { settings: settings.clone(), ssl_parts, tlvs })
        };
        settings.is_on().then(header).transpose()
    }

    fn use_server(
        &self,
        target: &ir::config::ServerTarget,
        cond: &Option<checked::Cond>,
    ) -> Result<UseServer, BuildError> {
        let target = match target {
            ir::config::ServerTarget::Server(server) => ServerTarget::Server(*server),
            ir::config::ServerTarget::Dynamic(format) => ServerTarget::Dynamic(self.format(format)?),
        };
        Ok(UseServer { target, cond: self.maybe_cond(cond)? })
    }

    fn stick(&self, stick: &ir::config::Stick) -> Result<Stick, BuildError> {
        Ok(Stick {
            table: stick.table,
            expr: self.expr(&stick.expr)?,
            matches: stick.matches,
            stores: stick.stores,
            on_response: stick.on_response,
            cond: self.maybe_cond(&stick.cond)?,
        })
    }

    /// The stick table of a name, or the proxy's own.
    fn table(&self, name: &[u8]) -> Result<ir::id::TableId, BuildError> {
        let name = if name.is_empty() { &self.own.name } else { name };
        let found = self.config.stick_tables.iter().position(|table| table.name == *name);
        let id = found.and_then(|index| u32::try_from(index).ok()).map(ir::id::TableId);
        id.ok_or_else(|| BuildError(format!("unable to find table '{}'", String::from_utf8_lossy(name))))
    }

    fn format(&self, format: &checked::LogFormat) -> Result<Format, BuildError> {
        let nodes = format.nodes.iter().map(|node| self.node(node)).collect::<Result<_, _>>()?;
        let checked::LogFormat { encoding, binary, .. } = *format;
        Ok(Format { nodes, encoding, binary, text: format.text.as_slice().into() })
    }

    fn node(&self, node: &checked::FormatNode) -> Result<Node, BuildError> {
        Ok(match node {
            checked::FormatNode::Text(text) => Node::Text(text.as_slice().into()),
            checked::FormatNode::Space => Node::Space,
            checked::FormatNode::Alias { name, key, flags } => {
                let alias = self.functions.aliases.get(name).copied();
                let alias = alias.ok_or_else(|| BuildError(format!("unknown log alias '%{name}'")))?;
                self.need(alias.needs);
                Node::Alias(alias.run, key.as_slice().into(), *flags)
            }
            checked::FormatNode::Expr { expr, key, flags } => {
                Node::Expr(self.expr(expr)?, key.as_slice().into(), *flags)
            }
        })
    }

    fn expr(&self, expr: &checked::Expr) -> Result<Expr, BuildError> {
        let fetch = self.functions.fetches.get(expr.fetch.index()).copied();
        let fetch = fetch.ok_or_else(|| unknown("sample fetch", expr.fetch.0))?;
        self.need(fetch.needs);
        let mut steps = Vec::new();
        for (id, args) in &expr.converters {
            let converter = self.functions.converters.get(id.index());
            let converter = converter.ok_or_else(|| unknown("converter", id.0))?;
            if converter.input != ir::types::SampleType::Any {
                steps.push(Step::Cast(converter.input));
            }
            let args = args.iter().map(|arg| self.arg(arg, Some(converter)));
            let mut args = args.collect::<Result<Vec<_>, _>>()?;
            if let Some(prepare) = converter.prepare {
                prepare(self.config, &mut args).map_err(BuildError)?;
            }
            steps.push(Step::Convert(converter.run, args));
        }
        let args = expr.args.iter().map(|arg| self.arg(arg, None)).collect::<Result<_, _>>()?;
        Ok(Expr {
            fetch: fetch.run,
            of_stream: fetch.of_stream,
            args,
            steps,
            text: expr.text.as_slice().into(),
        })
    }

    /// Only ACLs that are already built are found, so that none can refer to itself.
    fn acl_by_name(&self, text: &[u8]) -> Result<Arg, BuildError> {
        let name = text.strip_prefix(b"!").unwrap_or(text);
        let acl = self.acls.iter().find(|acl| *acl.name == *name);
        let acl =
            acl.ok_or_else(|| BuildError(format!("ACL '{}' not found", String::from_utf8_lossy(name))))?;
        Ok(Arg::Acl(acl.clone(), name.len() < text.len()))
    }

    /// The converter, where it is one's argument, says how a map is read.
    fn arg(&self, arg: &checked::Arg, converter: Option<&Converter>) -> Result<Arg, BuildError> {
        Ok(match arg {
            checked::Arg::Stop => Arg::Stop,
            checked::Arg::Sint(number) => Arg::Sint(*number),
            checked::Arg::Str(bytes) => Arg::Str(bytes.as_slice().into()),
            checked::Arg::Ipv4(address) => Arg::Ipv4(*address),
            checked::Arg::Ipv6(address) => Arg::Ipv6(*address),
            checked::Arg::Mask4(mask) => Arg::Mask4(*mask),
            checked::Arg::Mask6(mask) => Arg::Mask6(*mask),
            checked::Arg::Time(ms) => Arg::Time(*ms),
            checked::Arg::Size(bytes) => Arg::Size(*bytes),
            checked::Arg::Proxy(id) => Arg::Proxy(*id),
            checked::Arg::Server(proxy, server) => Arg::Server(*proxy, *server),
            checked::Arg::Table(id) => Arg::Table(*id),
            checked::Arg::Userlist(id) => Arg::Userlist(*id),
            checked::Arg::Var(var) => Arg::Var(*var),
            checked::Arg::Regex(source, ignore_case) => Arg::Regex(Regex::new(source, *ignore_case)?),
            checked::Arg::Map(name) => {
                let shown = || BuildError(format!("map '{}' not found", String::from_utf8_lossy(name)));
                let reference = self.lists.by_name(name).ok_or_else(shown)?;
                let converter = converter.ok_or_else(shown)?;
                let method = converter.map.unwrap_or(checked::MatchMethod::Str);
                Arg::Map(Box::new(Map::new(self.lists, reference, method, converter.out)?))
            }
            checked::Arg::Acl(name) => self.acl_by_name(name)?,
        })
    }
}

/// The registry and the configuration were not made for each other.
fn unknown(what: &str, id: u32) -> BuildError {
    BuildError(format!("internal error: {what} number {id} does not exist"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn what_expressions_need_adds_up() {
        let functions = Functions {
            fetches: [Needs::SERVER_ADDRESSES, Needs::client(crate::TlsParts::KEYS), Needs::SERVER_TCP_INFO]
                .map(|needs| super::super::Fetch {
                    run: |_, _, _| Err(crate::Missing::Absent),
                    of_stream: false,
                    needs,
                })
                .into(),
            ..Functions::default()
        };
        let node = |id| {
            let text = Vec::new();
            let (args, converters, out) = (Vec::new(), Vec::new(), ir::types::SampleType::Str);
            let expr = checked::Expr { fetch: ir::id::FetchId(id), args, converters, out, text };
            checked::FormatNode::Expr { expr, key: Vec::new(), flags: Default::default() }
        };
        let plan = |ids: &[u32], has_scripts: bool| {
            let mut config = testing::config();
            config.proxies[0].log_format.nodes = ids.iter().map(|id| node(*id)).collect();
            if has_scripts {
                let load = ir::config::LuaLoad { file: Vec::new(), args: Vec::new(), per_thread: false };
                config.global.lua_loads.push(load);
            }
            Plan::build(config, &functions, 1).expect("plan").needs
        };
        assert_eq!(plan(&[], false), Needs::NONE);
        let both = Needs::SERVER_ADDRESSES.with(Needs::client(crate::TlsParts::KEYS));
        assert_eq!(plan(&[1, 0], false), both);
        assert_eq!(plan(&[], true), Needs::ALL);
    }

    #[test]
    fn unknown_ids_are_errors() {
        let mut config = testing::config();
        let rule = checked::Rule {
            action: ir::id::ActionId(3),
            args: Vec::new(),
            options: Vec::new(),
            cond: None,
            place: Default::default(),
        };
        config.proxies[0].rules[ir::spec::RuleSet::HttpRequest as usize].push(rule);
        let error = Plan::build(config, &Functions::default(), 1).map(|_| ()).expect_err("no such action");
        assert_eq!(error.0, "internal error: action number 3 does not exist");
    }
}
