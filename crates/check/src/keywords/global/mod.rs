//! The `global` section.

mod environment;
mod http;
mod limits;
mod logging;
mod lua;
mod network;
mod process;
mod removed;
mod stats;
mod threads;
mod tls;
mod tune;
mod tune_tls;

use crate::keyword::Keyword;
pub use http::add_case as add_header_case;

pub const TABLES: &[&[Keyword]] = &[
    process::ROWS,
    limits::ROWS,
    threads::ROWS,
    stats::ROWS,
    logging::ROWS,
    environment::ROWS,
    lua::ROWS,
    network::ROWS,
    tls::ROWS,
    tune::ROWS,
    tune_tls::ROWS,
    http::ROWS,
    removed::ROWS,
];
