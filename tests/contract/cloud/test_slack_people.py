"""People of the Slack stand-in: what they type, click and fill in reaches the bot, truly signed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from slack_bolt import App, BoltRequest
from slack_place import CARD, OPS, SECRET, Place, running
from slack_sdk.webhook import WebhookClient
from starlette.requests import Request
from starlette.responses import Response

from infra.local.cloud.slack_workspace import ANA, BEN


@pytest.fixture
def place() -> Iterator[Place]:
    with running() as made:
        yield made


def test_a_command_is_signed_and_says_who_and_where(place: Place) -> None:
    assert place.do(place.slack.command("ana", "#infer-ops", "status")) == 200
    heard = place.bot.heard[0]
    assert place.bot.genuine == [True]
    assert (heard["user_id"], heard["channel_id"], heard["command"], heard["text"]) == (ANA, OPS, "/infer", "status")


def test_every_command_has_its_own_trigger(place: Place) -> None:
    for _ in range(2):
        place.do(place.slack.command("ana", "infer-ops", "status"))
    assert len({heard["trigger_id"] for heard in place.bot.heard}) == 2


def test_the_answer_to_a_command_is_shown_to_its_author_alone(place: Place) -> None:
    place.bot.reply = Response("heard you", media_type="text/plain")
    place.do(place.slack.command("ana", "infer-ops", "status"))
    assert [e.text for e in place.slack.ephemerals("ana")] == ["heard you"]
    assert place.slack.answers[-1].body == "heard you"


@pytest.mark.parametrize("command", ["/foo", "/", "/inferr"])
def test_a_command_that_is_none_of_the_app_is_answered_by_slack_itself_and_to_its_author_alone(
    place: Place, command: str
) -> None:
    place.do(place.slack.command("ana", "infer-ops", "status", command))
    assert place.bot.heard == []
    assert [e.text for e in place.slack.ephemerals("ana")] == [
        f"{command} is not a valid command. Commands here: /infer"
    ]
    assert (place.slack.ephemerals("ben"), place.slack.messages("infer-ops")) == ([], [])


def test_a_slow_bot_shows_a_timeout(place: Place) -> None:
    place.bot.delay, place.slack.people.patience = 0.5, 0.05
    assert place.do(place.slack.command("ana", "infer-ops", "status")) == 0
    assert "operation_timeout" in place.slack.ephemerals("ana")[0].text


def test_a_person_outside_the_channel_cannot_speak_there(place: Place) -> None:
    with pytest.raises(LookupError):
        place.do(place.slack.command("guest", "on-call", "status"))


def test_time_stands_still_while_the_bot_works(place: Place) -> None:
    def look() -> object:
        place.world.after(timedelta(hours=1), lambda: None)
        return place.world.now

    place.bot.now, place.bot.delay = look, 0.05
    place.do(place.slack.command("ana", "infer-ops", "status"))
    assert place.bot.times[0] == place.bot.times[1]


def test_bolt_itself_understands_commands_and_clicks(place: Place) -> None:
    app = App(client=place.client, signing_secret=SECRET)
    app.command("/infer")(lambda ack, command: ack(f"heard {command['text']}"))
    app.action("approve")(lambda ack, say, body: (ack(), say(f"approved by {body['user']['name']}")))

    async def bolt(request: Request) -> Response:
        asked = BoltRequest(body=(await request.body()).decode(), headers=dict(request.headers))
        told = await asyncio.to_thread(app.dispatch, asked)
        return Response(told.body, told.status, headers=told.first_headers_without_set_cookie())

    place.bot.instead = bolt
    ts = place.client.chat_postMessage(channel=OPS, text="plan", blocks=CARD)["ts"]
    assert place.do(place.slack.command("ana", "infer-ops", "status")) == 200
    assert place.do(place.slack.click("ben", "infer-ops", ts, "approve")) == 200
    assert place.slack.ephemerals("ana")[0].text == "heard status"
    assert place.slack.messages("infer-ops")[-1].text == "approved by ben"


def test_a_click_carries_the_buttons_value_and_the_message(place: Place) -> None:
    ts = place.client.chat_postMessage(channel=OPS, text="plan", blocks=CARD)["ts"]
    assert place.do(place.slack.click("ben", "infer-ops", ts, "approve")) == 200
    payload = json.loads(place.bot.heard[0]["payload"])
    assert place.bot.genuine == [True]
    assert (payload["user"]["id"], payload["actions"][0]["value"]) == (BEN, "p1")
    assert payload["actions"][0]["block_id"] == "row"
    assert payload["message"]["ts"] == payload["container"]["message_ts"] == ts


def test_a_button_that_is_gone_cannot_be_clicked(place: Place) -> None:
    ts = place.client.chat_postMessage(channel=OPS, text="plan", blocks=CARD)["ts"]
    place.client.chat_update(channel=OPS, ts=ts, text="decided")
    with pytest.raises(LookupError, match="no approve"):
        place.do(place.slack.click("ben", "infer-ops", ts, "approve"))


def test_a_menu_option_is_chosen_by_its_value(place: Place) -> None:
    option = {"text": {"type": "plain_text", "text": "EU"}, "value": "eu"}
    menu = {"type": "static_select", "action_id": "region", "options": [option]}
    blocks = [{"type": "actions", "elements": [menu]}]
    ts = place.client.chat_postMessage(channel=OPS, text="where", blocks=blocks)["ts"]
    place.do(place.slack.click("ben", "infer-ops", ts, "region", "eu"))
    assert json.loads(place.bot.heard[0]["payload"])["actions"][0]["selected_option"] == option


def test_a_response_url_works_five_times_within_thirty_minutes(place: Place) -> None:
    place.do(place.slack.command("ana", "infer-ops", "status"))
    hook = WebhookClient(place.bot.heard[0]["response_url"])
    assert [hook.send(text=str(n)).status_code for n in range(6)] == [200] * 5 + [404]
    place.do(place.slack.command("ana", "infer-ops", "status"))
    place.later(31 * 60)
    assert WebhookClient(place.bot.heard[1]["response_url"]).send(text="late").status_code == 404
