//! Variables of scope `proc`, which all threads share. Only rules that name one take the lock,
//! and it is held for a copy.

use std::sync::RwLock;
use std::sync::atomic::{AtomicI64, Ordering};

use ir::expr::Var;

use crate::sample::{OwnedValue, Value};
use crate::vars::{Conditions, Vars};

/// See the module.
#[derive(Debug, Default)]
pub struct Variables {
    vars: RwLock<Vars>,
    /// Bytes of the variables of all scopes, where there are limits.
    memory: AtomicI64,
}

impl Variables {
    /// What `f` makes of the variable's value.
    pub fn get<R>(&self, var: Var, f: impl FnOnce(&OwnedValue) -> R) -> Option<R> {
        self.vars.read().unwrap_or_else(|poisoned| poisoned.into_inner()).get(var).map(f)
    }

    /// Shows `f` all of them.
    pub fn read(&self, f: impl FnOnce(&Vars)) {
        f(&self.vars.read().unwrap_or_else(|poisoned| poisoned.into_inner()));
    }

    /// Makes one exist, without a value.
    pub fn declare(&self, var: Var) {
        self.vars.write().unwrap_or_else(|poisoned| poisoned.into_inner()).declare(var);
    }

    /// See [`Vars::set`].
    pub fn set(
        &self,
        var: Var,
        value: Value<'_>,
        conditions: Conditions,
        charge: impl Fn(i64) -> bool,
    ) -> bool {
        let mut vars = self.vars.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        vars.set(var, value, conditions, charge)
    }

    /// See [`Vars::unset`].
    pub fn unset(&self, var: Var) -> i64 {
        self.vars.write().unwrap_or_else(|poisoned| poisoned.into_inner()).unset(var)
    }

    pub fn memory(&self) -> i64 {
        self.memory.load(Ordering::Relaxed)
    }

    /// Counts memory; it may be given back.
    pub fn charge(&self, size: i64) {
        self.memory.fetch_add(size, Ordering::Relaxed);
    }
}
