//! What a converter finds in a map (manual, the `map` converter).

use std::sync::Arc;

use base::pattern;
use bumpalo::Bump;
use ir::expr::MatchMethod;
use ir::types::SampleType;

use super::BuildError;
use super::patterns::{Lists, at_line};
use crate::live::patterns::{Found, Hosts, Identity, Kind, Reference};
use crate::sample::Value;

/// A list of patterns with values, and how a key is found in it.
#[derive(Debug)]
pub struct Map {
    reference: Arc<Reference>,
    index: usize,
}

impl Map {
    /// `values` is what the values are read as.
    pub(super) fn new(
        lists: &Lists,
        reference: &Arc<Reference>,
        method: MatchMethod,
        values: SampleType,
    ) -> Result<Self, BuildError> {
        let typed = reference.load(|content| content.add_value_type(values));
        typed.map_err(|(error, line)| at_line(&error, line, reference))?;
        let index = lists.index(reference, Kind::new(method, false, false, true))?;
        Ok(Self { reference: Arc::clone(reference), index })
    }

    /// Reads `text`: a key, white space and a value on each line. Nobody else has this map.
    ///
    /// # Errors
    /// Where a key cannot be read.
    pub fn parse(text: &[u8], method: MatchMethod) -> Result<Self, BuildError> {
        let identity = Identity {
            id: 0,
            path: Box::default(),
            display: Box::default(),
            is_acl: false,
            is_map: true,
            has_values: true,
        };
        let reference = Arc::new(Reference::new(identity));
        let kind = Kind::new(method, false, false, true);
        let index = reference.load(|content| {
            for (_, line) in pattern::lines(text) {
                let (key, value) = pattern::key_and_value(line);
                content.push(key, Some(value), 0).map_err(|refusal| BuildError(refusal.to_string()))?;
            }
            content.add_index(kind, Hosts::default()).map_err(|(error, _)| BuildError(error))
        });
        Ok(Self { index: index?, reference })
    }

    /// The list itself.
    pub fn reference(&self) -> &Arc<Reference> {
        &self.reference
    }

    /// The entry that matches.
    pub fn find<'a>(&self, key: Value<'a>, arena: &'a Bump) -> Option<Found<'a>> {
        self.reference.find(self.index, key, arena)
    }

    /// The value of the entry whose regular expression matches, with the groups that it names.
    /// `None` inside: the entry has no value.
    pub fn expand<'a>(&self, text: &[u8], arena: &'a Bump) -> Option<Option<&'a [u8]>> {
        let content = self.reference.read();
        let (element, regex) = content.find_regex(self.index, text)?;
        let Some(template) = element.value else { return Some(None) };
        let mut out = Vec::new();
        regex.expand_match(text, template, &mut out);
        Some(Some(arena.alloc_slice_copy(&out)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: MatchMethod, text: &str, key: Value, expected: Option<&str>) {
        let map = Map::parse(text.as_bytes(), method).expect("map");
        let arena = Bump::new();
        let found = map.find(key, &arena).map(|found| found.value.expect("value"));
        assert_eq!(found, expected.map(str::as_bytes), "{key:?}");
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
    fn groups() {
        let map = Map::parse(br"^/(a)(b+) <\2\1>", MatchMethod::Reg).expect("map");
        let arena = Bump::new();
        assert_eq!(map.expand(b"/abbc", &arena), Some(Some(b"<bba>".as_slice())));
        assert_eq!(map.expand(b"/c", &arena), None);
    }
}
