//! What expressions and rules may name. The binary builds it out of the slices of the crates
//! that bring the functions; Lua adds names while the configuration is read. An id is an index
//! into a vector here, and into the vector of functions that the plan gets.

use std::collections::HashMap;

use ir::id::{ActionId, ConverterId, FetchId};
use ir::sources::Sources;
use ir::spec::{
    AclAlias, ActionArg, ActionSpec, ArgList, ArgType, ConverterSpec, FetchSpec, LogAliasSpec, RuleSet,
    Support,
};
use ir::types::SampleType;

use crate::loader::LuaNames;

/// All rows by kind.
#[derive(Default)]
pub struct Registry {
    fetches: Rows<FetchSpec>,
    converters: Rows<ConverterSpec>,
    actions: Rows<ActionSpec>,
    aliases: Rows<AclAlias>,
    log_aliases: Rows<LogAliasSpec>,
    /// `prometheus-exporter` and its like, then what Lua registers; with whether they serve TCP.
    services: Vec<(String, bool)>,
    /// Filters of Lua files, as `lua.name`.
    lua_filters: Vec<String>,
}

/// The rows of one kind, in order and by name.
struct Rows<T: 'static> {
    list: Vec<&'static T>,
    /// Indexes into the list; actions of several rule sets may share a name.
    named: HashMap<&'static str, Vec<u32>>,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self { list: Vec::new(), named: HashMap::new() }
    }
}

impl<T> Rows<T> {
    fn new(rows: Vec<&'static T>, name: fn(&T) -> &'static str) -> Self {
        let mut done = Self::default();
        rows.into_iter().for_each(|row| done.push(name(row), row));
        done
    }

    fn push(&mut self, name: &'static str, row: &'static T) {
        let id = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.named.entry(name).or_default().push(id);
        self.list.push(row);
    }

    /// The rows of a name with their ids.
    fn named(&self, name: &[u8]) -> impl Iterator<Item = (u32, &'static T)> {
        let ids = std::str::from_utf8(name).ok().and_then(|name| self.named.get(name));
        ids.into_iter().flatten().filter_map(|id| Some((*id, *self.list.get(*id as usize)?)))
    }
}

impl Registry {
    pub fn new(
        fetches: Vec<&'static FetchSpec>,
        converters: Vec<&'static ConverterSpec>,
        actions: Vec<&'static ActionSpec>,
        aliases: Vec<&'static AclAlias>,
        services: &[&str],
    ) -> Self {
        let services = services.iter().map(|name| ((*name).to_owned(), false)).collect();
        Self {
            fetches: Rows::new(fetches, |spec| spec.name),
            converters: Rows::new(converters, |spec| spec.name),
            actions: Rows::new(actions, |spec| spec.name),
            aliases: Rows::new(aliases, |alias| alias.name),
            log_aliases: Rows::default(),
            services,
            lua_filters: Vec::new(),
        }
    }

    /// The same with the aliases of log-formats.
    pub fn with_log_aliases(self, rows: Vec<&'static LogAliasSpec>) -> Self {
        Self { log_aliases: Rows::new(rows, |alias| alias.name), ..self }
    }

    pub fn fetches(&self) -> &[&'static FetchSpec] {
        &self.fetches.list
    }

    pub fn converters(&self) -> &[&'static ConverterSpec] {
        &self.converters.list
    }

    pub fn actions(&self) -> &[&'static ActionSpec] {
        &self.actions.list
    }

    pub fn aliases(&self) -> &[&'static AclAlias] {
        &self.aliases.list
    }

    pub fn log_aliases(&self) -> &[&'static LogAliasSpec] {
        &self.log_aliases.list
    }

    /// The filters that Lua files registered, as `lua.name`.
    pub fn lua_filters(&self) -> &[String] {
        &self.lua_filters
    }

    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.services.iter().map(|(name, _)| name.as_str())
    }

    pub fn fetch(&self, name: &[u8]) -> Option<(FetchId, &'static FetchSpec)> {
        self.fetches.named(name).next().map(|(id, spec)| (FetchId(id), spec))
    }

    pub fn converter(&self, name: &[u8]) -> Option<(ConverterId, &'static ConverterSpec)> {
        self.converters.named(name).next().map(|(id, spec)| (ConverterId(id), spec))
    }

    /// The action of that name in a rule set.
    pub fn action(&self, name: &[u8], set: RuleSet) -> Option<(ActionId, &'static ActionSpec)> {
        let found = self.actions.named(name).find(|(_, spec)| spec.sets & set.bit() != 0);
        found.map(|(id, spec)| (ActionId(id), spec))
    }

    /// The actions of a rule set, as messages list them.
    pub fn actions_in(&self, set: RuleSet) -> impl Iterator<Item = &'static ActionSpec> {
        self.actions.list.iter().copied().filter(move |spec| spec.sets & set.bit() != 0)
    }

    pub fn alias(&self, name: &[u8]) -> Option<&'static AclAlias> {
        self.aliases.named(name).next().map(|(_, alias)| alias)
    }

    /// By the name without its percent sign.
    pub fn log_alias(&self, name: &[u8]) -> Option<&'static LogAliasSpec> {
        self.log_aliases.named(name).next().map(|(_, alias)| alias)
    }

    /// Whether the service of that name serves TCP; `None`: there is none.
    pub fn serves_tcp(&self, name: &[u8]) -> Option<bool> {
        self.services.iter().find(|(have, _)| have.as_bytes() == name).map(|(_, tcp)| *tcp)
    }

    /// Adds what a Lua file registered. A name that is there already is kept: the functions of
    /// both are the host's to tell apart.
    ///
    /// Rows are `'static`: they live as long as the process, which reads its configuration once.
    pub fn add_lua(&mut self, names: LuaNames) {
        for (name, tcp) in names.services {
            if self.serves_tcp(name.as_bytes()).is_none() {
                self.services.push((name, tcp));
            }
        }
        for name in names.filters {
            if !self.lua_filters.contains(&name) {
                self.lua_filters.push(name);
            }
        }
        for name in names.fetches {
            if self.fetch(name.as_bytes()).is_none() {
                let name = leak(name);
                self.fetches.push(name, Box::leak(Box::new(lua_fetch(name))));
            }
        }
        for name in names.converters {
            if self.converter(name.as_bytes()).is_none() {
                let name = leak(name);
                self.converters.push(name, Box::leak(Box::new(lua_converter(name))));
            }
        }
        for (name, sets, args) in names.actions {
            if !self.actions.named(name.as_bytes()).any(|(_, spec)| spec.sets & sets != 0) {
                let name = leak(name);
                self.actions.push(name, Box::leak(Box::new(lua_action(name, sets, args))));
            }
        }
    }
}

fn leak(name: String) -> &'static str {
    Box::leak(name.into_boxed_str())
}

const LUA_ARGS: ArgList = ArgList::new(0, &[ArgType::Str; 12]);

fn lua_fetch(name: &'static str) -> FetchSpec {
    FetchSpec {
        name,
        doc: "Registered by a Lua file.",
        args: LUA_ARGS,
        out: SampleType::Str,
        uses: Sources::HTTP,
        contexts: Sources::HTTP.contexts(),
        check: None,
        support: Support::Full,
    }
}

fn lua_converter(name: &'static str) -> ConverterSpec {
    ConverterSpec {
        name,
        doc: "Registered by a Lua file.",
        args: LUA_ARGS,
        input: SampleType::Str,
        out: SampleType::Str,
        check: None,
        map: None,
        support: Support::Full,
    }
}

fn lua_action(name: &'static str, sets: u16, args: usize) -> ActionSpec {
    ActionSpec {
        name,
        doc: "Registered by a Lua file.",
        sets,
        paren: None,
        args: Box::leak(vec![ActionArg::Str; args].into_boxed_slice()),
        options: &[],
        is_final: false,
        unlisted: 0,
        support: Support::Full,
    }
}
