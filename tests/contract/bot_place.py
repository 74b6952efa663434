"""A running bot and a running Slack that speak to each other, for the tests of the bot over HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from flask import Flask, Response, request
from werkzeug.serving import make_server

from bot.app import target
from infra.local.cloud.server import Server
from infra.local.cloud.slack import Slack
from infra.local.cloud.slack_views import View
from infra.local.cloud.slack_workspace import ANA, BEN
from infra.local.cloud.world import World
from shared.adapters.slack_views import SlackViews
from shared.catalog.load import load
from shared.domain.catalog import Catalog
from shared.domain.codec import encode
from shared.domain.desired import DeploymentSpec, Placement
from shared.domain.intents import Deploy, Intent
from shared.domain.messages import Message
from shared.domain.proposals import Proposal
from shared.domain.quotes import Quote
from shared.domain.records import proposal_path
from shared.domain.verdicts import AskFirst
from shared.ports import Clock, Put, Views
from shared.settings import Settings
from tests.standins import MemoryBus, MemoryDocuments
from tests.waiting import PATIENCE, eventually

SECRET, TOKEN, APP_TOKEN, OPS = "a-signing-secret", "xoxb-token", "xapp-token", "C0INFEROPS"
PROPOSAL, DIGEST = "p-0123456789ab", "d" * 64
NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
SPEC = DeploymentSpec(
    "llama-3.1-8b", "chat", "g2-standard-12", "spot", {"us-east4": Placement(3, "us-east4-a")}, *"ipp"
)


class Bus(MemoryBus):
    """A bus that may be down."""

    down = False

    def publish(self, topic: str, message: Message) -> None:
        if self.down:
            raise TimeoutError
        super().publish(topic, message)


@dataclass
class Works:
    """The bot's collaborators."""

    bus: Bus = field(default_factory=Bus)
    documents: MemoryDocuments = field(default_factory=MemoryDocuments)
    clock: Clock = lambda: NOW
    views: Views = field(default_factory=lambda: SlackViews(TOKEN, "http://127.0.0.1:9/api/"))
    settings: Settings = field(default_factory=lambda: Settings(team="T0INFERDEV", channel=OPS, signing_secret=SECRET))
    catalog: Catalog = field(default_factory=load)


class Place:
    """A running bot and a running Slack that speak to each other."""

    def __init__(self) -> None:
        self.works = Works()
        self.slack = Slack(World(), SECRET, TOKEN, lambda: self.url, app_token=APP_TOKEN)
        self.slack.buckets.limits.clear()
        # A slow machine is no slow bot.
        self.slack.people.patience = self.slack.views.trigger_life = PATIENCE
        hosts = {"slack": self.slack.answer}
        self.server = Server(self.slack.world, [], hosts, {"slack": self.slack.link}).start()
        self.slack.url = self.server.endpoints["slack"]
        self.works.views = self.views = SlackViews(TOKEN, f"{self.slack.url}/api/")
        self.views.seconds = int(PATIENCE)
        served = Flask("bot")
        handle = target(self.works)

        def answer() -> Response:
            return handle(request)

        served.add_url_rule("/", view_func=answer, methods=["GET", "POST"])
        self._http = make_server("127.0.0.1", 0, served, threaded=True)
        self.url = f"http://127.0.0.1:{self._http.server_port}/"
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self) -> None:
        self.server.stop()
        self._http.shutdown()

    def types(self, text: str, user: str = ANA) -> str:
        """Type a command; return what only this person sees."""
        assert self.commands(text, user) == 200
        return self.slack.ephemerals(user)[-1].text

    def commands(self, text: str, user: str = ANA) -> int:
        """Type a command; return the status of the answer."""
        return int(self.do(self.slack.command(user, OPS, text)))

    def clicks(self, action: str, value: str, user: str = BEN) -> int:
        button = {"type": "button", "action_id": action, "text": {"type": "plain_text", "text": "x"}, "value": value}
        blocks = [{"type": "actions", "block_id": "b", "elements": [button]}]
        said = self.slack.store.add(self.slack.workspace.channels[0], self.slack.workspace.bot_user, _content(blocks))
        return int(self.do(self.slack.click(user, OPS, said.ts, action)))

    def do(self, what: Any) -> Any:
        assert self.server._loop
        return asyncio.run_coroutine_threadsafe(what, self.server._loop).result(PATIENCE)

    @property
    def heard(self) -> list[tuple[str, Message]]:
        return self.works.bus.pending

    def post(self, body: bytes, stamp: str, signature: str = "") -> httpx.Response:
        made = hmac.new(SECRET.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
        headers = {
            b"Content-Type": b"application/x-www-form-urlencoded",
            b"X-Slack-Request-Timestamp": stamp.encode("latin-1"),
            b"X-Slack-Signature": (signature or f"v0={made}").encode("latin-1"),
        }
        return httpx.post(self.url, content=body, headers=headers, trust_env=False)

    @property
    def modal(self) -> View:
        """What is open before ana."""
        return self.slack.modals(ANA)[-1]

    def home(self, user: str = ANA) -> dict[str, Any]:
        """Open the Home tab; return what stands there, once the fleet could be read: a slow machine may be too late."""

        def look() -> dict[str, Any] | None:
            self.do(self.slack.open_home(user))
            found = self.slack.screens.home(user)
            return found if found and "Not read" not in str(found) else None

        return dict(eventually(look))

    def propose(self) -> Proposal:
        intent = Intent("i-1", Deploy("llama3-8b", {"us-east4": None}), ANA, OPS, NOW)
        quote = Quote((), (), 0, 3, (), timedelta(minutes=20), "2026-01")
        gate = AskFirst("changes", ("approvers",), 1, NOW + timedelta(hours=1), NOW + timedelta(hours=2))
        made = Proposal(PROPOSAL, intent, (), ("x",), {}, quote, gate, DIGEST, NOW, "chat", OPS)
        self.store(proposal_path(PROPOSAL), made, deployment="chat", created_at=NOW.timestamp())
        return made

    def store(self, path: str, value: Any, **fields: Any) -> None:
        self.works.documents.commit([Put(path, encode(value), fields)])


def _content(blocks: list[dict[str, Any]]) -> Any:
    from infra.local.cloud.slack_store import Content  # noqa: PLC0415 - beside its only use

    return Content("card", blocks)


@pytest.fixture(name="running", scope="module")
def running_bot() -> Iterator[Place]:
    made = Place()
    yield made
    made.stop()


@pytest.fixture(name="place")
def fresh_place(running: Place) -> Place:
    running.works.bus.pending.clear()
    running.works.bus.down = False
    running.works.documents = MemoryDocuments()
    running.works.views = running.views
    running.slack.store.ephemerals.clear()
    running.slack.views.opened.clear()
    running.slack.views.homes.clear()
    running.slack.world.faults.unavailable.clear()
    return running


def form(**other: str) -> bytes:
    fields = {
        "command": "/infer",
        "text": "delete chat",
        "team_id": "T0INFERDEV",
        "user_id": ANA,
        "channel_id": OPS,
        "trigger_id": "1.2.3",
    }
    return urlencode({**fields, **other}).encode()


def now() -> str:
    return str(int(time.time()))


def signed(body: bytes) -> dict[str, str]:
    stamp = now()
    made = hmac.new(SECRET.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    kind = "application/x-www-form-urlencoded"
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={made}", "Content-Type": kind}
