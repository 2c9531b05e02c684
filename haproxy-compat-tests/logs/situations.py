"""The situations: a frontend, and what a client does there."""

import contextlib
import socket
import struct
import threading
import time

FRONTENDS = ["http", "tcp", "asap", "close", "buffer", "accept", "tunnel", "h2", "separate", "abnormal", "steps", "early", "tcpsteps"]

CONFIG = """\
global
    maxconn 200
defaults
    mode http
    log 127.0.0.1:{syslog} local0
    log-format "{format}"
    unique-id-format "%{{+X}}o%ci%cp%Ts%rt"
    retries 0
    timeout connect 300ms
    timeout client 600ms
    timeout server 500ms
    timeout queue 200ms
    timeout http-request 400ms
    timeout http-keep-alive 500ms
    timeout tarpit 250ms
    timeout tunnel 400ms

frontend http
    bind 127.0.0.1:{http}
    capture request header host len 20
    capture request header x-long len 5
    capture response header x-a len 10
    capture cookie sid len 20
    http-request deny if {{ path_end /deny }}
    http-request deny deny_status 429 if {{ path_end /deny429 }}
    http-request tarpit if {{ path_end /tarpit }}
    http-request reject if {{ path_end /reject }}
    http-request silent-drop if {{ path_end /silent }}
    http-request return status 200 content-type text/plain string "hello" if {{ path_end /return }}
    http-request redirect location /elsewhere if {{ path_end /redirect }}
    http-request wait-for-body time 300ms if {{ path_end /wait }}
    http-request wait-for-body time 300ms if {{ path_beg /w/ }}
    http-request set-path /ok if {{ path_end /rewritten }}
    http-request set-log-level silent if {{ path_end /quiet }}
    http-response deny if {{ capture.req.uri -m end /resp-deny }}
    http-response return status 503 if {{ status 404 }}
    use_backend deny if {{ path_beg /bd/ }}
    use_backend dead if {{ path_beg /dead }}
    use_backend redispatch if {{ path_beg /redispatch }}
    use_backend retries if {{ path_beg /retries }}
    use_backend hole if {{ path_beg /hole }}
    use_backend none if {{ path_beg /none }}
    use_backend one if {{ path_beg /one }}
    use_backend full if {{ path_beg /full }}
    use_backend cookie if {{ path_beg /cookie }}
    use_backend again if {{ path_beg /again }}
    default_backend origin

frontend asap
    bind 127.0.0.1:{asap}
    option logasap
    default_backend origin

frontend close
    bind 127.0.0.1:{close}
    option httpclose
    option dontlognull
    option http-ignore-probes
    default_backend origin

frontend buffer
    bind 127.0.0.1:{buffer}
    option http-buffer-request
    default_backend origin

frontend accept
    bind 127.0.0.1:{accept} accept-proxy
    timeout client 300ms
    default_backend origin

frontend tunnel
    bind 127.0.0.1:{tunnel}
    timeout client-fin 200ms
    default_backend fin

frontend h2
    bind 127.0.0.1:{h2} proto h2
    http-request deny if {{ path_end /deny }}
    default_backend origin

frontend tcp
    mode tcp
    bind 127.0.0.1:{tcp}
    log-format "{tcp_format}"
    tcp-request inspect-delay 200ms
    tcp-request content reject if {{ req.payload(0,6) -m str reject }}
    use_backend tcp_dead if {{ req.payload(0,4) -m str dead }}
    use_backend tcp_hole if {{ req.payload(0,4) -m str hole }}
    default_backend tcp_origin

frontend separate
    bind 127.0.0.1:{separate}
    option log-separate-errors
    http-request deny if {{ path_end /deny }}
    http-request set-log-level debug if {{ path_beg /debug }}
    use_backend retries if {{ path_beg /retries }}
    use_backend redispatch if {{ path_beg /redispatch }}
    default_backend origin

frontend abnormal
    bind 127.0.0.1:{abnormal}
    option dontlog-normal
    http-request deny if {{ path_end /deny }}
    http-request redirect location /elsewhere if {{ path_end /redirect }}
    use_backend retries if {{ path_beg /retries }}
    use_backend redispatch if {{ path_beg /redispatch }}
    default_backend origin

frontend steps
    bind 127.0.0.1:{steps}
    log-steps all
    http-request deny if {{ path_end /deny }}
    http-request do-log if {{ path_end /do }}
    http-request set-log-level silent if {{ path_end /silent }}
    use_backend dead if {{ path_beg /dead }}
    use_backend again if {{ path_beg /again }}
    default_backend origin

frontend early
    bind 127.0.0.1:{early}
    log-format "%cp|OG=%OG|ST=%ST|HU=%HU|s=%s|hs=%hs|lc=%lc"
    http-request deny if {{ path_end /deny }}
    use_backend dead if {{ path_beg /dead }}
    default_backend origin

frontend tcpsteps
    mode tcp
    bind 127.0.0.1:{tcpsteps}
    log-format "{tcp_format}"
    log-steps all
    default_backend tcp_origin

backend origin
    http-request set-timeout server 200ms if {{ path_beg /t/ }}
    server s1 127.0.0.1:{origin}
backend fin
    timeout server-fin 200ms
    server s1 127.0.0.1:{origin}
backend deny
    http-request deny
    server s1 127.0.0.1:{origin}
backend dead
    server s1 127.0.0.1:{dead}
backend retries
    retries 2
    server s1 127.0.0.1:{dead}
backend redispatch
    retries 1
    option redispatch 1
    balance roundrobin
    server s1 127.0.0.1:{dead}
    server s2 127.0.0.1:{origin} weight 1
backend hole
    server s1 127.0.0.1:{hole}
backend none
backend one
    server s1 127.0.0.1:{origin} maxconn 1
backend full
    timeout queue 1s
    server s1 127.0.0.1:{origin} maxconn 1 maxqueue 1
backend cookie
    cookie SRV insert indirect nocache
    server s1 127.0.0.1:{origin} cookie a
backend again
    retries 2
    retry-on empty-response junk-response response-timeout 500
    http-reuse never
    server s1 127.0.0.1:{origin}
backend tcp_origin
    mode tcp
    server s1 127.0.0.1:{tcp_origin}
backend tcp_dead
    mode tcp
    server s1 127.0.0.1:{dead}
backend tcp_hole
    mode tcp
    server s1 127.0.0.1:{hole}
"""

HTTP_ONLY = "Ti TR Tr Ta Tq CC CS HM HP HQ HU HV tsc r".split()


def config(own, ports, log_format):
    """The text for a proxy."""
    quoted = log_format
    tcp = "|".join(part for part in quoted.split("|") if part.partition("=")[0] not in HTTP_ONLY)
    return CONFIG.format(**own, **ports, format=quoted, tcp_format=tcp)


class Situation:
    def __init__(self, name, frontend, *steps, expects=1, wait=1.2):
        self.name, self.frontend, self.steps, self.expects, self.wait = name, frontend, steps, expects, wait

    def play(self, port):
        """Does the steps, and gives the ports of the clients."""
        clients, used = [], []

        def connect():
            one = socket.create_connection(("127.0.0.1", port))
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            clients.append(one)
            used.append(one.getsockname()[1])

        connect()
        for step in self.steps:
            try:
                step(clients, connect)
            except OSError:
                pass
        for one in clients:
            one.close()
        return used


def send(data):
    def step(clients, _):
        clients[-1].sendall(data if isinstance(data, bytes) else data.encode())

    return step


def get(path, *fields, method="GET", version="1.1"):
    lines = [f"{method} {path} HTTP/{version}", "host: h.example", *fields, "", ""]
    return send("\r\n".join(lines))


def post(path, body, *fields, length=None):
    return get(path, f"content-length: {len(body) if length is None else length}", *fields, method="POST"), send(body)


def sleep(seconds):
    return lambda *_: time.sleep(seconds)


def receive(seconds=1.5, end=None):
    """Reads until the end, or until nothing came for a while, or these bytes came."""

    def step(clients, _):
        one = clients[-1]
        one.settimeout(seconds)
        data = b""
        while True:
            try:
                more = one.recv(65536)
            except TimeoutError:
                return
            data += more
            if not more or (end and end in data):
                return

    return step


def finish(clients, _):
    clients[-1].shutdown(socket.SHUT_WR)


def leave(clients, _):
    clients[-1].close()


def abort(clients, _):
    clients[-1].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    clients[-1].close()


def another(_, connect):
    connect()


def quietly(*steps):
    """In the background."""

    def step(clients, connect):
        own = [clients[-1]]

        def run():
            for one in steps:
                with contextlib.suppress(OSError):
                    one(own, connect)

        threading.Thread(target=run, daemon=True).start()

    return step


READ = receive(end=b"hello")
CLOSE = "connection: close"
S = Situation


def closing(path, *fields, **options):
    """A request on a connection that ends with it."""
    return get(path, CLOSE, *fields, **options), receive()


FRAME = lambda kind, flags, stream, payload=b"": (
    len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload)
FIELD = lambda name, value: bytes([0, len(name)]) + name + bytes([len(value)]) + value
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000")


def h2(path, stream=1, method=b"GET", flags=5, extra=b""):
    block = (FIELD(b":method", method) + FIELD(b":scheme", b"http") + FIELD(b":path", path)
             + FIELD(b":authority", b"h.example") + extra)
    return FRAME(1, flags, stream, block)


KINDS = ["/ok", "/500", "/deny", "/stall", "/short", "/never", "/404", "/dead", "/retries", "/debug/ok", "/debug/500"]
ALL = [
    # A response that comes, in each form.
    S("plain", "http", *closing("/ok?a=b#c")),
    S("keep-alive", "http", get("/ok"), READ, get("/ok"), READ, sleep(0.7), expects=2),
    S("keep-alive, client leaves", "http", get("/ok"), READ, sleep(0.1), leave),
    S("keep-alive, half a request", "http", get("/ok"), READ, send("GET /x"), receive(), expects=2),
    S("keep-alive, half a request, client leaves", "http", get("/ok"), READ, send("GET /x"), sleep(0.1), leave, expects=2),
    S("pipelined", "http", send("GET /ok HTTP/1.1\r\nhost: a\r\n\r\nGET /404 HTTP/1.1\r\nhost: a\r\n\r\n"), receive(0.7), expects=2),
    S("head", "http", *closing("/ok", method="HEAD")),
    S("version 1.0", "http", *closing("/ok", version="1.0")),
    S("absolute target", "http", *closing("http://h.example/ok?q")),
    S("absolute target without path", "http", *closing("http://h.example")),
    S("authority other than host", "http", *closing("http://other.example/ok")),
    S("options of all", "http", *closing("*", method="OPTIONS")),
    S("connect", "http", get("h.example:80", method="CONNECT"), receive(0.2), leave),
    S("rewritten path", "http", *closing("/rewritten?x")),
    S("captures", "http", *closing("/ok", "x-long: abcdefghij", "cookie: a=b; sid=client")),
    S("control characters", "http", *closing("/ok", "x-long: a\tb\"c")),
    S("post", "http", *post("/ok", "body", CLOSE), receive()),
    S("post in pieces", "http", get("/ok", "content-length: 6", CLOSE, method="POST"), sleep(0.1), send("abc"), sleep(0.1), send("def"), receive()),
    S("post in chunks", "http", get("/ok", "transfer-encoding: chunked", CLOSE, method="POST"), send("3\r\nabc\r\n0\r\n\r\n"), receive()),
    S("expect", "http", get("/ok", "content-length: 3", "expect: 100-continue", CLOSE, method="POST"), sleep(0.1), send("abc"), receive()),
    S("chunked response", "http", *closing("/chunk")),
    S("until close", "http", *closing("/until-close")),
    S("until close, reset", "http", *closing("/until-close-reset")),
    S("server of 1.0", "http", *closing("/http10")),
    S("no content", "http", *closing("/204")),
    S("not modified", "http", *closing("/304")),
    S("status 500", "http", *closing("/500")),
    S("server closes", "http", *closing("/ok-close")),
    S("interim 100", "http", *closing("/100")),
    S("interim 103", "http", *closing("/103")),
    S("big", "http", *closing("/big")),
    S("slow", "http", *closing("/slow")),
    S("quiet", "http", *closing("/quiet"), expects=0, wait=0.3),
    S("logasap", "asap", *closing("/chunk")),
    S("logasap, until close", "asap", *closing("/until-close")),
    S("logasap, server aborts", "asap", *closing("/short-late")),
    S("logasap, post", "asap", *post("/slow", "body", CLOSE), receive()),
    S("httpclose", "close", get("/ok"), receive()),
    S("cookie given", "http", *closing("/cookie/ok")),
    S("cookie kept", "http", *closing("/cookie/ok", "cookie: SRV=a")),
    S("cookie unknown", "http", *closing("/cookie/ok", "cookie: SRV=z")),
    # Answers of the proxy.
    S("deny", "http", *closing("/deny")),
    S("deny with a body", "http", *post("/deny", "body", CLOSE), receive()),
    S("deny with a body to come", "http", get("/deny", "content-length: 10", method="POST"), receive(), wait=2),
    S("deny 429", "http", *closing("/deny429")),
    S("deny in the backend", "http", *closing("/bd/x")),
    S("tarpit", "http", *closing("/tarpit")),
    S("tarpit, client leaves", "http", get("/tarpit"), sleep(0.1), leave),
    S("tarpit, client finishes", "http", get("/tarpit"), sleep(0.1), finish, receive()),
    S("tarpit, client aborts", "http", get("/tarpit"), sleep(0.1), abort),
    S("tarpit, client finishes its body", "http", get("/tarpit", "content-length: 10", method="POST"), send("abc"), sleep(0.1), finish, receive()),
    S("reject", "http", *closing("/reject")),
    S("silent-drop", "http", get("/silent"), receive(0.5)),
    S("return", "http", *closing("/return")),
    S("return, keep-alive", "http", get("/return"), READ, get("/return"), READ, expects=2),
    S("return to head", "http", *closing("/return", method="HEAD")),
    S("redirect", "http", *closing("/redirect")),
    S("response denied", "http", *closing("/resp-deny")),
    S("response replaced", "http", *closing("/404")),
    S("no server", "http", *closing("/none")),
    S("body waited for", "http", *post("/wait", "body", CLOSE), receive()),
    S("body waited for in vain", "http", get("/wait", "content-length: 10", method="POST"), send("abc"), receive()),
    S("body waited for, client leaves", "http", get("/wait", "content-length: 10", method="POST"), send("abc"), sleep(0.1), leave),
    S("buffered", "buffer", *post("/ok", "body", CLOSE), receive()),
    S("buffered late", "buffer", get("/ok", "content-length: 4", CLOSE, method="POST"), sleep(0.2), send("body"), receive()),
    S("buffered in vain", "buffer", get("/ok", "content-length: 10", method="POST"), send("abc"), receive()),
    S("buffered, client leaves", "buffer", get("/ok", "content-length: 10", method="POST"), send("abc"), sleep(0.1), leave),
    # Requests that are none.
    S("nothing, client leaves", "http", sleep(0.1), leave),
    S("nothing, client finishes", "http", sleep(0.1), finish, receive()),
    S("nothing, client aborts", "http", sleep(0.1), abort),
    S("nothing in time", "http", receive()),
    S("half a head, client leaves", "http", send("GET / HTTP/1.1\r\nhost: a"), sleep(0.1), leave),
    S("half a head, client aborts", "http", send("GET / HTTP/1.1\r\nhost: a"), sleep(0.1), abort),
    S("half a head in time", "http", send("GET / HTTP/1.1\r\nhost: a"), receive()),
    S("invalid line", "http", send("GET\r\n\r\n"), receive()),
    S("invalid field", "http", send("GET / HTTP/1.1\r\nhost: a\r\nbad field: x\r\n\r\n"), receive()),
    S("invalid version", "http", send("GET / HTTP/3.7\r\nhost: a\r\n\r\n"), receive()),
    S("invalid length", "http", get("/ok", "content-length: x"), receive()),
    S("two lengths", "http", get("/ok", "content-length: 1", "content-length: 2"), receive()),
    S("unknown coding", "http", get("/ok", "transfer-encoding: x"), receive()),
    S("head too long", "http", send(b"GET / HTTP/1.1\r\nhost: a\r\nx: " + b"a" * 20000 + b"\r\n\r\n"), receive()),
    S("second request invalid", "http", get("/ok"), READ, send("GET\r\n\r\n"), receive(), expects=2),
    S("ignored: nothing, client leaves", "close", sleep(0.1), leave, expects=1, wait=0.5),
    S("ignored: nothing in time", "close", receive(), expects=1, wait=0.5),
    S("ignored: half a head", "close", send("GET /"), receive()),
    S("PROXY header missing", "accept", send("GET / HTTP/1.1\r\n\r\n"), receive(), wait=0.8),
    S("PROXY header in time", "accept", receive(), wait=0.8),
    S("PROXY header, client leaves", "accept", sleep(0.1), leave, wait=0.8),
    # Clients that leave.
    S("leaves while the server works", "http", get("/slow"), sleep(0.1), leave),
    S("aborts while the server works", "http", get("/slow"), sleep(0.1), abort),
    S("finishes while the server works", "http", get("/slow", CLOSE), finish, receive()),
    S("leaves while the server connects", "http", get("/hole"), sleep(0.1), leave),
    S("leaves in the middle of the body", "http", get("/ok", "content-length: 10", method="POST"), send("abc"), sleep(0.1), leave),
    S("aborts in the middle of the body", "http", get("/ok", "content-length: 10", method="POST"), send("abc"), sleep(0.1), abort),
    S("finishes in the middle of the body", "http", get("/ok", "content-length: 10", method="POST"), send("abc"), sleep(0.1), finish, receive()),
    S("body in time", "http", get("/ok", "content-length: 10", method="POST"), send("abc"), receive(), wait=2),
    S("broken chunks", "http", get("/ok", "transfer-encoding: chunked", method="POST"), sleep(0.05), send("zz\r\n"), receive()),
    S("broken chunks at once", "http", send("POST /ok HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"), receive()),
    S("leaves in the middle of the response", "http", get("/stall"), receive(end=b"hello"), leave),
    S("aborts in the middle of the response", "http", get("/stall"), receive(end=b"hello"), abort),
    S("leaves in the middle of much", "http", get("/huge"), sleep(0.2), abort),
    S("does not read", "http", get("/huge"), sleep(1.4), wait=1),
    S("leaves in the queue", "http", quietly(get("/one/slow"), receive(0.6)), sleep(0.05), another, get("/one/ok"), sleep(0.05), leave, sleep(0.4), expects=2),
    # Servers that fail.
    S("refused", "http", *closing("/dead")),
    S("refused, retried", "http", *closing("/retries"), wait=3.5),
    S("redispatched", "http", *closing("/redispatch/ok"), wait=3.5),
    S("redispatched again", "http", *closing("/redispatch/ok"), wait=3.5),
    S("connect in time", "http", *closing("/hole")),
    S("queue in time", "http", quietly(get("/one/never"), receive(1)), sleep(0.05), another, get("/one/ok"), receive(1), expects=2),
    S("queue full", "http", quietly(get("/full/slow"), receive(0.6)), sleep(0.05), another, quietly(get("/full/slow"), receive(1)), sleep(0.03), another, get("/full/ok", CLOSE), receive(1), expects=3),
    S("queue served", "http", quietly(get("/one/slow", CLOSE), receive(0.6)), sleep(0.1), another, get("/one/ok", CLOSE), receive(1), expects=2),
    S("server says nothing", "http", *closing("/never")),
    S("server says nothing, own time", "http", *closing("/t/never")),
    S("server closes at once", "http", *closing("/empty")),
    S("server resets at once", "http", *closing("/reset")),
    S("server closes later", "http", *closing("/never-close")),
    S("server resets later", "http", *closing("/never-reset")),
    S("server says junk", "http", *closing("/junk")),
    S("server says a junk field", "http", *closing("/junk-header")),
    S("server says half a head", "http", *closing("/half-head")),
    S("server says half a head in time", "http", *closing("/half-head-stall")),
    S("server's head is too long", "http", *closing("/long-head")),
    S("server stops in the body", "http", *closing("/short")),
    S("server resets in the body", "http", *closing("/short-reset")),
    S("server stops in the body later", "http", *closing("/short-late")),
    S("server resets in the body later", "http", *closing("/short-late-reset")),
    S("server's body in time", "http", *closing("/stall")),
    S("server's chunks break", "http", *closing("/chunk-bad")),
    S("server's chunks stop", "http", *closing("/chunk-short")),
    S("server closes at once, post", "http", *post("/empty", "body", CLOSE), receive()),
    S("server closes early, long post", "http", get("/early-close", "content-length: 400000", CLOSE, method="POST"), send("a" * 1000), sleep(0.2), send("a" * 399000), receive()),
    S("early response", "http", get("/early", "content-length: 2000", CLOSE, method="POST"), send("a" * 1000), sleep(0.2), send("a" * 1000), receive()),
    S("tried again, empty", "http", *closing("/again/empty")),
    S("tried again, junk", "http", *closing("/again/junk")),
    S("tried again, time", "http", get("/again/never", CLOSE), receive(2.5)),
    S("tried again, 500", "http", *closing("/again/500")),
    # Upgrades and tunnels.
    S("upgrade", "http", get("/switch", "connection: upgrade", "upgrade: x"), receive()),
    S("upgrade in time", "http", get("/switch-stall", "connection: upgrade", "upgrade: x"), receive(), wait=2),
    S("upgrade, client leaves", "http", get("/switch-stall", "connection: upgrade", "upgrade: x"), receive(end=b"data"), leave, wait=2),
    S("upgrade, client finishes", "tunnel", get("/switch-stall", "connection: upgrade", "upgrade: x"), receive(end=b"data"), finish, receive(), wait=2),
    S("upgrade refused", "http", get("/ok", "connection: upgrade, close", "upgrade: x"), receive()),
    # HTTP/2
    S("h2", "h2", send(PREFACE + h2(b"/ok")), receive(0.3)),
    S("h2 post", "h2", send(PREFACE + h2(b"/ok", method=b"POST", flags=4) + FRAME(0, 1, 1, b"body")), receive(0.3)),
    S("h2 deny", "h2", send(PREFACE + h2(b"/deny")), receive(0.3)),
    S("h2 reset while the server works", "h2", send(PREFACE + h2(b"/slow")), sleep(0.1), send(FRAME(3, 0, 1, b"\0\0\0\x08")), receive(0.4)),
    S("h2 leaves while the server works", "h2", send(PREFACE + h2(b"/slow")), sleep(0.1), leave),
    S("h2 server says nothing", "h2", send(PREFACE + h2(b"/never")), receive(0.8)),
    S("h2 server stops in the body", "h2", send(PREFACE + h2(b"/short-late")), receive(0.5)),
    S("h2 server closes", "h2", send(PREFACE + h2(b"/empty")), receive(0.3)),
    S("h2 body in time", "h2", send(PREFACE + h2(b"/ok", method=b"POST", flags=4) + FRAME(0, 0, 1, b"bo")), receive(1), wait=2),
    S("h2 two", "h2", send(PREFACE + h2(b"/ok") + h2(b"/slow", 3)), receive(0.5), expects=2),
    S("h2 bad preface", "h2", send("GET / HTTP/1.1\r\n\r\n"), receive(0.5)),
    S("h2 nothing", "h2", sleep(0.1), leave, wait=0.5),
    S("h2 bad frame", "h2", send(PREFACE + FRAME(0, 1, 1, b"x")), receive(0.5), wait=0.6),
    S("h2 huge, reset", "h2", send(PREFACE + h2(b"/huge")), sleep(0.2), abort),
    # mode tcp
    S("tcp", "tcp", send("hello"), receive(end=b"hello"), leave),
    S("tcp server ends", "tcp", send("bye"), receive()),
    S("tcp server resets", "tcp", send("reset"), receive()),
    S("tcp client aborts", "tcp", send("hello"), receive(end=b"hello"), abort),
    S("tcp client finishes", "tcp", send("hello"), receive(end=b"hello"), finish, receive()),
    S("tcp in time", "tcp", send("stall"), receive(), wait=2),
    S("tcp rejected", "tcp", send("reject"), receive()),
    S("tcp refused", "tcp", send("dead"), receive()),
    S("tcp connect in time", "tcp", send("hole"), receive()),
    S("tcp connect, client leaves", "tcp", send("hole"), sleep(0.1), leave),
    S("tcp nothing", "tcp", sleep(0.1), leave),
    S("tcp nothing in time", "tcp", receive(), wait=2),
    # When lines are written, and how severe they are.
    *(S(f"separate errors {path}", "separate", *closing(path), wait=3.5) for path in [*KINDS, "/redispatch/ok"]),
    *(S(f"only errors {path}", "abnormal", *closing(path), wait=0.6 if path in ("/ok", "/404", "/redirect") else 3.5)
      for path in [*KINDS[:9], "/redirect", "/redispatch/ok"]),
    S("separate errors, nothing", "separate", sleep(0.1), leave),
    S("separate errors, invalid", "separate", send("GET\r\n\r\n"), receive()),
    S("only errors, nothing", "abnormal", sleep(0.1), leave),
    S("only errors, invalid", "abnormal", send("GET\r\n\r\n"), receive()),
    *(S(f"steps {path}", "steps", *closing(path), expects=9, wait=1.0)
      for path in ["/ok", "/deny", "/do", "/silent", "/dead", "/stall", "/again/empty", "/never", "/chunk", "/switch"]),
    S("steps, post", "steps", *post("/slow", "body", CLOSE), receive(), expects=9, wait=0.5),
    S("steps, keep-alive", "steps", get("/ok"), READ, get("/chunk"), receive(0.5), expects=99, wait=0.8),
    S("steps, invalid", "steps", send("GET\r\n\r\n"), receive(), expects=9, wait=0.4),
    S("steps, client leaves", "steps", get("/slow"), sleep(0.1), leave, expects=9, wait=0.6),
    *(S(f"early {path}", "early", *closing(path), expects=9, wait=0.6)
      for path in ["/ok", "/deny", "/dead", "/stall", "/chunk-bad", "/never"]),
    S("early, invalid", "early", send("GET\r\n\r\n"), receive(), expects=9, wait=0.4),
    S("early, client leaves", "early", get("/slow"), sleep(0.1), leave, expects=9, wait=0.6),
    S("steps of tcp", "tcpsteps", send("hello"), receive(end=b"hello"), leave, expects=9, wait=0.6),
    S("steps of tcp, server ends", "tcpsteps", send("bye"), receive(), expects=9, wait=0.6),
    S("steps of tcp, nothing", "tcpsteps", sleep(0.1), leave, expects=9, wait=0.6),
]
