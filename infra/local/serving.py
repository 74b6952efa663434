"""Serves the product's own targets over HTTP on this machine, each by functions_framework as its runtime would."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
ROOT = Path(__file__).parents[2]
FUNCTIONS = ("propose", "decide", "reconcile", "notify", "alerts", "incidents", "sweep")
TARGETS = (*FUNCTIONS, "bot")
ONE_AT_A_TIME = frozenset({"notify"})
"""Deployed with at most one instance and no concurrency."""
Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]
Around = Callable[[str, Wsgi], Wsgi]
"""Target, its app -> the app that is served."""


def as_it_is(_target: str, app: Wsgi) -> Wsgi:
    """Serve the app itself."""
    return app


class Listening:
    """One target with its port open, at ``url``. Whoever calls waits until ``answer`` is running."""

    def __init__(self, target: str, around: Around = as_it_is) -> None:
        import functions_framework  # noqa: PLC0415 - a third of a second that starting a child need not wait for

        folder, signature = ("functions", "cloudevent") if target in FUNCTIONS else ("bot", "http")
        app: Wsgi = around(target, functions_framework.create_app(target, str(ROOT / folder / "main.py"), signature))
        self._server = _Server((HOST, 0), _handler(_in_turn(app) if target in ONE_AT_A_TIME else app))
        self.url = f"http://{HOST}:{self._server.server_port}"

    def answer(self) -> None:
        """Answer callers until ``end`` is called by another thread."""
        self._server.serve_forever(0.05)

    def end(self) -> None:
        """Have ``answer`` return."""
        self._server.shutdown()

    def close(self) -> None:
        """Close the port, in this process."""
        self._server.server_close()


class Served:
    """One target that listens and answers, in a thread of this process. ``url`` says where."""

    def __init__(self, target: str, around: Around = as_it_is) -> None:
        self._listening = Listening(target, around)
        self.url = self._listening.url
        self._thread = threading.Thread(target=self._listening.answer, name=target, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close the port."""
        self._listening.end()
        self._listening.close()
        self._thread.join(timeout=5)


def serve_all(around: Around = as_it_is) -> dict[str, Served]:
    """Serve the bot and every function; each reads its settings from the environment at its first request."""
    return {name: Served(name, around) for name in TARGETS}


class Apart:
    """A process for the product alone, so that it and the cloud each have a core. It starts, and waits for settings.

    It ends when its input does, so it never outlives this one.
    """

    def __init__(self, module: str = "infra.local.serving") -> None:
        self._child = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )

    def serve(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Serve every target with these settings; return target -> where it listens. Raises OSError if it cannot."""
        urls: dict[str, str] = self._ask(dict(environment))
        return urls

    def _ask(self, question: object) -> Any:
        """Say one thing to the child and return its answer. Raises OSError if there is none."""
        line = ""
        if self._child.stdin and self._child.stdout:
            self._child.stdin.write(json.dumps(question) + "\n")
            self._child.stdin.flush()
            line = self._child.stdout.readline()
        if not line:
            raise OSError("the product's process ended before it could serve")
        return json.loads(line)

    def stop(self) -> None:
        """End the child."""
        if self._child.stdin:
            self._child.stdin.close()
        self._child.wait(timeout=10)


def main() -> None:
    """Serve every target by the settings on the first line of the input, and end with the input."""
    served = serve_all()  # everything is loaded while the settings are still on their way
    os.environ.update(json.loads(sys.stdin.readline() or "{}"))
    sys.stdout.write(json.dumps({name: each.url for name, each in served.items()}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    for each in served.values():
        each.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # callers who wait while nobody answers yet
    block_on_close = False


def _in_turn(app: Wsgi) -> Wsgi:
    lock = threading.Lock()

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with lock:
            return app(environ, start_response)

    return answer


def _handler(app: Wsgi) -> type[BaseHTTPRequestHandler]:
    """Return a handler that answers by the app, in one write, on connections that stay open.

    werkzeug's own server closes each connection and listens another 10 ms for more: a story of thousands of messages
    would take twice as long.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            try:
                status, headers, content = _answer(app, _environ(self, body))
            except SystemExit:  # the invocation was killed: whoever called hears nothing
                self.close_connection = True
                return
            lines = [f"{self.protocol_version} {status}", *(f"{name}: {value}" for name, value in headers)]
            head = "\r\n".join([*lines, f"Content-Length: {len(content)}", "", ""])
            self.wfile.write(head.encode("latin-1") + content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class has it
            """Say nothing: the functions log for themselves."""

    return Handler


def _environ(request: BaseHTTPRequestHandler, body: bytes) -> dict[str, Any]:
    path, _, query = request.path.partition("?")
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()}
    sock: socket.socket = request.connection
    return {
        **headers,
        "REQUEST_METHOD": request.command,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": HOST,
        "SERVER_PORT": str(sock.getsockname()[1]),
        "SERVER_PROTOCOL": request.request_version,
        "REMOTE_ADDR": request.client_address[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def _answer(app: Wsgi, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
    started: list[tuple[str, list[tuple[str, str]]]] = []
    chunks = app(environ, lambda status, headers, _exc_info=None: started.append((status, headers)))
    content = b"".join(chunks)
    status, headers = started[-1]
    return status, [(name, value) for name, value in headers if name.lower() != "content-length"], content


if __name__ == "__main__":
    main()
