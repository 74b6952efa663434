"""The Home tab over HTTP: opened, read, acted in, and what is shown where something fails."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from functions.card_record import CardRecord
from infra.local.cloud.slack_workspace import ANA, BEN
from shared.domain.desired import Desired
from shared.domain.messages import IntentSubmitted, VoteCast
from shared.domain.records import card_path
from shared.ports import Document
from tests.contract.bot_place import (  # noqa: F401 - fixtures are found by name
    DIGEST,
    NOW,
    OPS,
    PROPOSAL,
    SPEC,
    Place,
    fresh_place,
    now,
    running_bot,
    signed,
)
from tests.standins import MemoryDocuments
from tests.unit.blocks.surfaces import texts
from tests.unit.bot.choosing import state_of
from tests.unit.bot.test_forms import GOOD


def waits(place: Place) -> None:
    """Leave a proposal open, with its card as notify keeps it."""
    proposal = place.propose()
    due = proposal.gate.approve_by
    place.store(card_path(PROPOSAL), CardRecord(PROPOSAL, OPS, due=due), due=due.timestamp())


def clicks(place: Place, action: str, user: str = BEN) -> int:
    """Click a button of the Home tab."""
    view = place.slack.views.homes[user]
    row = next(b for b in view.shown["blocks"] if action in [e.get("action_id") for e in b.get("elements", [])])
    return int(place.do(place.slack.act_in_view(user, view.id, row["block_id"], action)))


def home_text(place: Place, user: str = BEN) -> str:
    return texts(place.slack.screens.home(user) or {"blocks": []})


def test_who_opens_it_sees_the_fleet_and_nobody_else_does(place: Place) -> None:
    place.store("deployments/chat", Desired("deployments/chat", 1, SPEC, PROPOSAL))
    said = texts(place.home(BEN))
    assert "*chat* in progress, " in said
    assert "us-east4: Not started yet" in said
    assert place.slack.screens.home(ANA) is None


def test_an_empty_fleet_says_what_to_type(place: Place) -> None:
    assert "There is no deployment yet" in texts(place.home())


def test_reading_it_changes_nothing(place: Place) -> None:
    waits(place)
    before = dict(place.works.documents.stored)
    place.home()
    assert (place.works.documents.stored, place.heard) == (before, [])


@pytest.mark.parametrize(("action", "approve"), [("approve", True), ("reject", False)])
def test_a_click_on_a_waiting_proposal_is_the_vote_of_its_card(place: Place, action: str, approve: bool) -> None:
    waits(place)
    place.home(BEN)
    assert clicks(place, action) == 200
    [(_, cast)] = place.heard
    assert isinstance(cast, VoteCast)
    assert cast == VoteCast(PROPOSAL, DIGEST, BEN, approve, NOW, "", cast.id)


def test_what_a_click_came_to_is_said_there(place: Place) -> None:
    waits(place)
    place.home(BEN)
    clicks(place, "approve")
    assert f"Heard: your approval of `{PROPOSAL}`. The proposal's card shows whether it counts." in home_text(place)


def test_a_click_that_could_not_be_published_fails_visibly_and_in_words(place: Place) -> None:
    waits(place)
    place.home(BEN)
    place.works.bus.down = True
    assert clicks(place, "approve") == 503
    assert "Not heard" in home_text(place)


def test_a_proposal_that_nobody_can_approve_any_more_is_not_shown(place: Place) -> None:
    waits(place)
    place.works.clock = lambda: NOW + timedelta(days=2)
    try:
        assert PROPOSAL not in texts(place.home())
    finally:
        place.works.clock = lambda: NOW


def test_refresh_shows_what_is_new(place: Place) -> None:
    place.home(BEN)
    place.store("deployments/chat", Desired("deployments/chat", 1, SPEC, PROPOSAL))
    assert clicks(place, "home_refresh") == 200
    place.home(BEN)
    assert "*chat*" in home_text(place)


def test_the_form_opens_from_there_and_is_answered_directly(place: Place) -> None:
    place.home(ANA)
    assert clicks(place, "deploy", ANA) == 200
    place.do(place.slack.submit(ANA, place.modal.id, state_of(place.modal.shown, **GOOD)))
    [(_, message)] = place.heard
    assert isinstance(message, IntentSubmitted)
    assert (message.intent.user, message.intent.channel) == (ANA, "")


def test_a_form_that_cannot_open_there_leaves_the_right_form_in_words(place: Place) -> None:
    place.home(ANA)
    place.slack.world.faults.rate_limited["views.open"] = 1
    assert clicks(place, "deploy", ANA) == 503
    assert "Right form: /infer deploy MODEL REGION" in home_text(place, ANA)


def test_a_button_there_that_names_no_proposal_says_so(place: Place) -> None:
    waits(place)
    place.home(BEN)
    for block in place.slack.views.homes[BEN].shown["blocks"]:
        for element in block.get("elements", []):
            element["value"] = "p-1:x"
    assert clicks(place, "approve") == 400
    assert "this button names no proposal" in home_text(place)


class Broken(MemoryDocuments):
    """A store that fails."""

    def find(self, *args: Any, **kwargs: Any) -> list[Document]:
        raise ConnectionError("secret-host refused")


class Silent(MemoryDocuments):
    """A store that says nothing until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def get(self, paths: Sequence[str]) -> list[Document | None]:
        self.released.wait()
        return super().get(paths)

    def find(self, *args: Any, **kwargs: Any) -> list[Document]:
        self.released.wait()
        return super().find(*args, **kwargs)


@pytest.fixture(name="silent")
def silent_store() -> Iterator[Silent]:
    made = Silent()
    yield made
    made.released.set()


def test_a_store_that_fails_is_said_without_its_words(place: Place) -> None:
    place.works.documents = Broken()
    assert place.do(place.slack.open_home(ANA)) == 200
    said = home_text(place, ANA)
    assert "*Not read:* the documents could not be read just now. Nothing was changed." in said
    assert "secret-host" not in said


def test_a_store_that_is_too_slow_is_said(place: Place, silent: Silent) -> None:
    place.works.documents = silent
    assert place.do(place.slack.open_home(ANA)) == 200
    assert "*Not read:* the documents did not answer within" in home_text(place, ANA)


def event(**other: Any) -> dict[str, Any]:
    told = {"type": "app_home_opened", "user": ANA, "channel": "D1", "tab": "home", "event_ts": "1.0"}
    return {"type": "event_callback", "team_id": "T0INFERDEV", "event_id": "Ev1", "event": {**told, **other}}


def tell(place: Place, body: dict[str, Any]) -> httpx.Response:
    content = json.dumps(body).encode()
    headers = {**signed(content), "Content-Type": "application/json"}
    return httpx.post(place.url, content=content, headers=headers, trust_env=False)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({**event(), "team_id": "T0OTHER"}, id="told of another team"),
        pytest.param(event(user_team="T0OTHER"), id="a person of another team"),
        pytest.param(event(view={"team_id": "T0OTHER"}), id="a view of another team"),
        pytest.param({k: v for k, v in event().items() if k != "team_id"}, id="of no team"),
    ],
)
def test_another_teams_event_is_refused_once_and_for_all(place: Place, body: dict[str, Any]) -> None:
    answer = tell(place, body)
    assert (answer.status_code, answer.headers["x-slack-no-retry"]) == (403, "1")
    assert "'own team'" in answer.json()["error"]
    assert place.slack.screens.home(ANA) is None


def test_the_messages_tab_is_left_alone(place: Place) -> None:
    assert tell(place, event(tab="messages")).status_code == 200
    assert place.slack.screens.home(ANA) is None


def test_a_tab_that_slack_does_not_take_is_not_tried_again(place: Place) -> None:
    place.slack.world.faults.unavailable.add("slack")
    answer = tell(place, event())
    assert (answer.status_code, answer.headers["x-slack-no-retry"]) == (503, "1")


def test_slacks_question_whether_the_address_is_ours_is_answered(place: Place) -> None:
    answer = tell(place, {"type": "url_verification", "challenge": "abc", "token": "deprecated"})
    assert (answer.status_code, answer.json()) == (200, {"challenge": "abc"})


def test_a_clock_that_moved_is_the_time_of_the_tab(place: Place) -> None:
    assert f"<!date^{int(NOW.timestamp())}^" in texts(place.home())
    place.works.clock = lambda: NOW + timedelta(hours=1)
    try:
        assert f"<!date^{int((NOW + timedelta(hours=1)).timestamp())}^" in texts(place.home())
    finally:
        place.works.clock = lambda: NOW


def test_a_deployment_that_is_gone_is_not_shown_and_one_that_is_going_is(place: Place) -> None:
    place.store("deployments/chat", replace(Desired("deployments/chat", 2, None, PROPOSAL), previous=SPEC))
    assert "*chat* being deleted" in texts(place.home())
