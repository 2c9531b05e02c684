"""The named requests and responses that expressions are evaluated on, and what a proxy needs for each.

A name says how the message travels: `r-…` is a response of the origin, `t-…` bytes in mode tcp, `h2-…` an HTTP/2
request, `s-…` a request over TLS; all others are HTTP/1 requests. Behind an `@` in the table stands another
place to evaluate than the usual one (`PLACES`)."""

import dataclasses
import pathlib
import ssl

FIXTURES = pathlib.Path(__file__).resolve().parent / "fixtures"
# Where a message's expressions stand: the rules, the scope of their results, and the proxy's mode.
PLACES = {
    "request": ("http-request", "txn"),
    "response": ("http-response", "txn"),
    "after": ("http-after-response", "txn"),
    "connection": ("tcp-request connection", "sess"),
    "session": ("tcp-request session", "sess"),
    "content": ("tcp-request content", "txn"),
    "answer": ("tcp-response content", "txn"),
}


@dataclasses.dataclass
class Message:
    """Bytes of a client (or of the origin, where `response` is set) and the lines before the expressions. Where
    these count requests, the expressions stand `together` in one frontend. `server`: the words behind the address of
    the origin, which speaks TLS where they say so."""

    data: bytes
    lines: tuple = ()
    mode: str = "http"
    response: bytes = b""
    bind: str = ""
    together: bool = False
    tls: ssl.SSLContext | None = None
    server: str = ""


def head(start, *fields):
    return b"\r\n".join([start, *fields, b"", b""])


def posted(kind, body, *fields):
    """A POST with a body, all of which is there when expressions are evaluated."""
    length = b"Content-Length: %d" % len(body)
    data = head(b"POST /form?in=query HTTP/1.1", b"Host: a.example", b"Content-Type: " + kind, length, *fields) + body
    return Message(data, ("option http-buffer-request",))


def answered(response, *lines, **more):
    """A response to a plain request."""
    return Message(b"GET /res/path HTTP/1.1\r\nHost: a.example\r\n\r\n", lines, response=response, **more)


def spoken(data, response=b""):
    """Bytes in mode tcp; expressions are evaluated when all of them are there."""
    lines = ["tcp-request inspect-delay 3s", f"tcp-request content {whole('req', data)}"]
    if response:
        lines += ["tcp-response inspect-delay 3s", f"tcp-response content {whole('res', response)}"]
    return Message(data, tuple(lines), mode="tcp", response=response)


def whole(way, data):
    """An action that waits for so many bytes."""
    return f"set-var(txn.whole) bool(true) if {{ {way}.len ge {len(data)} }}"


def frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def http2(*fields, body=b""):
    """A request in HTTP/2 frames: literal fields, none indexed, all shorter than 127 bytes."""
    block = b"".join(bytes([0, len(name)]) + name + bytes([len(value)]) + value for name, value in fields)
    frames = frame(4, 0, 0) + frame(1, 4 if body else 5, 1, block)
    return b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frames + (frame(0, 1, 1, body) if body else b"")


GET = head(
    b"GET /a/b%20c/d.html?x=1&y=two&empty=&z&x=3&enc=%41%2fb%zz&sp=1+2&num=-7&Case=q;s=4 HTTP/1.1",
    b"Host: www.Example.com:8080",
    b"User-Agent: agent/1.0 (test; \"quoted\")",
    b"X-Empty:",
    b"X-One: 1",
    b"X-List: a, b ,c,, \"d,e\" , f",
    b"X-Many: one",
    b"X-Many: two, deux",
    b"X-Many: three",
    b"X-Num: -42abc",
    b"X-Big: 99999999999999999999",
    b"X-Max: 9223372036854775807",
    b"X-Min: -9223372036854775808",
    b"X-Ip: 10.1.2.3",
    b"X-Ips: 10.1.2.3, 2001:db8::1, 192.168.0.256, ::ffff:1.2.3.4, 10.9.8.7:80",
    b"X-Bytes: a\xff\xfe\x80\xc3\xa9z",
    b"X-Tabs: a\tb\t\tc",
    b"X-Spaces: a  b   c",
    b"X-Long: " + b"0123456789" * 120,
    b"X-Date: Sun, 06 Nov 1994 08:49:37 GMT",
    b"Cookie: SID=abc123; lang=en; empty=; num=42; SID=second; quoted=\"q v\"; bare",
    b"Cookie: two=2nd; SID=third",
    b"Accept-Language: en-US;q=0.8, fr;q=0.9, de",
    b"Authorization: Basic dXNlcjpwYTpzcw==",
    b"Forwarded: by=\"[2001:db8::1]:443\";for=192.0.2.60:8080;proto=https;host=\"h.example:81\"",
)

HELLO_EXTENSIONS = bytes.fromhex(
    "0000001600140000117777772e536e692e6578616d706c65"  # server_name: www.Sni.example
    "000b00020100"  # ec_point_formats
    "000a00080006001d00170018"  # supported_groups
    "00230000"  # session_ticket
    "0010000e000c02683208687474702f312e31"  # ALPN: h2, http/1.1
    "000d00080006040308040401"  # signature_algorithms
    "002b00050403040303"  # supported_versions
    "003300260024001d00201111111111111111111111111111111111111111111111111111111111111111"  # key_share
)


def hello():
    """A TLS 1.3 ClientHello with the extensions above."""
    ciphers = bytes.fromhex("130113021303c02bc02f00ff")
    body = b"\x03\x03" + bytes(range(32)) + b"\x00" + len(ciphers).to_bytes(2, "big") + ciphers + b"\x01\x00"
    body += len(HELLO_EXTENSIONS).to_bytes(2, "big") + HELLO_EXTENSIONS
    handshake = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x01" + len(handshake).to_bytes(2, "big") + handshake


def secure(version, certificate=False):
    """A request over TLS, with what depends on the client's library fixed; the server asks for a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    context.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384")
    context.set_alpn_protocols(["spdy/1", "http/1.1"])
    if certificate:
        context.load_cert_chain(FIXTURES / "client.pem")
    bind = "ssl crt server.pem ca-file ca.pem verify optional curves P-256 alpn http/1.1"
    return Message(head(b"GET /tls HTTP/1.1", b"Host: a"), bind=bind, tls=context)


def origin_context():
    """What an origin speaks TLS with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FIXTURES / "server.pem")
    context.set_ecdh_curve("prime256v1")
    context.set_alpn_protocols(["http/1.1"])
    return context


RDP = b"\x03\x00\x00\x33\x2e\xe0\x00\x00\x00\x00\x00Cookie: msts=3640205228.15629.0000\r\n\x01\x00\x08\x00\x00\x00\x00\x00"
RDP = RDP[:2] + len(RDP).to_bytes(2, "big") + bytes([len(RDP) - 5]) + RDP[5:]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

MESSAGES = {
    "get": Message(GET),
    "bare": Message(b"GET / HTTP/1.0\r\n\r\n"),
    "options": Message(head(b"OPTIONS * HTTP/1.1", b"Host: a.example")),
    "absolute": Message(head(b"GET http://127.0.0.9:8443/p//q?r HTTP/1.1", b"Host: 127.0.0.9:8443")),
    "connect": Message(head(b"CONNECT h.example:443 HTTP/1.1", b"Host: h.example:443")),
    "odd": Message(head(
        b"PATCH //x/../y/./?&&=v&a=&a&%3d=%26&long=" + b"k" * 300 + b" HTTP/1.1", b"Host:", b"Cookie:",
        b"Authorization: Bearer abc.def-_~+/==", b"X-Quoted: \"a\\\"b\", c", b"X-Semi: a;b;;c;", b"X-Ipv6: [2001:db8::7]",
        b"Accept-Language: *, da, en-gb;q=0.8, en;q=0, x;q=1.5", b"Forwarded: for=\"_hidden\", for=unknown;by=\"[::1]\"",
        b"X-Dup: 1", b"x-dup: 2", b"X-DUP: 3", b"Content-Length: 0")),
    "form": posted(b"application/x-www-form-urlencoded", b"a=1&b=two&c=&d&e=%41+b%zz&a=2&n=-5"),
    "json": posted(b"application/json", b'{"s":"a\\"b\\u00e9","n":12.5,"i":-3,"t":true,"o":{"k":[1,"two",{"z":null}]},"":"e"}'),
    "bytes": posted(b"application/octet-stream", bytes(range(256)) + b"\x00tail"),
    "chunked": Message(head(b"PUT /c HTTP/1.1", b"Host: a", b"Transfer-Encoding: chunked")
                       + b"3\r\nabc\r\n5;x=y\r\ndefgh\r\n0\r\nTrail: 1\r\n\r\n", ("option http-buffer-request",)),
    "captured": Message(GET, ("declare capture request len 8", "declare capture request len 3",
                              "http-request capture req.hdr(x-one) id 0", "http-request capture url id 1")),
    "acls": Message(GET, ("acl yes always_true", "acl no always_false", "acl two hdr(x-many) two", "acl two path /none",
                          "acl host hdr_dom(host) -i example.com", "acl later res.hdr(x) y")),
    "tracked": Message(GET, ("http-request track-sc0 str(key) table table1", "http-request track-sc1 src table table2",
                             "http-request sc-inc-gpc0(0)", "http-request sc-set-gpt0(0) 7"), together=True),
    "h2-get": Message(http2((b":method", b"GET"), (b":scheme", b"https"), (b":path", b"/h2/p?q=1"),
                            (b":authority", b"H2.example:444"), (b"x-a", b"one"), (b"x-a", b"two"), (b"cookie", b"a=1"),
                            (b"cookie", b"b=2"), (b"x-bytes", b"\xff\x80"), (b"x-empty", b"")), bind="proto h2"),
    "h2-post": Message(http2((b":method", b"POST"), (b":scheme", b"http"), (b":path", b"/"), (b":authority", b"a"),
                             body=b"k=v&l=w"), ("option http-buffer-request",), bind="proto h2"),
    "r-plain": answered(head(
        b"HTTP/1.1 201 Made It", b"Content-Length: 10", b"Server: s/1", b"X-Many: one, uno", b"X-Many: two",
        b"Set-Cookie: SRV=s1; path=/; HttpOnly", b"Set-Cookie: num=17; Max-Age=3", b"X-Bytes: \xff\xfe", b"X-Empty:",
        b"X-Ip: 2001:db8::9", b"X-Num: 0x10", b"Content-Type: text/plain") + b"body\x00\xff=123"),
    "r-body": answered(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nbody\x00\xff=12345"),
    "r-close": answered(b"HTTP/1.0 404 Nope\r\n\r\nto the end"),
    "r-empty": answered(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "r-chunked": answered(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n2\r\nef\r\n0\r\n\r\n"),
    "s-12": secure(ssl.TLSVersion.TLSv1_2),
    "s-12-client": secure(ssl.TLSVersion.TLSv1_2, certificate=True),
    "s-13": secure(ssl.TLSVersion.TLSv1_3),
    "s-13-client": secure(ssl.TLSVersion.TLSv1_3, certificate=True),
    "r-tls": answered(OK, server="ssl verify none sni str(www.Sni.example) alpn http/1.1 ssl-min-ver TLSv1.3"),
    "r-tls12": answered(OK, server="ssl verify none ssl-max-ver TLSv1.2 ciphers ECDHE-ECDSA-AES128-GCM-SHA256"),
    "waited": dataclasses.replace(posted(b"text/plain", b"text"), lines=("http-request wait-for-body time 10s",)),
    "r-waited": answered(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntext", "http-response wait-for-body time 10s"),
    "counted": Message(GET, ("http-request track-sc0 str(zero) table table3", "http-request track-sc1 str(one) table table3",
                             "http-request track-sc2 src table table4", "http-request sc-inc-gpc0(1)",
                             "http-request sc-inc-gpc1(1)", "http-request sc-set-gpt0(1) 9"), together=True),
    "t-text": spoken(b"HELLO 10.0.0.1 \xff\x00 world\r\n"),
    "t-http": spoken(b"GET /tcp?a=b HTTP/1.1\r\nHost: h\r\n\r\n"),
    "t-lengths": spoken(b"\x01\x00\x05hello\x00\x00\x00\x03abc\xff\xff\x00\x02zz"),
    "t-hello": spoken(hello()),
    "t-rdp": spoken(RDP),
    "t-answer": spoken(b"ping", response=b"\x16\x03\x03\x00\x04\x02\x00\x00\x00pong\x00\xff"),
}


def find(name):
    """The message of a name in the table, and the place: (message, rules, scope, place)."""
    name, _, place = name.partition("@")
    message = MESSAGES[name]
    if not place:
        place = {"http": "request", "tcp": "content"}[message.mode]
        if message.response:
            place = {"http": "response", "tcp": "answer"}[message.mode]
    return message, *PLACES[place], place
