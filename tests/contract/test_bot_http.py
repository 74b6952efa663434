"""The bot over HTTP: what people type and click, truly signed."""

from __future__ import annotations

import pytest

from infra.local.cloud.slack_workspace import ANA, BEN
from shared.domain.desired import Desired
from shared.domain.intents import Undo
from shared.domain.messages import IntentSubmitted, VoteCast
from shared.domain.topics import Topic
from tests.contract.bot_place import (  # noqa: F401 - fixtures are found by name
    DIGEST,
    NOW,
    OPS,
    PROPOSAL,
    SECRET,
    SPEC,
    Bus,
    Place,
    Works,
    form,
    fresh_place,
    now,
    running_bot,
)


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
    [(topic, cast)] = place.heard
    assert isinstance(cast, VoteCast)
    assert (topic, cast) == (Topic.VOTES, VoteCast(PROPOSAL, DIGEST, BEN, approve, NOW, OPS, cast.id))


def test_a_typed_approval_binds_the_proposals_own_digest(place: Place) -> None:
    place.propose()
    assert "your approval" in place.types(f"approve {PROPOSAL}", BEN)
    [(topic, cast)] = place.heard
    assert isinstance(cast, VoteCast)
    assert (topic, cast) == (Topic.VOTES, VoteCast(PROPOSAL, DIGEST, BEN, True, NOW, OPS, cast.id))


def test_the_same_vote_request_again_is_the_same_vote(place: Place) -> None:
    place.propose()
    body, stamp = form(text=f"approve {PROPOSAL}"), now()
    for _ in range(2):
        assert place.post(body, stamp).status_code == 200
    assert len({cast.id for _, cast in place.heard if isinstance(cast, VoteCast)}) == 1


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
    assert "*chat*: in progress (generation 1)" in said
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
