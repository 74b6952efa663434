"""People of the Slack stand-in fill in forms: what the bot is sent, and what its answer does to the modal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from slack_place import BUTTON, OPS, Place, field, modal, option, running, typed
from slack_sdk.webhook import WebhookClient
from starlette.responses import JSONResponse, Response

from infra.local.cloud.slack_workspace import ANA

MENU = {"type": "static_select", "options": [option("eu"), option("us")], "initial_option": option("us")}
FORM = modal(field("name"), field("region", MENU), private_metadata="secret", callback_id="deploy")
ROW = {"type": "actions", "block_id": "row", "elements": [BUTTON, {**MENU, "action_id": "where"}]}


@pytest.fixture
def place() -> Iterator[Place]:
    with running() as made:
        yield made


def answered(place: Place, **said: Any) -> None:
    place.bot.reply = JSONResponse(said)


def test_a_form_carries_all_fields_and_what_the_app_hid_in_it(place: Place) -> None:
    view = place.opened(FORM)
    place.do(place.slack.submit("ana", view["id"], typed(name="llama")))
    sent = place.bot.payload["view"]
    assert place.bot.payload["type"] == "view_submission"
    assert sent["state"]["values"]["name"]["name"] == {"type": "plain_text_input", "value": "llama"}
    assert sent["state"]["values"]["region"]["region"]["selected_option"]["value"] == "us"
    assert (sent["private_metadata"], sent["callback_id"], sent["hash"]) == ("secret", "deploy", view["hash"])


def test_a_form_with_an_empty_field_is_not_sent_at_all(place: Place) -> None:
    view = place.opened(FORM)
    sent = place.do(place.slack.submit("ana", view["id"], typed(name="")))
    assert sent.answer is None
    assert sent.errors == {"name": "Please complete this required field."}
    assert len(place.slack.modals("ana")) == 1


def test_a_field_that_may_be_empty_is_sent_empty(place: Place) -> None:
    view = place.opened(modal(field("note", optional=True)))
    place.do(place.slack.submit("ana", view["id"], {}))
    assert place.bot.payload["view"]["state"]["values"]["note"]["note"]["value"] is None


@pytest.mark.parametrize(
    ("element", "text"),
    [
        pytest.param({"type": "plain_text_input", "min_length": 3}, "ab", id="too short"),
        pytest.param({"type": "number_input", "is_decimal_allowed": False}, "1.5", id="not whole"),
        pytest.param({"type": "number_input", "is_decimal_allowed": True, "max_value": "8"}, "9", id="too much"),
        pytest.param({"type": "number_input", "is_decimal_allowed": True}, "many", id="no number"),
        pytest.param({"type": "url_text_input"}, "nowhere", id="no address"),
    ],
)
def test_a_wrong_field_is_not_sent_at_all(place: Place, element: dict[str, Any], text: str) -> None:
    view = place.opened(modal(field("n", element)))
    state = {"n": {"n": {"type": element["type"], "value": text}}}
    assert place.do(place.slack.submit("ana", view["id"], state)).errors.keys() == {"n"}


def test_errors_of_the_bot_keep_the_form_open_with_what_was_typed(place: Place) -> None:
    view = place.opened(FORM)
    answered(place, response_action="errors", errors={"name": "taken"})
    sent = place.do(place.slack.submit("ana", view["id"], typed(name="llama")))
    shown = place.slack.screens.modal("ana")
    assert sent.errors == {"name": "taken"}
    assert shown["state"]["values"]["name"]["name"]["value"] == "llama"


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(JSONResponse({"response_action": "errors", "errors": {"nowhere": "x"}}), id="unknown field"),
        pytest.param(JSONResponse({"response_action": "errors", "errors": {}}), id="no errors"),
        pytest.param(JSONResponse({"response_action": "dance"}), id="unknown action"),
        pytest.param(JSONResponse({"response_action": "update", "view": {"type": "modal"}}), id="wrong view"),
        pytest.param(JSONResponse({"response_action": "update", "view": {"type": "home", "blocks": []}}), id="home"),
        pytest.param(Response("thanks"), id="plain text"),
        pytest.param(Response("", 500), id="failure"),
    ],
)
def test_an_answer_that_slack_does_not_understand_is_shown_as_trouble(place: Place, said: Response) -> None:
    view = place.opened(FORM)
    place.bot.reply = said
    sent = place.do(place.slack.submit("ana", view["id"], typed(name="llama")))
    assert (sent.trouble, sent.errors) == ("We had some trouble connecting. Try again?", {})
    assert [one.id for one in place.slack.modals("ana")] == [view["id"]]


def test_a_bot_that_is_too_slow_leaves_the_form_open(place: Place) -> None:
    view = place.opened(FORM)
    place.bot.delay, place.slack.people.patience = 0.5, 0.05
    sent = place.do(place.slack.submit("ana", view["id"], typed(name="llama")))
    assert (sent.answer.error, bool(sent.trouble)) == ("operation_timeout", True)


def test_the_bot_may_put_another_view_in_place_of_the_form(place: Place) -> None:
    view = place.opened(FORM)
    answered(place, response_action="update", view=modal(field("sure")))
    place.do(place.slack.submit("ana", view["id"], typed(name="llama")))
    shown = place.slack.screens.modal("ana")
    assert (shown["id"], shown["blocks"][0]["block_id"]) == (view["id"], "sure")
    assert shown["hash"] != view["hash"]


def test_the_bot_may_put_another_view_on_top_of_the_form(place: Place) -> None:
    view = place.opened(FORM)
    answered(place, response_action="push", view=modal(field("sure")))
    place.do(place.slack.submit("ana", view["id"], typed(name="llama")))
    shown = place.slack.screens.modal("ana")
    assert (shown["previous_view_id"], shown["root_view_id"]) == (view["id"], view["id"])


def test_the_bot_may_close_the_whole_stack(place: Place) -> None:
    place.opened(FORM)
    top = place.client.views_push(trigger_id=place.trigger(), view=FORM)["view"]
    answered(place, response_action="clear")
    place.do(place.slack.submit("ana", top["id"], typed(name="llama")))
    assert place.slack.modals("ana") == []


def test_an_empty_answer_closes_the_top_form_only(place: Place) -> None:
    below = place.opened(FORM)
    top = place.client.views_push(trigger_id=place.trigger(), view=FORM)["view"]
    place.do(place.slack.submit("ana", top["id"], typed(name="llama")))
    assert [view.id for view in place.slack.modals("ana")] == [below["id"]]


def test_only_the_topmost_form_can_be_sent(place: Place) -> None:
    below = place.opened(FORM)
    place.client.views_push(trigger_id=place.trigger(), view=FORM)
    with pytest.raises(LookupError, match="in front"):
        place.do(place.slack.submit("ana", below["id"], typed(name="llama")))


@pytest.mark.parametrize("values", [[], {"name": "llama"}, {"name": {"name": "llama"}}], ids=["list", "text", "state"])
def test_values_of_another_shape_are_refused(place: Place, values: Any) -> None:
    view = place.opened(FORM)
    with pytest.raises(ValueError, match="block_id"):
        place.do(place.slack.submit("ana", view["id"], values))


def test_nobody_sends_the_form_of_another(place: Place) -> None:
    view = place.opened(FORM)
    with pytest.raises(LookupError):
        place.do(place.slack.submit("ben", view["id"], typed(name="llama")))


def test_a_button_in_a_modal_says_which_view_and_what_was_typed(place: Place) -> None:
    view = place.opened(modal(field("name"), ROW))
    place.do(place.slack.act_in_view("ana", view["id"], "row", "approve", values=typed(name="llama")))
    sent = place.bot.payload
    assert sent["container"] == {"type": "view", "view_id": view["id"]}
    assert (sent["actions"][0]["action_id"], sent["actions"][0]["value"]) == ("approve", "p1")
    assert sent["view"]["state"]["values"]["name"]["name"]["value"] == "llama"
    assert sent["view"]["hash"] == view["hash"]
    assert "response_url" not in sent
    assert "channel" not in sent


def test_a_choice_in_a_modal_is_in_the_state_from_then_on(place: Place) -> None:
    view = place.opened(modal(ROW))
    place.do(place.slack.act_in_view("ana", view["id"], "row", "where", "eu"))
    chosen = place.bot.payload["view"]["state"]["values"]["row"]["where"]["selected_option"]
    assert (place.bot.payload["actions"][0]["selected_option"], chosen) == (option("eu"), option("eu"))


def test_what_was_typed_outlives_an_update_that_keeps_the_field(place: Place) -> None:
    view = place.opened(modal(field("name"), ROW))
    place.do(place.slack.act_in_view("ana", view["id"], "row", "approve", values=typed(name="llama")))
    place.client.views_update(view_id=view["id"], view=modal(field("name"), field("note")))
    place.do(place.slack.submit("ana", view["id"], typed(note="x")))
    values = place.bot.payload["view"]["state"]["values"]
    assert {name: state[name]["value"] for name, state in values.items()} == {"name": "llama", "note": "x"}


def test_a_field_that_does_not_dispatch_says_nothing_by_itself(place: Place) -> None:
    view = place.opened(modal(field("region", MENU), field("zone", MENU, dispatch_action=True)))
    with pytest.raises(LookupError, match="before the form is sent"):
        place.do(place.slack.act_in_view("ana", view["id"], "region", "region", "eu"))
    assert place.do(place.slack.act_in_view("ana", view["id"], "zone", "zone", "eu")) == 200


def test_a_button_on_the_home_tab_opens_a_modal(place: Place) -> None:
    home = place.client.views_publish(user_id=ANA, view={"type": "home", "blocks": [ROW]})["view"]
    place.do(place.slack.act_in_view("ana", home["id"], "row", "approve"))
    sent = place.bot.payload
    assert (sent["view"]["type"], sent["container"]["view_id"]) == ("home", home["id"])
    assert place.client.views_open(trigger_id=sent["trigger_id"], view=FORM)["ok"]


def test_closing_is_told_where_the_app_asked_for_it(place: Place) -> None:
    view = place.opened(modal(field("name"), notify_on_close=True, private_metadata="secret"))
    place.do(place.slack.close("ana", view["id"]))
    sent = place.bot.payload
    assert (sent["type"], sent["is_cleared"], sent["view"]["private_metadata"]) == ("view_closed", False, "secret")
    assert place.slack.modals("ana") == []


def test_closing_is_told_to_nobody_otherwise(place: Place) -> None:
    view = place.opened(FORM)
    before = len(place.bot.heard)
    place.do(place.slack.close("ana", view["id"]))
    assert len(place.bot.heard) == before


def test_closing_a_modal_that_clears_closes_all_below_it(place: Place) -> None:
    place.opened(modal(field("name"), notify_on_close=True))
    top = place.client.views_push(trigger_id=place.trigger(), view=modal(field("a"), clear_on_close=True))["view"]
    place.do(place.slack.close("ana", top["id"]))
    assert place.slack.modals("ana") == []
    assert place.bot.payload["is_cleared"] is True


def test_a_chosen_conversation_comes_with_an_address_to_answer_it(place: Place) -> None:
    element = {"type": "conversations_select", "response_url_enabled": True}
    view = place.opened(modal(field("where", element)))
    state = {"where": {"where": {"type": "conversations_select", "selected_conversation": OPS}}}
    place.do(place.slack.submit("ana", view["id"], state))
    given = place.bot.payload["response_urls"][0]
    assert (given["channel_id"], given["block_id"]) == (OPS, "where")
    WebhookClient(given["response_url"]).send(text="done", response_type="in_channel")
    assert place.slack.messages(OPS)[-1].text == "done"
