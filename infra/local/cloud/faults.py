"""Bad luck on request: what the page's buttons and the tests may break."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Faults:
    """What is broken just now. Services ask; nobody else needs to know how a fault is met."""

    stockout: set[str] = field(default_factory=set)
    """Zones, or ``zone/machine-type``, where new nodes are not to be had."""
    quota: dict[tuple[str, str], int] = field(default_factory=dict)
    """Limits that replace a region's own: (region, metric) -> limit."""
    slow: dict[str, float] = field(default_factory=dict)
    """Operation type -> factor on its duration."""
    failing: Counter[str] = field(default_factory=Counter)
    """Operation type -> how many of the next ones end in an internal error."""
    unavailable: set[str] = field(default_factory=set)
    """Services, or ``service/location``, that answer UNAVAILABLE; ``network/REGION``: nobody reaches its machines."""
    answer_lost: Counter[str] = field(default_factory=Counter)
    """Service -> how many of the next mutations take effect but answer DEADLINE_EXCEEDED."""
    lost: Counter[str] = field(default_factory=Counter)
    """Pub/Sub topic -> how many of the next messages are accepted and never delivered."""
    duplicate: Counter[str] = field(default_factory=Counter)
    """Pub/Sub topic -> how many of the next messages are delivered twice."""
    late: dict[str, float] = field(default_factory=dict)
    """Pub/Sub topic -> seconds that each delivery is late."""
    rate_limited: Counter[str] = field(default_factory=Counter)
    """Slack method -> how many of the next calls answer 429."""
    seen: Counter[str] = field(default_factory=Counter)
    """How often each kind of fault was really met."""

    def stocked_out(self, zone: str, machine_type: str) -> bool:
        """Say whether nodes of this type are sold out in the zone, and count the meeting."""
        hit = zone in self.stockout or f"{zone}/{machine_type}" in self.stockout
        self.seen["stockout"] += hit
        return hit

    def unreachable(self, region: str) -> bool:
        """Say whether a region's machines are cut off, and count the meeting."""
        hit = f"network/{region}" in self.unavailable
        self.seen["unavailable"] += hit
        return hit

    def spend(self, kind: str, budget: Counter[str], key: str) -> bool:
        """Use up one of a counted fault; say whether there was one."""
        if budget[key] <= 0:
            return False
        budget[key] -= 1
        self.seen[kind] += 1
        return True
