//! The condition language of `.if`, `.elif` and `-cc` (manual, 2.4). Left out: the facts it asks
//! for ([`Facts`]), and the nesting of blocks (`reader`).

mod eval;
mod parse;
mod version;

use crate::{Facts, lex};

/// Why a condition has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionError {
    /// HAProxy's words.
    pub message: String,
    /// Bytes of the condition before the wrong one.
    pub offset: usize,
}

/// The value of a condition; an empty one is false.
///
/// # Errors
/// When it cannot be read, or a predicate refuses its argument.
pub fn evaluate(condition: &[u8], facts: &dyn Facts) -> Result<bool, ConditionError> {
    if condition.is_empty() {
        return Ok(false);
    }
    let (expr, end) = parse::parse(condition)?;
    eval::any(&expr, facts).map_err(|message| ConditionError { message, offset: end })
}

/// The value of the argument of `-cc`, which is cut into words like a line, but has no comments.
///
/// # Errors
/// The text of HAProxy's alert.
pub fn evaluate_argument(argument: &[u8], facts: &dyn Facts) -> Result<bool, String> {
    let pieces = lex::split(argument, false, &|name| facts.variable(name));
    let pieces = pieces.map_err(|error| match error.kind {
        lex::LexErrorKind::Quote => "Syntax Error in condition: Unmatched quote.",
        lex::LexErrorKind::Hex => "Syntax Error in condition: Truncated or invalid hexadecimal sequence.",
        lex::LexErrorKind::Brace | lex::LexErrorKind::VariableName | lex::LexErrorKind::Expansion => {
            "Unhandled error in condition, please report this to the developers."
        }
    })?;
    if pieces.too_many {
        return Err("Error in condition: Too many words.".to_owned());
    }
    let words: Vec<&[u8]> = pieces.words.iter().map(|word| word.text.as_slice()).collect();
    evaluate(&words.join(&b' '), facts)
        .map_err(|error| format!("Failed to evaluate condition: {}", error.message))
}

/// Any of several conjunctions.
struct Any(Vec<Vec<Term>>);

struct Term {
    negated: bool,
    kind: TermKind,
}

enum TermKind {
    Constant(bool),
    Group(Any),
    Predicate(Predicate, Vec<Vec<u8>>),
}

#[derive(Clone, Copy)]
enum Predicate {
    AwslcApiAtLeast,
    AwslcApiBefore,
    Defined,
    Enabled,
    Feature,
    FipsMode,
    OpensslVersionAtLeast,
    OpensslVersionBefore,
    SslLibraryStartsWith,
    StrEq,
    StrNeq,
    StrStr,
    VersionAtLeast,
    VersionBefore,
}

/// Each predicate's name and the number of its arguments, all strings.
const PREDICATES: &[(&str, usize, Predicate)] = &[
    ("awslc_api_atleast", 1, Predicate::AwslcApiAtLeast),
    ("awslc_api_before", 1, Predicate::AwslcApiBefore),
    ("defined", 1, Predicate::Defined),
    ("enabled", 1, Predicate::Enabled),
    ("feature", 1, Predicate::Feature),
    ("fips_mode", 0, Predicate::FipsMode),
    ("openssl_version_atleast", 1, Predicate::OpensslVersionAtLeast),
    ("openssl_version_before", 1, Predicate::OpensslVersionBefore),
    ("ssllib_name_startswith", 1, Predicate::SslLibraryStartsWith),
    ("streq", 2, Predicate::StrEq),
    ("strneq", 2, Predicate::StrNeq),
    ("strstr", 2, Predicate::StrStr),
    ("version_atleast", 1, Predicate::VersionAtLeast),
    ("version_before", 1, Predicate::VersionBefore),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Process;

    fn check(condition: &str, expected: bool) {
        assert_eq!(evaluate(condition.as_bytes(), &Process), Ok(expected), "{condition}");
    }

    /// Errors as HAProxy 3.5 words and places them.
    fn check_error(condition: &str, message: &str, position: usize) {
        let error = evaluate(condition.as_bytes(), &Process).expect_err(condition);
        assert_eq!((error.message.as_str(), error.offset + 1), (message, position), "{condition}");
    }

    #[test]
    fn values() {
        check("", false);
        check("0", false);
        check("00", false);
        check("0x0", false);
        check("1", true);
        check("-2", true);
        check("0x1f", true);
        check("99999999999999999999999", true);
        check("!1", false);
        check("! !1", true);
        check("1 && 0", false);
        check("1&&1||0", true);
        check("0 && 1 || 1", true);
        check("0 || 0 || 1", true);
        check("(1 || 0) && !(0)", true);
        check("!(1 && 1)", false);
    }

    #[test]
    fn predicates() {
        check("defined(FOOBAR)", true);
        check("defined( FOOBAR )", false);
        check("defined", false);
        check("feature(OPENSSL) && !feature(NOPE)", true);
        check("enabled(POLL)", true);
        check("streq(a,a)", true);
        check("streq(a, a)", false);
        check("streq(\"a,b\",'a,b')", true);
        check("strneq(a,b)", true);
        check("strstr(abc,b)", true);
        check("strstr(abc,)", true);
        check("fips_mode", false);
        check("fips_mode()", false);
        check("ssllib_name_startswith(OpenSSL)", true);
        check("ssllib_name_startswith(wolfSSL)", false);
        check("openssl_version_atleast(3.0.0)", true);
        check("openssl_version_before(1.1.1)", false);
        check("openssl_version_before(4.0.0)", true);
    }

    /// A false AND and a true OR leave the rest out, wrong arguments included.
    #[test]
    fn short_circuit() {
        check("0 && openssl_version_atleast(x)", false);
        check("1 || openssl_version_atleast(x)", true);
    }

    #[test]
    fn syntax_errors() {
        check_error("foo(1) && 1", "unparsable conditional expression 'foo(1) && 1'", 1);
        check_error(
            "streq(a,b) x",
            "unexpected character 'x' at the end of conditional expression 'streq(a,b) x'",
            12,
        );
        check_error("(1 || 0", "expected ')' after conditional expression '(1 || 0'", 1);
        check_error("!", "unparsable conditional expression '!'", 1);
        check_error("1 &&", "unparsable conditional expression '&&'", 3);
        check_error("1 && )", "unparsable conditional expression ')'", 6);
        check_error("1 ||", "unparsable conditional expression '1 ||'", 3);
        check_error("()", "unparsable conditional expression ')'", 2);
        check_error(
            "streq(a)",
            "missing arguments (got 1/2), type 'string' expected in argument 1 of predicate \
             'streq' used in conditional expression",
            8,
        );
        check_error(
            "streq(a,b",
            "expected ')' in argument 1 of predicate 'streq' used in conditional expression",
            10,
        );
        check_error(
            "defined(a,b)",
            "expected ')' before ',b)' in argument 1 of predicate 'defined' used in conditional \
             expression",
            10,
        );
        check_error(
            "fips_mode(x)",
            "expected ')' before 'x)' in argument 0 of predicate 'fips_mode' used in conditional \
             expression",
            11,
        );
        check_error(
            "streq(a,b,c)",
            "expected ')' before ',c)' in argument 1 of predicate 'streq' used in conditional \
             expression",
            10,
        );
        check_error(
            "streq(a,\\",
            "failed to parse '\\' after '' as type 'string' at position 2 in argument 1 of \
             predicate 'streq' used in conditional expression",
            9,
        );
        check_error("1 && 1 &&", "unparsable conditional expression '&& 1 &&'", 3);
        check_error("1 || 1 &&", "unparsable conditional expression '&&'", 8);
        check_error("0x 1", "unexpected character 'x' at the end of conditional expression '0x 1'", 2);
        check_error(
            "openssl_version_atleast(x)",
            "invalid argument to conditional expression predicate 'openssl_version_atleast': 'x'",
            27,
        );
    }

    /// Depth is bounded.
    #[test]
    fn deep() {
        let deep = |n: usize| format!("{}1{}", "(".repeat(n), ")".repeat(n));
        check(&deep(300), true);
        assert!(evaluate(deep(100_000).as_bytes(), &Process).is_err());
        check(&format!("{}1", "!".repeat(100_000)), true);
        check(&vec!["1"; 100_000].join("&&"), true);
    }

    #[test]
    fn command_line() {
        let check = |argument: &str, expected: Result<bool, &str>| {
            let got = evaluate_argument(argument.as_bytes(), &Process);
            assert_eq!(got.as_ref().map_err(String::as_str), expected.as_ref().map_err(|e| *e), "{argument}");
        };
        check("streq(\"$FOOBAR\",1)", Ok(true));
        check("  1   && 0", Ok(false));
        check("streq('a", Err("Syntax Error in condition: Unmatched quote."));
        check("\\x1", Err("Syntax Error in condition: Truncated or invalid hexadecimal sequence."));
        check(&"1 ".repeat(65), Err("Error in condition: Too many words."));
        check("foo", Err("Failed to evaluate condition: unparsable conditional expression 'foo'"));
        check("\"$-\"", Err("Unhandled error in condition, please report this to the developers."));
    }
}
