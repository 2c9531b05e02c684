//! Regular expressions (PCRE2 with its JIT) and the replacement strings that refer to their
//! groups.

use super::BuildError;

/// A compiled regular expression over bytes.
#[derive(Debug)]
pub struct Regex(pcre2::bytes::Regex);

impl Regex {
    pub fn new(source: &[u8], ignore_case: bool) -> Result<Self, BuildError> {
        pcre2::bytes::RegexBuilder::new()
            .caseless(ignore_case)
            .jit_if_available(true)
            .build(&ascii(source))
            .map(Self)
            .map_err(|error| {
                let source = String::from_utf8_lossy(source);
                let text = error.to_string();
                let offset = error.offset().unwrap_or(0);
                // The library says: PCRE2: error compiling pattern at offset 1: what is wrong.
                let why = text.split_once(&format!("offset {offset}: ")).map_or(&text[..], |(_, why)| why);
                BuildError(format!("regex '{source}' is invalid (error={why}, erroffset={offset})"))
            })
    }

    /// PCRE2's version, for `-vv`: major and minor, and whether its JIT works here.
    pub fn library() -> (u32, u32, bool) {
        let (major, minor) = pcre2::version();
        (major, minor, pcre2::is_jit_available())
    }

    /// A match that exceeds PCRE2's limits is none.
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.0.is_match(text).unwrap_or(false)
    }

    /// Appends `text` to `out` with the first match (or all) replaced by `template`, where `\0`
    /// to `\9` are groups, `\xHH` is a byte and `\c` is any other byte `c`. Gives whether there
    /// was a match; without one nothing is written. A template that breaks off ends the text in
    /// front of the match.
    pub fn replace(&self, text: &[u8], template: &[u8], all: bool, out: &mut Vec<u8>) -> bool {
        let mut groups = self.0.capture_locations();
        let mut done = 0;
        let mut at = 0;
        let mut found = false;
        while let Ok(Some(hit)) = self.0.captures_read_at(&mut groups, text, at) {
            found = true;
            out.extend_from_slice(&text[done..hit.start()]);
            let group = |group| groups.get(group).map(|(start, end)| &text[start..end]);
            if expand(template, group, out).is_none() {
                return true;
            }
            done = hit.end();
            if !all || at >= text.len() {
                break;
            }
            // An empty match where the search began must not be found again; one further on is, as
            // HAProxy has it.
            at = if done > at { done } else { done + 1 };
        }
        if found {
            out.extend_from_slice(&text[done..]);
        }
        found
    }

    /// Appends only the expanded template for the first match; `false` where there is none, or where
    /// the template breaks off.
    pub fn expand_match(&self, text: &[u8], template: &[u8], out: &mut Vec<u8>) -> bool {
        let mut groups = self.0.capture_locations();
        let hit = matches!(self.0.captures_read_at(&mut groups, text, 0), Ok(Some(_)));
        let group = |group| groups.get(group).map(|(start, end)| &text[start..end]);
        hit && expand(template, group, out).is_some()
    }
}

/// The source with all bytes above ASCII as escapes, since the library wants UTF-8 and a
/// configuration is bytes.
fn ascii(source: &[u8]) -> String {
    let mut out = String::with_capacity(source.len());
    let mut escaped = false;
    for &byte in source {
        match byte {
            // The backslash is already there.
            0x80.. if escaped => out.push_str(&format!("x{byte:02x}")),
            0x80.. => out.push_str(&format!("\\x{byte:02x}")),
            _ => out.push(char::from(byte)),
        }
        escaped = byte == b'\\' && !escaped;
    }
    out
}

/// `None`, and nothing is written, where the template ends inside of an escape.
fn expand<'t>(template: &[u8], group: impl Fn(usize) -> Option<&'t [u8]>, out: &mut Vec<u8>) -> Option<()> {
    let start = out.len();
    let mut rest = template;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = match &rest[at + 1..] {
            [digit @ b'0'..=b'9', after @ ..] => {
                out.extend_from_slice(group(usize::from(digit - b'0')).unwrap_or(b""));
                after
            }
            [b'x', high, low, after @ ..] => {
                out.push((nibble(*high) << 4).wrapping_add(nibble(*low)));
                after
            }
            [] | [b'x', ..] => {
                out.truncate(start);
                return None;
            }
            [byte, after @ ..] => {
                out.push(*byte);
                after
            }
        };
    }
    out.extend_from_slice(rest);
    Some(())
}

/// The value of a hexadecimal digit, and of what is none what HAProxy takes it for.
fn nibble(digit: u8) -> u8 {
    match digit.to_ascii_uppercase().wrapping_sub(b'0') {
        value @ 0..10 => value,
        value => value.wrapping_sub(b'A' - b'9' - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, text: &str, template: &str, all: bool, expected: Option<&str>) {
        let regex = Regex::new(source.as_bytes(), false).expect("regex");
        let mut out = Vec::new();
        let found = regex.replace(text.as_bytes(), template.as_bytes(), all, &mut out);
        assert_eq!(found.then_some(out), expected.map(|text| text.as_bytes().to_vec()), "{source} on {text}");
    }

    #[test]
    fn replacing() {
        check("b(.)", "abcabd", r"[\1]", false, Some("a[c]abd"));
        check("b(.)", "abcabd", r"[\1\0]", true, Some("a[cbc]a[dbd]"));
        check("x", "abc", "y", false, None);
        check("(a)|(b)", "b", r"<\1\2>", false, Some("<b>"));
        check("a", "a", r"\x41\\\.", false, Some(r"A\."));
        check("x*", "ab", "-", true, Some("-a-b-"));
        check("$", "ab", "-", true, Some("ab--"));
        check("$", "ab", "-", false, Some("ab-"));
        check("b*", "aab", "-", true, Some("-a-a--"));
        check("b", "abc", "\\", true, Some("a"));
        check("b", "abc", r"\x4", false, Some("a"));
        check("^/old/(.*)", "/old/p?q", r"/new/\1", false, Some("/new/p?q"));
    }

    #[test]
    fn bytes_and_case() {
        let regex = Regex::new(b"\xe9\\\xe9+$", true).expect("regex");
        assert!(regex.is_match(b"a\xe9\xe9\xe9"));
        assert!(!regex.is_match("é".as_bytes()));
        assert!(Regex::new(b"ABC", true).expect("regex").is_match(b"xabc"));
        let error = Regex::new(b"(", false).expect_err("unbalanced");
        assert_eq!(error.0, "regex '(' is invalid (error=missing closing parenthesis, erroffset=1)");
    }
}
