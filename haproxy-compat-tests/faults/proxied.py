"""Replays the rows about the PROXY protocol: a header and a request to a frontend that expects a header."""

import contextlib
import re
import socket
import threading
import time

import http1
import limits
import table

CONFIG = """
frontend proxied
    bind 127.0.0.1:{proxied} accept-proxy
    default_backend origin
"""
# Where the table says in words what follows from the timeouts of the frontend.
CLOSES = {"RST at once": "FIN at once", "FIN after keep-alive timeout": "FIN after 0.8 s"}
# A header that is refused for what stands behind its addresses has told them already: one row at a time.
TOLD = {"PP-16": "127.0.0.1:42", "PP-18": "127.0.0.1:42", "PP-23": "127.0.0.1:42"}
TURN = threading.Lock()
FIRST_PART = 10  # bytes of a header that is sent in two parts


def replay(row, *rest):
    """Plays one row, alone where its log line may be taken for another's."""
    with TURN if row.id in TOLD else contextlib.nullcontext():
        return play(row, *rest)


def play(row, port, logs, requests):
    """Plays one row. Returns what the table wants and what was observed, by aspect."""
    since = len(logs.syslog.lines)
    data, _ = http1.action(row)
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        source = client.getsockname()[1]
        parts = [data[:FIRST_PART], data[FIRST_PART:]] if "two parts" in row.description else [data]
        client.sendall(parts[0])
        if len(parts) > 1:
            time.sleep(0.2)
            with contextlib.suppress(OSError):  # the proxy may have refused the first part already
                client.sendall(parts[1])
        received, seconds = http1.receive(client, http1.WATCH)
    expected = table.parse(row.reaction)
    expected["answer"] = expected["answer"].partition(" (")[0]
    wanted = expected.get("close")
    close = CLOSES.get(wanted, wanted)
    matches = wanted is None or table.close_matches(close, seconds)
    expected["log"] = wanted_log(row)
    observed = {"answer": http1.answer(received), "close": wanted if matches else f"end after {seconds} s",
                "log": logged(row, logs, since, source, expected["log"]), "origin": str(requests[row.id])}
    return expected, observed


def wanted_log(row):
    """The status and letters with the client's address where the table tells it, or the message."""
    return re.search(r"; log (.*?)(?:; origin|$)", row.reaction)[1]


def logged(row, logs, since, source, wanted):
    """The row's line as the table words it: waited for, since it follows the end of the connection."""
    client = TOLD.get(row.id, f"127.0.0.1:{source}")
    end = time.monotonic() + 2.5
    lines = []
    while not lines and time.monotonic() < end:
        time.sleep(0.05)
        lines = [line for line in logs.syslog.lines[since:]
                 if f"/c/{row.id}/" in line or " proxied/" in line and f" {client} [" in line]
    texts = []
    for line in lines:
        text = limits.termination(line).partition(": ")
        client = re.search(r"\]: (\S+) \[", line)
        with_client = f" with client {client[1]}" if client and " with client " in wanted else ""
        texts.append((text[2] or text[0]) + with_client)
    return " + ".join(texts) or "-"
