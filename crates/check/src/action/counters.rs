//! Actions on the counters that track clients: `track-sc0` and the `sc-` family.

use ir::expr::ActionValue;

use super::Given;
use super::values::{Values, keyword_of};
use crate::context::Context;
use crate::draft::PendingRule;
use crate::fail::{Checked, Fail};
use crate::places::Place;
use ir::spec::RuleSet;

/// `sc-inc-gpc(<idx>,<sc>)`, `sc-set-gpt0(<sc>) <value>` and their like.
pub fn change(c: &mut Context<'_>, values: &mut Values<'_>) -> Checked<Given> {
    let name = values.spec.name;
    let shown = values.name().lossy().into_owned();
    let fail = |message: String| values.fail("bad-counter", message);
    let has_index = !name.ends_with(['0', '1']);
    if c.stick_counters == 0 && name != "sc-add-gpc" {
        return fail(format!("Cannot use '{shown}', stick-counters are disabled via tune.stick-counters"));
    }
    let kind = if name.starts_with("sc-set-gpt") { "gpt" } else { "gpc" };
    let form = format!("Expects {name}(<{} ID>,<Track ID>)", kind.to_uppercase());
    let rest = &values.name().text[name.len()..];
    let mut args = Vec::new();
    let inside = match (rest.strip_prefix(b"("), has_index) {
        (Some(inside), _) => inside,
        (None, false) if rest.is_empty() => b"0)",
        (None, false) => return fail(wrong_track(name, &shown)),
        (None, true) if name == "sc-add-gpc" => {
            return fail(format!("Missing or invalid arguments for '{shown}'. {form}"));
        }
        (None, true) => return fail(format!("invalid {kind} ID '{shown}'. {form}")),
    };
    let mut inside = inside;
    if has_index {
        let (index, rest) = crate::numbers::strtol(inside, false);
        let Some(rest) = rest.strip_prefix(b",") else {
            return fail(match name {
                "sc-add-gpc" => format!("Missing gpc ID. Expects {shown}(<GPC ID>,<Track ID>)"),
                _ => format!("Missing {kind} ID '{shown}'. {form}"),
            });
        };
        args.push(ActionValue::Int(index));
        inside = rest;
    }
    let (track, rest) = crate::numbers::strtol(inside, false);
    if !rest.starts_with(b")") {
        let inside = String::from_utf8_lossy(inside);
        return fail(match name {
            "sc-add-gpc" => {
                format!("invalid stick table track ID '{inside}'. Expects {shown}(<GPC ID>,<Track ID>)")
            }
            _ if has_index => format!("invalid stick table track ID '{shown}'. {form}"),
            _ => wrong_track(name, &shown),
        });
    }
    // Only the upper bound: HAProxy takes a negative number.
    if track >= c.stick_counters {
        let max = c.stick_counters - 1;
        return fail(match name {
            "sc-set-gpt" | "sc-set-gpt0" => {
                format!("invalid stick table track ID '{shown}'. The max allowed ID is {max}")
            }
            "sc-inc-gpc0" | "sc-inc-gpc1" => {
                format!("invalid stick table track ID. The max allowed ID is {max} (tune.stick-counters)")
            }
            _ => format!(
                "invalid stick table track ID '{shown}'. The max allowed ID is {max} (tune.stick-counters)"
            ),
        });
    }
    args.push(ActionValue::Int(track));
    for kind in values.spec.args {
        args.push(values.value(c, *kind, None)?);
    }
    Ok((args, Vec::new()))
}

fn wrong_track(name: &str, shown: &str) -> String {
    match name {
        "sc-set-gpt0" => format!("invalid stick table track ID '{shown}'. Expects sc-set-gpt0(<Track ID>)"),
        _ => format!("invalid stick table track ID. Expects {shown}(<Track ID>)"),
    }
}

/// `track-sc0 <key> [table <table>]`; the number of the counter and the table follow the key in the
/// rule.
pub fn track(c: &mut Context<'_>, values: &mut Values<'_>) -> Checked<Given> {
    tracked(c, values).map_err(|fail| in_tcp(values, fail))
}

fn tracked(c: &mut Context<'_>, values: &mut Values<'_>) -> Checked<Given> {
    let number = &values.name().text["track-sc".len()..];
    if !number.iter().all(u8::is_ascii_digit) {
        let number = String::from_utf8_lossy(number);
        return values.fail("bad-counter", format!("Wrong track-sc number '{number}'"));
    }
    // As C's `int` keeps it; without digits it is the first.
    let counter = i64::from(crate::numbers::wrapped(number) as u32);
    if counter >= c.stick_counters {
        let message = match c.stick_counters {
            0 => format!(
                "{counter} track-sc number not usable, stick-counters are disabled by tune.stick-counters"
            ),
            all => {
                format!("{counter} track-sc number exceeding {} (tune.stick-counters-1) value", all - 1)
            }
        };
        return values.fail("bad-counter", message);
    }
    let expr = values.expr(c)?;
    let mut table = None;
    if values.takes("table") {
        match values.word() {
            Some(word) => table = Some(word.text.clone()),
            None if keyword_of(values.set).starts_with("http") => {
                return values.fail("missing-argument", "missing table name");
            }
            None => table = Some(Vec::new()),
        }
        values.at += usize::from(values.word().is_some());
    }
    let spec = c.registry.fetches().get(expr.fetch.index()).copied();
    let pending = PendingRule::Table {
        name: table.clone(),
        out: expr.out,
        counter,
        late: spec.is_some_and(|spec| !Place::FE_SES_ACC.allows(spec.contexts)),
        contents: spec.is_some_and(|spec| spec.uses.meets(ir::sources::Sources::REQUEST)),
    };
    c.px.note(values.set, pending);
    let table = ActionValue::Table(table.unwrap_or_default());
    Ok((vec![ActionValue::Expr(expr), ActionValue::Int(counter), table], Vec::new()))
}

/// TCP rules put their own words in front.
pub fn in_tcp(values: &Values<'_>, fail: Fail) -> Fail {
    match values.set {
        RuleSet::TcpConnection | RuleSet::TcpSession | RuleSet::TcpContent => {
            fail.wrap(|text| format!("'{} {}' : {text}", keyword_of(values.set), values.name().lossy()))
        }
        _ => fail,
    }
}
