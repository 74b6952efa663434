"""A server that answers every request alike, so that the client libraries raise what they raise in earnest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class Answering:
    """What is answered, and what was asked. ``code`` 0 hangs up without a word."""

    code: int = 200
    body: str = "{}"
    content: str = "application/json"
    url: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Method and address line of each request."""
    headers: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def answering() -> Iterator[Answering]:
    told = Answering()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            told.asked.append((self.command, self.path))
            told.headers.append(dict(self.headers))
            if not told.code:
                self.close_connection = True
                return
            body = told.body.encode()
            self.send_response(told.code)
            self.send_header("Content-Type", told.content)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815 - the names that http.server looks for

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
