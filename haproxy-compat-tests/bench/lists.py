#!/usr/bin/env python3
"""Lists of a million lines: what loading them takes and what a request that looks into one costs.

    lists.py [--lines N] [--only str,ip] PROGRAM …

Each program is started with one list and, for comparison, with an empty one. Printed are the CPU time until
it answers, its memory, and the CPU time of a look-up, the last two as the difference that the list makes."""

import argparse
import http.client
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import support

REQUESTS = 3000  # at most
SECONDS = 5  # that requests may take
LOOK_UPS = 20  # in one request

CONFIG = """\
global
    nbthread 1
defaults
    mode http
    timeout connect 5s
    timeout client 50s
    timeout server 50s
frontend f
    bind 127.0.0.1:{port}
{rules}
    http-request return status 200 content-type text/plain lf-string %[var(txn.found)]
"""


def mixed(number):
    """A number that looks random and is not."""
    return number * 2654435761 % 4294967296


def host(number):
    return f"h{mixed(number):x}.site{number % 1000}.example{number % 7}.com"


def path(number):
    return f"/shop/{mixed(number) % 5000}/item/{number}"


def network(number):
    a, b, c, d = mixed(number).to_bytes(4, "big")
    return f"{a}.{b}.{c}.{d}" if number % 3 else f"{a}.{b}.{c}.0/24"


def address(number):
    return network(number).replace(".0/24", ".9")


# The converter, how a key is made, and how a text that matches it.
CASES = {
    "str": ("map_str", host, host),
    "beg": ("map_beg", path, lambda number: path(number) + "/view?page=2"),
    "end": ("map_end", host, lambda number: "www." + host(number)),
    "ip": ("map_ip", network, address),
    "acl -i": (None, host, lambda number: host(number).upper()),
}


def rules(convert, file):
    if convert is None:
        one = f"    http-request set-var(txn.found) int(1) if {{ req.hdr(t) -i -f {file} }}\n"
    else:
        one = f"    http-request set-var(txn.found) req.hdr(t),{convert}({file},none)\n"
    return one * LOOK_UPS


def cpu(pid):
    """Nanoseconds that the process ran."""
    tasks = pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks)


def memory(pid):
    """Bytes that the process has in memory now."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


def request(connection, text):
    connection.request("GET", "/", headers={"t": text})
    response = connection.getresponse()
    response.read()
    return response.status


def run(program, folder, convert, file, texts):
    """Seconds of CPU to the first answer, bytes, and nanoseconds of CPU a request."""
    port = support.free_ports(1)[0]
    config = folder / "lists.cfg"
    config.write_text(CONFIG.format(port=port, rules=rules(convert, file)))
    process = subprocess.Popen([program, "-db", "-f", str(config)], stderr=subprocess.DEVNULL)
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while True:
            try:
                request(connection, texts[0])
                break
            except OSError:
                connection.close()
                if process.poll() is not None:
                    sys.exit(f"{program} does not start")
                time.sleep(0.01)
        seconds = cpu(process.pid) / 1e9
        for text in texts[:20]:
            request(connection, text)
        before, end, done = cpu(process.pid), time.monotonic() + SECONDS, 0
        while done < REQUESTS and time.monotonic() < end:
            request(connection, texts[done % len(texts)])
            done += 1
        return seconds, memory(process.pid), (cpu(process.pid) - before) / done
    finally:
        process.kill()
        process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--only", default=",".join(CASES))
    parser.add_argument("programs", nargs="+")
    given = parser.parse_args()
    print(f"{'list':8}{'program':36}{'start':>9}{'memory':>10}{'look-up':>11}")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        empty = folder / "empty"
        empty.write_text("")
        for name in given.only.split(","):
            convert, key, matching = CASES[name]
            file = folder / "list"
            with file.open("w") as out:
                behind = " value\n" if convert else "\n"
                out.writelines(key(number) + behind for number in range(given.lines))
            texts = [matching(mixed(number) % given.lines) for number in range(2000)]
            for program in given.programs:
                seconds, size, cost = run(program, folder, convert, file, texts)
                _, least, floor = run(program, folder, convert, empty, texts)
                look_up = (cost - floor) / LOOK_UPS
                shown = program[-34:]
                print(f"{name:8}{shown:36}{seconds:7.2f} s{(size - least) / 1e6:7.0f} MB{look_up:8.0f} ns", flush=True)


if __name__ == "__main__":
    main()
