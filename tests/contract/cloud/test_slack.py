"""The Slack stand-in's Web API, asked with the real slack_sdk client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from slack_place import CARD, OPS, RANDOM, Place, running
from slack_sdk.errors import SlackApiError

from infra.local.cloud.slack_workspace import ANA, BOT, DEV, GUEST, Channel


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


def test_a_post_stands_in_the_channel_with_a_ts_of_virtual_time(place: Place) -> None:
    said = place.client.chat_postMessage(channel=OPS, text="hello")
    assert said["ts"] == "1767603600.000100"
    assert [(m.text, m.ts) for m in place.slack.messages("#infer-ops")] == [("hello", said["ts"])]


def test_a_form_body_means_the_same_as_json(place: Place) -> None:
    args = {"channel": OPS, "text": "hi", "blocks": json.dumps(CARD)}
    said = place.client.api_call("chat.postMessage", data=args)
    assert said["message"]["blocks"] == CARD


def test_a_channel_may_be_named_when_posting(place: Place) -> None:
    assert place.client.chat_postMessage(channel="#infer-ops", text="hi")["channel"] == OPS


def test_blocks_without_an_id_are_given_one(place: Place) -> None:
    said = place.client.chat_postMessage(channel=OPS, text="x", blocks=[{"type": "divider"}])
    assert said["message"]["blocks"][0]["block_id"]


@pytest.mark.parametrize(
    ("method", "args", "error"),
    [
        pytest.param("chat.postMessage", {"channel": "C404", "text": "x"}, "channel_not_found", id="no such channel"),
        pytest.param("chat.postMessage", {"channel": RANDOM, "text": "x"}, "not_in_channel", id="bot not invited"),
        pytest.param("chat.postMessage", {"channel": OPS}, "no_text", id="nothing said"),
        pytest.param(
            "chat.postMessage", {"channel": OPS, "text": "x", "thread_ts": "1.2"}, "thread_not_found", id="thread"
        ),
        pytest.param(
            "chat.update", {"channel": OPS, "ts": "1.2", "text": "x"}, "message_not_found", id="edit of nothing"
        ),
        pytest.param("chat.delete", {"channel": OPS, "ts": "1.2"}, "message_not_found", id="delete of nothing"),
        pytest.param(
            "chat.postEphemeral",
            {"channel": OPS, "user": "U404", "text": "x"},
            "user_not_in_channel",
            id="not a member",
        ),
        pytest.param("conversations.open", {"users": "U404"}, "user_not_found", id="direct message to nobody"),
        pytest.param("conversations.history", {"channel": RANDOM}, "not_in_channel", id="history of elsewhere"),
        pytest.param("conversations.replies", {"channel": OPS, "ts": "1.2"}, "thread_not_found", id="no such thread"),
        pytest.param("users.info", {"user": "U404"}, "user_not_found", id="nobody"),
        pytest.param("usergroups.users.list", {"usergroup": "S404"}, "no_such_subteam", id="no such group"),
        pytest.param("views.open", {"trigger_id": "t", "view": {"type": "home"}}, "invalid_arguments", id="wrong view"),
        pytest.param("chat.scream", {}, "unknown_method", id="no such method"),
        pytest.param(
            "chat.postMessage",
            {"channel": OPS, "text": "x", "metadata": {"event_type": "e"}},
            "invalid_metadata_format",
            id="metadata without payload",
        ),
        pytest.param(
            "chat.postMessage",
            {"channel": OPS, "text": "x", "metadata": {"event_type": "e", "event_payload": {"a": {"b": {"c": 1}}}}},
            "invalid_metadata_schema",
            id="metadata nested too deep",
        ),
    ],
)
def test_refused_in_slacks_own_words(patient: Place, method: str, args: dict[str, Any], error: str) -> None:
    assert patient.refusal(method, **args) == error


def test_a_wrong_token_is_refused(place: Place) -> None:
    with pytest.raises(SlackApiError, match="invalid_auth"):
        place.as_app("xoxb-wrong").auth_test()


def test_a_call_without_a_token_is_refused(place: Place) -> None:
    with pytest.raises(SlackApiError, match="not_authed"):
        place.as_app("").auth_test()


def test_a_method_whose_scope_the_app_lacks_says_which(place: Place) -> None:
    place.slack.gate.scopes = {"commands", "users:read"}
    with pytest.raises(SlackApiError) as refused:
        place.client.chat_postMessage(channel=OPS, text="x")
    assert {key: refused.value.response[key] for key in ("error", "needed", "provided")} == {
        "error": "missing_scope",
        "needed": "chat:write",
        "provided": "commands,users:read",
    }


def test_a_method_that_needs_no_scope_works_without_any(place: Place) -> None:
    place.slack.gate.scopes = set()
    assert place.client.auth_test()["ok"]


def test_an_emoji_and_a_pin_can_be_taken_back_once(place: Place) -> None:
    ts = place.client.chat_postMessage(channel=OPS, text="x")["ts"]
    place.client.reactions_add(channel=OPS, timestamp=ts, name="eyes")
    place.client.pins_add(channel=OPS, timestamp=ts)
    place.client.reactions_remove(channel=OPS, timestamp=ts, name="eyes")
    place.client.pins_remove(channel=OPS, timestamp=ts)
    assert place.slack.messages(OPS)[0].reactions == {}
    assert place.refusal("reactions.remove", channel=OPS, timestamp=ts, name="eyes") == "no_reaction"
    assert place.refusal("pins.remove", channel=OPS, timestamp=ts) == "no_pin"


def test_a_private_channel_without_the_bot_is_not_there_at_all(place: Place) -> None:
    place.slack.workspace.channels.append(Channel("C0PRIVATE1", "private", [ANA], is_private=True))
    assert place.refusal("chat.postMessage", channel="C0PRIVATE1", text="x") == "channel_not_found"


def test_nothing_is_said_in_an_archived_channel(place: Place) -> None:
    place.slack.workspace.channels.append(Channel("C0ARCHIVED", "old", [ANA, BOT], is_archived=True))
    assert place.refusal("chat.postMessage", channel="C0ARCHIVED", text="x") == "is_archived"


def test_the_bot_learns_who_it_is(place: Place) -> None:
    assert place.client.auth_test()["user_id"] == place.slack.workspace.bot_user


def test_an_edit_keeps_every_version(place: Place) -> None:
    ts = place.client.chat_postMessage(channel=OPS, text="one")["ts"]
    place.client.chat_update(channel=OPS, ts=ts, text="two")
    message = place.slack.messages("infer-ops")[0]
    assert [version.content.text for version in message.versions] == ["one", "two"]


def test_an_edit_with_text_alone_takes_the_blocks_away(place: Place) -> None:
    ts = place.client.chat_postMessage(channel=OPS, text="one", blocks=CARD)["ts"]
    assert "blocks" not in place.client.chat_update(channel=OPS, ts=ts, text="two")["message"]


def test_a_persons_message_cannot_be_edited(place: Place) -> None:
    said = place.server.run(lambda: place.slack.say("ana", "infer-ops", "mine"))
    assert place.refusal("chat.update", channel=OPS, ts=said.ts, text="x") == "cant_update_message"


def test_a_long_text_is_cut_when_posted_and_refused_when_edited(place: Place) -> None:
    said = place.client.chat_postMessage(channel=OPS, text="x" * 40_001)
    assert len(said["message"]["text"]) == 40_000
    assert place.refusal("chat.update", channel=OPS, ts=said["ts"], text="x" * 4_001) == "msg_too_long"


def test_a_deleted_message_is_gone(place: Place) -> None:
    ts = place.client.chat_postMessage(channel=OPS, text="oops")["ts"]
    place.client.chat_delete(channel=OPS, ts=ts)
    assert place.client.conversations_history(channel=OPS)["messages"] == []


def test_history_is_newest_first_and_leaves_replies_in_their_thread(place: Place) -> None:
    first = place.client.chat_postMessage(channel=OPS, text="parent")["ts"]
    place.client.chat_postMessage(channel=OPS, text="reply", thread_ts=first)
    place.client.chat_postMessage(channel=OPS, text="next")
    history = place.client.conversations_history(channel=OPS)["messages"]
    thread = place.client.conversations_replies(channel=OPS, ts=first)["messages"]
    assert [m["text"] for m in history] == ["next", "parent"]
    assert [m["text"] for m in thread] == ["parent", "reply"]


def test_history_comes_in_pages(place: Place) -> None:
    for text in ("a", "b", "c"):
        place.client.chat_postMessage(channel=OPS, text=text)
    pages = place.client.conversations_history(channel=OPS, limit=2)
    assert [[m["text"] for m in page["messages"]] for page in pages] == [["c", "b"], ["a"]]


def test_metadata_comes_back_only_when_asked_for(place: Place) -> None:
    kept = {"event_type": "infer_operation", "event_payload": {"op_id": "o1"}}
    place.client.chat_postMessage(channel=OPS, text="x", metadata=kept)
    asked = place.client.conversations_history(channel=OPS, include_all_metadata=True)["messages"][0]
    plain = place.client.conversations_history(channel=OPS)["messages"][0]
    assert (asked["metadata"], plain.get("metadata")) == (kept, None)


def test_a_direct_message_opens_once(place: Place) -> None:
    first = place.client.conversations_open(users=ANA)["channel"]["id"]
    place.client.chat_postMessage(channel=first, text="psst")
    assert place.client.conversations_open(users=ANA)["channel"]["id"] == first
    assert [m.text for m in place.slack.directs("ana")] == ["psst"]


def test_an_ephemeral_is_seen_by_one_person_only(place: Place) -> None:
    place.client.chat_postEphemeral(channel=OPS, user=ANA, text="only you")
    assert [e.text for e in place.slack.ephemerals("ana")] == ["only you"]
    assert place.slack.ephemerals("ben") == []
    assert place.slack.messages("infer-ops") == []


def test_groups_tell_their_members(place: Place) -> None:
    groups = {g["handle"]: g["id"] for g in place.client.usergroups_list()["usergroups"]}
    assert place.client.usergroups_users_list(usergroup=groups["on-call"])["users"] == [DEV]


def test_a_guest_is_marked(place: Place) -> None:
    marks = {u: place.client.users_info(user=u)["user"]["is_restricted"] for u in (ANA, GUEST)}
    assert marks == {ANA: False, GUEST: True}


def test_the_channel_says_who_is_in_it(place: Place) -> None:
    assert ANA in place.client.conversations_members(channel=OPS)["members"]
    assert place.client.conversations_info(channel=RANDOM)["channel"]["is_member"] is False
