"""Replays the rows about signals: what becomes of connections when a proxy is told to stop or to pause. Each row
has a proxy of its own."""

import pathlib
import signal
import socket
import sys
import time

import http1
import http2

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import support

CONFIG = """\
defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 20s

frontend http
    bind 127.0.0.1:{http}
    default_backend origin

frontend h2
    bind 127.0.0.1:{h2} proto h2
    default_backend origin

backend origin
    server o1 127.0.0.1:{origin}
"""
SLOW = b"GET /c/STOP/slow1 HTTP/1.1\r\nHost: a\r\n\r\n"
QUICK = b"GET /c/STOP/ok HTTP/1.1\r\nHost: a\r\n\r\n"
WAIT = 0.3  # seconds for a request to reach the origin, whose answer takes 0.9


def connect(port, data):
    client = socket.create_connection(("127.0.0.1", port), 5)
    client.sendall(data)
    return client


def refused(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def in_flight(proxy, ports):
    """A request in flight is answered in full, and the connection ends with it."""
    with connect(ports["http"], SLOW) as client:
        time.sleep(WAIT)
        proxy.process.send_signal(signal.SIGUSR1)
        received, end = http1.receive(client, 5)
    closing = b"connection: close" in received.lower()
    return f"{http1.answer(received)}, {'told' if closing else 'not told'}, {'closed' if end else 'open'}"


def idle(proxy, ports):
    """An idle keep-alive connection ends without a byte."""
    with connect(ports["http"], QUICK) as client:
        client.settimeout(5)
        client.recv(65536)
        proxy.process.send_signal(signal.SIGUSR1)
        received, end = http1.receive(client, 3)
    return f"{len(received)} bytes, {'closed' if end is not None else 'open'}"


def http2_in_flight(proxy, ports):
    """An HTTP/2 connection is told by GOAWAY, and its stream is answered in full; the client may then close."""
    get = http2.frame(http2.HEADERS, http2.END_STREAM | http2.END_HEADERS, 1, http2.request(b"slow1").replace(b"@I@", b"RL2"))
    with connect(ports["h2"], http2.PREFACE + http2.SETTINGS + get) as client:
        time.sleep(WAIT)
        proxy.process.send_signal(signal.SIGUSR1)
        received, _ = http1.receive(client, 2)
    frames = []
    http2.take(received, frames, 0)
    return " ".join(sorted(http2.words(frames).split()))


def soft_stop(proxy, ports):
    """New connections are refused, the request in flight is answered, the process exits with 0."""
    with connect(ports["http"], SLOW) as client:
        time.sleep(WAIT)
        proxy.process.send_signal(signal.SIGUSR1)
        time.sleep(0.2)
        new = "refused" if refused(ports["http"]) else "accepted"
        answer = http1.answer(http1.receive(client, 5)[0])
    return f"{new}, {answer}, exit {proxy.wait(10)}"


def hard_stop(proxy, ports):
    """The request in flight ends without an answer, the process by the signal."""
    with connect(ports["http"], SLOW) as client:
        time.sleep(WAIT)
        proxy.process.send_signal(signal.SIGTERM)
        answer = http1.answer(http1.receive(client, 5)[0])
    # The C library's and the shell's way of telling signal 15.
    status = {-15: "signal 15", 143: "signal 15"}.get(code := proxy.wait(10), f"exit {code}")
    return f"{answer}, {status}"


def pause(proxy, ports):
    """Refused while paused, served after."""
    proxy.process.send_signal(signal.SIGTTOU)
    time.sleep(0.3)
    paused = "refused" if refused(ports["http"]) else "accepted"
    proxy.process.send_signal(signal.SIGTTIN)
    time.sleep(0.3)
    with connect(ports["http"], QUICK) as client:
        return f"{paused}, {http1.answer(http1.receive(client, 0.5)[0])}"


# The player of a row and what the row's reaction means.
ROWS = {
    "RL-03": (in_flight, "200, told, closed"),
    "RL-04": (idle, "0 bytes, closed"),
    "RL-07": (soft_stop, "refused, 200, exit 0"),
    "RL-08": (hard_stop, "no response, signal 15"),
    "RL-09": (pause, "refused, 200"),
    "RL-20": (http2_in_flight, "200(s1+) END_STREAM(s1) GOAWAY(NO_ERROR)"),
}


def replay(row, path, folder, origin):
    """Plays one row; returns what was seen and what the row asks for."""
    play, wanted = ROWS[row.id]
    ports = dict(zip(("http", "h2"), support.free_ports(2)))
    config = folder / f"{row.id}.cfg"
    config.write_text(CONFIG.format(origin=origin, **ports))
    with support.start_proxy(path, str(config), ports.values()) as proxy:
        return play(proxy, ports), wanted
