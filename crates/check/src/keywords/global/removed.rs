//! Keywords that HAProxy no longer has, with its advice.

use ir::spec::Sections;

use crate::context::Context;
use crate::keyword::{Keyword, MANY, Set};
use crate::line::Line;

const HERE: Sections = Sections::GLOBAL;

fn refuse(c: &mut Context<'_>, line: &Line<'_>, text: &str) {
    c.alert("removed", line.span, text);
}

pub const ROWS: &[Keyword] = &[
    Keyword::new(
        "nbproc",
        "Removed in 2.5.",
        HERE,
        "<number>",
        MANY,
        Set::Line(|c, line| {
            refuse(
                c,
                line,
                "nbproc is not supported any more since HAProxy 2.5. Threads will automatically be used on \
                         multi-processor machines if available.",
            );
        }),
    ),
    Keyword::new(
        "master-worker",
        "Removed in 3.5.",
        HERE,
        "[no-exit-on-failure]",
        MANY,
        Set::Line(|c, line| {
            refuse(
                c,
                line,
                "support for 'master-worker' was removed in version 3.5. Use -W or -Ws in the startup \
                         script instead.\n",
            );
        }),
    ),
    Keyword::new(
        "tune.chksize",
        "Removed.",
        HERE,
        "<number>",
        MANY,
        Set::Line(|c, line| {
            refuse(
                c,
                line,
                "option 'tune.chksize' is not supported any more (tune.bufsize is used instead).",
            );
        }),
    ),
];
