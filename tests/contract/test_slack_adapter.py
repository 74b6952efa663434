"""The Slack adapter, with the real slack_sdk underneath, against the embedded Slack."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from infra.local.cloud.server import Server
from infra.local.cloud.slack import Slack
from infra.local.cloud.slack_workspace import ANA, BEN, BOT, CHLOE, DEV, GUEST
from infra.local.cloud.world import World
from shared.adapters.slack import SlackChat
from shared.domain.errors import NeedsHumanError, RetryableError, TerminalError
from shared.ports import BlocksRefusedError, Card, RateLimitedError
from tests.waiting import let_pass

OPS, RANDOM = "C0INFEROPS", "C0RANDOM01"
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "rich"}}


class Place:
    """A running Slack and our door to it."""

    def __init__(self) -> None:
        self.world = World()
        self.slack = Slack(self.world, "secret", "xoxb-token")
        self.slack.buckets.limits.clear()
        self.server = Server(self.world, [], {"slack": self.slack.answer}).start()
        self.chat = self.as_app("xoxb-token")

    def as_app(self, token: str) -> SlackChat:
        return SlackChat(token, f"{self.server.endpoints['slack']}/api/")

    def texts(self, channel: str = OPS) -> list[str]:
        return [message.text for message in self.slack.messages(channel)]

    def later(self, seconds: float) -> None:
        let_pass(self.server, self.world, timedelta(seconds=seconds))


@pytest.fixture
def place() -> Iterator[Place]:
    made = Place()
    yield made
    made.server.stop()


def test_a_card_is_posted_with_text_and_blocks(place: Place) -> None:
    ts = place.chat.post(OPS, Card("hello", (SECTION,)))
    said = place.slack.messages(OPS)[0]
    assert (said.ts, said.text, said.blocks[0]["text"]["text"]) == (ts, "hello", "rich")


def test_an_uploaded_picture_can_stand_in_a_card(place: Place) -> None:
    file = place.chat.picture("kv.png", b"\x89PNG", "KV from 41 to 93")
    image = {"type": "image", "slack_file": {"id": file}, "alt_text": "KV from 41 to 93"}
    place.chat.post(OPS, Card("hello", (image,)))
    held = place.slack.files.held[file]
    assert (held.data, held.alt_text, held.channels) == (b"\x89PNG", "KV from 41 to 93", [])
    assert place.slack.messages(OPS)[0].blocks[0]["slack_file"] == {"id": file}


def test_an_upload_without_an_answer_can_be_tried_again(place: Place) -> None:
    place.world.faults.unavailable.add("slack")
    with pytest.raises(RetryableError):
        place.chat.picture("kv.png", b"\x89PNG", "KV")


def test_a_reply_stands_in_the_thread(place: Place) -> None:
    ts = place.chat.post(OPS, Card("parent"))
    place.chat.post(OPS, Card("reply"), thread=ts)
    assert place.slack.messages(OPS)[1].thread_ts == ts


def test_an_edit_without_blocks_takes_the_old_ones_away(place: Place) -> None:
    ts = place.chat.post(OPS, Card("old", (SECTION,)))
    assert place.chat.edit(OPS, ts, Card("new"))
    assert (place.texts(), place.slack.messages(OPS)[0].blocks) == (["new"], [])


def test_an_edit_of_what_is_gone_says_so(place: Place) -> None:
    ts = place.chat.post(OPS, Card("x"))
    place.chat.remove(OPS, ts)
    assert place.chat.edit(OPS, ts, Card("y")) is False


def test_removing_twice_is_fine(place: Place) -> None:
    ts = place.chat.post(OPS, Card("x"))
    place.chat.remove(OPS, ts)
    place.chat.remove(OPS, ts)
    assert place.texts() == []


def test_a_rate_limit_is_handed_on_without_waiting(place: Place) -> None:
    place.world.faults.rate_limited["chat.postMessage"] = 1
    with pytest.raises(RateLimitedError) as limited:
        place.chat.post(OPS, Card("x"))
    assert (limited.value.after, place.texts()) == (5.0, [])


def test_refused_blocks_have_their_own_error(place: Place) -> None:
    place.slack.unsupported.add("section")
    with pytest.raises(BlocksRefusedError):
        place.chat.post(OPS, Card("x", (SECTION,)))


def test_a_message_is_found_again_by_its_key(place: Place) -> None:
    since = place.world.now
    place.chat.post(OPS, Card("other"), key="p-2")
    first, second = (place.chat.post(OPS, Card("x"), key="p-1") for _ in range(2))
    assert place.chat.look_up(OPS, "p-1", since) == [first, second]


def test_the_key_outlives_an_edit(place: Place) -> None:
    ts = place.chat.post(OPS, Card("x"), key="p-1")
    place.chat.edit(OPS, ts, Card("y"))
    assert place.chat.look_up(OPS, "p-1", place.world.now - timedelta(hours=1)) == [ts]


def test_what_is_older_than_asked_is_not_found(place: Place) -> None:
    place.chat.post(OPS, Card("x"), key="p-1")
    place.later(60)
    assert place.chat.look_up(OPS, "p-1", place.world.now - timedelta(seconds=10)) == []


def test_a_message_beyond_the_first_page_is_found(place: Place) -> None:
    since = place.world.now
    ts = place.chat.post(OPS, Card("x"), key="p-1")
    for number in range(201):
        place.server.run(lambda number=number: place.slack.say(ANA, OPS, f"chatter {number}"))
    assert place.chat.look_up(OPS, "p-1", since) == [ts]


def test_a_reply_is_found_by_its_parents_key_and_its_own(place: Place) -> None:
    since = place.world.now
    ts = place.chat.post(OPS, Card("card"), key="p-1")
    place.chat.post(OPS, Card("other"), key="p-1/applied", thread=ts)
    reply = place.chat.post(OPS, Card("done"), key="p-1/done", thread=ts)
    assert place.chat.look_up(OPS, "p-1/done", since) == [reply]


def test_another_apps_message_with_our_key_is_not_ours(place: Place) -> None:
    since = place.world.now
    place.chat.post(OPS, Card("x"), key="p-1")
    place.slack.messages(OPS)[0].user = ANA
    assert place.chat.look_up(OPS, "p-1", since) == []


def test_a_member_is_told_in_the_channel(place: Place) -> None:
    place.chat.tell(ANA, OPS, "only you")
    assert [one.text for one in place.slack.ephemerals(ANA)] == ["only you"]


def test_someone_elsewhere_is_told_directly(place: Place) -> None:
    place.chat.tell(ANA, RANDOM, "only you")
    assert [one.text for one in place.slack.directs(ANA)] == ["only you"]


def test_telling_nobody_is_the_askers_mistake(place: Place) -> None:
    with pytest.raises(TerminalError):
        place.chat.tell("U404", OPS, "x")


def test_the_directory_names_groups_by_handle_and_guests_apart(place: Place) -> None:
    groups, guests = place.chat.directory()
    assert groups["approvers"] == frozenset({BEN, CHLOE})
    assert guests == frozenset({GUEST, BOT})


def test_the_deactivated_count_as_guests(place: Place) -> None:
    person = place.slack.workspace.person(DEV)
    assert person
    person.deleted = True
    assert DEV in place.chat.directory()[1]


def test_a_wrong_token_needs_a_person(place: Place) -> None:
    with pytest.raises(NeedsHumanError) as refused:
        place.as_app("xoxb-other").post(OPS, Card("x"))
    assert "INFEROPS_BOT_TOKEN" in refused.value.remedy


def test_a_channel_without_the_app_needs_a_person(place: Place) -> None:
    with pytest.raises(NeedsHumanError) as refused:
        place.chat.post(RANDOM, Card("x"))
    assert "/invite" in refused.value.remedy


@pytest.mark.parametrize("break_it", ["unavailable", "lost"])
def test_trouble_at_slack_is_for_later(place: Place, break_it: str) -> None:
    faults: Any = place.world.faults
    if break_it == "lost":
        faults.answer_lost["slack"] = 1
    else:
        faults.unavailable.add("slack")
    with pytest.raises(RetryableError):
        place.chat.post(OPS, Card("x"))


def test_nobody_answering_is_for_later() -> None:
    with pytest.raises(RetryableError):
        SlackChat("xoxb", "http://127.0.0.1:9/api/").post(OPS, Card("x"))
