"""Pub/Sub's topics and subscriptions, asked with Google's own clients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.api_core import exceptions
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.subscriber import SubscriberClient
from serverless_place import PROJECT, Place, running, subscription, topic

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


def test_topics_are_listed_in_their_project(publisher: Any) -> None:
    publisher.create_topic(name="projects/other/topics/theirs")
    assert [found.name for found in publisher.list_topics(project=PROJECT)] == [topic(DEAD), topic(INTENTS)]


def test_a_topic_is_made_once(publisher: Any) -> None:
    # Conflict is what REST makes of it, and the base of gRPC's AlreadyExists.
    with pytest.raises(exceptions.Conflict):
        publisher.create_topic(name=topic(INTENTS))


def test_a_deleted_topic_is_gone_and_its_subscription_stays(place: Place, publisher: Any) -> None:
    place.subscribe(INTENTS, "work")
    publisher.delete_topic(topic=topic(INTENTS))
    with pytest.raises(exceptions.NotFound):
        publisher.get_topic(topic=topic(INTENTS))
    assert place.subscriber.get_subscription(subscription=subscription("work")).topic == "_deleted-topic_"


def test_a_subscription_gets_the_services_defaults(subscriber: Any) -> None:
    made = subscriber.create_subscription(
        request={
            "name": subscription("work"),
            "topic": topic(INTENTS),
            "dead_letter_policy": {"dead_letter_topic": topic(DEAD)},
            "retry_policy": {},
        }
    )
    assert (made.ack_deadline_seconds, made.message_retention_duration.days) == (10, 7)
    assert made.dead_letter_policy.max_delivery_attempts == 5
    assert made.retry_policy.minimum_backoff.total_seconds() == 10
    assert made.retry_policy.maximum_backoff.total_seconds() == 600


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        pytest.param({"ack_deadline_seconds": 5}, exceptions.InvalidArgument, id="ack deadline"),
        pytest.param({"filter": "attributes.x == 1"}, exceptions.InvalidArgument, id="filter"),
        pytest.param(
            {"dead_letter_policy": {"dead_letter_topic": topic(DEAD), "max_delivery_attempts": 3}},
            exceptions.InvalidArgument,
            id="attempts",
        ),
        pytest.param(
            {"dead_letter_policy": {"dead_letter_topic": topic("nope")}}, exceptions.NotFound, id="dead letters"
        ),
        pytest.param({"topic": topic("nope")}, exceptions.NotFound, id="topic"),
        pytest.param({"name": subscription("1")}, exceptions.InvalidArgument, id="name"),
    ],
)
def test_wrong_settings_are_refused(place: Place, settings: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        place.subscriber.create_subscription(
            request={"name": subscription("work"), "topic": topic(INTENTS), **settings}
        )


def test_a_setting_can_be_changed_by_its_mask(place: Place, subscriber: Any) -> None:
    place.subscribe(INTENTS, "work", labels={"a": "b"})
    change = {"name": subscription("work"), "ack_deadline_seconds": 60}
    subscriber.update_subscription(request={"subscription": change, "update_mask": {"paths": ["ack_deadline_seconds"]}})
    now = subscriber.get_subscription(subscription=subscription("work"))
    assert (now.ack_deadline_seconds, dict(now.labels)) == (60, {"a": "b"})


def test_a_filter_cannot_be_changed(place: Place) -> None:
    place.subscribe(INTENTS, "work")
    change = {"name": subscription("work"), "filter": "attributes:x"}
    with pytest.raises(exceptions.InvalidArgument, match="filter cannot be changed"):
        place.subscriber.update_subscription(request={"subscription": change, "update_mask": {"paths": ["filter"]}})


def test_subscriptions_are_listed_by_topic_and_by_project(place: Place, publisher: Any) -> None:
    place.subscribe(INTENTS, "work")
    place.subscribe(DEAD, "dead-work")
    assert list(publisher.list_topic_subscriptions(topic=topic(INTENTS))) == [subscription("work")]
    listed = place.subscriber.list_subscriptions(project=PROJECT)
    assert [found.name for found in listed] == [subscription("dead-work"), subscription("work")]


def test_a_deleted_subscription_is_gone(place: Place, subscriber: Any) -> None:
    place.subscribe(INTENTS, "work")
    subscriber.delete_subscription(subscription=subscription("work"))
    with pytest.raises(exceptions.NotFound):
        subscriber.get_subscription(subscription=subscription("work"))


def test_a_snapshot_has_settings_and_no_messages(place: Place) -> None:
    place.subscribe(INTENTS, "work")
    before = place.pubsub.snapshot()
    place.publish(INTENTS, 1)
    assert place.pubsub.snapshot() == before
    assert list(before["subscriptions"]) == [subscription("work")]  # type: ignore[call-overload]  # a mapping
