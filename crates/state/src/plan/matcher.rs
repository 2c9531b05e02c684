//! What the samples of an ACL are compared with (manual, section 7.1). Left out: what an ACL
//! does with the answer (`acl`).

use std::sync::Arc;

use bumpalo::Bump;
use ir::expr::{AclTest, MatchMethod};
use ir::types::SampleType;

use super::BuildError;
use super::patterns::Lists;
use crate::live::patterns::{Kind, Reference, Want};
use crate::sample::Value;

/// The lists of patterns of one test.
#[derive(Debug)]
pub struct Matcher(Kinds);

#[derive(Debug)]
enum Kinds {
    Found,
    Bool,
    /// Lists, and the numbers of their indexes.
    Lists(Box<[(Arc<Reference>, usize)]>),
}

impl Matcher {
    pub(super) fn new(test: &AclTest, lists: &Lists) -> Result<Self, BuildError> {
        let AclTest { method, ignore_case, dotted, no_dns, .. } = *test;
        match method {
            MatchMethod::Found => return Ok(Self(Kinds::Found)),
            MatchMethod::Bool => return Ok(Self(Kinds::Bool)),
            _ => {}
        }
        let files = test.files.iter().map(|file| (file.list, file.ignore_case, file.no_dns));
        let mut found = Vec::with_capacity(test.files.len() + 1);
        for (list, ignore_case, no_dns) in files.chain([(test.list, ignore_case, no_dns)]) {
            let unknown = || BuildError(format!("internal error: list number {} does not exist", list.0));
            let reference = lists.get(list).ok_or_else(unknown)?;
            let index = lists.index(reference, Kind::new(method, ignore_case, dotted, no_dns))?;
            found.push((Arc::clone(reference), index));
        }
        Ok(Self(Kinds::Lists(found.into())))
    }

    /// Whether a pattern matches.
    pub fn is_match<'a>(&self, value: Value<'a>, arena: &'a Bump) -> bool {
        match &self.0 {
            Kinds::Found => true,
            Kinds::Bool => value
                .cast(SampleType::Sint, arena)
                .is_some_and(|number| !matches!(number, Value::Sint(0) | Value::Bool(false))),
            Kinds::Lists(lists) => lists.iter().any(|(reference, index)| {
                let content = reference.read();
                !content.is_empty() && content.find(*index, value, Want::Any, arena).is_some()
            }),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use ir::config::{Config, PatternList};
    use ir::expr::Expr;
    use ir::id::{FetchId, PatternListId};

    use super::*;

    /// A test of one list.
    pub fn matcher(method: MatchMethod, dotted: bool, patterns: &[&str]) -> Result<Matcher, BuildError> {
        let patterns = patterns.iter().map(|text| text.as_bytes().to_vec()).collect();
        let mut config = Config {
            pattern_lists: vec![PatternList { patterns, ..PatternList::default() }],
            pattern_hosts: [(b"host".to_vec(), "192.0.2.1".parse().expect("address"))].into(),
            ..Config::default()
        };
        let expr = Expr {
            fetch: FetchId(0),
            args: Vec::new(),
            converters: Vec::new(),
            out: SampleType::Any,
            text: Vec::new(),
        };
        let test = AclTest {
            expr,
            method,
            ignore_case: false,
            no_dns: false,
            dotted,
            list: PatternListId(0),
            files: Vec::new(),
        };
        Matcher::new(&test, &Lists::load(&mut config)?)
    }

    fn check(method: MatchMethod, patterns: &[&str], value: Value, expected: bool) {
        let matcher = matcher(method, false, patterns).expect("patterns");
        assert_eq!(matcher.is_match(value, &Bump::new()), expected, "{method:?} {patterns:?} on {value:?}");
    }

    #[test]
    fn numbers() {
        use MatchMethod::{Int, Len};
        check(Int, &["5"], Value::Sint(5), true);
        check(Int, &["5", "7:9"], Value::Sint(8), true);
        check(Int, &["7:9"], Value::Sint(10), false);
        check(Int, &["7:"], Value::Sint(i64::MAX), true);
        check(Int, &[":7"], Value::Sint(-1), true);
        check(Int, &["-7"], Value::Sint(6), true);
        check(Int, &["12"], Value::Str(b"12"), true);
        check(Int, &["0"], Value::Str(b""), false);
        check(Len, &["3"], Value::Str(b"abc"), true);
        check(Len, &["4:"], Value::Str(b"abc"), false);
    }

    #[test]
    fn versions() {
        let check = |pattern: &str, version: i64, expected: bool| {
            let matcher = matcher(MatchMethod::Int, true, &[pattern]).expect(pattern);
            assert_eq!(matcher.is_match(Value::Sint(version), &Bump::new()), expected, "{pattern}");
        };
        check("3.0-3.1", 0x30001, true);
        check("3.0-3.1", 0x30002, false);
        check("3.1", 0x30001, true);
        check(":2.65535", 0x20001, true);
    }

    #[test]
    fn others() {
        use MatchMethod::{Bin, Bool, Found, Ip, Reg};
        check(Found, &[], Value::Bool(false), true);
        check(Bool, &[], Value::Bool(false), false);
        check(Bool, &[], Value::Sint(2), true);
        check(Bin, &["00ff", "FE"], Value::Bin(b"\xfe"), true);
        check(Bin, &["00ff"], Value::Bin(b"\0"), false);
        check(Reg, &["^a", "b+$"], Value::Str(b"xbb"), true);
        check(Reg, &["^a"], Value::Str(b"ba"), false);
        check(Ip, &["10.0.0.0/8"], Value::Str(b"10.9.9.9"), true);
        check(Ip, &["10.0.0.0/8"], Value::Str(b"nothing"), false);
        check(Ip, &["host"], Value::Str(b"192.0.2.1"), true);
    }

    #[test]
    fn refused() {
        let check = |method, pattern: &str| {
            assert!(matcher(method, false, &[pattern]).is_err(), "{pattern}");
        };
        for text in ["", "x", "1:x", "9:1", ":", "1.5"] {
            check(MatchMethod::Int, text);
        }
        check(MatchMethod::Bin, "0");
        check(MatchMethod::Bin, "0g");
        check(MatchMethod::Reg, "(");
        check(MatchMethod::Ip, "other");
    }
}
