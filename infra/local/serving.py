"""Serves the product's own targets over HTTP on this machine, each by functions_framework as its runtime would."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import functions_framework
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

HOST = "127.0.0.1"
ROOT = Path(__file__).parents[2]
FUNCTIONS = ("propose", "decide", "reconcile", "notify", "sweep")
ONE_AT_A_TIME = frozenset({"notify"})
"""Deployed with at most one instance and no concurrency."""
Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        # Head and body of an answer leave in two writes: without this the second waits for the first one's ack.
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: the functions log for themselves."""


class Served:
    """One target that listens. ``url`` says where."""

    def __init__(self, target: str, source: Path, signature: str) -> None:
        app: Wsgi = functions_framework.create_app(target, str(source), signature)
        one_at_a_time = _in_turn(app) if target in ONE_AT_A_TIME else app
        self._server: BaseWSGIServer = make_server(HOST, 0, one_at_a_time, threaded=True, request_handler=_Quiet)
        self.url = f"http://{HOST}:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name=target, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)


def serve_all() -> dict[str, Served]:
    """Serve the bot and every function; each reads its settings from the environment at its first request."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    functions = {name: Served(name, ROOT / "functions" / "main.py", "cloudevent") for name in FUNCTIONS}
    return {**functions, "bot": Served("bot", ROOT / "bot" / "main.py", "http")}


def _in_turn(app: Wsgi) -> Wsgi:
    lock = threading.Lock()

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with lock:
            return app(environ, start_response)

    return answer
