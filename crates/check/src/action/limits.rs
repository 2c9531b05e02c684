//! `set-bandwidth-limit` and `silent-drop`.

use base::time::Unit;
use ir::expr::ActionValue;
use ir::spec::RuleSet;

use super::Given;
use super::values::Values;
use crate::context::Context;
use crate::draft::{Kind, PendingRule};
use crate::fail::Checked;

/// Indexes of the row's options.
const LIMIT: usize = 0;
const PERIOD: usize = 1;

/// `set-bandwidth-limit <filter> [limit <size>] [period <time>]`, both also as expressions.
pub fn bandwidth(c: &mut Context<'_>, values: &mut Values<'_>) -> Checked<Given> {
    let Some(name) = values.word() else {
        return values.fail("missing-argument", "missing bwlim filter name");
    };
    values.at += 1;
    let mut options = Vec::new();
    loop {
        let (option, what) = match values.word() {
            Some(word) if word.is("limit") => (LIMIT, "size"),
            Some(word) if word.is("period") => (PERIOD, "time"),
            _ => break,
        };
        values.at += 1;
        let text = values.word().map_or(b"".as_slice(), |word| &word.text);
        let literal = match option {
            LIMIT => base::size::parse_u32(text).ok().map(|size| ActionValue::Int(size.into())),
            _ => base::time::parse(text, Unit::Ms).ok().map(|time| ActionValue::Time(time.value.into())),
        };
        let value = match literal {
            Some(value) => {
                values.at += 1;
                value
            }
            None => values.expr(c).map(ActionValue::Expr).or_else(|_| {
                let message = format!(
                    "'{}': invalid {what} value or unknown fetch method '{}'",
                    values.words[values.at - 1].lossy(),
                    values.lossy()
                );
                values.fail("bad-argument", message)
            })?,
        };
        options.push((option, vec![value]));
    }
    let has = |option| options.iter().any(|(index, _)| *index == option);
    let pending = PendingRule::Limit(name.text.clone(), has(LIMIT), has(PERIOD));
    c.px.note(values.set, pending);
    Ok((vec![ActionValue::Str(name.text.clone())], options))
}

/// `set-retries <expr>`: only backends try again.
pub fn retries(c: &mut Context<'_>, values: &mut Values<'_>) -> Checked<Given> {
    let name = if values.set == RuleSet::HttpRequest { "set-retries" } else { "tcp-request" };
    let why = match (values.word(), c.px.kind) {
        (Some(_), Kind::Frontend) => "only available in backend or listen section",
        (Some(_), Kind::Defaults) => "is not allowed in 'defaults' sections",
        _ => return values.usual(c),
    };
    values.fail("wrong-side", format!("'{name}' {why}"))
}

/// `silent-drop [rst-ttl <1-255>]`
pub fn silent_drop(values: &mut Values<'_>) -> Checked<Given> {
    if !values.takes("rst-ttl") {
        return Ok((Vec::new(), Vec::new()));
    }
    let Some(word) = values.word() else {
        return values.fail("missing-argument", "missing rst-ttl value\n");
    };
    let (ttl, rest) = crate::numbers::strtol(&word.text, true);
    if !rest.is_empty() {
        let rest = String::from_utf8_lossy(rest);
        let message = format!("invalid character starting at '{rest}' (value 1-255 expected)\n");
        return values.fail("bad-number", message);
    }
    if !(1..=255).contains(&ttl) {
        return values.fail("bad-number", "valid rst-ttl values are [1-255]\n");
    }
    values.at += 1;
    Ok((Vec::new(), vec![(0, vec![ActionValue::Int(ttl)])]))
}
