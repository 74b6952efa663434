"""The world of a replay: servers as the embedded cloud's engine has them, and regions between which traffic spills.

Nothing here knows the product's model of capacity. One server is measured: the request-level engine runs thousands of
requests at each of some twenty loads, with constants drawn around the published ones, and what it then shows (KV usage,
batch, latencies) is the table that a step of a region is looked up in. Regions are fluid: what is more than the servers
can do piles up in front of them. Between regions the embedded cloud's own balancer moves traffic by KV usage.
"""

from __future__ import annotations

import copy
import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random

from infra.local.cloud.engine.gateway import LOOK, Balancer, Region
from infra.local.cloud.engine.histograms import FIRST_TOKEN, Histogram
from infra.local.cloud.engine.physics import Physics
from infra.local.cloud.engine.request import Request
from infra.local.cloud.engine.server import Server
from infra.local.cloud.load_shapes import length
from infra.local.replay_trace import STEP

REQUESTS = 3000
"""Requests of one measurement; the first fifth warms up and is not counted."""
SIGMA = 0.83
"""Of log-normal lengths: a variance of about the mean squared, as in the Azure traces."""
LONGEST = 4.0
"""Longest request over the mean: the 99th percentile of the Azure chat week."""
FILL = 1.03
"""Makes up for what cutting the longest takes from the mean."""
OFF = 0.10
"""Standard deviation of the drawn constants' logarithms around the published ones."""
PATIENCE = 60.0
"""Seconds after which a client gives up."""
_LOADS = (0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.72, 0.78, 0.83, 0.87, 0.9, 0.925, 0.95, 0.97, 0.985, 1.0)
_FINE = tuple(0.004 * 1.03**k for k in range(400))
_PERCENTILE = 0.95
_CALM = 0.8
_QUEUE, _NAP = 8, 0.05
"""A queue that never ends: how many wait at least, and how often it is looked at, in seconds."""


@dataclass(frozen=True)
class Point:
    """What one server shows at a load."""

    rate: float
    kv: float
    running: float
    gap: float
    """Mean seconds between two tokens of a request."""
    ttft: float
    """95th percentile."""
    seen_ttft: float
    """The same as a dashboard reads it from the coarse buckets of the server's histogram."""


def drawn(physics: Physics, dice: Random) -> Physics:
    """Return the constants of this world: no card and no version is quite as published."""

    def off() -> float:
        return math.exp(dice.gauss(0, OFF))

    return replace(
        physics,
        per_prompt=physics.per_prompt * off(),
        base=physics.base * off(),
        per_request=physics.per_request * off(),
        per_cached=physics.per_cached * off(),
        blocks=round(physics.blocks * off()),
    )


class Curve:
    """What one server does at any load, from points by rising load; the last is the most that it serves."""

    def __init__(self, points: Sequence[Point], tokens: int) -> None:
        self.tokens = tokens
        """Of its KV cache."""
        self._points = tuple(points)
        self._rates = [point.rate for point in points]
        self.most = self._rates[-1]
        """Requests per second that it serves at the very most."""

    @classmethod
    def measured(cls, physics: Physics, prompt: float, output: float, dice: Random) -> Curve:
        """Measure a server with these constants under requests of these mean lengths."""
        most = _measure(physics, prompt, output, math.inf, dice).rate
        points: list[Point] = []
        for part in _LOADS:
            point = _measure(physics, prompt, output, part * most, dice)
            points.append(_no_better(point, points[-1]) if points else point)
        idle = replace(points[0], rate=0.0, kv=0.0, running=0.0)
        return cls((idle, *points), physics.tokens)

    def at(self, rate: float) -> Point:
        """Return what it shows at this load, as at the most where it is more."""
        after = bisect_left(self._rates, rate)
        if after <= 0:
            return self._points[0]
        if after >= len(self._rates):
            return self._points[-1]
        a, b = self._points[after - 1], self._points[after]
        part = (rate - a.rate) / (b.rate - a.rate)
        return Point(
            rate,
            a.kv + part * (b.kv - a.kv),
            a.running + part * (b.running - a.running),
            a.gap + part * (b.gap - a.gap),
            a.ttft + part * (b.ttft - a.ttft),
            a.seen_ttft + part * (b.seen_ttft - a.seen_ttft),
        )

    def bears(self, ttft: float, gap: float) -> float:
        """Return the greatest load within both limits."""
        low, high = 0.0, self._rates[-1]
        for _ in range(30):
            middle = (low + high) / 2
            point = self.at(middle)
            low, high = (middle, high) if point.ttft <= ttft and point.gap <= gap else (low, middle)
        return low


def _measure(physics: Physics, prompt: float, output: float, rate: float, dice: Random) -> Point:
    """Run one server at a load; an infinite one is that of a queue that never ends."""
    server, now, first = Server(physics), 0.0, REQUESTS // 5
    began, done, kv, running = 0.0, 0, 0.0, 0.0
    longest = physics.max_model_len // 2
    for number in range(REQUESTS):
        now = now + dice.expovariate(rate) if math.isfinite(rate) else _queued(server, now)
        server.advance(now)
        if number == first:
            began, done = now, sum(server.successes.values())
            server.first_token, server.token_gap = Histogram(_FINE), Histogram(_FINE)
        if number >= first:
            kv += server.kv_usage
            running += server.running
        tokens = [length(dice, FILL * mean, SIGMA, min(longest, round(LONGEST * mean))) for mean in (prompt, output)]
        server.submit(Request(now, tokens[0], tokens[1]))
    count, finished = REQUESTS - first, sum(server.successes.values()) - done
    return Point(
        rate=rate if math.isfinite(rate) else finished / max(1e-9, now - began),
        kv=kv / count,
        running=running / count,
        gap=server.token_gap.total / max(1, server.token_gap.count),
        ttft=_quantile(server.first_token),
        seen_ttft=_quantile(_coarse(server.first_token)),
    )


def _queued(server: Server, now: float) -> float:
    """Let the server work until few are waiting; return when that was."""
    while server.waiting > _QUEUE:
        now += _NAP
        server.advance(now)
    return now


def _coarse(fine: Histogram) -> Histogram:
    found = Histogram(FIRST_TOKEN)
    for bound, count in zip(fine.bounds, fine.counts, strict=False):
        found.observe(bound, count)
    found.counts[-1] += fine.counts[-1]
    return found


def _quantile(histogram: Histogram) -> float:
    """Return the 95th percentile as PromQL does: in proportion within a bucket."""
    wanted, below, lower = _PERCENTILE * histogram.count, 0, 0.0
    for bound, upto in zip(histogram.bounds, histogram.cumulative(), strict=False):
        if upto >= wanted and upto > below:
            return lower + (bound - lower) * (wanted - below) / (upto - below)
        below, lower = upto, bound
    return lower


def _no_better(point: Point, before: Point) -> Point:
    """Return the point, nowhere better than the one at less load: chance must not bend the curve."""
    return Point(
        point.rate,
        max(point.kv, before.kv),
        max(point.running, before.running),
        max(point.gap, before.gap),
        max(point.ttft, before.ttft),
        max(point.seen_ttft, before.seen_ttft),
    )


@dataclass(frozen=True)
class Seen:
    """One region during one step."""

    ready: int
    demand: float
    """Requests per second of its own users."""
    load: float
    """Requests per second that were sent here."""
    served: float
    failed: float
    """Requests per second whose clients gave up."""
    waiting: float
    """In queues at the end, all servers together."""
    point: Point
    """What one server showed."""
    ttft: float
    """95th percentile with the time in the queue; so it is in ``seen_ttft``."""
    seen_ttft: float
    missed: bool
    """Whether users felt less than the SLO promises."""


@dataclass
class World:
    """Regions with their queues and their balancers. ``copy.deepcopy`` makes one to ask "what if"."""

    curve: Curve
    regions: int
    ttft: float
    gap: float
    queues: list[float] = field(default_factory=list)
    kv: list[float | None] = field(default_factory=list)
    balancers: list[Balancer] = field(default_factory=list)
    now: float = 0.0

    def __post_init__(self) -> None:
        """Begin idle."""
        self.queues, self.kv = [0.0] * self.regions, [None] * self.regions
        self.balancers = [Balancer(str(number)) for number in range(self.regions)]

    def __deepcopy__(self, memo: dict[int, object]) -> World:
        """Share what was measured: it never changes."""
        made = World(self.curve, self.regions, self.ttft, self.gap)
        made.queues, made.kv, made.now = [*self.queues], [*self.kv], self.now
        made.balancers = copy.deepcopy(self.balancers, memo)
        return made

    def step(self, demand: Sequence[float], ready: Sequence[int], targets: Sequence[int]) -> tuple[Seen, ...]:
        """Let one step pass with so many requests, servers and targets (percent of KV) in each region."""
        loads = self._spread(demand, ready, targets)
        self.now += STEP
        return tuple(self._serve(number, demand[number], load, ready[number]) for number, load in enumerate(loads))

    def _spread(self, demand: Sequence[float], ready: Sequence[int], targets: Sequence[int]) -> list[float]:
        """Return the mean load of each region over the step, in which the balancers look several times."""
        kv, sums = [*self.kv], [0.0] * self.regions
        looks = 1 if self._calm(targets) else round(STEP / LOOK)
        for look in range(looks):
            there = {str(n): Region(ready[n], kv[n], targets[n] / 100) for n in range(self.regions)}
            loads = [0.0] * self.regions
            for wanted, balancer in zip(demand, self.balancers, strict=True):
                balancer.look(there, self.now + look * LOOK)
                for name, share in balancer.shares.items():
                    loads[int(name)] += wanted * share
            for number, load in enumerate(loads):
                sums[number] += load / looks
                kv[number] = self._kv_at(number, load, ready[number])
        return sums

    def _calm(self, targets: Sequence[int]) -> bool:
        """Tell whether nothing spills nor is about to: then one look says it all."""
        low = all((kv or 0.0) < _CALM * target / 100 for kv, target in zip(self.kv, targets, strict=True))
        return low and all(balancer.shares.get(balancer.own) == 1.0 for balancer in self.balancers)

    def _kv_at(self, number: int, load: float, ready: int) -> float:
        return self.curve.at((load + self.queues[number] / STEP) / ready).kv if ready else 1.0

    def _serve(self, number: int, demand: float, load: float, ready: int) -> Seen:
        most, queue = self.curve.most * ready, self.queues[number]
        offered = load + queue / STEP
        served = min(offered, most)
        left = (offered - served) * STEP
        kept = min(left, PATIENCE * most)
        point = self.curve.at(served / ready if ready else math.inf)
        wait = max(queue, kept) / most if most else PATIENCE
        self.queues[number], self.kv[number] = kept, point.kv
        missed = point.ttft + wait > self.ttft or point.gap > self.gap
        return Seen(
            ready, demand, load, served, (left - kept) / STEP, kept, point, point.ttft + wait, point.seen_ttft + wait,
            missed and load > 0,
        )  # fmt: skip
