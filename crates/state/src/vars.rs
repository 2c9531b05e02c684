//! Variables of the process, a session or a stream (manual, section 2.8).

use ir::expr::{Var, VarScope};

use crate::sample::{OwnedValue, Value};
use crate::stream::Stream;

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

    /// All variables, in the order of their first setting.
    pub fn iter(&self) -> impl Iterator<Item = (Var, &OwnedValue)> {
        self.entries.iter().map(|(var, value)| (*var, value))
    }

    /// Forgets the variables of one scope.
    pub fn clear_scope(&mut self, scope: VarScope) {
        self.entries.retain(|(have, _)| have.scope != scope);
    }

    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

impl Stream {
    /// The value of a variable of any scope, copied out of its owner.
    pub fn variable(&self, var: Var) -> Option<Value<'_>> {
        match var.scope {
            VarScope::Proc => self.plan.live.variables.get(var, |value| self.keep(value)),
            VarScope::Sess => self.session.vars.borrow().get(var).map(|value| self.keep(value)),
            _ => self.vars.borrow().get(var).map(|value| self.keep(value)),
        }
    }

    pub fn set_variable(&self, var: Var, value: OwnedValue) {
        match var.scope {
            VarScope::Proc => self.plan.live.variables.set(var, value),
            VarScope::Sess => self.session.vars.borrow_mut().set(var, value),
            VarScope::Req if self.has_response_vars => {}
            VarScope::Res if !self.has_response_vars => {}
            _ => self.vars.borrow_mut().set(var, value),
        }
    }

    /// The request goes to its server or service: variables of scope `req` end, those of scope
    /// `res` can be set from here on.
    pub fn end_request_vars(&mut self) {
        self.has_response_vars = true;
        self.vars.get_mut().clear_scope(VarScope::Req);
    }

    /// Sets a variable where all conditions of `set-var` hold (manual, section 7.3.1): `ifempty`
    /// and `ifnotempty` are about the new value, the others about the old one. An unknown
    /// condition, which the checker excludes, holds.
    pub fn set_variable_if<'c>(
        &self,
        var: Var,
        value: Value<'_>,
        mut conditions: impl Iterator<Item = &'c [u8]>,
    ) {
        let old = self.variable(var);
        let text = match value {
            Value::Str(bytes) | Value::Bin(bytes) => Some(bytes),
            _ => None,
        };
        let numbers = match (old, value) {
            (Some(Value::Sint(old)), Value::Sint(new)) => Some((old, new)),
            _ => None,
        };
        let holds = conditions.all(|condition| match condition {
            b"ifexists" | b"ifset" => old.is_some(),
            b"ifnotexists" | b"ifnotset" => old.is_none(),
            b"ifempty" => text.is_some_and(<[u8]>::is_empty),
            b"ifnotempty" => text.is_none_or(|text| !text.is_empty()),
            b"ifgt" => numbers.is_none_or(|(old, new)| old > new),
            b"iflt" => numbers.is_none_or(|(old, new)| old < new),
            _ => true,
        });
        if holds {
            self.set_variable(var, value.into());
        }
    }

    /// Shows `f` all variables of a scope.
    pub fn each_variable(&self, scope: VarScope, mut f: impl FnMut(Var, &OwnedValue)) {
        let mut show = |vars: &Vars| {
            vars.iter().filter(|(var, _)| var.scope == scope).for_each(|(var, value)| f(var, value));
        };
        match scope {
            VarScope::Proc => self.plan.live.variables.read(show),
            VarScope::Sess => show(&self.session.vars.borrow()),
            _ => show(&self.vars.borrow()),
        }
    }

    pub fn unset_variable(&self, var: Var) {
        match var.scope {
            VarScope::Proc => self.plan.live.variables.unset(var),
            VarScope::Sess => self.session.vars.borrow_mut().unset(var),
            _ => self.vars.borrow_mut().unset(var),
        }
    }

    /// A copy whose bytes live as long as the stream.
    fn keep(&self, value: &OwnedValue) -> Value<'_> {
        match value.as_value() {
            Value::Str(bytes) => Value::Str(self.arena.alloc_slice_copy(bytes)),
            Value::Bin(bytes) => Value::Bin(self.arena.alloc_slice_copy(bytes)),
            Value::Meth(bytes) => Value::Meth(self.arena.alloc_slice_copy(bytes)),
            Value::Bool(value) => Value::Bool(value),
            Value::Sint(number) => Value::Sint(number),
            Value::Ipv4(address) => Value::Ipv4(address),
            Value::Ipv6(address) => Value::Ipv6(address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn scopes_are_apart() {
        let stream = testing::stream("");
        let var = |scope| Var { scope, id: ir::id::VarId(0) };
        for (number, scope) in
            [VarScope::Proc, VarScope::Sess, VarScope::Txn, VarScope::Req].into_iter().enumerate()
        {
            assert_eq!(stream.variable(var(scope)), None);
            stream.set_variable(var(scope), OwnedValue::Sint(number as i64));
        }
        assert_eq!(stream.variable(var(VarScope::Proc)), Some(Value::Sint(0)));
        assert_eq!(stream.variable(var(VarScope::Txn)), Some(Value::Sint(2)));
        stream.unset_variable(var(VarScope::Sess));
        assert_eq!(stream.variable(var(VarScope::Sess)), None);
        assert_eq!(stream.variable(var(VarScope::Req)), Some(Value::Sint(3)));
        stream.set_variable(var(VarScope::Req), OwnedValue::Str(b"x".to_vec()));
        assert_eq!(stream.variable(var(VarScope::Req)), Some(Value::Str(b"x")));
    }

    #[test]
    fn conditions() {
        let check = |old: Option<i64>, new: Value, conditions: &[&str], expected: bool| {
            let stream = testing::stream("");
            let var = Var { scope: VarScope::Txn, id: ir::id::VarId(0) };
            if let Some(old) = old {
                stream.set_variable(var, OwnedValue::Sint(old));
            }
            stream.set_variable_if(var, new, conditions.iter().map(|condition| condition.as_bytes()));
            assert_eq!(stream.variable(var) == Some(new), expected, "{old:?} {new:?} {conditions:?}");
        };
        let (empty, text) = (Value::Str(b""), Value::Str(b"a"));
        check(None, text, &[], true);
        check(None, text, &["ifexists"], false);
        check(Some(1), text, &["ifexists"], true);
        check(Some(1), text, &["ifnotexists"], false);
        check(Some(1), text, &["ifset", "ifnotempty"], true);
        check(None, text, &["ifnotset", "ifempty"], false);
        check(None, empty, &["ifempty"], true);
        check(None, empty, &["ifnotempty"], false);
        check(None, Value::Sint(0), &["ifempty"], false);
        check(None, Value::Sint(0), &["ifnotempty"], true);
        check(Some(5), Value::Sint(4), &["ifgt"], true);
        check(Some(5), Value::Sint(6), &["ifgt"], false);
        check(Some(5), Value::Sint(6), &["iflt"], true);
        check(None, Value::Sint(6), &["iflt"], true);
    }
}
