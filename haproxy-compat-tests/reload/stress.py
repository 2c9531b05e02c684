#!/usr/bin/env python3
"""Soft reloads (-sf) under load: 4 clients with a connection per request, 2 keep-alive clients and 2 long
downloads run while the proxy is replaced again and again. No request may fail, no download may be cut,
and every old process must exit with 0.

A keep-alive client may send a request again when its used connection ends before the first byte of an
answer (RFC 9112, section 9.3.1); those are counted apart.

HAProxy itself resets the connections that wait in the accept queue of a closing listener, unless the new
process takes the sockets over (-x), and 2.6 may crash at its exit: for it the failures are shown, and no more
than one a reload is allowed. hxproxy must lose nothing."""

import argparse
import contextlib
import http.client
import pathlib
import signal
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import support

CONFIG = """\
defaults
    mode http
    timeout connect 10s
    timeout client 30s
    timeout server 30s

frontend fe
    bind 127.0.0.1:{port}
    http-response set-header X-Generation {generation}
    default_backend be

backend be
    server s1 127.0.0.1:{backend}
"""

PIECES, PIECE, PAUSE = 100, b"x" * 16384, 0.02  # a download of 1.6 MB in 2 s


def backend(connection):
    """Answers /long slowly and everything else at once."""
    pending = b""
    while data := connection.recv(65536):
        pending += data
        while b"\r\n\r\n" in pending:
            head, _, pending = pending.partition(b"\r\n\r\n")
            if not head.startswith(b"GET /long "):
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                continue
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (PIECES * len(PIECE)))
            for _ in range(PIECES):
                connection.sendall(PIECE)
                time.sleep(PAUSE)


class Load:
    """The clients and what became of their requests."""

    def __init__(self, port):
        self.port = port
        self.stop = threading.Event()
        self.lock = threading.Lock()
        self.done = {"closing": 0, "keep-alive": 0, "long": 0}
        self.failed = []
        self.repeated = 0
        self.generation = 0
        kinds = [self.closing] * 4 + [self.keep_alive] * 2 + [self.long] * 2
        self.threads = [threading.Thread(target=kind, daemon=True) for kind in kinds]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join(30)

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def ask(self, connection, path, **headers):
        """Sends a request; returns the answer, its body not yet read."""
        connection.request("GET", path, headers=headers)
        return connection.getresponse()

    def judge(self, kind, answer, body, wanted):
        with self.lock:
            self.done[kind] += 1
            self.generation = max(self.generation, int(answer.getheader("X-Generation", "0")))
            if answer.status != 200 or len(body) != wanted:
                self.failed.append(f"{kind}: status {answer.status}, {len(body)} bytes of {wanted}")

    def fail(self, kind, error):
        with self.lock:
            self.failed.append(f"{kind}: {error!r}")

    def each_on_its_own(self, kind, path, wanted):
        while not self.stop.is_set():
            with contextlib.closing(self.connect()) as connection:
                try:
                    answer = self.ask(connection, path, Connection="close")
                    self.judge(kind, answer, answer.read(), wanted)
                except (OSError, http.client.HTTPException) as error:
                    self.fail(kind, error)

    def closing(self):
        self.each_on_its_own("closing", "/", 2)

    def long(self):
        self.each_on_its_own("long", "/long", PIECES * len(PIECE))

    def keep_alive(self):
        connection, used = self.connect(), False
        while not self.stop.is_set():
            answer = None
            try:
                answer = self.ask(connection, "/")
                self.judge("keep-alive", answer, answer.read(), 2)
                used = not answer.will_close
            except (OSError, http.client.HTTPException) as error:
                if used and answer is None and isinstance(error, ConnectionError):
                    with self.lock:
                        self.repeated += 1
                else:
                    self.fail("keep-alive", error)
                used = False
            if not used:
                connection.close()
                connection = self.connect()
            time.sleep(0.002)
        connection.close()


def stress(stack, path, reloads):
    folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reload-")))
    port, = support.free_ports(1)
    origin = support.serve(backend)

    def start(generation, *arguments):
        config = folder / f"{generation}.cfg"
        config.write_text(CONFIG.format(port=port, backend=origin, generation=generation))
        return stack.enter_context(support.start_proxy(path, str(config), [port], *arguments))

    processes = [start(1)]
    with Load(port) as load:
        for generation in range(1, reloads + 2):
            support.wait_for(f"an answer of generation {generation}", lambda: load.generation >= generation)
            time.sleep(0.1)
            if generation <= reloads:
                processes.append(start(generation + 1, "-sf", str(processes[-1].pid)))
    processes[-1].process.send_signal(signal.SIGUSR1)
    for generation, process in enumerate(processes, 1):
        status = process.wait(30)
        if status:
            load.failed.append(f"generation {generation} ended with {status}: {process.printed()[-500:]}")
    return load


def main():
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--reloads", type=int, default=20)
    options = arguments.parse_args()
    support.end_on_signals()
    path = support.binary()
    allowed = 0 if "hxproxy" in support.version(path)[1] else options.reloads
    with contextlib.ExitStack() as stack:
        load = stress(stack, path, options.reloads)
    print(f"{options.reloads} reloads; requests: {load.done}; repeated on a new connection: {load.repeated}; "
          f"failed: {len(load.failed)}")
    for failure in load.failed[:20]:
        print(f"   {failure}")
    idle = [kind for kind, count in load.done.items() if not count]
    if len(load.failed) > allowed or idle:
        sys.exit(f"failed; clients without a request: {idle}")


if __name__ == "__main__":
    main()
