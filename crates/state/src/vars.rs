//! Variables of the process, a session or a stream (manual, section 2.8), and the memory that
//! `tune.vars.*` leaves them.

use ir::expr::{Var, VarScope};
use ir::spec::RuleSet;

use crate::sample::{OwnedValue, Value};
use crate::session::Session;
use crate::stream::Stream;

/// What a variable counts for beside the bytes of its text, as in HAProxy.
pub(crate) const VARIABLE: i64 = 88;
/// Buffers of forgotten texts that are kept for new ones, and the greatest of them.
const SPARE: usize = 16;
const SPARE_SIZE: usize = 4096;

/// When a variable is set: the words behind its name in `set-var`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conditions(u8);

impl Conditions {
    const IF_EXISTS: u8 = 1;
    const IF_NOT_EXISTS: u8 = 2;
    const IF_EMPTY: u8 = 4;
    const IF_NOT_EMPTY: u8 = 8;
    const IF_SET: u8 = 16;
    const IF_NOT_SET: u8 = 32;
    const IF_GREATER: u8 = 64;
    const IF_LESS: u8 = 128;

    /// All of these words; an unknown one, which the checker excludes, is none.
    pub fn of<'c>(words: impl Iterator<Item = &'c [u8]>) -> Self {
        Self(words.fold(0, |bits, word| {
            bits | match word {
                b"ifexists" => Self::IF_EXISTS,
                b"ifnotexists" => Self::IF_NOT_EXISTS,
                b"ifempty" => Self::IF_EMPTY,
                b"ifnotempty" => Self::IF_NOT_EMPTY,
                b"ifset" => Self::IF_SET,
                b"ifnotset" => Self::IF_NOT_SET,
                b"ifgt" => Self::IF_GREATER,
                b"iflt" => Self::IF_LESS,
                _ => 0,
            }
        }))
    }

    const fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }

    /// Those about the variable's value and the new one. `ifgt` and `iflt` compare numbers alone.
    fn hold(self, old: Option<&OwnedValue>, new: Value<'_>) -> bool {
        let text = match new {
            Value::Str(bytes) | Value::Bin(bytes) => Some(bytes),
            _ => None,
        };
        let by_number = match (old, new) {
            (Some(OwnedValue::Sint(old)), Value::Sint(new)) => {
                (!self.has(Self::IF_GREATER) || *old > new) && (!self.has(Self::IF_LESS) || *old < new)
            }
            _ => true,
        };
        (!self.has(Self::IF_SET) || old.is_some())
            && (!self.has(Self::IF_NOT_SET) || old.is_none())
            && (!self.has(Self::IF_EMPTY) || text.is_some_and(<[u8]>::is_empty))
            && (!self.has(Self::IF_NOT_EMPTY) || text.is_none_or(|text| !text.is_empty()))
            && by_number
    }
}

/// A few variables in the order of their first setting: a scan beats a map at this size.
#[derive(Debug, Default)]
pub struct Vars {
    entries: Vec<Entry>,
    spare: Vec<Vec<u8>>,
}

/// A variable that exists: without a value it was never set, or forgotten.
#[derive(Debug)]
struct Entry {
    var: Var,
    value: Option<OwnedValue>,
}

impl Vars {
    pub fn get(&self, var: Var) -> Option<&OwnedValue> {
        self.entries.iter().find(|entry| entry.var == var)?.value.as_ref()
    }

    /// Makes a variable exist, without a value.
    pub fn declare(&mut self, var: Var) {
        if self.entries.iter().all(|entry| entry.var != var) {
            self.entries.push(Entry { var, value: None });
        }
    }

    /// Sets a variable where the conditions hold. `charge` takes or gives back memory and says
    /// whether there was enough; a text for which there is none leaves `false` behind.
    pub fn set(
        &mut self,
        var: Var,
        value: Value<'_>,
        conditions: Conditions,
        charge: impl Fn(i64) -> bool,
    ) -> bool {
        let found = self.entries.iter().position(|entry| entry.var == var);
        let at = match found {
            Some(_) if conditions.has(Conditions::IF_NOT_EXISTS) => return false,
            Some(at) => at,
            None if conditions.has(Conditions::IF_EXISTS) || !charge(VARIABLE) => return false,
            None => {
                self.entries.push(Entry { var, value: None });
                self.entries.len() - 1
            }
        };
        if !conditions.hold(self.entries[at].value.as_ref(), value) {
            return false;
        }
        if let Some(old) = self.entries[at].value.take() {
            charge(-text_memory(old.as_value()));
            self.keep_buffer(old);
        }
        let memory = text_memory(value);
        let fits = memory == 0 || charge(memory);
        self.entries[at].value = Some(if fits { self.own(value) } else { OwnedValue::Bool(false) });
        fits
    }

    /// Forgets a variable; says how much memory it had. Those of the process stay known.
    pub fn unset(&mut self, var: Var) -> i64 {
        let Some(at) = self.entries.iter().position(|entry| entry.var == var) else { return 0 };
        let old = self.entries[at].value.take();
        let memory = old.as_ref().map_or(0, |old| text_memory(old.as_value()));
        if let Some(old) = old {
            self.keep_buffer(old);
        }
        if var.scope == VarScope::Proc {
            return memory;
        }
        self.entries.remove(at);
        VARIABLE + memory
    }

    /// All variables that have a value, in the order of their first setting.
    pub fn iter(&self) -> impl Iterator<Item = (Var, &OwnedValue)> {
        self.entries.iter().filter_map(|entry| Some((entry.var, entry.value.as_ref()?)))
    }

    /// Forgets the variables of one scope.
    pub fn clear_scope(&mut self, scope: VarScope) {
        self.clear_where(|have| have == scope);
    }

    pub fn clear(&mut self) {
        self.clear_where(|_| true);
    }

    fn clear_where(&mut self, wanted: impl Fn(VarScope) -> bool) {
        for at in (0..self.entries.len()).rev() {
            if wanted(self.entries[at].var.scope)
                && let Some(old) = self.entries.remove(at).value
            {
                self.keep_buffer(old);
            }
        }
    }

    fn own(&mut self, value: Value<'_>) -> OwnedValue {
        let mut text = |bytes: &[u8]| {
            let mut buffer = self.spare.pop().unwrap_or_default();
            buffer.clear();
            buffer.extend_from_slice(bytes);
            buffer
        };
        match value {
            Value::Str(bytes) => OwnedValue::Str(text(bytes)),
            Value::Bin(bytes) => OwnedValue::Bin(text(bytes)),
            Value::Meth(bytes) => OwnedValue::Meth(text(bytes)),
            other => other.into(),
        }
    }

    fn keep_buffer(&mut self, value: OwnedValue) {
        let (OwnedValue::Str(buffer) | OwnedValue::Bin(buffer) | OwnedValue::Meth(buffer)) = value else {
            return;
        };
        if self.spare.len() < SPARE && buffer.capacity() <= SPARE_SIZE {
            self.spare.push(buffer);
        }
    }
}

/// The bytes of a text; well-known methods have none.
fn text_memory(value: Value<'_>) -> i64 {
    const METHODS: [&[u8]; 8] =
        [b"OPTIONS", b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"TRACE", b"CONNECT"];
    match value {
        Value::Meth(name) if METHODS.contains(&name) => 0,
        Value::Str(bytes) | Value::Bin(bytes) | Value::Meth(bytes) => bytes.len() as i64,
        _ => 0,
    }
}

impl Stream {
    /// The value of a variable of any scope, copied out of its owner.
    pub fn variable(&self, var: Var) -> Option<Value<'_>> {
        match var.scope {
            VarScope::Proc => self.plan.live.variables.get(var, |value| self.keep(value)),
            VarScope::Sess => self.session.vars.borrow().get(var).map(|value| self.keep(value)),
            scope if self.has_scope(scope) => self.vars.borrow().get(var).map(|value| self.keep(value)),
            _ => None,
        }
    }

    /// Whether there are variables of this scope: a connection has no stream before its rules on
    /// content, `req` ends where the request leaves and `res` begins there. Checks have their own,
    /// and no stream has a parent.
    pub fn has_scope(&self, scope: VarScope) -> bool {
        let no_stream = self.is_only_session()
            || matches!(self.phase, RuleSet::TcpConnection | RuleSet::TcpSession | RuleSet::QuicInitial);
        match scope {
            VarScope::Proc | VarScope::Sess => true,
            VarScope::Txn => !no_stream,
            VarScope::Req => !no_stream && !self.has_response_vars,
            VarScope::Res => !no_stream && self.has_response_vars,
            VarScope::Check | VarScope::Parent => false,
        }
    }

    pub fn set_variable(&self, var: Var, value: OwnedValue) -> bool {
        self.set_variable_if(var, value.as_value(), Conditions::default())
    }

    /// Sets a variable where the conditions hold and there is memory; says whether it was set.
    pub fn set_variable_if(&self, var: Var, value: Value<'_>, conditions: Conditions) -> bool {
        let charge = |size| self.charge(var.scope, size);
        match var.scope {
            VarScope::Proc => self.plan.live.variables.set(var, value, conditions, charge),
            VarScope::Sess => self.session.vars.borrow_mut().set(var, value, conditions, charge),
            scope if self.has_scope(scope) => self.vars.borrow_mut().set(var, value, conditions, charge),
            _ => false,
        }
    }

    /// Forgets a variable; says whether there is its scope.
    pub fn unset_variable(&self, var: Var) -> bool {
        let freed = match var.scope {
            VarScope::Proc => self.plan.live.variables.unset(var),
            VarScope::Sess => self.session.vars.borrow_mut().unset(var),
            scope if self.has_scope(scope) => self.vars.borrow_mut().unset(var),
            _ => return false,
        };
        self.charge(var.scope, -freed);
        true
    }

    /// The request goes to its server or service: variables of scope `req` end, those of scope
    /// `res` can be set from here on.
    pub fn end_request_vars(&mut self) {
        if std::mem::replace(&mut self.has_response_vars, true) {
            return;
        }
        self.charge(VarScope::Req, -self.var_memory[REQRES].get());
        self.vars.get_mut().clear_scope(VarScope::Req);
    }

    /// Forgets the variables of the stream.
    pub fn end_vars(&mut self) {
        self.charge(VarScope::Txn, -self.var_memory[TXN].get());
        self.var_memory[REQRES].set(0);
        self.vars.get_mut().clear();
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

    /// Takes memory of a scope and those around it, where all have enough; a negative size is
    /// given back.
    fn charge(&self, scope: VarScope, size: i64) -> bool {
        let limits = &self.plan.config.global.tune.vars;
        let process = &self.plan.live.variables;
        if !limits.any() || size == 0 {
            return true;
        }
        let (in_reqres, in_txn) = match scope {
            VarScope::Req | VarScope::Res => (true, true),
            VarScope::Txn => (false, true),
            VarScope::Sess | VarScope::Proc | VarScope::Check | VarScope::Parent => (false, false),
        };
        let in_session = scope != VarScope::Proc;
        let scopes = [
            (in_reqres, limits.reqres, &self.var_memory[REQRES]),
            (in_txn, limits.txn, &self.var_memory[TXN]),
            (in_session, limits.sess, &self.session.var_memory),
        ];
        let is_full = |limit: i64, used: i64| size > 0 && limit > 0 && used + size > limit;
        if scopes.iter().any(|(counts, limit, used)| *counts && is_full(*limit, used.get()))
            || is_full(limits.proc, process.memory())
            || is_full(limits.global, process.memory())
        {
            return false;
        }
        scopes.iter().filter(|(counts, ..)| *counts).for_each(|(.., used)| used.set(used.get() + size));
        process.charge(size);
        true
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

/// Indices of [`Stream`]'s counters of memory: `req` and `res`, and those with `txn`.
const REQRES: usize = 0;
const TXN: usize = 1;

impl Session {
    /// Gives back the memory of the session's variables.
    pub fn end_vars(&self) {
        self.plan.live.variables.charge(-self.var_memory.take());
        self.vars.borrow_mut().clear();
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
            let words = conditions.iter().map(|condition| condition.as_bytes());
            stream.set_variable_if(var, new, Conditions::of(words));
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

    #[test]
    fn what_remains_of_a_setting_that_did_not_happen() {
        let stream = testing::stream("");
        let var = |scope| Var { scope, id: ir::id::VarId(0) };
        let set = |var, value, word: &str| {
            stream.set_variable_if(var, value, Conditions::of([word.as_bytes()].into_iter()))
        };
        let (txn, one) = (var(VarScope::Txn), Value::Sint(1));
        // It exists, though nothing was set.
        assert!(!set(txn, one, "ifempty"));
        assert!(!set(txn, one, "ifnotexists"));
        assert_eq!(stream.variable(txn), None);
        assert!(set(txn, one, "ifnotset"));
        assert!(stream.unset_variable(txn));
        assert!(!set(txn, one, "ifexists"));
        // There is no such scope.
        assert!(!set(var(VarScope::Check), one, ""));
        assert!(!stream.unset_variable(var(VarScope::Check)));
        assert!(!set(var(VarScope::Parent), one, ""));
        assert_eq!(stream.variable(var(VarScope::Parent)), None);
    }

    #[test]
    fn types_are_kept() {
        let stream = testing::stream("");
        let var = Var { scope: VarScope::Sess, id: ir::id::VarId(0) };
        for value in [
            Value::Bool(true),
            Value::Sint(-1),
            Value::Ipv4([1, 2, 3, 4].into()),
            Value::Ipv6(std::net::Ipv6Addr::LOCALHOST),
            Value::Bin(b"\0\xff"),
            Value::Meth(b"PUT"),
            Value::Str(b""),
        ] {
            assert!(stream.set_variable(var, value.into()));
            assert_eq!(stream.variable(var), Some(value));
        }
    }

    /// `rules` are `scope=text`, a text of digits being a number; `expected` the answers.
    fn check_limit(limits: ir::config::VarLimits, rules: &[&str], expected: &[bool]) {
        let mut config = testing::config();
        config.global.tune.vars = limits;
        let stream = testing::stream_of(config, &Default::default(), "");
        let answers: Vec<bool> = rules
            .iter()
            .enumerate()
            .map(|(id, rule)| {
                let (scope, text) = rule.split_once('=').expect("=");
                let (scope, id) = match scope {
                    "txn" => (VarScope::Txn, id),
                    "same" => (VarScope::Txn, 0),
                    "req" => (VarScope::Req, id),
                    "sess" => (VarScope::Sess, id),
                    _ => (VarScope::Proc, id),
                };
                let var = Var { scope, id: ir::id::VarId(id as u32) };
                if text == "unset" {
                    return stream.unset_variable(var);
                }
                let number = text.parse().map(OwnedValue::Sint);
                stream.set_variable(var, number.unwrap_or(OwnedValue::Str(text.into())))
            })
            .collect();
        assert_eq!(answers, expected, "{rules:?}");
    }

    #[test]
    fn limits() {
        use ir::config::VarLimits;
        let txn = |txn| VarLimits { txn, ..VarLimits::default() };
        check_limit(txn(87), &["txn=1"], &[false]);
        check_limit(txn(88), &["txn=1", "txn=2"], &[true, false]);
        check_limit(txn(90), &["txn=ab", "same=abc", "same=xy"], &[true, false, true]);
        check_limit(txn(90), &["txn=ab", "same=unset", "txn=cd"], &[true, true, true]);
        check_limit(txn(90), &["req=ab", "txn=1", "sess=abc"], &[true, false, true]);
        let reqres = VarLimits { reqres: 88, ..VarLimits::default() };
        check_limit(reqres, &["req=a", "txn=abc"], &[false, true]);
        let sess = VarLimits { sess: 98, ..VarLimits::default() };
        check_limit(sess, &["req=ab", "sess=1", "proc=1"], &[true, false, true]);
        let global = VarLimits { global: 200, ..VarLimits::default() };
        check_limit(global, &["proc=1", "sess=1", "txn=1"], &[true, true, false]);
    }

    #[test]
    fn what_does_not_fit_is_false() {
        let mut config = testing::config();
        config.global.tune.vars.txn = 90;
        let mut stream = testing::stream_of(config, &Default::default(), "");
        let var = Var { scope: VarScope::Txn, id: ir::id::VarId(0) };
        assert!(!stream.set_variable(var, OwnedValue::Str(b"abc".to_vec())));
        assert_eq!(stream.variable(var), Some(Value::Bool(false)));
        stream.end_vars();
        assert!(stream.set_variable(var, OwnedValue::Str(b"ab".to_vec())));
    }
}
