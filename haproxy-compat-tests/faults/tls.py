"""Replays the rows about TLS that need no client certificate and no other program."""

import socket
import ssl
import subprocess

import http1

ALERTS = {10: "unexpected_message", 22: "record_overflow", 40: "handshake_failure", 70: "protocol_version"}
REASONS = {"PROTOCOL_VERSION": 70, "HANDSHAKE_FAILURE": 40}
# Bytes instead of a handshake. A version 2 hello names 21 bytes of ciphers and 16 of challenge.
RAW = {
    "TL-10": bytes.fromhex("1603010200"),
    "TL-12": bytes.fromhex("160301ffff") + b"a" * 2000,
    "TL-13": bytes.fromhex("802e0100020015000000100700c0030080010080060040040080020080") + bytes(20),
    "TL-14": bytes.fromhex("1603010000") * 500,
    "TL-15": bytes.fromhex("15030100020228"),
}
CLIENT = {"TL-02": {"maximum": ssl.TLSVersion.TLSv1_1}, "TL-03": {"ciphers": "ECDHE-ECDSA-AES128-GCM-SHA256"},
          "TL-04": {"alpn": ["foo"]}, "TL-05": {}, "TL-17": {"alpn": ["h2"]}}
ROWS = RAW.keys() | CLIENT.keys()


def certificate(folder):
    """Makes the file for `crt`: an RSA certificate for localhost and its key."""
    pem = folder / "localhost.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-keyout", str(folder / "key"), "-out", str(folder / "certificate")],
        check=True, capture_output=True, timeout=60,
    )
    pem.write_bytes((folder / "certificate").read_bytes() + (folder / "key").read_bytes())
    return pem


def replay(row, port):
    """Plays one row. Returns the client's port, the answer as the table words it, and the seconds to the end."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        source = client.getsockname()[1]
        if row.id in RAW:
            client.sendall(RAW[row.id])
            received, seconds = http1.receive(client, http1.WATCH)
            return source, alert(received), seconds
        try:
            return source, *handshake(client, row)
        except ssl.SSLError as error:
            number = next((code for name, code in REASONS.items() if name in (error.reason or "")), 0)
            return source, f"alert {ALERTS.get(number, error.reason)}({number})", 0.0


def handshake(client, row):
    wanted = CLIENT[row.id]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if "maximum" in wanted:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = wanted["maximum"]
    if "ciphers" in wanted:
        context.set_ciphers(wanted["ciphers"])
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(wanted.get("alpn", []))
    client.settimeout(5)
    with context.wrap_socket(client, server_hostname="other.example") as secure:
        secure.sendall(f"GET /c/{row.id}/ok HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        received, seconds = http1.receive(secure, http1.WATCH)
        alpn = secure.selected_alpn_protocol() or "none"
    # What an HTTP/2 server says before it hears the client is no answer to HTTP/1 bytes.
    answer = "nothing" if alpn == "h2" and b"HTTP/1." not in received else http1.answer(received)
    return f"{answer}, ALPN {alpn}", seconds


def alert(received):
    """The alert that ends what was received."""
    if len(received) < 7 or received[-7] != 21:
        return "no alert"
    return f"alert {ALERTS.get(received[-1], '?')}({received[-1]})"


def expected(row):
    """The answer the row's reaction asks for."""
    if row.reaction.startswith("alert "):
        return row.reaction.split(",")[0].split(";")[0]
    return {"TL-04": "200, ALPN none", "TL-05": "200, ALPN none", "TL-10": "no alert", "TL-17": "nothing, ALPN h2"}[row.id]


def logged(row):
    """A piece of the log line the row's reaction asks for; None where it names none."""
    if row.id == "TL-10":
        return "Timeout during SSL handshake"
    return "SSL handshake failure" if "log SSL handshake failure" in row.reaction else None
