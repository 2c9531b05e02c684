//! Tests of lists as a whole: which element matches, how writers change them, and that readers
//! always see one version.

use std::sync::atomic::{AtomicBool, Ordering};

use bumpalo::Bump;
use ir::expr::MatchMethod::{self, *};
use ir::types::SampleType;

use super::*;
use crate::sample::Value;

/// A list with one index.
fn list(method: MatchMethod, ignore_case: bool, keys: &[&str]) -> Reference {
    let identity = Identity {
        id: 0,
        path: Box::default(),
        display: Box::default(),
        is_acl: true,
        is_map: true,
        has_values: true,
    };
    let list = Reference::new(identity);
    list.load(|content| {
        for (key, number) in keys.iter().zip(0..) {
            content.push(key.as_bytes(), Some(format!("{number}").as_bytes()), number).expect(key);
        }
        let kind = Kind::new(method, ignore_case, false, false);
        content.add_index(kind, Hosts::default()).expect("index");
    });
    list
}

/// The key that a text matches.
fn key(list: &Reference, text: &str) -> Option<String> {
    let arena = Bump::new();
    let found = list.find(0, Value::Str(text.as_bytes()), &arena)?;
    Some(String::from_utf8_lossy(found.key).into_owned())
}

fn value(list: &Reference, text: &str) -> Option<String> {
    let arena = Bump::new();
    let found = list.find(0, Value::Str(text.as_bytes()), &arena)?;
    Some(String::from_utf8_lossy(found.value?).into_owned())
}

fn keys(content: Option<Content>) -> Vec<String> {
    let content = content.unwrap_or_default();
    content.in_order().map(|element| String::from_utf8_lossy(element.key).into_owned()).collect()
}

#[test]
fn which_element() {
    let check = |method, ignore_case, patterns: &[&str], text: &str, expected: Option<&str>| {
        let found = key(&list(method, ignore_case, patterns), text);
        assert_eq!(found.as_deref(), expected, "{method:?} {patterns:?} on {text}");
    };
    check(Str, false, &["a", "b"], "b", Some("b"));
    check(Str, false, &["a"], "A", None);
    check(Str, false, &["a"], "a\0b", Some("a"));
    check(Str, true, &["x", "aB"], "Ab", Some("aB"));
    check(Str, true, &[""], "", Some(""));
    check(Beg, false, &["/", "/api", "/a"], "/api/x", Some("/api"));
    check(Beg, true, &["/", "/API"], "/api/x", Some("/"));
    check(Beg, false, &["/b"], "/", None);
    check(Beg, false, &["a", ""], "b", Some(""));
    check(End, false, &[".png", ".gif"], "x.gif", Some(".gif"));
    check(End, false, &["f", ".gif"], "x.gif", Some("f"));
    check(End, true, &[".PNG"], "x.png", Some(".PNG"));
    check(Sub, false, &["d", "bc"], "abcd", Some("d"));
    check(Sub, true, &["BC"], "abcd", Some("BC"));
    check(Sub, false, &["bd", ""], "abcd", None);
    check(Dir, false, &["img"], "/a/img/x", Some("img"));
    check(Dir, false, &["/img/"], "/img", Some("/img/"));
    check(Dir, false, &["img"], "/imgs/img2", None);
    check(Dir, false, &["img"], "/imgs/img?x", Some("img"));
    check(Dir, false, &["x", "a/b", "a"], "/a/b/x", Some("x"));
    check(Dom, false, &["example.com"], "www.example.com:80", Some("example.com"));
    check(Dom, false, &["example"], "www.example.com", Some("example"));
    check(Dom, false, &["exam"], "www.example.com", None);
    check(Dom, true, &["Example.Com"], "WWW.EXAMPLE.COM", Some("Example.Com"));
    check(Dom, false, &["."], "a.b", None);
    check(Bin, false, &["00", "6162"], "ab", Some("6162"));
    check(Int, false, &["1:9", "5"], "5", Some("1:9"));
    check(Int, false, &["5", "1:9"], "5", Some("5"));
    check(Len, false, &["3:"], "abcd", Some("3:"));
    check(Reg, false, &["^b", "b$", "b"], "ab", Some("b$"));
}

#[test]
fn networks() {
    let check = |patterns: &[&str], address: &str, expected: Option<&str>| {
        let found = key(&list(Ip, false, patterns), address);
        assert_eq!(found.as_deref(), expected, "{address} in {patterns:?}");
    };
    let nested = ["10.0.0.0/8", "10.1.0.0/15", "10.1.2.3", "0.0.0.0/0"];
    check(&nested, "10.1.9.9", Some("10.1.0.0/15"));
    check(&nested, "10.0.9.9", Some("10.1.0.0/15"));
    check(&nested, "10.1.2.3", Some("10.1.2.3"));
    check(&nested, "10.9.2.3", Some("10.0.0.0/8"));
    check(&nested, "11.0.0.0", Some("0.0.0.0/0"));
    check(&["10.0.0.5/255.0.0.255"], "10.7.7.5", Some("10.0.0.5/255.0.0.255"));
    check(&["10.0.0.5/255.0.0.255"], "10.7.7.6", None);
    check(&["2001:db8::/32", "2001:db8::/33"], "2001:db8:1::", Some("2001:db8::/33"));
    check(&["0.0.0.0/0"], "2001:db8:1::", None);
    check(&["::ffff:10.0.0.0/104"], "10.2.3.4", Some("::ffff:10.0.0.0/104"));
    check(&["10.0.0.0/8"], "::ffff:10.1.1.1", Some("10.0.0.0/8"));
    check(&["10.0.0.0/8"], "text", None);
}

/// All methods find what a list without an index finds, while elements come and go.
#[test]
fn as_a_list() {
    let words: Vec<String> = (0..400u32)
        .map(|number| {
            let letters = ["a", "b", "/", "ab", "a/", ".", "ba"];
            let digit = |at: u32| letters[(number / 7u32.pow(at) % 7) as usize];
            format!("x{}{}{}", digit(0), digit(1), digit(2))
        })
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    for method in [Str, Beg, End, Sub, Dir, Dom] {
        for ignore_case in [false, true] {
            let whole = list(method, ignore_case, &words[..200]);
            let mut left: Vec<&str> = words[..200].to_vec();
            for (step, word) in words[200..].iter().enumerate() {
                whole.add(None, word.as_bytes(), Some(b"v")).expect(word);
                left.push(word);
                let gone = left.remove(step * 31 % left.len());
                whole.remove(gone.as_bytes()).expect(gone);
                // Of equal keys, the first one went.
                if let Some(first) = left.iter().position(|word| *word == gone) {
                    let at = step * 31 % (left.len() + 1);
                    if first < at {
                        left.remove(first);
                        left.insert(at - 1, gone);
                    }
                }
                if step % 10 == 0 {
                    let text = format!("{word}.xab");
                    let alone = |word: &&&str| key(&list(method, ignore_case, &[**word]), &text).is_some();
                    let expected = match method == Beg && !ignore_case {
                        true => left.iter().filter(alone).max_by_key(|word| word.len()),
                        false => left.iter().find(alone),
                    };
                    assert_eq!(key(&whole, &text).as_deref(), expected.copied(), "{method:?} {text}");
                }
            }
        }
    }
}

#[test]
fn changes() {
    let list = list(Str, false, &["a", "b", "a"]);
    assert_eq!(list.set(b"a", b"x"), Ok(()));
    let content = list.version(None).expect("content");
    let values: Vec<_> = content.in_order().map(|each| each.value.unwrap_or_default().to_vec()).collect();
    assert_eq!(values, [b"x", b"1", b"x"]);
    assert_eq!(list.set(b"c", b"x"), Err(Refusal::NoEntry));
    assert_eq!(list.set_or_add(b"c", b"new"), Ok(()));
    assert_eq!(list.remove(b"a"), Ok(()));
    assert_eq!(keys(list.version(None)), ["b", "a", "c"]);
    assert_eq!(list.remove(b"d"), Err(Refusal::NoKey));
    assert_eq!((list.add_new(b"c"), list.add_new(b"d")), (Ok(Added::Known), Ok(Added::New)));
    assert_eq!(list.add(None, b"c", None), Ok(()));
    assert_eq!(keys(list.version(None)), ["b", "a", "c", "d", "c"]);
    let id = content.in_order().nth(1).expect("element").id;
    assert_eq!(list.set_by_id(id, b"by id"), Ok(()));
    assert_eq!(value(&list, "b").as_deref(), Some("by id"));
    assert_eq!(list.remove_by_id(id), Ok(()));
    assert_eq!(list.remove_by_id(id), Err(Refusal::NoKey));
    assert_eq!(list.set_by_id(id, b"x"), Err(Refusal::NoElement));
    assert_eq!((key(&list, "b"), list.entries()), (None, 4));
}

#[test]
fn refused() {
    let list = list(Int, false, &["1"]);
    let error = list.add(None, b"x", Some(b"1")).expect_err("no number");
    assert_eq!(error.to_string(), "'x' is not a number");
    assert_eq!(list.load(|content| content.add_value_type(SampleType::Sint)), Ok(()));
    let error = list.set(b"1", b"x").expect_err("no number");
    assert_eq!(error.to_string(), "unable to parse 'x'");
    assert_eq!(list.load(|content| content.add_value_type(SampleType::Addr)).map_err(|e| e.1), Err(0));
    assert_eq!(keys(list.version(None)), ["1"]);
}

#[test]
fn versions() {
    let list = list(Beg, false, &["a", "b"]);
    assert_eq!((list.versions(), list.commit(1)), ((0, 0), Err(Refusal::Range)));
    assert_eq!((list.prepare(), list.prepare()), (1, 2));
    assert_eq!(list.add(Some(3), b"x", None), Err(Refusal::Future));
    assert_eq!(list.add(Some(2), b"new", Some(b"v")), Ok(()));
    assert_eq!(list.add(Some(1), b"old", None), Ok(()));
    assert_eq!((key(&list, "new"), key(&list, "a1").as_deref()), (None, Some("a")));
    assert_eq!((keys(list.version(Some(2))), list.entries()), (vec!["new".to_owned()], 4));
    assert_eq!(list.commit(2), Ok(()));
    assert_eq!((key(&list, "new1").as_deref(), key(&list, "a1")), (Some("new"), None));
    assert_eq!((list.versions(), list.commit(1)), ((2, 2), Err(Refusal::Range)));
    assert!(list.version(Some(1)).is_none());
    list.clear(None);
    assert_eq!((key(&list, "new"), list.entries()), (None, 0));
    assert_eq!(list.add(None, b"n", None), Ok(()));
    assert_eq!(key(&list, "new").as_deref(), Some("n"));
    assert_eq!((list.prepare(), list.commit(3)), (3, Ok(())));
    assert_eq!(keys(list.version(None)), Vec::<String>::new());
}

/// A writer replaces all that readers look at: they see all of a version, or all of another one.
#[test]
fn readers_see_one_version() {
    let keys: Vec<String> = (0..100).map(|number| format!("k{number}")).collect();
    let fill = |list: &Reference, version: Option<u32>, value: &str| {
        for key in &keys {
            list.add(version, key.as_bytes(), Some(value.as_bytes())).expect("added");
        }
    };
    let list = list(Str, false, &[]);
    fill(&list, None, "0");
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let read = || {
            let arena = Bump::new();
            while !is_over.load(Ordering::Relaxed) {
                let content = list.read();
                let mut values = keys.iter().filter_map(|key| {
                    let found = content.find(0, Value::Str(key.as_bytes()), Want::Best, &arena)?;
                    found.value
                });
                let first = values.next();
                assert!(values.all(|value| Some(value) == first));
                assert!(matches!(content.len(), 0 | 100), "{}", content.len());
                let copied = value(&list, "k7");
                assert!(copied.is_none_or(|value| value.parse::<u32>().is_ok()));
            }
        };
        let readers: Vec<_> = (0..3).map(|_| scope.spawn(read)).collect();
        for round in 1..200 {
            let version = list.prepare();
            fill(&list, Some(version), &round.to_string());
            list.commit(version).expect("promised");
            if round % 10 == 0 {
                list.clear(None);
            }
        }
        is_over.store(true, Ordering::Relaxed);
        readers.into_iter().for_each(|reader| reader.join().expect("reader"));
    });
    assert_eq!(value(&list, "k99").as_deref(), Some("199"));
}
