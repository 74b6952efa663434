"""Pub/Sub: what is published, filtered, pulled, and comes again; with Google's own clients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.api_core import exceptions
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.subscriber import SubscriberClient
from serverless_place import Place, running, subscription, topic

INTENTS, DEAD = "intents", "dead"


@pytest.fixture
def place() -> Iterator[Place]:
    with running() as made:
        for name in (INTENTS, DEAD):
            made.publisher.create_topic(name=topic(name))
        yield made


@pytest.fixture(params=["grpc", "rest"])
def publisher(place: Place, request: pytest.FixtureRequest) -> Any:
    return place.client(PublisherClient, "pubsub", request.param)


@pytest.fixture(params=["grpc", "rest"])
def subscriber(place: Place, request: pytest.FixtureRequest) -> Any:
    return place.client(SubscriberClient, "pubsub", request.param)


def test_a_published_message_can_be_pulled_once_acknowledged_it_is_gone(place: Place, publisher: Any) -> None:
    place.subscribe(INTENTS, "work")
    messages = [{"data": b"x", "attributes": {"a": "b"}, "ordering_key": "k"}]
    ident = publisher.publish(topic=topic(INTENTS), messages=messages).message_ids[0]
    [received] = place.pull("work")
    got = received.message
    assert (got.message_id, got.data, dict(got.attributes), got.ordering_key) == (ident, b"x", {"a": "b"}, "k")
    place.subscriber.acknowledge(subscription=subscription("work"), ack_ids=[received.ack_id])
    place.pass_time(700)
    assert place.pull("work") == []


def test_every_subscription_gets_its_copy(place: Place) -> None:
    place.subscribe(INTENTS, "one")
    place.subscribe(INTENTS, "two")
    place.publish(INTENTS, 1)
    assert (len(place.pull("one")), len(place.pull("two"))) == (1, 1)


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param([], id="none"),
        pytest.param([{}], id="an empty one"),
        pytest.param([{"data": b"s"}] * 1001, id="too many"),
        pytest.param([{"data": b"s", "attributes": {"k" * 300: "v"}}], id="a long key"),
        pytest.param([{"data": b"s", "attributes": {"k": "v" * 1025}}], id="a long value"),
        pytest.param([{"data": b"s", "ordering_key": "k" * 1025}], id="a long ordering key"),
    ],
)
def test_what_cannot_be_published_is_refused(place: Place, messages: list[dict[str, Any]]) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        place.publisher.publish(topic=topic(INTENTS), messages=messages)


def test_more_than_ten_megabytes_are_refused(place: Place) -> None:
    rest = place.client(PublisherClient, "pubsub", "rest")
    with pytest.raises(exceptions.BadRequest, match="larger than"):
        rest.publish(topic=topic(INTENTS), messages=[{"data": b"s" * 10_000_001}])


def test_an_unknown_topic_is_not_found(publisher: Any) -> None:
    with pytest.raises(exceptions.NotFound):
        publisher.publish(topic=topic("nope"), messages=[{"data": b"s"}])


def test_a_message_comes_again_after_the_ack_deadline(place: Place) -> None:
    place.subscribe(INTENTS, "work", ack_deadline_seconds=20)
    place.publish(INTENTS, 1)
    place.pull("work")
    place.pass_time(19)
    assert place.pull("work") == []
    place.pass_time(1)
    assert len(place.pull("work")) == 1


def test_a_longer_deadline_keeps_the_message(place: Place, subscriber: Any) -> None:
    place.subscribe(INTENTS, "work")
    place.publish(INTENTS, 1)
    ack_ids = [received.ack_id for received in place.pull("work")]
    subscriber.modify_ack_deadline(subscription=subscription("work"), ack_ids=ack_ids, ack_deadline_seconds=600)
    place.pass_time(599)
    assert place.pull("work") == []


def test_a_nack_brings_the_message_back(place: Place, subscriber: Any) -> None:
    place.subscribe(INTENTS, "work")
    place.publish(INTENTS, 1)
    ack_ids = [received.ack_id for received in place.pull("work")]
    subscriber.modify_ack_deadline(subscription=subscription("work"), ack_ids=ack_ids, ack_deadline_seconds=0)
    assert len(place.pull("work")) == 1


def test_a_retry_policy_delays_a_nacked_message(place: Place) -> None:
    place.subscribe(INTENTS, "work", retry_policy={"minimum_backoff": "30s"})
    place.publish(INTENTS, 1)
    ack_ids = [received.ack_id for received in place.pull("work")]
    place.subscriber.modify_ack_deadline(subscription=subscription("work"), ack_ids=ack_ids, ack_deadline_seconds=0)
    place.pass_time(29)
    assert place.pull("work") == []
    place.pass_time(1)
    assert len(place.pull("work")) == 1


def test_a_message_is_dead_lettered_after_its_attempts(place: Place) -> None:
    place.subscribe(DEAD, "graveyard")
    place.subscribe(INTENTS, "work", dead_letter_policy={"dead_letter_topic": topic(DEAD), "max_delivery_attempts": 5})
    place.publish(INTENTS, 1)
    attempts = []
    while received := place.pull("work"):
        attempts += [one.delivery_attempt for one in received]
        ack_ids = [one.ack_id for one in received]
        place.subscriber.modify_ack_deadline(subscription=subscription("work"), ack_ids=ack_ids, ack_deadline_seconds=0)
    [dead] = place.pull("graveyard")
    assert attempts == [1, 2, 3, 4, 5]
    assert dead.message.attributes["CloudPubSubDeadLetterSourceDeliveryCount"] == "5"
    assert dead.message.attributes["CloudPubSubDeadLetterSourceSubscription"] == "work"
    assert dead.message.attributes["CloudPubSubDeadLetterSourceSubscriptionProject"] == "demo"
    assert dead.message.attributes["CloudPubSubDeadLetterSourceTopicPublishTime"].startswith("2026-01-05T09:00:00")


def test_after_retention_a_message_is_dropped(place: Place) -> None:
    place.subscribe(INTENTS, "work", message_retention_duration="600s")
    place.publish(INTENTS, 1)
    place.pull("work")
    place.pass_time(601)
    assert place.pull("work") == []


@pytest.mark.parametrize(
    ("text", "passing"),
    [
        ('attributes.kind = "vote"', "a"),
        ('attributes.kind != "vote"', "b c"),
        ("attributes:region", "b c"),
        ("NOT attributes:region", "a"),
        ('hasPrefix(attributes.region, "us-")', "b"),
        ('attributes.kind = "intent" AND attributes.region = "europe-west3"', "c"),
        ('attributes.kind = "vote" OR hasPrefix(attributes.region, "eu")', "a c"),
        ('attributes:region AND NOT (attributes.region = "us-east4" OR attributes.kind = "vote")', "c"),
        ('attributes:"kind"', "a b c"),
    ],
)
def test_a_filter_lets_pass(place: Place, text: str, passing: str) -> None:
    place.subscribe(INTENTS, "work", filter=text)
    messages = [
        {"attributes": {"n": "a", "kind": "vote"}},
        {"attributes": {"n": "b", "kind": "intent", "region": "us-east4"}},
        {"attributes": {"n": "c", "kind": "intent", "region": "europe-west3"}},
    ]
    place.publisher.publish(topic=topic(INTENTS), messages=messages)
    assert [received.message.attributes["n"] for received in place.pull("work")] == passing.split()


@pytest.mark.parametrize(
    "text",
    [
        "attributes.x",
        'x = "1"',
        'attributes.x = "1" AND',
        "attributes:a AND attributes:b OR attributes:c",
        "(attributes:a",
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(place: Place, text: str) -> None:
    with pytest.raises(exceptions.InvalidArgument, match="Invalid filter"):
        place.subscribe(INTENTS, "work", filter=text)


def test_a_pulled_key_waits_for_its_acknowledgement(place: Place) -> None:
    place.subscribe(INTENTS, "work", enable_message_ordering=True)
    place.publish(INTENTS, 1, 2, key="k")
    [first] = place.pull("work")
    place.subscriber.acknowledge(subscription=subscription("work"), ack_ids=[first.ack_id])
    [second] = place.pull("work")
    assert (first.message.attributes["n"], second.message.attributes["n"]) == ("1", "2")
