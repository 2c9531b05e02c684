"""The load of the benchmarks: one function a scenario, which returns how many requests were completed. A load
that meets an error raises: a benchmark of failures says nothing."""

import contextlib
import re
import socket
import ssl
import subprocess

CONNECTIONS = 64


def output(command, seconds):
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


def wrk(port, path, *arguments):
    """Against one of a proxy's ports, by name; 0 requests where it has none of that name."""
    def run(ports, seconds, pin):
        if port not in ports:
            return 0
        address = f"{'https' if port == 'tls' else 'http'}://127.0.0.1:{ports[port]}/{path}"
        printed = output([*pin, "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", *arguments, address], seconds)
        if "Non-2xx" in printed or re.search(r"Socket errors: connect [1-9]", printed):
            raise RuntimeError(printed)
        return int(re.search(r"(\d+) requests in", printed)[1])
    return run


def h2load(ports, seconds, pin):
    command = [*pin, "h2load", "-t1", "-c16", "-m16", f"-D{seconds}", f"https://127.0.0.1:{ports['tls']}/small"]
    printed = output(command, seconds)
    total, succeeded, failed = re.search(r"requests: (\d+) total,.* (\d+) succeeded, (\d+) failed", printed).groups()
    if int(failed) or "h2" not in printed:
        raise RuntimeError(printed)
    return int(succeeded)


def handshakes(ports, seconds, pin):
    command = [*pin, "openssl", "s_time", "-new", "-time", str(seconds), "-connect", f"127.0.0.1:{ports['tls']}"]
    return int(re.search(r"(\d+) connections in \d+ real seconds", output(command, seconds))[1])


SCENARIOS = {
    "small": wrk("http", "small"),
    "16k": wrk("http", "16k"),
    "1m": wrk("http", "1m"),
    "close": wrk("http", "small", "-H", "Connection: close"),
    "tls": wrk("tls", "small"),
    "handshake": handshakes,
    "h2": h2load,
    # Seven ACLs, headers set and deleted, a rate tracked, a log line sent. Headers as a browser sends them.
    "rules": wrk("rules", "small",
                 "-H", "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
                 "-H", "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                 "-H", "Accept-Language: en-US,en;q=0.5", "-H", "Accept-Encoding: gzip, deflate, br",
                 "-H", "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark", "-H", "Cache-Control: no-cache"),
}
# Memory: how many idle connections, and whether over TLS.
MEMORY = {"idle": (2000, False), "idle-tls": (500, True)}


@contextlib.contextmanager
def idle_connections(ports, count, secure):
    """Keep-alive connections that have had one answer each."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", ports["tls" if secure else "http"]), 20))
            if secure:
                one = stack.enter_context(context.wrap_socket(one))
            one.sendall(b"GET /small HTTP/1.1\r\nHost: a\r\n\r\n")
            received = b""
            while not received.endswith(b"x" * 128):
                data = one.recv(65536)
                if not data:
                    raise ConnectionError("closed before the end of an answer")
                received += data
        yield
