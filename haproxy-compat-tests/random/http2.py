"""The client of `play.py` over HTTP/2, with the package `hpack` from PyPI. It judges nothing of what it gets."""

import socket
import sys

try:
    import hpack
except ImportError:
    sys.exit("--http2 needs the package hpack from PyPI")

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST, SETTINGS, _PUSH, _PING, GOAWAY, WINDOW, CONTINUATION = 0, 1, 3, 4, 5, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS = 1, 1, 4
# Fields that HTTP/2 has no place for.
HOPS = {"host", "connection", "transfer-encoding", "keep-alive", "upgrade", "proxy-connection"}


def frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def message(request):
    """The fields of an HTTP/1 request in HTTP/2, and its body."""
    head, _, body = request.decode("latin1").partition("\r\n\r\n")
    line, *rest = head.split("\r\n")
    method, target, _ = line.split(" ")
    given = [(name.lower(), value.strip()) for name, _, value in (field.partition(":") for field in rest)]
    path = "/" + target.split("/", 3)[3] if "://" in target else target
    found = [(":method", method), (":scheme", "http"), (":path", path), (":authority", dict(given)["host"])]
    found += [(name, value) for name, value in given if name not in HOPS]
    if "chunked" in head.lower():
        body = body.split("\r\n")[1]
    return found, body.encode("latin1")


class Client:
    """Sends requests over one connection as long as it lasts, and over a new one behind it."""

    def __init__(self, port):
        self.port, self.peer = port, None

    def ask(self, _method, request):
        """(answer, how the stream and the connection stand behind it)."""
        if self.peer is None:
            self.peer = socket.create_connection(("127.0.0.1", self.port))
            self.peer.sendall(PREFACE + frame(SETTINGS, 0, 0))
            self.encoder, self.decoder, self.next, self.data = hpack.Encoder(), hpack.Decoder(), 1, b""
        self.stream, self.next = self.next, self.next + 2
        self.heads, self.body, self.ends, self.block = [], b"", [], b""
        fields, body = message(request)
        block = self.encoder.encode(fields)
        sent = frame(HEADERS, END_HEADERS | (0 if body else END_STREAM), self.stream, block)
        sent += frame(DATA, END_STREAM, self.stream, body) if body else b""
        try:
            self.peer.sendall(sent)
            self.peer.settimeout(1.5)
            while not self.ends:
                self.read()
            # What comes behind the answer: GOAWAY, the end.
            self.peer.settimeout(0.015)
            while "closed" not in self.ends:
                self.read()
        except TimeoutError:
            if not self.ends:
                self.ends.append("TIMEOUT")
        except OSError as error:
            self.ends.append(f"closed: {type(error).__name__}")
        if any(end.startswith(("closed", "goaway", "TIMEOUT")) for end in self.ends):
            self.close()
        return "\n".join(self.heads).encode("latin1") + b"\n" + self.body, " ".join(self.ends)

    def read(self):
        data = self.peer.recv(65536)
        if not data:
            self.ends.append("closed")
        self.data += data
        while len(self.data) >= 9 + int.from_bytes(self.data[:3], "big"):
            size = 9 + int.from_bytes(self.data[:3], "big")
            self.take(self.data[3], self.data[4], int.from_bytes(self.data[5:9], "big"), self.data[9:size])
            self.data = self.data[size:]

    def take(self, kind, flags, stream, payload):
        if kind in (HEADERS, CONTINUATION):
            self.block += payload
            if flags & END_HEADERS:
                # Fields of different names have no order among each other.
                fields = sorted(self.decoder.decode(self.block, raw=True), key=lambda field: field[0])
                self.block = b""
                self.heads += [f"{name.decode('latin1')}: {value.decode('latin1')}" for name, value in fields]
        elif kind == DATA:
            self.body += payload
            if payload:
                more = frame(WINDOW, 0, 0, len(payload).to_bytes(4, "big"))
                self.peer.sendall(more)
        elif kind == SETTINGS and not flags & ACK:
            self.peer.sendall(frame(SETTINGS, ACK, 0))
        elif kind == RST:
            self.ends.append(f"reset {int.from_bytes(payload, 'big')}")
        elif kind == GOAWAY:
            self.ends.append(f"goaway {int.from_bytes(payload[4:8], 'big')}")
        if kind in (HEADERS, DATA) and flags & END_STREAM and stream == self.stream:
            self.ends.append("ended")

    def close(self):
        if self.peer:
            self.peer.close()
        self.peer = None
