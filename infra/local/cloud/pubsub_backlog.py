"""What one subscription still has to deliver: at least once, and in order per key where it was asked for."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from infra.local.cloud.pubsub_messages import Message


@dataclass(eq=False)
class Pending:
    """One message on its way to one subscription."""

    message: Message
    due: datetime
    """Not to be delivered before."""
    attempts: int = 0
    """Deliveries so far."""


class Backlog:
    """Messages that are not acknowledged. With ``ordered``, a key's next message waits until the one before is done."""

    def __init__(self, *, ordered: bool) -> None:
        self._ordered = ordered
        self._offered: list[tuple[datetime, int, Pending]] = []
        self._count = itertools.count()
        self._all: dict[Pending, None] = {}
        self._keys: dict[str, deque[Pending]] = {}

    def __iter__(self) -> Iterator[Pending]:
        return iter(self._all)

    def add(self, pending: Pending) -> bool:
        """Take in a message; say whether it may be delivered without waiting for another."""
        self._all[pending] = None
        key = pending.message.ordering_key
        if self._ordered and key:
            line = self._keys.setdefault(key, deque())
            line.append(pending)
            if len(line) > 1:
                return False
        self.offer(pending)
        return True

    def offer(self, pending: Pending) -> None:
        """Let the message be taken, from its due time on."""
        heapq.heappush(self._offered, (pending.due, next(self._count), pending))

    def take(self, now: datetime) -> Pending | None:
        """Return the next message to deliver, if one is due, and count the attempt."""
        if not self._offered or self._offered[0][0] > now:
            return None
        pending = heapq.heappop(self._offered)[2]
        pending.attempts += 1
        return pending

    def remove(self, pending: Pending) -> Pending | None:
        """Forget a message that was taken; return the one of its key that waited for it and is now on offer."""
        del self._all[pending]
        key = pending.message.ordering_key
        if not self._ordered or not key:
            return None
        line = self._keys[key]
        line.popleft()
        if line:
            self.offer(line[0])
            return line[0]
        del self._keys[key]
        return None
