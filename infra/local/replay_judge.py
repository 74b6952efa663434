"""A replay of one policy, and what is to be said of it afterwards: who was served in time, and what was right.

A request counts as within the SLO if its region kept it in that step: the 95th percentile of the time to the first
token, and the mean gap between tokens. Hindsight replays the same load from the moment of a suggestion on without it:
more servers, or a shift, were right if the SLO would then have been missed within two hours; fewer servers were right
if nothing was missed in the hour after.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from statistics import median

from infra.local.replay_ours import Offered
from infra.local.replay_policies import Policy, Servers
from infra.local.replay_trace import STEP
from infra.local.replay_world import Seen, World
from shared.domain.suggestions import RemedyKind

LOOK_AHEAD, LOOK_AFTER = 7200.0, 3600.0
"""Seconds of hindsight, for more servers and for fewer."""
_SECONDS = 3600.0


@dataclass
class Run:
    """What happened under one policy."""

    name: str
    requests: float = 0.0
    missed: float = 0.0
    """Requests beyond the SLO."""
    hours: float = 0.0
    """Server hours paid for."""
    ready: list[tuple[int, ...]] = field(default_factory=list)
    """By step, in each region; so are the next three."""
    wanted: list[tuple[int, ...]] = field(default_factory=list)
    targets: list[tuple[int, ...]] = field(default_factory=list)
    bad: list[tuple[bool, ...]] = field(default_factory=list)
    worlds: dict[int, World] = field(default_factory=dict)
    """As it was when something was suggested."""
    offers: Sequence[Offered] = ()

    @property
    def attained(self) -> float:
        """Share of requests within the SLO."""
        return 1.0 - self.missed / self.requests if self.requests else 1.0


def play(policy: Policy, world: World, demand: Sequence[Sequence[float]], first: Sequence[int], dice: Random) -> Run:
    """Let the policy decide over the whole load, beginning with so many servers in each region."""
    run, servers = Run(policy.name), [Servers(count, dice) for count in first]
    offers: Sequence[Offered] = getattr(policy, "offers", ())
    known = 0
    for step, rates in enumerate(demand):
        now = step * STEP
        for each in servers:
            each.pass_to(now)
        ready = tuple(each.ready for each in servers)
        seen = world.step(rates, ready, policy.targets)
        _note(run, seen, servers, policy)
        for region, count in policy.decide(step, seen, servers).items():
            servers[region].want(count, now + STEP)
        if len(offers) > known:
            run.worlds[step], known = copy.deepcopy(world), len(offers)
    run.offers = offers
    return run


def _note(run: Run, seen: Sequence[Seen], servers: Sequence[Servers], policy: Policy) -> None:
    for each in seen:
        run.requests += each.load * STEP
        run.missed += each.load * STEP if each.missed else each.failed * STEP
    run.hours += sum(each.paid for each in servers) * STEP / _SECONDS
    run.ready.append(tuple(each.ready for each in seen))
    run.wanted.append(tuple(each.wanted for each in servers))
    run.targets.append(tuple(policy.targets))
    run.bad.append(tuple(each.missed for each in seen))


@dataclass(frozen=True)
class Verdict:
    """Hindsight on one suggestion."""

    offer: Offered
    right: bool
    lead: float | None
    """Seconds from the suggestion to the moment at which the SLO would have been missed; None where it would not."""


def hindsight(run: Run, demand: Sequence[Sequence[float]]) -> list[Verdict]:
    """Judge every suggestion that was clicked in time to be judged."""
    return [
        _less(run, offer) if offer.kind is RemedyKind.LESS else _more(run, demand, offer)
        for offer in run.offers
        if offer.clicked >= 0
    ]


def _less(run: Run, offer: Offered) -> Verdict:
    end = offer.clicked + round(LOOK_AFTER / STEP)
    return Verdict(offer, not any(bad[offer.region] for bad in run.bad[offer.clicked : end]), None)


def _more(run: Run, demand: Sequence[Sequence[float]], offer: Offered) -> Verdict:
    """Replay without it: the same load and the same other acts, until servers are given back here."""
    world, region = copy.deepcopy(run.worlds[offer.step]), offer.region
    added = offer.after - offer.before
    for step in range(offer.step + 1, min(len(demand), offer.step + 1 + round(LOOK_AHEAD / STEP))):
        ready, targets = [*run.ready[step]], [*run.targets[step]]
        if offer.kind is RemedyKind.SHIFT:
            targets[region] = offer.before if targets[region] == offer.after else targets[region]
        elif step > offer.clicked:
            if run.wanted[step][region] < offer.after:
                break
            ready[region] = max(1, min(ready[region], run.wanted[step][region] - added))
        if any(each.missed for each in world.step(demand[step], ready, targets)):
            return Verdict(offer, True, (step - offer.step) * STEP)
    return Verdict(offer, False, None)


def lead(verdicts: Sequence[Verdict]) -> float | None:
    """Return the median seconds by which right suggestions came before what they averted."""
    known = [each.lead for each in verdicts if each.lead is not None]
    return median(known) if known else None
