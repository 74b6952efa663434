"""How it is run: what the README says is what CI does, and CI needs nothing that stands outside the repository."""

from __future__ import annotations

import os
import re

import pytest

from infra.local.cli import main
from tests.house.tree import ROOT, text_of

README, SCRIPT = text_of("README.md"), text_of(".ci/run")
STEPS = re.findall(r"^step (.+)$", SCRIPT, re.MULTILINE)


def _commands(text: str) -> list[str]:
    blocks = re.findall(r"^```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]


def test_the_readme_tests_as_ci_does() -> None:
    tests = [command for command in _commands(README) if "pytest" in command]
    assert tests == [step for step in STEPS if "pytest" in step] == ["uv run pytest"]


def test_ci_checks_everything_that_must_hold() -> None:
    wanted = ["uv sync --locked", "uv run ruff format --check", "uv run ruff check", "uv run mypy"]
    assert [*wanted, "uv run lint-imports", "uv run pytest"] == STEPS


def test_ci_can_be_run_and_stops_at_the_first_failure() -> None:
    assert os.access(ROOT / ".ci/run", os.X_OK)
    assert "set -euo pipefail" in SCRIPT


def test_ci_names_no_host_and_no_path_outside() -> None:
    commands = SCRIPT.split("\n", 1)[1]
    assert "://" not in commands
    assert re.findall(r"(?<![\w./\"}])/(?!dev/null)\w+", commands) == []


@pytest.mark.parametrize("command", [c for c in _commands(README) if c.startswith("uv run inferops ")])
def test_every_command_in_the_readme_exists(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    verb = command.split()[3]
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    assert ended.value.code == 0
    assert f"inferops {verb}" in capsys.readouterr().out
