"""Recordings: what every check heard on one server, kept as one JSON line per check."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from tests.differential.asked import CHECKS
from tests.differential.asking import Server
from tests.differential.checks import Check
from tests.differential.stage import Recording, stage

KEPT = Path(__file__).parent / "recorded.jsonl"
"""What the real server answered, as last measured."""


def record(server: Server, checks: Iterable[Check]) -> Recording:
    """Perform the checks on a server."""
    with stage(server) as found:
        return {check.name: found.perform(check) for check in checks}


def comparable() -> set[str]:
    """Return the names of the checks to which the real server has a say."""
    return {check.name for check in CHECKS if not check.too_new}


def load(path: Path = KEPT) -> Recording:
    """Read a kept recording."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {line["check"]: line["heard"] for line in lines}


def keep(found: Recording, path: Path = KEPT) -> None:
    """Write a recording."""
    lines = [json.dumps({"check": name, "heard": heard}, sort_keys=True) for name, heard in found.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
