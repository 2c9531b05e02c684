//! Actions on sticky counters (manual, section 11.1): beginning to count, and changing the general
//! purpose ones.

use ir::spec::ActionArg::{self, Expr, IntOrExpr, Str};
use ir::spec::ActionOption;
use state::live::tables::DataType;
use state::plan::{ActionValue, Args, Outcome};
use state::{Missing, Stream, Value};

use crate::row::{Action, sets};

/// Any number, or an expression.
const NUMBER: ActionArg = IntOrExpr(i64::MIN, i64::MAX);
const TABLE: &[ActionOption] = &[ActionOption::new("table", &[Str])];
const TRACKING: u16 = sets::TCP_REQUEST | sets::REQUEST | sets::RESPONSE;

const fn tracking(name: &'static str, doc: &'static str) -> Action {
    Action::new(name, TRACKING, &[Expr], doc, track).unlisted(sets::TCP).options(TABLE)
}

pub const ROWS: &[Action] = &[
    Action::new("sc-add-gpc", sets::ALL, &[NUMBER], "Adds to a general purpose counter", add_gpc).paren(Str),
    Action::new("sc-inc-gpc", sets::ALL, &[], "Increments a general purpose counter", inc_gpc).paren(Str),
    Action::new("sc-inc-gpc0", sets::ALL, &[], "Increments the first general purpose counter", inc_gpc0)
        .paren(Str),
    Action::new("sc-inc-gpc1", sets::ALL, &[], "Increments the second general purpose counter", inc_gpc1)
        .paren(Str),
    Action::new("sc-set-gpt", sets::ALL, &[NUMBER], "Sets a general purpose tag", set_gpt).paren(Str),
    Action::new("sc-set-gpt0", sets::ALL, &[NUMBER], "Sets the first general purpose tag", set_gpt0)
        .paren(Str),
    tracking("track-sc0", "Tracks a key in the first counter"),
    tracking("track-sc1", "Tracks a key in the second counter"),
    tracking("track-sc2", "Tracks a key in the third counter"),
];

/// A key that may still come is waited for in content rules.
fn track(stream: &mut Stream, args: &Args) -> Outcome {
    let [ActionValue::Expr(expr), ActionValue::Int(number), ActionValue::Table(table)] =
        args.values.as_slice()
    else {
        return Outcome::Continue;
    };
    let Ok(number) = usize::try_from(*number) else { return Outcome::Continue };
    if stream.tracks(number) {
        return Outcome::Continue;
    }
    let table = stream.table(*table);
    let entry = match expr.eval(stream) {
        Ok(value) => stream.table_key(table, value).and_then(|key| table.track(key, stream.now)),
        Err(Missing::NotYet) if !stream.is_final() => return Outcome::NotYet,
        Err(_) => None,
    };
    if let Some(entry) = entry {
        stream.track(number, entry);
    }
    Outcome::Continue
}

/// The number at `index` of the arguments, for an index of a counter or of an array.
fn place<T: TryFrom<i64>>(args: &Args, index: usize) -> Option<T> {
    match args.values.get(index) {
        Some(ActionValue::Int(number)) => T::try_from(*number).ok(),
        _ => None,
    }
}

/// The number at `index`, or what an expression gives for it.
fn number(stream: &Stream, args: &Args, index: usize) -> Option<u64> {
    let number = match args.values.get(index)? {
        ActionValue::Int(number) => *number,
        ActionValue::Expr(expr) => {
            match expr.eval(stream).ok()?.cast(ir::types::SampleType::Sint, &stream.arena)? {
                Value::Sint(number) => number,
                _ => return None,
            }
        }
        _ => return None,
    };
    // Tags and counters have 32 bits.
    Some(u64::from(number as u32))
}

/// Adds to a counter and to its rate.
fn add(stream: &Stream, counter: Option<usize>, (data, rate): (DataType, DataType), index: u32, count: u64) {
    let Some(counter) = counter else { return };
    stream.counter(counter, |entry| {
        entry.with(stream.now, |row| {
            row.add(rate, index, count);
            row.add(data, index, count);
        });
    });
}

fn add_gpc(stream: &mut Stream, args: &Args) -> Outcome {
    if let (Some(index), Some(count)) = (place(args, 0), number(stream, args, 2)) {
        add(stream, place(args, 1), (DataType::Gpc, DataType::GpcRate), index, count);
    }
    Outcome::Continue
}

fn inc_gpc(stream: &mut Stream, args: &Args) -> Outcome {
    if let Some(index) = place(args, 0) {
        add(stream, place(args, 1), (DataType::Gpc, DataType::GpcRate), index, 1);
    }
    Outcome::Continue
}

fn inc_gpc0(stream: &mut Stream, args: &Args) -> Outcome {
    add(stream, place(args, 0), (DataType::Gpc0, DataType::Gpc0Rate), 0, 1);
    Outcome::Continue
}

fn inc_gpc1(stream: &mut Stream, args: &Args) -> Outcome {
    add(stream, place(args, 0), (DataType::Gpc1, DataType::Gpc1Rate), 0, 1);
    Outcome::Continue
}

fn set(stream: &Stream, counter: Option<usize>, data: DataType, index: u32, value: Option<u64>) -> Outcome {
    if let (Some(counter), Some(value)) = (counter, value) {
        stream.counter(counter, |entry| entry.with(stream.now, |row| row.set(data, index, value)));
    }
    Outcome::Continue
}

fn set_gpt(stream: &mut Stream, args: &Args) -> Outcome {
    match place(args, 0) {
        Some(index) => set(stream, place(args, 1), DataType::Gpt, index, number(stream, args, 2)),
        None => Outcome::Continue,
    }
}

fn set_gpt0(stream: &mut Stream, args: &Args) -> Outcome {
    set(stream, place(args, 0), DataType::Gpt0, 0, number(stream, args, 1))
}
