"""What `-c` of a large configuration costs: wall time, CPU time and the peak of resident memory, hxproxy beside haproxy."""

import os
import pathlib
import statistics
import subprocess
import tempfile
import time

import large

# Scenario → what writes its configuration into a folder, and the exit status that both must give.
SCENARIOS = {"config": (large.write, 0), "config-errors": (large.write_errors, 1)}
COLUMNS = ("wall ms", "user ms", "CPU ms", "peak MB")


def cost(program, path, expected):
    """One figure a column for `program -c -f path`."""
    with open(os.devnull, "wb") as nowhere:
        start = time.monotonic()
        child = subprocess.Popen([program, "-c", "-f", str(path)], stdout=nowhere, stderr=nowhere)
        _, status, used = os.wait4(child.pid, 0)
        wall = time.monotonic() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != expected:
        raise RuntimeError(f"{program} -c -f {path.name}: status {child.returncode} instead of {expected}")
    return wall * 1e3, used.ru_utime * 1e3, (used.ru_utime + used.ru_stime) * 1e3, used.ru_maxrss / 1024


def run(scenarios, programs, rounds):
    """Runs all programs (name → path) in turn and prints the medians, with the ratios to haproxy."""
    with tempfile.TemporaryDirectory(prefix="bench-config-") as folder:
        for scenario in scenarios:
            write, expected = SCENARIOS[scenario]
            path = write(pathlib.Path(folder))
            results = {name: [] for name in programs}
            for _ in range(rounds):
                for name, program in programs.items():
                    results[name].append(cost(program, path, expected))
            report(scenario, path, results, rounds)


def report(scenario, path, results, rounds):
    with path.open("rb") as file:
        lines = sum(1 for _ in file)
    print(f"\n{scenario}: -c of {lines} lines, medians of {rounds} rounds; in brackets the ratio to haproxy")
    print(f"{'':12}" + "".join(f"{name:>20}" for name in results))
    for column, title in enumerate(COLUMNS):
        middle = {name: statistics.median(one[column] for one in all) for name, all in results.items()}
        base = middle["haproxy"]
        cells = "".join(f"{value:12.1f} ({value / base if base else 0:4.2f})".rjust(20) for value in middle.values())
        print(f"{title:12}{cells}")
