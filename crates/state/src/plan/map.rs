//! Map files: patterns with values (manual, the `map` converter). Left out: changing a map at
//! run time.

use base::pattern;
use bumpalo::Bump;
use ir::config::PatternSources;
use ir::expr::MatchMethod;

use super::matcher::How;
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
    pub fn parse(text: &[u8], method: MatchMethod, sources: &PatternSources) -> Result<Self, BuildError> {
        let mut keys = Vec::new();
        let mut values = Vec::new();
        for (_, line) in pattern::lines(text) {
            let (key, value) = pattern::key_and_value(line);
            keys.push(key.to_vec());
            values.push(value.into());
        }
        let how = How { method, ignore_case: false, dotted: false, sources };
        Ok(Self { matcher: Matcher::new(&how, &keys)?, values })
    }

    /// Loads a file by its name in the configuration.
    pub fn load(name: &[u8], method: MatchMethod, sources: &PatternSources) -> Result<Self, BuildError> {
        Self::parse(&pattern_file::read(name, sources)?, method, sources)
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
        let map = Map::parse(text.as_bytes(), method, &PatternSources::default()).expect("map");
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
