//! Families that are accepted and not executed yet.

use super::{FL, LB};
use crate::keyword::{Keyword, MANY, Set};

/// Accepted whole.
const fn parsed(
    name: &'static str,
    doc: &'static str,
    sections: ir::spec::Sections,
    usage: &'static str,
) -> Keyword {
    Keyword::new(name, doc, sections, usage, MANY, Set::Nothing).parsed()
}

pub const ROWS: &[Keyword] = &[
    parsed("use-fcgi-app", "The FastCGI application of the backend.", LB, "<name>").listed(),
    Keyword::new(
        "ssl-f-use",
        "A certificate of the frontend.",
        FL,
        "[<sslbindconf>...]",
        MANY,
        Set::Line(|c, _| c.px.has_certificates = true),
    )
    .listed()
    .parsed(),
    parsed("crt", "A certificate of the frontend.", FL, "<crt> …"),
];
