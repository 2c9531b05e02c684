//! How many rows of each kind run, how many are only checked, and how many are refused with advice.

use std::fmt::Write;

use check::Registry;
use ir::spec::{Section, Support};

/// A kind of row with the support of each of its rows.
pub fn kinds(registry: &Registry) -> Vec<(String, Vec<Support>)> {
    let mut kinds: Vec<(String, Vec<Support>)> = Section::ALL
        .iter()
        .map(|section| (format!("section {}", section.name()), keywords(*section)))
        .collect();
    kinds.retain(|(_, rows)| !rows.is_empty());
    let others: [(&str, Vec<Support>); 10] = [
        ("bind options", check::bind_keywords().map(|row| row.support).collect()),
        ("server options", check::server_keywords().map(|row| row.support).collect()),
        ("actions", registry.actions().iter().map(|row| row.support).collect()),
        ("sample fetches", registry.fetches().iter().map(|row| row.support).collect()),
        ("converters", registry.converters().iter().map(|row| row.support).collect()),
        ("ACL aliases", registry.aliases().iter().map(|_| Support::Full).collect()),
        ("log aliases", registry.log_aliases().iter().map(|row| row.support).collect()),
        ("filters", services::FILTERS.iter().map(|row| row.support).collect()),
        ("services", services::SERVICES.iter().map(|row| row.support).collect()),
        ("CLI commands", cli::commands().map(|row| row.support).collect()),
    ];
    kinds.extend(others.into_iter().map(|(name, rows)| (name.to_owned(), rows)));
    kinds
}

fn keywords(section: Section) -> Vec<Support> {
    let inside = check::keywords().filter(|row| row.spec.sections.contains(section));
    inside.map(|row| row.spec.support).collect()
}

/// A line a kind, with the numbers of rows by support. A keyword of several sections counts in each.
pub fn table(registry: &Registry) -> String {
    let mut out = format!("{:<24}", "kind");
    for support in Support::ALL {
        let _ = write!(out, " {:>8}", support.name());
    }
    out.push('\n');
    for (kind, rows) in kinds(registry) {
        let _ = write!(out, "{kind:<24}");
        for support in Support::ALL {
            let count = rows.iter().filter(|row| **row == support).count();
            let _ = write!(out, " {count:>8}");
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_every_row() {
        let registry = crate::registry::assemble();
        let text = table(&registry);
        for (kind, rows) in kinds(&registry) {
            let line = text.lines().find(|line| line.starts_with(&kind)).unwrap_or_default();
            let numbers: usize = line.split_whitespace().filter_map(|word| word.parse::<usize>().ok()).sum();
            assert_eq!(numbers, rows.len(), "{text}");
        }
    }
}
