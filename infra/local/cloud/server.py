"""Listens: one loopback port per service (as real hosts differ), one for gRPC; all in one loop in one thread."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from concurrent.futures import Future
from typing import Any, TypeVar

import grpc
import uvicorn
from starlette.requests import Request
from starlette.responses import Response

from infra.local.cloud.wire import Wire
from infra.local.cloud.world import World

T = TypeVar("T")
Answer = Callable[[Request], Awaitable[Response]]
HOST = "127.0.0.1"


class _Dispatch(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc ships no types
    def __init__(self, wires: list[Wire]) -> None:
        self._wires = wires

    def service(self, handler_call_details: Any) -> Any:
        found = (wire.grpc_method(handler_call_details.method) for wire in self._wires)
        return next((method for method in found if method is not None), None)


def _listen(port: int = 0) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.bind((HOST, port))
    return sock


class Server:
    """A running cloud. ``start`` returns when every port answers; ``stop`` ends it cleanly."""

    def __init__(self, world: World, wires: list[Wire], hosts: Mapping[str, Answer]) -> None:
        self.world = world
        self.endpoints: dict[str, str] = {}
        """Host name -> ``http://127.0.0.1:PORT``; the key ``grpc`` is ``127.0.0.1:PORT`` for every gRPC service."""
        self.wires = wires
        self.requests: Counter[str] = Counter()
        """HTTP requests by host name; what comes over gRPC is in each wire's ``calls``."""
        self._hosts: dict[str, Answer] = {**{wire.name: wire.rest for wire in wires}, **hosts}
        self._by_port: dict[int, tuple[str, Answer]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._main, name="cloud", daemon=True)
        self._end: asyncio.Event | None = None

    def start(self) -> Server:
        """Listen on free ports."""
        self._thread.start()
        self._started.wait()
        return self

    def stop(self) -> None:
        """Close every port and end the loop."""
        if self._loop and self._end:
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join(timeout=10)

    def run(self, what: Callable[[], T]) -> T:
        """Run ``what`` inside the loop, where the state lives, and return its value to another thread."""
        future: Future[T] = Future()

        def inside() -> None:
            try:
                future.set_result(what())
            except BaseException as error:  # noqa: BLE001 - handed to the caller, not swallowed
                future.set_exception(error)

        self._running().call_soon_threadsafe(inside)
        return future.result()

    def call(self, what: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine inside the loop and return its value to another thread."""
        return asyncio.run_coroutine_threadsafe(what(), self._running()).result()

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            message = "the server was not started"
            raise RuntimeError(message)
        return self._loop

    def _main(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        sockets = []
        for name, answer in self._hosts.items():
            sock = _listen()
            port = sock.getsockname()[1]
            sockets.append(sock)
            self._by_port[port] = (name, answer)
            self.endpoints[name] = f"http://{HOST}:{port}"
        plain = grpc.aio.server(options=[("grpc.max_receive_message_length", 32 << 20)])
        plain.add_generic_rpc_handlers((_Dispatch(self.wires),))
        self.endpoints["grpc"] = f"{HOST}:{plain.add_insecure_port(f'{HOST}:0')}"
        await plain.start()
        config = uvicorn.Config(
            self._app,
            interface="asgi3",
            http="httptools",
            log_level="warning",
            lifespan="off",
            access_log=False,
            # A test or a person may think for long; a client that then meets a closed port would see a fault of ours.
            timeout_keep_alive=3600,
        )
        http = uvicorn.Server(config)
        tasks = [asyncio.ensure_future(http.serve(sockets=sockets)), asyncio.ensure_future(self.world.run())]
        while not http.started:  # noqa: ASYNC110 - uvicorn offers no event for it
            await asyncio.sleep(0.005)
        self._started.set()
        await self._end.wait()
        http.should_exit = True
        tasks[1].cancel()
        await plain.stop(grace=0)
        await tasks[0]

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        name, answer = self._by_port[scope["server"][1]]
        self.requests[name] += 1
        response = await answer(Request(scope, receive))
        await response(scope, receive, send)
