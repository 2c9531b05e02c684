#!/usr/bin/env python3
"""Runs situations through two proxies and compares their log lines, part by part.

    matrix.py --reference ~/haproxy/haproxy [NAME …]

The proxy under test is the one named by COMPAT_BINARY or HXPROXY. Numbers of milliseconds may differ by
some; what is -1 must be -1 in both. Prints each situation whose lines differ, and ends with 1 where one
does that `known.tsv` does not explain."""

import argparse
import contextlib
import pathlib
import re
import sys
import tempfile
import threading
import time

import origin
import situations

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import support

HERE = pathlib.Path(__file__).resolve().parent
TIMES = "Th Ti TR Tw Tc Tr Td Ta Tt Tu Tq".split()
PARTS = TIMES + "ST B U ts tsc b s ac fc bc sc rc sq bq si bi hr hs CC CS HM HP HQ HU HV ID f ft OG r".split()
SLACK = 60  # milliseconds
# The client's port tells lines apart.
FORMAT = "%cp|" + "|".join(f"{part}=%{part}" for part in PARTS)


class Proxy:
    """A running proxy with its syslog receiver."""

    def __init__(self, stack, path, ports, folder, name):
        self.syslog = support.Syslog()
        self.ports = dict(zip(situations.FRONTENDS, support.free_ports(len(situations.FRONTENDS))))
        config = folder / f"{name}.cfg"
        config.write_text(situations.config(self.ports, {**ports, "syslog": self.syslog.port}, FORMAT))
        tcp = [port for port in self.ports.values()]
        self.child = stack.enter_context(support.start_proxy(path, config, tcp[:1]))
        time.sleep(0.3)

    def lines(self, ports, start):
        """The lines of clients since so many, without what stands before them, those of one path together."""
        found = []
        for line in self.syslog.lines[start:]:
            text = line.partition("]: ")[2]
            number, _, rest = text.partition("|")
            if number.isdigit() and int(number) in ports:
                found.append(f"{rest}|priority={line[1:4]}")
            elif re.match(r"[\d.]+:(\d+) \[", text) and int(re.match(r"[\d.]+:(\d+) \[", text)[1]) in ports:
                found.append(re.sub(r"^[\d.]+:\d+ \[.*?\] ", "failed: ", text))
        return sorted(found, key=lambda line: split(line).get("HU", ""))


def run(proxy, situation, out):
    """Plays a situation and collects its lines."""
    start = len(proxy.syslog.lines)
    ports = situation.play(proxy.ports[situation.frontend])
    end = time.monotonic() + situation.wait
    while time.monotonic() < end and len(proxy.lines(ports, start)) < situation.expects:
        time.sleep(0.02)
    time.sleep(0.15)
    out.append(proxy.lines(ports, start))


def split(line):
    return dict(part.split("=", 1) for part in line.split("|") if "=" in part)


def differences(ours, theirs):
    """What differs between two lists of lines, worded."""
    found = []
    if len(ours) != len(theirs):
        found.append(f"{len(ours)} lines, not {len(theirs)}")
    for our, their in zip(ours, theirs):
        if not ("|" in our and "|" in their):
            if our != their:
                found.append(f"{our!r}, not {their!r}")
            continue
        our, their = split(our), split(their)
        for name in their:
            one, other = our.get(name, "?"), their[name]
            if one != other and not (name in TIMES and near(name, one, other)) and not masked(name, one, other):
                found.append(f"{name}={one} not {other}")
    return found


def near(name, one, other):
    is_total = name in ("Ta", "Tt", "Tu")  # others are -1 where something did not happen
    if not is_total and (one.lstrip("+") == "-1") != (other.lstrip("+") == "-1"):
        return False
    return abs(int(one) - int(other)) <= SLACK + abs(int(other)) // 10


def masked(name, one, other):
    """What is a matter of ports and chance."""
    return name in ("bi", "ID") and (one == "-") == (other == "-")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--reference", required=True)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    known = dict(line.split("\t", 1) for line in (HERE / "known.tsv").read_text().splitlines() if "\t" in line)
    http, tcp = support.serve(origin.serve), support.serve(origin.serve_tcp)
    hole, _kept = origin.blackhole()
    dead = support.free_ports(1)[0]
    ports = {"origin": http, "tcp_origin": tcp, "hole": hole, "dead": dead}
    bad = 0
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ours = Proxy(stack, support.binary(), ports, folder, "ours")
        theirs = Proxy(stack, args.reference, ports, folder, "theirs")
        chosen = [one for one in situations.ALL if not args.names or any(name in one.name for name in args.names)]
        for situation in chosen:
            results = []
            for proxy in (ours, theirs):
                out = []
                thread = threading.Thread(target=run, args=(proxy, situation, out))
                thread.start()
                results.append((thread, out))
            for thread, _ in results:
                thread.join()
            (_, (our,)), (_, (their,)) = results
            found = differences(our, their)
            if args.verbose:
                print(f"{situation.name}:\n  ours   {our}\n  theirs {their}")
            if found and situation.name not in known:
                bad += 1
                print(f"{situation.name}: " + "; ".join(found))
            elif found:
                print(f"{situation.name}: {known[situation.name]}")
    print(f"{len(chosen)} situations, {bad} differ")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    support.end_on_signals()
    main()
