#!/usr/bin/env python3
"""Measures hxproxy beside Debian's haproxy and nginx, in one run, and prints ratios to haproxy.

Each proxy has one worker thread on core 0; load and the origin are on core 1. CPU time is the time
the scheduler has given to the proxy's threads (/proc/PID/task/*/schedstat), divided by completed requests.
Rounds go through scenarios and proxies in turn; the medians of the rounds are shown. The figures compare
the proxies of one run on one machine, and nothing else."""

import argparse
import contextlib
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import checks
import load
import support

PROXY_CORE, LOAD_CORE = "0", "1"
SIZES = {"small": 128, "16k": 16 << 10, "1m": 1 << 20}

HAPROXY_CONFIG = """\
global
    nbthread 1
    maxconn 4000

defaults
    mode http
    timeout connect 10s
    timeout client 60s
    timeout server 60s

frontend http
    bind 127.0.0.1:{http}
    bind 127.0.0.1:{tls} ssl crt {pem} alpn h2,http/1.1
    default_backend origin

# What a site usually has around its requests: rules, a rate for each client, and a log.
frontend rules
    bind 127.0.0.1:{rules}
    log 127.0.0.1:{log} local0
    option httplog
    acl is_api path_beg /api
    acl is_static path_end .css .js .png
    acl is_post method POST
    acl is_local src 127.0.0.0/8
    acl is_site hdr(host) -i 127.0.0.1 localhost www.example.com
    acl is_bot hdr_sub(user-agent) -i bot crawler
    acl is_busy sc_http_req_rate(0) gt 100000000
    http-request track-sc0 src table rates
    http-request deny deny_status 429 if is_busy
    http-request deny if is_bot or is_post !is_api
    http-request set-header X-Forwarded-Proto http
    http-request set-header X-Static yes if is_static
    http-request set-header X-Client %[src] if is_local is_site
    http-request set-header X-Host %[req.hdr(host),lower]
    http-response del-header Server
    default_backend origin

backend rates
    stick-table type ip size 100k expire 30s store http_req_rate(10s)

backend origin
    # As nginx does it: a load of a connection per request is about clients, not about idle server connections.
    http-reuse always
    server o1 127.0.0.1:{origin}
"""

NGINX_START = """\
daemon off;
master_process off;
worker_processes 1;
pid {folder}/{name}.pid;
error_log {folder}/{name}.log;
events {{ worker_connections 8000; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {folder}/{name}-body;
    proxy_temp_path {folder}/{name}-proxy;
    fastcgi_temp_path {folder}/{name}-fastcgi;
    uwsgi_temp_path {folder}/{name}-uwsgi;
    scgi_temp_path {folder}/{name}-scgi;
"""

NGINX_PROXY = NGINX_START + """\
    upstream origin {{ server 127.0.0.1:{origin}; keepalive 256; keepalive_requests 1000000000; }}
    server {{
        listen 127.0.0.1:{http};
        listen 127.0.0.1:{tls} ssl http2;
        ssl_certificate {pem};
        ssl_certificate_key {pem};
        location / {{
            proxy_pass http://origin;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
    }}
}}
"""


def cpu_seconds(pid):
    """CPU time of all threads of a process so far."""
    tasks = pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def resident_bytes(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def certificate(folder):
    pem = folder / "site.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-keyout", str(folder / "key"), "-out", str(folder / "certificate")],
                   check=True, capture_output=True, timeout=60)
    pem.write_bytes((folder / "certificate").read_bytes() + (folder / "key").read_bytes())
    return pem


class Bench:
    """The origin and the proxies, running; `running` is name → (pid, ports)."""

    def __init__(self, stack, haproxy):
        self.folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        self.folder.chmod(0o755)
        self.programs = {"hxproxy": support.binary(), "haproxy": haproxy, "nginx": "nginx"}
        # Nobody reads the log: what does not fit is dropped behind the proxy's system call.
        sink = stack.enter_context(socket.socket(type=socket.SOCK_DGRAM))
        sink.bind(("127.0.0.1", 0))
        self.common = {"folder": self.folder, "pem": certificate(self.folder), "origin": support.free_ports(1)[0],
                       "log": sink.getsockname()[1]}
        stack.enter_context(self.origin())
        self.running = {}
        for name in self.programs:
            child, ports = self.start(name)
            stack.enter_context(child)
            self.running[name] = child.pid, ports

    def origin(self):
        """Our own (src/bin/bench-origin.rs): cheap enough that the proxies are what is busy."""
        program = os.environ.get("BENCH_ORIGIN") or sys.exit("set BENCH_ORIGIN to the origin's program: `make bench` does")
        sizes = [f"{name}={size}" for name, size in SIZES.items()]
        child = support.Child(["taskset", "-c", LOAD_CORE, program, str(self.common["origin"]), *sizes])
        support.wait_for("the origin", lambda: support.listens(self.common["origin"]))
        return child

    def start(self, name):
        """Starts one of the proxies on ports of its own."""
        if name == "nginx":
            ports = dict(zip(("http", "tls"), support.free_ports(2)))
            return self.nginx(name, NGINX_PROXY, PROXY_CORE, ports.values(), **ports), ports
        ports = dict(zip(("http", "tls", "rules"), support.free_ports(3)))
        config = self.folder / f"{name}.cfg"
        config.write_text(HAPROXY_CONFIG.format(**self.common, **ports))
        pin = ["taskset", "-c", PROXY_CORE]
        return support.start_proxy(self.programs[name], str(config), ports.values(), prefix=pin), ports

    def nginx(self, name, text, core, wanted, **ports):
        config = self.folder / f"{name}.conf"
        config.write_text(text.format(name=name, **self.common, **ports))
        child = support.Child(["taskset", "-c", core, "nginx", "-p", str(self.folder), "-c", str(config)])
        support.wait_for(f"nginx as {name}", lambda: not child.running() or all(support.listens(port) for port in wanted))
        if not child.running():
            raise RuntimeError(f"nginx as {name}: {child.printed()}")
        return child

    def measure(self, scenario, proxy, seconds):
        """CPU microseconds a request, and requests a second."""
        pid, ports = self.running[proxy]
        time.sleep(0.2)
        before, start = cpu_seconds(pid), time.monotonic()
        done = load.SCENARIOS[scenario](ports, seconds, ["taskset", "-c", LOAD_CORE])
        spent, elapsed = cpu_seconds(pid) - before, time.monotonic() - start
        return (spent / done * 1e6, done / elapsed) if done else (0, 0)

    def memory(self, proxy, count, secure):
        """Resident bytes an idle keep-alive connection costs, of a process that has done nothing else."""
        child, ports = self.start(proxy)
        with child, load.idle_connections(ports, 50, secure):
            before = resident_bytes(child.pid)
            with load.idle_connections(ports, count, secure):
                time.sleep(0.5)
                return (resident_bytes(child.pid) - before) / count


def run(bench, scenarios, rounds, seconds):
    """(scenario, proxy) → the (cost, rate) of each round."""
    results = {}
    for number in range(1, rounds + 1):
        for scenario in scenarios:
            for proxy in bench.running:
                if scenario in load.MEMORY:
                    one = bench.memory(proxy, *load.MEMORY[scenario]), 0
                    unit = "bytes"
                else:
                    one = bench.measure(scenario, proxy, seconds)
                    unit = "µs   "
                results.setdefault((scenario, proxy), []).append(one)
                print(f"   round {number} {scenario:10} {proxy:8} {one[0]:9.1f} {unit} {one[1]:10.0f}/s", flush=True)
    return results


def report(results, scenarios, proxies, rounds):
    print(f"\nMedians of {rounds} rounds; in brackets the ratio to haproxy.")
    print(f"{'scenario':12}{'':14}" + "".join(f"{name:>20}" for name in proxies))
    for scenario in scenarios:
        rows = [(0, "bytes/connection" if scenario in load.MEMORY else "CPU µs/request")]
        rows += [] if scenario in load.MEMORY else [(1, "requests/s")]
        for column, title in rows:
            middle = {name: statistics.median(one[column] for one in results[scenario, name]) for name in proxies}
            base = middle["haproxy"]
            # What a proxy cannot be measured with is 0.
            shown = (f"{value:12.1f} ({value / base:4.2f})" if value else "-" for value in middle.values())
            cells = "".join(cell.rjust(20) for cell in shown)
            print(f"{scenario:12}{title:>16}{cells}")


def main():
    names = [*load.SCENARIOS, *load.MEMORY, *checks.SCENARIOS]
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"of {', '.join(names)} (default: all)")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--seconds", type=int, default=3, help="of load for each measurement")
    arguments.add_argument("--haproxy", default=os.environ.get("HAPROXY", "/usr/sbin/haproxy"))
    options = arguments.parse_args()
    scenarios = options.scenarios or names
    if unknown := set(scenarios) - set(names):
        sys.exit(f"no such scenario: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    offline = [name for name in scenarios if name in checks.SCENARIOS]
    checks.run(offline, {"hxproxy": support.binary(), "haproxy": options.haproxy}, options.rounds)
    scenarios = [name for name in scenarios if name not in checks.SCENARIOS]
    if not scenarios:
        return
    missing = [tool for tool in ("nginx", "wrk", "h2load", "openssl", "taskset", options.haproxy) if not shutil.which(tool)]
    if missing:
        sys.exit(f"not installed: {', '.join(missing)} (make bench installs them)")
    if os.cpu_count() < 2:
        sys.exit("the proxy and the load need a core each")
    support.end_on_signals()
    with contextlib.ExitStack() as stack:
        bench = Bench(stack, options.haproxy)
        for name in ("hxproxy", "haproxy"):
            print(f"{name}: {support.version(bench.programs[name])[1]}")
        print(subprocess.run(["nginx", "-v"], capture_output=True, text=True).stderr.strip())
        results = run(bench, scenarios, options.rounds, options.seconds)
        report(results, scenarios, bench.programs, options.rounds)


if __name__ == "__main__":
    main()
