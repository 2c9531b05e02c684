//! `defaults`, `frontend`, `listen` and `backend`.

mod attached;
mod balance;
mod basics;
pub(crate) mod checks;
mod compression;
mod cookie;
mod errors;
mod filter;
mod limits;
mod lines;
pub(crate) mod log;
mod options;
mod options_with_words;
mod persistence;
mod removed;
pub(crate) mod routing;
mod rules;
mod source;
mod spoe;
mod stats;
pub(crate) mod steps;
pub(crate) mod stick;
mod timeouts;

use ir::spec::{Section, Sections};

use crate::context::Context;
use crate::line::Line;

pub(crate) use options::{http_options, unknown as unknown_option};
pub(crate) use source::source_of;
pub(crate) use stats::is_contradictory as stats_contradict;

use crate::keyword::Keyword;
pub(crate) use errors::has_error_page;

pub const TABLES: &[&[Keyword]] = &[
    basics::ROWS,
    limits::ROWS,
    source::ROWS,
    cookie::ROWS,
    persistence::ROWS,
    stats::ROWS,
    compression::ROWS,
    timeouts::ROWS,
    options::ROWS,
    checks::ROWS,
    options_with_words::ROWS,
    removed::OPTIONS,
    log::ROWS,
    lines::ROWS,
    balance::ROWS,
    routing::ROWS,
    rules::ROWS,
    stick::ROWS,
    filter::ROWS,
    steps::ROWS,
    errors::ROWS,
    attached::ROWS,
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

/// A side of a proxy.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Any,
    Frontend,
    Backend,
}

/// Warns that the section has not the side that `what` needs; true when it has.
fn has_side(c: &mut Context<'_>, line: &Line<'_>, what: &str, side: Side) -> bool {
    let (has, name) = match side {
        Side::Any => return true,
        Side::Frontend => (c.px.kind.takes_frontend(), "frontend"),
        Side::Backend => (c.px.kind.takes_backend(), "backend"),
    };
    if !has {
        let text = format!("{what} will be ignored because {} has no {name} capability", c.px.title());
        c.warn("wrong-side", line.span, text);
    }
    has
}

/// A message of a keyword that HAProxy only takes in some sections.
fn only_in_backends(c: &mut Context<'_>, line: &Line<'_>, end: &str) -> bool {
    let is_wrong = !c.px.kind.takes_backend();
    if is_wrong {
        let text = format!("'{}' only available in backend or listen section{end}", line.keyword());
        c.alert("wrong-side", line.span, text);
    }
    !is_wrong
}
