"""The line to the bot: signed HTTP requests, or a WebSocket where the app has one open; patient as Slack is."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from infra.local.cloud.slack_socket import Sockets
from infra.local.cloud.world import World

PATIENCE = 3.0
"""Seconds of wall time that Slack waits for the bot."""
# Loopback is plain http: loading the trusted roots for every client would cost more than the call.
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"


@dataclass(frozen=True)
class Answer:
    """What came back from the bot; ``status`` is 0 where nothing came, ``error`` what the person then sees."""

    user: str
    asked: str
    status: int
    body: str
    error: str = ""
    final: bool = False
    """Whether the bot asked not to be sent the same again."""


@dataclass(frozen=True)
class Retry:
    """Which attempt this is after the first, and why there is one."""

    number: int
    reason: str


class Line:
    """Sends payloads of the kinds that Socket Mode knows: slash_commands, interactive, events_api."""

    def __init__(self, world: World, secret: str, bot: Callable[[], str], sockets: Sockets) -> None:
        self.world, self.sockets = world, sockets
        self.patience = PATIENCE
        self.answers: list[Answer] = []
        self._secret, self._bot = secret, bot

    async def send(
        self, kind: str, payload: dict[str, Any], user: str, asked: str, retry: Retry | None = None
    ) -> Answer:
        """Send a payload and wait no longer than Slack does; time stands still meanwhile."""
        way = self._down_a_socket if self.sockets.connected else self._over_http
        with self.world.busy():
            answer = await way(kind, payload, Answer(user, asked, 0, ""), retry)
        self.answers.append(answer)
        return answer

    async def _down_a_socket(self, kind: str, payload: dict[str, Any], blank: Answer, retry: Retry | None) -> Answer:
        more: dict[str, Any] = {}
        if kind == "events_api":
            reason = "timeout" if retry and retry.reason == "http_timeout" else retry.reason if retry else ""
            more = {"retry_attempt": retry.number if retry else 0, "retry_reason": reason}
        begun, body, error = time.monotonic(), "", ""
        try:
            body = await self.sockets.deliver(kind, payload, self.patience, **more)
        except TimeoutError:
            error = "operation_timeout"
        except ConnectionError:
            error = "dispatch_failed"
        self._note(f"WebSocket {kind}", begun, json.dumps(payload), error or "OK", body)
        return replace(blank, status=0 if error else 200, body=body, error=error)

    async def _over_http(self, kind: str, payload: dict[str, Any], blank: Answer, retry: Retry | None) -> Answer:
        body = _body(kind, payload)
        headers = {"Content-Type": _JSON if kind == "events_api" else _FORM, **self._signed(body)}
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry.number), "X-Slack-Retry-Reason": retry.reason}
        url, begun = self._bot(), time.monotonic()
        answer = await self._post(url, body, headers, blank)
        self._note(f"POST {urlsplit(url).path or '/'}", begun, body, str(answer.status or answer.error), answer.body)
        return answer

    def _signed(self, body: str) -> dict[str, str]:
        stamp = str(int(time.time()))
        mac = hmac.new(self._secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={mac}"}

    async def _post(self, url: str, body: str, headers: Mapping[str, str], blank: Answer) -> Answer:
        try:
            async with asyncio.timeout(self.patience):
                async with httpx.AsyncClient(trust_env=False, verify=_NO_TLS, timeout=self.patience) as client:
                    got = await client.post(url, content=body, headers=headers)
        except (TimeoutError, httpx.TimeoutException):
            return replace(blank, error="operation_timeout")
        except httpx.HTTPError:
            return replace(blank, error="dispatch_failed")
        final = got.headers.get("x-slack-no-retry") == "1"
        error = "" if got.is_success else "http_service_error"
        return replace(blank, status=got.status_code, body=got.text, error=error, final=final)

    def _note(self, what: str, begun: float, asked: str, status: str, answered: str) -> None:
        taken = time.monotonic() - begun
        way, bodies = ("slack", "bot"), (asked.encode(), answered.encode())
        self.world.tap.note(self.world.now, "slack", what, way, status, taken, *bodies)


def _body(kind: str, payload: dict[str, Any]) -> str:
    if kind == "events_api":
        return json.dumps(payload)
    return urlencode(payload if kind == "slash_commands" else {"payload": json.dumps(payload)})
