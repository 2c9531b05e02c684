//! The rows of this folder and their examples.

use samples::testing;

use super::{converters, fetches};

#[test]
fn examples() {
    testing::run_fetches(fetches());
    testing::run_converters(converters());
}

#[test]
fn rows_are_sound() {
    testing::check_fetches(fetches());
    testing::check_converters(converters());
}
