//! The rows against what HAProxy's manual lists: `haproxy-compat-tests/tables`.

use check::Keyword;
use ir::spec::{LogAliasNeed, RuleSet, Section, Sections};

use super::assemble;

/// The rows of a table behind its heading, cut at the tabs.
fn table(text: &'static str) -> Vec<Vec<&'static str>> {
    text.lines().skip(1).map(|line| line.split('\t').collect()).collect()
}

/// Whether all words of one name begin the other one.
fn begins(name: &str, longer: &str) -> bool {
    longer.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// The rows that a name of the manual stands for: its own, or else those of the words that may follow
/// it, or else the one that reads the words behind its first ones.
fn rows_of(listed: &str) -> Vec<&'static Keyword> {
    let of_proxies = || check::keywords().filter(|row| row.spec.sections.meets(Sections::PROXY));
    let ways: [&dyn Fn(&str) -> bool; 3] =
        [&|name| name == listed, &|name| begins(listed, name), &|name| begins(name, listed)];
    let found = ways.iter().map(|way| of_proxies().filter(|row| way(row.spec.name)).collect::<Vec<_>>());
    found.into_iter().find(|rows| !rows.is_empty()).unwrap_or_default()
}

/// The manual's section 4.1: each keyword is there, in the sections of its letters.
#[test]
fn proxy_keywords() {
    // HAProxy takes the options there, its manual does not say so; it does not take `crt`; one row reads
    // all lines of `stats`.
    const ELSEWHERE: [&str; 6] = [
        "crt F",
        "crt L",
        "option http-drop-request-trailers L",
        "option http-drop-response-trailers F",
        "stats admin D",
        "stats http-request D",
    ];
    let rows = table(include_str!("../../../../haproxy-compat-tests/tables/proxy.tsv"));
    assert_eq!(rows.len(), 188);
    let letters =
        [('D', Section::Defaults), ('F', Section::Frontend), ('L', Section::Listen), ('B', Section::Backend)];
    let mut wrong = Vec::new();
    for row in rows {
        // A star says that `no` is understood.
        let (listed, sides) = (row[0].trim_end_matches(" (*)"), row[1]);
        let own = rows_of(listed);
        if row[0].ends_with(" (*)") && !own.iter().any(|row| row.spec.no) {
            wrong.push(format!("no {listed}"));
        }
        for (letter, section) in letters {
            let inside = own.iter().any(|row| row.spec.meant_for.contains(section));
            let shown = format!("{listed} {letter}");
            if inside != sides.contains(letter) && !ELSEWHERE.contains(&shown.as_str()) {
                wrong.push(shown);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The manual's section 4.3: each action is there, in its rule sets.
#[test]
fn actions() {
    // HAProxy takes it there, its manual does not say so.
    const UNLISTED: &[&str] = &["del-acl http-after-response"];
    let registry = assemble();
    let rows = table(include_str!("../../../../haproxy-compat-tests/tables/action.tsv"));
    assert_eq!(rows.len(), 80);
    let columns = [
        RuleSet::QuicInitial,
        RuleSet::TcpConnection,
        RuleSet::TcpSession,
        RuleSet::TcpContent,
        RuleSet::TcpResponse,
        RuleSet::HttpRequest,
        RuleSet::HttpResponse,
        RuleSet::HttpAfterResponse,
    ];
    let mut wrong = Vec::new();
    for row in rows {
        let name = row[0].split(' ').next().unwrap_or_default();
        for (set, sign) in columns.into_iter().zip(row[1].chars()) {
            let shown = format!("{name} {}", set.name());
            let inside = registry.action(name.as_bytes(), set).is_some();
            if inside != (sign == 'X') && !UNLISTED.contains(&shown.as_str()) {
                wrong.push(shown);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The manual's section 8.2.6: each alias is there, with what it needs.
#[test]
fn log_aliases() {
    let registry = assemble();
    let rows = table(include_str!("../../../../haproxy-compat-tests/tables/log-alias.tsv"));
    assert_eq!((rows.len(), registry.log_aliases().len()), (65, 65));
    for row in rows {
        let name = row[0].trim_start_matches('%');
        let alias = registry.log_alias(name.as_bytes()).unwrap_or_else(|| panic!("no %{name}"));
        let letter = match alias.needs {
            LogAliasNeed::Nothing => " ",
            LogAliasNeed::Http => "H",
            LogAliasNeed::Tls => "S",
            LogAliasNeed::Log => "L",
        };
        assert_eq!(letter, row[1], "%{name}");
    }
}

/// No row of a section shadows another one of the same name.
#[test]
fn keywords_are_told_once() {
    let rows: Vec<_> = check::keywords().map(|row| (row.spec.name, row.spec.sections)).collect();
    for (at, (name, sections)) in rows.iter().enumerate() {
        let same = |(other, others): &&(&str, Sections)| other == name && others.meets(*sections);
        assert!(!rows[at + 1..].iter().any(|row| same(&row)), "{name}");
    }
}
