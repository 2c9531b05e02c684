"""Replays the rows whose action is bytes on an HTTP/1 connection, or a plain GET of a misbehaving origin."""

import re
import socket
import struct
import time

import table

WATCH = 2.6  # seconds after the last byte sent, in which the table's author watched


def long_actions():
    """The bytes of the rows that are longer than the table shows them, with the length it gives."""
    def get(name, headers):
        return f"GET /c/{name}/ok HTTP/1.1\r\nHost: a\r\n{headers}\r\n".encode()

    def chunked(name, text):
        return f"POST /c/{name}/ok HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{text}".encode()

    def numbered(count):
        return "".join(f"X-{n}: 1\r\n" for n in range(count))

    return {
        "H1-37": get("H1-37", numbered(98)),
        "H1-38": get("H1-38", numbered(100)),
        "H1-39": get("H1-39", f"X: {'a' * 14000}\r\n"),
        "H1-41": get("H1-41", f"X: {'a' * 20000}\r\n"),
        "H1-42": f"GET /c/H1-42/{'a' * 20000} HTTP/1.1\r\nHost: a\r\n\r\n".encode(),
        "SM-51": chunked("SM-51", f"5;{'a' * 8000}\r\nhello\r\n0\r\n\r\n"),
        "SM-52": chunked("SM-52", f"5\r\nhello\r\n0\r\nX: {'a' * 20000}\r\n\r\n"),
    }


LONG = long_actions()


def action(row):
    """The bytes to send and what follows them: "", "FIN" or "RST"."""
    if row.id in LONG:
        data = LONG[row.id]
        assert f"({len(data)} bytes)" in row.action, f"{row.id}: {len(data)} bytes, not those of the table"
        return data, ""
    if row.description.startswith("origin: "):
        kind = row.description.removeprefix("origin: ")
        return f"GET /c/{row.id}/{kind} HTTP/1.1\r\nHost: a\r\n\r\n".encode(), ""
    text, end = row.action, ""
    for mark in ("FIN", "RST"):
        if text.endswith(f"<{mark}>"):
            text, end = text.removesuffix(f"<{mark}>"), mark
    return b"" if text == "(nothing sent)" else table.unescape(text), end


def replay(row, port):
    """Plays one row. Returns the client's port, the answer as the table words it, and the seconds from the
    last byte sent to the end of the connection (None: still open)."""
    data, end = action(row)
    with socket.socket() as client:
        if row.id == "BE-48":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", port))
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        source = client.getsockname()[1]
        if row.id == "H1-51":
            send_slowly(client, data)
        else:
            client.sendall(data)
        if row.id == "BE-48":
            time.sleep(WATCH)  # a client that does not read
        if end == "RST":
            time.sleep(0.3)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return source, "no response", None
        if end == "FIN":
            time.sleep(0.2)
            client.shutdown(socket.SHUT_WR)
        received, seconds = receive(client, WATCH)
    return source, answer(received), seconds


def send_slowly(client, data):
    """A byte every 100 ms until the peer has had enough: it is never a whole request."""
    for position in range(50):
        try:
            client.sendall(data[position % len(data):][:1])
            client.settimeout(0.1)
            client.recv(1, socket.MSG_PEEK)
            return
        except socket.timeout:
            continue
        except OSError:
            return


def receive(client, seconds):
    """All bytes that come within so many seconds, and when the end came (None: it did not)."""
    start, received = time.monotonic(), b""
    while (left := start + seconds - time.monotonic()) > 0:
        client.settimeout(left)
        try:
            data = client.recv(1 << 20)
        except socket.timeout:
            break
        except ConnectionError:
            data = b""
        if not data:
            return received, time.monotonic() - start
        received += data
    return received, None


def answer(received):
    """The statuses in what a client has received, as the table words them."""
    if len(received) >= 9 and received[3] == 4 and received[:2] == b"\0\0":
        return "HTTP/2 SETTINGS (mux upgrade)"
    statuses = re.findall(rb"HTTP/1\.[01] (\d{3})", received)
    counted = []
    for status in (one.decode() for one in statuses):
        if counted and counted[-1][0] == status == "100":
            counted[-1][1] += 1
        else:
            counted.append([status, 1])
    return ",".join(status if n == 1 else f"{status} x{n}" for status, n in counted) or "no response"
