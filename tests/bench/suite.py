"""Every benchmark by name, in the order in which they are run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from tests.bench.acknowledged import acknowledged
from tests.bench.cold import cold
from tests.bench.demo import told
from tests.bench.deploy import commits, makespan
from tests.bench.facades import calls
from tests.bench.figures import Figure
from tests.bench.guide import side_by_side
from tests.bench.incidents import incidents
from tests.bench.rounds import rounds
from tests.bench.sweep import swept
from tests.bench.up import started

Bench = Callable[[], list[Figure]]
SEEDS = 3
"""Worlds that a deployment is measured in."""


def benches(seeds: int = SEEDS) -> Mapping[str, Bench]:
    """Return name -> benchmark. ``deploy``, ``commits`` and ``guide`` share their runs of so many worlds."""
    return {
        "ack": acknowledged,
        "cold": cold,
        "rounds": rounds,
        "deploy": partial(makespan, seeds),
        "guide": partial(side_by_side, seeds),
        "commits": partial(commits, seeds),
        "sweep": swept,
        "facades": calls,
        "incidents": incidents,
        "up": started,
        "demo": told,
    }
