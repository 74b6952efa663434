"""The bot over HTTP: truly signed requests of the embedded Slack, and what strangers may try."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from flask import Flask, Response, request
from werkzeug.serving import make_server

from bot.app import make_app, target
from infra.local.cloud.server import Server
from infra.local.cloud.slack import Slack
from infra.local.cloud.slack_workspace import ANA, BEN
from infra.local.cloud.world import World
from shared.catalog.load import load
from shared.domain.catalog import Catalog
from shared.domain.codec import encode
from shared.domain.desired import DeploymentSpec, Desired, Placement
from shared.domain.intents import Deploy, Intent, Undo
from shared.domain.messages import IntentSubmitted, Message, VoteCast
from shared.domain.proposals import Proposal
from shared.domain.quotes import Quote
from shared.domain.records import proposal_path
from shared.domain.topics import Topic
from shared.domain.verdicts import AskFirst
from shared.ports import Clock, Put
from shared.settings import Settings
from tests.standins import MemoryBus, MemoryDocuments

SECRET, OPS, PROPOSAL, DIGEST = "a-signing-secret", "C0INFEROPS", "p-0123456789ab", "d" * 64
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
    settings: Settings = field(default_factory=lambda: Settings(team="T0INFERDEV", channel=OPS, signing_secret=SECRET))
    catalog: Catalog = field(default_factory=load)


class Place:
    """A running bot and a running Slack that speak to each other."""

    def __init__(self) -> None:
        self.works = Works()
        served = Flask("bot")
        handle = target(make_app(self.works))

        def answer() -> Response:
            return handle(request)

        served.add_url_rule("/", view_func=answer, methods=["GET", "POST"])
        self._http = make_server("127.0.0.1", 0, served, threaded=True)
        self.url = f"http://127.0.0.1:{self._http.server_port}/"
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.slack = Slack(World(), SECRET, "xoxb-token", self.url)
        self.server = Server(self.slack.world, [], {"slack": self.slack.answer}).start()

    def stop(self) -> None:
        self.server.stop()
        self._http.shutdown()

    def types(self, text: str, user: str = ANA) -> str:
        """Type a command; return what only this person sees."""
        status = self._do(self.slack.command(user, OPS, text))
        assert status == 200
        return self.slack.ephemerals(user)[-1].text

    def clicks(self, action: str, value: str, user: str = BEN) -> int:
        button = {"type": "button", "action_id": action, "text": {"type": "plain_text", "text": "x"}, "value": value}
        blocks = [{"type": "actions", "block_id": "b", "elements": [button]}]
        said = self.slack.store.add(self.slack.workspace.channels[0], self.slack.workspace.bot_user, _content(blocks))
        return int(self._do(self.slack.click(user, OPS, said.ts, action)))

    def _do(self, what: Any) -> Any:
        assert self.server._loop
        return asyncio.run_coroutine_threadsafe(what, self.server._loop).result(10)

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


@pytest.fixture(scope="module")
def running() -> Iterator[Place]:
    made = Place()
    yield made
    made.stop()


@pytest.fixture
def place(running: Place) -> Place:
    running.works.bus.pending.clear()
    running.works.bus.down = False
    running.works.documents.stored.clear()
    running.slack.store.ephemerals.clear()
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


def test_a_command_is_published_and_answered_with_the_proposal_to_come(place: Place) -> None:
    said = place.types("deploy llama3-8b us-east4")
    [(topic, message)] = place.heard
    assert isinstance(message, IntentSubmitted)
    assert (topic, message.intent.user, message.intent.channel, message.intent.at) == (Topic.INTENTS, ANA, OPS, NOW)
    assert f"Heard: `/infer deploy llama3-8b us-east4`. Its plan comes in <#{OPS}> as proposal `p-" in said


def test_the_same_request_again_is_the_same_intent(place: Place) -> None:
    body, stamp = form(), now()
    for _ in range(2):
        assert place.post(body, stamp).status_code == 200
    [one, other] = [message for _, message in place.heard]
    assert one == other


def test_a_refusal_is_private_and_publishes_nothing(place: Place) -> None:
    said = place.types("deploy llama3-8b us-esat4")
    assert said.startswith("Not understood: there is no region 'us-esat4'; did you mean")
    assert "Right form: /infer deploy" in said
    assert place.heard == []


def test_a_dry_run_is_marked_as_one(place: Place) -> None:
    place.types("plan delete chat")
    assert [message.intent.dry_run for _, message in place.heard if isinstance(message, IntentSubmitted)] == [True]


@pytest.mark.parametrize(("action", "approve"), [("approve", True), ("reject", False)])
def test_a_click_is_a_vote_on_the_cards_digest(place: Place, action: str, approve: bool) -> None:
    assert place.clicks(action, f"{PROPOSAL}:{DIGEST}") == 200
    assert place.heard == [(Topic.VOTES, VoteCast(PROPOSAL, DIGEST, BEN, approve, NOW, OPS))]


def test_a_typed_approval_binds_the_proposals_own_digest(place: Place) -> None:
    place.propose()
    assert "your approval" in place.types(f"approve {PROPOSAL}", BEN)
    assert place.heard == [(Topic.VOTES, VoteCast(PROPOSAL, DIGEST, BEN, True, NOW, OPS))]


def test_a_typed_vote_on_nothing_is_refused(place: Place) -> None:
    assert "there is no proposal" in place.types(f"approve {PROPOSAL}", BEN)
    assert place.heard == []


def test_undo_on_a_done_card_is_an_intent(place: Place) -> None:
    assert place.clicks("undo", "chat", ANA) == 200
    [(_, message)] = place.heard
    assert isinstance(message, IntentSubmitted)
    assert message.intent.ask == Undo("chat")


@pytest.mark.parametrize("value", ["", "p-1:x", f"{PROPOSAL}:{'x' * 64}", f"{PROPOSAL}:{DIGEST}0"])
def test_a_button_that_names_no_proposal_fails_visibly(place: Place, value: str) -> None:
    assert place.clicks("approve", value) == 400
    assert place.heard == []


def test_what_could_not_be_published_is_said(place: Place) -> None:
    place.works.bus.down = True
    assert "Not heard" in place.types("delete chat")


def test_a_click_that_could_not_be_published_fails_visibly(place: Place) -> None:
    place.works.bus.down = True
    assert place.clicks("approve", f"{PROPOSAL}:{DIGEST}") == 503


def test_status_is_answered_at_once(place: Place) -> None:
    place.store("deployments/chat", Desired("deployments/chat", 1, SPEC, PROPOSAL))
    said = place.types("status chat")
    assert "*chat* is in progress (generation 1)" in said
    assert "us-east4 x3" in said


@pytest.mark.parametrize(
    ("text", "part"),
    [
        pytest.param("list", "There is no deployment yet", id="list of nothing"),
        pytest.param("help", "/infer deploy", id="help"),
        pytest.param("status nothing", "there is no deployment nothing", id="status of nothing"),
        pytest.param("why", "say which deployment", id="why of nothing"),
        pytest.param("history chat", "Nobody has asked", id="history of nothing"),
    ],
)
def test_reads_are_answered_privately_and_publish_nothing(place: Place, text: str, part: str) -> None:
    assert part in place.types(text)
    assert place.heard == []


def test_history_says_who_asked_for_what_and_what_became_of_it(place: Place) -> None:
    place.propose()
    said = place.types("history chat")
    assert f"<@{ANA}>: `/infer deploy llama3-8b us-east4` - waits for approval" in said


def test_the_bot_writes_nothing(place: Place) -> None:
    for text in ("list", "status", "delete chat", "help", "deploy llama3-8b us-east4"):
        place.types(text)
    assert place.works.documents.stored == {}
    assert place.slack.messages(OPS) == [m for m in place.slack.messages(OPS) if m.text == "card"]


def test_another_teams_command_is_refused_by_name_of_the_rule(place: Place) -> None:
    answer = place.post(form(team_id="T0OTHER"), now())
    assert "'own team'" in answer.json()["text"]
    assert answer.json()["response_type"] == "ephemeral"
    assert place.heard == []


def test_a_strangers_click_in_a_shared_channel_is_refused(place: Place) -> None:
    person = place.slack.workspace.person(BEN)
    assert person
    person.team_id = "T0OTHER"
    try:
        assert place.clicks("approve", f"{PROPOSAL}:{DIGEST}") == 403
    finally:
        person.team_id = ""
    assert place.heard == []


@pytest.mark.parametrize(
    ("body", "stamp", "signature"),
    [
        pytest.param(form(), now(), "v0=" + "0" * 64, id="wrong signature"),
        pytest.param(form(), now(), "v0=", id="empty signature"),
        pytest.param(form(), now(), "\u00e4", id="not even ASCII"),
        pytest.param(form(), str(int(time.time()) - 400), "", id="too old"),
        pytest.param(form(), str(int(time.time()) + 400), "", id="from the future"),
        pytest.param(form(), "yesterday", "", id="no number"),
        pytest.param(form(), "", "", id="no time"),
        pytest.param(form(), "\u00b2\u00b3", "", id="digits of another kind"),
        pytest.param(b"command=%2Finfer&text=\xff\xfe", now(), "", id="no UTF-8"),
        pytest.param(b"", now(), "v0=" + "0" * 64, id="nothing"),
    ],
)
def test_a_forged_request_is_refused(place: Place, body: bytes, stamp: str, signature: str) -> None:
    assert place.post(body, stamp, signature).status_code == 401
    assert place.heard == []


def test_what_a_forger_sends_is_not_logged(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("slack_bolt.RequestVerification").setLevel(logging.INFO)
    with caplog.at_level(logging.INFO):
        place.post(form(text="a-secret-word"), now(), "v0=" + "0" * 64)
    assert "wrong signature" in caplog.text
    assert "a-secret-word" not in caplog.text


def test_a_get_finds_nothing(place: Place) -> None:
    assert httpx.get(place.url, trust_env=False).status_code in {401, 404}


def test_no_secret_no_bot() -> None:
    works = Works()
    works.settings = replace(works.settings, signing_secret="")
    with pytest.raises(ValueError, match="INFEROPS_SIGNING_SECRET"):
        make_app(works)


def test_no_team_nobody_is_let_in() -> None:
    works = Works()
    works.settings = replace(works.settings, team="")
    served = Flask("bot")
    with served.test_request_context(method="POST", data=form(team_id=""), headers=_signed(form(team_id=""))):
        answer = target(make_app(works))(request)
    assert "own team" in answer.get_data(as_text=True)


def _signed(body: bytes) -> dict[str, str]:
    stamp = now()
    made = hmac.new(SECRET.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    kind = "application/x-www-form-urlencoded"
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={made}", "Content-Type": kind}
