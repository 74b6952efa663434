"""Lays what infra/gcp lays in earnest: topics, subscriptions, the dead letters and the queue."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import httpcore  # noqa: F401 - httpx imports it at first use, which two threads may not do at once
import httpx
from google.api_core.exceptions import AlreadyExists
from google.pubsub_v1 import PublisherClient, SubscriberClient

from infra.local.serving import FUNCTIONS
from shared.adapters.google import grpc_client
from shared.adapters.pubsub import pack
from shared.domain.inventory import PLATFORM, Unit
from shared.domain.messages import StatusChanged, Tick
from shared.domain.names import GLOBAL
from shared.domain.topics import SUBSCRIBERS, Topic
from shared.settings import Settings

DEAD_LETTERS = "dead-letters"


class Plumbing:
    """The pipes of one try-out. ``urls``: target of the product -> where it listens."""

    def __init__(self, settings: Settings, urls: Mapping[str, str]) -> None:
        self._settings, self._urls = settings, urls
        self._publisher: Any = grpc_client(PublisherClient, settings.pubsub_endpoint)
        self._subscriber: Any = grpc_client(SubscriberClient, settings.pubsub_endpoint)

    def lay(self) -> None:
        """Make everything; what is there from an earlier run is pointed to where the targets listen now."""
        from google.cloud.tasks_v2 import CloudTasksClient  # noqa: PLC0415 - used here alone

        for topic in (*Topic, DEAD_LETTERS):
            _once(self._publisher.create_topic, name=self.topic(topic))
        dead = {"name": self._name(DEAD_LETTERS), "topic": self.topic(DEAD_LETTERS)}
        _once(self._subscriber.create_subscription, request=dead)
        for topic, targets in SUBSCRIBERS.items():
            for target in targets:
                self._subscribe(topic, target)
        queue = self._settings.queue
        tasks = grpc_client(CloudTasksClient, self._settings.tasks_endpoint)
        _once(tasks.create_queue, parent=queue.partition("/queues/")[0], queue={"name": queue})

    def topic(self, topic: str) -> str:
        """Return a topic's full name."""
        return f"projects/{self._settings.project}/topics/{topic}"

    def publish(self, topic: str, body: bytes) -> None:
        """Publish as somebody outside does."""
        self._publisher.publish(topic=topic, messages=[{"data": body}])

    def warm_up(self) -> None:
        """Let each target read its settings now, by a message that it leaves alone: later they may be others."""
        for name in FUNCTIONS:
            if name == "alerts":
                continue  # whatever it hears it records; in one process with the others it has their settings
            data = base64.b64encode(pack(Tick() if name == "notify" else StatusChanged(Unit(PLATFORM, GLOBAL))))
            body = {"subscription": "warm-up", "message": {"messageId": "0", "data": data.decode()}}
            url = f"{self._urls[name]}/{self.topic(Topic.STATUSES)}?pubsub_trigger=true"
            httpx.post(url, json=body, timeout=30, trust_env=False).raise_for_status()
        # An unsigned request: the bot refuses it, having read its settings.
        httpx.post(self._urls["bot"], data={"command": "/infer"}, timeout=30, trust_env=False)

    def _name(self, subscription: str) -> str:
        return f"projects/{self._settings.project}/subscriptions/{subscription}"

    def _subscribe(self, topic: Topic, target: str) -> None:
        # The framework reads the topic off the path: a push body does not name it.
        push = {"push_endpoint": f"{self._urls[target]}/{self.topic(topic)}?pubsub_trigger=true"}
        name = self._name(f"{topic}-{target}")
        wanted = {
            "name": name,
            "topic": self.topic(topic),
            "push_config": push,
            "ack_deadline_seconds": 120,
            "retry_policy": {"minimum_backoff": {"seconds": 5}, "maximum_backoff": {"seconds": 300}},
            "dead_letter_policy": {"dead_letter_topic": self.topic(DEAD_LETTERS), "max_delivery_attempts": 50},
        }
        if not _once(self._subscriber.create_subscription, request=wanted):
            self._subscriber.modify_push_config(subscription=name, push_config=push)


def _once(create: Any, **what: Any) -> bool:
    """Create a thing; say whether it was not there yet."""
    try:
        create(**what)
    except AlreadyExists:
        return False
    return True
