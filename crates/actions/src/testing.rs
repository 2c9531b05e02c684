//! For tests: a rule as its words, run over a message as its text.

use ir::expr::{ActionValue, Expr, FormatFlags, FormatNode, LogFormat, Rule, Var, VarScope};
use ir::id::{ActionId, FetchId, ProxyId, ServiceId, VarId};
use ir::spec::{ActionArg, ActionSpec, RuleSet};
use ir::types::SampleType;
use state::plan::{Functions, Outcome};
use state::{Stream, testing};

/// Runs a rule, or one a line, over `input` (see [`testing::stream_of`]) in the rule set that
/// the input is for, and gives the outcome, the message at hand and, for a reply, its body.
pub(crate) fn run(input: &str, rule: &str) -> String {
    run_in(testing::config(), input, rule)
}

/// The same with a configuration of one's own.
pub(crate) fn run_in(config: ir::config::Config, input: &str, rule: &str) -> String {
    let (stream, outcome) = run_stream(config, input, rule);
    shown(&stream, outcome)
}

/// The same; gives the stream itself.
pub(crate) fn run_stream(mut config: ir::config::Config, input: &str, rule: &str) -> (Stream, Outcome) {
    let set = if input.contains("---\n") { RuleSet::HttpResponse } else { RuleSet::HttpRequest };
    config.proxies[0].rules[set as usize].extend(rule.lines().map(|rule| parse(set, rule)));
    let mut functions = Functions::default();
    samples::fill(&mut functions, samples::fetches::rows(), samples::converters::rows());
    crate::fill(&mut functions);
    let mut stream = testing::stream_of(config, &functions, input);
    let outcome = crate::run(&mut stream, ProxyId(0), set, &mut 0);
    (stream, outcome)
}

fn shown(stream: &Stream, outcome: Outcome) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let answered = outcome == Outcome::Reply || matches!(outcome, Outcome::Tarpit(0, _));
    let head = if answered { &stream.res } else { stream.head() };
    let mut out = match head.method() {
        b"" => format!("{outcome:?}\n{} {}\n", head.status(), text(head.reason())),
        method => format!("{outcome:?}\n{} {}\n", text(method), text(head.target())),
    };
    for (name, value) in head.fields() {
        out += &format!("{}: {}\n", text(name), text(value));
    }
    if answered {
        out += &format!("\n{}", text(&stream.reply));
    }
    out
}

/// The checked form of a rule without a condition; its words are separated by single spaces.
fn parse(set: RuleSet, rule: &str) -> Rule {
    let mut words = rule.split(' ').peekable();
    let name = words.next().expect("name");
    let (name, paren) =
        name.split_once('(').map_or((name, ""), |(name, rest)| (name, rest.trim_end_matches(')')));
    let mut rows = crate::rows().enumerate();
    let row = rows.find(|(_, row)| row.spec.name == name && row.spec.sets & set.bit() != 0);
    let (id, row) = row.expect("action");
    let spec: &ActionSpec = &row.spec;
    let mut args: Vec<_> = spec.paren.iter().map(|kind| value(*kind, paren)).collect();
    args.extend(spec.args.iter().map(|kind| value(*kind, words.next().expect("argument"))));
    if spec.paren == Some(ActionArg::Var) {
        args.extend(
            paren.split(',').skip(1).map(|condition| ActionValue::Str(condition.as_bytes().to_vec())),
        );
    }
    let mut options = Vec::new();
    while let Some(word) = words.next() {
        let index = spec.options.iter().position(|option| option.keyword == word).expect("option");
        let values = spec.options[index].args.iter().map(|kind| value(*kind, words.next().expect("value")));
        options.push((index, values.collect()));
    }
    let action = ActionId(u32::try_from(id).expect("id"));
    Rule { action, args, options, cond: None, place: Default::default() }
}

fn value(kind: ActionArg, word: &str) -> ActionValue {
    let bytes = || word.as_bytes().to_vec();
    let number = || word.parse().expect("number");
    match kind {
        ActionArg::Str => ActionValue::Str(bytes()),
        ActionArg::File => ActionValue::File(bytes()),
        ActionArg::Fmt | ActionArg::FmtFile => ActionValue::Fmt(format(word)),
        ActionArg::Int(..) | ActionArg::Size => ActionValue::Int(number()),
        ActionArg::Time => ActionValue::Time(number()),
        ActionArg::IntOrExpr(..) | ActionArg::TimeOrExpr
            if word.starts_with(|c: char| c.is_ascii_digit()) =>
        {
            ActionValue::Time(number())
        }
        ActionArg::Expr | ActionArg::IntOrExpr(..) | ActionArg::TimeOrExpr => ActionValue::Expr(expr(word)),
        ActionArg::Regex => ActionValue::Regex { source: bytes(), ignore_case: false },
        ActionArg::Service => ActionValue::Service(ServiceId(number() as u32)),
        ActionArg::Var => ActionValue::Var(Var { scope: VarScope::Txn, id: VarId(0) }),
    }
}

/// Text with fetches in `%[…]`, as a part of an HTTP message.
fn format(mut text: &str) -> LogFormat {
    let mut nodes = Vec::new();
    let flags = FormatFlags { http: true, ..FormatFlags::default() };
    while let Some((before, rest)) = text.split_once("%[") {
        let (fetch, after) = rest.split_once(']').expect("]");
        nodes.push(FormatNode::Text(before.as_bytes().to_vec()));
        nodes.push(FormatNode::Expr { expr: expr(fetch), key: Vec::new(), flags });
        text = after;
    }
    nodes.push(FormatNode::Text(text.as_bytes().to_vec()));
    LogFormat { text: text.as_bytes().to_vec(), nodes, ..LogFormat::default() }
}

/// A fetch of no argument, or of one: a string, or the variable of these tests.
fn expr(word: &str) -> Expr {
    let (name, arg) =
        word.split_once('(').map_or((word, None), |(name, arg)| (name, Some(arg.trim_end_matches(')'))));
    let index = samples::fetches::rows().position(|row| row.spec.name == name).expect("fetch");
    let arg = arg.map(|arg| match name {
        "var" => ir::expr::Arg::Var(Var { scope: VarScope::Txn, id: VarId(0) }),
        "int" => ir::expr::Arg::Sint(arg.parse().expect("number")),
        _ => ir::expr::Arg::Str(arg.as_bytes().to_vec()),
    });
    Expr {
        fetch: FetchId(u32::try_from(index).expect("id")),
        args: arg.into_iter().collect(),
        converters: Vec::new(),
        out: SampleType::Str,
        text: word.as_bytes().to_vec(),
    }
}
