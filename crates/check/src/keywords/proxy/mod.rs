//! `defaults`, `frontend`, `listen` and `backend`.

mod accepted;
mod balance;
mod basics;
mod errors;
mod lines;
pub(crate) mod log;
mod options;
mod removed;
pub(crate) mod routing;
mod rules;
mod timeouts;

use ir::spec::{Section, Sections};

pub(crate) use options::http_options;

use crate::keyword::Keyword;
pub(crate) use errors::has_error_page;

pub const TABLES: &[&[Keyword]] = &[
    basics::ROWS,
    timeouts::ROWS,
    options::ROWS,
    log::ROWS,
    lines::ROWS,
    balance::ROWS,
    routing::ROWS,
    rules::ROWS,
    errors::ROWS,
    accepted::ROWS,
    removed::ROWS,
];

const D: Sections = Sections::one(Section::Defaults);
const F: Sections = Sections::one(Section::Frontend);
const L: Sections = Sections::one(Section::Listen);
const B: Sections = Sections::one(Section::Backend);
/// Sections as the manual's section 4.1 draws them.
pub(crate) const DFLB: Sections = Sections::PROXY;
pub(crate) const DFL: Sections = D.or(F).or(L);
pub(crate) const DLB: Sections = D.or(L).or(B);
pub(crate) const FL: Sections = F.or(L);
pub(crate) const LB: Sections = L.or(B);
pub(crate) const FLB: Sections = F.or(L).or(B);
