//! `pause` and `set-timeout`: a time, or an expression that gives milliseconds.

use base::time::{TimeError, Unit};
use ir::expr::ActionValue;
use syntax::Word;

use super::Given;
use super::values::Values;
use crate::context::Context;
use crate::fail::Checked;

pub fn read(c: &mut Context<'_>, values: &mut Values<'_>) -> Checked<Given> {
    if values.spec.name == "pause" {
        return Ok((vec![delay(c, values, "pause")?], Vec::new()));
    }
    let [_, which, _, ..] = values.words else {
        return values.fail("missing-argument", "expects exactly 2 arguments");
    };
    let shown = which.lossy();
    let (front, back) = (c.px.kind.takes_frontend(), c.px.kind.takes_backend());
    let lacks = match shown.as_ref() {
        "connect" | "server" | "queue" | "tunnel" if !back => "backend",
        "client" if !front => "frontend",
        "connect" | "server" | "queue" | "tunnel" | "client" | "tarpit" => "",
        _ => {
            let message = format!(
                "'set-timeout' rule supports 'client'/'connect'/'queue'/'server'/'tarpit'/'tunnel' (got '{shown}')"
            );
            return values.fail("bad-timeout", message);
        }
    };
    if !lacks.is_empty() {
        return values.fail("wrong-side", format!("'{}' has no {lacks} capability", c.px.name()));
    }
    values.at += 1;
    let time = delay(c, values, &format!("set-timeout {shown}"))?;
    // HAProxy takes one word for the time, however long the expression is.
    values.at = 3;
    Ok((vec![ActionValue::Str(which.text.clone()), time], Vec::new()))
}

fn delay(c: &mut Context<'_>, values: &mut Values<'_>, rule: &str) -> Checked<ActionValue> {
    let empty = Word { text: Vec::new(), span: values.name().span, verbatim: None };
    let word = values.word().unwrap_or(&empty);
    match crate::numbers::parse_time(c, word, Unit::Ms) {
        Ok(0) => values.fail("bad-time", format!("null value is not valid for a '{rule}' rule")),
        Ok(time) => {
            values.at += 1;
            Ok(ActionValue::Time(i64::try_from(time).unwrap_or(i64::MAX)))
        }
        Err(TimeError::Over) => {
            let message = format!(
                "timer overflow in argument '{}' to rule '{rule}' (maximum value is 2147483647 ms or ~24.8 days)",
                word.lossy()
            );
            values.fail("bad-time", message)
        }
        Err(TimeError::Unexpected(at)) => values.expr(c).map(ActionValue::Expr).or_else(|_| {
            // C's string ends with the character that is not there.
            let message = match word.text.get(at) {
                Some(byte) => format!("unexpected character '{}' in rule '{rule}'", char::from(*byte)),
                None => "unexpected character '".to_owned(),
            };
            values.fail("bad-time", message)
        }),
    }
}
