//! ACL conditions: `if a !b || { path /x }` (manual, 7.2). Left out: which ACLs there are.

use diag::Span;

use crate::{AclRef, Condition, Error, Term, Word};

/// Reads a condition with its `if` or `unless`.
///
/// # Errors
/// When the first word is neither; later errors are in the value.
pub fn parse(words: &[Word]) -> Result<Condition, Error> {
    let (polarity, rest) = match words.split_first() {
        Some((word, rest)) if word.is("if") => (word, rest),
        Some((word, rest)) if word.is("unless") => (word, rest),
        first => {
            return Err(Error {
                code: "condition-start",
                message: "conditions must start with either 'if' or 'unless'".to_owned(),
                span: first.map_or_else(Span::default, |(word, _)| word.span),
            });
        }
    };
    let span = polarity.span.to(rest.last().unwrap_or(polarity).span);
    let mut condition = Condition { unless: polarity.is("unless"), any: Vec::new(), span, error: None };
    condition.error = terms(rest, &mut condition.any).err();
    Ok(condition)
}

/// Reads terms into `any`, up to the first error.
fn terms(words: &[Word], any: &mut Vec<Vec<Term>>) -> Result<(), Error> {
    let mut words = words.iter();
    let mut all = Vec::new();
    let mut negation: Option<Span> = None;
    let mut negated = false;
    while let Some(word) = words.next() {
        let marks = word.text.iter().take_while(|b| **b == b'!').count();
        negated ^= marks % 2 == 1;
        if marks > 0 {
            negation.get_or_insert(word.span);
        }
        let name = without_marks(word, marks);
        if name.text.is_empty() {
            continue;
        }
        if is_or(&name) {
            any.extend((!all.is_empty()).then(|| std::mem::take(&mut all)));
        } else {
            let start = negation.unwrap_or(word.span);
            let (acl, last) = if name.is("{") {
                match anonymous(&mut words) {
                    Some((words, last)) => (AclRef::Anonymous(words), last),
                    None => {
                        any.extend((!all.is_empty()).then_some(all));
                        return Err(missing_brace(name.span));
                    }
                }
            } else {
                (AclRef::Named(name), word.span)
            };
            all.push(Term { negated, acl, span: start.to(last) });
        }
        (negated, negation) = (false, None);
    }
    any.extend((!all.is_empty()).then_some(all));
    Ok(())
}

/// The word after its exclamation marks.
fn without_marks(word: &Word, marks: usize) -> Word {
    let text = word.text[marks..].to_vec();
    let span = word.piece(marks, text.len());
    Word { text, span, verbatim: word.verbatim.map(|_| 0) }
}

fn is_or(word: &Word) -> bool {
    word.is("||") || word.text.eq_ignore_ascii_case(b"or")
}

/// The words up to a closing brace, and the brace's place.
fn anonymous(words: &mut std::slice::Iter<'_, Word>) -> Option<(Vec<Word>, Span)> {
    let count = words.as_slice().iter().position(|word| word.is("}"))?;
    let inner = words.by_ref().take(count).cloned().collect();
    words.next().map(|brace| (inner, brace.span))
}

fn missing_brace(span: Span) -> Error {
    Error { code: "missing-brace", message: "missing closing '}' in condition".to_owned(), span }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::words;

    /// Terms joined by spaces, alternatives by `|`.
    fn check(text: &str, expected: &str) {
        let got = match parse(&words(text)) {
            Ok(condition) => show(&condition),
            Err(error) => format!("! {}", error.message),
        };
        assert_eq!(got, expected, "{text}");
    }

    fn show(condition: &Condition) -> String {
        let all = |all: &Vec<Term>| all.iter().map(term).collect::<Vec<_>>().join(" ");
        let any: Vec<_> = condition.any.iter().map(all).collect();
        let polarity = if condition.unless { "unless" } else { "if" };
        let mut out = format!("{polarity}: {}", any.join(" | "));
        if let Some(error) = &condition.error {
            out += &format!(" ! {}", error.message);
        }
        out
    }

    fn term(term: &Term) -> String {
        let not = if term.negated { "!" } else { "" };
        match &term.acl {
            AclRef::Named(name) => format!("{not}{}", name.lossy()),
            AclRef::Anonymous(words) => {
                let words: Vec<_> = words.iter().map(Word::lossy).collect();
                format!("{not}{{{}}}", words.join(","))
            }
        }
    }

    #[test]
    fn conditions() {
        check("if a", "if: a");
        check("unless a b", "unless: a b");
        check("if a !b || c or d OR !!e", "if: a !b | c | d | e");
        check("if ! a ! ! b !c", "if: !a b !c");
        check("if { path_beg /x } !{ src 10.0.0.0/8 -- } or x", "if: {path_beg,/x} !{src,10.0.0.0/8,--} | x");
        check("if ! { src 1 }", "if: !{src,1}");
        check("if { }", "if: {}");
        check("if", "if: ");
        check("if || a or", "if: a");
        check("if a ! or b", "if: a | b");
        check("if {a}", "if: {a}");
    }

    #[test]
    fn errors() {
        check("when a", "! conditions must start with either 'if' or 'unless'");
        check("", "! conditions must start with either 'if' or 'unless'");
        check("if a or b { path /x", "if: a | b ! missing closing '}' in condition");
    }

    #[test]
    fn places() {
        let condition = parse(&words("x if a !b !{ path /x }").split_off(1)).expect("condition");
        let spans: Vec<_> = condition.any[0].iter().map(|term| (term.span.col, term.span.len)).collect();
        assert_eq!(spans, [(5, 1), (7, 2), (10, 12)]);
        assert_eq!((condition.span.col, condition.span.len), (2, 20));
    }
}
