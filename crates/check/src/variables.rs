//! Names of variables: `txn.name`, and their ids (manual, 2.8).

use diag::Span;
use ir::expr::{Var, VarScope};
use ir::id::VarId;

use crate::context::Context;
use crate::fail::{Checked, Fail};

/// A variable with its scope; its name gets an id when it is new.
pub fn check(c: &mut Context<'_>, text: &[u8], span: Span) -> Checked<Var> {
    let lossy = String::from_utf8_lossy(text);
    if text.is_empty() {
        return Err(Fail::new("bad-variable", span, "Empty variable name cannot be accepted"));
    }
    let Some((scope, name)) = VarScope::split(text) else {
        let message = format!(
            "invalid variable name '{lossy}'. A variable name must start with its scope. \
             The scope can be 'proc', '(p)sess', '(p)txn', '(p)req', '(p)res' or 'check'"
        );
        return Err(Fail::new("bad-variable", span, message));
    };
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_');
    if let Some(bad) = name.iter().position(|byte| !is_name(byte)) {
        let message = format!("invalid syntax at char '{}'", char::from(name[bad]));
        return Err(Fail::new("bad-variable", span, message));
    }
    if scope == VarScope::Parent {
        c.warn_parsed("variables of the parent stream", span);
    }
    let var = Var { scope, id: intern(c, name) };
    if scope == VarScope::Proc && !c.config.process_variables.contains(&var.id) {
        c.config.process_variables.push(var.id);
    }
    Ok(var)
}

fn intern(c: &mut Context<'_>, name: &[u8]) -> VarId {
    if let Some(id) = c.variable_ids.get(name) {
        return *id;
    }
    let id = VarId(u32::try_from(c.config.variables.len()).unwrap_or(u32::MAX));
    c.config.variables.push(name.to_vec());
    c.variable_ids.insert(name.to_vec(), id);
    id
}
