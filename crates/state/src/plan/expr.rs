//! Sample expressions in their runnable form: function pointers and checked arguments.

use ir::types::SampleType;

use crate::sample::{Arg, ConverterFn, Cursor, FetchFn, Fetched, Missing, Value};
use crate::stream::Stream;

/// One step behind the fetch.
pub(super) enum Step {
    /// An implicit cast that the next converter's input asks for.
    Cast(SampleType),
    Convert(ConverterFn, Vec<Arg>),
}

/// A fetch and its converters.
pub struct Expr {
    pub(super) fetch: FetchFn,
    /// Only streams have a value of it.
    pub(super) of_stream: bool,
    pub(super) args: Vec<Arg>,
    pub(super) steps: Vec<Step>,
    /// As it was written.
    pub text: Box<[u8]>,
}

impl std::fmt::Debug for Expr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Expr({})", String::from_utf8_lossy(&self.text))
    }
}

impl Expr {
    /// The first (for `hdr()`: the last, as HAProxy takes it) value.
    pub fn eval<'a>(&'a self, stream: &'a Stream) -> Fetched<'a> {
        self.next(stream, &mut Cursor::default())
    }

    /// The value at `cursor`, for those who go through a set of samples. One that a converter refuses is the
    /// last: HAProxy looks at no more of the set.
    pub fn next<'a>(&'a self, stream: &'a Stream, cursor: &mut Cursor) -> Fetched<'a> {
        let value = (self.fetch)(stream, &self.args, cursor)?;
        if self.steps.is_empty() {
            return Ok(value);
        }
        // A converter may evaluate an expression of its own.
        let outer = stream.may_change.replace(cursor.may_change);
        let value = self.convert(stream, value);
        cursor.may_change = stream.may_change.replace(outer);
        cursor.more &= value.is_some();
        value.ok_or(Missing::Absent)
    }

    /// What the converters make of a value that is not the fetch's.
    pub fn convert<'a>(&'a self, stream: &'a Stream, value: Value<'a>) -> Option<Value<'a>> {
        self.steps.iter().try_fold(value, |value, step| match step {
            Step::Cast(to) => value.cast(*to, &stream.arena),
            Step::Convert(run, args) => run(stream, args, value),
        })
    }
}
