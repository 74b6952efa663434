"""How long the cloud's own work takes: drawn from seeded dice, so a world with one seed always takes as long."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from infra.local.cloud.world import World

SECONDS: dict[str, tuple[float, float, float]] = {
    "networks.insert": (15, 25, 45),
    "networks.patch": (5, 10, 20),
    "networks.delete": (15, 25, 45),
    "subnetworks.insert": (10, 20, 40),
    "subnetworks.delete": (10, 20, 40),
    "firewalls.insert": (10, 15, 30),
    "firewalls.patch": (5, 10, 20),
    "firewalls.delete": (10, 15, 30),
    "CREATE_CLUSTER": (300, 390, 540),
    "UPDATE_CLUSTER": (60, 120, 300),
    "UPGRADE_MASTER": (300, 480, 900),
    "DELETE_CLUSTER": (180, 260, 480),
    "CREATE_NODE_POOL": (120, 210, 420),
    "CREATE_NODE_POOL.empty": (60, 80, 120),
    "UPDATE_NODE_POOL": (30, 60, 150),
    "UPGRADE_NODES": (180, 360, 900),
    "SET_NODE_POOL_SIZE": (60, 150, 240),
    "SET_NODE_POOL_AUTOSCALING": (10, 25, 60),
    "SET_NODE_POOL_MANAGEMENT": (10, 25, 60),
    "DELETE_NODE_POOL": (60, 150, 360),
    "stockout": (2100, 2104, 2130),
    "quota": (14, 27, 60),
    "node.start": (120, 150, 180),
    "memberships.create": (30, 60, 180),
    "memberships.update": (10, 20, 60),
    "memberships.delete": (20, 45, 120),
    "features.create": (30, 90, 180),
    "features.update": (20, 45, 90),
    "features.delete": (20, 45, 90),
}
"""Type of work -> shortest, usual and longest time in seconds. These names are what ``faults.slow`` and
``faults.failing`` go by; ``stockout`` and ``quota`` are how long nodes that never come are waited for."""


class Durations:
    """Draws times. Each kind of work on each thing has dice of its own, so nothing else drawn moves them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._drawn: Counter[str] = Counter()

    def draw(self, kind: str, what: str) -> timedelta:
        """Return how long this piece of work takes, faults included. An unknown kind raises KeyError."""
        purpose = f"{kind}/{what}"
        self._drawn[purpose] += 1
        low, usual, high = SECONDS[kind]
        seconds = self._world.dice(f"{purpose}/{self._drawn[purpose]}").triangular(low, high, usual)
        slow = self._world.faults.slow
        factor = slow.get(kind, slow.get(kind.split(".", maxsplit=1)[0], 1))
        if factor != 1:
            self._world.faults.met("slow", kind)
        return timedelta(seconds=round(seconds * factor, 3))
