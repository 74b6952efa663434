"""The Slack stand-in's rate limits and faults, and what it remembers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from slack_place import OPS, TOKEN, Place, running
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler


@pytest.fixture
def place() -> Iterator[Place]:
    with running() as made:
        yield made


def test_posts_to_one_channel_are_limited_and_virtual_time_heals(place: Place) -> None:
    for _ in range(3):
        place.client.chat_postMessage(channel=OPS, text="x")
    with pytest.raises(SlackApiError) as refused:
        place.client.chat_postMessage(channel=OPS, text="x")
    assert (refused.value.response.status_code, refused.value.response.headers["Retry-After"]) == (429, "1")
    place.later(1)
    assert place.client.chat_postMessage(channel=OPS, text="x")["ok"]


def test_another_channel_has_its_own_limit(place: Place) -> None:
    for channel in (OPS, OPS, OPS, "C0ONCALL01"):
        assert place.client.chat_postMessage(channel=channel, text="x")["ok"]


def test_edits_are_limited_to_fifty_a_minute(place: Place) -> None:
    ts = place.client.chat_postMessage(channel=OPS, text="x")["ts"]
    for number in range(50):
        place.client.chat_update(channel=OPS, ts=ts, text=str(number))
    assert place.refusal("chat.update", channel=OPS, ts=ts, text="once more") == "ratelimited"


def test_a_rate_limit_can_be_asked_for(place: Place) -> None:
    place.world.faults.rate_limited["chat.postMessage"] = 1
    assert place.refusal("chat.postMessage", channel=OPS, text="x") == "ratelimited"
    assert place.client.chat_postMessage(channel=OPS, text="x")["ok"]


def test_slack_sdks_own_handler_waits_as_it_is_told(place: Place) -> None:
    place.slack.buckets.forced = 1
    place.world.faults.rate_limited["chat.postMessage"] = 1
    place.client.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=1))
    assert place.client.chat_postMessage(channel=OPS, text="x")["ok"]
    assert place.world.faults.seen["rate_limited"] == 1


def test_slack_can_be_down(place: Place) -> None:
    place.world.faults.unavailable.add("slack")
    with pytest.raises(SlackApiError) as refused:
        place.client.chat_postMessage(channel=OPS, text="x")
    assert refused.value.response.status_code == 503


def test_an_answer_can_be_lost_after_the_effect(place: Place) -> None:
    place.world.faults.answer_lost["slack"] = 1
    assert place.refusal("chat.postMessage", channel=OPS, text="x") == "fatal_error"
    assert [m.text for m in place.slack.messages("infer-ops")] == ["x"]


def test_the_traffic_holds_no_credentials(place: Place) -> None:
    place.client.chat_postMessage(channel=OPS, text="hello")
    said = "\n".join(place.slack.traffic)
    assert "hello" in said
    assert TOKEN not in said


def test_the_transcript_reads_like_the_channel(place: Place) -> None:
    place.do(place.slack.command("ana", "infer-ops", "status"))
    place.client.chat_postMessage(channel=OPS, text="all well")
    assert place.slack.transcript().splitlines() == [
        "[09:00:00] #infer-ops ana types: /infer status",
        "[09:00:00] #infer-ops inferops: all well",
    ]


def test_the_same_words_at_another_time_make_the_same_snapshot() -> None:
    shots = []
    for wait in (0, 60):
        place = Place()
        place.later(wait)
        place.client.chat_postMessage(channel=OPS, text="hello", blocks=[{"type": "divider"}])
        shots.append(place.slack.snapshot())
        place.server.stop()
    assert shots[0] == shots[1]
