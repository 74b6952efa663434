"""The Slack stand-in's Events API: the bot is told that somebody opened its Home tab, until it has taken it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from slack_place import Place, running
from starlette.responses import Response

from infra.local.cloud.slack_workspace import ANA
from tests.waiting import PATIENCE, eventually

HOME = {"type": "home", "blocks": [{"type": "divider"}]}


@pytest.fixture
def place() -> Iterator[Place]:
    with running() as made:
        yield made


def test_opening_the_home_tab_is_told_to_the_bot_truly_signed(place: Place) -> None:
    assert place.do(place.slack.open_home("ana")) == 200
    told, headers = place.bot.events[0]
    assert place.bot.genuine == [True]
    assert (told["type"], told["event"]["type"], told["event"]["user"]) == ("event_callback", "app_home_opened", ANA)
    assert told["event"]["tab"] == "home"
    assert "x-slack-retry-num" not in headers


def test_the_event_names_the_direct_message_with_the_bot(place: Place) -> None:
    place.do(place.slack.open_home("ana"))
    channel = place.bot.events[0][0]["event"]["channel"]
    assert place.client.conversations_open(users=ANA)["channel"]["id"] == channel


def test_every_event_has_its_own_id(place: Place) -> None:
    for _ in range(2):
        place.do(place.slack.open_home("ana"))
    assert len({told["event_id"] for told, _ in place.bot.events}) == 2


def test_the_event_carries_the_home_tab_once_there_is_one(place: Place) -> None:
    place.do(place.slack.open_home("ana"))
    view = place.client.views_publish(user_id=ANA, view=HOME)["view"]
    place.do(place.slack.open_home("ana"))
    first, second = (told["event"] for told, _ in place.bot.events)
    assert ("view" in first, second["view"]["id"], second["view"]["hash"]) == (False, view["id"], view["hash"])


def test_a_failed_event_comes_again_at_once_and_after_one_and_five_minutes(place: Place) -> None:
    place.bot.reply = Response("", 500)
    begun = place.world.now
    place.do(place.slack.open_home("ana"))
    place.later(3600)
    eventually(lambda: len(place.bot.events) == 4)
    retries = [headers for _, headers in place.bot.events[1:]]
    assert [headers["x-slack-retry-num"] for headers in retries] == ["1", "2", "3"]
    assert {headers["x-slack-retry-reason"] for headers in retries} == {"http_error"}
    assert place.bot.times[::2] == [begun + timedelta(minutes=passed) for passed in (0, 0, 1, 6)]


def test_the_same_event_comes_again_with_the_same_id(place: Place) -> None:
    place.bot.reply = Response("", 500)
    place.do(place.slack.open_home("ana"))
    place.later(3600)
    assert len({told["event_id"] for told, _ in place.bot.events}) == 1


def test_an_event_that_is_taken_at_last_comes_no_more(place: Place) -> None:
    place.bot.reply = Response("", 500)
    place.server.run(place.world.pause)
    place.do(place.slack.open_home("ana"))
    place.bot.reply = Response("")
    place.server.run(lambda: place.world.pause(on=False))
    place.later(3600)
    assert len(place.bot.events) == 2


def test_a_bot_may_ask_not_to_be_told_again(place: Place) -> None:
    place.bot.reply = Response("", 500, {"x-slack-no-retry": "1"})
    place.do(place.slack.open_home("ana"))
    place.later(3600)
    assert len(place.bot.events) == 1


def test_a_bot_that_was_too_slow_is_told_again_because_of_a_timeout(place: Place) -> None:
    place.server.run(place.world.pause)
    place.bot.delay, place.slack.people.patience = 0.5, 0.05
    place.do(place.slack.open_home("ana"))
    place.bot.delay, place.slack.people.patience = 0, PATIENCE
    place.server.run(lambda: place.world.pause(on=False))
    place.later(3600)
    assert place.bot.events[-1][1]["x-slack-retry-reason"] == "http_timeout"
