#!/usr/bin/env python3
"""Makes random configurations with rules of all kinds, runs them on two proxies and compares every answer, what
the origin was sent, the state of the connection and the log lines.

    compare.py --reference ~/haproxy/haproxy [--first SEED] [--count CASES] [--http2] [--verbose]

The proxy under test is the one named by COMPAT_BINARY or HXPROXY. Lines that the reference refuses are taken out
first. Prints the first difference of each case with its seed; ends with 1 where there is one."""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

import grammar
import play

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import support


def accepted(program, config, folder):
    """The configuration without the lines that a program refuses; None where something else is wrong with it."""
    path = folder / "checked.cfg"
    for _ in range(20):
        path.write_text(re.sub(r"\{(log|origin|frontend)\}", "9", config))
        done = subprocess.run([program, "-c", "-f", path], capture_output=True, text=True)
        if done.returncode == 0:
            return config
        refused = {int(number) for number in re.findall(r"checked\.cfg:(\d+)\]", done.stderr)}
        lines = config.split("\n")
        if not refused:
            # Rules on messages in the defaults that a backend may not inherit.
            end = lines.index("frontend fe from base")
            refused = {number for number, line in enumerate(lines[:end], 1) if re.match(" +http-(req|res|aft)", line)}
        if not refused:
            return None
        config = "\n".join(line for number, line in enumerate(lines, 1) if number not in refused)
    return None


def differences(ours, theirs, requests):
    """The first thing that differs, worded; nothing where all is the same."""
    for number, (our, their) in enumerate(zip(ours, theirs)):
        if our != their:
            request = requests[min(number // 2, len(requests) - 1)][1]
            return f"  request {request!r}\n  theirs  {their!r}\n  ours    {our!r}"
    return "" if len(ours) == len(theirs) else f"  {ours[-1]!r}, {theirs[-1]!r}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--reference", required=True)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--http2", action="store_true", help="the client speaks HTTP/2")
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    make_client = play.Client
    if args.http2:
        import http2
        make_client = http2.Client
    bad = 0
    for seed in range(args.first, args.first + args.count):
        with tempfile.TemporaryDirectory(prefix="random-") as folder:
            folder = pathlib.Path(folder)
            random = grammar.Grammar(seed, folder)
            config, requests = random.config("proto h2" if args.http2 else ""), random.requests()
            config = accepted(args.reference, config, folder)
            if config is None:
                continue
            theirs = play.play(args.reference, config, requests, folder, make_client)
            grammar.write_files(folder)
            ours = play.play(support.binary(), config, requests, folder, make_client)
            if args.verbose:
                print(config)
                for one in zip(ours, theirs):
                    print("  ours   {!r}\n  theirs {!r}".format(*one))
            if found := differences(ours, theirs, requests):
                bad += 1
                print(f"seed {seed}:\n{found}", flush=True)
    print(f"{args.count} cases, {bad} differ")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    support.end_on_signals()
    main()
