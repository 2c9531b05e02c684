//! `capture`: a sample kept for the log, in a slot of its own or in one that was declared.

use ir::config::Capture;
use ir::expr::ActionValue;
use ir::spec::RuleSet;

use super::Given;
use super::counters::in_tcp;
use super::values::Values;
use crate::context::Context;
use crate::draft::PendingRule;
use crate::fail::Checked;
use crate::line::starts_condition;
use crate::places::Place;

/// Indexes of the row's options.
const LEN: usize = 0;
const ID: usize = 1;

pub fn capture(c: &mut Context<'_>, values: &mut Values<'_>) -> Checked<Given> {
    if values.set == RuleSet::TcpContent {
        return in_content(c, values).map_err(|fail| in_tcp(values, fail));
    }
    let is_request = values.set == RuleSet::HttpRequest;
    let words = values.words[1..].iter().take(3).take_while(|word| !starts_condition(word));
    if words.count() < 3 {
        let usage = match is_request {
            true => "expects <expression> [ 'len' <length> | id <idx> ]",
            false => "expects <expression> id <idx>",
        };
        return values.fail("bad-capture", usage);
    }
    let expr = values.expr(c)?;
    let expected = if is_request { "'len' or 'id'" } else { "'id'" };
    if is_request && values.takes("len") {
        if !c.px.kind.takes_frontend() {
            let message = format!("proxy '{}' has no frontend capability", c.px.name());
            return values.fail("bad-capture", message);
        }
        return reserve(c, values, expr);
    }
    if !values.takes("id") {
        let message = match values.word() {
            Some(word) => format!("expects {expected}, found '{}'", word.lossy()),
            None if is_request => "expects 'len or 'id'".into(),
            None => "expects 'id'".into(),
        };
        return values.fail("bad-capture", message);
    }
    let text = values.word().map_or(b"".as_slice(), |word| &word.text);
    let (id, rest) = crate::numbers::strtol(text, false);
    if !rest.is_empty() || id < 0 {
        return values.fail("bad-capture", format!("cannot parse id '{}'", values.lossy()));
    }
    values.at += usize::from(values.word().is_some());
    c.px.note(values.set, PendingRule::Slot(id));
    Ok((vec![ActionValue::Expr(expr)], vec![(ID, vec![ActionValue::Int(id)])]))
}

fn in_content(c: &mut Context<'_>, values: &mut Values<'_>) -> Checked<Given> {
    if !c.px.kind.takes_frontend() {
        let message = format!("proxy '{}' has no frontend capability", c.px.name());
        return values.fail("bad-capture", message);
    }
    let expr = values.expr(c)?;
    let spec = c.registry.fetches().get(expr.fetch.index());
    if spec.is_some_and(|spec| !Place::FE_SES_ACC.allows(spec.contexts)) {
        c.px.note(values.set, PendingRule::LateCapture);
    }
    if !values.takes("len") {
        return values.fail("bad-capture", "a positive 'len' argument is mandatory");
    }
    reserve(c, values, expr)
}

/// Takes the next slot of the frontend, which becomes the value of `id`.
fn reserve(c: &mut Context<'_>, values: &mut Values<'_>, expr: ir::expr::Expr) -> Checked<Given> {
    let len = i64::from(crate::numbers::wrapped(values.word().map_or(b"".as_slice(), |word| &word.text)));
    if len <= 0 {
        return values.fail("bad-capture", "length must be > 0");
    }
    values.at += 1;
    let slots = &mut c.px.proxy.request_captures;
    let slot = i64::try_from(slots.len()).unwrap_or(i64::MAX);
    slots.push(Capture { name: Vec::new(), len: usize::try_from(len).unwrap_or(0) });
    let options = vec![(LEN, vec![ActionValue::Int(len)]), (ID, vec![ActionValue::Int(slot)])];
    Ok((vec![ActionValue::Expr(expr)], options))
}
