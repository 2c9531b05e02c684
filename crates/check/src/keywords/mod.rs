//! All rows of the configuration language: a folder a section, a file a family.

pub(crate) mod bind;
mod global;
mod other;
mod proxy;
pub(crate) mod server;
mod userlist;

use crate::keyword::Keyword;
pub(crate) use proxy::{has_error_page, http_options};

const TABLES: &[&[&[Keyword]]] = &[global::TABLES, proxy::TABLES, &[userlist::ROWS], &[other::ROWS]];

/// Every row.
pub fn all() -> impl Iterator<Item = &'static Keyword> {
    TABLES.iter().flat_map(|tables| tables.iter()).flat_map(|rows| rows.iter())
}
