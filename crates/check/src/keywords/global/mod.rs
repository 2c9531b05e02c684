//! The `global` section.

mod environment;
mod limits;
mod logging;
mod lua;
mod network;
mod process;
mod removed;
mod tls;
mod tune;

use crate::keyword::Keyword;

pub const TABLES: &[&[Keyword]] = &[
    process::ROWS,
    limits::ROWS,
    logging::ROWS,
    environment::ROWS,
    lua::ROWS,
    network::ROWS,
    tls::ROWS,
    tune::ROWS,
    removed::ROWS,
];
