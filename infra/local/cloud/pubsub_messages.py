"""Pub/Sub messages: what may be published, and how a message looks to a puller and to a push endpoint."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.pubsub_v1.types import pubsub as types

from infra.local.cloud.errors import ApiError

Pb = Any
"""A protobuf message; the clients ship no types."""
PubsubMessage = types.PubsubMessage.pb()
MAX_MESSAGES, MAX_BYTES = 1000, 10_000_000
MAX_ATTRIBUTES, MAX_KEY, MAX_VALUE, MAX_ORDERING_KEY = 100, 256, 1024, 1024


@dataclass(frozen=True)
class Message:
    """One published message."""

    topic: str
    id: str
    data: bytes
    attributes: Mapping[str, str]
    ordering_key: str
    published: datetime


def check(messages: list[Pb]) -> None:
    """INVALID_ARGUMENT if one publish request breaks a limit of the service."""
    if not messages:
        raise ApiError("INVALID_ARGUMENT", "No messages to publish")
    if len(messages) > MAX_MESSAGES:
        raise ApiError("INVALID_ARGUMENT", "Too many messages to publish")
    if sum(message.ByteSize() for message in messages) > MAX_BYTES:
        raise ApiError("INVALID_ARGUMENT", f"The request is larger than {MAX_BYTES} bytes.")
    for message in messages:
        if not message.data and not message.attributes:
            raise ApiError("INVALID_ARGUMENT", "Some messages are empty")
        if len(message.ordering_key.encode()) > MAX_ORDERING_KEY:
            raise ApiError("INVALID_ARGUMENT", f"The ordering key is longer than {MAX_ORDERING_KEY} bytes.")
        _check_attributes(message.attributes)


def _check_attributes(attributes: Mapping[str, str]) -> None:
    if len(attributes) > MAX_ATTRIBUTES:
        raise ApiError("INVALID_ARGUMENT", f"A message has more than {MAX_ATTRIBUTES} attributes.")
    for key, value in attributes.items():
        if not key or key.startswith("goog") or len(key.encode()) > MAX_KEY:
            raise ApiError("INVALID_ARGUMENT", f'Attribute key "{key}" is empty, reserved or over {MAX_KEY} bytes.')
        if len(value.encode()) > MAX_VALUE:
            raise ApiError("INVALID_ARGUMENT", f'The value of attribute "{key}" is longer than {MAX_VALUE} bytes.')


def as_proto(message: Message) -> Pb:
    """Return the message as a puller sees it."""
    return PubsubMessage(
        data=message.data,
        attributes=dict(message.attributes),
        message_id=message.id,
        publish_time=message.published,
        ordering_key=message.ordering_key,
    )


def time_text(when: datetime) -> str:
    """Return the time as Pub/Sub writes it: UTC, milliseconds."""
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def push_body(message: Message, subscription: str, attempt: int | None) -> dict[str, Any]:
    """Return the JSON body of a push; ``attempt`` is told only where there is a dead letter policy."""
    when = time_text(message.published)
    inner: dict[str, Any] = {
        "data": base64.b64encode(message.data).decode(),
        "messageId": message.id,
        "message_id": message.id,
        "publishTime": when,
        "publish_time": when,
    }
    if message.attributes:
        inner["attributes"] = dict(message.attributes)
    if message.ordering_key:
        inner["orderingKey"] = message.ordering_key
    body: dict[str, Any] = {"message": inner, "subscription": subscription}
    return body if attempt is None else {**body, "deliveryAttempt": attempt}


def dead_letter_attributes(message: Message, subscription: str, attempts: int) -> dict[str, str]:
    """Return the attributes under which the message goes to the dead letter topic."""
    _, project, _, name = subscription.split("/")
    return {
        **message.attributes,
        "CloudPubSubDeadLetterSourceDeliveryCount": str(attempts),
        "CloudPubSubDeadLetterSourceSubscription": name,
        "CloudPubSubDeadLetterSourceSubscriptionProject": project,
        "CloudPubSubDeadLetterSourceTopicPublishTime": time_text(message.published),
    }
