//! Map files: patterns with values (manual, the `map` converter). Left out: changing a map at
//! run time.

use bumpalo::Bump;
use ir::expr::MatchMethod;

use super::{BuildError, Matcher};
use crate::sample::Value;

/// A loaded map.
#[derive(Debug)]
pub struct Map {
    matcher: Matcher,
    values: Vec<Box<[u8]>>,
}

impl Map {
    /// Reads `text`: a key, white space and a value on each line; empty lines and those that
    /// start with `#` are skipped.
    pub fn parse(text: &[u8], method: MatchMethod) -> Result<Self, BuildError> {
        let mut keys = Vec::new();
        let mut values = Vec::new();
        for line in text.split(|b| *b == b'\n') {
            let line = line.trim_ascii();
            if line.is_empty() || line[0] == b'#' {
                continue;
            }
            let end = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
            keys.push(line[..end].to_vec());
            values.push(line[end..].trim_ascii().into());
        }
        Ok(Self { matcher: Matcher::new(method, false, &keys)?, values })
    }

    /// Loads a file by its name in the configuration: `opt@` files may be missing, `virt@`
    /// ones have no file.
    pub fn load(name: &[u8], method: MatchMethod) -> Result<Self, BuildError> {
        if name.starts_with(b"virt@") {
            return Self::parse(b"", method);
        }
        let optional = name.strip_prefix(b"opt@");
        let path = optional.or(name.strip_prefix(b"file@")).unwrap_or(name);
        let path = std::str::from_utf8(path)
            .map_err(|_| BuildError("a map's file name is not valid UTF-8".to_owned()))?;
        match std::fs::read(path) {
            Ok(text) => Self::parse(&text, method),
            Err(error) if optional.is_some() && error.kind() == std::io::ErrorKind::NotFound => {
                Self::parse(b"", method)
            }
            Err(error) => Err(BuildError(format!("failed to open pattern file <{path}> ({error})"))),
        }
    }

    /// The value of the pattern that matches.
    pub fn get<'a>(&self, key: Value<'a>, arena: &'a Bump) -> Option<&[u8]> {
        self.matcher.find(key, arena).map(|at| &*self.values[at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: MatchMethod, text: &str, key: Value, expected: Option<&str>) {
        let map = Map::parse(text.as_bytes(), method).expect("map");
        assert_eq!(map.get(key, &Bump::new()), expected.map(str::as_bytes), "{key:?}");
    }

    #[test]
    fn look_ups() {
        let text = "# comment\n\nexample.com  be_a\n www.example.com\tbe b \r\nlonely\nexample.com second\n";
        check(MatchMethod::Str, text, Value::Str(b"example.com"), Some("be_a"));
        check(MatchMethod::Str, text, Value::Str(b"www.example.com"), Some("be b"));
        check(MatchMethod::Str, text, Value::Str(b"lonely"), Some(""));
        check(MatchMethod::Str, text, Value::Str(b"# comment"), None);
        check(MatchMethod::Beg, "/ root\n/a a", Value::Str(b"/abc"), Some("a"));
        check(MatchMethod::Ip, "10.0.0.0/8 lan", Value::Str(b"10.1.1.1"), Some("lan"));
        check(MatchMethod::Reg, "^a.c$ yes", Value::Str(b"abc"), Some("yes"));
    }

    #[test]
    fn files() {
        assert!(Map::load(b"/nonexistent/map", MatchMethod::Str).is_err());
        assert!(Map::load(b"opt@/nonexistent/map", MatchMethod::Str).is_ok());
        assert!(Map::load(b"virt@x", MatchMethod::Str).is_ok());
    }
}
