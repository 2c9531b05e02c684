//! The rows of this crate, and the examples of those that run.

use ir::spec::Support;

use super::rows;
use crate::testing;

#[test]
fn examples() {
    testing::run_fetches(rows());
}

#[test]
fn rows_are_sound() {
    testing::check_fetches(rows());
    for row in rows() {
        let spec = &row.spec;
        let needs_example = spec.support == Support::Full && spec.contexts == super::at::REQUEST.contexts();
        let bytes_only =
            spec.name.contains("ssl") || spec.name.contains("rdp") || spec.name.contains("payload");
        assert!(!needs_example || bytes_only || !row.examples.is_empty(), "{} has no example", spec.name);
    }
}
