//! Map files: patterns with values (manual, the `map` converter). Left out: changing a map at
//! run time.

use bumpalo::Bump;
use ir::expr::MatchMethod;

use super::{BuildError, Matcher, pattern_file};
use crate::sample::Value;

/// A loaded map.
#[derive(Debug)]
pub struct Map {
    matcher: Matcher,
    values: Vec<Box<[u8]>>,
}

impl Map {
    /// Reads `text`: a key, white space and a value on each line.
    pub fn parse(text: &[u8], method: MatchMethod) -> Result<Self, BuildError> {
        let mut keys = Vec::new();
        let mut values = Vec::new();
        for line in pattern_file::lines(text) {
            let end = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
            keys.push(line[..end].to_vec());
            values.push(line[end..].trim_ascii().into());
        }
        Ok(Self { matcher: Matcher::new(method, false, &keys)?, values })
    }

    /// Loads a file by its name in the configuration.
    pub fn load(name: &[u8], method: MatchMethod) -> Result<Self, BuildError> {
        Self::parse(&pattern_file::read(name)?, method)
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
}
