//! What the reader of files says: quotes, variables, conditional blocks, limits.

use super::{Code, by_keyword, row};

pub const ROWS: &[Code] = &[
    row(
        "unmatched-quote",
        "2.2",
        "A quote is not closed",
        "Close it, or write `\\'` or `\\\"` for the sign itself.",
    ),
    row("bad-hex", "2.2", "A broken hexadecimal sequence", "`\\x` takes two hexadecimal digits."),
    row(
        "unmatched-brace",
        "2.3",
        "The braces around a variable's name are not closed",
        "Write `${NAME}` or `${NAME-default}`.",
    ),
    row(
        "variable-name",
        "2.3",
        "A variable's name begins with a wrong sign",
        "It begins with a letter or an underscore.",
    ),
    row(
        "bad-expansion",
        "2.3",
        "A broken list of words",
        "Write `\"${NAME[*]}\"` to get one word for each item.",
    ),
    row(
        "empty-argument",
        "2.3",
        "An empty word ends the line",
        "Words behind it would be lost. It is often a variable that is not set: give it a default as in \
         `${NAME-default}`.",
    ),
    row(
        "similar-variable",
        "2.3",
        "A variable with a similar name is set",
        "The name in the line is not set, but another one looks like it.",
    ),
    row("too-many-words", "2.1", "Too many words on a line", "A line has at most 64 words."),
    row(
        "missing-lf",
        "2.1",
        "The last line is not ended",
        "End it with a line feed: the file may have been cut.",
    ),
    row("stray-nul", "2.1", "A zero byte in the file", "Remove it: a configuration is text."),
    row(
        "scope-name",
        "2.1",
        "A wrong name in brackets",
        "A scope has letters, digits, `-`, `_`, `.` and `:`.",
    ),
    row("open-if", "2.4", "A conditional block is not closed", "End it with `.endif`."),
    row(
        "directive",
        "2.4",
        "A wrong directive",
        "The directives are `.if`, `.elif`, `.else`, `.endif`, `.notice`, `.warning`, `.alert` and `.diag`.",
    ),
    row(
        "unknown-directive",
        "2.4",
        "A word with a dot that is no directive",
        "The directives are `.if`, `.elif`, `.else`, `.endif`, `.notice`, `.warning`, `.alert` and `.diag`.",
    ),
    row("condition", "2.4", "A wrong condition", "The condition of `.if`, `.elif` or `-cc` cannot be read."),
    row(
        "expression",
        "2.4",
        "A wrong piece of a condition",
        "A predicate, `!`, or a pair of parentheses is expected.",
    ),
    row("sub-expression", "2.4", "A parenthesis is not closed", "Close the sub-expression of the condition."),
    row(
        "message",
        "2.4",
        "A message of the configuration itself",
        "`.alert`, `.warning`, `.notice` or `.diag` says so.",
    ),
    by_keyword("no-file", "A file cannot be opened", "Check its path, `default-path` and the rights."),
    by_keyword("empty-file", "A file has nothing in it", "Check its path and its content."),
    row(
        "too-many-errors",
        "2.1",
        "Reading stops here",
        "There are too many lines with errors: correct those that were told, and check again.",
    ),
];
