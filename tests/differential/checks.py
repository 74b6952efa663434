"""The register of checks: what each is called, what it belongs to, and whether the old real server can be asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.differential.asking import Talk

Ask = Callable[[Talk], None]


@dataclass(frozen=True)
class Check:
    """One question to both servers."""

    area: str
    name: str
    ask: Ask
    too_new: str = ""
    """Why the real server, which is old, cannot be asked; such a check is not counted as compared."""


CHECKS: list[Check] = []


def check(area: str, name: str, *, too_new: str = "") -> Callable[[Ask], Ask]:
    """Register the function below as a check."""

    def registered(ask: Ask) -> Ask:
        CHECKS.append(Check(area, name, ask, too_new))
        return ask

    return registered
