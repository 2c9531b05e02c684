//! Environment variables in an address: `$NAME` and `${NAME}`, even without quotes. Left out:
//! those in quoted words (`syntax`), which know more forms.

/// The text with every variable replaced; one that is not set leaves nothing. `None` when there
/// is none.
pub fn expand(text: &[u8], variable: &dyn Fn(&[u8]) -> Option<Vec<u8>>) -> Option<Vec<u8>> {
    let mut rest = text;
    let mut out = Vec::new();
    while let Some(dollar) = memchr::memchr(b'$', rest) {
        out.extend_from_slice(&rest[..dollar]);
        rest = &rest[dollar + 1..];
        let braced = rest.first() == Some(&b'{');
        rest = &rest[usize::from(braced)..];
        let is_name = |b: &&u8| b.is_ascii_alphanumeric() || **b == b'_';
        let (name, after) = rest.split_at(rest.iter().take_while(is_name).count());
        out.extend(variable(name).unwrap_or_default());
        rest = if braced { after.strip_prefix(b"}").unwrap_or(after) } else { after };
    }
    let unchanged = rest.len() == text.len();
    out.extend_from_slice(rest);
    (!unchanged).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let variable = |name: &[u8]| (name == b"A_1").then(|| b"x$B".to_vec());
        let got = expand(text.as_bytes(), &variable);
        assert_eq!(got.as_deref(), expected.map(str::as_bytes), "{text}");
    }

    #[test]
    fn forms() {
        check("127.0.0.1:80", None);
        check("", None);
        check("$A_1", Some("x$B"));
        check("a${A_1}b$A_1-c", Some("ax$Bbx$B-c"));
        check(":${NOPE_PORT}", Some(":"));
        check("${A_1", Some("x$B"));
        check("a$", Some("a"));
        check("$A_1}", Some("x$B}"));
    }
}
