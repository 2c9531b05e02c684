//! `set-var`, `set-var-fmt`, `unset-var` and `do-resolve`: what stands in parentheses behind
//! their names.

use ir::expr::ActionValue;
use ir::spec::ActionArg;

use super::Given;
use super::values::Values;
use crate::context::Context;
use crate::draft::PendingRule;
use crate::fail::{Checked, Fail};

/// When a variable is set: `set-var(name,ifnotexists)`.
pub const CONDITIONS: [&[u8]; 8] =
    [b"ifexists", b"ifnotexists", b"ifempty", b"ifnotempty", b"ifset", b"ifnotset", b"ifgt", b"iflt"];

/// `set-var(<name>[,<cond>…]) <expr>` and its like; the conditions follow the other arguments.
pub fn read(c: &mut Context<'_>, values: &mut Values<'_>) -> Checked<Given> {
    let name = values.name();
    let fail = |message: String| Fail::new("bad-variable", name.span, message);
    let forms = "Expects 'set-var(<var-name>)', 'set-var-fmt(<var-name>)' or 'unset-var(<var-name>)'";
    let rest = &name.text[values.spec.name.len()..];
    let Some(inside) = rest.strip_prefix(b"(") else {
        return Err(fail(format!("invalid or incomplete action '{}'. {forms}", name.lossy())));
    };
    let Some(inside) = inside.strip_suffix(b")") else {
        return Err(fail(format!("incomplete argument after action '{}'. {forms}", name.lossy())));
    };
    let mut parts = inside.split(|byte| *byte == b',');
    let variable = parts.next().unwrap_or_default();
    // An empty condition ends the list.
    let conditions: Vec<&[u8]> = parts.take_while(|part| !part.is_empty()).collect();
    if values.spec.name == "unset-var" && !conditions.is_empty() {
        let text = "unset-var does not expect parameters after the variable name. Only \"set-var\" and \
                    \"set-var-fmt\" manage conditions";
        return Err(fail(text.into()));
    }
    if let Some(bad) = conditions.iter().find(|part| !CONDITIONS.contains(part)) {
        return Err(fail(format!("unknown condition \"{}\"", String::from_utf8_lossy(bad))));
    }
    let mut args = vec![ActionValue::Var(crate::variables::check(c, variable, name.span)?)];
    match values.spec.args {
        [ActionArg::Fmt] if values.word().is_none() => {
            args.push(ActionValue::Fmt(ir::expr::LogFormat::default()));
        }
        kinds => {
            for kind in kinds {
                args.push(match values.word() {
                    Some(_) => values.value(c, *kind, None)?,
                    None => return values.fail("missing-fetch", "missing fetch method"),
                });
            }
        }
    }
    args.extend(conditions.iter().map(|part| ActionValue::Str(part.to_vec())));
    Ok((args, Vec::new()))
}

/// `do-resolve(<var>,<resolvers>[,ipv4|ipv6]) <expr>`
pub fn resolve(c: &mut Context<'_>, values: &mut Values<'_>) -> Checked<Given> {
    let name = values.name();
    let usage = |shown: &str, why: &str| {
        let message = format!(
            "Can't parse '{shown}'{why}. Expects 'do-resolve(<varname>,<resolvers>[,<options>]) <expr>'. \
             Available options are 'ipv4' and 'ipv6'"
        );
        Fail::new("bad-argument", name.span, message)
    };
    let wrong = || usage(&name.lossy(), "");
    let open = name.text.iter().position(|byte| *byte == b'(').ok_or_else(wrong)?;
    let inside = name.text[open + 1..].strip_suffix(b")").ok_or_else(wrong)?;
    let mut parts = inside.split(|byte| *byte == b',');
    let (variable, resolvers) = (parts.next().unwrap_or_default(), parts.next().ok_or_else(wrong)?);
    let mut prefers_v4 = false;
    for option in parts {
        if !b"ipv4".starts_with(option) && !b"ipv6".starts_with(option) {
            return Err(wrong());
        }
        // The last one counts; HAProxy takes the beginning of either for the first.
        prefers_v4 = b"ipv4".starts_with(option);
    }
    let expr = values.expr(c).map_err(|fail| match fail.code {
        "unavailable-fetch" => fail,
        _ => usage(&values.lossy(), &format!(": {}", fail.message)),
    })?;
    c.px.note(values.set, PendingRule::Resolvers(resolvers.to_vec()));
    // A name that no variable can have is told nowhere: nothing is kept then.
    let Ok(variable) = crate::variables::check(c, variable, name.span) else {
        return Ok((Vec::new(), Vec::new()));
    };
    let preference = ActionValue::Int(i64::from(prefers_v4));
    let resolvers = ActionValue::Str(resolvers.to_vec());
    Ok((vec![ActionValue::Var(variable), ActionValue::Expr(expr), preference, resolvers], Vec::new()))
}
