//! Which rule decided or waits, the stream's place in queues, and how often it ran (manual,
//! section 7.3.2). Left out: filters, which are no entities here.

use ir::expr::Place;
use ir::types::SampleType::{Sint, Str};
use state::sample::{Arg, Cursor, Fetched};
use state::stream::Waits;
use state::{Missing, Stream, Value};

use super::at;
use crate::room::join;
use crate::row::{Example, Fetch};

pub const ROWS: &[Fetch] = &[
    Fetch::new("cpu_calls", Sint, at::INTERNAL, "How often the stream was woken so far", calls)
        .examples(&[Example::new("", &[], "1")]),
    Fetch::new("last_entity", Str, at::INTERNAL, "File and line of the last rule that ended its list", last)
        .examples(&[Example::none("", &[])]),
    Fetch::new("last_rule_file", Str, at::INTERNAL, "The file of that rule", last_file)
        .examples(&[Example::none("", &[])]),
    Fetch::new("last_rule_line", Sint, at::INTERNAL, "The line of that rule", last_line)
        .examples(&[Example::none("", &[])]),
    Fetch::new("waiting_entity", Str, at::INTERNAL, "File and line of the rule that waits", waiting)
        .examples(&[Example::none("", &[])]),
];

fn calls<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Sint(i64::from(stream.wakes)))
}

fn file(stream: &Stream, place: Place) -> Result<&[u8], Missing> {
    let index = usize::try_from(place.file).map_err(|_| Missing::Absent)?;
    stream.plan.config.files.get(index).map(|name| name.as_bytes()).ok_or(Missing::Absent)
}

/// `file:line`
fn entity(stream: &Stream, place: Option<Place>) -> Fetched<'_> {
    let place = place.ok_or(Missing::Absent)?;
    let line = Value::Sint(i64::from(place.line)).to_text(&stream.arena);
    Ok(Value::Str(join(&stream.arena, &[file(stream, place)?, b":", line])))
}

fn last<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    entity(stream, stream.last_rule)
}

fn last_file<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    file(stream, stream.last_rule.ok_or(Missing::Absent)?).map(Value::Str)
}

fn last_line<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Sint(i64::from(stream.last_rule.ok_or(Missing::Absent)?.line)))
}

fn waiting<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    match stream.waiting {
        Some(Waits::Rule(place)) => entity(stream, Some(place)),
        Some(Waits::Body) => Ok(Value::Str(b"http-buffer-request")),
        None => Err(Missing::Absent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities() {
        let mut config = state::testing::config();
        config.files.push("a.cfg".to_owned());
        let mut stream = state::testing::stream_of(config, &Default::default(), "");
        stream.last_rule = Some(Place { file: 0, line: 7 });
        let check = |run: state::sample::FetchFn, expected: Fetched| {
            assert_eq!(run(&stream, &[], &mut Cursor::default()), expected);
        };
        check(last, Ok(Value::Str(b"a.cfg:7")));
        check(last_file, Ok(Value::Str(b"a.cfg")));
        check(last_line, Ok(Value::Sint(7)));
        check(waiting, Err(Missing::Absent));
    }
}
