//! Lines of crt-lists, and how they fall into words.

/// A line may be so long, with its end.
const LONGEST: usize = 65535;
/// The words of a line.
const MOST_WORDS: usize = 2048;

/// The words of a line.
#[derive(Debug, Default, PartialEq)]
pub struct Cut<'l> {
    pub words: Vec<&'l [u8]>,
    /// How many words stand before `[` and `]`; 0 without one.
    pub open: usize,
    pub close: usize,
}

/// The lines of a list up to their ends, or to a NUL; and whether they end as they should.
pub fn lines(text: &[u8]) -> impl Iterator<Item = Result<(&[u8], bool), &'static str>> {
    text.split_inclusive(|byte| *byte == b'\n').map(|line| {
        let visible = line.iter().position(|byte| *byte == 0).unwrap_or(line.len());
        if line.len() >= LONGEST && visible >= LONGEST && line.get(LONGEST - 1) != Some(&b'\n') {
            return Err("line too long, limit is 65535 characters");
        }
        match line[..visible].strip_suffix(b"\n") {
            Some(whole) => Ok((whole, true)),
            None => Ok((&line[..visible], false)),
        }
    })
}

fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == b'\x0b'
}

/// Cuts a line into words; the error is HAProxy's.
pub fn cut(line: &[u8]) -> Result<Cut<'_>, &'static str> {
    let (mut cut, mut start) = (Cut::default(), None);
    for (at, byte) in line.iter().enumerate() {
        if !is_space(*byte) && !matches!(byte, b'[' | b']') {
            if start.is_none() && cut.words.len() == MOST_WORDS {
                return Err("too many args ");
            }
            let start = *start.get_or_insert_with(|| {
                cut.words.push(b"");
                at
            });
            if let Some(word) = cut.words.last_mut() {
                *word = &line[start..=at];
            }
            continue;
        }
        start = None;
        match byte {
            b'[' if cut.open > 0 => return Err("too many '['"),
            b'[' if cut.words.is_empty() => return Err("file must start with a cert"),
            b'[' => cut.open = cut.words.len(),
            b']' if cut.close > 0 => return Err("too many ']'"),
            b']' if cut.open == 0 => return Err("missing '['"),
            b']' => cut.close = cut.words.len(),
            _ => {}
        }
    }
    Ok(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Result<(&[&str], usize, usize), &str>) {
        let got = cut(line.as_bytes());
        let got = got.map(|cut| {
            let words: Vec<_> =
                cut.words.into_iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect();
            (words, cut.open, cut.close)
        });
        let expected = expected.map(|(words, open, close)| {
            (words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>(), open, close)
        });
        assert_eq!(got, expected, "{line}");
    }

    #[test]
    fn words_and_brackets() {
        check("", Ok((&[], 0, 0)));
        check(" a.pem\r", Ok((&["a.pem"], 0, 0)));
        check("a.pem[alpn h2]x !y", Ok((&["a.pem", "alpn", "h2", "x", "!y"], 1, 3)));
        check("a.pem x [alpn\x0bh2", Ok((&["a.pem", "x", "alpn", "h2"], 2, 0)));
        check("a.pem []", Ok((&["a.pem"], 1, 1)));
        check("[alpn h2] a.pem", Err("file must start with a cert"));
        check("a.pem [[", Err("too many '['"));
        check("a.pem []]", Err("too many ']'"));
        check("a.pem ]", Err("missing '['"));
        check(&"x ".repeat(MOST_WORDS + 1), Err("too many args "));
    }

    #[test]
    fn ends_of_lines() {
        let got: Vec<_> = lines(b"a\nb\0c\nd").collect();
        assert_eq!(
            got,
            [Ok((b"a".as_slice(), true)), Ok((b"b".as_slice(), false)), Ok((b"d".as_slice(), false))]
        );
        assert!(lines(&[b'x'; LONGEST]).all(|line| line.is_err()));
    }
}
