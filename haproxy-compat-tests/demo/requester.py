"""A client that keeps requesting, a connection per request, until it is told to stop."""

import http.client
import threading


class Requester:
    """Counts the requests it has `done`; `failed` holds the error of each one that failed."""

    def __init__(self, port):
        self.port, self.done, self.failed = port, 0, []
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join(20)

    def _run(self):
        while not self.stop.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            try:
                connection.request("GET", "/page", headers={"Connection": "close"})
                status = connection.getresponse().status
                if status != 302:
                    self.failed.append(f"status {status}")
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(repr(error))
            finally:
                connection.close()
            self.done += 1
