"""A running Slack with a small bot beside it, for the tests of the stand-in."""

from __future__ import annotations

import asyncio
import json
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

SECRET, TOKEN, APP_TOKEN = "a-signing-secret", "xoxb-a-token", "xapp-a-token"
OPS, RANDOM = "C0INFEROPS", "C0RANDOM01"
BUTTON = {"type": "button", "action_id": "approve", "text": {"type": "plain_text", "text": "Approve"}, "value": "p1"}
TITLE = {"type": "plain_text", "text": "Deploy"}
CARD = [{"type": "actions", "block_id": "row", "elements": [BUTTON]}]


def field(name: str, element: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Return an input block whose block_id is that of its element, too."""
    element = element or {"type": "plain_text_input"}
    return {"type": "input", "block_id": name, "label": TITLE, "element": {"action_id": name, **element}, **more}


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "modal", "title": TITLE, "submit": TITLE, "blocks": list(blocks), **more}


def option(value: str) -> dict[str, Any]:
    return {"text": {"type": "plain_text", "text": value.upper()}, "value": value}


def typed(**fields: str) -> dict[str, Any]:
    """Return the state of text fields whose block and action have one name."""
    return {name: {name: {"type": "plain_text_input", "value": value}} for name, value in fields.items()}


class Bot:
    """What the tests' bot heard, and what it answers."""

    def __init__(self) -> None:
        self.heard: list[dict[str, str]] = []
        self.events: list[tuple[dict[str, Any], dict[str, str]]] = []
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
        if request.headers["content-type"] == "application/json":
            self.events.append((json.loads(body), dict(request.headers)))
        else:
            self.heard.append({key: value[0] for key, value in parse_qs(body.decode()).items()})
        self.times.append(self.now())
        await asyncio.sleep(self.delay)
        self.times.append(self.now())
        return self.reply

    @property
    def payload(self) -> dict[str, Any]:
        """The latest interaction."""
        return json.loads(self.heard[-1]["payload"])


class Place:
    """A running Slack with a bot beside it."""

    def __init__(self, app_token: str = "") -> None:
        self.world, self.bot = World(), Bot()
        self.slack = Slack(self.world, SECRET, TOKEN, lambda: self.server.endpoints["bot"], app_token=app_token)
        # A slow machine is no reason to fail: tests that want impatience say so.
        self.slack.people.patience = self.slack.views.trigger_life = self.slack.sockets.ticket_life = PATIENCE
        hosts = {"slack": self.slack.answer, "bot": self.bot.answer}
        self.server = Server(self.world, [], hosts, {"slack": self.slack.link}).start()
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

    def trigger(self, user: str = "ana") -> str:
        """Have a person type a command; return what opens a modal before them."""
        self.do(self.slack.command(user, "infer-ops", "deploy"))
        return self.bot.heard[-1]["trigger_id"]

    def opened(self, view: dict[str, Any], user: str = "ana") -> dict[str, Any]:
        """Open a modal before a person."""
        return self.client.views_open(trigger_id=self.trigger(user), view=view)["view"]

    def refusal(self, method: str, **args: Any) -> str:
        with pytest.raises(SlackApiError) as refused:
            self.client.api_call(method, json=args)
        return str(refused.value.response["error"])


@contextmanager
def running(app_token: str = "") -> Iterator[Place]:
    """Run one Slack for as long as the block lasts."""
    made = Place(app_token)
    try:
        yield made
    finally:
        made.server.stop()
