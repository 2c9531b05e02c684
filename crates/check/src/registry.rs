//! What expressions and rules may name. The binary builds it out of the slices of the crates
//! that bring the functions; Lua adds names while the configuration is read. An id is an index
//! into a vector here, and into the vector of functions that the plan gets.

use ir::id::{ActionId, ConverterId, FetchId};
use ir::spec::{
    AclAlias, ActionArg, ActionSpec, ArgList, ArgType, Contexts, ConverterSpec, FetchSpec, RuleSet, Support,
};
use ir::types::SampleType;

use crate::loader::LuaNames;

/// All rows by kind.
#[derive(Default)]
pub struct Registry {
    fetches: Vec<&'static FetchSpec>,
    converters: Vec<&'static ConverterSpec>,
    actions: Vec<&'static ActionSpec>,
    aliases: Vec<&'static AclAlias>,
    /// `prometheus-exporter` and its like, then what Lua registers.
    services: Vec<String>,
}

impl Registry {
    pub fn new(
        fetches: Vec<&'static FetchSpec>,
        converters: Vec<&'static ConverterSpec>,
        actions: Vec<&'static ActionSpec>,
        aliases: Vec<&'static AclAlias>,
        services: &[&str],
    ) -> Self {
        let services = services.iter().map(|name| (*name).to_owned()).collect();
        Self { fetches, converters, actions, aliases, services }
    }

    pub fn fetches(&self) -> &[&'static FetchSpec] {
        &self.fetches
    }

    pub fn converters(&self) -> &[&'static ConverterSpec] {
        &self.converters
    }

    pub fn actions(&self) -> &[&'static ActionSpec] {
        &self.actions
    }

    pub fn aliases(&self) -> &[&'static AclAlias] {
        &self.aliases
    }

    pub fn services(&self) -> &[String] {
        &self.services
    }

    pub fn fetch(&self, name: &[u8]) -> Option<(FetchId, &'static FetchSpec)> {
        let index = self.fetches.iter().position(|spec| spec.name.as_bytes() == name)?;
        Some((FetchId(id(index)), self.fetches[index]))
    }

    pub fn converter(&self, name: &[u8]) -> Option<(ConverterId, &'static ConverterSpec)> {
        let index = self.converters.iter().position(|spec| spec.name.as_bytes() == name)?;
        Some((ConverterId(id(index)), self.converters[index]))
    }

    /// The action of that name in a rule set.
    pub fn action(&self, name: &[u8], set: RuleSet) -> Option<(ActionId, &'static ActionSpec)> {
        let is_it = |spec: &&&'static ActionSpec| spec.sets & set.bit() != 0 && spec.name.as_bytes() == name;
        let (index, spec) = self.actions.iter().enumerate().find(|(_, spec)| is_it(spec))?;
        Some((ActionId(id(index)), spec))
    }

    /// The actions of a rule set, as messages list them.
    pub fn actions_in(&self, set: RuleSet) -> impl Iterator<Item = &'static ActionSpec> {
        self.actions.iter().copied().filter(move |spec| spec.sets & set.bit() != 0)
    }

    pub fn alias(&self, name: &[u8]) -> Option<&'static AclAlias> {
        self.aliases.iter().copied().find(|alias| alias.name.as_bytes() == name)
    }

    pub fn has_service(&self, name: &[u8]) -> bool {
        self.services.iter().any(|service| service.as_bytes() == name)
    }

    /// Adds what a Lua file registered. A name that is there already is kept: the functions of
    /// both are the host's to tell apart.
    ///
    /// Rows are `'static`: they live as long as the process, which reads its configuration once.
    pub fn add_lua(&mut self, names: LuaNames) {
        for name in names.services {
            if !self.has_service(name.as_bytes()) {
                self.services.push(name);
            }
        }
        for name in names.fetches {
            if self.fetch(name.as_bytes()).is_none() {
                self.fetches.push(Box::leak(Box::new(lua_fetch(leak(name)))));
            }
        }
        for name in names.converters {
            if self.converter(name.as_bytes()).is_none() {
                self.converters.push(Box::leak(Box::new(lua_converter(leak(name)))));
            }
        }
        for (name, sets, args) in names.actions {
            if !self.actions.iter().any(|spec| spec.name == name && spec.sets & sets != 0) {
                self.actions.push(Box::leak(Box::new(lua_action(leak(name), sets, args))));
            }
        }
    }
}

fn id(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
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
        contexts: Contexts::ALL,
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
        support: Support::Full,
    }
}
