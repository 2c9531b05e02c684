"""The table of expressions: its rows, and comparing an answer to the one a row expects.

An answer is a number, an address, bytes between quotes (two of them where the bytes and their string differ), `-`
for no value, `true` or `false` for a condition, or `refused`.
`<number>` and the like stand for what differs from run to run."""

import csv
import dataclasses
import ipaddress
import pathlib
import re

FILE = pathlib.Path(__file__).resolve().parent / "expressions.tsv"
KNOWN = FILE.with_name("known.tsv")
COLUMNS = ("area", "request", "expression", "since", "answer")


@dataclasses.dataclass
class Row:
    """`since` is the version of those measured from which HAProxy gives the answer: 2.6 or 3.5."""

    number: int
    area: str
    request: str
    expression: str
    since: str
    answer: str


def names(text):
    """The words of an expression or a line that may be names of fetches, converters and keywords."""
    return set(re.split(r"[\s,(){}\[\]%]+", text))


def rows():
    with open(FILE, encoding="ascii", newline="") as file:
        lines = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        next(lines)
        return [Row(number, *line) for number, line in enumerate(lines, 2)]


def known():
    """What hxproxy means to answer otherwise: (request, expression, answer) → reason."""
    with open(KNOWN, encoding="ascii", newline="") as file:
        lines = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        next(lines)
        return {tuple(line[:3]): line[3] for line in lines}


def write(rows):
    """Writes the table; the lines keep their order."""
    with open(FILE, "w", encoding="ascii", newline="\n") as file:
        for line in (COLUMNS, *((row.area, row.request, row.expression, row.since, row.answer) for row in rows)):
            file.write("\t".join(line) + "\n")


def kind(answer):
    """The mask of an answer."""
    if re.fullmatch(r"-?\d+", answer):
        return "<number>"
    if answer.startswith('"'):
        return "<bytes>"
    try:
        ipaddress.ip_address(answer)
        return "<address>"
    except ValueError:
        return answer


def matches(expected, answer):
    return answer == expected or (expected.startswith("<") and kind(answer) == expected)


def masked(one, other, before):
    """The answer of two runs, masked where they differ or it was masked before."""
    if one == other:
        return before if before.startswith("<") and matches(before, one) else one
    if kind(one) == kind(other):
        return kind(one)
    raise ValueError(f"one run says {one}, another {other}")
