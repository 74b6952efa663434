"""What each person of the Slack stand-in has before their eyes, and when it is worth looking again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slack_place import CARD, OPS, RANDOM, Place, field, modal, running, typed

from infra.local.cloud.slack_workspace import ANA, BEN, BOT, SLACKBOT

HOME = {"type": "home", "blocks": [{"type": "divider"}]}


@pytest.fixture
def place() -> Iterator[Place]:
    with running() as made:
        yield made


def test_a_person_sees_the_conversations_they_are_in(place: Place) -> None:
    place.client.conversations_open(users=ANA)
    seen = {user: [one.id for one in place.slack.screens.places(user)] for user in ("ana", "guest")}
    assert seen["guest"] == [OPS, RANDOM]
    assert len(seen["ana"]) == 4


def test_nobody_sees_a_conversation_they_are_not_in(place: Place) -> None:
    with pytest.raises(LookupError):
        place.slack.screens.conversation("guest", "on-call")


def test_private_messages_stand_among_the_others_for_one_person_only(place: Place) -> None:
    place.client.chat_postMessage(channel=OPS, text="one")
    place.client.chat_postEphemeral(channel=OPS, user=ANA, text="two")
    place.client.chat_postMessage(channel=OPS, text="three")
    seen = {user: [one.text for one in place.slack.screens.conversation(user, OPS)] for user in (ANA, BEN)}
    assert seen == {ANA: ["one", "two", "three"], BEN: ["one", "three"]}


def test_a_private_message_says_who_speaks(place: Place) -> None:
    place.client.chat_postEphemeral(channel=OPS, user=ANA, text="two")
    place.slack.people.patience = 0
    place.do(place.slack.command("ana", "infer-ops", "status"))
    assert [(one.user, one.ephemeral) for one in place.slack.screens.conversation("ana", OPS)] == [
        (BOT, True),
        (SLACKBOT, True),
    ]


def test_a_private_message_can_stand_in_a_thread(place: Place) -> None:
    parent = place.client.chat_postMessage(channel=OPS, text="one")["ts"]
    place.client.chat_postEphemeral(channel=OPS, user=ANA, text="two", thread_ts=parent)
    assert place.slack.screens.conversation("ana", OPS)[1].thread_ts == parent


def test_an_edited_message_stands_where_it_was_said(place: Place) -> None:
    ts = place.client.chat_postMessage(channel=OPS, text="one")["ts"]
    said_at = place.world.now
    place.later(60)
    place.client.chat_update(channel=OPS, ts=ts, text="two")
    seen = place.slack.screens.conversation("ana", OPS)[0]
    assert (seen.text, seen.edited, seen.at) == ("two", True, said_at)


def test_the_topmost_modal_is_in_front(place: Place) -> None:
    place.opened(modal(field("name")))
    top = place.client.views_push(trigger_id=place.trigger(), view=modal(field("sure")))["view"]
    assert place.slack.screens.modal("ana")["id"] == top["id"]
    assert place.slack.screens.modal("ben") is None


def test_there_is_no_home_tab_before_the_app_published_one(place: Place) -> None:
    before = place.slack.screens.home("ana")
    place.client.views_publish(user_id=ANA, view=HOME)
    assert (before, place.slack.screens.home("ana")["type"]) == (None, "home")


def _posted(place: Place) -> str:
    return str(place.client.chat_postMessage(channel=OPS, text="one", blocks=CARD)["ts"])


def _form(place: Place) -> str:
    return str(place.opened(modal(field("name")))["id"])


@pytest.mark.parametrize(
    ("before", "change"),
    [
        pytest.param(_posted, lambda place, _: _posted(place), id="post"),
        pytest.param(_posted, lambda place, ts: place.client.chat_update(channel=OPS, ts=ts, text="two"), id="edit"),
        pytest.param(_posted, lambda place, ts: place.client.chat_delete(channel=OPS, ts=ts), id="delete"),
        pytest.param(
            _posted, lambda place, ts: place.client.reactions_add(channel=OPS, timestamp=ts, name="eyes"), id="reaction"
        ),
        pytest.param(
            _posted, lambda place, _: place.client.chat_postEphemeral(channel=OPS, user=ANA, text="x"), id="ephemeral"
        ),
        pytest.param(_posted, lambda place, _: place.client.conversations_open(users=ANA), id="direct message"),
        pytest.param(_form, lambda place, view: place.do(place.slack.close("ana", view)), id="close"),
        pytest.param(
            _form, lambda place, view: place.client.views_update(view_id=view, view=modal(field("name"))), id="update"
        ),
        pytest.param(_form, lambda place, view: place.do(place.slack.submit("ana", view, {})), id="refused form"),
        pytest.param(
            _form, lambda place, view: place.do(place.slack.submit("ana", view, typed(name="x"))), id="sent form"
        ),
        pytest.param(_form, lambda place, _: place.client.views_publish(user_id=ANA, view=HOME), id="home"),
    ],
)
def test_the_version_grows_at_every_change(
    place: Place, before: Callable[[Place], str], change: Callable[[Place, str], Any]
) -> None:
    key = before(place)
    version = place.slack.screens.version
    change(place, key)
    assert place.slack.screens.version > version


def test_the_version_stays_while_nothing_changes(place: Place) -> None:
    _posted(place)
    version = place.slack.screens.version
    place.client.conversations_history(channel=OPS)
    place.slack.screens.conversation("ana", OPS)
    assert place.slack.screens.version == version
