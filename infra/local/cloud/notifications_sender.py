"""Sends notifications to their channels' Pub/Sub topics, with all that may go wrong on the way."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from infra.local.cloud.alerting_channels import Channels
from infra.local.cloud.errors import ApiError
from infra.local.cloud.world import World

Publish = Callable[[str, bytes, dict[str, str]], str]
"""Publishes data to a topic; NOT_FOUND if there is no such topic."""
ALL = "monitoring"
"""What faults call every channel; a single one goes by its full name or its number."""


class Sender:
    """The way from an incident to the topics. Each notification may be lost, doubled, or late and out of order."""

    def __init__(self, world: World, publish: Publish, channels: Channels) -> None:
        self.counts: Counter[str] = Counter()
        """Notifications ``sent``, ``lost``, and ``dropped`` since the topic is missing or the channel cannot work."""
        self._world = world
        self._publish = publish
        self._channels = channels
        self._drawn = 0

    def send(self, name: str, body: Mapping[str, Any]) -> None:
        """Send one notification to a channel. What does not arrive is only counted, as with the real service."""
        channel = self._channels.all.get(name)
        if channel is None or channel.type_ != "pubsub" or not channel.enabled.value:
            self.counts["dropped"] += 1
            return
        faults, keys = self._world.faults, (ALL, name, name.rsplit("/", 1)[1])
        if any(faults.spend("lost", faults.lost, key) for key in keys):
            self.counts["lost"] += 1
            return
        data = json.dumps(body).encode()
        for _ in range(1 + any(faults.spend("duplicate", faults.duplicate, key) for key in keys)):
            self._later(partial(self._deliver, name, channel.labels["topic"], data), keys)

    def _later(self, deliver: Callable[[], None], keys: tuple[str, ...]) -> None:
        late = self._world.faults.late
        key = next((one for one in keys if late.get(one, 0) > 0), "")
        if not key:
            deliver()
            return
        self._world.faults.met("late", key)
        self._drawn += 1
        # Each is late by a time of its own, so that one may overtake another.
        seconds = self._world.dice(f"late notification {self._drawn}").uniform(0, late[key])
        self._world.after(timedelta(seconds=seconds), deliver)

    def _deliver(self, name: str, topic: str, data: bytes) -> None:
        try:
            self._publish(topic, data, {})
        except ApiError:
            works = False
        else:
            works = True
        self.counts["sent" if works else "dropped"] += 1
        if name in self._channels.all:
            self._channels.tell(name, works=works)
