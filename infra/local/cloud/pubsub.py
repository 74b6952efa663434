"""Pub/Sub: topics, publishing, and the doors to the subscriptions' own RPCs.

A published message is copied to the backlog of each subscription whose filter lets it pass; from there it is pushed
over HTTP, or pulled. Delivery is at least once; the faults ``duplicate`` and ``late`` make that felt.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import Any

from google.protobuf import json_format
from google.pubsub_v1.types import pubsub as types

from infra.local.cloud.errors import ApiError
from infra.local.cloud.pubsub_messages import Message, Pb, check
from infra.local.cloud.pubsub_push import Pusher
from infra.local.cloud.pubsub_settings import changed, check_name, page
from infra.local.cloud.pubsub_subscription import Subscription
from infra.local.cloud.pubsub_subscriptions import Subscriptions
from infra.local.cloud.wire import Handler, as_pb
from infra.local.cloud.world import World

REMEMBERED = 10_000


class PubSub:
    """All topics and subscriptions of all projects."""

    def __init__(self, world: World) -> None:
        self.counts: Counter[str] = Counter()
        """``publish`` by topic (``publish/intents``); ``push``, ``pull``, ``ack``, ``nack`` and ``dead_letter`` by
        subscription; and each in all."""
        self.published: deque[Message] = deque(maxlen=REMEMBERED)
        """The last messages, oldest first."""
        self.max_outstanding: dict[str, int] = {}
        """Subscription, full or short name -> how many pushes may be under way at once."""
        self._world = world
        self._topics: dict[str, Pb] = {}
        self._ids = 0
        self._pusher = Pusher(world, self.max_outstanding)
        self._subscriptions = Subscriptions(world, self._topics, self._pusher.wake, self._forward, self.counts)

    async def close(self) -> None:
        """Close the connections to the push endpoints."""
        await self._pusher.close()

    def publisher_handlers(self) -> dict[str, Handler]:
        """Return who answers each RPC of the Publisher service."""
        return {
            "CreateTopic": self._create_topic,
            "GetTopic": lambda request: self._topic(as_pb(request).topic),
            "UpdateTopic": self._update_topic,
            "ListTopics": self._list_topics,
            "ListTopicSubscriptions": self._list_topic_subscriptions,
            "DeleteTopic": self._delete_topic,
            "Publish": self._publish,
        }

    def subscriber_handlers(self) -> dict[str, Handler]:
        """Return who answers each RPC of the Subscriber service. Streaming pull, seek and snapshots are not there."""
        return self._subscriptions.handlers()

    def snapshot(self) -> dict[str, object]:
        """Return the topics and subscriptions with their settings, without messages."""
        subscriptions = {name: one.settings for name, one in self._subscriptions.all.items()}
        kinds = {"topics": self._topics, "subscriptions": subscriptions}
        return {
            kind: {name: json_format.MessageToDict(held[name]) for name in sorted(held)} for kind, held in kinds.items()
        }

    def backlog(self, subscription: str) -> list[Message]:
        """Return what the subscription has not acknowledged, oldest first; NOT_FOUND if there is none."""
        return [pending.message for pending in self._subscriptions.find(subscription).backlog]

    # Topics ----------------------------------------------------------------------------------------------

    def _topic(self, name: str) -> Pb:
        if name not in self._topics:
            raise ApiError("NOT_FOUND", f"Topic not found (resource={name}).")
        return self._topics[name]

    def _create_topic(self, message: Any) -> Pb:
        topic = as_pb(message)
        check_name(topic.name, "topics")
        if topic.name in self._topics:
            raise ApiError("ALREADY_EXISTS", f"Topic already exists (resource={topic.name}).")
        self._topics[topic.name] = topic
        return topic

    def _update_topic(self, message: Any) -> Pb:
        request = as_pb(message)
        name = request.topic.name
        self._topics[name] = changed(self._topic(name), request, request.topic)
        return self._topics[name]

    def _list_topics(self, message: Any) -> Pb:
        request = as_pb(message)
        names, token = page((name for name in self._topics if name.startswith(f"{request.project}/")), request)
        return types.ListTopicsResponse.pb()(topics=[self._topics[name] for name in names], next_page_token=token)

    def _list_topic_subscriptions(self, message: Any) -> Pb:
        request = as_pb(message)
        self._topic(request.topic)
        names, token = page((one.settings.name for one in self._subscriptions.of(request.topic)), request)
        return types.ListTopicSubscriptionsResponse.pb()(subscriptions=names, next_page_token=token)

    def _delete_topic(self, message: Any) -> None:
        name = as_pb(message).topic
        self._topic(name)
        del self._topics[name]
        self._subscriptions.orphan(name)

    # Messages --------------------------------------------------------------------------------------------

    def _publish(self, message: Any) -> Pb:
        request = as_pb(message)
        self._topic(request.topic)
        check(request.messages)
        ids = [
            self.publish(request.topic, one.data, dict(one.attributes), one.ordering_key) for one in request.messages
        ]
        return types.PublishResponse.pb()(message_ids=ids)

    def publish(self, topic: str, data: bytes, attributes: dict[str, str], ordering_key: str = "") -> str:
        """Publish from inside the world, as an alert does; return the message's id. NOT_FOUND if there is no topic."""
        self._topic(topic)
        self._ids += 1
        message = Message(topic, str(self._ids), data, attributes, ordering_key, self._world.now)
        self.published.append(message)
        self.counts["publish"] += 1
        self.counts[f"publish/{topic.rsplit('/', 1)[1]}"] += 1
        receivers = [one for one in self._subscriptions.of(topic) if one.receives(message)]
        for subscription in receivers * self._copies(topic, receivers):
            subscription.add(message)
        return message.id

    def _copies(self, topic: str, receivers: list[Subscription]) -> int:
        faults = self._world.faults
        names = (topic, topic.rsplit("/", 1)[1])
        if receivers and any(faults.spend("lost", faults.lost, name) for name in names):
            return 0
        return 1 + (bool(receivers) and any(faults.spend("duplicate", faults.duplicate, name) for name in names))

    def _forward(self, topic: str, message: Message, attributes: dict[str, str]) -> bool:
        if topic not in self._topics:
            return False
        self.publish(topic, message.data, attributes, message.ordering_key)
        return True
