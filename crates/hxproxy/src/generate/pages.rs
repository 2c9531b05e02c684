//! The reference pages: one a section of the configuration, one a kind of row.

use check::{Keyword, Registry};
use diag::codes;
use ir::spec::{
    ActionSpec, CommandMode, CommandScope, CommandSpec, FilterSpec, LogAliasNeed, LogAliasSpec, RuleSet,
    Section, Sections, ServiceSpec, Support,
};

use super::support;
use crate::dump;

/// A page: the file without its end, the title, and the text below the title.
type Page = (String, String, String);

/// The files of all pages, the list of pages first.
pub fn all(registry: &Registry) -> Vec<(String, String)> {
    let mut pages = vec![
        keyword_page("global", "Keywords of global", Sections::GLOBAL),
        keyword_page("proxies", "Keywords of defaults, frontend, listen and backend", Sections::PROXY),
    ];
    pages.extend(other_sections());
    pages.extend(options());
    pages.extend(registered(registry));
    pages.push(commands());
    pages.push(diagnostics());
    let links = pages.iter().map(|(name, title, _)| format!("- [{title}]({name}.md)\n"));
    let index = format!(
        "# Reference\n\nWritten by `hxproxy --generate reference`; do not edit. *full* runs, *parsed* is \
         accepted and checked but not executed yet, *removed* is refused with advice. Numbers are sections \
         of [HAProxy's configuration manual](https://docs.haproxy.org/dev/configuration.html).\n\n{}\n```\n{}```\n",
        links.collect::<String>(),
        support::table(registry)
    );
    let files =
        pages.into_iter().map(|(name, title, text)| (format!("{name}.md"), format!("# {title}\n\n{text}")));
    std::iter::once(("README.md".to_owned(), index)).chain(files).collect()
}

/// A table; rows that are told twice stand there once.
fn table(heads: &str, mut rows: Vec<String>) -> String {
    rows.sort();
    rows.dedup();
    let rule = heads.split('|').map(|_| "---").collect::<Vec<_>>().join("|");
    format!("| {heads} |\n|{rule}|\n{}", rows.concat())
}

/// A cell: the bar is the table's own sign.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// What is written as it stands, or nothing.
fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("`{}`", cell(text)) }
}

/// The letters of the manual's section 4.1.
fn sides(sections: Sections) -> String {
    let letters =
        [(Section::Defaults, 'D'), (Section::Frontend, 'F'), (Section::Listen, 'L'), (Section::Backend, 'B')];
    letters.iter().map(|(section, letter)| if sections.contains(*section) { *letter } else { '-' }).collect()
}

fn keyword_page(name: &str, title: &str, sections: Sections) -> Page {
    let of_proxies = sections == Sections::PROXY;
    let line = |row: &Keyword| {
        let spec = &row.spec;
        let no = if spec.no { " (and `no`)" } else { "" };
        let letters = if of_proxies { format!(" `{}` |", sides(spec.meant_for)) } else { String::new() };
        let (usage, manual, support) = (code(spec.usage), spec.manual(), spec.support.name());
        let mut doc = cell(spec.doc);
        if let Some(successor) = spec.successor {
            doc.push_str(&format!(" Use `{successor}`."));
        }
        format!("| `{}` | {usage}{no} |{letters} {manual} | {support} | {doc} |\n", spec.name)
    };
    let heads = match of_proxies {
        true => "keyword | arguments | sections | manual | support | what it does",
        false => "keyword | arguments | manual | support | what it does",
    };
    let inside = check::keywords().filter(|row| row.spec.sections.meets(sections));
    (name.to_owned(), title.to_owned(), table(heads, inside.map(line).collect()))
}

/// A page for each section that is neither `global` nor a proxy.
fn other_sections() -> impl Iterator<Item = Page> {
    let is_other = |section: &&Section| !Sections::GLOBAL.or(Sections::PROXY).contains(**section);
    let has_rows = |section: &&Section| check::keywords().any(|row| row.spec.sections.contains(**section));
    Section::ALL.iter().filter(is_other).filter(has_rows).map(|section| {
        let name = section.name();
        keyword_page(name, &format!("Keywords of {name}"), Sections::one(*section))
    })
}

/// What may stand on the lines `bind` and `server`, and in crt-lists.
fn options() -> [Page; 3] {
    let line = |name: &str, values: usize, support: Support, doc: &str| {
        format!("| `{name}` | {values} | {} | {} |\n", support.name(), cell(doc))
    };
    let heads = "option | values | support | what it does";
    let bind = check::bind_keywords().map(|row| line(row.name, row.args, row.support, row.doc));
    let in_lists = check::bind_keywords().filter(|row| row.crt_list);
    let in_lists = in_lists.map(|row| line(row.name, row.args, row.support, row.doc));
    let server = check::server_keywords().map(|row| {
        let default = if row.in_default { "yes" } else { "no" };
        let (support, doc) = (row.support.name(), cell(row.doc));
        format!("| `{}` | {} | {default} | {support} | {doc} |\n", row.name, row.args)
    });
    let server_heads = "option | values | default-server | support | what it does";
    [
        page("bind-options", "Options of bind (5.1)", table(heads, bind.collect())),
        page("server-options", "Options of server (5.2)", table(server_heads, server.collect())),
        page("crt-list", "Options in crt-lists (5.1)", table(heads, in_lists.collect())),
    ]
}

fn page(name: &str, title: &str, text: String) -> Page {
    (name.to_owned(), title.to_owned(), text)
}

/// What rules and expressions may name.
fn registered(registry: &Registry) -> Vec<Page> {
    let fetches = registry.fetches().iter().map(|row| {
        let arguments = dump::arguments(row.args);
        let (name, out, support) = (row.name, row.out.name(), row.support.name());
        format!("| `{name}{arguments}` | {out} | {support} | {} |\n", cell(row.doc))
    });
    let converters = registry.converters().iter().map(|row| {
        let types = format!("{} to {}", row.input.name(), row.out.name());
        let call = format!("{}{}", row.name, dump::arguments(row.args));
        format!("| `{call}` | {types} | {} | {} |\n", row.support.name(), cell(row.doc))
    });
    let acls = registry.aliases().iter().map(|row| {
        let meaning = format!("{} -m {}", row.expr, dump::method(row.method));
        format!("| `{}` | `{meaning}` |\n", row.name)
    });
    let actions = registry.actions().iter().map(|row| action(row));
    let logs = registry.log_aliases().iter().map(|row| log_alias(row));
    vec![
        page(
            "actions",
            "Actions (4.4)",
            table("action | rule sets | support | what it does", actions.collect()),
        ),
        page(
            "fetches",
            "Sample fetches (7.3)",
            table("fetch | type | support | what it gives", fetches.collect()),
        ),
        page(
            "converters",
            "Converters (7.3.1)",
            table("converter | types | support | what it gives", converters.collect()),
        ),
        page("acls", "ACL keywords (7.1)", table("keyword | stands for", acls.collect())),
        page(
            "log-aliases",
            "Aliases of log-formats (8.2.6)",
            table("alias | needs | support | what it gives", logs.collect()),
        ),
        filters_and_services(),
    ]
}

fn action(row: &ActionSpec) -> String {
    let inside = RuleSet::ALL.into_iter().filter(|set| row.sets & set.bit() != 0);
    let sets = inside.map(RuleSet::name).collect::<Vec<_>>().join(", ");
    format!("| `{}` | {sets} | {} | {} |\n", row.name, row.support.name(), cell(row.doc))
}

fn log_alias(row: &LogAliasSpec) -> String {
    let (needs, support) = (need(row.needs), row.support.name());
    format!("| `%{}` | {needs} | {support} | {} |\n", row.name, cell(row.doc))
}

/// As a word; empty for nothing.
pub fn need(needs: LogAliasNeed) -> &'static str {
    match needs {
        LogAliasNeed::Nothing => "",
        LogAliasNeed::Http => "http",
        LogAliasNeed::Tls => "tls",
        LogAliasNeed::Log => "log",
    }
}

fn filters_and_services() -> Page {
    let filter = |row: &FilterSpec| format!("| `{}` | {} | {} |\n", row.name, row.support.name(), row.doc);
    let service = |row: &ServiceSpec| format!("| `{}` | {} | {} |\n", row.name, row.support.name(), row.doc);
    let text = format!(
        "What `filter` may name:\n\n{}\nWhat `use-service` may name, beside what Lua files register:\n\n{}",
        table("filter | support | what it does", services::FILTERS.iter().map(filter).collect()),
        table("service | support | what it does", services::SERVICES.iter().map(service).collect())
    );
    page("filters", "Filters and services (9)", text)
}

fn commands() -> Page {
    let line = |row: &CommandSpec| {
        let (whose, usage, support) = (scope(row.scope), code(row.usage), row.support.name());
        let mode = mode(row.mode).map_or_else(String::new, |mode| format!(" ({mode})"));
        format!("| `{}` | {usage} | {whose}{mode} | {support} | {} |\n", row.name, cell(row.doc))
    };
    let heads = "command | arguments | whose | support | what it does";
    page("cli", "Commands of the runtime API", table(heads, cli::commands().map(line).collect()))
}

pub fn scope(scope: CommandScope) -> &'static str {
    match scope {
        CommandScope::Worker => "worker",
        CommandScope::Master => "master",
        CommandScope::Both => "both",
    }
}

pub fn mode(mode: CommandMode) -> Option<&'static str> {
    match mode {
        CommandMode::Usual => None,
        CommandMode::Expert => Some("expert-mode"),
        CommandMode::Experimental => Some("experimental-mode"),
    }
}

fn diagnostics() -> Page {
    let rows = codes::all().map(|row| {
        let manual = row.manual.unwrap_or("the keyword's");
        format!("| `{}` | {manual} | {} | {} |\n", row.name, cell(row.title), cell(row.explanation))
    });
    let text = format!(
        "Stable codes of `hxproxy check`; `hxproxy explain <code>` says the same.\n\n{}",
        table("code | manual | what | what to do", rows.collect())
    );
    page("diagnostics", "Codes of diagnostics", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_hold_the_rows() {
        let pages = all(&crate::registry::assemble());
        let check = |name: &str, piece: &str| {
            let text = pages.iter().find(|(file, _)| file == name).map_or("", |(_, text)| text);
            assert!(text.contains(piece), "{name}: {piece}\n{text}");
        };
        check("global.md", "| `maxconn` |");
        check("proxies.md", "| `timeout client` |");
        check("peers.md", "| `peer` |");
        check("cli.md", "| `show info` | `[typed \\| json] [desc] [float]` | worker | parsed |");
        check("log-aliases.md", "| `%HM` | http | full |");
        check("diagnostics.md", "| `unmatched-quote` | 2.2 |");
        check("README.md", "(fetches.md)");
    }
}
