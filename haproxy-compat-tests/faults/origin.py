"""The origin behind the proxy: what it does follows from the path, `/c/<tag>/<kind>`.

Rows of the table that are about an origin spell its steps (`HTTP/1.1 200 OK… ; 0.1 ; close`); the kinds the
other rows ask for are below. Requests are counted by the tag, which stands for a row."""

import collections
import re
import socket
import struct
import sys
import time

import table

sys.path.insert(0, str(table.HERE.parent))
import support

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HANG = 10  # seconds, longer than any timeout in the replay's configuration
KINDS = {
    "hang": ["hang"],
    "slow1": [0.9, OK],
    "close": ["close"],
    "trunccl": [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789", "close"],
    "big": [b"HTTP/1.1 200 OK\r\nContent-Length: 8000000\r\n\r\n" + b"x" * 8000000],
    "rst": ["rst"],
    "websocket": [b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
                  b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n", "hang"],
    # Longer than the table shows.
    "bighdr": [b"HTTP/1.1 200 OK\r\nX-Y: " + b"a" * 20000 + b"\r\nContent-Length: 2\r\n\r\nok"],
    "100flood": [b"HTTP/1.1 100 Continue\r\n\r\n" * 50 + OK],
}


def step(text):
    """One step: `hang`, `close`, `rst`, a pause in seconds, or bytes to send."""
    if text in ("hang", "close", "rst"):
        return text
    return float(text) if re.fullmatch(r"[0-9.]+", text) else table.unescape(text)


class Origin:
    """The origin's `port`, and `requests` by tag."""

    def __init__(self, rows):
        self.requests = collections.Counter()
        self.kinds = dict(KINDS)
        for row in rows:
            kind = row.description.removeprefix("origin: ")
            _, spelled, steps = row.action.partition("; origin does ")
            if spelled and kind not in self.kinds:
                self.kinds[kind] = [step(text) for text in steps.split(" ; ")]
        self.port = support.serve(self.talk)

    def talk(self, connection):
        reader = connection.makefile("rb")
        while head := self.head(reader):
            path = re.search(rb"^\S+ \S*/(?:c|smug)/([A-Z0-9-]+)(?:/(\S*))?", head)
            tag, kind = (part.decode() if part else "" for part in path.groups()) if path else ("", "")
            self.requests[tag] += 1
            if kind not in self.kinds and kind != "early":
                self.skip_body(reader, head)
            if not self.perform(connection, self.kinds.get(kind, [OK])):
                return
            if kind == "early":
                self.skip_body(reader, head)

    def head(self, reader):
        head = b""
        while line := reader.readline():
            head += line
            if line == b"\r\n":
                return head
        return b""

    def skip_body(self, reader, head):
        length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.I)
        if length:
            left = int(length[1])
            while left and (data := reader.read1(min(left, 65536))):
                left -= len(data)
        elif re.search(rb"\r\ntransfer-encoding: *chunked", head, re.I):
            while size := int(reader.readline().split(b";")[0] or b"0", 16):
                reader.read(size + 2)
            while reader.readline() not in (b"\r\n", b""):
                pass

    def perform(self, connection, steps):
        """Does the steps; false where the connection is over."""
        for one in steps:
            if one == "hang":
                time.sleep(HANG)
                return False
            if one == "close":
                connection.shutdown(socket.SHUT_RDWR)
                return False
            if one == "rst":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
            if isinstance(one, float):
                time.sleep(one)
            else:
                connection.sendall(one)
        return True
