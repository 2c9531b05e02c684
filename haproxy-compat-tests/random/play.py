"""An origin that tells what it was sent, a client that sends requests and notes each answer and log line."""

import pathlib
import re
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import support

FIELDS = (
    b"Server: origin\r\nX-Multi: a, b\r\nX-Multi: c\r\nSet-Cookie: sid=1; path=/\r\nSet-Cookie: two=2; HttpOnly\r\n"
    b'ETag: "x"\r\nLocation: http://a.example/x?y\r\nCache-Control: max-age=5\r\n'
)
REASONS = {"204": "No Content", "302": "Found", "304": "Not Modified", "404": "Not Found", "500": "Oops", "503": "Gone"}


class Ended(Exception):
    """The peer closed (FIN), reset (RST) or kept silent (TIMEOUT)."""


class Reader:
    """Messages from a socket, one after the other."""

    def __init__(self, peer):
        self.peer, self.data = peer, b""

    def more(self):
        try:
            data = self.peer.recv(65536)
        except TimeoutError:
            raise Ended("TIMEOUT") from None
        except OSError:
            raise Ended("RST") from None
        if not data:
            raise Ended("FIN")
        self.data += data

    def until(self, end):
        """Takes the bytes up to an end and with it."""
        while end not in self.data:
            self.more()
        found, _, self.data = self.data.partition(end)
        return found + end

    def exactly(self, length):
        while len(self.data) < length:
            self.more()
        found, self.data = self.data[:length], self.data[length:]
        return found

    def body(self, head, is_answer):
        """The body that a head announces, as it was framed."""
        length = re.search(rb"(?im)^content-length: *(\d+)", head)
        if re.search(rb"(?im)^transfer-encoding: *chunked", head):
            return self.until(b"0\r\n\r\n")
        if length:
            return self.exactly(int(length[1]))
        while is_answer:
            self.more()
        return b""


def serve(connection, in_order=True):
    """Answers each request with what it got, in the way that its field `X-Want` names. `in_order`: the fields
    stand in the answer as they came."""
    reader = Reader(connection)
    while True:
        try:
            head = reader.until(b"\r\n\r\n")
            body = reader.body(head, is_answer=False)
        except Ended:
            return
        line, *fields = head[:-4].split(b"\r\n")
        shown = fields if in_order else sorted(fields, key=lambda field: field.partition(b":")[0])
        seen = b"\r\n".join([line, *shown, b"", b"--\n"]) + body + b"\n"
        wanted = re.search(rb"(?im)^x-want: *(\S+)", head)
        wanted = wanted[1].decode() if wanted else ""
        if wanted == "hint":
            connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
            time.sleep(0.01)
        status = f"{wanted} {REASONS[wanted]}" if wanted in REASONS else "200 OK"
        start = f"HTTP/1.1 {status}\r\n".encode() + FIELDS
        is_bodyless = wanted in ("204", "304")
        if wanted == "chunk":
            start += b"Transfer-Encoding: chunked\r\n"
            seen = b"%x\r\n%b\r\n0\r\n\r\n" % (len(seen), seen)
        elif wanted == "close":
            start += b"Connection: close\r\n"
        elif not is_bodyless:
            start += b"Content-Length: %d\r\n" % len(seen)
        connection.sendall(start + b"\r\n" + (b"" if is_bodyless or head.startswith(b"HEAD ") else seen))
        if wanted == "close":
            return


class Client:
    """Sends requests over one connection as long as it lasts, and over a new one behind it."""

    def __init__(self, port):
        self.port, self.peer, self.reader = port, None, None

    def ask(self, method, request):
        """(answers, how the connection stands behind them)."""
        if self.peer is None:
            self.peer = socket.create_connection(("127.0.0.1", self.port))
            self.reader = Reader(self.peer)
        answer = b""
        try:
            self.peer.settimeout(1.5)
            self.peer.sendall(request)
            status = 100
            while status < 200 and status != 101:
                head = self.reader.until(b"\r\n\r\n")
                answer += head
                words = head.split(b" ")
                status = int(words[1]) if words[1:] and words[1].isdigit() else 0
            if method != "HEAD" and status not in (204, 304):
                answer += self.reader.body(head, is_answer=True)
            self.peer.settimeout(0.015)
            self.reader.more()
        except Ended as end:
            answer += self.reader.data
            if str(end) == "TIMEOUT" and self.peer.gettimeout() < 1:
                return answer, "open"
            self.close()
            return answer, str(end)
        except OSError as error:
            self.close()
            return answer, type(error).__name__
        self.close()
        return answer, "more bytes than the answer"

    def close(self):
        if self.peer:
            self.peer.close()
        self.peer = None


def clean(answer):
    """An answer without what differs from run to run."""
    answer = re.sub(rb"\r\n[0-9A-Fa-f]+\r\n", lambda size: size[0].lower(), answer)
    return re.sub(rb"7F000001\w*", b"<id>", answer).decode("latin1")


def clean_line(line):
    """A log line without its time, ports and milliseconds; what is -1 stays."""
    line = re.sub(r"^(<\d+>)\w+ +\d+ [\d:]+ \S+\[\d+\]: ", r"\1", line)
    line = re.sub(r"([\d.]+):\d+ \[[^]]*\]", r"\1 [<time>]", line)

    def timers(match):
        return " " + "/".join("-1" if one.startswith("-1") else "ms" for one in match[0].strip().split("/")) + " "

    return re.sub(r" -?\d+/-?\d+/-?\d+/-?\d+/\+?\d+ ", timers, line)


# An origin that speaks HTTP/2 to the proxy.
HTTP2_ORIGIN = """
defaults
    mode http
    timeout connect 2s
    timeout client 20s
    timeout server 20s
listen origin
    bind 127.0.0.1:{port} proto h2
    server s 127.0.0.1:{origin}
"""


def http2_origin(stack, program, origin, folder):
    """Starts a proxy in front of the origin, which clients of HTTP/2 can talk to; gives its port."""
    [port] = support.free_ports(1)
    path = folder / "origin.cfg"
    path.write_text(HTTP2_ORIGIN.format(port=port, origin=origin))
    stack.enter_context(support.start_proxy(program, str(path), [port]))
    return port


def play(program, config, requests, folder, make_client, origin):
    """What each request came to: (answer, connection), then its log lines. Raises where the proxy does not start."""
    syslog = support.Syslog()
    [frontend] = support.free_ports(1)
    for name, port in {"log": syslog.port, "origin": origin, "frontend": frontend}.items():
        config = config.replace("{%s}" % name, str(port))
    path = folder / "proxy.cfg"
    path.write_text(config)
    seen = []
    with support.start_proxy(program, str(path), [frontend]) as child:
        settle(syslog, 0.1)
        client = make_client(frontend)
        for method, request in requests:
            answer, connection = client.ask(method, request)
            seen.append((clean(answer), connection))
            seen.append([clean_line(line) for line in settle(syslog, 0.15)])
        client.close()
        seen.append([clean_line(line) for line in settle(syslog, 0.03)])
        if not child.running():
            seen.append(f"the proxy ended: {child.printed()[-300:]}")
    return seen


def settle(syslog, seconds):
    """Waits for a line at most so long, and a little for others; takes them all."""
    end = time.monotonic() + seconds
    while not syslog.lines and time.monotonic() < end:
        time.sleep(0.003)
    time.sleep(0.02)
    taken = syslog.lines[:]
    del syslog.lines[: len(taken)]
    return taken
