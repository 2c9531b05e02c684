//! Actions on lists of patterns and on maps (manual, section 4.3). What cannot be read as a
//! pattern or as a value is not taken, and nobody is told.

use ir::spec::ActionArg::{Fmt, Str};
use state::Stream;
use state::live::patterns::Reference;
use state::plan::{Args, Outcome};

use crate::row::{Action, sets};

pub const ROWS: &[Action] = &[
    Action::new(
        "add-acl",
        sets::REQUEST | sets::RESPONSE,
        &[Fmt],
        "Adds a pattern to a file of ACLs, unless it is there",
        add_acl,
    )
    .paren(Str),
    Action::new("del-acl", sets::HTTP, &[Fmt], "Removes a pattern of a file of ACLs", remove).paren(Str),
    Action::new("set-map", sets::HTTP, &[Fmt, Fmt], "Sets the value of a key in a map, or adds it", set_map)
        .paren(Str),
    Action::new("del-map", sets::HTTP, &[Fmt], "Removes a key of a map", remove).paren(Str),
];

fn add_acl(stream: &mut Stream, args: &Args) -> Outcome {
    with_texts(stream, args, |list, key, _| {
        // Nobody is told of a pattern that cannot be read.
        let _ = list.add_new(key);
    })
}

fn set_map(stream: &mut Stream, args: &Args) -> Outcome {
    with_texts(stream, args, |list, key, value| {
        let _ = list.set_or_add(key, value);
    })
}

fn remove(stream: &mut Stream, args: &Args) -> Outcome {
    with_texts(stream, args, |list, key, _| {
        let _ = list.remove(key);
    })
}

/// Calls `act` with the list that the parentheses name, where there is one, and with the texts
/// that the formats give.
fn with_texts(stream: &mut Stream, args: &Args, act: impl FnOnce(&Reference, &[u8], &[u8])) -> Outcome {
    let Some(list) = stream.plan.live.patterns.by_name(args.str(0)) else { return Outcome::Continue };
    stream.with_scratch(|stream, text| {
        args.write(1, stream, text);
        let end = text.len();
        args.write(2, stream, text);
        let (key, value) = text.split_at(end);
        act(list, c_string(key), c_string(value));
    });
    Outcome::Continue
}

/// Keys and values end with a zero byte.
fn c_string(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use ir::config::PatternList;
    use state::testing;

    use crate::testing::run_stream;

    /// The rules, run over a list called `virt@l` with one pattern, and what is in it then.
    fn check(rules: &str, expected: &[(&str, Option<&str>)]) {
        let mut config = testing::config();
        config.pattern_lists.push(PatternList {
            path: b"virt@l".to_vec(),
            patterns: vec![b"old".to_vec()],
            ..PatternList::default()
        });
        let (stream, _) = run_stream(config, "GET /p HTTP/1.1", rules);
        let list = stream.plan.live.patterns.by_name(b"virt@l").expect("list");
        let content = list.version(None);
        let found: Vec<_> = content.iter().flat_map(|content| content.in_order()).collect();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let found: Vec<_> = found.iter().map(|each| (text(each.key), each.value.map(text))).collect();
        let expected: Vec<_> =
            expected.iter().map(|(key, value)| (key.to_string(), value.map(str::to_string))).collect();
        assert_eq!(found, expected, "{rules}");
    }

    #[test]
    fn changes() {
        check("add-acl(virt@l) new", &[("old", None), ("new", None)]);
        check("add-acl(virt@l) old", &[("old", None)]);
        check("add-acl(virt@other) new", &[("old", None)]);
        check("del-acl(virt@l) old", &[]);
        check("del-map(virt@l) none", &[("old", None)]);
        check("set-map(virt@l) %[path] <%[method]>", &[("old", None), ("/p", Some("<GET>"))]);
        check("set-map(virt@l) a 1\nset-map(virt@l) a 2", &[("old", None), ("a", Some("2"))]);
        check("set-map(virt@l) old x\nadd-acl(virt@l) old", &[("old", Some("x"))]);
    }
}
