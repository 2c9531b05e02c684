//! Tests of the table as a whole and of the evaluator; those of the actions stand beside them.

use std::collections::HashSet;

use ir::expr::{Acl, AclTest, Cond, CondTerm, Expr, MatchMethod, Rule};
use ir::id::{AclId, ActionId, FetchId, ProxyId, ServiceId};
use ir::spec::RuleSet;
use ir::types::SampleType;
use state::plan::{Args, Functions, Outcome};
use state::sample::{Arg, Cursor, Fetched};
use state::{Missing, Stream, testing};

#[test]
fn rows_are_sound() {
    let mut names = HashSet::new();
    for row in crate::rows() {
        let spec = &row.spec;
        assert!(spec.sets != 0 && !spec.doc.is_empty(), "{}", spec.name);
        for set in RuleSet::ALL.iter().filter(|set| spec.sets & set.bit() != 0) {
            assert!(names.insert((spec.name, *set)), "{} is there twice in {set:?}", spec.name);
        }
    }
}

/// The actions that stand for outcomes; `body` looks whether the body is there.
const FAKES: [(&str, state::plan::ActionFn); 9] = [
    ("continue", |stream, _| {
        stream.reply.push(b'c');
        Outcome::Continue
    }),
    ("stop", |_, _| Outcome::Stop),
    ("deny", |_, _| Outcome::Deny(403)),
    ("pause", |_, _| Outcome::Pause(5)),
    (
        "body",
        |stream: &mut Stream, _: &Args| {
            if stream.req_body.complete { Outcome::Continue } else { Outcome::WaitForBody(9, 0) }
        },
    ),
    ("not-yet", |_, _| Outcome::NotYet),
    ("lua", |_, _| Outcome::Lua(3)),
    ("service", |_, _| Outcome::Service(ServiceId(1))),
    ("if-more", |_, _| Outcome::Reject),
];

/// True once the inspection is over, unknown before.
fn later<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    if stream.inspect_over { Ok(state::Value::Bool(true)) } else { Err(Missing::NotYet) }
}

fn stream(set: RuleSet, rules: &[&str]) -> Stream {
    let mut config = testing::config();
    let expr = Expr {
        fetch: FetchId(0),
        args: Vec::new(),
        converters: Vec::new(),
        out: SampleType::Bool,
        text: b"later".to_vec(),
    };
    let test = AclTest {
        expr,
        method: MatchMethod::Bool,
        ignore_case: false,
        no_dns: false,
        dotted: false,
        list: ir::id::PatternListId(0),
        files: Vec::new(),
    };
    config.proxies[0].acls = vec![Acl { name: Vec::new(), tests: vec![test] }];
    config.proxies[0].rules[set as usize] = rules
        .iter()
        .map(|rule| {
            let id = FAKES.iter().position(|(name, _)| name == rule).expect("action");
            let term = CondTerm { acl: AclId(0), negated: false };
            let cond = Cond { unless: false, any: vec![vec![term]] };
            Rule {
                action: ActionId(id as u32),
                args: Vec::new(),
                options: Vec::new(),
                cond: (*rule == "if-more").then_some(cond),
                place: Default::default(),
            }
        })
        .collect();
    let functions = Functions {
        fetches: vec![state::plan::Fetch { run: later, of_stream: false, needs: Default::default() }],
        actions: FAKES.map(|(_, run)| run).to_vec(),
        ..Functions::default()
    };
    testing::stream_of(config, &functions, "GET / HTTP/1.1\n")
}

/// Runs the list once from its start; `expected` is the outcome and the place it stopped at.
fn check(rules: &[&str], expected: (Outcome, usize)) {
    let mut stream = stream(RuleSet::HttpRequest, rules);
    let mut at = 0;
    let outcome = crate::run(&mut stream, ProxyId(0), RuleSet::HttpRequest, &mut at);
    assert_eq!((outcome, at), expected, "{rules:?}");
}

#[test]
fn where_a_list_stops() {
    check(&[], (Outcome::Continue, 0));
    check(&["continue", "continue"], (Outcome::Continue, 2));
    check(&["continue", "stop", "deny"], (Outcome::Stop, 2));
    check(&["deny", "continue"], (Outcome::Deny(403), 1));
    check(&["continue", "pause", "deny"], (Outcome::Pause(5), 2));
    check(&["continue", "not-yet"], (Outcome::NotYet, 1));
    check(&["continue", "lua"], (Outcome::Lua(3), 1));
    check(&["service"], (Outcome::Service(ServiceId(1)), 1));
}

#[test]
fn a_list_that_waits_is_resumed() {
    let set = RuleSet::HttpRequest;
    let mut stream = stream(set, &["continue", "body", "pause", "continue", "stop"]);
    stream.req_body.complete = false;
    let mut at = 0;
    let mut step = |stream: &mut Stream| (crate::run(stream, ProxyId(0), set, &mut at), at);
    assert_eq!(step(&mut stream), (Outcome::WaitForBody(9, 0), 1));
    assert_eq!(step(&mut stream), (Outcome::WaitForBody(9, 0), 1));
    stream.req_body.complete = true;
    assert_eq!(step(&mut stream), (Outcome::Pause(5), 3));
    assert_eq!(step(&mut stream), (Outcome::Stop, 5));
    assert_eq!(stream.reply, b"cc", "no rule ran twice");
}

#[test]
fn an_undecided_condition_waits() {
    let set = RuleSet::TcpContent;
    let mut stream = stream(set, &["continue", "if-more", "continue"]);
    stream.req_body.complete = false;
    let mut at = 0;
    assert_eq!(crate::run(&mut stream, ProxyId(0), set, &mut at), Outcome::NotYet);
    assert_eq!(at, 0);
    stream.inspect_over = true;
    assert_eq!(crate::run(&mut stream, ProxyId(0), set, &mut at), Outcome::Reject);
    assert_eq!((stream.phase, stream.rules_of), (set, ProxyId(0)));
}
