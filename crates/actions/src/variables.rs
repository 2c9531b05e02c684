//! Actions on variables (manual, section 2.8).

use ir::spec::ActionArg;
use state::plan::{ActionValue, Args, Outcome};
use state::vars::Conditions;
use state::{Stream, Value};

use crate::row::{Action, sets};

pub const ROWS: &[Action] = &[
    Action::new("set-var", sets::ALL, &[ActionArg::Expr], "Sets a variable to a sample", set_var)
        .paren(ActionArg::Var),
    Action::new("set-var-fmt", sets::ALL, &[ActionArg::Fmt], "Sets a variable to a text", set_var_fmt)
        .paren(ActionArg::Var),
    Action::new(
        "do-resolve",
        sets::CONTENT | sets::REQUEST,
        &[ActionArg::Expr],
        "Resolves a name into a variable",
        |_, _| Outcome::Resolve,
    )
    .paren(ActionArg::Str),
    Action::new("unset-var", sets::ALL, &[], "Forgets a variable", unset_var).paren(ActionArg::Var),
];

fn conditions_of(words: &[ActionValue]) -> Conditions {
    Conditions::of(words.iter().map(ActionValue::bytes))
}

/// Without a sample the variable stays as it is.
fn set_var(stream: &mut Stream, args: &Args) -> Outcome {
    let [ActionValue::Var(var), ActionValue::Expr(expr), conditions @ ..] = args.values.as_slice() else {
        return Outcome::Continue;
    };
    if let Ok(value) = expr.eval(stream) {
        stream.set_variable_if(*var, value, conditions_of(conditions));
    }
    Outcome::Continue
}

fn set_var_fmt(stream: &mut Stream, args: &Args) -> Outcome {
    let [ActionValue::Var(var), ActionValue::Fmt(format), conditions @ ..] = args.values.as_slice() else {
        return Outcome::Continue;
    };
    stream.with_scratch(|stream, text| {
        format.write(stream, text);
        stream.set_variable_if(*var, Value::Str(text), conditions_of(conditions));
    });
    Outcome::Continue
}

fn unset_var(stream: &mut Stream, args: &Args) -> Outcome {
    if let Some(ActionValue::Var(var)) = args.values.first() {
        stream.unset_variable(*var);
    }
    Outcome::Continue
}

#[cfg(test)]
mod tests {
    use ir::expr::{Var, VarScope};
    use ir::id::VarId;
    use state::testing;

    use super::Value;

    use crate::testing::run_stream;

    /// The variable starts as `old`.
    fn check(rule: &str, expected: Option<Value>) {
        let rules = format!("set-var-fmt(txn.a) old\n{rule}");
        let (stream, _) = run_stream(testing::config(), "GET /p HTTP/1.1", &rules);
        let var = Var { scope: VarScope::Txn, id: VarId(0) };
        assert_eq!(stream.variable(var), expected, "{rule}");
    }

    #[test]
    fn setting_and_forgetting() {
        check("allow", Some(Value::Str(b"old")));
        check("set-var(txn.a) path", Some(Value::Str(b"/p")));
        check("set-var(txn.a) req.hdr(none)", Some(Value::Str(b"old")));
        check("set-var-fmt(txn.a) <%[path]>", Some(Value::Str(b"</p>")));
        check("set-var(txn.a,ifnotexists) path", Some(Value::Str(b"old")));
        check("set-var(txn.a,ifexists,ifnotempty) path", Some(Value::Str(b"/p")));
        check("set-var-fmt(txn.a,ifempty) x", Some(Value::Str(b"old")));
        check("unset-var(txn.a)", None);
    }
}
