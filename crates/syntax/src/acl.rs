//! An ACL's words after its name: criterion, flags, patterns (manual, 7.1). Left out: the
//! criterion's own grammar (`sample`), and whether flags and patterns fit it.

use diag::Span;

use crate::{AclExpr, AclFlag, Error, Word};

/// Reads `criterion [flags] [--] [patterns]`.
///
/// # Errors
/// When there is no word at all; later errors are in the value.
pub fn parse(words: &[Word]) -> Result<AclExpr, Error> {
    let Some((criterion, rest)) = words.split_first() else {
        return Err(Error {
            code: "missing-fetch",
            message: "missing fetch method".to_owned(),
            span: Span::default(),
        });
    };
    let mut expr = AclExpr {
        criterion: criterion.clone(),
        flags: Vec::new(),
        patterns: Vec::new(),
        end_of_flags: false,
        error: None,
    };
    let mut words = rest.iter();
    while let Some(word) = words.as_slice().first().filter(|word| word.text.starts_with(b"-")) {
        words.next();
        let flag = match word.text.as_slice() {
            b"-i" => AclFlag::IgnoreCase,
            b"-n" => AclFlag::NoDns,
            b"-M" => AclFlag::Map,
            b"-f" => AclFlag::File(words.next().cloned()),
            b"-m" => AclFlag::Method(words.next().cloned()),
            b"-u" => AclFlag::Id(words.next().cloned()),
            b"--" => {
                expr.end_of_flags = true;
                break;
            }
            _ => {
                expr.error = Some(unknown_flag(word));
                return Ok(expr);
            }
        };
        expr.flags.push(flag);
    }
    expr.patterns = words.as_slice().to_vec();
    Ok(expr)
}

fn unknown_flag(word: &Word) -> Error {
    Error {
        code: "acl-flag",
        message: format!(
            "'{}' is not a valid ACL option. Please use '--' before any pattern beginning with a \
             '-'",
            word.lossy()
        ),
        span: word.span,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::words;

    fn check(text: &str, flags: &[&str], patterns: &[&str], error: Option<&str>) {
        let expr = parse(&words(text)).expect(text);
        let name = |word: &Option<Word>| word.as_ref().map_or("?".to_owned(), |w| w.lossy().into());
        let show = |flag: &AclFlag| match flag {
            AclFlag::IgnoreCase => "i".to_owned(),
            AclFlag::NoDns => "n".to_owned(),
            AclFlag::Map => "M".to_owned(),
            AclFlag::File(file) => format!("f={}", name(file)),
            AclFlag::Method(method) => format!("m={}", name(method)),
            AclFlag::Id(id) => format!("u={}", name(id)),
        };
        let mut got: Vec<_> = expr.flags.iter().map(show).collect();
        got.extend(expr.end_of_flags.then(|| "--".to_owned()));
        let words: Vec<_> = expr.patterns.iter().map(Word::lossy).collect();
        assert_eq!(got, flags, "{text}");
        assert_eq!(words, patterns, "{text}");
        assert_eq!(expr.error.as_ref().map(|e| e.message.as_str()), error, "{text}");
    }

    #[test]
    fn forms() {
        check("path_beg /a /b", &[], &["/a", "/b"], None);
        check("path_beg -i /a -i", &["i"], &["/a", "-i"], None);
        check(
            "path -i -M -n -f a.lst -f b.lst -u 7 /x",
            &["i", "M", "n", "f=a.lst", "f=b.lst", "u=7"],
            &["/x"],
            None,
        );
        check("hdr(x) -m beg -- -i -- a", &["m=beg", "--"], &["-i", "--", "a"], None);
        check("src", &[], &[], None);
        check("src -f", &["f=?"], &[], None);
        check("src --", &["--"], &[], None);
        check("sc0_http_req_rate gt 10", &[], &["gt", "10"], None);
    }

    #[test]
    fn errors() {
        check(
            "path -i -x /a",
            &["i"],
            &[],
            Some(
                "'-x' is not a valid ACL option. Please use '--' before any pattern beginning \
                 with a '-'",
            ),
        );
        assert_eq!(parse(&[]).expect_err("no words").message, "missing fetch method");
    }
}
