//! The source line below a message, as HAProxy prints it.

/// `prefix` and the text on one line, a caret under `offset` on the next, both indented by two.
/// At most `width` bytes of the text are shown.
pub(super) fn lines(prefix: &str, text: &[u8], offset: usize, width: usize) -> String {
    let (shown, offset) = window(text, offset, width);
    format!("  {prefix}{shown}\n  {}^", " ".repeat(prefix.len() + offset))
}

/// The part of the text around `offset`, and the offset in it. Blanks become spaces and what
/// does not print becomes `?`.
fn window(text: &[u8], offset: usize, width: usize) -> (String, usize) {
    let printable = |bytes: &[u8]| -> String {
        let show = |b: &u8| match b {
            b if crate::lex::is_space(*b) => ' ',
            b' '..=b'~' => char::from(*b),
            _ => '?',
        };
        bytes.iter().map(show).collect()
    };
    if offset < width {
        return (printable(&text[..text.len().min(width)]), offset);
    }
    // Out of sight: the place moves to the middle.
    let shift = offset - width / 2;
    let start = (shift + 3).min(text.len());
    let end = (shift + width - 3).min(text.len());
    (format!("...{}...", printable(&text[start..end])), offset - shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, offset: usize, expected: (&str, usize)) {
        let (shown, at) = window(text.as_bytes(), offset, 20);
        assert_eq!((shown.as_str(), at), expected, "{text} {offset}");
    }

    #[test]
    fn windows() {
        check("a\tb\x01c", 2, ("a b?c", 2));
        check("", 0, ("", 0));
        check("0123456789abcdefghijklm", 19, ("0123456789abcdefghij", 19));
        check("0123456789abcdefghijklmnopq", 20, ("...defghijklmnopq...", 10));
        check("0123456789abcdefghijklm", 22, ("...fghijklm...", 10));
    }

    #[test]
    fn carets() {
        assert_eq!(lines(".if ", b"x y", 2, 76), "  .if x y\n        ^");
    }
}
