#!/usr/bin/env python3
"""Counts the system calls a keep-alive request costs: receive, send, receive, send, beside waiting; and
one more where it is logged, whatever its rules. hxproxy must need no more; for any other proxy the counts
are only shown."""

import collections
import contextlib
import pathlib
import re
import socket
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import support

WARM, MEASURED = 50, 500
# Waiting for events, and clocks that a process reads without entering the kernel on most machines.
FREE = re.compile(r"epoll_(wait|pwait|pwait2)$|clock_gettime CLOCK_(MONOTONIC|REALTIME|BOOTTIME)(_COARSE)?$")
# What a frontend has, and how many calls its requests may take.
FRONTENDS = {"nothing": ("", 4), "rules and a log": ("""\
    log 127.0.0.1:{log} local0
    option httplog
    acl local src 127.0.0.0/8
    http-request track-sc0 src table rates
    http-request deny if {{ sc_http_req_rate(0) gt 1000000 }} local
    http-request set-header X-Client %[src]
    http-response del-header Server
""", 5)}
CONFIG = """\
global
    nbthread 1

defaults
    mode http
    timeout connect 10s
    timeout client 30s
    timeout server 30s

frontend fe
    bind 127.0.0.1:{port}
    default_backend be
{rules}
backend rates
    stick-table type ip size 1k store http_req_rate(10s)

backend be
    server s1 127.0.0.1:{backend}
"""


def backend(connection):
    """Answers every request with 128 bytes, in one write each."""
    while connection.recv(65536):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 128\r\n\r\n" + b"x" * 128)


def requests(connection, count):
    for _ in range(count):
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        received = b""
        while not received.endswith(b"x" * 128):
            data = connection.recv(65536)
            if not data:
                sys.exit("the proxy has closed the connection")
            received += data


def count(stack, path, rules):
    """System calls by name, of so many requests in a row."""
    sink = stack.enter_context(socket.socket(type=socket.SOCK_DGRAM))
    sink.bind(("127.0.0.1", 0))
    rules = rules.format(log=sink.getsockname()[1])
    folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="syscalls-")))
    port, = support.free_ports(1)
    config, trace = folder / "haproxy.cfg", folder / "trace"
    config.write_text(CONFIG.format(port=port, rules=rules, backend=support.serve(backend)))
    strace = ["strace", "-f", "-qq", "-e", "signal=none", "-o", str(trace)]
    stack.enter_context(support.start_proxy(path, str(config), [port], prefix=strace))
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.settimeout(20)
        requests(client, WARM)
        start = trace.stat().st_size
        requests(client, MEASURED)
        end = trace.stat().st_size
    lines = trace.read_bytes()[start:end].decode(errors="replace").splitlines()
    # `<pid> name(…`; what resumes an unfinished call is no call of its own.
    calls = filter(None, (re.match(r"\d+ +(\w+)\((CLOCK_\w+)?", line) for line in lines))
    return collections.Counter(" ".join(filter(None, call.groups())) for call in calls)


def main():
    support.end_on_signals()
    path = support.binary()
    _, line = support.version(path)
    for title, (rules, wanted) in FRONTENDS.items():
        with contextlib.ExitStack() as stack:
            calls = count(stack, path, rules)
        print(f"{line}: system calls a request, with {title}")
        for name, number in calls.most_common():
            print(f"   {name:40} {number / MEASURED:.2f}")
        each = sum(number for name, number in calls.items() if not FREE.match(name)) / MEASURED
        print(f"   {'beside waiting and clocks':40} {each:.2f}")
        if "hxproxy" in line and each > wanted + 0.05:
            sys.exit(f"{each:.2f} system calls a request, {wanted} wanted")


if __name__ == "__main__":
    main()
