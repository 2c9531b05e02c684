"""The fault table: its rows, and its reactions taken apart so that they can be compared.

A reaction reads `both: 400; FIN at once; log 400 PR--; origin requests 0`, or has one text for each version,
`2.6.12: … | 3.5-dev5: …`; the 3.5 one counts, unless the proxy under test is a 2.x."""

import csv
import dataclasses
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
AT_ONCE = 0.5  # seconds within which something has come "at once", on a busy machine too


# Aspects of a row that follow from how the bytes arrive, not from the proxy, and why.
BY_CHANCE = {
    "SM-52": ("log", "origin"),  # where a read ends decides whether the head is passed on before the trailers
    "H2-82": ("origin",),  # answered by the origin, so one request, where the table says none
    "H2-83": ("origin",),
    "PP-10": ("log",),  # where the header was split tells what the first part looks like
    "H2-97": ("origin",),  # the FIN may come with the request or after it
}
# Rows of the groups replayed that cannot be set up here.
NOT_REPLAYED = {
    "H2-94",  # needs an idle server connection that no other row takes
}


@dataclasses.dataclass
class Row:
    id: str
    description: str
    action: str
    reaction: str


def rows(major=3):
    """Every row, its reaction being that of the major version."""
    with open(HERE / "faults.tsv", encoding="utf-8", newline="") as file:
        lines = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        next(lines)
        return [Row(name, text, action, choose(reaction, major)) for name, _, text, action, reaction in lines]


def choose(reaction, major):
    if reaction.startswith("both: "):
        return reaction[len("both: "):]
    texts = dict(part.strip().split(": ", 1) for part in reaction.split(" | ") if ": " in part)
    return texts.get("2.6.12" if major < 3 else "3.5-dev5", reaction)


def known():
    """The explained differences: (id, aspect, what is observed) → reason."""
    with open(HERE / "known.tsv", encoding="utf-8", newline="") as file:
        lines = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        next(lines)
        return {(name, aspect, observed): reason for name, aspect, observed, reason in lines}


def parse(reaction):
    """A reaction as aspect → text: `answer`, `close`, `log`, `origin`."""
    parts = reaction.split("; ")
    if parts[0].startswith("GOAWAY(NO_ERROR) at"):
        parts.insert(0, "no frame")
    aspects = {"answer": parts[0]}
    for part in parts[1:]:
        if part.startswith("log "):
            aspects["log"] = logs(part[4:])
        elif part.startswith("origin requests "):
            aspects["origin"] = part.split()[2]
        else:
            aspects["close"] = part
    return aspects


def logs(text):
    """`200 ---- + 0 PR-- x2` with the lines sorted: their order is that of the ends of streams."""
    text = re.sub(r" \((or|client).*| <BADREQ>.*", "", text)
    lines = []
    for part in text.split(" + "):
        line, _, times = part.partition(" x")
        lines += [line] * int(times or 1)
    return joined(lines)


def joined(lines):
    """Log lines as one text, equal ones counted."""
    counted = {line: lines.count(line) for line in sorted(lines)}
    return " + ".join(line if n == 1 else f"{line} x{n}" for line, n in counted.items()) or "-"


def unescape(text):
    """The bytes of an action: `\\r`, `\\n`, `\\t`, `\\xNN` as in C."""
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


def close_matches(expected, seconds):
    """Whether a connection closed so long after the last byte sent (None: not closed) as the table says."""
    if expected in ("still open", "(client RST)"):
        return seconds is None or expected == "(client RST)"
    if seconds is None:
        return False
    if expected == "FIN at once":
        return seconds < AT_ONCE
    after = re.fullmatch(r"FIN after ([0-9.]+) s", expected)
    return bool(after) and float(after[1]) - 0.3 <= seconds
