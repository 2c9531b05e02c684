#!/usr/bin/env python3
"""Makes random configurations with rules of all kinds, runs them on two proxies and compares every answer, what
the origin was sent, the state of the connection and the log lines.

    compare.py --reference ~/haproxy/haproxy [--first SEED] [--count CASES] [--http2] [--http2-servers] [--verbose]

The proxy under test is the one named by COMPAT_BINARY or HXPROXY. Lines that the reference refuses are taken out
first. Prints the first difference of each case with its seed; ends with 1 where there is one."""

import argparse
import contextlib
import functools
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
    parser.add_argument("--http2-servers", action="store_true", help="so does the origin, which is the reference")
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    make_client, bind, server = play.Client, "", ""
    if args.http2:
        import http2
        make_client, bind = http2.Client, "proto h2"
    bad = 0
    with contextlib.ExitStack() as stack:
        # Over HTTP/2, fields of different names have no order among each other.
        origin = support.serve(functools.partial(play.serve, in_order=not args.http2_servers))
        if args.http2_servers:
            folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="origin-")))
            origin, server = play.http2_origin(stack, args.reference, origin, folder), "proto h2"
        for seed in range(args.first, args.first + args.count):
            with tempfile.TemporaryDirectory(prefix="random-") as folder:
                case = grammar.Grammar(seed, pathlib.Path(folder))
                config, requests = accepted(args.reference, case.config(bind, server), case.folder), case.requests()
                if config is None:
                    continue
                seen = []
                for program in (support.binary(), args.reference):
                    grammar.write_files(case.folder)
                    seen.append(play.play(program, config, requests, case.folder, make_client, origin))
            if args.verbose:
                print(config)
                for one in zip(*seen):
                    print("  ours   {!r}\n  theirs {!r}".format(*one))
            if found := differences(*seen, requests):
                bad += 1
                print(f"seed {seed}:\n{found}", flush=True)
    print(f"{args.count} cases, {bad} differ")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    support.end_on_signals()
    main()
