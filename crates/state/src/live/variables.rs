//! Variables of scope `proc`, which all threads share. Only rules that name one take the lock,
//! and it is held for a copy.

use std::sync::RwLock;

use ir::expr::Var;

use crate::sample::OwnedValue;
use crate::vars::Vars;

/// See the module.
#[derive(Debug, Default)]
pub struct Variables(RwLock<Vars>);

impl Variables {
    /// What `f` makes of the variable's value.
    pub fn get<R>(&self, var: Var, f: impl FnOnce(&OwnedValue) -> R) -> Option<R> {
        self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner()).get(var).map(f)
    }

    /// Shows `f` all of them.
    pub fn read(&self, f: impl FnOnce(&Vars)) {
        f(&self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner()));
    }

    pub fn set(&self, var: Var, value: OwnedValue) {
        self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner()).set(var, value);
    }

    pub fn unset(&self, var: Var) {
        self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner()).unset(var);
    }
}
