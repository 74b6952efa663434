"""Options that all tests share."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings

# A loaded machine is slow, not wrong.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run ask for more random histories."""
    parser.addoption("--histories", type=int, default=300, help="how many random histories the simulation runs")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what tests have to say beside that they passed, wherever they ran."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    lines = [text for report in reports for name, text in report.user_properties if name == "told"]
    if lines:
        terminalreporter.section("told by the simulation")
        for line in lines:
            terminalreporter.write_line(line)
