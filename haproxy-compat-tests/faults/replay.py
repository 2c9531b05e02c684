#!/usr/bin/env python3
"""Replays the fault table on a proxy and prints how its reactions differ from those of HAProxy.

A difference that `known.tsv` explains is counted and shown; any other fails. A row nobody can replay here is
counted by its group. Rows run some at a time on one proxy; log lines are told apart by the client's port."""

import argparse
import collections
import concurrent.futures
import contextlib
import pathlib
import re
import socket
import sys
import tempfile
import time

import configs
import http1
import http2
import limits
import origin
import proxied
import stops
import table
import tls

sys.path.insert(0, str(table.HERE.parent))
import support

TOGETHER = 8  # rows at a time
NAMES = ("http", "h2", "tls", "proxied", *limits.PORTS, "dead")  # nobody listens on the last

CONFIG = """\
defaults
    mode http
    log 127.0.0.1:{syslog} local0
    option httplog
    retries 1
    timeout connect 500ms
    timeout client 1500ms
    timeout server 1200ms
    timeout http-request 800ms
    timeout http-keep-alive 800ms
    timeout tunnel 600ms

frontend http
    bind 127.0.0.1:{http}
    http-request deny if {{ path_end /deny }}
    http-request redirect location /elsewhere if {{ path_end /redir }}
    use_backend dead if {{ path_end /dead }}
    use_backend blackhole if {{ path_end /blackhole }}
    use_backend nosrv if {{ path_end /nosrv }}
    use_backend deadretry if {{ path_end /deadretry }}
    default_backend origin

frontend h2
    bind 127.0.0.1:{h2} proto h2
    default_backend origin

frontend tls
    bind 127.0.0.1:{tls} ssl crt {pem} alpn h2,http/1.1 ssl-min-ver TLSv1.2
    default_backend origin

backend origin
    server o1 127.0.0.1:{origin}

backend dead
    server o1 127.0.0.1:{dead}

backend blackhole
    server o1 127.0.0.1:{blackhole}

backend nosrv

backend deadretry
    option redispatch 1
    balance roundrobin
    server o1 127.0.0.1:{dead}
    server o2 127.0.0.1:{origin}
"""


def blackhole():
    """A listener whose backlog is full, so that no more connection is answered; keep both."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    held = [listener]
    for _ in range(3):
        held.append(socket.socket())
        held[-1].setblocking(False)
        held[-1].connect_ex(listener.getsockname())
    return listener.getsockname()[1], held


class Logs:
    """The proxy's log lines, by the frontend and the client's port."""

    def __init__(self, syslog):
        self.syslog = syslog

    def wait(self, since, frontend, source, count, seconds):
        """The lines of a client, of those from number `since` on: waited for until there are so many, and a
        moment for one too many."""
        pattern = re.compile(rf"\]: 127\.0\.0\.1:{source} \[[^]]+\] {frontend}[ ~/]")

        def lines():
            return [line for line in self.syslog.lines[since:] if pattern.search(line)]

        end = time.monotonic() + seconds
        while len(lines()) < count and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.3)
        return lines()


class Replay:
    """One run: a proxy with an origin behind it, and the rows played on it."""

    def __init__(self, stack, path, rows):
        self.path, self.rows = path, rows
        self.folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="faults-")))
        self.origin = origin.Origin(rows)
        syslog = support.Syslog()
        self.logs = Logs(syslog)
        self.ports = dict(zip(NAMES, support.free_ports(len(NAMES))))
        self.ports["blackhole"], self.held = blackhole()
        config = self.folder / "haproxy.cfg"
        config.write_text((CONFIG + proxied.CONFIG + limits.CONFIG).format(syslog=syslog.port, origin=self.origin.port,
                                        pem=tls.certificate(self.folder), **self.ports))
        # Not the limited ones: a probe would take a slot, or be refused.
        ports = [self.ports[name] for name in ("http", "h2", "tls", "tcp")]
        self.proxy = stack.enter_context(support.start_proxy(path, str(config), ports))

    def player(self, row):
        """The function that plays a row, None where none can."""
        group = row.id.split("-")[0]
        if row.id in table.NOT_REPLAYED:
            return None
        if group in ("H1", "SM", "BE") or row.id in ("PO-01", "PO-06"):
            return self.http1
        if group == "H2":
            return self.http2
        if group == "PP":
            return self.proxied
        if row.id in limits.ROWS:
            return self.limits
        if row.id in tls.ROWS:
            return self.tls
        if row.id in stops.ROWS:
            return self.stop
        return self.config if row.id in configs.FILES else None

    def http1(self, row):
        since = len(self.logs.syslog.lines)
        source, answer, seconds = http1.replay(row, self.ports["http"])
        expected = table.parse(row.reaction)
        matches = table.close_matches(expected["close"], seconds)
        close = expected["close"] if matches else "still open" if seconds is None else f"FIN after {seconds:.1f} s"
        log = self.logged(expected, since, "http", source)
        return expected, {"answer": answer, "close": close, "log": log, "origin": str(self.origin.requests[row.id])}

    def http2(self, row):
        since = len(self.logs.syslog.lines)
        expected = table.parse(row.reaction)
        # Where the table tells neither the end nor a timeout's answer, the client has left before any timeout.
        stays = "close" in expected or expected["answer"].startswith("504")
        watch = http1.WATCH if stays else 0.7
        source, answer, close = http2.replay(row, self.ports["h2"], watch)
        log = self.logged(expected, since, "h2", source)
        origin = str(self.origin.requests[http2.tag(row)])
        return expected, {"answer": answer, "close": close, "log": log, "origin": origin}

    def logged(self, expected, since, frontend, source):
        """Status and termination of a client's log lines, as the table words them."""
        log = expected.get("log", "-")
        count = 0 if log == "-" else sum(int((part.split(" x") + ["1"])[1]) for part in log.split(" + "))
        lines = self.logs.wait(since, frontend, source, count, 2.5 if count else 0.2)
        return table.joined([limits.termination(line) for line in lines])

    def tls(self, row):
        since = len(self.logs.syslog.lines)
        source, answer, _ = tls.replay(row, self.ports["tls"])
        expected, observed = {"answer": tls.expected(row)}, {"answer": answer}
        if piece := tls.logged(row):
            expected["log"] = piece
            lines = self.logs.wait(since, "tls", source, 1, 2.5)
            observed["log"] = piece if any(piece in line for line in lines) else "; ".join(lines)
        return expected, observed

    def proxied(self, row):
        return proxied.replay(row, self.ports["proxied"], self.logs, self.origin.requests)

    def limits(self, row):
        since = len(self.logs.syslog.lines)
        play, wanted, frontend, log = limits.ROWS[row.id]
        answer, sources = play(self.ports)
        expected, observed = {"answer": wanted}, {"answer": answer}
        if log:
            lines = [line for source in sources for line in self.logs.wait(since, frontend, source, 1, 2.5)]
            expected["log"], observed["log"] = log, table.joined([limits.termination(line) for line in lines])
        return expected, observed

    def stop(self, row):
        observed, expected = stops.replay(row, self.path, self.folder, self.origin.port)
        return {"answer": expected}, {"answer": observed}

    def config(self, row):
        observed, expected = configs.replay(row, self.path, self.folder)
        return {"verdict": expected}, {"verdict": observed}

    def differences(self, row):
        """(id, aspect, expected, observed) of what differs."""
        try:
            expected, observed = self.player(row)(row)
        except Exception as error:  # a row that cannot be played is a difference, not the end of the run
            return [(row.id, "replay", "plays", repr(error))]
        return [(row.id, aspect, text, observed[aspect]) for aspect, text in expected.items()
                if observed[aspect] != text and aspect not in table.BY_CHANCE.get(row.id, ())]

    def run(self):
        playable = [row for row in self.rows if self.player(row)]
        with concurrent.futures.ThreadPoolExecutor(TOGETHER) as pool:
            found = [one for many in pool.map(self.differences, playable) for one in many]
        if not self.proxy.running():
            found.append(("-", "process", "lives", f"ended with {self.proxy.wait(1)}"))
        return len(playable), found


def report(rows, played, found, known):
    """Prints the table of differences; returns how many of them nothing explains."""
    unexplained = 0
    for name, aspect, expected, observed in found:
        reason = known.get((name, aspect, observed))
        unexplained += reason is None
        print(f"{name:6} {aspect:8} expected: {expected}\n{'':16}observed: {observed}")
        print(f"{'':16}{'known: ' + reason if reason else 'UNEXPLAINED'}")
    groups = collections.Counter(row.id.split("-")[0] for row in rows)
    print(f"{played} of {len(rows)} rows replayed ({', '.join(f'{n} {group}' for group, n in groups.items())} in the table); "
          f"{len(found)} differences, {unexplained} of them unexplained")
    return unexplained


def main():
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("only", nargs="*", help="beginnings of the ids to replay, such as H1 or SM-4")
    options = arguments.parse_args()
    support.end_on_signals()
    path = support.binary()
    (major, _), line = support.version(path)
    rows = [row for row in table.rows(major) if not options.only or row.id.startswith(tuple(options.only))]
    # The list explains hxproxy; HAProxy itself needs no excuse.
    known = table.known() if "hxproxy" in line else {}
    with contextlib.ExitStack() as stack:
        played, found = Replay(stack, path, rows).run()
    stale = [key for key in known if not options.only and key not in {(n, a, o) for n, a, _, o in found}]
    for name, aspect, observed in stale:
        print(f"{name:6} {aspect:8} known.tsv explains a difference that is no more: {observed}")
    if report(rows, played, found, known) or stale:
        sys.exit(1)


if __name__ == "__main__":
    main()
