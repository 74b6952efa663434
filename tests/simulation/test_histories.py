"""Random histories: whatever happens, in the end observed equals desired, and nothing unapproved ever happened."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

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
    "killed at commit",
    "killed at committed",
    "killed at publish",
    "killed at started",
    "killed at post",
    "killed at posted",
}


def test_any_history_ends_well(request: pytest.FixtureRequest) -> None:
    met: Counter[str] = Counter()

    class Counted(History):
        def build(self) -> House:
            house = House()
            house.cloud.met = house.chaos.met = met
            return house

    count = request.config.getoption("--histories")
    run_state_machine_as_test(
        Counted,
        settings=settings(
            max_examples=count,
            stateful_step_count=STEPS,
            deadline=None,
            phases=(Phase.generate,),  # shrinking takes minutes; the seed is printed, and --histories 1 tells it again
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )
    print(f"\n{count} histories met: " + ", ".join(f"{name} {n}" for name, n in sorted(met.items())))  # noqa: T201
    never = {fault for fault in EVERY_FAULT if not met[fault]}
    assert not never, f"these faults were never met, so nothing was shown of them: {sorted(never)}"
