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
                // A converter may refuse one sample of a set, the next one may still match.
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
