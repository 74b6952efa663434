"""inferops with a person, as a policy of a replay: the product's own forecast, model of capacity, learning and advice.

Nothing is decided here. Measurements become windows as the product reads them, the product's `diagnose` is asked every
few minutes, and what it puts first is clicked some minutes later by somebody who trusts it.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from infra.local.replay_policies import NODE_MINUTES, WARM_MINUTES, Servers
from infra.local.replay_trace import STEP
from infra.local.replay_world import Seen
from shared.domain.advice import diagnose
from shared.domain.calibration import learn_limits
from shared.domain.capacity import ServerLimits
from shared.domain.desired import DEFAULT_UTILIZATION, DeploymentSpec, Placement
from shared.domain.forecast import forecast
from shared.domain.intents import Balance, Scale
from shared.domain.suggestions import Act, Place, RemedyKind, Situation, Slo, Suggestion
from shared.domain.windows import History, MetricWindow

NAME = "inferops"
BEGIN = datetime(2026, 11, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
EVERY = 5
"""Minutes between two looks at a region, and the step of its history."""
WINDOW = 60
"""Minutes that a window holds."""
DAYS = 7
DELAY, DELAY_SPREAD = 3.0, 0.7
"""Minutes until a person clicks: median, and standard deviation of the logarithm."""
_STEPS = round(60 / STEP)
_SERIES = (
    "replicas", "kv", "kv_max", "waiting", "running", "ttft", "gap", "requests", "prompt_tokens", "output_tokens",
    "preemptions", "failures",
)  # fmt: skip
"""Of a window, in the order of a sample."""
_CLICKED = (Scale, Balance)
"""Asks that mean something in a replay: the rest needs what a replay has not, such as another release."""


@dataclass
class Offered:
    """A suggestion that somebody got, and what became of it."""

    step: int
    region: int
    kind: RemedyKind
    before: int
    """Servers wanted, or the percentage, before it."""
    after: int
    clicked: int


@dataclass
class _Region:
    """What is known of one region."""

    limits: ServerLimits
    minutes: deque[tuple[float, ...]] = field(default_factory=lambda: deque(maxlen=WINDOW))
    history: deque[float | None] = field(default_factory=lambda: deque(maxlen=DAYS * 1440 // EVERY))
    acts: deque[Act] = field(default_factory=lambda: deque(maxlen=50))
    waiting: tuple[int, Suggestion, Offered] | None = None
    """What lies before a person, and the step at which it is clicked."""


@dataclass(frozen=True)
class Deployed:
    """What is served where, as far as advice asks."""

    regions: tuple[str, ...]
    spec: DeploymentSpec
    limits: ServerLimits
    node_price: float | None
    gpus: int
    """Of one server."""
    tokens: tuple[float, float]
    """Mean prompt and answer."""
    cache: float
    """Tokens of one server's KV cache, as the servers themselves say."""
    slo: Slo


def spec_of(model: str, machine: str, regions: Sequence[str]) -> DeploymentSpec:
    """Return a deployment of that model in these regions."""
    image = "registry/vllm-openai@sha256:" + "0" * 64
    placed = {region: Placement(1, f"{region}-a") for region in regions}
    return DeploymentSpec(model, model, machine, "on_demand", placed, image, image, image)


class Ours:
    """The policy."""

    name = NAME

    def __init__(self, deployed: Deployed, dice: Random) -> None:
        self._deployed, self._dice = deployed, dice
        self.targets = [DEFAULT_UTILIZATION] * len(deployed.regions)
        self.offers: list[Offered] = []
        self._regions = [_Region(deployed.limits) for _ in deployed.regions]
        self._sums: list[list[Seen]] = [[] for _ in deployed.regions]

    def decide(self, step: int, seen: Sequence[Seen], servers: Sequence[Servers]) -> Mapping[int, int]:
        """Take in what was measured, click what is due, and look for advice when it is time to."""
        for known, now in zip(self._sums, seen, strict=True):
            known.append(now)
        if (step + 1) % _STEPS == 0:
            self._minute((step + 1) // _STEPS)
        changes = self._clicks(step)
        if (step + 1) % (EVERY * _STEPS) == 0:
            self._look(step, servers)
        return changes

    def _minute(self, minute: int) -> None:
        """Put the steps of a minute together, as a scrape and a rate over it would."""
        for region, steps in zip(self._regions, self._sums, strict=True):
            region.minutes.append(_sample(steps[-_STEPS:], self._deployed.tokens))
            if minute % EVERY == 0:
                region.history.append(sum(each.served for each in steps) / len(steps))
                steps.clear()

    def _clicks(self, step: int) -> Mapping[int, int]:
        changes = {}
        for number, region in enumerate(self._regions):
            if region.waiting is None or step < region.waiting[0]:
                continue
            _, suggestion, offer = region.waiting
            region.waiting, offer.clicked = None, step
            region.acts.append(Act(suggestion.kind, self._deployed.regions[number], _at(step)))
            if isinstance(suggestion.ask, Balance):
                self.targets[number] = suggestion.ask.percent
            elif isinstance(suggestion.ask, Scale) and suggestion.ask.replicas is not None:
                changes[number] = suggestion.ask.replicas
        return changes

    def _look(self, step: int, servers: Sequence[Servers]) -> None:
        places = {
            name: self._place(number, step, servers[number]) for number, name in enumerate(self._deployed.regions)
        }
        for number, region in enumerate(self._regions):
            if region.waiting is None and (best := self._advised(number, step, places)) is not None:
                delay = DELAY * math.exp(DELAY_SPREAD * self._dice.gauss(0, 1))
                offer = _offered(step, number, best, servers[number].wanted, self.targets[number])
                region.waiting = (step + max(1, round(delay * _STEPS)), best, offer)
                self.offers.append(offer)

    def _advised(self, number: int, step: int, places: Mapping[str, Place]) -> Suggestion | None:
        deployed, region = self._deployed, self._regions[number]
        situation = Situation(
            deployment=deployed.spec.model,
            generation=1,
            spec=deployed.spec,
            region=deployed.regions[number],
            places=places,
            now=_at(step),
            slo=deployed.slo,
            acts=tuple(region.acts),  # all that was offered was followed, so no offer is left that counts as nagging
        )
        advice = diagnose(situation)
        best = advice.suggestions[0] if advice.suggestions else None
        return best if best is not None and isinstance(best.ask, _CLICKED) else None

    def _place(self, number: int, step: int, servers: Servers) -> Place:
        region, name = self._regions[number], self._deployed.regions[number]
        window = self._window(number, step)
        region.limits = learn_limits(region.limits, window)
        history = History(self._deployed.spec.model, name, _at(step), EVERY * MINUTE, tuple(region.history))
        return Place(
            region=name,
            window=window,
            limits=region.limits,
            forecast=forecast(history, window),
            replicas=servers.wanted,
            utilization=self.targets[number],
            warm=len(servers.idle),
            replicas_per_node=1,
            gpus_per_node=self._deployed.gpus,
            node_price=self._deployed.node_price,
            nodes_left=None,
            lead_warm=timedelta(minutes=WARM_MINUTES),
            lead_nodes=timedelta(minutes=NODE_MINUTES),
        )

    def _window(self, number: int, step: int) -> MetricWindow:
        series = dict(zip(_SERIES, zip(*self._regions[number].minutes, strict=True), strict=True))
        name, cache = self._deployed.regions[number], self._deployed.cache
        return MetricWindow(self._deployed.spec.model, name, _at(step), MINUTE, **series, kv_tokens=cache)


def _at(step: int) -> datetime:
    return BEGIN + timedelta(seconds=(step + 1) * STEP)


def _offered(step: int, region: int, best: Suggestion, wanted: int, target: int) -> Offered:
    match best.ask:
        case Scale(replicas=int() as replicas):
            return Offered(step, region, best.kind, wanted, replicas, -1)
        case Balance(percent=percent):
            return Offered(step, region, best.kind, target, percent, -1)
        case _:
            return Offered(step, region, best.kind, wanted, wanted, -1)


def _sample(steps: Sequence[Seen], tokens: tuple[float, float]) -> tuple[float, ...]:
    """Return one value for each series of a window, in their order: gauges as they stand, rates over the minute."""
    last, count = steps[-1], len(steps)
    served = sum(each.served for each in steps) / count
    failed = sum(each.failed for each in steps) / count
    return (
        float(last.ready), last.point.kv, last.point.kv, last.waiting, last.point.running * last.ready,
        last.seen_ttft, last.point.gap, served, served * tokens[0], served * tokens[1], 0.0, failed,
    )  # fmt: skip
