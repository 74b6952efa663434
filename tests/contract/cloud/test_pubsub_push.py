"""Pub/Sub's pushes, to a real HTTP server, and the faults that can befall them."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator

import pytest
from google.api_core import exceptions
from serverless_place import Place, running, subscription, topic

from tests.waiting import eventually

INTENTS, DEAD = "intents", "dead"


@pytest.fixture
def place() -> Iterator[Place]:
    with running() as made:
        for name in (INTENTS, DEAD):
            made.publisher.create_topic(name=topic(name))
        yield made


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
