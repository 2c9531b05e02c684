//! Actions on variables (manual, section 2.8).

use ir::spec::ActionArg;
use state::Stream;
use state::plan::{ActionValue, Args, Outcome, Purpose};
use state::sample::OwnedValue;

use crate::row::{Action, sets};

pub const ROWS: &[Action] = &[
    Action::new("set-var", sets::ALL, &[ActionArg::Expr], "Sets a variable to a sample", set_var)
        .paren(ActionArg::Var),
    Action::new("set-var-fmt", sets::ALL, &[ActionArg::Fmt], "Sets a variable to a text", set_var_fmt)
        .paren(ActionArg::Var),
    Action::new("unset-var", sets::ALL, &[], "Forgets a variable", unset_var).paren(ActionArg::Var),
];

/// Without a sample the variable stays as it is.
fn set_var(stream: &mut Stream, args: &Args) -> Outcome {
    let [ActionValue::Var(var), ActionValue::Expr(expr)] = args.values.as_slice() else {
        return Outcome::Continue;
    };
    let value = expr.eval(stream).ok().map(OwnedValue::from);
    if let Some(value) = value {
        stream.set_variable(*var, value);
    }
    Outcome::Continue
}

fn set_var_fmt(stream: &mut Stream, args: &Args) -> Outcome {
    let [ActionValue::Var(var), ActionValue::Fmt(format)] = args.values.as_slice() else {
        return Outcome::Continue;
    };
    let mut text = Vec::new();
    format.write_as(Purpose::Raw, stream, &mut text);
    stream.set_variable(*var, OwnedValue::Str(text));
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
    use state::{Value, testing};

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
        check("unset-var(txn.a)", None);
    }
}
