"""Socket Mode: the app opens WebSockets, and what people do goes down one of them instead of over HTTP."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from infra.local.cloud.slack_chat import Args, Method
from infra.local.cloud.slack_gate import SOCKETS
from infra.local.cloud.slack_store import SlackError

TICKET_LIFE = 30.0
"""Wall seconds within which an address must be used, once."""
GRACE = 10.0
"""Wall seconds from the word that a connection will be closed until it is."""
_ANSWERED = {"slash_commands", "view_submission"}
"""What the app may answer with a payload."""
_HOST = "applink-local"


@dataclass(eq=False)
class _Link:
    socket: WebSocket
    retiring: bool = False
    ending: asyncio.Future[None] | None = None

    async def send(self, message: dict[str, Any]) -> None:
        await self.socket.send_text(json.dumps(message))


class Sockets:
    """The open connections, and the acknowledgements that are still awaited."""

    def __init__(self, app_id: str, here: Callable[[], str]) -> None:
        self.links: list[_Link] = []
        self.enabled = True
        """Whether Socket Mode is switched on in the app's settings."""
        self.ticket_life, self.grace = TICKET_LIFE, GRACE
        self._app_id, self._here = app_id, here
        self._tickets: dict[str, float] = {}
        self._awaited: dict[str, asyncio.Future[Any]] = {}
        self._turn = 0

    def __getstate__(self) -> dict[str, Any]:
        """Keep the settings; connections end with the process."""
        return {**self.__dict__, "links": [], "_tickets": {}, "_awaited": {}}

    def methods(self) -> dict[str, Method]:
        """Return the methods by name."""
        return {SOCKETS: self.open}

    @property
    def connected(self) -> bool:
        """Whether there is a connection that takes payloads."""
        return any(not link.retiring for link in self.links)

    def open(self, _args: Args) -> dict[str, Any]:
        """Hand out an address that one connection can be made to, soon."""
        if not self.enabled:
            raise SlackError("internal_error")
        ticket = secrets.token_hex(16)
        self._tickets[ticket] = time.monotonic()
        host = self._here().removeprefix("http://")
        return {"url": f"ws://{host}/link/?ticket={ticket}&app_id={self._app_id}"}

    def _admits(self, socket: WebSocket) -> bool:
        since = self._tickets.pop(socket.query_params.get("ticket", ""), None)
        return socket.url.path == "/link/" and since is not None and time.monotonic() - since <= self.ticket_life

    async def serve(self, socket: WebSocket) -> None:
        """Hold one connection until either side ends it."""
        if not self._admits(socket):
            await socket.close()  # before it was accepted: the client meets a 403
            return
        await socket.accept()
        link = _Link(socket)
        await link.send(self._hello())
        self.links.append(link)
        try:
            async for text in socket.iter_text():
                self._heard(text)
        finally:
            self.links.remove(link)

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": len(self.links) + 1,
            "connection_info": {"app_id": self._app_id},
            "debug_info": {"host": _HOST, "build_number": 1, "approximate_connection_time": 18060},
        }

    def _heard(self, text: str) -> None:
        try:
            said = json.loads(text)
        except ValueError:
            return
        waiting = self._awaited.get(str(said.get("envelope_id"))) if isinstance(said, dict) else None
        if waiting and not waiting.done():
            waiting.set_result(said.get("payload"))

    async def deliver(self, kind: str, payload: dict[str, Any], patience: float, **more: Any) -> str:
        """Send a payload down one connection; return what the app answered, as an HTTP body would say it.

        TimeoutError if nobody acknowledged within so many wall seconds, ConnectionError if the connection broke.
        """
        open_ones = [link for link in self.links if not link.retiring]
        self._turn += 1
        link, name = open_ones[self._turn % len(open_ones)], str(uuid.uuid4())
        takes = kind in _ANSWERED or payload.get("type") in _ANSWERED
        envelope = {"envelope_id": name, "type": kind, "payload": payload, "accepts_response_payload": takes, **more}
        self._awaited[name] = asyncio.get_running_loop().create_future()
        try:
            await link.send(envelope)
            # The acknowledgement may come over another connection, if the app has replaced this one meanwhile.
            said = await asyncio.wait_for(self._awaited[name], patience)
        except (WebSocketDisconnect, RuntimeError) as error:
            raise ConnectionError("the connection broke") from error
        finally:
            del self._awaited[name]
        return json.dumps(said) if takes and said is not None else ""

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Tell every connection that it is about to be closed; ``link_disabled`` switches Socket Mode off."""
        self.enabled = self.enabled and reason != "link_disabled"
        loop = asyncio.get_running_loop()
        for link in list(self.links):
            link.retiring = True
            await link.send({"type": "disconnect", "reason": reason, "debug_info": {"host": _HOST}})
            loop.call_later(self.grace, self._end, link)

    def _end(self, link: _Link) -> None:
        if link in self.links:
            link.ending = asyncio.ensure_future(link.socket.close())
