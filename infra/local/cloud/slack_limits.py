"""Slack's rate limits, counted in virtual time: buckets that fill again as the world's clock goes on."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime

from infra.local.cloud.world import World


@dataclass(frozen=True)
class Limit:
    """So many calls at once, and so many more each second."""

    burst: float
    per_second: float


def per_minute(calls: int) -> Limit:
    """Return a tier: that many calls in any minute."""
    return Limit(calls, calls / 60)


TIER2, TIER3, TIER4 = per_minute(20), per_minute(50), per_minute(100)
POST = Limit(burst=3, per_second=1)
"""chat.postMessage, for each channel: one a second, short bursts tolerated."""
LIMITS: dict[str, Limit] = {
    "auth.test": per_minute(600),
    "chat.postMessage": POST,
    "chat.postEphemeral": TIER4,
    "chat.update": TIER3,
    "chat.delete": TIER3,
    "chat.getPermalink": per_minute(600),
    "conversations.history": TIER3,
    "conversations.info": TIER3,
    "conversations.list": TIER2,
    "conversations.members": TIER4,
    "conversations.open": TIER3,
    "conversations.replies": TIER3,
    "files.completeUploadExternal": TIER4,
    "files.getUploadURLExternal": TIER4,
    "files.info": TIER4,
    "pins.add": TIER2,
    "pins.remove": TIER2,
    "reactions.add": TIER3,
    "reactions.remove": TIER2,
    "usergroups.list": TIER2,
    "usergroups.users.list": TIER2,
    "users.info": TIER4,
    "users.list": TIER2,
    "views.open": TIER4,
    "views.publish": TIER4,
    "views.push": TIER4,
    "views.update": TIER4,
}
FORCED = 5


@dataclass
class Buckets:
    """What is left of every limit. ``limits`` may be replaced."""

    world: World
    limits: dict[str, Limit] = field(default_factory=lambda: dict(LIMITS))
    forced: int = FORCED
    """Seconds that the fault ``rate_limited`` asks the caller to wait."""
    _left: dict[tuple[str, str], tuple[float, datetime]] = field(default_factory=dict)

    def wait(self, method: str, channel: str) -> int:
        """Take one call from the bucket; return 0, or the seconds to wait if it is empty."""
        faults = self.world.faults
        if faults.spend("rate_limited", faults.rate_limited, method):
            return self.forced
        limit = self.limits.get(method)
        if limit is None:
            return 0
        key = (method, channel if method == "chat.postMessage" else "")
        left, since = self._left.get(key, (limit.burst, self.world.now))
        passed = (self.world.now - since).total_seconds()
        left = min(limit.burst, left + passed * limit.per_second)
        if left >= 1:
            self._left[key] = (left - 1, self.world.now)
            return 0
        self._left[key] = (left, self.world.now)
        return max(1, math.ceil((1 - left) / limit.per_second))
