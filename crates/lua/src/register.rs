//! What scripts registered: the names that the checker adds to the registry.

/// What a service is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Http,
    Tcp,
}

/// `core.register_service`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Without `lua.`.
    pub name: String,
    pub mode: Mode,
}

/// `core.register_action`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Without `lua.`.
    pub name: String,
    /// Bits of [`ir::spec::RuleSet::bit`].
    pub sets: u16,
    /// How many words follow the action's name.
    pub args: usize,
    /// What the host calls it by: the number in `Outcome::Lua`.
    pub id: u32,
}

/// All that one script registered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registered {
    pub services: Vec<Service>,
    pub actions: Vec<Action>,
    /// Names without `lua.`.
    pub fetches: Vec<String>,
    /// Names without `lua.`.
    pub converters: Vec<String>,
    /// The words of each `core.register_cli` command.
    pub commands: Vec<Vec<String>>,
    /// How many functions `core.register_init` got.
    pub inits: usize,
    /// How many tasks wait for the start.
    pub tasks: usize,
}
