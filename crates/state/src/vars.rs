//! Variables of a session or a stream (manual, section 2.8).

use ir::expr::{Var, VarScope};

use crate::sample::OwnedValue;

/// A few variables in the order of their first setting: a scan beats a map at this size.
#[derive(Debug, Default)]
pub struct Vars {
    entries: Vec<(Var, OwnedValue)>,
}

impl Vars {
    pub fn get(&self, var: Var) -> Option<&OwnedValue> {
        self.entries.iter().find(|(have, _)| *have == var).map(|(_, value)| value)
    }

    pub fn set(&mut self, var: Var, value: OwnedValue) {
        match self.entries.iter_mut().find(|(have, _)| *have == var) {
            Some((_, slot)) => *slot = value,
            None => self.entries.push((var, value)),
        }
    }

    pub fn unset(&mut self, var: Var) {
        self.entries.retain(|(have, _)| *have != var);
    }

    /// Forgets the variables of one scope.
    pub fn clear_scope(&mut self, scope: VarScope) {
        self.entries.retain(|(have, _)| have.scope != scope);
    }

    pub fn clear(&mut self) {
        self.entries.clear();
    }
}
