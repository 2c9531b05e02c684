//! Text to terms. Messages and offsets are HAProxy's, which reads with one function a level.

use std::sync::Arc;

use diag::Span;
use nom::IResult;
use nom::Parser;
use nom::branch::alt;
use nom::bytes::complete::{tag, tag_no_case, take_while, take_while1};
use nom::character::complete::one_of;
use nom::combinator::opt;

use super::{Any, ConditionError, PREDICATES, Predicate, Term, TermKind};
use crate::{Arg, ArgsEnd, Call, args};

/// Deepest nesting of parentheses. HAProxy counts 1024 steps, of which a pair takes three.
const MAX_DEPTH: usize = 340;

/// The terms, and the offset after them.
pub(super) fn parse(text: &[u8]) -> Result<(Any, usize), ConditionError> {
    let mut parser = Parse { text, at: 0 };
    let Some(any) = parser.any(MAX_DEPTH)? else {
        let message = format!("unparsable conditional expression '{}'", lossy(text));
        return Err(ConditionError { message, offset: parser.at });
    };
    parser.skip_blanks();
    if let Some(byte) = parser.peek() {
        let message = format!(
            "unexpected character '{}' at the end of conditional expression '{}'",
            lossy(&[byte]),
            lossy(text)
        );
        return Err(ConditionError { message, offset: parser.at });
    }
    Ok((any, parser.at))
}

struct Parse<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Parse<'a> {
    /// Terms between `||`. `None` when the text ends where one should be: then the place is
    /// that of the first operator.
    fn any(&mut self, depth: usize) -> Result<Option<Any>, ConditionError> {
        if self.peek().is_none() {
            return Ok(None);
        }
        if depth == 0 {
            return Err(self.error("expression", self.at));
        }
        let mut any = Vec::new();
        let mut first_operator = None;
        loop {
            match self.all(depth)? {
                Some(all) => any.push(all),
                None => return Err(self.error("expression", self.at)),
            }
            if !self.operator(b"||") {
                return Ok(Some(Any(any)));
            }
            let operator = *first_operator.get_or_insert(self.at);
            if self.skip_operator().is_none() {
                self.at = operator;
                return Ok(None);
            }
        }
    }

    /// Terms between `&&`; `None` as above.
    fn all(&mut self, depth: usize) -> Result<Option<Vec<Term>>, ConditionError> {
        if self.peek().is_none() {
            return Ok(None);
        }
        let mut all = Vec::new();
        let mut first_operator = None;
        loop {
            let start = self.at;
            match self.term(depth)? {
                Some(term) => all.push(term),
                None => return Err(self.error("sub-expression", start)),
            }
            if !self.operator(b"&&") {
                return Ok(Some(all));
            }
            let operator = *first_operator.get_or_insert(self.at);
            if self.skip_operator().is_none() {
                self.at = operator;
                return Ok(None);
            }
        }
    }

    fn term(&mut self, depth: usize) -> Result<Option<Term>, ConditionError> {
        let start = self.at;
        self.skip_blanks();
        if self.peek().is_none() {
            return Ok(None);
        }
        let mut negated = false;
        while self.peek() == Some(b'!') {
            negated = !negated;
            self.at += 1;
            self.skip_blanks();
        }
        let rest = &self.text[self.at..];
        let kind = if let Ok((after, value)) = integer(rest) {
            self.at = self.text.len() - after.len();
            TermKind::Constant(value)
        } else if rest.starts_with(b"(") {
            TermKind::Group(self.group(start, depth)?)
        } else if let Some((name, count, predicate)) = lookup(rest) {
            TermKind::Predicate(predicate, self.arguments(name, count)?)
        } else {
            return Err(self.error("expression", start));
        };
        Ok(Some(Term { negated, kind }))
    }

    fn group(&mut self, start: usize, depth: usize) -> Result<Any, ConditionError> {
        self.at += 1;
        self.skip_blanks();
        let Some(any) = self.any(depth - 1)? else {
            return Err(self.error("expression", start));
        };
        self.skip_blanks();
        if self.peek() != Some(b')') {
            let text = lossy(&self.text[start..]);
            let message = format!("expected ')' after conditional expression '{text}'");
            return Err(ConditionError { message, offset: start });
        }
        self.at += 1;
        self.skip_blanks();
        Ok(any)
    }

    /// A predicate's arguments. One that is missing altogether is empty.
    fn arguments(&mut self, name: &str, count: usize) -> Result<Vec<Vec<u8>>, ConditionError> {
        let read = args::parse(self.text, self.at + name.len());
        let given = read.args.len().max(usize::from(count > 0));
        let dangling = matches!(read.end, ArgsEnd::Backslash(_));
        let error = if given < count && !dangling {
            let closed = read.end == ArgsEnd::Closed;
            let stop = if closed { read.after - 1 } else { read.after };
            let expected = format!("missing arguments (got {given}/{count}), type 'string' expected");
            Some((expected, stop, given))
        } else {
            let call = call(self.text, name, &read);
            // HAProxy counts what came before the last one of several.
            let number = match read.end {
                ArgsEnd::Backslash(_) => given - 1,
                _ if count > 1 => count - 1,
                _ => count,
            };
            args::end_error(&call, count, "string").map(|(message, at)| (message, at, number))
        };
        if let Some((message, offset, number)) = error {
            let message = format!(
                "{message} in argument {number} of predicate '{name}' used in conditional expression"
            );
            return Err(ConditionError { message, offset });
        }
        self.at = read.after;
        let mut texts: Vec<_> = read.args.into_iter().map(|arg| arg.text).collect();
        texts.resize(count, Vec::new());
        Ok(texts)
    }

    fn error(&self, what: &str, at: usize) -> ConditionError {
        let message = format!("unparsable conditional {what} '{}'", lossy(&self.text[at..]));
        ConditionError { message, offset: at }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    fn operator(&mut self, operator: &[u8]) -> bool {
        self.skip_blanks();
        self.text[self.at..].starts_with(operator)
    }

    /// The byte after an operator of two bytes and blanks.
    fn skip_operator(&mut self) -> Option<u8> {
        self.at += 2;
        self.skip_blanks();
        self.peek()
    }
}

/// An integer as C's `strtol` takes it with base 0, and whether it is not zero.
fn integer(text: &[u8]) -> IResult<&[u8], bool> {
    let (text, _) = opt(one_of("+-")).parse(text)?;
    let octal = |text| take_while(|b: u8| matches!(b, b'0'..=b'7'))(text);
    let hex = (tag_no_case(&b"0x"[..]), take_while1(|b: u8| b.is_ascii_hexdigit()));
    let octal = (tag(&b"0"[..]), octal);
    let decimal = take_while1(|b: u8| b.is_ascii_digit());
    let (rest, digits) =
        alt((hex.map(|(_, digits)| digits), octal.map(|(_, digits)| digits), decimal)).parse(text)?;
    Ok((rest, digits.iter().any(|digit| *digit != b'0')))
}

fn lookup(text: &[u8]) -> Option<(&'static str, usize, Predicate)> {
    let is_end = |b: &u8| matches!(b, b' ' | b'(');
    let name = &text[..text.iter().position(is_end).unwrap_or(text.len())];
    PREDICATES.iter().copied().find(|(known, _, _)| known.as_bytes() == name)
}

fn call(text: &[u8], name: &str, read: &args::Args) -> Call {
    let arg = |raw: &args::RawArg| Arg { text: raw.text.clone(), offset: raw.offset, span: Span::default() };
    Call {
        name: name.as_bytes().to_vec(),
        args: read.args.iter().map(arg).collect(),
        end: read.end,
        source: Arc::from(text),
        span: Span::default(),
    }
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}
