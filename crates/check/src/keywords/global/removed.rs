//! Keywords that HAProxy no longer has, with its advice.

use ir::spec::Sections;

use crate::context::Context;
use crate::keyword::{Keyword, MANY, OPTIONAL, Set};
use crate::line::Line;

const HERE: Sections = Sections::GLOBAL;

fn refuse(c: &mut Context<'_>, line: &Line<'_>, text: &str) {
    c.alert("removed", line.span, text);
}

fn master_worker(c: &mut Context<'_>, line: &Line<'_>) {
    match line.lossy(0).as_str() {
        "" => {
            let text = "support for 'master-worker' was removed in version 3.5. Use -W or -Ws in the startup \
                        script instead.\n";
            refuse(c, line, text);
        }
        "no-exit-on-failure" => c.warn_parsed("master-worker no-exit-on-failure", line.span),
        _ => refuse(c, line, "'master-worker' only supports 'no-exit-on-failure' option"),
    }
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
    )
    .removed(),
    Keyword::new(
        "master-worker",
        "Removed in 3.5; `-W` does it.",
        HERE,
        "[no-exit-on-failure]",
        OPTIONAL,
        Set::Line(master_worker),
    )
    .early(),
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
    )
    .removed(),
];
