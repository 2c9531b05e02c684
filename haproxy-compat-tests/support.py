"""What the scripts here share: free ports, a proxy as a child process, a syslog receiver, an origin.

The proxy's program is the one named by COMPAT_BINARY, else by HXPROXY. Everything listens on loopback
and ends with the script. Nothing here judges a result."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time


def binary():
    """The path of the proxy under test; ends the script where none is named or it does not run."""
    path = os.environ.get("COMPAT_BINARY") or os.environ.get("HXPROXY")
    if not path:
        sys.exit("name the proxy's program in COMPAT_BINARY or HXPROXY")
    if not os.access(path, os.X_OK):
        sys.exit(f"{path} is not a program: run `make build`, or set COMPAT_BINARY or HXPROXY")
    return path


def version(path):
    """The (major, minor) version a proxy's program claims, and its version line."""
    line = subprocess.run([path, "-v"], capture_output=True, text=True, timeout=20).stdout.partition("\n")[0]
    match = re.match(r"HAProxy version (\d+)\.(\d+)", line)
    if not match:
        sys.exit(f"{path} -v gives no version line: {line!r}")
    return (int(match[1]), int(match[2])), line


def free_ports(count, kind=socket.SOCK_STREAM):
    """Ports of 127.0.0.1 nobody listens on, all different."""
    held = [socket.socket(socket.AF_INET, kind) for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def wait_for(what, condition, seconds=20):
    """Waits until `condition()` is true; raises where it stays false."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def listens(port):
    """Whether a connection to a port of 127.0.0.1 is accepted."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def end_on_signals():
    """Makes SIGTERM and SIGINT run the `finally` and `with` blocks of the script."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(130))


class Child:
    """A child process whose output goes to a file; it and its own children end with the `with` block."""

    def __init__(self, command, **options):
        self.output = tempfile.TemporaryFile("w+b")
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.STDOUT,
            start_new_session=True, **options,
        )
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.running():
            os.killpg(self.pid, signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self.pid, signal.SIGKILL)
                self.process.wait(5)

    def running(self):
        return self.process.poll() is None

    def printed(self):
        """All it has printed so far."""
        size = os.fstat(self.output.fileno()).st_size
        return os.pread(self.output.fileno(), size, 0).decode(errors="replace")

    def wait(self, seconds):
        """Its exit status, at most so many seconds from now."""
        return self.process.wait(seconds)


def start_proxy(path, config, ports, *arguments, prefix=(), **options):
    """Starts a proxy in the foreground on a configuration file and waits until its ports accept."""
    child = Child([*prefix, path, "-db", "-f", config, *arguments], **options)
    try:
        wait_for(
            f"{path} -f {config}",
            lambda: not child.running() or all(listens(port) for port in ports),
        )
        if not child.running():
            raise RuntimeError(f"{path} -f {config} ended with {child.wait(1)}:\n{child.printed()}")
    except BaseException:
        child.__exit__()
        raise
    return child


class Syslog:
    """A UDP syslog receiver; `lines` grows as messages come in."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.lines = []
        threading.Thread(target=self._receive, daemon=True).start()

    def _receive(self):
        while True:
            self.lines.append(self.socket.recv(65536).decode(errors="replace").rstrip("\n"))


def serve(handler, backlog=128):
    """Accepts on a free port in the background, each connection in a thread of its own. Returns the port."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(backlog)

    def one(connection):
        with connection:
            try:
                handler(connection)
            except OSError:
                pass  # the peer went away

    def accept():
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]
