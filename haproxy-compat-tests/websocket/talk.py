#!/usr/bin/env python3
"""A real WebSocket client and server talk through the proxy: HTTP/1 all the way, and over HTTP/2 between
two of its listeners (RFC 8441), where the proxy makes the handshake's key itself.

Needs the package `websockets` from PyPI; without it the script says so and succeeds."""

import asyncio
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import support

try:
    import websockets
    from websockets.asyncio.client import connect
    from websockets.asyncio.server import serve
except ImportError:
    print("skipped: the package websockets is missing")
    sys.exit(0)

CONFIG = """
defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 20s
    timeout tunnel 30s
listen h1
    bind 127.0.0.1:{h1}
    server s 127.0.0.1:{origin}
listen h2
    bind 127.0.0.1:{h2}
    server s 127.0.0.1:{back} proto h2
listen forced
    bind 127.0.0.1:{forced}
    server s 127.0.0.1:{back} ws h2
listen back
    bind 127.0.0.1:{back} proto h2
    server s 127.0.0.1:{origin}
"""

# Frames with 7, 16 and 64 bits of length; the last is more than all windows and buffers.
SIZES = [0, 1, 125, 126, 65535, 65536, 3_000_000]


async def echo(connection):
    async for message in connection:
        await connection.send(message)


async def talk(port):
    """One connection: texts, large frames in both directions, a ping, a close with its code."""
    async with connect(f"ws://127.0.0.1:{port}/chat", max_size=None, compression=None, proxy=None) as client:
        for size in SIZES:
            for message in ("t" * size, bytes(size)):
                await client.send(message)
                assert await client.recv() == message, f"{size} bytes came back changed"
        await (await client.ping())
    assert client.close_code == 1000, client.close_code


async def push(port, count):
    """Many connections at once."""
    await asyncio.gather(*(talk(port) for _ in range(count)))


async def main():
    path = support.binary()
    origin, h1, h2, forced, back = support.free_ports(5)
    config = CONFIG.format(origin=origin, h1=h1, h2=h2, forced=forced, back=back)
    with tempfile.NamedTemporaryFile("w", suffix=".cfg") as file:
        file.write(config)
        file.flush()
        async with serve(echo, "127.0.0.1", origin, max_size=None, compression=None):
            with support.start_proxy(path, file.name, [h1, h2, forced, back]):
                for name, port in (("h1", h1), ("h2", h2), ("forced", forced)):
                    await asyncio.wait_for(talk(port), 30)
                    await asyncio.wait_for(push(port, 5), 60)
                    print(f"{name}: fine")


support.end_on_signals()
print(f"websockets {websockets.__version__}")
asyncio.run(main())
