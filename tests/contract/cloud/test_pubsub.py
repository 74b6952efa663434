"""Pub/Sub, asked with Google's own clients; pushes go to a real HTTP server."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from typing import Any

import pytest
from google.api_core import exceptions
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.subscriber import SubscriberClient
from serverless_place import PROJECT, Place, eventually, running, subscription, topic

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


# Resources --------------------------------------------------------------------------------------------------


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


# Publishing and pulling -------------------------------------------------------------------------------------


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


# Pushing ----------------------------------------------------------------------------------------------------


def test_a_push_has_the_services_body(place: Place) -> None:
    place.push(INTENTS, "work")
    message = {"data": b"x", "attributes": {"a": "b"}, "ordering_key": "k"}
    place.publisher.publish(topic=topic(INTENTS), messages=[message])
    eventually(lambda: len(place.receiver.posts) == 1)
    when = "2026-01-05T09:00:00.000Z"
    assert place.receiver.posts[0].body == {
        "message": {
            "data": base64.b64encode(b"x").decode(),
            "attributes": {"a": "b"},
            "messageId": "1",
            "message_id": "1",
            "publishTime": when,
            "publish_time": when,
            "orderingKey": "k",
        },
        "subscription": subscription("work"),
    }


def test_a_push_names_the_attempt_where_letters_can_die(place: Place) -> None:
    place.push(INTENTS, "work", dead_letter_policy={"dead_letter_topic": topic(DEAD)})
    place.receiver.answers = [500]
    place.publish(INTENTS, 1)
    eventually(lambda: len(place.receiver.posts) == 2)
    assert [post.body["deliveryAttempt"] for post in place.receiver.posts] == [1, 2]


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_these_answers_acknowledge(place: Place, status: int) -> None:
    place.push(INTENTS, "work")
    place.receiver.answers = [status]
    place.publish(INTENTS, 1)
    place.pass_time(3600)
    assert len(place.receiver.posts) == 1


@pytest.mark.parametrize("status", [203, 301, 400, 404, 429, 500, 503])
def test_any_other_answer_brings_the_message_again(place: Place, status: int) -> None:
    place.push(INTENTS, "work")
    place.receiver.answers = [status]
    place.publish(INTENTS, 1)
    place.pass_time(3600)
    assert len(place.receiver.posts) == 2


def test_nobody_at_the_endpoint_is_a_failure_to_be_tried_again(place: Place) -> None:
    place.subscribe(INTENTS, "work", push_config={"push_endpoint": "http://127.0.0.1:1/"})
    place.publish(INTENTS, 1)
    eventually(lambda: place.pubsub.counts["nack/work"] > 2)
    place.subscriber.modify_push_config(
        subscription=subscription("work"), push_config={"push_endpoint": place.receiver.url}
    )
    eventually(lambda: place.receiver.data() == ["1"])


def test_pauses_double_from_the_policys_minimum_to_its_maximum(place: Place) -> None:
    place.push(INTENTS, "work", retry_policy={"minimum_backoff": "10s", "maximum_backoff": "60s"})
    place.receiver.answers = [500] * 5
    place.publish(INTENTS, 1)
    eventually(lambda: place.pubsub.counts["ack/work"] == 1)
    assert place.receiver.pauses() == [10, 20, 40, 60, 60]


def test_time_stands_still_while_the_receiver_works(place: Place) -> None:
    place.push(INTENTS, "work")
    place.receiver.slow = 0.2
    before = place.world.now
    seen = []
    place.publish(INTENTS, 1)
    place.server.run(lambda: place.world.at(place.world.now, lambda: None))
    for _ in range(10):
        time.sleep(0.01)
        seen.append(place.world.now)
    assert set(seen) == {before}


def test_a_pushed_message_is_dead_lettered_after_its_attempts(place: Place) -> None:
    place.subscribe(DEAD, "graveyard")
    place.push(INTENTS, "work", dead_letter_policy={"dead_letter_topic": topic(DEAD), "max_delivery_attempts": 5})
    place.receiver.answers = [500] * 100
    place.publish(INTENTS, 1)
    eventually(lambda: place.pubsub.counts["dead_letter/work"] == 1)
    assert len(place.receiver.posts) == 5
    assert [letter.attributes["n"] for letter in place.pubsub.backlog(subscription("graveyard"))] == ["1"]


def test_a_key_keeps_its_order_through_failures(place: Place) -> None:
    place.push(INTENTS, "work", enable_message_ordering=True)
    place.receiver.answers = [500, 204, 500, 500]
    place.publish(INTENTS, 1, 2, 3, key="k")
    eventually(lambda: place.pubsub.counts["ack/work"] == 3)
    assert place.receiver.data() == ["1", "1", "2", "2", "2", "3"]


def test_one_keys_trouble_does_not_hold_another(place: Place) -> None:
    place.push(INTENTS, "work", enable_message_ordering=True, retry_policy={"minimum_backoff": "600s"})
    place.receiver.answers = [500]
    messages = [{"attributes": {"n": name}, "ordering_key": name} for name in "ab"]
    place.publisher.publish(topic=topic(INTENTS), messages=messages)
    eventually(lambda: place.pubsub.counts["ack/work"] == 2)
    assert (sorted(place.receiver.data()[:2]), place.receiver.pauses()) == (["a", "b"], [0, 600])


def test_pushes_at_once_can_be_limited(place: Place) -> None:
    place.pubsub.max_outstanding["work"] = 2
    place.push(INTENTS, "work")
    place.receiver.slow = 0.02
    place.publish(INTENTS, *range(8))
    eventually(lambda: place.pubsub.counts["ack/work"] == 8)
    assert place.receiver.most_at_once == 2


def test_a_pull_subscription_can_turn_to_pushing(place: Place) -> None:
    place.subscribe(INTENTS, "work")
    place.publish(INTENTS, 1, 2)
    place.subscriber.modify_push_config(
        subscription=subscription("work"), push_config={"push_endpoint": place.receiver.url}
    )
    eventually(lambda: sorted(place.receiver.data()) == ["1", "2"])


def test_a_token_is_sent_where_one_was_asked_for(place: Place) -> None:
    config = {"push_endpoint": place.receiver.url, "oidc_token": {"service_account_email": "a@b.c"}}
    place.subscribe(INTENTS, "work", push_config=config)
    place.publish(INTENTS, 1)
    eventually(lambda: len(place.receiver.posts) == 1)
    assert place.receiver.posts[0].headers["authorization"] == "Bearer local"


# Faults and figures -----------------------------------------------------------------------------------------


def test_the_duplicate_fault_delivers_twice(place: Place) -> None:
    place.push(INTENTS, "work")
    place.world.faults.duplicate[INTENTS] = 1
    place.publish(INTENTS, 1, 2)
    eventually(lambda: place.pubsub.counts["ack/work"] == 3)
    assert sorted(place.receiver.data()) == ["1", "1", "2"]
    assert place.world.faults.seen["duplicate"] == 1


def test_the_late_fault_delays_each_delivery(place: Place) -> None:
    place.push(INTENTS, "work")
    place.world.faults.late[INTENTS] = 30.0
    place.server.run(place.world.pause)
    place.publish(INTENTS, 1)
    begun = place.world.now
    place.server.run(lambda: place.world.pause(on=False))
    eventually(lambda: len(place.receiver.posts) == 1)
    assert (place.world.now - begun).total_seconds() == 30
    assert place.world.faults.seen["late"] == 1


def test_an_unavailable_service_says_so(place: Place) -> None:
    place.world.faults.unavailable.add("pubsub")
    with pytest.raises(exceptions.ServiceUnavailable):
        place.publisher.publish(topic=topic(INTENTS), messages=[{"data": b"x"}], retry=None)


def test_what_was_published_is_remembered(place: Place) -> None:
    place.publish(INTENTS, 1, 2)
    assert [(one.topic, one.attributes["n"]) for one in place.pubsub.published] == [(topic(INTENTS), n) for n in "12"]


def test_a_publish_takes_under_two_milliseconds(place: Place) -> None:
    def one(number: int) -> float:
        begun = time.perf_counter()
        place.publish(INTENTS, number)
        return time.perf_counter() - begun

    assert min(one(number) for number in range(50)) < 0.002
