//! `traces` sections: accepted, not executed yet.

use ir::spec::{Section, Sections};

use crate::keyword::{Keyword, MANY, Set};

pub const ROWS: &[Keyword] = &[Keyword::new(
    "trace",
    "What is traced, and where to.",
    Sections::one(Section::Traces),
    "<source> [param*]",
    MANY,
    Set::Nothing,
)
.parsed()];
