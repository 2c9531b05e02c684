"""Replays rows about limits, tunnels and mode tcp, each with a few lines of its own: the table tells them in prose."""

import concurrent.futures
import contextlib
import re
import socket
import struct
import time

import http1
import table

CONFIG = """
frontend queue
    bind 127.0.0.1:{queue}
    default_backend one_at_a_time

backend one_at_a_time
    timeout queue 400ms
    timeout server 5s
    server o1 127.0.0.1:{origin} maxconn 1

frontend limited
    bind 127.0.0.1:{limited}
    maxconn 2
    default_backend origin

frontend refusing
    bind 127.0.0.1:{refusing}
    tcp-request connection reject
    default_backend origin

defaults
    mode tcp
    log 127.0.0.1:{syslog} local0
    option tcplog
    timeout connect 5s
    timeout client 600ms
    timeout server 10s

listen tcp
    bind 127.0.0.1:{tcp}
    server o1 127.0.0.1:{origin}
"""
PORTS = ("queue", "limited", "refusing", "tcp")


def get(name, kind, headers=""):
    return f"GET /c/{name}/{kind} HTTP/1.1\r\nHost: a\r\n{headers}\r\n".encode()


def connect(port):
    client = socket.create_connection(("127.0.0.1", port), 5)
    return client, client.getsockname()[1]


def exchange(port, data, seconds=http1.WATCH):
    """Sends the bytes; returns the client's port, the statuses and the seconds to the end."""
    client, source = connect(port)
    with client:
        client.sendall(data)
        received, end = http1.receive(client, seconds)
    return source, http1.answer(received), end


def frontend_limit(ports):
    """A connection past the limit is served when another ends, and not before."""
    with contextlib.ExitStack() as stack:
        first, second = (stack.enter_context(connect(ports["limited"])[0]) for _ in range(2))
        # An answer proves that they hold the places: the proxy may accept in any order.
        for holder in (first, second):
            holder.sendall(get("RS-01", "ok"))
            any(http1.receive(holder, 0.1)[0] for _ in range(50))
        third = stack.enter_context(connect(ports["limited"])[0])
        third.sendall(get("RS-01", "ok"))
        early, _ = http1.receive(third, 0.3)
        first.close()
        late, _ = http1.receive(third, 0.5)
        return f"{http1.answer(early)}, then {http1.answer(late)}", []


def queue(ports):
    """Of three requests to a server that takes one, two wait in vain."""
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: exchange(ports["queue"], get("RS-02", "slow1")), range(3)))
    return ",".join(sorted(answer for _, answer, _ in answers)), [source for source, _, _ in answers]


def refused(ports):
    """A rejected connection is reset, or closed before the client has looked."""
    try:
        client, _ = connect(ports["refusing"])
        with client:
            return "closed" if client.recv(1) == b"" else "bytes", []
    except ConnectionResetError:
        return "closed", []


def websocket(ports):
    """An idle tunnel ends at timeout tunnel."""
    headers = ("Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
    source, answer, seconds = exchange(ports["http"], get("RS-09", "websocket", headers))
    return f"{answer}, {close('FIN after 0.6 s', seconds)}", [source]


def idle_tcp(ports):
    """An idle client in mode tcp is closed at timeout client."""
    source, answer, seconds = exchange(ports["tcp"], b"")
    return close("FIN after 0.6 s", seconds), [source]


def client_reset(ports):
    client, source = connect(ports["tcp"])
    with client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.sendall(get("RS-12", "big"))
        client.recv(1000)
        time.sleep(0.2)
    return "reset", [source]


def server_reset(ports):
    source, _, seconds = exchange(ports["tcp"], get("RS-13", "rst"))
    return close("FIN at once", seconds), [source]


def close(expected, seconds):
    return expected if table.close_matches(expected, seconds) else f"end after {seconds} s"


# The player of a row, the answer that the row's reaction means, the frontend and what it logs.
ROWS = {
    "RS-01": (frontend_limit, "no response, then 200", "limited", None),
    "RS-02": (queue, "200,503,503", "queue", "200 ---- + 503 sQ-- x2"),
    "RS-08": (refused, "closed", "refusing", None),
    # The table has `101 ----`; with an origin that stays, as here, both versions log that the client was idle.
    "RS-09": (websocket, "101, FIN after 0.6 s", "http", "101 cD--"),
    "RS-11": (idle_tcp, "FIN after 0.6 s", "tcp", "cD"),
    "RS-12": (client_reset, "reset", "tcp", "CD"),
    "RS-13": (server_reset, "FIN at once", "tcp", "SD"),
}


def termination(line):
    """Status and termination of an httplog line, the two letters of a tcplog line."""
    match = re.search(r" (-?\d+) \d+ \S+ \S+ (\S{4}) \d+/\d+/", line)
    if match:
        return f"{match[1]} {match[2]}"
    match = re.search(r" \d+ (\S{2}) \d+/\d+/", line)
    return match[1] if match else line.partition("] ")[2]
