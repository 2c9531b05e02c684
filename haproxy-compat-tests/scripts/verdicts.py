#!/usr/bin/env python3
"""Compares what the proxy under test says of configurations with `-c` to what a real HAProxy says.

    verdicts.py --haproxy ~/haproxy/haproxy [--base ~/haproxy] [--level alerts] FILE or FOLDER …

A FILE is a configuration (.cfg), or a test (.vtc) whose configurations are taken out of it, with VTest's
macros replaced by addresses. A FOLDER gives all of its .cfg and .vtc files. The levels, each with all before:
exit (the code), first (the first alert), alerts (all of them), all (warnings and notices too)."""

import argparse
import collections
import concurrent.futures
import difflib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import support

LEVELS = ("exit", "first", "alerts", "all")
LIMIT = 20  # seconds a check may take
FIRST_PORT = 20000
# What only hxproxy says, and what tells the two binaries apart.
LEFT_OUT = ("accepted but not executed yet by hxproxy", "haproxy version is ", "path to executable is ")


class Case:
    """A configuration: its name, where its file is, and the folder that its paths start from."""

    def __init__(self, name, file, folder):
        self.name, self.file, self.folder = name, file, folder


def closing(text, start):
    """The place behind the brace that closes the one at `start`."""
    depth = 0
    for at in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return at + 1
    return len(text)


def configurations(text):
    """The texts behind `-conf`, `-conf-OK` and `-conf-BAD {pattern}` in a .vtc file."""
    for found in re.finditer(r"-conf(-OK|-BAD|)\s*\{", text):
        start = found.end() - 1
        if found.group(1) == "-BAD":
            start = text.find("{", closing(text, start))
        yield text[start + 1:closing(text, start) - 1]


def without_macros(text, test):
    """The configuration with addresses in the place of VTest's macros."""
    ports = collections.defaultdict(lambda: FIRST_PORT + len(ports))
    text = re.sub(r"fd@\$\{(\w+)\}", lambda m: f"127.0.0.1:{ports[m[1]]}", text)
    text = re.sub(r"\$\{(\w+?)_addr\}", "127.0.0.1", text)
    text = re.sub(r"\$\{(\w+?)_port\}", lambda m: str(ports[m[1]]), text)
    text = re.sub(r"\$\{(\w+?)_sock\}", lambda m: f"127.0.0.1:{ports[m[1]]}", text)
    return text.replace("${testdir}", str(test.parent)).replace("${tmpdir}", "/tmp")


def cases(path, base, place):
    """The cases of a file or a folder; configurations taken out of tests are written into `place`."""
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.suffix in (".cfg", ".vtc") and file.is_file():
                yield from cases(file, base, place)
        return
    name = os.path.relpath(path, base)
    if path.suffix != ".vtc":
        yield Case(name, name, base)
        return
    for number, text in enumerate(configurations(path.read_text(errors="replace")), 1):
        file = place / f"{name.replace('/', '-')}-{number}.cfg"
        file.write_text(without_macros(text, path) + "\n")
        yield Case(f"{name}#{number}", str(file), base)


def check(binary, case):
    """The exit code and the messages, each as `(level, text)`."""
    command = [binary, "-c", "-f", case.file]
    try:
        done = subprocess.run(command, cwd=case.folder, text=True, errors="replace", stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return "no end", []
    messages = []
    for line in done.stdout.splitlines():
        head = re.match(r"\[(ALERT|WARNING|NOTICE|DIAG)\] +\(\d+\) : (.*)", line)
        if head:
            messages.append((head[1], head[2]))
        elif messages and line.startswith((" ", "\t")):
            messages[-1] = (messages[-1][0], messages[-1][1] + "\n" + line)
    return done.returncode, [message for message in messages if not any(text in message[1] for text in LEFT_OUT)]


def shown(messages, level):
    alerts = [f"{kind}: {text}" for kind, text in messages if kind == "ALERT"]
    if level == "all":
        return [f"{kind}: {text}" for kind, text in messages]
    return {"exit": [], "first": alerts[:1], "alerts": alerts}[level]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--haproxy", required=True, help="the real one")
    arguments.add_argument("--base", type=pathlib.Path, default=pathlib.Path("."), help="the folder relative paths start from")
    arguments.add_argument("--level", choices=LEVELS, default="alerts", help="what to show differences of")
    arguments.add_argument("--quiet", action="store_true", help="print the sums only")
    arguments.add_argument("files", nargs="+", type=pathlib.Path)
    options = arguments.parse_args()
    ours, theirs = os.path.abspath(support.binary()), os.path.abspath(options.haproxy)
    sums = collections.Counter()
    with tempfile.TemporaryDirectory(prefix="verdicts-") as place, concurrent.futures.ThreadPoolExecutor(2) as pool:
        found = [case for path in options.files
                 for case in cases(path.resolve(), options.base.resolve(), pathlib.Path(place))]
        for case, want, got in zip(found, pool.map(lambda case: check(theirs, case), found),
                                   pool.map(lambda case: check(ours, case), found)):
            sums["cases"] += 1
            same = want[0] == got[0]
            for level in LEVELS:
                same = same and shown(want[1], level) == shown(got[1], level)
                sums[level] += same
            show = options.level
            if options.quiet or (want[0] == got[0] and shown(want[1], show) == shown(got[1], show)):
                continue
            print(f"{case.name}: exit {want[0]}, here {got[0]}")
            for line in difflib.ndiff(shown(want[1], show), shown(got[1], show)):
                if line[0] in "-+":
                    print("  " + line.replace("\n", "\n    "))
    print(f"{sums['cases']} configurations; same exit code {sums['exit']}, first alert {sums['first']}, "
          f"alerts {sums['alerts']}, everything {sums['all']}")
    sys.exit(sums["cases"] != sums["first"])


if __name__ == "__main__":
    main()
