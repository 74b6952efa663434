"""One set of questions about ``ports.Bus``, asked of the stand-in, the embedded Pub/Sub and Google's emulator."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from google.pubsub_v1 import PublisherClient, SubscriberClient

from shared.adapters.google import grpc_client
from shared.adapters.pubsub import PubSubBus, unpack
from shared.domain.intents import Deploy, Intent
from shared.domain.inventory import Unit
from shared.domain.messages import (
    CardDue,
    Decided,
    IntentSubmitted,
    Message,
    ProposalMade,
    StatusChanged,
    Tick,
    Told,
    VoteCast,
    Wake,
)
from shared.domain.topics import Topic
from shared.ports import Bus
from tests.standins import MemoryBus
from tests.waiting import PATIENCE

NOW = datetime(2026, 1, 5, 9, 30, 15, 123456, tzinfo=UTC)
UNIT = Unit("llama3-8b", "us-east4")
ASK = Deploy("llama3-8b", {"us-east4": None, "europe-west3": 2}, zones={"us-east4": "us-east4-a"})
MESSAGES: tuple[Message, ...] = (
    IntentSubmitted(Intent("i-1", ASK, "U1", "C1", NOW)),
    VoteCast("p-1", "d" * 64, "U2", approve=True, at=NOW, channel="C1", id="i-1"),
    ProposalMade("p-1"),
    Decided("p-1", (UNIT, Unit("platform", "global"))),
    Wake(UNIT),
    StatusChanged(UNIT),
    CardDue("p-1"),
    Told("t-1", "U1", "C1", "refused by rule 'x' · ü"),
    Tick(),
)


@dataclass
class Ends:
    """A bus and a subscriber's end of each topic: takes what arrived, at least so many messages."""

    bus: Bus
    take: Callable[[str, int], list[Message]]


@pytest.fixture(params=["stand-in", "embedded", "emulators"])
def ends(request: pytest.FixtureRequest) -> Ends:
    if request.param == "stand-in":
        memory = MemoryBus()
        return Ends(memory, lambda topic, _: [message for where, message in memory.pending if where == topic])
    held = request.getfixturevalue(request.param)
    endpoint = held.server.endpoints["grpc"] if request.param == "embedded" else held.pubsub
    project = f"p-{uuid.uuid4().hex[:12]}"
    return Ends(PubSubBus(project, endpoint), _pulling(project, endpoint))


def _pulling(project: str, endpoint: str) -> Callable[[str, int], list[Message]]:
    """Subscribe to every topic of a new project; return how to pull from one."""
    publisher, subscriber = grpc_client(PublisherClient, endpoint), grpc_client(SubscriberClient, endpoint)
    for topic in Topic:
        name = f"projects/{project}/topics/{topic}"
        publisher.create_topic(name=name)
        subscriber.create_subscription(name=f"projects/{project}/subscriptions/{topic}", topic=name)

    def take(topic: str, count: int) -> list[Message]:
        found: list[Any] = []
        end = time.monotonic() + PATIENCE
        while len(found) < count and time.monotonic() < end:
            asked = {"subscription": f"projects/{project}/subscriptions/{topic}", "max_messages": 50}
            found += subscriber.pull(request=asked, timeout=PATIENCE).received_messages
        return [unpack(each.message.data) for each in found]

    return take


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_a_message_arrives_as_it_was(ends: Ends, message: Message) -> None:
    ends.bus.publish(Topic.DUE, message)
    assert ends.take(Topic.DUE, 1) == [message]


def test_a_message_published_twice_arrives_twice(ends: Ends) -> None:
    for _ in range(2):
        ends.bus.publish(Topic.ROUNDS, Wake(UNIT))
    assert ends.take(Topic.ROUNDS, 2) == [Wake(UNIT), Wake(UNIT)]


def test_topics_keep_apart(ends: Ends) -> None:
    ends.bus.publish(Topic.CARDS, CardDue("p-1"))
    ends.bus.publish(Topic.STATUSES, StatusChanged(UNIT))
    assert (ends.take(Topic.CARDS, 1), ends.take(Topic.STATUSES, 1)) == ([CardDue("p-1")], [StatusChanged(UNIT)])
