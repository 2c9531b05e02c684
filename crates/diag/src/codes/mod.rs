//! The stable codes: what each means, and where HAProxy's manual says what is right. One row a
//! code; a test of the program holds the rows against the codes in use.

mod expressions;
mod proxies;
mod reading;
mod sections;
mod servers;
mod values;

/// What a code means.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    /// Stable name, such as `unmatched-quote`.
    pub name: &'static str,
    /// The section of HAProxy's manual; none where the keyword decides.
    pub manual: Option<&'static str>,
    /// A few words, without a final point.
    pub title: &'static str,
    /// What is wrong and what to do.
    pub explanation: &'static str,
}

const TABLES: &[&[Code]] =
    &[reading::ROWS, sections::ROWS, values::ROWS, expressions::ROWS, proxies::ROWS, servers::ROWS];

/// Every row.
pub fn all() -> impl Iterator<Item = &'static Code> {
    TABLES.iter().flat_map(|rows| rows.iter())
}

/// The row of a code.
pub fn find(name: &str) -> Option<&'static Code> {
    all().find(|row| row.name == name)
}

/// A code whose rule stands in one section of the manual.
const fn row(
    name: &'static str,
    manual: &'static str,
    title: &'static str,
    explanation: &'static str,
) -> Code {
    Code { name, manual: Some(manual), title, explanation }
}

/// A code whose rule is that of the keyword.
const fn by_keyword(name: &'static str, title: &'static str, explanation: &'static str) -> Code {
    Code { name, manual: None, title, explanation }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_well_formed() {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        for (at, row) in all().enumerate() {
            assert!(row.name.chars().all(is_plain) && !row.name.is_empty(), "{}", row.name);
            assert!(!row.title.ends_with('.') && row.explanation.ends_with('.'), "{}", row.name);
            assert!(all().skip(at + 1).all(|other| other.name != row.name), "{} twice", row.name);
        }
        assert!(find("unmatched-quote").is_some() && find("no such code").is_none());
    }
}
