"""The minute sweep over a large house: 4,000 units, of which some are due and a tenth is visited for drift."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from functions.sweep import sweep
from infra.local.host import Host
from shared.domain.codec import encode
from shared.domain.inventory import Entry, Status, Unit
from shared.domain.messages import Tick
from shared.domain.names import Kind, ResourceKey
from shared.domain.records import status_fields, status_path
from shared.ports import Put
from shared.wiring import services
from tests.bench.figures import Figure, median
from tests.bench.places import counting, silence

UNITS, DUE_IN_100, KEYS, BATCH, RUNS = 4_000, 5, 30, 250, 3
BUDGET = 5.0


def swept() -> list[Figure]:
    """Measure whole sweeps, publishing included: the median of three minutes."""
    with Host() as host:
        silence(host)
        works = services(host.settings)
        due = [Put(status_path(s.unit), encode(s), status_fields(s)) for s in _statuses(host.cloud.world.now)]
        for at in range(0, UNITS, BATCH):
            works.documents.commit(due[at : at + BATCH])
        times, woken = [], 0
        for _ in range(RUNS):
            with counting(host.cloud) as asked:
                begun = time.perf_counter()
                sweep(Tick(), works)
                times.append(time.perf_counter() - begun)
            woken = asked["pubsub/Publish"]
    least = UNITS * DUE_IN_100 // 100
    if woken < least:
        raise RuntimeError(f"only {woken} units were woken, {least} were due")
    found = median(times)
    text = f"{found:.1f} s, {woken} units woken"
    return [Figure(f"Sweep over {UNITS:,} units", text, f"< {BUDGET:.0f} s", found < BUDGET)]


def _statuses(now: datetime) -> Iterator[Status]:
    """Yield statuses as large as real ones; one in twenty has a look due, the others are at rest."""
    for number in range(UNITS):
        unit = Unit(f"model-{number}", "us-east4")
        keys = [ResourceKey(unit.location, Kind.CONFIG_MAP, f"{unit.owner}-{i}", "us-east4/c") for i in range(KEYS)]
        due = now - timedelta(seconds=1) if number % 100 < DUE_IN_100 else None
        yield Status(unit, {key: Entry(needs=frozenset(keys[:2]), kept=True) for key in keys}, next_check_at=due)
