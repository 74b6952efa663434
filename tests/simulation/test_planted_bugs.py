"""The simulation is worth something: each planted bug is caught within its number of histories."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.simulation.bugs import BUGS, Bug
from tests.simulation.house import House
from tests.simulation.machine import History


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_caught(bug: Bug, record_property: Callable[[str, str], None]) -> None:
    histories = 0

    class Bugged(History):
        def build(self) -> House:
            nonlocal histories
            histories += 1
            return House(bug.decisions)

    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            Bugged,
            settings=settings(
                max_examples=bug.within,
                stateful_step_count=30,
                deadline=None,
                derandomize=True,
                database=None,
                phases=(Phase.generate,),
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
                print_blob=False,
            ),
        )
    record_property("told", f"{bug.name}: caught after {histories} of {bug.within} histories")
