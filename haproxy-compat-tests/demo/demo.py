#!/usr/bin/env python3
"""The story from plain HTTP to HTTPS with HTTP/2, for real and on this machine only:

a proxy on plain HTTP answers an ACME server's challenge from a Lua script, certbot gets a certificate,
and a soft reload under load turns HTTPS on. Pebble plays Let's Encrypt. Any step that does not come out
as told ends the demo with an error; either way nothing is left running or lying around."""

import argparse
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import acme
import support
from requester import Requester

DOMAIN = "demo.test"
OUR_PLUGIN = HERE.parents[1] / "examples/acme-http01.lua"

HTTP = """\
global
    maxconn 8192
    log 127.0.0.1:{syslog} local0
    tune.maxrewrite 16384
    tune.bufsize 32768
    tune.ssl.default-dh-param 2048
    max-spread-checks 200
    spread-checks 5
    lua-load {plugin}

defaults
    log global
    retries 3
    option redispatch
    option dontlog-normal
    mode http
    timeout http-request 10m
    timeout client 10m
    timeout connect 10m
    timeout server 10m
    timeout http-keep-alive 10m
    timeout tunnel 10m
    timeout client-fin 10m
    timeout server-fin 10m

frontend http
    bind 127.0.0.1:{http}
    acl url_acme_http01 path_beg /.well-known/acme-challenge/
    http-request use-service lua.acme-http01 if METH_GET url_acme_http01
    redirect scheme https if METH_GET !url_acme_http01
"""

HTTPS = """
frontend https
    bind 127.0.0.1:{https} ssl crt {pem}{alpn}
    default_backend backend_test

backend backend_test
    server test-server localhost:{backend}
"""


def say(text):
    print(f"\n== {text}", flush=True)


def show(text):
    for line in str(text).rstrip("\n").splitlines():
        print(f"   {line}", flush=True)


def expect(condition, text):
    if not condition:
        raise AssertionError(text)
    show(f"ok: {text}")


def backend(connection):
    """Answers every request with the same page."""
    page = b"hello from the backend\n"
    pending = b""
    while data := connection.recv(65536):
        pending += data
        while b"\r\n\r\n" in pending:
            pending = pending.partition(b"\r\n\r\n")[2]
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(page), page))


def install_plugin(original, webroot, folder):
    """A copy of the Lua script with the one line changed that names its webroot."""
    text = pathlib.Path(original).read_text()
    text, changes = re.subn(r'(webroot["\]]*\s*=\s*)""', rf'\1"{webroot}"', text)
    expect(changes == 1, f"{original} has one line that names its webroot")
    copy = folder / "acme-http01.lua"
    copy.write_text(text)
    return copy


def messages(proxy, syslog):
    """The Lua script's messages so far."""
    return [line for line in proxy.printed().splitlines() + syslog.lines if "[acme] " in line]


def curl(*arguments):
    command = ["curl", "-sS", "--max-time", "20", *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=30)
    if answer.returncode:
        raise AssertionError(f"{' '.join(command)}: {answer.stderr.strip()}")
    return answer.stdout


def certificate(authority, folder, webroot):
    """Runs certbot against the ACME server; returns the folder of the certificate."""
    command = ["certbot", "certonly", "--webroot", "--webroot-path", str(webroot), "--domain", DOMAIN,
               "--server", authority.directory, "--agree-tos", "--register-unsafely-without-email",
               "--non-interactive", "--config-dir", str(folder / "certbot"),
               "--work-dir", str(folder / "certbot-work"), "--logs-dir", str(folder / "certbot-logs")]
    show(" ".join(command[:7]) + " …")
    environment = {**os.environ, "REQUESTS_CA_BUNDLE": str(authority.trust)}
    answer = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment,
                            stdin=subprocess.DEVNULL)
    show(answer.stdout.partition("\n- - -")[0])
    if answer.returncode:
        raise AssertionError(f"certbot ended with {answer.returncode}: {answer.stderr}")
    return folder / "certbot/live" / DOMAIN


def soft_reload(stack, path, config, ports, old):
    """Replaces the running proxy by a new one while a client keeps requesting."""
    with Requester(ports["http"]) as client:
        support.wait_for("requests before the reload", lambda: client.done >= 20)
        new = stack.enter_context(
            support.start_proxy(path, str(config), [ports["http"], ports["https"]], "-sf", str(old.pid))
        )
        status = old.wait(20)
        before = client.done
        support.wait_for("requests after the reload", lambda: client.done >= before + 20)
    show("\n".join(line for line in old.printed().splitlines() if "[acme] " not in line))
    expect(status == 0, "the old process has exited with 0")
    expect(client.failed == [], f"{client.done} requests during the reload, {len(client.failed)} failed {client.failed[:3]}")
    return new


def check_https(authority, ports, folder):
    root = folder / "root.pem"
    root.write_text(authority.root())
    to_https = ["--cacert", str(root), "--connect-to", f"{DOMAIN}:443:127.0.0.1:{ports['https']}",
                "--connect-to", f"{DOMAIN}:80:127.0.0.1:{ports['http']}",
                "--write-out", "%{http_code} HTTP/%{http_version} verify=%{ssl_verify_result}"]
    for option, wanted in (("--http2", "2"), ("--http1.1", "1.1")):
        answer = curl(option, *to_https, f"https://{DOMAIN}/page")
        show(f"curl {option} https://{DOMAIN}/page: {answer!r}")
        expect(answer == f"hello from the backend\n200 HTTP/{wanted} verify=0",
               f"HTTP/{wanted} over TLS, the chain trusted from Pebble's root")
    answer = curl("--http2", "--location", *to_https, f"http://{DOMAIN}/page")
    expect(answer == "hello from the backend\n200 HTTP/2 verify=0", "plain HTTP is redirected to HTTPS")


def story(stack, path, plugin):
    (major, minor), line = support.version(path)
    show(f"{line}\n{path}")
    folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="demo-")))
    webroot = folder / "webroot"
    webroot.mkdir()
    syslog = support.Syslog()
    ports = dict(zip(("http", "https"), support.free_ports(2)), syslog=syslog.port)

    say("a small backend")
    ports["backend"] = support.serve(backend)
    show(f"http://localhost:{ports['backend']}")

    say("the proxy on plain HTTP")
    config = folder / "haproxy.cfg"
    plain = HTTP.format(plugin=install_plugin(plugin, webroot, folder), **ports)
    config.write_text(plain)
    proxy = stack.enter_context(support.start_proxy(path, str(config), [ports["http"]]))
    # Lua's messages go to the log, and before 2.9 to standard error as well.
    support.wait_for("the Lua script's message", lambda: messages(proxy, syslog))
    show(messages(proxy, syslog)[-1])
    address = f"http://127.0.0.1:{ports['http']}"
    answer = curl("--write-out", "%{http_code} %{redirect_url}", "-H", f"Host: {DOMAIN}", f"{address}/page")
    expect(answer == f"302 https://{DOMAIN}/page", f"GET /page is answered with {answer}")
    challenge = f"{address}/.well-known/acme-challenge"
    answer = curl("--output", os.devnull, "--write-out", "%{http_code}", f"{challenge}/unknown")
    expect(answer == "404", "an unknown token is answered with 404")
    (webroot / "secret").write_text("not for the world")
    answer = curl("--path-as-is", f"{challenge}/../../secret") + curl(f"{challenge}/..%2f..%2fsecret")
    expect("not for the world" not in answer, "no file outside of the challenge folder is served")

    say("Pebble, an ACME server")
    authority = stack.enter_context(acme.Pebble(folder, ports["http"]))
    show(authority.directory)

    say("certbot asks for a certificate; the proxy answers the challenge")
    live = certificate(authority, folder, webroot)
    show(messages(proxy, syslog)[-1])

    say("private key and chain joined; HTTPS added to the configuration")
    pem = folder / "site.pem"
    pem.write_text((live / "privkey.pem").read_text() + (live / "fullchain.pem").read_text())
    pem.chmod(0o600)
    # From 2.9 on HTTP/2 is offered over TLS by default.
    alpn = "" if (major, minor) >= (2, 9) else " alpn h2,http/1.1"
    config.write_text(plain + HTTPS.format(pem=pem, alpn=alpn, **ports))
    verdict = subprocess.run([path, "-c", "-V", "-f", str(config)], capture_output=True, text=True, timeout=60)
    show(verdict.stdout + verdict.stderr)
    expect(verdict.returncode == 0 and "Configuration file is valid" in verdict.stdout, "-c finds it valid")

    say("soft reload (-sf) while a client keeps requesting")
    soft_reload(stack, path, config, ports, proxy)

    say("HTTPS, as a client sees it")
    check_https(authority, ports, folder)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--proxy", help="the proxy's program (default: $COMPAT_BINARY or $HXPROXY)")
    arguments.add_argument("--plugin", default=OUR_PLUGIN, metavar="LUA",
                           help="another script for the challenge (default: examples/acme-http01.lua)")
    options = arguments.parse_args()
    missing = [tool for tool in ("certbot", "pebble", "pebble-challtestsrv", "curl", "openssl") if not shutil.which(tool)]
    if missing:
        sys.exit(f"not installed: {', '.join(missing)} (make demo installs them)")
    support.end_on_signals()
    path = options.proxy or support.binary()
    with contextlib.ExitStack() as stack:
        story(stack, path, options.plugin)
    say("done: everything is stopped and removed")


if __name__ == "__main__":
    main()
