"""One subscription at work: what it takes in, leases, acknowledges, tries again and gives up."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from infra.local.cloud.pubsub_backlog import Backlog, Pending
from infra.local.cloud.pubsub_filter import parse
from infra.local.cloud.pubsub_messages import Message, Pb, dead_letter_attributes
from infra.local.cloud.world import World

FIRST_PUSH_PAUSE, LONGEST_PUSH_PAUSE = timedelta(seconds=0.1), timedelta(seconds=60)
Forward = Callable[[str, Message, dict[str, str]], bool]
"""Publish to a dead letter topic: topic, message, its new attributes; False if there is no such topic."""


class Subscription:
    """State behind one subscription. ``wake`` is asked for at each time when a push may start."""

    def __init__(
        self, world: World, settings: Pb, wake: Callable[[Subscription], None], forward: Forward, counts: Counter[str]
    ) -> None:
        self.settings = settings
        self.closed = False
        self.in_flight = 0
        """Pushes under way."""
        self.backlog = Backlog(ordered=settings.enable_message_ordering)
        self._world = world
        self._wake = wake
        self._forward = forward
        self._counts = counts
        self._wants = parse(settings.filter)
        self._leases: dict[str, tuple[Pending, datetime]] = {}
        self._ack_ids = itertools.count(1)

    @property
    def pushes(self) -> bool:
        """Whether messages are pushed, not pulled."""
        return bool(self.settings.push_config.push_endpoint) and not self.closed

    def count(self, kind: str) -> None:
        """Count one event, in all and for this subscription."""
        self._counts[kind] += 1
        self._counts[f"{kind}/{self.settings.name.rsplit('/', 1)[1]}"] += 1

    def receives(self, message: Message) -> bool:
        """Say whether the filter lets the message pass."""
        return self._wants(message.attributes)

    def add(self, message: Message) -> None:
        """Take in a published message."""
        pending = Pending(message, self._world.now + self._lateness(message.topic))
        if self.backlog.add(pending):
            self._call_at(pending.due)

    def call(self) -> None:
        """Have everything that waits pushed when it is due, after the push endpoint was set."""
        for due in {pending.due for pending in self.backlog}:
            self._call_at(due)

    def take(self) -> Pending | None:
        """Return the next message to deliver, if one is due."""
        return None if self.closed else self.backlog.take(self._world.now)

    def done(self, pending: Pending) -> None:
        """Acknowledge a message that was taken."""
        self.count("ack")
        self._release(pending)

    def failed(self, pending: Pending) -> None:
        """Try the message again later, or give it up: dead-lettered after its attempts, dropped after retention."""
        self.count("nack")
        if self.closed:
            return
        kept = self.settings.message_retention_duration.ToTimedelta()
        if self._dead(pending) or self._world.now - pending.message.published > kept:
            self._release(pending)
            return
        pending.due = self._world.now + self._pause(pending.attempts) + self._lateness(pending.message.topic)
        self.backlog.offer(pending)
        self._call_at(pending.due)

    # Leases ----------------------------------------------------------------------------------------------

    def lease(self, most: int) -> list[tuple[str, Pending]]:
        """Hand out messages under fresh ack ids, until the ack deadline."""
        self._expire()
        given: list[tuple[str, Pending]] = []
        while len(given) < most and (pending := self.take()):
            ack_id = f"{self.settings.name}:{next(self._ack_ids)}"
            self.extend(ack_id, self.settings.ack_deadline_seconds, pending)
            given.append((ack_id, pending))
        return given

    def leased(self, ack_id: str) -> Pending | None:
        """Return what is out under the id; None once the deadline has passed."""
        self._expire()
        lease = self._leases.get(ack_id)
        return lease and lease[0]

    def extend(self, ack_id: str, seconds: int, pending: Pending) -> None:
        """Set the ack deadline, counted from now."""
        self._leases[ack_id] = (pending, self._world.now + timedelta(seconds=seconds))

    def end_lease(self, ack_id: str) -> None:
        """Forget the ack id."""
        del self._leases[ack_id]

    def _expire(self) -> None:
        # Looked at on demand, not put on the agenda: or time would jump to each deadline before the puller answers.
        for ack_id, (pending, deadline) in list(self._leases.items()):
            if deadline <= self._world.now:
                self.end_lease(ack_id)
                self.failed(pending)

    # ------------------------------------------------------------------------------------------------------

    def _call_at(self, due: datetime) -> None:
        if self.pushes:
            self._world.at(due, lambda: self._wake(self))

    def _release(self, pending: Pending) -> None:
        following = self.backlog.remove(pending)
        if following:
            self._call_at(following.due)

    def _dead(self, pending: Pending) -> bool:
        policy = self.settings.dead_letter_policy
        if not policy.dead_letter_topic or pending.attempts < policy.max_delivery_attempts:
            return False
        attributes = dead_letter_attributes(pending.message, self.settings.name, pending.attempts)
        dead = self._forward(policy.dead_letter_topic, pending.message, attributes)
        if dead:
            self.count("dead_letter")
        return dead

    def _pause(self, attempts: int) -> timedelta:
        if self.settings.HasField("retry_policy"):
            policy = self.settings.retry_policy
            first: timedelta = policy.minimum_backoff.ToTimedelta()
            longest: timedelta = policy.maximum_backoff.ToTimedelta()
        else:
            # Without a policy pulls come again at once; pushes have a back-off of their own.
            first = FIRST_PUSH_PAUSE if self.pushes else timedelta()
            longest = LONGEST_PUSH_PAUSE
        doubled: timedelta = first * 2 ** min(attempts - 1, 20)
        return min(longest, doubled)

    def _lateness(self, topic: str) -> timedelta:
        faults = self._world.faults
        seconds = faults.late.get(topic, faults.late.get(topic.rsplit("/", 1)[1], 0.0))
        if seconds > 0:
            faults.met("late", topic.rsplit("/", 1)[1])
        return timedelta(seconds=seconds)
