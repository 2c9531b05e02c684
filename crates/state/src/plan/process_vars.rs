//! Variables of the process as they are when it starts: all that the configuration names exist,
//! and the global section's `set-var` and `set-var-fmt` give them values, in order.

use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

use ir::config::{Config, Proxy, SetVar};
use ir::expr::{Var, VarScope};

use super::patterns::Lists;
use super::{BuildError, Functions, Plan, build};
use crate::live::Variables;
use crate::session::Session;
use crate::stream::Stream;
use crate::vars::{Conditions, VARIABLE};

/// Fills the process' variables.
pub(super) fn fill(
    config: &Config,
    lists: &Lists,
    functions: &Functions,
    variables: &Variables,
) -> Result<(), BuildError> {
    for id in &config.process_variables {
        variables.declare(Var { scope: VarScope::Proc, id: *id });
    }
    if config.global.tune.vars.any() {
        variables.charge(VARIABLE * config.process_variables.len() as i64);
    }
    if config.global.set_vars.is_empty() {
        return Ok(());
    }
    let plan = own_plan(config, functions)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let session =
        Session { accept_date: u64::try_from(now.as_micros()).unwrap_or(u64::MAX), ..Session::new(plan) };
    let stream = Stream::new(Rc::new(session), 0);
    for SetVar { var, value, conditions } in &config.global.set_vars {
        let conditions = Conditions::of(conditions.iter().map(Vec::as_slice));
        match build::process_value(value, &plan.config, lists, functions)? {
            super::ActionValue::Expr(expr) => {
                if let Ok(value) = expr.eval(&stream) {
                    stream.set_variable_if(*var, value, conditions);
                }
            }
            super::ActionValue::Fmt(format) => {
                let mut text = Vec::new();
                format.write(&stream, &mut text);
                stream.set_variable_if(*var, crate::Value::Str(&text), conditions);
            }
            _ => {}
        }
    }
    plan.live.variables.read(|vars| {
        for (var, value) in vars.iter() {
            variables.set(var, value.as_value(), Conditions::default(), |_| true);
        }
    });
    variables.charge(plan.live.variables.memory() - variables.memory());
    Ok(())
}

/// A plan of one proxy, in which the values are evaluated: as in HAProxy, it is called `CFG`. It
/// lives as long as the process, as the other one does.
fn own_plan(config: &Config, functions: &Functions) -> Result<&'static Plan, BuildError> {
    let mut global = config.global.clone();
    global.set_vars.clear();
    let own = Config {
        global,
        proxies: vec![Proxy { name: b"CFG".to_vec(), ..Proxy::default() }],
        variables: config.variables.clone(),
        process_variables: config.process_variables.clone(),
        ..Config::default()
    };
    Ok(Box::leak(Box::new(Plan::build(own, functions, 1)?)))
}

#[cfg(test)]
mod tests {
    use ir::expr::{ActionValue, FormatNode, LogFormat};
    use ir::id::VarId;

    use super::*;
    use crate::testing;

    #[test]
    fn values_and_conditions() {
        let var = |id| Var { scope: VarScope::Proc, id: VarId(id) };
        let set = |id, text: &str, conditions: &[&str]| SetVar {
            var: var(id),
            value: ActionValue::Fmt(LogFormat {
                nodes: vec![FormatNode::Text(text.as_bytes().to_vec())],
                ..LogFormat::default()
            }),
            conditions: conditions.iter().map(|word| word.as_bytes().to_vec()).collect(),
        };
        let mut config = testing::config();
        config.process_variables = [0, 1, 2].map(VarId).to_vec();
        config.global.set_vars = vec![
            set(0, "a", &[]),
            set(1, "b", &["ifnotexists"]),
            set(2, "c", &["ifexists", "ifnotset"]),
            set(2, "d", &["ifnotset"]),
        ];
        let stream = testing::stream_of(config, &Functions::default(), "");
        let text = |id| stream.variable(var(id));
        assert_eq!(text(0), Some(crate::Value::Str(b"a")));
        assert_eq!(text(1), None);
        assert_eq!(text(2), Some(crate::Value::Str(b"c")));
    }
}
