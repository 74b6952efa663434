"""A round of a unit that is as wanted: what it asks of the store and of the clouds, and how many go through a second.

The rounds are ``reconcile``'s own, called directly, over the real clients and the embedded cloud. That cloud runs in
the same process and answers under the same interpreter lock, so the rate is that of a worker and its clouds on one
core together: a lower bound.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice

from functions.reconcile import reconcile_unit
from infra.local.host import Host
from shared.domain.inventory import Unit
from shared.services import Services
from shared.wiring import services
from tests.bench.figures import Figure
from tests.bench.places import at_rest, carry_through, counting, silence

REGION = "europe-west3"
FIRST, SECOND = "gemma-2-9b", "llama3-8b"
READS, RATE = 3, 7.0
ROUNDS, AT_ONCE = 60, 4
Asked = Mapping[Unit, Counter[str]]


def rounds() -> list[Figure]:
    """Measure every unit of one deployment in one region, and again once a second deployment stands beside it."""
    with Host() as host:
        carry_through(host, f"deploy {FIRST} {REGION} --replicas 1")
        at_rest(host)
        alone = _asked(host)
        carry_through(host, f"deploy {SECOND} {REGION}")
        at_rest(host)
        beside = _asked(host)
        silence(host)
        rates = {workers: _rate(host, workers) for workers in (1, AT_ONCE)}
    return [_documents(beside), _writes(beside), _independence(alone, beside), _speed(rates)]


def _asked(host: Host) -> Asked:
    works = services(host.settings)
    return {unit: _one(host, unit, works) for unit in _units(host)}


def _one(host: Host, unit: Unit, works: Services) -> Counter[str]:
    reconcile_unit(unit, works)  # so that clients are connected
    with counting(host.cloud) as asked:
        reconcile_unit(unit, works)
    return asked


def _units(host: Host) -> list[Unit]:
    return [Unit.parse(name) for name in sorted(host.documents("statuses"))]


def _documents(found: Asked) -> Figure:
    most = max(asked["documents/read"] for asked in found.values())
    text = f"{most} document reads at most, over {len(found)} units"
    return Figure("Round of a converged unit: reads", text, f"≤ {READS}", most <= READS)


def _writes(found: Asked) -> Figure:
    written = sum(asked["documents/write"] + asked["documents/delete"] for asked in found.values())
    return Figure("Round of a converged unit: writes", f"{written} over {len(found)} units", "0", written == 0)


def _independence(alone: Asked, beside: Asked) -> Figure:
    """Compare the units that were there before: a second deployment more than doubles what exists around them."""
    before, after = ({unit: _calls(found[unit]) for unit in alone} for found in (alone, beside))
    moved = [f"{unit}: {before[unit]} → {after[unit]}" for unit in alone if before[unit] != after[unit]]
    counts = ", ".join(f"{unit} {asked.total()}" for unit, asked in after.items())
    detail = "; ".join(moved) or "; ".join(f"{unit}: {dict(sorted(asked.items()))}" for unit, asked in after.items())
    same = "with one deployment as with two" if not moved else "NOT the same with two deployments as with one"
    return Figure(
        "Round of a converged unit: calls of cloud APIs", f"{counts}; {same}", "independent of size", not moved, detail
    )


def _calls(asked: Counter[str]) -> Counter[str]:
    """Return what was asked of the clouds, without the store, the clock and the round's own messages."""
    own = ("documents/", "firestore/", "pubsub/", "tasks/", "time")
    return Counter({name: count for name, count in asked.items() if not name.startswith(own)})


def _rate(host: Host, workers: int) -> float:
    """Return rounds per second with so many at once, over all units in turn."""
    works, due = services(host.settings), islice(cycle(_units(host)), ROUNDS)
    begun = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda unit: reconcile_unit(unit, works), due))
    return ROUNDS / (time.perf_counter() - begun)


def _speed(rates: Mapping[int, float]) -> Figure:
    text = ", ".join(f"{rate:.0f}/s with {workers} at once" for workers, rate in rates.items())
    return Figure("Converged rounds of one worker", text, f"≥ {RATE:.0f}/s", max(rates.values()) >= RATE)
