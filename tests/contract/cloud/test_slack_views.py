"""Modals and Home tabs as the Slack stand-in's Web API keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from slack_place import BUTTON, Place, field, modal, running
from slack_sdk.errors import SlackApiError

from infra.local.cloud.slack_workspace import ANA

FORM = modal(field("name"))
DIVIDER = {"type": "divider"}


@pytest.fixture
def place() -> Iterator[Place]:
    with running() as made:
        yield made


@pytest.fixture(scope="module")
def patient() -> Iterator[Place]:
    """One Slack without rate limits for all the tests that leave nothing behind."""
    with running() as made:
        made.slack.buckets.limits.clear()
        yield made


def test_a_trigger_opens_one_modal(place: Place) -> None:
    trigger = place.trigger()
    place.client.views_open(trigger_id=trigger, view=FORM)
    assert len(place.slack.modals("ana")) == 1
    assert place.refusal("views.open", trigger_id=trigger, view=FORM) == "exchanged_trigger_id"


def test_a_trigger_opens_nothing_once_its_time_is_over(place: Place) -> None:
    place.slack.views.trigger_life = 0
    assert place.refusal("views.open", trigger_id=place.trigger(), view=FORM) == "expired_trigger_id"


def test_a_trigger_that_was_never_handed_out_opens_nothing(place: Place) -> None:
    assert place.refusal("views.open", trigger_id="1.T.2", view=FORM) == "invalid_trigger_id"


def test_a_refused_view_leaves_the_trigger_unused(place: Place) -> None:
    trigger = place.trigger()
    assert place.refusal("views.open", trigger_id=trigger, view={"type": "modal"}) == "invalid_arguments"
    assert place.client.views_open(trigger_id=trigger, view=FORM)["ok"]


def test_an_update_with_a_stale_hash_is_refused(place: Place) -> None:
    view = place.opened(FORM)
    place.client.views_update(view_id=view["id"], view=FORM, hash=view["hash"])
    refusal = place.refusal("views.update", view_id=view["id"], view=FORM, hash=view["hash"])
    assert refusal == "hash_conflict"


def test_an_update_without_a_hash_always_wins(place: Place) -> None:
    view = place.opened(FORM)
    first = place.client.views_update(view_id=view["id"], view=FORM)["view"]["hash"]
    second = place.client.views_update(view_id=view["id"], view=FORM)["view"]["hash"]
    assert len({view["hash"], first, second}) == 3


def test_a_stale_hash_is_refused_on_the_home_tab(place: Place) -> None:
    home = {"type": "home", "blocks": []}
    stale = place.client.views_publish(user_id=ANA, view=home)["view"]["hash"]
    place.client.views_publish(user_id=ANA, view=home, hash=stale)
    assert place.refusal("views.publish", user_id=ANA, view=home, hash=stale) == "hash_conflict"


def test_a_closed_modal_cannot_be_updated(place: Place) -> None:
    view = place.opened(FORM)
    place.do(place.slack.close("ana", view["id"]))
    assert place.refusal("views.update", view_id=view["id"], view=FORM) == "not_found"


def test_a_modal_can_be_named_by_its_external_id(place: Place) -> None:
    place.opened(modal(DIVIDER, external_id="mine"))
    changed = place.client.views_update(external_id="mine", view=modal(external_id="mine"))["view"]
    assert changed["blocks"] == []


def test_an_external_id_is_taken_while_its_view_is_open(place: Place) -> None:
    view = place.opened(modal(DIVIDER, external_id="mine"))
    again = modal(DIVIDER, external_id="mine")
    refusal = place.refusal("views.open", trigger_id=place.trigger("ben"), view=again)
    place.do(place.slack.close("ana", view["id"]))
    assert (refusal, place.opened(again)["external_id"]) == ("duplicate_external_id", "mine")


def test_three_modals_lie_on_each_other_and_no_more(place: Place) -> None:
    root = place.opened(FORM)
    pushed = [place.client.views_push(trigger_id=place.trigger(), view=FORM)["view"] for _ in range(2)]
    assert [view["root_view_id"] for view in pushed] == [root["id"]] * 2
    assert [view["previous_view_id"] for view in pushed] == [root["id"], pushed[0]["id"]]
    assert place.refusal("views.push", trigger_id=place.trigger(), view=FORM) == "push_limit_reached"


def _ids(prefix: str, count: int) -> list[dict[str, Any]]:
    return [{"type": "divider", "block_id": f"{prefix}{number}"} for number in range(count)]


@pytest.mark.parametrize(
    ("view", "complaint"),
    [
        pytest.param(modal(*_ids("b", 101)), "no more than 100 items allowed [json-pointer:/view/blocks]", id="blocks"),
        pytest.param(modal(private_metadata="x" * 3001), "must be less than 3001 characters", id="private_metadata"),
        pytest.param(
            modal(title={"type": "plain_text", "text": "x" * 25}),
            "less than 25 characters [json-pointer:/view/title/",
            id="title",
        ),
        pytest.param(modal({"type": "markdown", "text": "x"}), "unsupported type: markdown", id="not in modals"),
        pytest.param(modal(colour="red"), "invalid additional property: colour", id="unknown field"),
        pytest.param(modal(field("a"), field("a")), "block_id already exists: a", id="same block twice"),
        pytest.param(
            {key: value for key, value in FORM.items() if key != "submit"},
            "missing required field: submit",
            id="fields without submit",
        ),
        pytest.param({"type": "home", "blocks": []}, "must be one of: modal", id="a home tab is no modal"),
    ],
)
def test_a_wrong_modal_is_refused_with_the_place(patient: Place, view: dict[str, Any], complaint: str) -> None:
    with pytest.raises(SlackApiError) as refused:
        patient.client.views_open(trigger_id="never looked at", view=view)
    assert refused.value.response["error"] == "invalid_arguments"
    assert any(complaint in message for message in refused.value.response["response_metadata"]["messages"])


def test_a_view_of_more_than_250_kilobytes_is_too_large(patient: Place) -> None:
    text = {"type": "plain_text", "text": "x" * 2900}
    view = modal(*({"type": "section", "text": text} for _ in range(90)))
    assert patient.refusal("views.open", trigger_id="never looked at", view=view) == "view_too_large"


def test_a_home_tab_of_more_than_a_hundred_blocks_is_refused(patient: Place) -> None:
    home = {"type": "home", "blocks": _ids("b", 101)}
    assert patient.refusal("views.publish", user_id=ANA, view=home) == "invalid_arguments"


def test_a_home_tab_for_nobody_is_refused(patient: Place) -> None:
    assert patient.refusal("views.publish", user_id="U404", view={"type": "home", "blocks": []}) == "user_not_found"


def test_blocks_and_buttons_without_a_name_are_given_one(place: Place) -> None:
    bare = {key: value for key, value in BUTTON.items() if key != "action_id"}
    view = place.opened(modal({"type": "actions", "elements": [bare]}))
    row = view["blocks"][0]
    assert row["block_id"] != row["elements"][0]["action_id"]
    assert row["elements"][0]["action_id"]
