"""Random histories: whatever happens, in the end observed equals desired, and nothing unapproved ever happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from shared.catalog.load import load
from shared.domain.compile import compile_desired
from shared.domain.site import Site
from tests.simulation.house import House
from tests.simulation.machine import FAULTS, History

STEPS = 30
EVERY_FAULT = {
    *FAULTS,
    "blind",
    "stale read",
    "duplicate",
    "reordered",
    "overlap",
    "slow",
    "Slack down",
    "timer lost",
    "two votes at once",
    "deleted by hand",
    "policy changed",
    "metrics vanished",
    "close late",
    "close first",
    "close never",
    "closed by time-out",
    "pressed late",
    "storm",
    "unreadable",
    "Monitoring down",
    "chosen",
    "chosen at once",
    "killed at measure",
    "killed at commit",
    "killed at committed",
    "killed at publish",
    "killed at started",
    "killed at post",
    "killed at posted",
}


USUAL = 300
FULL_SHARE = 30
"""One in so many histories is told on the graph that is really built."""


def run(machine: type[History], count: int, steps: int) -> None:
    """Tell so many random histories. Not shrunk, which takes minutes; more than usual are told at random."""
    quiet = settings(
        max_examples=count,
        stateful_step_count=steps,
        deadline=None,
        derandomize=count <= USUAL,
        database=None,
        phases=(Phase.generate,),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    run_state_machine_as_test(machine, settings=quiet)


def test_the_full_graph_ends_well_too(request: pytest.FixtureRequest) -> None:
    class Full(History):
        def build(self) -> House:
            site = Site("demo", "1", repository="us-docker.pkg.dev/demo/inferops")
            return House(compiled=lambda path, spec, fleet: compile_desired(path, spec, fleet, site, load()))

    run(Full, max(3, request.config.getoption("--histories") // FULL_SHARE), 20)


def test_any_history_ends_well(request: pytest.FixtureRequest, record_property: Callable[[str, str], None]) -> None:
    met: Counter[str] = Counter()

    class Counted(History):
        def build(self) -> House:
            house = House()
            house.cloud.met = house.chaos.met = met
            return house

    count = request.config.getoption("--histories")
    run(Counted, count, STEPS)
    record_property("told", f"{count} histories met: " + ", ".join(f"{name} {n}" for name, n in sorted(met.items())))
    never = {fault for fault in EVERY_FAULT if not met[fault]}
    assert not never, f"these faults were never met, so nothing was shown of them: {sorted(never)}"
