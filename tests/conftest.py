"""Options that all tests share."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run ask for more random histories."""
    parser.addoption("--histories", type=int, default=300, help="how many random histories the simulation runs")
