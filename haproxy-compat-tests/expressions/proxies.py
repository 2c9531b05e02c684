"""Runs expressions on a proxy: one configuration for all of them, a frontend a group, a request each.

The value of an expression goes into a variable, which keeps its type. The answer then tells its length as a
string, its bytes as binary, and the bytes of its string: `words` says all three as one word. An expression the
proxy does not know is found with `-c`, and left out."""

import concurrent.futures
import ipaddress
import os
import pathlib
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading

import messages
import table

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import support

GROUP = 16  # expressions a frontend has
TOGETHER = 8  # frontends checked at a time
SECONDS = 20  # for one answer
REFUSED = "refused"
NO_VALUE = "-"
UTC = {**os.environ, "TZ": "UTC"}
NO_ANSWER = "no answer"
# The rule that ends the exchange, by the mode and whether an origin answers.
ENDS = {("http", False): "http-request return status 200", ("tcp", False): "tcp-request content reject",
        ("tcp", True): "tcp-response content close"}

CONFIG = """\
global
    nbthread 1
    maxconn 500
    log 127.0.0.1:{syslog} len 65535 local0
    tune.ssl.capture-buffer-size 128
    setenv EXPRESSIONS_SET "from the environment"

defaults
    mode http
    timeout connect 20s
    timeout client 20s
    timeout server 20s

userlist users
    user user insecure-password pa:ss
    group g1 users user

backend table1
    stick-table type string len 32 size 100 expire 1h store gpc0,gpc1,gpt0,conn_cnt,http_req_cnt,http_req_rate(1h),bytes_in_rate(1h),bytes_out_cnt

backend table2
    stick-table type ip size 100 expire 1h store gpc0,conn_cur,sess_cnt,http_err_cnt,http_req_rate(1h)

backend table3
    stick-table type string len 32 size 100 expire 1h store server_id,gpc0,gpc0_rate(1h),gpc1,gpc1_rate(1h),gpt0,conn_cnt,conn_cur,conn_rate(1h),sess_cnt,sess_rate(1h),http_req_cnt,http_req_rate(1h),http_err_cnt,http_err_rate(1h),http_fail_cnt,http_fail_rate(1h),bytes_in_cnt,bytes_in_rate(1h),bytes_out_cnt,bytes_out_rate(1h)

backend table4
    stick-table type ip size 100 expire 1h store gpc(3),gpc_rate(3,1h),gpt(3),conn_cnt,conn_cur,conn_rate(1h),sess_cnt,sess_rate(1h),http_req_cnt,http_req_rate(1h),http_err_cnt,http_fail_cnt,bytes_in_cnt,bytes_out_cnt

backend servers
    server o1 127.0.0.1:{dead} weight 7
    server o2 127.0.0.1:{dead} weight 3 disabled

backend empty

frontend ready
    bind 127.0.0.1:{ready}

"""


def is_condition(expression):
    return expression.startswith(("{", "!{", "if ", "unless "))


def expression_line(number, rules, scope, expression):
    """The rule that keeps the answer of one expression: a sample, a condition, or a format."""
    name = f"{scope}.e{number}"
    if is_condition(expression):
        return f"{rules} set-var({name}) bool(true) {'if ' if expression[0] in '{!' else ''}{expression}"
    if expression.startswith("fmt "):
        return f"{rules} set-var-fmt({name}) {expression[4:]}"
    return f"{rules} set-var({name}) {expression}"


def answer(scope, number):
    variable = f"var({scope}.e{number}"
    return f"%[{variable}),length]:%[{variable}),hex]:%[{variable}),concat(),hex]"


def quoted(data):
    """Bytes between quotes, with escapes for those that are no letters."""
    text = "".join(chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\x{byte:02x}" for byte in data)
    return f'"{text}"'


def words(expression, found):
    """The answer of an expression as one word: a number, an address, or quoted bytes."""
    length, binary, text = (part if part != "-" else "" for part in found.split(":"))
    if not length:
        return "false" if is_condition(expression) else NO_VALUE
    binary, text = bytes.fromhex(binary), bytes.fromhex(text)
    if is_condition(expression):
        return "true"
    if len(binary) == 8 and str(int.from_bytes(binary, "big", signed=True)).encode() == text:
        return text.decode()
    try:
        address = ipaddress.ip_address(text.decode("latin-1"))
    except ValueError:
        address = None
    if address and address.packed == binary:
        return text.decode()
    if binary.partition(b"\x00")[0] == text:
        return quoted(binary)
    return f"{quoted(text)} {quoted(binary)}"


class Group:
    """Rows on the same message at the same place: a frontend."""

    def __init__(self, number, rows):
        self.name, self.rows = f"{rows[0].request.replace('@', '-')}-{number}", rows
        self.message, self.rules, self.scope, self.place = messages.find(rows[0].request)

    def lines(self, port, origin, refused):
        """The section's lines, without the rows that are refused."""
        message, known = self.message, [row for row in self.rows if row.number not in refused]
        yield f"{'listen' if message.response else 'frontend'} {self.name}"
        yield f"    mode {message.mode}"
        yield f"    bind 127.0.0.1:{port} {message.bind}"
        for line in message.lines:
            yield f"    {line}"
        for row in known:
            yield "    " + expression_line(row.number, self.rules, self.scope, row.expression)
        if message.response:
            yield f"    server s1 127.0.0.1:{origin} {message.server}"
        told = "".join(f" e{row.number}={answer(self.scope, row.number)}" for row in known)
        yield "    log global"
        # The count of bytes makes the line wait for the end.
        yield f'    log-format "%B {self.name}{told} end"'
        if (message.mode, bool(message.response)) in ENDS:
            yield f"    {ENDS[message.mode, bool(message.response)]}"


def groups(rows):
    """The rows by message and place, in their order."""
    together = {}
    for row in rows:
        together.setdefault(row.request, []).append(row)
    sizes = {name: len(many) if messages.find(name)[0].together else GROUP for name, many in together.items()}
    parts = [many[at:at + sizes[name]] for name, many in together.items() for at in range(0, len(many), sizes[name])]
    return [Group(number, part) for number, part in enumerate(parts)]


def origin(message):
    """Serves a message's response to every connection; returns the port."""
    context = messages.origin_context() if message.server.startswith("ssl") else None

    def talk(connection):
        if context:
            with context.wrap_socket(connection, server_side=True) as secure:
                answer_to(secure)
        else:
            answer_to(connection)

    def answer_to(connection):
        received = b""
        while b"\r\n\r\n" not in received and received != b"ping":
            if not (more := connection.recv(65536)):
                return
            received += more
        connection.sendall(message.response)

    return support.serve(talk)


def free_ports(count):
    """Ports of 127.0.0.1 nobody uses, below those that the system gives to clients."""
    found, port = [], random.randrange(10000, 28000)
    while len(found) < count:
        port += 1
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                found.append(port)
            except OSError:
                pass  # in use
    return found


class Run:
    """One proxy on all rows. `answers` has each row's word by its number, `pending` the names of what the proxy
    says it accepts without executing it."""

    def __init__(self, path, rows):
        self.path, self.groups = path, groups(rows)
        self.answers, self.pending, self.refused = {}, set(), set()
        self.syslog, self.lines, self.read, self.lock = support.Syslog(), {}, 0, threading.Lock()
        self.ports = dict(zip((group.name for group in self.groups), free_ports(len(self.groups))))
        self.origins = {group.name: origin(group.message) for group in self.groups if group.message.response}
        self.dead, self.ready = free_ports(2)
        with tempfile.TemporaryDirectory(prefix="expressions-") as folder:
            self.folder = pathlib.Path(folder)
            parts = [self.groups[at:at + TOGETHER] for at in range(0, len(self.groups), TOGETHER)]
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                list(pool.map(self.find_refused, parts))
            config = self.write("all.cfg", self.groups)
            if refusal := self.refusal(config):
                raise RuntimeError(f"{self.path} -c refuses more than expressions:\n{refusal}")
            self.play(config)
        self.answers.update(dict.fromkeys(self.refused, REFUSED))

    def write(self, name, groups):
        """Writes a configuration with the groups, without what is refused."""
        lines = CONFIG.format(syslog=self.syslog.port, dead=self.dead, ready=self.ready).splitlines()
        for group in groups:
            lines += group.lines(self.ports.get(group.name, self.dead), self.origins.get(group.name, self.dead), self.refused)
        config = self.folder / name
        config.write_text("".join(f"{line}\n" for line in lines))
        return config

    def find_refused(self, groups):
        """Finds the rows that `-c` refuses: those of the lines it names, until it takes the rest."""
        name = groups[0].name + ".cfg"
        while refusal := self.refusal(self.write(name, groups)):
            text = (self.folder / name).read_text().splitlines()
            lines = [text[int(line) - 1] for line in re.findall(r"\.cfg:(\d+)\]", refusal)]
            found = {int(match[1]) for line in lines if (match := re.search(r" set-var(?:-fmt)?\(\w+\.e(\d+)\)", line))}
            self.refused |= found or self.refused_alone([row for group in groups for row in group.rows])

    def refused_alone(self, rows):
        """The numbers of the rows that `-c` refuses when each stands alone, for refusals that name no line."""
        alone = [row for row in rows if row.number not in self.refused]
        found = {row.number for row in alone if self.refusal(self.write(f"{row.number}.cfg", [Group(0, [row])]))}
        if not found:
            raise RuntimeError(f"{self.path} -c refuses expressions together that it takes alone")
        return found

    def refusal(self, config):
        """The alerts of `-c` on a configuration; nothing where it takes it."""
        command = [self.path, "-c", "-f", str(config)]
        done = subprocess.run(command, cwd=messages.FIXTURES, capture_output=True, text=True, errors="replace", timeout=300)
        told = done.stdout + done.stderr
        self.pending |= set(re.findall(r"'([^']+)' is accepted but not executed yet", told))
        return "".join(re.findall(r"^\[ALERT\].*\n(?:[ \t].*\n)*", told, re.M)) if done.returncode else ""

    def is_pending(self, row):
        """Whether the row or what its message needs is not executed yet."""
        return bool(self.pending & (table.names(row.expression) | table.names(" ".join(messages.find(row.request)[0].lines))))

    def play(self, config):
        """Starts the proxy and sends each group's message; groups it dies on, or leaves without an answer, once
        more and alone."""
        left = self.answered(config, self.groups)
        for group in left:
            if self.answered(config, [group]):
                self.answers.update((row.number, NO_ANSWER) for row in group.rows)

    def answered(self, config, groups):
        """Takes the answers of groups from one process; returns the groups without one."""
        left = []
        with support.start_proxy(self.path, str(config), [self.ready], cwd=messages.FIXTURES, env=UTC) as proxy:
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                for group, told in zip(groups, pool.map(lambda group: self.ask(group, proxy), groups)):
                    if told is None:
                        left.append(group)
                        continue
                    fields = dict(field.split("=", 1) for field in told.split())
                    self.answers.update((row.number, words(row.expression, fields[f"e{row.number}"]))
                                        for row in group.rows if row.number not in self.refused)
        return left

    def ask(self, group, proxy):
        """Sends a group's message; what its log line tells, None where there is none."""
        found = None

        def arrived():
            nonlocal found
            found = self.told(group.name)
            return found is not None or not proxy.running()

        try:
            with socket.create_connection(("127.0.0.1", self.ports[group.name])) as client:
                if group.message.tls:
                    client = group.message.tls.wrap_socket(client, server_hostname="www.Sni.example")
                client.sendall(group.message.data)
                support.wait_for(f"the log line of {group.rows[0].request}", arrived, SECONDS)
        except OSError:
            pass  # a timeout, or the process is gone
        return found

    def told(self, name):
        """What the last log line of a group tells; each line is read once."""
        with self.lock:
            for line in self.syslog.lines[self.read:]:
                self.read += 1
                if match := re.search(r"\]: \d+ (\S+)( .*)? end$", line):
                    self.lines[match[1]] = match[2] or ""
            return self.lines.pop(name, None)
