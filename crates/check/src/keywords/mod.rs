//! All rows of the configuration language: a folder a section, a file a family.

pub(crate) mod acme;
pub(crate) mod bind;
pub(crate) mod cache;
pub(crate) mod crt_store;
pub(crate) mod fcgi_app;
mod global;
pub(crate) mod healthcheck;
pub(crate) mod http_errors;
pub(crate) mod log_forward;
pub(crate) mod log_profile;
pub(crate) mod mailers;
pub(crate) mod peers;
pub(crate) mod proxy;
pub(crate) mod resolvers;
pub(crate) mod ring;
pub(crate) mod server;
pub(crate) mod stick_table;
pub mod traces;
mod userlist;

use crate::keyword::Keyword;
pub(crate) use global::add_header_case;
pub(crate) use proxy::{has_error_page, stick};

const TABLES: &[&[&[Keyword]]] = &[global::TABLES, proxy::TABLES, &[userlist::ROWS], SECTIONS];

/// The sections beside the proxies, in the manual's order.
const SECTIONS: &[&[Keyword]] = &[
    peers::ROWS,
    mailers::ROWS,
    http_errors::ROWS,
    ring::ROWS,
    log_forward::ROWS,
    crt_store::ROWS,
    traces::ROWS,
    acme::ROWS,
    resolvers::ROWS,
    cache::ROWS,
    fcgi_app::ROWS,
    log_profile::ROWS,
    healthcheck::ROWS,
];

/// Every row.
pub fn all() -> impl Iterator<Item = &'static Keyword> {
    TABLES.iter().flat_map(|tables| tables.iter()).flat_map(|rows| rows.iter())
}
