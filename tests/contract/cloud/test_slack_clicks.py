"""People of the Slack stand-in act on all that can stand in a message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from slack_place import BUTTON, CARD, OPS, Place, option, running

from infra.local.cloud.slack_workspace import ANA

TEXT = {"type": "mrkdwn", "text": "where"}
OPTIONS = [option("eu"), option("us")]


@pytest.fixture
def place() -> Iterator[Place]:
    with running() as made:
        yield made


def row(*elements: dict[str, Any], block_id: str = "row") -> dict[str, Any]:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def posted(place: Place, *blocks: dict[str, Any]) -> str:
    return str(place.client.chat_postMessage(channel=OPS, text="x", blocks=list(blocks))["ts"])


def click(place: Place, ts: str, action_id: str, *args: Any, **more: Any) -> dict[str, Any]:
    assert place.do(place.slack.click("ben", "infer-ops", ts, action_id, *args, **more)) == 200
    return place.bot.payload


@pytest.mark.parametrize(
    ("element", "choice", "held", "value"),
    [
        pytest.param({"type": "static_select", "options": OPTIONS}, "eu", "selected_option", OPTIONS[0], id="menu"),
        pytest.param({"type": "radio_buttons", "options": OPTIONS}, "us", "selected_option", OPTIONS[1], id="radio"),
        pytest.param({"type": "checkboxes", "options": OPTIONS}, "eu", "selected_options", OPTIONS[:1], id="boxes"),
        pytest.param(
            {"type": "multi_static_select", "options": OPTIONS}, ["eu", "us"], "selected_options", OPTIONS, id="several"
        ),
        pytest.param({"type": "datepicker"}, "2026-01-05", "selected_date", "2026-01-05", id="date"),
        pytest.param({"type": "timepicker"}, "09:30", "selected_time", "09:30", id="time"),
        pytest.param({"type": "datetimepicker"}, "1767603600", "selected_date_time", 1767603600, id="moment"),
        pytest.param({"type": "users_select"}, ANA, "selected_user", ANA, id="person"),
        pytest.param({"type": "channels_select"}, OPS, "selected_channel", OPS, id="channel"),
    ],
)
def test_a_choice_is_in_the_action_and_in_the_state(
    place: Place, element: dict[str, Any], choice: Any, held: str, value: Any
) -> None:
    ts = posted(place, row({**element, "action_id": "pick"}))
    sent = click(place, ts, "pick", choice)
    assert sent["actions"][0][held] == value
    assert sent["state"]["values"]["row"]["pick"] == {"type": element["type"], held: value}


def test_an_overflow_menu_says_what_was_chosen_and_keeps_nothing(place: Place) -> None:
    menu = {"type": "overflow", "action_id": "more", "options": OPTIONS}
    sent = click(place, posted(place, {"type": "section", "text": TEXT, "accessory": menu}), "more", "us")
    assert (sent["actions"][0]["selected_option"], sent["state"]["values"]) == (OPTIONS[1], {})


def test_the_state_holds_what_else_was_chosen_in_the_message(place: Place) -> None:
    menu = {"type": "static_select", "action_id": "where", "options": OPTIONS}
    ts = posted(place, row(menu, BUTTON))
    before = click(place, ts, "approve")["state"]["values"]["row"]["where"]["selected_option"]
    click(place, ts, "where", "eu")
    assert before is None
    assert click(place, ts, "approve")["state"]["values"]["row"]["where"]["selected_option"] == OPTIONS[0]


def test_what_one_person_chose_is_not_what_another_chose(place: Place) -> None:
    ts = posted(place, row({"type": "static_select", "action_id": "where", "options": OPTIONS}, BUTTON))
    click(place, ts, "where", "eu")
    place.do(place.slack.click("ana", OPS, ts, "approve"))
    assert place.bot.payload["state"]["values"]["row"]["where"]["selected_option"] is None


def test_a_box_is_ticked_and_unticked(place: Place) -> None:
    boxes = {"type": "checkboxes", "action_id": "pick", "options": OPTIONS, "initial_options": OPTIONS[:1]}
    ts = posted(place, row(boxes))
    ticked = click(place, ts, "pick", "us")["actions"][0]["selected_options"]
    unticked = click(place, ts, "pick", "eu")["actions"][0]["selected_options"]
    assert (ticked, unticked) == (OPTIONS, OPTIONS[1:])


def test_a_menu_can_be_emptied_again(place: Place) -> None:
    ts = posted(place, row({"type": "static_select", "action_id": "where", "options": OPTIONS}))
    click(place, ts, "where", "eu")
    assert click(place, ts, "where", "")["actions"][0]["selected_option"] is None


@pytest.mark.parametrize("kind", ["static_select", "radio_buttons", "checkboxes", "overflow"])
def test_an_option_that_is_not_there_cannot_be_chosen(place: Place, kind: str) -> None:
    ts = posted(place, row({"type": kind, "action_id": "pick", "options": OPTIONS}))
    with pytest.raises(LookupError, match="no option"):
        place.do(place.slack.click("ben", "infer-ops", ts, "pick", "mars"))


def test_the_block_tells_apart_two_buttons_of_one_name(place: Place) -> None:
    ts = posted(place, row(BUTTON, block_id="one"), row({**BUTTON, "value": "p2"}, block_id="two"))
    sent = click(place, ts, "approve", block_id="two")
    assert (sent["actions"][0]["block_id"], sent["actions"][0]["value"]) == ("two", "p2")


def test_a_button_inside_a_container_is_found_in_its_own_block(place: Place) -> None:
    held = {"type": "container", "title": {"type": "plain_text", "text": "t"}, "child_blocks": [row(BUTTON)]}
    assert click(place, posted(place, held), "approve")["actions"][0]["block_id"] == "row"


def test_a_button_that_leads_elsewhere_is_told_to_the_bot_too(place: Place) -> None:
    ts = posted(place, row({**BUTTON, "action_id": "open", "url": "https://example.com"}))
    assert click(place, ts, "open")["actions"][0]["action_id"] == "open"


def test_nothing_can_be_clicked_in_a_message_that_has_gone(place: Place) -> None:
    ts = posted(place, *CARD)
    place.client.chat_delete(channel=OPS, ts=ts)
    with pytest.raises(LookupError, match="sees no message"):
        place.do(place.slack.click("ben", "infer-ops", ts, "approve"))


def test_a_click_on_a_private_message_shows_no_message_and_can_replace_it(place: Place) -> None:
    ts = place.client.chat_postEphemeral(channel=OPS, user=ANA, text="sure?", blocks=CARD)["message_ts"]
    place.do(place.slack.click("ana", OPS, ts, "approve"))
    sent = place.bot.payload
    assert (sent["container"]["is_ephemeral"], "message" in sent) == (True, False)


def test_nobody_else_can_click_on_a_private_message(place: Place) -> None:
    ts = place.client.chat_postEphemeral(channel=OPS, user=ANA, text="sure?", blocks=CARD)["message_ts"]
    with pytest.raises(LookupError, match="sees no message"):
        place.do(place.slack.click("ben", OPS, ts, "approve"))


def test_a_click_in_a_thread_names_the_thread(place: Place) -> None:
    parent = posted(place, *CARD)
    reply = place.client.chat_postMessage(channel=OPS, text="x", blocks=CARD, thread_ts=parent)["ts"]
    assert click(place, reply, "approve")["container"]["thread_ts"] == parent
