#!/usr/bin/env python3
"""Evaluates the table's expressions on proxies and prints where their answers are not those of HAProxy 3.5.

    compare.py [--also /usr/sbin/haproxy] [AREA or REQUEST …]
    compare.py --record ~/haproxy-3.5/haproxy --older /usr/sbin/haproxy

The proxy under test and those of `--also` are compared to the recorded answers; an older HAProxy only on rows it
answers as 3.5 does (`since`). `--record` measures the answers again and writes them into the table. What hxproxy
accepts without executing it is counted as pending."""

import argparse
import collections
import os
import sys

import proxies
import table

sys.path.insert(0, str(proxies.HERE.parent))
import support


def compare(path, rows):
    """Prints the differences of one proxy; returns how many there are."""
    version, line = support.version(path)
    mine = [row for row in rows if tuple(int(part) for part in row.since.split(".")) <= version]
    run = proxies.Run(path, mine)
    pending = [row for row in mine if run.is_pending(row)]
    left_out = {row.number for row in pending}
    # The list explains hxproxy; HAProxy itself needs no excuse.
    known = table.known() if "hxproxy" in line else {}
    wrong = [row for row in mine
             if row.number not in left_out and not table.matches(row.answer, run.answers[row.number])]
    unexplained = 0
    for row in wrong:
        reason = known.pop((row.request, row.expression, run.answers[row.number]), None)
        unexplained += reason is None
        print(f"{row.area}: {row.expression}\n    on {row.request}, HAProxy 3.5: {row.answer}\n"
              f"    {'here':>{len(row.request) + 14}}: {run.answers[row.number]}")
        if reason:
            print(f"    known: {reason}")
    played = {(row.request, row.expression) for row in mine if row.number not in left_out}
    for request, expression, _ in (key for key in known if key[:2] in played):
        unexplained += 1
        print(f"known.tsv explains a difference that is no more: {expression} on {request}")
    print(f"{line.partition(' - ')[0]}: {len(mine)} of {len(rows)} expressions, {len(pending)} of them pending, "
          f"{len(wrong)} differences, {unexplained} of them unexplained")
    return unexplained


def record(path, older, rows, every):
    """Measures the answers of rows on a HAProxy 3.5, twice, and which of them an older one gives too, and writes
    the table with them."""
    first = proxies.Run(path, rows).answers
    second = proxies.Run(path, rows).answers
    for row in rows:
        try:
            row.answer = table.masked(first[row.number], second[row.number], row.answer)
        except ValueError as error:
            sys.exit(f"{row.request}: {row.expression}: {error}")
    before = proxies.Run(older, rows).answers
    new, old = (".".join(map(str, support.version(one)[0])) for one in (path, older))
    for row in rows:
        if table.matches(row.answer, before[row.number]):
            row.since = old
        elif before[row.number] != proxies.NO_ANSWER or not row.since:
            row.since = new
    table.write(every)
    counts = collections.Counter(row.since for row in rows)
    print(f"{len(rows)} expressions; " + ", ".join(f"{count} since {since}" for since, count in counts.items()))


def main():
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("only", nargs="*", help="areas and names of requests; `new` for rows without an answer")
    arguments.add_argument("--also", action="append", default=[], help="another proxy to compare")
    arguments.add_argument("--record", help="a HAProxy 3.5 to record the answers of")
    arguments.add_argument("--older", default="/usr/sbin/haproxy", help="an older HAProxy, for the column `since`")
    options = arguments.parse_args()
    support.end_on_signals()
    every = table.rows()
    rows = [row for row in every if not options.only or row.area in options.only
            or row.request.partition("@")[0] in options.only or (not row.answer and "new" in options.only)]
    if options.record:
        record(os.path.abspath(options.record), options.older, rows, every)
        return
    also = [path for path in options.also if os.access(path, os.X_OK)]
    for path in options.also:
        if path not in also:
            print(f"{path} is not installed: skipped")
    sys.exit(sum(compare(os.path.abspath(path), rows) for path in [support.binary(), *also]) > 0)


if __name__ == "__main__":
    main()
