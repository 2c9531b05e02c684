//! `-cc`: evaluates one condition and leaves: 0 when it holds, 1 when not, 2 when it cannot be
//! read.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use syntax::Facts;
use syntax::lex::{self, LexErrorKind};

/// Status for a condition that cannot be read.
pub const UNREADABLE: u8 = 2;

/// Whether the condition holds; the error is HAProxy's message.
pub fn evaluate(condition: &OsStr, facts: &dyn Facts) -> Result<bool, String> {
    let variable = |name: &[u8]| facts.variable(name);
    let words =
        lex::split(condition.as_bytes(), false, &variable).map_err(|error| syntax_error(error.kind))?;
    if words.too_many {
        return Err("Error in condition: Too many words.".into());
    }
    let words: Vec<&[u8]> = words.words.iter().map(|piece| piece.text.as_slice()).collect();
    syntax::conditional::evaluate(&words.join(&b' '), facts)
        .map_err(|error| format!("Failed to evaluate condition: {}", error.message))
}

fn syntax_error(kind: LexErrorKind) -> String {
    let what = match kind {
        LexErrorKind::Quote => "Unmatched quote.",
        LexErrorKind::Hex => "Truncated or invalid hexadecimal sequence.",
        _ => return "Unhandled error in condition, please report this to the developers.".into(),
    };
    format!("Syntax Error in condition: {what}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Args;
    use crate::world::World;

    fn check(condition: &str, expected: Result<bool, &str>) {
        let mut facts = World::new(&Args::default());
        facts.set(b"SET", Some(b"yes"));
        let given = evaluate(OsStr::new(condition), &facts);
        assert_eq!(given, expected.map_err(str::to_string), "{condition}");
    }

    /// Verdicts and messages of HAProxy 3.5.
    #[test]
    fn verdicts() {
        check("", Ok(false));
        check("1", Ok(true));
        check("0", Ok(false));
        check("feature(OPENSSL)", Ok(true));
        check("feature(QUIC)", Ok(false));
        check("!feature(QUIC) && feature(LUA)", Ok(true));
        check("version_atleast(3.5)", Ok(true));
        check("version_atleast(3.6)", Ok(false));
        check("version_before(3.6)", Ok(true));
        check("defined(SET)", Ok(true));
        check("defined(NOT_SET_ANYWHERE)", Ok(false));
        check("streq(\"$SET\",yes)", Ok(true));
        check("enabled(EPOLL)", Ok(true));
        check("ssllib_name_startswith(OpenSSL)", Ok(true));
        check("true", Err("Failed to evaluate condition: unparsable conditional expression 'true'"));
        check("\"a", Err("Syntax Error in condition: Unmatched quote."));
    }
}
