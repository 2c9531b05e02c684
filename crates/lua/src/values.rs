//! What a converter's row says of the values of its arguments, where a script gives them: the row's
//! check, and what it prepares of them.
//!
//! Left out: reading files. A script can name keys that the configuration knows.

use ir::checks::{ArgFacts, ArgsCheck};
use ir::expr::{self, Var};
use ir::spec::{ArgList, ArgType};
use state::Plan;
use state::sample::{Arg, Prepare};

use crate::shim::{Answer, Fail};
use crate::vm::Env;

/// What HAProxy says of arguments that a row refuses.
const REFUSED: &str = "error in arguments";

/// Checks the values and puts in their place what the row makes of them.
pub(crate) fn refine(
    env: &Env,
    types: ArgList,
    check: Option<ArgsCheck>,
    prepare: Option<Prepare>,
    mut args: Vec<Arg>,
) -> Answer<Vec<Arg>> {
    // A variable's name was looked up already.
    let check = check.filter(|_| !types.types.contains(&ArgType::Var));
    let plan = env.plan.get().copied();
    if let Some(check) = check {
        let given = args.iter().rposition(|arg| !matches!(arg, Arg::Stop)).map_or(0, |last| last + 1);
        let as_checked: Option<Vec<_>> = args[..given].iter().map(checked).collect();
        if let Some(mut values) = as_checked {
            check(&mut Facts { env, plan }, &mut values).map_err(|_| Fail::from(REFUSED))?;
            args.iter_mut().zip(values).for_each(|(arg, value)| runnable(arg, value));
        }
    }
    if let (Some(prepare), Some(plan)) = (prepare, plan) {
        prepare(&plan.config, &mut args).map_err(|_| Fail::from(REFUSED))?;
    }
    Ok(args)
}

/// An argument as the checker has it; nothing for kinds that no check looks at.
fn checked(arg: &Arg) -> Option<expr::Arg> {
    Some(match arg {
        Arg::Stop => expr::Arg::Stop,
        Arg::Sint(number) => expr::Arg::Sint(*number),
        Arg::Str(text) => expr::Arg::Str(text.to_vec()),
        Arg::Time(ms) => expr::Arg::Time(*ms),
        Arg::Size(bytes) => expr::Arg::Size(*bytes),
        _ => return None,
    })
}

/// Takes over what a check changes.
fn runnable(arg: &mut Arg, value: expr::Arg) {
    match value {
        expr::Arg::Str(text) => *arg = Arg::Str(text.into()),
        expr::Arg::Var(var) => *arg = Arg::Var(var),
        _ => {}
    }
}

/// What checks of values ask, while the proxy runs.
struct Facts<'e> {
    env: &'e Env,
    plan: Option<&'static Plan>,
}

impl ArgFacts for Facts<'_> {
    fn variable(&mut self, name: &[u8]) -> Result<Var, String> {
        self.env.names.intern(name).ok_or_else(|| "no variable".to_owned())
    }

    fn has_acl(&mut self, _: &[u8]) -> bool {
        false
    }

    /// The row finds out when it looks the digest up.
    fn has_digest(&self, _: &[u8]) -> bool {
        true
    }

    fn keep_public_key(&mut self, path: &[u8]) -> bool {
        self.plan.is_some_and(|plan| plan.config.tokens.public_keys.contains_key(path))
    }

    fn let_tokens_use(&mut self, _: &[u8]) {}

    fn may_tokens_use(&self, certificate: &[u8]) -> Option<bool> {
        self.plan?.config.tokens.certificates.get(certificate).map(Option::is_some)
    }

    /// The row finds out when it reads the key.
    fn is_web_key(&self, _: &[u8]) -> bool {
        true
    }

    fn warn(&mut self, _: &str) {}

    fn not_executed(&mut self, _: &'static str) {}
}
