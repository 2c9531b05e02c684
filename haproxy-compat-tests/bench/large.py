"""A large configuration as real sites have them: 10,000 backends, 100,000 lines."""

BACKENDS = 10_000

HEAD = """\
global
    maxconn 20000
    nbthread 2
    log 127.0.0.1:5140 local0
    tune.bufsize 16384

defaults
    mode http
    log global
    option httplog
    option dontlognull
    option forwardfor except 127.0.0.0/8
    timeout connect 5s
    timeout client 50s
    timeout server 50s
    timeout http-request 10s
    timeout queue 30s
    retries 3
    default-server inter 5s fall 3 rise 2 maxconn 200 slowstart 10s

frontend public
    bind 127.0.0.1:20999
    maxconn 10000
    acl is_get method GET HEAD
    acl is_static path_end -i .css .js .png .jpg .svg .ico .woff2
    acl from_inside src 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16
    acl has_session req.cook(session) -m found
    stick-table type ip size 100k expire 30m store http_req_rate(10s),conn_cur
    http-request track-sc0 src
    http-request deny deny_status 429 if {{ sc_http_req_rate(0) gt 1000 }} !from_inside
    http-request set-header X-Forwarded-Proto https if {{ ssl_fc }}
    http-request set-var(txn.site) req.hdr(host),lower,field(1,:)
    http-response set-header Strict-Transport-Security max-age=31536000
    use_backend %[req.hdr(host),lower,map({map},b0)] if has_session
"""

BACKEND = """\
backend b{n}
    balance {balance}
    option httpchk GET /health
    http-check expect status 200
    acl is_api path_beg /api/{n}
    http-request set-header X-Backend b{n} if is_api
    http-request set-path /v2%[path] if is_api {{ method POST }}
    default-server check weight {weight}
    server s1 10.{a}.{b}.1:8080 cookie s1
    server s2 10.{a}.{b}.2:8080 cookie s2 backup
"""

TABLE = """\
    stick-table type string len 64 size 1k expire 10m
    stick on req.cook(session)
"""


def head(sites):
    """The pieces in front of the backends; `sites` is the path of the map."""
    yield HEAD.format(map=sites)
    for n in range(BACKENDS // 4):
        yield f"    acl host_{n} req.hdr(host) -i site{n}.example.com www.site{n}.example.com\n"
        yield f"    use_backend b{n} if host_{n} !is_static\n"
    yield "    default_backend b0\n"


def backends():
    for n in range(BACKENDS):
        balance = ("roundrobin", "leastconn", "source", "uri")[n % 4]
        yield BACKEND.format(n=n, balance=balance, weight=n % 100 + 1, a=n // 256, b=n % 256)
        if n % 100 == 0:
            yield TABLE


def write(folder, change=lambda piece: piece):
    """Writes the configuration and its map, piece by piece: what runs the proxies must stay small, since
    their peak of memory counts from the fork on. Gives the configuration's path."""
    sites = folder / "sites.map"
    with sites.open("w") as out:
        out.writelines(f"site{n}.example.com b{n}\n" for n in range(BACKENDS))
    path = folder / "large.cfg"
    with path.open("w") as out:
        out.writelines(head(sites))
        out.writelines(map(change, backends()))
    return path


def write_errors(folder):
    """The same with a mistake in every line of the backends: it is refused after 50 of them."""
    return write(folder, lambda piece: piece.replace("\n    ", "\n    x"))
