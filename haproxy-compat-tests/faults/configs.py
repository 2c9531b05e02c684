"""Replays the rows about configuration files: the exit status of `-c` and a piece of its message."""

import os
import re
import subprocess

BASE = """\
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend f
    bind 127.0.0.1:1
"""
# The row's file (bytes) and the piece of the message that the row's reaction means.
FILES = {
    "CF-01": (BASE, ""),
    "CF-02": (BASE + "    bogus x\n", "unknown keyword 'bogus' in 'frontend' section"),
    "CF-04": (b"# a\0b\n", "Missing LF on last line, file might have been truncated at position"),
    "CF-05": (BASE + "    acl a path" + " x" * 100 + "\n", "too many words, truncating"),
    "CF-06": (BASE + "    acl a path " + "a" * 70000 + "\n", ""),
    "CF-07": (BASE + '    http-request set-header X "abc\n', "unmatched quote at position"),
    "CF-09": (BASE + "    default_backend nope\n", "unable to find required default_backend: 'nope'"),
    "CF-10": ("frontend f\n    mode http\n    bind 127.0.0.1:1\n", "missing timeouts for frontend 'f'"),
    "CF-11": (BASE + "    bind 127.0.0.1:2 ssl crt /nope.pem\n", "unable to stat SSL certificate from file"),
    "CF-12": (BASE + "    bind :70000\n", "invalid port '70000'"),
    "CF-14": (BASE + "    acl a nofetch x\n", "unknown fetch method"),
    "CF-15": (".if defined(X)\n" + BASE, "non-terminated '.if' block"),
    "CF-16": ("global\n    lua-load /nope.lua\n" + BASE, "error in Lua file"),
    "CF-17": ("", ""),
    "CF-19": ("global\n    tune.http.maxhdr 40000\n" + BASE, "between 1 and 32767"),
    "CF-20": (BASE + "    timeout client 99999999d\n", "timer overflow"),
    "CF-21": (BASE + "backend b\n    server s no.such.host.invalid:80\n", "could not resolve address"),
    "CF-22": (BASE.replace("mode http", "mode tcp") + "    http-request deny\n", "as they require HTTP mode"),
    "CF-24": (BASE + "    errorfile 400 /nope\n", "error opening file"),
    "CF-25": (BASE + '    bind ":${NOPE_PORT}"\n', "missing port"),
    "CF-26": (None, "Cannot open configuration file/directory"),
}


def replay(row, path, folder):
    """Returns what `-c` did, and what the row's reaction asks for, both as `exit N` and a message."""
    content, message = FILES[row.id]
    file = folder / f"{row.id}.cfg"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    environment = {key: value for key, value in os.environ.items() if key != "NOPE_PORT"}
    done = subprocess.run([path, "-c", "-f", str(file)], capture_output=True, text=True, timeout=60, env=environment)
    printed = done.stdout + done.stderr
    wanted = re.match(r"exit (\d+)", row.reaction)[1]
    said = message if message in printed else printed.strip()
    return f"exit {done.returncode}, {said}", f"exit {wanted}, {message}"
