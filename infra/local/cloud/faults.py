"""Bad luck on request: what the page's buttons and the tests may break."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
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
    """Services, or ``service/location``, that answer UNAVAILABLE; ``network/REGION``: nobody reaches its machines;
    ``exporter/REGION`` or ``/CLUSTER``: nothing is scraped there; ``engine/REGION``, ``/CLUSTER`` or ``/POD``: model
    servers there hang, but answer who asks for their health."""
    answer_lost: Counter[str] = field(default_factory=Counter)
    """Service -> how many of the next mutations take effect but answer DEADLINE_EXCEEDED."""
    lost: Counter[str] = field(default_factory=Counter)
    """Pub/Sub topic -> how many of the next messages are accepted and never delivered. Here and in the next two,
    ``monitoring``, or a notification channel: of its notifications, before they are published."""
    duplicate: Counter[str] = field(default_factory=Counter)
    """Pub/Sub topic -> how many of the next messages are delivered twice."""
    late: dict[str, float] = field(default_factory=dict)
    """Pub/Sub topic -> seconds that each delivery is late; for notifications at most so many, so that they overtake."""
    rate_limited: Counter[str] = field(default_factory=Counter)
    """Slack method -> how many of the next calls answer 429."""
    seen: Counter[str] = field(default_factory=Counter)
    """How often each kind of fault was really met, in all and for each key: ``late`` and ``late/TOPIC``."""
    by_hand: dict[str, tuple[str, dict[str, str], int]] = field(default_factory=dict)
    """What a person switched on: key -> (which fault, with which choices, how often it had been met before)."""

    def met(self, kind: str, key: str) -> None:
        """Count one meeting."""
        self.seen[kind] += 1
        self.seen[f"{kind}/{key}"] += 1

    def stocked_out(self, zone: str, machine_type: str) -> bool:
        """Say whether nodes of this type are sold out in the zone, and count the meeting."""
        found = next((key for key in (zone, f"{zone}/{machine_type}") if key in self.stockout), "")
        if found:
            self.met("stockout", found)
        return bool(found)

    def is_down(self, key: str) -> bool:
        """Say whether a service, or a service in a location, does not answer, and count the meeting."""
        if key not in self.unavailable:
            return False
        self.met("unavailable", key)
        return True

    @contextmanager
    def uncounted(self) -> Iterator[None]:
        """Let what is met meanwhile count for nothing: somebody only looks."""
        before = self.seen.copy()
        try:
            yield
        finally:
            self.seen = before

    def spend(self, kind: str, budget: Counter[str], key: str) -> bool:
        """Use up one of a counted fault; say whether there was one."""
        if budget[key] <= 0:
            return False
        budget[key] -= 1
        self.met(kind, key)
        return True
