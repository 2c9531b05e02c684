"""Replays the rows whose action is HTTP/2 frames, and words what comes back as the table does."""

import re
import socket
import time

import http1
import table

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = bytes.fromhex("000000040000000000")
CODES = ["NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
         "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM"]
DATA, HEADERS, RST, PING, GOAWAY, WINDOW, CONTINUATION = 0, 1, 3, 6, 7, 8, 9
END_STREAM, END_HEADERS = 1, 4
STATIC_STATUS = {8: "200", 9: "204", 10: "206", 11: "304", 12: "400", 13: "404", 14: "500"}


def frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def literal(name, value):
    """A header field without indexing, names and values below 127 bytes."""
    return bytes([0, len(name)]) + name + bytes([len(value)]) + value


def request(path, method=b"GET"):
    return (literal(b":method", method) + literal(b":scheme", b"http")
            + literal(b":path", b"/c/@I@/" + path) + literal(b":authority", b"a"))


def long_actions():
    """The frames of the rows that are longer than the table shows them."""
    ok, hang = request(b"ok"), request(b"hang", b"POST")
    big = b"\x40\x01x\x7f\xa1\x1e" + b"a" * 4000  # x: 4,000 bytes, entered into the dynamic table
    get = frame(HEADERS, END_STREAM | END_HEADERS, 1, ok)
    begin = frame(HEADERS, END_STREAM, 1, ok)
    post = frame(HEADERS, END_HEADERS, 1, request(b"ok", b"POST"))
    x10000 = b"\x7f\x91\x4d" + b"a" * 10000

    def block(extra):
        return frame(HEADERS, END_STREAM | END_HEADERS, 1, ok + extra)

    return {
        "H2-06": frame(DATA, 0, 1, b"a" * 16385),
        "H2-41": block(big + b"\xbe" * 10000),
        "H2-42": block(big + b"\xbe" * 2),
        "H2-43": begin + frame(CONTINUATION, 0, 1, b"\0\x03x-a" + x10000)
        + frame(CONTINUATION, END_HEADERS, 1, b"\0\x03x-b" + x10000),
        "H2-44": block(b"".join(literal(b"x-%d" % n, b"1") for n in range(150))),
        "H2-74": b"".join(frame(HEADERS, END_HEADERS, n, hang) for n in range(1, 203, 2)),
        "H2-76": begin + frame(CONTINUATION, 0, 1) * 2000,
        "H2-77": begin + frame(CONTINUATION, 0, 1, literal(b"x", b"a" * 90)) * 1000,
        "H2-78": post + frame(DATA, 0, 1) * 2000 + frame(DATA, END_STREAM, 1),
        "H2-79": frame(PING, 0, 0, b"12345678") * 2000 + get,
        "H2-81": b"".join(frame(HEADERS, END_STREAM | END_HEADERS, n, request(b"slow1"))
                          + frame(WINDOW, 0, n, bytes(4)) for n in range(1, 1001, 2))
        + frame(HEADERS, END_STREAM | END_HEADERS, 1001, ok),
        "H2-88": frame(HEADERS, END_HEADERS, 1, hang) + frame(DATA, 0, 1, b"a" * 16384) * 140,
        "H2-98": block(b"\x40\x06cookie\0" + b"\xbe" * 4000),
        "H2-99": block(b"\x40\x01x\x01y" + b"\xbe" * 4000),
    }


LONG = long_actions()


def tag(row):
    """Three characters for a row, in the place of the table's @I@."""
    return row.id.replace("2-", "")


def action(row):
    """The bytes to send, and whether the client's FIN follows them."""
    text = row.action.removesuffix(" then FIN")
    if row.id in LONG:
        data = LONG[row.id]
        shown = bytes.fromhex(re.search(r"hex ([0-9a-f]+)", text)[1][:200])
        assert data.startswith(shown) and (f"({len(data)} bytes)" in text), f"{row.id}: not the table's {len(data)}"
    else:
        data = bytes.fromhex(re.search(r"hex ([0-9a-f]*)", text)[1])
    start = PREFACE + SETTINGS if text.startswith("preface+SETTINGS") else PREFACE if text.startswith("preface") else b""
    return start + data.replace(b"@I@", tag(row).encode()), row.action.endswith(" then FIN")


# The last frame comes when the answer is there.
LATE = {"H2-82": 10, "H2-83": 67}


def replay(row, port, watch):
    """Plays one row and watches so many seconds. Returns the client's port, the answer and the close as the
    table words them."""
    data, fin = action(row)
    late = len(data) - LATE.get(row.id, 0)
    with socket.create_connection(("127.0.0.1", port)) as client:
        source = client.getsockname()[1]
        client.settimeout(http1.WATCH)
        try:
            client.sendall(data[:late])
            if row.id in LATE:
                time.sleep(0.3)
                client.sendall(data[late:])
            if fin:
                time.sleep(0.2)
                client.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the proxy does not take it all: its answer tells
        start, frames, buffer, end = time.monotonic(), [], b"", None
        while end is None and (left := start + watch - time.monotonic()) > 0:
            received, end = http1.receive(client, min(left, 0.1))
            end = end and time.monotonic() - start
            buffer = take(buffer + received, frames, time.monotonic() - start)
    return source, words(frames), close(frames, end)


def take(buffer, frames, now):
    """Moves the whole frames of the buffer to the list; returns the rest."""
    while len(buffer) >= 9 and len(buffer) >= 9 + (size := int.from_bytes(buffer[:3], "big")):
        stream = int.from_bytes(buffer[5:9], "big")
        frames.append((now, buffer[3], buffer[4], stream, buffer[9:9 + size]))
        buffer = buffer[9 + size:]
    return buffer


def code(payload):
    number = int.from_bytes(payload, "big")
    return CODES[number] if number < len(CODES) else f"0x{number:x}"


def status(block):
    """The :status at the start of a header block, which is where RFC 9113 wants it."""
    while block and block[0] & 0xE0 == 0x20:  # a change of the dynamic table's size
        block = block[1:]
    if block and block[0] & 0x80:
        return STATIC_STATUS.get(block[0] & 0x7F, f"index {block[0] & 0x7F}")
    if len(block) < 2:
        return "?"
    value = block[2:2 + (block[1] & 0x7F)]
    if not block[1] & 0x80:
        return value.decode("latin-1")
    bits, digits = "".join(f"{byte:08b}" for byte in value), ""
    while len(digits) < 3:  # Huffman: 0 to 2 in five bits, 3 to 9 in six
        five = int(bits[:5], 2)
        digits, bits = (digits + str(five), bits[5:]) if five < 3 else (digits + str(int(bits[:6], 2) - 22), bits[6:])
    return digits


def words(frames):
    """What came back, in the table's words and order of first occurrence."""
    seen = []
    for now, kind, flags, stream, payload in frames:
        if kind == HEADERS:
            seen.append(f"{status(payload)}(s{stream}{'' if flags & END_STREAM else '+'})")
        if kind in (HEADERS, DATA) and flags & END_STREAM:
            seen.append(f"END_STREAM(s{stream})")
        elif kind == RST:
            seen.append(f"RST(s{stream},{code(payload)})")
        elif kind == PING and flags & 1:
            seen.append("PINGACK")
        elif kind == GOAWAY and not idle(now, payload):
            seen.append(f"GOAWAY({code(payload[4:8])})")
    return counted(seen) or "no frame"


def counted(seen):
    pings = seen.count("PINGACK")
    resets = [one for one in seen if one.startswith("RST(")]
    if pings:
        seen = [f"PINGACK x{pings}"] + [one for one in seen if one != "PINGACK"]
    if len(resets) > 2:
        seen = [f"RST(sN,{resets[0].split(',')[1]} x{len(resets)}"] + [one for one in seen if one not in resets]
    return " ".join(seen)


def idle(now, payload):
    return now >= table.AT_ONCE and payload[4:8] == bytes(4)


def close(frames, end):
    """How the connection ended."""
    if any(kind == GOAWAY and idle(now, payload) for now, kind, _, _, payload in frames):
        return "GOAWAY(NO_ERROR) at idle timeout"
    if end is not None and end < table.AT_ONCE:
        return "connection closed at once"
    return "still open" if end is None else f"closed after {end:.1f} s"
