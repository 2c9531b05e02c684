"""Makes random text by a grammar (`grammar.txt` explains its notation): configurations, and requests for them."""

import pathlib
import random
import re

NAME = re.compile(r"<([a-z-]+)(\?)?>")
FORMAT = ('log-format "%ci %f %b %s %ST %B %U %CC %CS %tsc %rc %sq/%bq %hr %hs %{+Q}r %HM %HP %HPO %HQ %HU %HV'
          ' %[var(txn.a)] %[var(txn.b)] %[var(sess.a)] %[var(req.a)] %[var(res.b)] %ID %hrl %hsl"')

CONFIG = """\
global
    log 127.0.0.1:{{log}} local0
    set-var proc.p str(pv)

http-errors errs
    errorfile 403 @/e.http
    errorfile 404 @/e2.http

userlist ul
    group g1 users bob
    user bob insecure-password pw
    user al insecure-password al

defaults base
    mode http
    log global
    timeout connect 2s
    timeout client 2s
    timeout server 2s
    timeout tarpit 30ms
    timeout http-request 1s
{shared}

frontend fe from base
    bind 127.0.0.1:{{frontend}} {bind}
    {format}
    acl a1 path_beg /a
    acl a2 hdr(x-a) -m found
    acl a3 url_param(b) 2
    acl a4 status 200
    acl a5 res.hdr(etag) -m found
    capture request header Host len 12
    capture request header X-A len 4
    capture response header Server len 10
    declare capture request len 8
    declare capture response len 8
{frontend}
    default_backend be

backend be from base
{backend}
    server o1 127.0.0.1:{{origin}} cookie c1 {server}
    server o2 127.0.0.1:{{origin}} cookie c2 weight 0 {server}

backend be2 from base
    server o3 127.0.0.1:{{origin}} {server}

backend tab
    stick-table type string len 32 size 1k expire 10s store http_req_cnt,gpc(2),gpt(2),conn_cnt,http_err_cnt
"""
FILES = {
    "e.http": "HTTP/1.0 403 Forbidden\r\nCache-Control: no-cache\r\nContent-Length: 4\r\n\r\nEFL\n",
    "e2.http": "HTTP/1.1 404 Nope\r\nX-Err: yes\r\nContent-Type: text/plain\r\n\r\nnope page\n",
    "f.txt": "file body\n",
    "lf.txt": "lf %[src] %[method]\n",
    "m.map": "/a va\n/b/c vbc\n/ root\nlit x\n",
    "l.lst": "/a\n/b/c\nlit\n",
}


def alternatives():
    """Name → alternatives, as `grammar.txt` lists them."""
    found, name = {}, None
    for line in (pathlib.Path(__file__).parent / "grammar.txt").read_text().splitlines():
        if line.startswith("[") and line.endswith("]"):
            name = line[1:-1]
            found[name] = []
        elif name and not line.startswith("#"):
            found[name].append(line)
    # The empty line before the next name is no alternative.
    return {name: lines[:-1] if lines and not lines[-1] else lines for name, lines in found.items()}


def write_files(folder):
    """The files that configurations name."""
    for name, text in FILES.items():
        (folder / name).write_bytes(text.encode())


class Grammar:
    """Everything it makes follows from the seed and the folder."""

    def __init__(self, seed, folder):
        self.random = random.Random(seed)
        self.folder = folder
        self.rows = alternatives()

    def make(self, name, side=""):
        """One of a name's alternatives, with what it names in turn."""
        text = self.random.choice(self.rows.get(name, []) + self.rows.get(f"{side} {name}", []))

        def expand(match):
            is_left_out = match[2] and self.random.random() < 0.5
            return "" if is_left_out else self.make(match[1], side)

        return NAME.sub(expand, text).replace("@", str(self.folder))

    def sometimes(self, chance, line):
        """The line that a function makes, or none."""
        return [f"    {line()}"] if self.random.random() < chance else []

    def rules(self, least, most):
        made = []
        for _ in range(self.random.randint(least, most)):
            side, rule_set = self.make("rule").split()
            made.append(f"    {rule_set} {self.make(rule_set, side)}{self.make('condition', side)}")
        return made

    def config(self, bind, server):
        """A configuration with places for ports: `{frontend}`, `{origin}`, `{log}`. `bind` and `server`: options
        of these lines."""
        make, some = self.make, self.random.randint
        frontend = [f"    option {make('option')}" for _ in range(some(0, 3))]
        frontend += [f"    {make('error-page', 'request')}" for _ in range(some(0, 2))]
        if some(0, 2) == 0:
            frontend += [f"    tcp-request {make('tcp-request', 'request')}" for _ in range(some(1, 3))]
        frontend += self.rules(2, 6)
        frontend += self.sometimes(0.3, lambda: f"use_backend {make('use-backend', 'request')}")
        frontend += [f"    {make('frontend-line', 'request')}" for _ in range(some(0, 1))]
        lines = [f"    {make('backend-line', self.random.choice(['request', 'response']))}" for _ in range(some(0, 2))]
        backend = lines + self.sometimes(0.4, lambda: f"cookie {make('cookie')}") + self.rules(0, 4)
        text = CONFIG.format(
            bind=bind,
            server=server,
            format=self.random.choice([FORMAT] * 4 + ["option httplog"]),
            shared="\n".join(self.rules(0, 2) if some(0, 3) == 0 else []),
            frontend="\n".join(frontend),
            backend="\n".join(backend),
        )
        return text.replace("@", str(self.folder))

    def requests(self):
        """Requests for one connection after the other: (method, bytes)."""
        return [self.request() for _ in range(self.random.randint(4, 7))]

    def request(self):
        method = self.make("method")
        target = "*" if method == "OPTIONS" else self.make("target")
        fields = [f"Host: {self.make('host')}"]
        for _ in range(self.random.randint(0, 6)):
            field = self.make("field")
            once = field.startswith(("X-Want", "Authorization", "Connection"))
            if not (once and any(other.startswith(field[:6]) for other in fields)):
                fields.append(field)
        body = ""
        if method in ("POST", "PUT"):
            is_chunked = self.random.random() < 0.3
            fields.append("Transfer-Encoding: chunked" if is_chunked else "Content-Length: 9")
            body = "5\r\nf=1&g\r\n0\r\n\r\n" if is_chunked else "f=abc&g=2"
        head = "\r\n".join([f"{method} {target} HTTP/1.1", *fields])
        return method, f"{head}\r\n\r\n{body}".encode()
