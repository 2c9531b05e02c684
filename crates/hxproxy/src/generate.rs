//! `--generate`: what the registry knows, for people and for their shells: a count of what runs
//! (`support`), a bash completion (`completion`), the reference pages (`reference <dir>`).

use std::fmt::Write;
use std::path::Path;

use check::Registry;
use ir::spec::{ActionSpec, RuleSet, Section, Support};

use crate::args::{Generate, SWITCHES};
use crate::console::{self, Console};
use crate::{dump, files, registry};

/// Writes what is asked for; gives the exit status.
pub fn run(console: &Console, what: &Generate) -> u8 {
    let registry = registry::assemble();
    match what {
        Generate::Support => console::print(&support(&registry)),
        Generate::Completion => console::print(&completion()),
        Generate::Reference(folder) => {
            if let Err(message) = reference(&registry, folder) {
                console.alert(&message);
                return 1;
            }
        }
    }
    0
}

/// A kind of row with the support of each of its rows.
fn kinds(registry: &Registry) -> [(&'static str, Vec<Support>); 6] {
    [
        ("configuration keywords", check::keywords().map(|row| row.spec.support).collect()),
        ("bind options", check::bind_keywords().map(|row| row.support).collect()),
        ("server options", check::server_keywords().map(|row| row.support).collect()),
        ("actions", registry.actions().iter().map(|row| row.support).collect()),
        ("sample fetches", registry.fetches().iter().map(|row| row.support).collect()),
        ("converters", registry.converters().iter().map(|row| row.support).collect()),
    ]
}

fn support(registry: &Registry) -> String {
    let mut out = format!("{:<24} {:>6} {:>8}\n", "kind", "full", "parsed");
    for (kind, rows) in kinds(registry) {
        let full = rows.iter().filter(|support| **support == Support::Full).count();
        let _ = writeln!(out, "{kind:<24} {full:>6} {:>8}", rows.len() - full);
    }
    out
}

fn completion() -> String {
    let mut words: Vec<String> = SWITCHES.iter().map(|switch| switch.start.to_owned()).collect();
    words.extend(dump::classes().map(|class| format!("-dK{class}")));
    words.push("--generate".to_owned());
    format!(
        "# bash completion for hxproxy: source this file.\n\
         complete -o default -W '{}' hxproxy haproxy\n",
        words.join(" ")
    )
}

/// The sections that have a page, with its name.
const PAGES: &[(&str, &[Section])] = &[
    ("global", &[Section::Global]),
    ("proxies", &[Section::Defaults, Section::Frontend, Section::Listen, Section::Backend]),
    (
        "other-sections",
        &[
            Section::Peers,
            Section::Resolvers,
            Section::Userlist,
            Section::Mailers,
            Section::Cache,
            Section::Ring,
            Section::LogForward,
            Section::LogProfile,
            Section::HttpErrors,
            Section::FcgiApp,
            Section::CrtStore,
            Section::Traces,
            Section::Acme,
            Section::Healthcheck,
            Section::Program,
        ],
    ),
];

fn reference(registry: &Registry, folder: &Path) -> Result<(), String> {
    let mut pages: Vec<(String, String)> =
        PAGES.iter().map(|(name, sections)| (format!("{name}.md"), keyword_page(name, sections))).collect();
    pages.push(("bind-options.md".into(), bind_page()));
    pages.push(("server-options.md".into(), server_page()));
    pages.push(("actions.md".into(), action_page(registry)));
    pages.push(("fetches.md".into(), fetch_page(registry)));
    pages.push(("converters.md".into(), converter_page(registry)));
    let links: String =
        pages.iter().map(|(file, _)| format!("- [{}]({file})\n", file.trim_end_matches(".md"))).collect();
    let index = format!(
        "# Reference\n\nWritten by `hxproxy --generate reference`; do not edit. *full* runs, *parsed* is \
         accepted and checked but not executed yet.\n\n{links}\n```\n{}```\n",
        support(registry)
    );
    pages.push(("README.md".into(), index));
    let refused =
        |path: &Path, error| format!("Cannot write {} : {}", path.display(), files::strerror(&error));
    std::fs::create_dir_all(folder).map_err(|error| refused(folder, error))?;
    for (file, text) in pages {
        let path = folder.join(file);
        std::fs::write(&path, text).map_err(|error| refused(&path, error))?;
    }
    Ok(())
}

fn table(title: &str, heads: &str, mut rows: Vec<String>) -> String {
    rows.sort();
    rows.dedup();
    let rule = heads.split('|').map(|_| "---").collect::<Vec<_>>().join("|");
    format!("# {title}\n\n| {heads} |\n|{rule}|\n{}", rows.concat())
}

/// A cell: the bar is the table's own sign.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn word(support: Support) -> &'static str {
    match support {
        Support::Full => "full",
        Support::Parsed => "parsed",
        Support::Removed => "removed",
    }
}

fn keyword_page(title: &str, sections: &[Section]) -> String {
    let inside = |row: &&check::Keyword| sections.iter().any(|section| row.spec.sections.contains(*section));
    let line = |row: &check::Keyword| {
        let no = if row.spec.no { " (and `no`)" } else { "" };
        let (name, usage) = (row.spec.name, cell(row.spec.usage));
        format!("| `{name}` | `{usage}`{no} | {} | {} |\n", word(row.spec.support), cell(row.spec.doc))
    };
    let heads = "keyword | arguments | support | what it does";
    table(title, heads, check::keywords().filter(inside).map(line).collect())
}

fn bind_page() -> String {
    let rows = check::bind_keywords().map(|row| option_line(row.name, row.args, row.support, row.doc));
    table("Options of `bind`", "option | values | support | what it does", rows.collect())
}

fn server_page() -> String {
    let rows = check::server_keywords().map(|row| option_line(row.name, row.args, row.support, row.doc));
    table("Options of `server`", "option | values | support | what it does", rows.collect())
}

fn option_line(name: &str, values: usize, support: Support, doc: &str) -> String {
    format!("| `{name}` | {values} | {} | {} |\n", word(support), cell(doc))
}

fn action_page(registry: &Registry) -> String {
    let line = |row: &&'static ActionSpec| {
        format!("| `{}` | {} | {} | {} |\n", row.name, sets(row), word(row.support), cell(row.doc))
    };
    let rows = registry.actions().iter().map(line).collect();
    table("Actions", "action | rule sets | support | what it does", rows)
}

fn sets(row: &ActionSpec) -> String {
    let name = |set: RuleSet| match set {
        RuleSet::QuicInitial => "quic-initial",
        RuleSet::TcpConnection => "tcp-request connection",
        RuleSet::TcpSession => "tcp-request session",
        RuleSet::TcpContent => "tcp-request content",
        RuleSet::HttpRequest => "http-request",
        RuleSet::TcpResponse => "tcp-response content",
        RuleSet::HttpResponse => "http-response",
        RuleSet::HttpAfterResponse => "http-after-response",
    };
    let inside = RuleSet::ALL.into_iter().filter(|set| row.sets & set.bit() != 0);
    inside.map(name).collect::<Vec<_>>().join(", ")
}

fn fetch_page(registry: &Registry) -> String {
    let rows = registry.fetches().iter().map(|row| {
        let arguments = dump::arguments(row.args);
        let (name, out) = (row.name, row.out.name());
        format!("| `{name}{arguments}` | {out} | {} | {} |\n", word(row.support), cell(row.doc))
    });
    table("Sample fetches", "fetch | type | support | what it gives", rows.collect())
}

fn converter_page(registry: &Registry) -> String {
    let rows = registry.converters().iter().map(|row| {
        let types = format!("{} to {}", row.input.name(), row.out.name());
        let call = format!("{}{}", row.name, dump::arguments(row.args));
        format!("| `{call}` | {types} | {} | {} |\n", word(row.support), cell(row.doc))
    });
    table("Converters", "converter | types | support | what it gives", rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_every_row() {
        let registry = registry::assemble();
        let text = support(&registry);
        for (kind, rows) in kinds(&registry) {
            let line = text.lines().find(|line| line.starts_with(kind)).unwrap_or_default();
            let numbers: usize = line.split_whitespace().filter_map(|word| word.parse::<usize>().ok()).sum();
            assert_eq!(numbers, rows.len(), "{text}");
            assert!(!rows.is_empty(), "{kind}");
        }
    }

    #[test]
    fn pages_hold_the_rows() {
        let folder = std::env::temp_dir().join(format!("hxproxy-reference-{}", std::process::id()));
        assert_eq!(reference(&registry::assemble(), &folder), Ok(()));
        let page = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        let (global, proxies) = (page("global.md"), page("proxies.md"));
        assert!(global.contains("| `maxconn` |"), "{global}");
        assert!(proxies.contains("| `timeout client` |"), "{proxies}");
        assert!(page("README.md").contains("(fetches.md)"));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
