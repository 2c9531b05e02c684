"""An origin whose behaviour the path of a request names, and a port whose connections never open."""

import socket
import struct
import sys
import pathlib
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import support

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx-a: b\r\nset-cookie: sid=srv1\r\n\r\nhello"


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def head(connection):
    """The bytes up to a head's end; nothing where the connection ended first."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return b""
        data += more
    return data


def drain(connection, seconds):
    connection.settimeout(seconds)
    try:
        while connection.recv(65536):
            pass
    except OSError:
        pass
    connection.settimeout(None)


def send(*parts):
    """Sends bytes, waits numbers of seconds."""

    def act(connection, _):
        for part in parts:
            if isinstance(part, bytes):
                connection.sendall(part)
            else:
                time.sleep(part)

    return act


def then_close(act):
    def closing(connection, data):
        act(connection, data)
        return True

    return closing


def then_reset(act):
    def resetting(connection, data):
        act(connection, data)
        time.sleep(0.05)
        reset(connection)
        return True

    return resetting


def after_body(act):
    """Reads a body of the announced length first."""

    def reading(connection, data):
        start, _, body = data.partition(b"\r\n\r\n")
        lower = start.lower()
        if b"content-length:" in lower:
            want = int(lower.partition(b"content-length:")[2].split(b"\r\n")[0])
            while len(body) < want:
                more = connection.recv(65536)
                if not more:
                    return True
                body += more
        elif b"chunked" in lower:
            while not body.endswith(b"0\r\n\r\n"):
                more = connection.recv(65536)
                if not more:
                    return True
                body += more
        return act(connection, data)

    return reading


LONG = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
BEHAVIOURS = {
    "ok": after_body(send(OK)),
    "ok-close": then_close(after_body(send(OK.replace(b"x-a", b"connection: close\r\nx-a")))),
    "empty": then_close(send()),
    "reset": then_reset(send()),
    "slow": after_body(send(0.25, OK)),
    "never": lambda connection, _: drain(connection, 3) or True,
    "never-close": then_close(send(0.2)),
    "never-reset": then_reset(send(0.2)),
    "junk": then_close(send(b"this is no HTTP\r\n\r\n")),
    "junk-header": then_close(send(b"HTTP/1.1 200 OK\r\nbad header: x\r\n\r\n")),
    "half-head": then_close(send(b"HTTP/1.1 200 OK\r\nx-a")),
    "half-head-stall": lambda connection, _: connection.sendall(b"HTTP/1.1 200 OK\r\nx-a") or drain(connection, 3) or True,
    "short": then_close(send(LONG + b"hello")),
    "short-reset": then_reset(send(LONG + b"hello")),
    "short-late": then_close(send(LONG + b"hello", 0.2)),
    "short-late-reset": then_reset(send(LONG + b"hello", 0.2)),
    "stall": lambda connection, _: connection.sendall(LONG + b"hello") or drain(connection, 3) or True,
    "chunk": send(CHUNKED + b"5\r\nhello\r\n", 0.1, b"0\r\n\r\n"),
    "chunk-bad": then_close(send(CHUNKED + b"5\r\nhello\r\n", 0.1, b"zz\r\n")),
    "chunk-short": then_close(send(CHUNKED + b"5\r\nhello\r\n", 0.1, b"5\r\nhe")),
    "204": send(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "304": send(b'HTTP/1.1 304 Not Modified\r\netag: "a"\r\n\r\n'),
    "500": send(b"HTTP/1.1 500 Oops\r\ncontent-length: 4\r\n\r\noops"),
    "404": send(b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno"),
    "100": send(b"HTTP/1.1 100 Continue\r\n\r\n", 0.1, OK),
    "103": send(b"HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n", 0.1, OK),
    "switch": then_close(send(b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n", 0.1, b"data", 0.2)),
    "switch-stall": lambda connection, _: connection.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\ndata") or drain(connection, 3) or True,
    "http10": then_close(send(b"HTTP/1.0 200 OK\r\nx-a: b\r\n\r\nhello")),
    "until-close": then_close(send(b"HTTP/1.1 200 OK\r\n\r\nhello", 0.1, b"more")),
    "until-close-reset": then_reset(send(b"HTTP/1.1 200 OK\r\n\r\nhello", 0.1)),
    "early": lambda connection, _: connection.sendall(OK) or drain(connection, 1) or True,
    "early-close": then_close(send(OK)),
    "big": send(b"HTTP/1.1 200 OK\r\ncontent-length: 400000\r\n\r\n" + b"a" * 400000),
    "huge": send(b"HTTP/1.1 200 OK\r\ncontent-length: 40000000\r\n\r\n" + b"a" * 40000000),
    "long-head": send(b"HTTP/1.1 200 OK\r\nx-a: " + b"a" * 20000 + b"\r\n\r\n"),
}


def serve(connection):
    """Answers requests until one ends the connection."""
    while True:
        data = head(connection)
        if not data:
            return
        target = data.split(b" ")[1].decode(errors="replace").split("?")[0]
        name = target.rstrip("/").rpartition("/")[2]
        if BEHAVIOURS.get(name, BEHAVIOURS["ok"])(connection, data):
            return


def serve_tcp(connection):
    """For `mode tcp`: what the first bytes name, and else an echo."""
    data = connection.recv(100)
    if data.startswith(b"reset"):
        reset(connection)
    elif data.startswith(b"stall"):
        drain(connection, 3)
    elif data.startswith(b"bye"):
        connection.sendall(b"bye")
    else:
        while data:
            connection.sendall(data)
            data = connection.recv(100)


def blackhole():
    """A port whose queue is full, and what keeps it so."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    port = listener.getsockname()[1]
    kept = [listener]
    for _ in range(3):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(("127.0.0.1", port))
        kept.append(one)
    time.sleep(0.2)
    return port, kept
