"""Pebble as the ACME server: its own certificate by openssl, names answered by pebble-challtestsrv so
that every one of them is 127.0.0.1, challenges asked for on the port that stands in for 80."""

import json
import os
import ssl
import subprocess
import urllib.request

import support


class Pebble:
    """An ACME server for the length of a `with` block: its `directory`, the file to `trust` to reach
    it, and the `root()` of what it issues."""

    def __init__(self, folder, http_port):
        self.trust, key = folder / "pebble.pem", folder / "pebble.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(self.trust)],
            check=True, capture_output=True, timeout=60,
        )
        self.port, self.management, tls, names_admin = support.free_ports(4)
        self.names, = support.free_ports(1)
        self.config = folder / "pebble.json"
        self.config.write_text(json.dumps({"pebble": {
            "listenAddress": f"127.0.0.1:{self.port}",
            "managementListenAddress": f"127.0.0.1:{self.management}",
            "certificate": str(self.trust),
            "privateKey": str(key),
            "httpPort": http_port,
            "tlsPort": tls,
        }}))
        self.names_admin = names_admin
        self.directory = f"https://localhost:{self.port}/dir"

    def __enter__(self):
        self.resolver = support.Child(
            ["pebble-challtestsrv", "-dns01", f"127.0.0.1:{self.names}", "-management", f"127.0.0.1:{self.names_admin}",
             "-defaultIPv6", "", "-http01", "", "-https01", "", "-tlsalpn01", ""])
        # No artificial delay, and no nonce refused at random.
        environment = {**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"}
        self.server = support.Child(
            ["pebble", "-config", str(self.config), "-dnsserver", f"127.0.0.1:{self.names}"], env=environment)
        try:
            support.wait_for("the name server", lambda: support.listens(self.names))
            support.wait_for("Pebble", lambda: support.listens(self.port) and support.listens(self.management))
        except TimeoutError as error:
            self.__exit__()
            raise RuntimeError(f"{error}\n{self.resolver.printed()}{self.server.printed()}") from error
        return self

    def __exit__(self, *_):
        self.server.__exit__()
        self.resolver.__exit__()

    def root(self):
        """The root certificate as PEM, from the management interface."""
        context = ssl.create_default_context(cafile=str(self.trust))
        address = f"https://localhost:{self.management}/roots/0"
        with urllib.request.urlopen(address, context=context, timeout=20) as answer:
            return answer.read().decode()
