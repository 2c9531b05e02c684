//! `-dK`: the registered keywords in HAProxy's layout. [`configuration`] has the class `cfg`, the
//! other classes are here.

mod configuration;

use std::collections::BTreeMap;

use check::Registry;
use ir::expr::MatchMethod;
use ir::spec::{ArgList, CommandMode, CommandScope, CommandSpec, Contexts, ConverterSpec};

/// The lists for the classes, which are separated by commas.
pub fn keywords(classes: &str, registry: &Registry) -> String {
    let mut out = String::new();
    let mut all = false;
    for class in classes.split(',') {
        if class == "help" {
            out.push_str(HELP);
            continue;
        }
        all |= class == "all";
        for (name, list) in LISTS {
            if all || class == *name {
                list(&mut out, registry);
            }
        }
    }
    out
}

/// The classes, for completion.
pub fn classes() -> impl Iterator<Item = &'static str> {
    LISTS.iter().map(|(name, _)| *name).chain(["all", "help"])
}

const HELP: &str = "# List of supported keyword classes:
all: list all keywords
acl: ACL keywords
cfg: configuration keywords
cli: CLI keywords
cnv: sample converter keywords
flt: filter names
smp: sample fetch functions
svc: service names
";

type List = fn(&mut String, &Registry);

const LISTS: &[(&str, List)] = &[
    ("acl", acls),
    ("cfg", configuration::list),
    ("cli", commands),
    ("cnv", converters),
    ("flt", filters),
    ("smp", fetches),
    ("svc", services),
];

fn acls(out: &mut String, registry: &Registry) {
    out.push_str("# List of registered ACL keywords:\n");
    let line = |alias: &&ir::spec::AclAlias| format!("{} -m {}", alias.expr, method(alias.method));
    let rows = registry.aliases().iter().map(|alias| (alias.name, format!(" = {}", line(alias))));
    push_sorted(out, "", rows);
}

fn commands(out: &mut String, _: &Registry) {
    out.push_str("# List of registered CLI keywords:\n");
    let scope = |row: &CommandSpec| match row.scope {
        CommandScope::Worker => "[WORKER] ",
        CommandScope::Master => "[MASTER] ",
        CommandScope::Both => "[MASTER] [WORKER] ",
    };
    let mode = |row: &CommandSpec| match row.mode {
        CommandMode::Usual => "",
        CommandMode::Expert => "[EXPERT] ",
        CommandMode::Experimental => "[EXPERIM] ",
    };
    push_sorted(out, "", cli::commands().map(|row| (row.name, format!(" {}{}", scope(row), mode(row)))));
}

fn converters(out: &mut String, registry: &Registry) {
    out.push_str("# List of registered sample converter functions:\n");
    let line = |spec: &&'static ConverterSpec| {
        // HAProxy names the output first.
        (spec.name, format!("{}: {} => {}", arguments(spec.args), spec.out.name(), spec.input.name()))
    };
    push_sorted(out, "", registry.converters().iter().map(line));
}

fn filters(out: &mut String, _: &Registry) {
    out.push_str("# List of registered filter names:\n");
    push_sorted(out, "", services::FILTERS.iter().map(|row| (row.name, format!(" [{}]", row.family))));
}

fn fetches(out: &mut String, registry: &Registry) {
    out.push_str("# List of registered sample fetch functions:\n");
    out.push_str(&drawing());
    let mut rows: Vec<_> = registry.fetches().to_vec();
    rows.sort_by_key(|spec| spec.name);
    for spec in rows {
        let bit = |at| if spec.contexts.0 & (1u32 << at) != 0 { "Y" } else { "." };
        let bits: Vec<_> = (0..Contexts::COUNT).map(bit).collect();
        let bits = bits.join(" ");
        out.push_str(&format!("[ {bits} ] {}{}: {}\n", spec.name, arguments(spec.args), spec.out.name()));
    }
}

fn services(out: &mut String, registry: &Registry) {
    out.push_str("# List of registered service names:\n");
    push_sorted(out, "", registry.services().map(|name| (name, String::new())));
}

/// A line for each name with what follows it, in the order of the names.
fn push_sorted<'a>(out: &mut String, start: &str, lines: impl Iterator<Item = (&'a str, String)>) {
    let lines: BTreeMap<&str, String> = lines.collect();
    for (name, rest) in lines {
        out.extend([start, name, &rest, "\n"]);
    }
}

/// The contexts of the manual's section 7.3, in the order of [`Contexts`].
const CONTEXTS: [&str; Contexts::COUNT] = [
    "frontend tcp-request connection rule",
    "frontend tcp-request session rule",
    "frontend tcp-request content rule",
    "frontend http-request header rule",
    "frontend http-request body rule",
    "frontend use-backend rule",
    "backend tcp-request content rule",
    "backend http-request header rule",
    "backend http-request body rule",
    "backend use-server, balance or stick-match rule",
    "server source selection",
    "backend tcp-response content rule",
    "backend http-response header rule",
    "backend http-response body rule",
    "backend stick-store rule",
    "frontend tcp-response content rule",
    "frontend http-response header rule",
    "frontend http-response body rule",
    "logs",
    "backend tcp-check rule",
    "configuration parser",
    "CLI parser",
];

/// Slanted lines that lead from each name to its column.
fn drawing() -> String {
    let mut out = String::new();
    for (at, name) in CONTEXTS.iter().enumerate() {
        let left = Contexts::COUNT - at;
        out.push_str(&format!("#{:left$} {}_.{:-<left$} {name}\n", "", "/ ".repeat(at), ""));
    }
    out.push_str(&format!("# {} \n", "/ ".repeat(Contexts::COUNT)));
    out.push_str(&format!("# {}\n", "| ".repeat(Contexts::COUNT)));
    out
}

/// `(string[,integer])`, or nothing.
pub fn arguments(args: ArgList) -> String {
    if args.types.is_empty() {
        return String::new();
    }
    let mut text = String::new();
    for (at, kind) in args.types.iter().enumerate() {
        if at == args.required {
            text.push('[');
        }
        if at > 0 {
            text.push(',');
        }
        text.push_str(kind.name());
    }
    if args.types.len() > args.required {
        text.push(']');
    }
    format!("({text})")
}

pub fn method(method: MatchMethod) -> &'static str {
    match method {
        MatchMethod::Found => "found",
        MatchMethod::Bool => "bool",
        MatchMethod::Int => "int",
        MatchMethod::Ip => "ip",
        MatchMethod::Bin => "bin",
        MatchMethod::Len => "len",
        MatchMethod::Str => "str",
        MatchMethod::Beg => "beg",
        MatchMethod::End => "end",
        MatchMethod::Sub => "sub",
        MatchMethod::Dir => "dir",
        MatchMethod::Dom => "dom",
        MatchMethod::Reg => "reg",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ir::spec::ArgType;

    fn check(required: usize, types: &'static [ArgType], expected: &str) {
        assert_eq!(arguments(ArgList::new(required, types)), expected);
    }

    /// As HAProxy 3.5 prints them.
    #[test]
    fn argument_lists() {
        check(0, &[], "");
        check(0, &[ArgType::Str], "([string])");
        check(1, &[ArgType::Str, ArgType::Sint], "(string[,integer])");
        check(2, &[ArgType::Str, ArgType::Sint], "(string,integer)");
    }

    #[test]
    fn drawing_leads_to_columns() {
        let drawing = drawing();
        let lines: Vec<&str> = drawing.lines().collect();
        assert_eq!(
            lines[0],
            "#                       _.---------------------- frontend tcp-request connection rule"
        );
        assert_eq!(
            lines[1],
            "#                      / _.--------------------- frontend tcp-request session rule"
        );
        assert_eq!(lines[21], "#  / / / / / / / / / / / / / / / / / / / / / _.- CLI parser");
        assert_eq!(lines[22], "# / / / / / / / / / / / / / / / / / / / / / /  ");
        assert_eq!(lines[23], "# | | | | | | | | | | | | | | | | | | | | | | ");
    }

    #[test]
    fn classes() {
        let registry = Registry::default();
        assert_eq!(keywords("bogus", &registry), "");
        assert!(keywords("help", &registry).starts_with("# List of supported keyword classes:\nall: "));
        assert_eq!(keywords("svc", &registry), "# List of registered service names:\n");
        let all = keywords("all", &registry);
        assert_eq!(all.matches("# List of registered ").count(), LISTS.len());
    }
}
