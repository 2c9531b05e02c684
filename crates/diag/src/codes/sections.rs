//! Sections and lines: what may stand where, and what is no more.

use super::{Code, by_keyword, row};

pub const ROWS: &[Code] = &[
    by_keyword(
        "unknown-keyword",
        "An unknown keyword",
        "The section, or the line, has no such word. Check its spelling and the section it stands in.",
    ),
    by_keyword("unknown-option", "An unknown option", "The keyword has no such option. Check its spelling."),
    by_keyword(
        "unexpected-word",
        "A word that does not belong here",
        "Nothing, or another word, is expected at this place.",
    ),
    by_keyword("missing-argument", "An argument is missing", "The keyword takes more words than there are."),
    by_keyword(
        "extra-argument",
        "Too many arguments",
        "The keyword takes fewer words. Blanks inside a value need quotes.",
    ),
    by_keyword("missing-name", "A name is missing", "The section, or the keyword, needs a name."),
    by_keyword(
        "bad-name",
        "A name with a wrong character",
        "Names have letters, digits, `-`, `_`, `.` and `:`.",
    ),
    by_keyword("long-name", "A name that is too long", "Choose a shorter one."),
    by_keyword(
        "no-section",
        "A line above the first section",
        "Each line belongs to a section: begin with `global` or `defaults`.",
    ),
    by_keyword(
        "bad-place",
        "A keyword at the wrong place",
        "It only has a meaning behind another word of the line.",
    ),
    row(
        "address-in-header",
        "4.2",
        "An address behind the name of a proxy",
        "Addresses stand on `bind` lines of their own since HAProxy 1.5.",
    ),
    row(
        "unknown-defaults",
        "4",
        "No such defaults section",
        "`from` names a defaults section that stands above.",
    ),
    row(
        "ambiguous-defaults",
        "4",
        "Defaults that are used both by name and by place",
        "Name the section everywhere with `from`, or nowhere.",
    ),
    by_keyword(
        "not-in-defaults",
        "A keyword that defaults sections do not take",
        "Move it to the proxies. A few keywords are taken by defaults sections with a name.",
    ),
    by_keyword(
        "wrong-side",
        "A keyword of the other side",
        "It belongs to frontends or to backends, and the section is not of that kind: the line has no effect.",
    ),
    by_keyword(
        "no-negation",
        "`no` or `default` where it is not understood",
        "Only some keywords can be negated.",
    ),
    by_keyword("same-name", "A name that is taken", "Give each its own name."),
    by_keyword("same-id", "A number that is taken", "Give each its own number, or none."),
    by_keyword("same-keyword", "A keyword that is given twice", "Keep one of the lines."),
    by_keyword("same-user", "A user that is listed twice", "Keep one of the lines."),
    by_keyword("repeated", "Something that is given twice", "Keep one of them."),
    by_keyword(
        "already-specified",
        "A keyword that is given twice",
        "The process has one value of this kind: keep one line.",
    ),
    by_keyword(
        "overridden",
        "A line that a later one replaces",
        "Only the last of them counts: keep that one.",
    ),
    by_keyword(
        "overwritten",
        "A line that a later one replaces",
        "Only the last of them counts: keep that one.",
    ),
    by_keyword("ignored", "A word without effect", "Something else that it needs is missing."),
    by_keyword("removed", "A keyword that HAProxy no longer has", "Use what the message names instead."),
    by_keyword("deprecated", "A keyword that HAProxy will drop", "Use what the message names instead."),
    row(
        "experimental",
        "3.1",
        "An experimental feature",
        "It may change without notice: `expose-experimental-directives` in `global` allows it.",
    ),
    by_keyword("not-built", "A feature that is not built in", "The program was built without it."),
    by_keyword(
        "not-executed",
        "Accepted, but not executed yet",
        "hxproxy checks the keyword and does not act on it yet. The reference pages show what runs.",
    ),
    by_keyword("refused-file", "A file with errors", "The errors were told above."),
    by_keyword(
        "refused",
        "The configuration cannot be used",
        "No single line is the cause: the message says what failed.",
    ),
    by_keyword("fatal", "The configuration cannot be used", "The errors were told above."),
    by_keyword("misplaced", "A word that is not understood here", "The message says which words are."),
];
