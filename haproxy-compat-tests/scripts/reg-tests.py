#!/usr/bin/env python3
"""Runs HAProxy's own regression tests, from a checkout of its repository, against the proxy under test.

    reg-tests.py --source ~/haproxy --vtest ~/vtest/vtest [--results list.tsv] [FOLDER or FILE of reg-tests …]

Each file decides by its own `feature` lines whether the proxy can run it; one that decides against is
"skipped", which counts as not passed. Files that HAProxy itself marks as broken are left out."""

import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import support

SKIPPED = 77  # VTest's exit status
LIMIT = 60  # seconds a file may take


def find(source, wanted):
    """The test files wanted, sorted."""
    root = source / "reg-tests"
    files = []
    for name in wanted or ["."]:
        path = root / name.removeprefix("reg-tests/")
        found = [path] if path.is_file() else sorted(path.rglob("*.vtc"))
        if not found:
            sys.exit(f"{path}: no such test")
        files += found
    return files


def broken(file):
    return re.search(r"^#REGTEST_TYPE=broken", file.read_text(errors="replace"), re.M) is not None


def run(file, source, vtest, environment):
    """Runs one file; returns its result, seconds, and the line that says why it did not pass."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="reg-") as folder:
        command = [str(vtest), "-b", "2M", "-t", str(LIMIT), str(file)]
        try:
            done = subprocess.run(command, cwd=source, env={**environment, "TMPDIR": folder}, text=True, errors="replace",
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=LIMIT + 20)
        except subprocess.TimeoutExpired:
            return "failed", LIMIT + 20, "VTest did not end"
    result = {0: "passed", SKIPPED: "skipped"}.get(done.returncode, "failed")
    why = [line for line in done.stdout.splitlines() if line.startswith("----") or "SKIPPING" in line]
    return result, time.monotonic() - start, "" if result == "passed" else " ".join((why or ["?"])[0].split())[:300]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--source", type=pathlib.Path, required=True, help="a checkout of HAProxy's repository")
    arguments.add_argument("--vtest", type=pathlib.Path, required=True, help="the VTest program")
    arguments.add_argument("--results", type=pathlib.Path, help="a file for the list of results")
    arguments.add_argument("--jobs", type=int, default=2)
    arguments.add_argument("wanted", nargs="*", metavar="FOLDER", help="of reg-tests (default: all)")
    options = arguments.parse_args()
    if not os.access(options.vtest, os.X_OK):
        sys.exit(f"{options.vtest} is not a program")
    support.end_on_signals()
    source, vtest = options.source.resolve(), options.vtest.resolve()
    environment = {**os.environ, "HAPROXY_PROGRAM": os.path.abspath(support.binary())}
    # What HAProxy's own runner gives: poisoned memory, leave to fork, and any warning is an error.
    environment.setdefault("HAPROXY_ARGS", "-dM -dI -dW")
    found = find(source, options.wanted)
    files = [file for file in found if not broken(file)]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        outcomes = pool.map(lambda file: run(file, source, vtest, environment), files)
        lines = []
        for file, (result, seconds, why) in zip(files, outcomes):
            lines.append((result, f"{seconds:.1f}", str(file.relative_to(source)), why))
            print("\t".join(lines[-1]), flush=True)
    counts = collections.Counter(line[0] for line in lines)
    if options.results:
        options.results.parent.mkdir(parents=True, exist_ok=True)
        options.results.write_text("".join("\t".join(line) + "\n" for line in lines))
    print(f"{len(files)} files: {counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped; "
          f"{len(found) - len(files)} marked as broken left out")
    sys.exit(counts["passed"] != len(files))


if __name__ == "__main__":
    main()
