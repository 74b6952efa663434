"""Who decides in a replay: a fixed number of servers, Kubernetes' autoscaler by several signals, or a clairvoyant.

A policy sees what each step showed and says how many servers each region should have. The servers themselves are the
same for all: new ones come after a lead time, nodes that fall idle stay, and are paid for, a while.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from infra.local.replay_trace import STEP
from infra.local.replay_world import Seen

WARM_MINUTES, NODE_MINUTES = 3.0, 7.0
"""Median lead time of a server on a node that is there, and on a new one."""
LEAD_SPREAD = 0.2
"""Standard deviation of the lead time's logarithm."""
UNNEEDED = 600.0
"""Seconds that GKE's autoscaler keeps a node on which nothing runs."""
MOST = 64
_LAG = 2
"""Steps that a metric is old when an autoscaler sees it: scrape, ingestion, adapter."""
TOLERANCE = 0.1
"""Kubernetes' own: within so much of the target nothing is done."""


@dataclass
class Servers:
    """The servers of one region. Times are in seconds since the replay began."""

    ready: int
    dice: Random
    coming: list[float] = field(default_factory=list)
    """When those that were started will serve."""
    idle: list[float] = field(default_factory=list)
    """When nodes without a server will be taken away."""

    @property
    def wanted(self) -> int:
        """How many are there or on their way."""
        return self.ready + len(self.coming)

    @property
    def paid(self) -> int:
        """How many machines are paid for: a node counts from the moment that it is asked for."""
        return self.wanted + len(self.idle)

    def pass_to(self, now: float) -> None:
        """Let those come and go whose time it is."""
        self.ready += sum(at <= now for at in self.coming)
        self.coming = [at for at in self.coming if at > now]
        self.idle = [at for at in self.idle if at > now]

    def want(self, count: int, now: float) -> None:
        """Start or stop servers: those still coming go first."""
        while self.wanted < count:
            lead = 60 * (WARM_MINUTES if self.idle else NODE_MINUTES)
            self.idle = self.idle[1:]
            self.coming.append(now + lead * math.exp(self.dice.gauss(0, LEAD_SPREAD)))
        while self.wanted > max(1, count):
            if self.coming:
                self.coming.remove(max(self.coming))
            else:
                self.ready -= 1
            self.idle.append(now + UNNEEDED)


@dataclass(frozen=True)
class Rules:
    """How an autoscaler may move: maxReplicas and behavior."""

    most: int
    calm: float = 300.0
    """Seconds of the stabilisation window for scaling down."""
    down: int = MOST
    """Servers that may go at a time,"""
    pause: float = 0.0
    """and seconds between two times."""


class Policy(Protocol):
    """Whoever decides."""

    name: str
    targets: list[int]
    """Percent of KV at which traffic spills from each region."""

    def decide(self, step: int, seen: Sequence[Seen], servers: Sequence[Servers]) -> Mapping[int, int]:
        """Return the servers wanted now, for the regions where that changes."""


class Fixed:
    """As many servers all the time as the greatest minute of the region needs."""

    name = "static peak"

    def __init__(self, regions: int, target: int) -> None:
        self.targets = [target] * regions

    def decide(self, step: int, seen: Sequence[Seen], servers: Sequence[Servers]) -> Mapping[int, int]:  # noqa: ARG002 - it looks at nothing
        """Change nothing."""
        return {}


class Autoscaler:
    """A HorizontalPodAutoscaler for each region: ``metric`` is of one server, and is to be brought to ``aim``.

    As Kubernetes does it by default: up at once, down to the highest wish of the last five minutes. Servers that are
    not ready count nothing when it would scale up, and as at their aim when it would scale down.
    """

    def __init__(
        self, name: str, regions: int, target: int, metric: Callable[[Seen], float], aim: float, rules: Rules
    ) -> None:
        self.name, self.targets = name, [target] * regions
        self._metric, self._aim, self._rules = metric, aim, rules
        self._seen: deque[Sequence[Seen]] = deque(maxlen=_LAG + 1)
        self._wishes: list[deque[int]] = [deque(maxlen=max(1, round(rules.calm / STEP))) for _ in range(regions)]
        self._fell = [-math.inf] * regions

    def decide(self, step: int, seen: Sequence[Seen], servers: Sequence[Servers]) -> Mapping[int, int]:
        """Return the highest wish of the last minutes, where it is another number than now."""
        self._seen.append(seen)
        changes = {}
        for region, (old, there) in enumerate(zip(self._seen[0], servers, strict=True)):
            wishes = self._wishes[region]
            wishes.append(self._wish(self._metric(old), there))
            if wishes[-1] > there.wanted:
                changes[region] = wishes[-1]
            elif max(wishes) < there.wanted and (step - self._fell[region]) * STEP >= self._rules.pause:
                changes[region] = max(*wishes, there.wanted - self._rules.down)
                self._fell[region] = step
        return changes

    def _wish(self, value: float, servers: Servers) -> int:
        total, count = value * servers.ready, servers.wanted
        ratio = total / (count * self._aim)
        if ratio < 1.0:
            ratio = min(1.0, (total + self._aim * (count - servers.ready)) / (count * self._aim))
        return (
            count if abs(ratio - 1.0) <= TOLERANCE else min(self._rules.most, max(1, math.ceil(count * ratio - 1e-9)))
        )


def clairvoyant(demand: Sequence[Sequence[float]], each: float) -> list[int]:
    """Return the fewest servers of all regions together that keep the SLO at each step: the bound of all policies.

    It knows the load, spreads it evenly over all regions, and gets and gives back servers within a step. ``each`` is
    what one server bears, in requests per second.
    """
    return [max(len(rates), math.ceil(sum(rates) / each - 1e-9)) for rates in demand]


def hourly(demand: Sequence[Sequence[float]], each: float) -> list[tuple[int, ...]]:
    """Return the fewest servers of each region at each step, if they change by the hour and traffic never spills.

    It knows the load too; what it costs above the bound is what whole servers, whole hours and regions cost anybody.
    """
    steps, found = round(3600 / STEP), []
    for begin in range(0, len(demand), steps):
        block = demand[begin : begin + steps]
        counts = tuple(max(1, math.ceil(max(column) / each - 1e-9)) for column in zip(*block, strict=True))
        found.extend([counts] * len(block))
    return found
