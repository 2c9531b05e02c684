//! Expressions in place: samples, ACLs, conditions, log-formats.

use super::{Code, by_keyword, row};

pub const ROWS: &[Code] = &[
    row(
        "missing-fetch",
        "7.3",
        "A sample fetch is missing",
        "An expression begins with a fetch: `req.hdr(host)`.",
    ),
    row(
        "unknown-fetch",
        "7.3",
        "No such sample fetch",
        "Check the spelling, and whether the name is new or gone.",
    ),
    row(
        "unavailable-fetch",
        "7.3",
        "A sample fetch that has no value here",
        "What it reads does not exist yet, or no more, when this line is run.",
    ),
    row(
        "unknown-converter",
        "7.3.1",
        "No such converter",
        "Check the spelling, and whether the name is new or gone.",
    ),
    row(
        "bad-converter",
        "7.3.1",
        "A converter that does not fit",
        "It takes another type than what stands in front of it gives.",
    ),
    row("missing-comma", "7.3.1", "A comma is missing", "Converters follow each other behind commas."),
    row(
        "bad-argument",
        "7.3",
        "A wrong argument of a fetch or converter",
        "The message says which argument, and what is expected.",
    ),
    row(
        "bad-regex",
        "7.1.4",
        "A regular expression that does not compile",
        "The message is that of PCRE2, with the position.",
    ),
    row(
        "bad-pattern",
        "7.1",
        "A pattern that does not fit",
        "The method of the ACL takes patterns of another form.",
    ),
    row("no-pattern", "7.1", "A pattern is missing", "The ACL has nothing to compare with."),
    row(
        "acl-flag",
        "7.1",
        "A wrong flag of an ACL",
        "The flags are `-i`, `-f`, `-m`, `-n`, `-M`, `-u` and `--`.",
    ),
    row("bad-method", "7.1", "No such method", "The methods of ACLs are those of the manual's section 7.1."),
    row(
        "missing-method",
        "7.1",
        "A method is missing",
        "The type of the sample has no method of its own: name one with `-m`.",
    ),
    row(
        "overwritten-method",
        "7.1",
        "A method that is replaced",
        "`-m` stands once, in front of the patterns.",
    ),
    row(
        "acl-conflict",
        "7.2",
        "A condition that can never hold here",
        "Its ACL needs what does not exist when this rule runs.",
    ),
    row(
        "unknown-acl",
        "7.2",
        "No such ACL",
        "It must stand above, in this section or in its named defaults.",
    ),
    row("bad-condition", "7.2", "A wrong condition", "`if` or `unless`, then ACLs and braces."),
    row("condition-start", "7.2", "A condition without its beginning", "It begins with `if` or `unless`."),
    row("missing-condition", "7.2", "A condition is missing", "ACLs are expected behind `if` or `unless`."),
    row(
        "missing-brace",
        "7.2",
        "A brace is not closed",
        "An anonymous ACL stands between `{` and `}`, with blanks around each.",
    ),
    row("unknown-alias", "8.2.6", "No such log alias", "A percent sign itself is written `%%`."),
    row(
        "log-format-alias",
        "8.2.6",
        "A wrong alias in a log-format",
        "An alias is `%name`, with flags in braces before the name.",
    ),
    row("log-format-bracket", "8.2.6", "A bracket is not closed", "An expression in a log-format is `%[…]`."),
    row("log-format-name", "8.2.6", "A wrong name in a log-format", "A name is `%(name:type)`."),
    row(
        "log-format-type",
        "8.2.6",
        "A wrong type in a log-format",
        "The types are `str`, `sint` and `bool`.",
    ),
    row("log-format-truncated", "8.2.6", "A log-format ends too early", "An item is not complete."),
    row("unknown-format", "8.2", "No such format", "The message says which formats there are."),
    row(
        "bad-variable",
        "2.8",
        "A wrong name of a variable",
        "A scope, a dot, and letters, digits, `_` and `.`.",
    ),
    by_keyword(
        "unknown-name",
        "Something that is named does not exist",
        "The message says what was looked for, and where.",
    ),
];
