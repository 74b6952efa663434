"""The bus over Pub/Sub. A message is durable once ``publish`` returns."""

from __future__ import annotations

import json

from shared.adapters.google import grpc_client
from shared.domain.codec import build, plain
from shared.domain.messages import Message
from shared.ports import Bus

PUBLISH_SECONDS = 2.0
"""The bot has three seconds to answer Slack; the others are tried again."""


def pack(message: Message) -> bytes:
    """Return a message as it travels."""
    return json.dumps(plain(message), separators=(",", ":")).encode()


def unpack(data: bytes) -> Message:
    """Read what ``pack`` wrote."""
    message: Message = build(Message, json.loads(data))
    return message


class PubSubBus(Bus):
    """Keeps ``ports.Bus`` with unary calls: a function that has answered has no thread to batch on."""

    def __init__(self, project: str, endpoint: str) -> None:
        self._project = project
        from google.pubsub_v1.services.publisher import PublisherClient  # noqa: PLC0415 - imported where it is used

        self._client = grpc_client(PublisherClient, endpoint)

    def publish(self, topic: str, message: Message) -> None:
        """Publish and wait until Pub/Sub has it."""
        path = f"projects/{self._project}/topics/{topic}"
        body = {"data": pack(message), "attributes": {"type": type(message).__name__}}
        self._client.publish(topic=path, messages=[body], timeout=PUBLISH_SECONDS)
