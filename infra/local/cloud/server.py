"""Listens: one loopback port per service (as real hosts differ), one for gRPC; all in one loop in one thread."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from concurrent.futures import Future
from typing import Any, TypeVar

import grpc
import uvicorn
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from infra.local.cloud.tap import client_of
from infra.local.cloud.wire import Wire
from infra.local.cloud.world import World

T = TypeVar("T")
Answer = Callable[[Request], Awaitable[Response]]
Link = Callable[[WebSocket], Awaitable[None]]
"""Holds one WebSocket until either side ends it. An idle one does not hold time still."""
HOST = "127.0.0.1"


class _Dispatch(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc ships no types
    def __init__(self, wires: list[Wire]) -> None:
        self._wires = wires

    def service(self, handler_call_details: Any) -> Any:
        found = (wire.grpc_method(handler_call_details.method) for wire in self._wires)
        return next((method for method in found if method is not None), None)


class PortTakenError(Exception):
    """Somebody else listens on a port that was asked for."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} is taken")
        self.port = port


def _listen(port: int) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        sock.bind((HOST, port))
        # Binding alone succeeds beside one who has bound and does not listen yet.
        sock.listen(2048)
    except OSError as error:
        sock.close()
        raise PortTakenError(port) from error
    return sock


class Server:
    """A running cloud. ``start`` returns when every port answers; ``stop`` ends it cleanly."""

    def __init__(
        self, world: World, wires: list[Wire], hosts: Mapping[str, Answer], links: Mapping[str, Link] | None = None
    ) -> None:
        self.world = world
        self.endpoints: dict[str, str] = {}
        """Host name -> ``http://127.0.0.1:PORT``; the key ``grpc`` is ``127.0.0.1:PORT`` for every gRPC service."""
        self.wires = wires
        self.requests: Counter[str] = Counter()
        """HTTP requests by host name; what comes over gRPC is in each wire's ``calls``."""
        self.hosts: dict[str, Answer] = {**{wire.name: wire.rest for wire in wires}, **hosts}
        """Who answers by host name; may be added to before the start."""
        self.first_port = 0
        """The first of the ports to listen on, one after the other in the order of the hosts; 0 picks free ones."""
        self._noted = set(self.hosts) - {"time"}
        """Hosts whose exchanges the tap remembers."""
        self._links = links or {}
        self._by_port: dict[int, tuple[str, Answer]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._main, name="cloud", daemon=True)
        self._end: asyncio.Event | None = None
        self._sockets: list[socket.socket] = []
        self._grpc_port = 0

    def start(self) -> Server:
        """Listen. Raises PortTakenError; then nothing was started."""
        with contextlib.ExitStack() as opened:
            for index in range(len(self.hosts)):
                self._sockets.append(opened.enter_context(_listen(self.first_port and self.first_port + index)))
            if self.first_port:  # gRPC binds the last one by itself: it is only tried here
                self._grpc_port = self.first_port + len(self.hosts)
                _listen(self._grpc_port).close()
            opened.pop_all()
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
        for sock, (name, answer) in zip(self._sockets, self.hosts.items(), strict=True):
            port = sock.getsockname()[1]
            self._by_port[port] = (name, answer)
            self.endpoints[name] = f"http://{HOST}:{port}"
        options = [("grpc.max_receive_message_length", 32 << 20), ("grpc.so_reuseport", 0)]
        plain = grpc.aio.server(options=options)
        plain.add_generic_rpc_handlers((_Dispatch(self.wires),))
        self.endpoints["grpc"] = f"{HOST}:{plain.add_insecure_port(f'{HOST}:{self._grpc_port}')}"
        await plain.start()
        config = uvicorn.Config(
            self._app,
            interface="asgi3",
            http="httptools",
            # Of the two libraries that uvicorn can speak WebSocket with, the one it prefers and that is well kept.
            ws="websockets-sansio",
            log_level="warning",
            lifespan="off",
            access_log=False,
            # A test or a person may think for long; a client that then meets a closed port would see a fault of ours.
            timeout_keep_alive=3600,
            # A page's stream of news, or a watch, never ends by itself.
            timeout_graceful_shutdown=1,
        )
        http = uvicorn.Server(config)
        tasks = [asyncio.ensure_future(http.serve(sockets=self._sockets)), asyncio.ensure_future(self.world.run())]
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
        if scope["type"] == "websocket":
            await self._hold(name, WebSocket(scope, receive, send))
            return
        self.requests[name] += 1
        begun, request = time.monotonic(), Request(scope, receive)
        try:
            response = await answer(request)
        except ClientDisconnect:
            return  # whoever asked died before the whole request was here
        if name in self._noted:
            self._note(name, request, response, time.monotonic() - begun)
        await response(scope, receive, send)

    async def _hold(self, name: str, socket: WebSocket) -> None:
        if name in self._links:
            await self._links[name](socket)
        else:
            await socket.close()

    def _note(self, name: str, request: Request, response: Response, seconds: float) -> None:
        asked = getattr(request, "_body", b"")  # kept by starlette once a handler has read it
        # Off the scope itself: starlette's URL would cost more than all the rest, at every call.
        query = request.scope["query_string"].decode("latin-1")
        what = f"{request.method} {request.scope['path']}{'?' if query else ''}{query}"
        way, status = (client_of(request.headers.get("user-agent", "")), name), str(response.status_code)
        answered = bytes(getattr(response, "body", b""))  # none where it streams
        self.world.tap.note(self.world.now, name, what, way, status, seconds, asked, answered)
