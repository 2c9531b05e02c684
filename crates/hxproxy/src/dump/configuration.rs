//! The class `cfg`: keywords by section as HAProxy has registered them, which is by their first word.

use check::{BindKeyword, Keyword, Registry};
use ir::spec::{ActionSpec, RuleSet, Section, Sections, Support};

use super::push_sorted;

pub fn list(out: &mut String, registry: &Registry) {
    out.push_str("# List of registered configuration keywords:\n");
    for (title, sections) in [
        ("global", Sections::GLOBAL),
        ("listen", Sections::PROXY),
        ("userlist", Sections::one(Section::Userlist)),
        // Peers are read by hand.
        ("peers", Sections::NONE),
    ] {
        words(out, title, sections);
        if title == "listen" {
            bind_words(out);
            server_words(out);
            options(out);
            actions(out, registry);
        }
    }
    out.push_str("crt-list\n");
    let inside = check::bind_keywords().filter(|row| row.crt_list);
    push_sorted(out, "\t", inside.map(|row| (row.name, values(row.args as i64))));
    for (title, section) in
        [("crt-store", Section::CrtStore), ("traces", Section::Traces), ("acme", Section::Acme)]
    {
        words(out, title, Sections::one(section));
    }
}

/// The first words of a section's lines.
fn words(out: &mut String, title: &str, sections: Sections) {
    out.push_str(title);
    out.push('\n');
    let inside = check::keywords().filter(|row| row.spec.listed && row.spec.sections.meets(sections));
    let first = inside.filter_map(|row| row.spec.name.split(' ').next()).filter(|word| *word != "option");
    push_sorted(out, "\t", first.map(|word| (word, String::new())));
}

/// Those about TLS stand behind the others.
fn bind_words(out: &mut String) {
    let line = |row: &'static BindKeyword| (row.name, values(row.args as i64));
    let tls = check::bind_tls_keywords().filter(|row| row.name != "ssl");
    push_sorted(out, "\tbind <addr> ", check::bind_socket_keywords().map(line));
    push_sorted(out, "\tbind <addr> ssl ", tls.map(line));
}

fn server_words(out: &mut String) {
    let listed = check::server_keywords().filter_map(|row| Some((row.name, values(row.listed?.into()))));
    push_sorted(out, "\tserver <name> <addr> ", listed);
}

fn options(out: &mut String) {
    let listed = check::keywords().filter(|row| row.spec.listed && row.spec.sections.meets(Sections::PROXY));
    let named = listed.filter_map(|row| Some((row.spec.name.strip_prefix("option ")?, sides(row))));
    push_sorted(out, "\toption ", named);
}

/// The sides and the mode that an option belongs to.
fn sides(row: &Keyword) -> String {
    let in_use = row.spec.support != Support::Removed;
    let signs = [
        (row.spec.sections.contains(Section::Frontend), "FE "),
        (row.spec.sections.contains(Section::Backend), "BE "),
        (row.spec.http, "HTTP "),
    ];
    let holding = signs.into_iter().filter(|(holds, _)| *holds && in_use);
    format!(" [ {}]", holding.map(|(_, sign)| sign).collect::<String>())
}

fn actions(out: &mut String, registry: &Registry) {
    // HAProxy has no QUIC here, hence not its rules.
    for set in [
        RuleSet::TcpConnection,
        RuleSet::TcpSession,
        RuleSet::TcpContent,
        RuleSet::TcpResponse,
        RuleSet::HttpRequest,
        RuleSet::HttpResponse,
        RuleSet::HttpAfterResponse,
    ] {
        let inside = registry.actions_in(set).filter(|row| row.unlisted & set.bit() == 0);
        push_sorted(out, &format!("\t{} ", set.name()), inside.map(listed_name));
    }
}

/// A star stands for what is part of the name: a counter's number, or what is in parentheses.
fn listed_name(row: &'static ActionSpec) -> (&'static str, String) {
    let start = row.name.trim_end_matches(|sign: char| sign.is_ascii_digit());
    let is_numbered = start.ends_with("track-sc");
    let star = if is_numbered || row.paren.is_some() { "*" } else { "" };
    (if is_numbered { start } else { row.name }, star.to_owned())
}

fn values(count: i64) -> String {
    if count == 0 { String::new() } else { format!(" +{count}") }
}
