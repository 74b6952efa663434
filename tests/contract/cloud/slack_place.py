"""A running Slack with a small bot beside it, for the tests of the stand-in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from starlette.requests import Request
from starlette.responses import Response

from infra.local.cloud.server import Server
from infra.local.cloud.slack import Slack
from infra.local.cloud.world import World
from tests.waiting import PATIENCE, let_pass

SECRET, TOKEN = "a-signing-secret", "xoxb-a-token"
OPS, RANDOM = "C0INFEROPS", "C0RANDOM01"
BUTTON = {"type": "button", "action_id": "approve", "text": {"type": "plain_text", "text": "Approve"}, "value": "p1"}
CARD = [{"type": "actions", "block_id": "row", "elements": [BUTTON]}]


class Bot:
    """What the tests' bot heard, and what it answers."""

    def __init__(self) -> None:
        self.heard: list[dict[str, str]] = []
        self.genuine: list[bool] = []
        self.reply = Response("")
        self.delay = 0.0
        self.now: Callable[[], object] = lambda: None
        self.times: list[object] = []
        self.instead: Callable[[Request], Awaitable[Response]] | None = None

    async def answer(self, request: Request) -> Response:
        if self.instead:
            return await self.instead(request)
        body = await request.body()
        self.genuine.append(SignatureVerifier(SECRET).is_valid_request(body, dict(request.headers)))
        self.heard.append({key: value[0] for key, value in parse_qs(body.decode()).items()})
        self.times.append(self.now())
        await asyncio.sleep(self.delay)
        self.times.append(self.now())
        return self.reply


class Place:
    """A running Slack with a bot beside it."""

    def __init__(self) -> None:
        self.world, self.bot = World(), Bot()
        self.slack = Slack(self.world, SECRET, TOKEN, lambda: self.server.endpoints["bot"])
        self.server = Server(self.world, [], {"slack": self.slack.answer, "bot": self.bot.answer}).start()
        self.slack.url = self.server.endpoints["slack"]
        self.bot.now = lambda: self.world.now
        self.client = self.as_app(TOKEN)

    def as_app(self, token: str) -> WebClient:
        return WebClient(token, base_url=f"{self.server.endpoints['slack']}/api/", retry_handlers=[])

    def do(self, what: Coroutine[Any, Any, Any]) -> Any:
        assert self.server._loop
        return asyncio.run_coroutine_threadsafe(what, self.server._loop).result(PATIENCE)

    def later(self, seconds: float) -> None:
        """Let virtual time go on."""
        let_pass(self.server, self.world, timedelta(seconds=seconds))

    def refusal(self, method: str, **args: Any) -> str:
        with pytest.raises(SlackApiError) as refused:
            self.client.api_call(method, json=args)
        return str(refused.value.response["error"])


@contextmanager
def running() -> Iterator[Place]:
    """Run one Slack for as long as the block lasts."""
    made = Place()
    try:
        yield made
    finally:
        made.server.stop()
