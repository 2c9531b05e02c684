//! ACLs and conditions, with HAProxy's three-valued logic: while data is still to come, a test
//! can be undecided (manual, sections 7.1 and 7.2).

use std::sync::Arc;

use super::{Expr, Matcher};
use crate::sample::{Cursor, Missing};
use crate::stream::Stream;

/// What a condition says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Yes,
    No,
    /// It depends on data that has not come yet.
    NotYet,
}

impl Answer {
    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::NotYet => Self::NotYet,
        }
    }
}

/// A named or anonymous ACL: its tests are ORed.
#[derive(Debug)]
pub struct Acl {
    /// Empty for an anonymous one.
    pub name: Box<[u8]>,
    pub tests: Vec<AclTest>,
}

/// One line of an ACL.
#[derive(Debug)]
pub struct AclTest {
    pub expr: Expr,
    pub matcher: Matcher,
}

impl Acl {
    pub fn eval(&self, stream: &Stream) -> Answer {
        let mut answer = Answer::No;
        for test in &self.tests {
            match test.eval(stream) {
                Answer::Yes => return Answer::Yes,
                Answer::NotYet => answer = Answer::NotYet,
                Answer::No => {}
            }
        }
        answer
    }
}

impl AclTest {
    /// Whether one of the samples matches.
    fn eval(&self, stream: &Stream) -> Answer {
        let mut cursor = Cursor { iterate: true, ..Cursor::default() };
        let undecided = if stream.is_final() { Answer::No } else { Answer::NotYet };
        loop {
            cursor.more = false;
            match self.expr.next(stream, &mut cursor) {
                Ok(value) if self.matcher.is_match(value, &stream.arena) => return Answer::Yes,
                Err(Missing::NotYet) => return undecided,
                // A fetch may leave out one sample of a set.
                Ok(_) | Err(Missing::Absent) if cursor.more => {}
                _ if cursor.may_change => return undecided,
                _ => return Answer::No,
            }
        }
    }
}

/// A condition: an OR of ANDs, behind `if` or `unless`.
#[derive(Debug)]
pub struct Cond {
    pub unless: bool,
    pub any: Vec<Vec<Term>>,
}

#[derive(Debug)]
pub struct Term {
    pub acl: Arc<Acl>,
    pub negated: bool,
}

impl Cond {
    /// Whether the rule applies; `unless` is taken into account.
    pub fn eval(&self, stream: &Stream) -> Answer {
        let mut answer = Answer::No;
        for terms in &self.any {
            match all(terms, stream) {
                Answer::Yes => {
                    answer = Answer::Yes;
                    break;
                }
                Answer::NotYet => answer = Answer::NotYet,
                Answer::No => {}
            }
        }
        if self.unless { answer.not() } else { answer }
    }
}

/// The first term that does not hold decides.
fn all(terms: &[Term], stream: &Stream) -> Answer {
    for term in terms {
        let answer = term.acl.eval(stream);
        match if term.negated { answer.not() } else { answer } {
            Answer::Yes => {}
            other => return other,
        }
    }
    Answer::Yes
}

#[cfg(test)]
mod tests {
    use ir::expr::MatchMethod;
    use ir::spec::RuleSet;

    use super::*;
    use crate::sample::{Arg, FetchFn, Value};
    use crate::testing;

    /// The bytes that came, which may still change.
    fn length<'a>(stream: &'a Stream, _: &'a [Arg], cursor: &mut Cursor) -> crate::sample::Fetched<'a> {
        cursor.may_change = true;
        Ok(Value::Sint(stream.req_body.bytes.len() as i64))
    }

    /// 10, 20 and 30, or the last one alone.
    fn tens<'a>(_: &'a Stream, _: &'a [Arg], cursor: &mut Cursor) -> crate::sample::Fetched<'a> {
        if !cursor.iterate {
            return Ok(Value::Sint(30));
        }
        cursor.at += 1;
        cursor.more = cursor.at <= 3;
        if cursor.more { Ok(Value::Sint(10 * cursor.at as i64)) } else { Err(Missing::Absent) }
    }

    fn absent<'a>(_: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> crate::sample::Fetched<'a> {
        Err(Missing::Absent)
    }

    fn later<'a>(_: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> crate::sample::Fetched<'a> {
        Err(Missing::NotYet)
    }

    fn expr(fetch: FetchFn) -> Expr {
        Expr { fetch, of_stream: false, args: Vec::new(), steps: Vec::new(), text: Box::default() }
    }

    fn acl(tests: &[(FetchFn, &str)]) -> Arc<Acl> {
        let test = |(fetch, pattern): &(FetchFn, &str)| AclTest {
            expr: expr(*fetch),
            matcher: super::super::matcher::tests::matcher(MatchMethod::Int, false, &[pattern])
                .expect("pattern"),
        };
        Arc::new(Acl { name: Box::default(), tests: tests.iter().map(test).collect() })
    }

    fn inspecting(body: &str, complete: bool) -> Stream {
        let mut stream = testing::stream("");
        stream.phase = RuleSet::TcpContent;
        stream.req_body.bytes.extend_from_slice(body.as_bytes());
        stream.req_body.complete = complete;
        stream
    }

    #[test]
    fn sets_of_samples() {
        let stream = testing::stream("");
        assert_eq!(acl(&[(tens, "20")]).eval(&stream), Answer::Yes);
        assert_eq!(acl(&[(tens, "40")]).eval(&stream), Answer::No);
        assert_eq!(acl(&[(absent, "1"), (tens, "10")]).eval(&stream), Answer::Yes);
    }

    /// Refuses 10.
    fn above_ten<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
        (value != Value::Sint(10)).then_some(value)
    }

    #[test]
    fn a_refused_sample_ends_its_set() {
        let mut refusing = expr(tens);
        refusing.steps.push(super::super::expr::Step::Convert(above_ten, Vec::new()));
        let matcher =
            super::super::matcher::tests::matcher(MatchMethod::Int, false, &["20"]).expect("pattern");
        let acl = Acl { name: Box::default(), tests: vec![AclTest { expr: refusing, matcher }] };
        assert_eq!(acl.eval(&testing::stream("")), Answer::No);
    }

    #[test]
    fn what_may_change_waits() {
        let check = |fetch: FetchFn, pattern, complete, expected| {
            assert_eq!(
                acl(&[(fetch, pattern)]).eval(&inspecting("abc", complete)),
                expected,
                "{pattern} {complete}"
            );
        };
        check(length, "3", false, Answer::Yes);
        check(length, "5", false, Answer::NotYet);
        check(length, "5", true, Answer::No);
        check(later, "5", false, Answer::NotYet);
        check(later, "5", true, Answer::No);
        check(absent, "5", false, Answer::No);
    }

    /// The tests of an ACL, and whether it is negated.
    type Written<'a> = (&'a [(FetchFn, &'a str)], bool);

    #[test]
    fn conditions() {
        let yes: &[(FetchFn, &str)] = &[(tens, "10")];
        let no: &[(FetchFn, &str)] = &[(absent, "1")];
        let wait: &[(FetchFn, &str)] = &[(later, "1")];
        let check = |any: &[&[Written]], expected, unless_expected| {
            let term = |(tests, negated): &Written| Term { acl: acl(tests), negated: *negated };
            let stream = inspecting("", false);
            for (unless, expected) in [(false, expected), (true, unless_expected)] {
                let any = any.iter().map(|terms| terms.iter().map(term).collect()).collect();
                assert_eq!(Cond { unless, any }.eval(&stream), expected, "unless: {unless}");
            }
        };
        use Answer::{No, NotYet, Yes};
        check(&[&[(yes, false)]], Yes, No);
        check(&[&[(no, false)]], No, Yes);
        check(&[&[(no, true)]], Yes, No);
        check(&[&[(wait, false)]], NotYet, NotYet);
        check(&[&[(wait, true)]], NotYet, NotYet);
        check(&[&[(yes, false), (wait, false)]], NotYet, NotYet);
        check(&[&[(no, false), (wait, false)]], No, Yes);
        check(&[&[(wait, false), (no, false)]], NotYet, NotYet);
        check(&[&[(wait, false)], &[(yes, false)]], Yes, No);
        check(&[&[(no, false)], &[(yes, false), (no, true)]], Yes, No);
    }
}
